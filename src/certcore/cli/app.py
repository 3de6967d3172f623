"""The command line's frame: options that stand before or after any command, and how every error ends."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Final

from cyclopts import App, CycloptsError, Group, Parameter

from certcore.cli.arguments import Instant, dashed, undashed
from certcore.cli.commands import register
from certcore.cli.output import Screen
from certcore.cli.session import Session
from certcore.errors import CertcoreError

TRACEBACK_ENV: Final = "CERTCORE_TRACEBACK"
DONE, REFUSED, WRONG_USAGE, INTERRUPTED, UNREAD = 0, 1, 2, 130, 141


def run(tokens: Sequence[str]) -> int:
    """Run one command and give its exit code; whatever it raises ends as a sentence."""
    screen = Screen(as_json="--json" in tokens)
    try:
        code = _ended(tokens, screen)
        sys.stdout.flush()
    except OSError:  # from a pipe that nobody reads, or a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains when it flushes
        return UNREAD
    return code


def _ended(tokens: Sequence[str], screen: Screen) -> int:
    try:
        code = _app(screen).meta(dashed(tokens), exit_on_error=False, print_error=False, result_action="return_value")
        return code or DONE
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        screen.fail("interrupted", "interrupted; what was committed until then stays.")
        return INTERRUPTED
    except CycloptsError as error:
        screen.fail("wrong_usage", f"{error} See certcore --help.")
        return WRONG_USAGE
    except CertcoreError as error:
        screen.fail(error.code, error.message)
    except OSError as error:
        screen.fail("system_error", f"{error.filename or 'the system'}: {error.strerror or error}.")
    except Exception as error:
        if os.environ.get(TRACEBACK_ENV):
            raise
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        screen.fail("unexpected_error", f"{what}. This is a fault of certcore's; report it with {TRACEBACK_ENV}=1.")
    return REFUSED


def _app(screen: Screen) -> App:
    """The commands, under a frame that takes the global options out wherever they stand."""
    app = App(
        name="certcore",
        help="Training certifications: define, award, import, find.",
        version=_version(),
        default_parameter=Parameter(negative="", show_default=False),
        suppress_keyboard_interrupt=False,
    )
    app.meta.suppress_keyboard_interrupt = False
    app.meta.group_parameters = Group("Options of every command", sort_key=100)
    register(app)

    @app.meta.default
    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        db: str | None = None,
        json: bool = False,
        now: Annotated[Instant | None, Parameter(show=False)] = None,
    ) -> object:
        """Run a command.

        Parameters
        ----------
        db
            The database: an SQLAlchemy URL, or the path of an SQLite file; by default what CERTCORE_DB says, or else
            certcore.db in the working directory. Its tables are made at the first use.
        json
            Answer with one JSON document on standard output.
        now
            The instant that is taken for now.
        """
        screen.as_json = json
        command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
        if "session" not in ignored:  # no command, for which the parser answers with a help page
            if json:
                raise CycloptsError(msg="Name a command.")
            return command(*bound.args, **bound.kwargs)
        named = {name: undashed(value) for name, value in bound.kwargs.items()}
        with Session.of(db, now, screen) as session:
            return command(*map(undashed, bound.args), **named, session=session)

    return app


def _version() -> str:
    try:
        return version("certcore")
    except PackageNotFoundError:  # run from a source tree
        return "0"
