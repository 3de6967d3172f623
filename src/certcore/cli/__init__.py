"""The command line: picks the adapters, reads the clock, shows progress and answers in tables or in JSON."""

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``certcore`` with these arguments (by default the process's own) and give its exit code.

    0: done. 1: refused, or some rows were bad. 2: wrong usage. 130: interrupted. 141: the output went nowhere.
    """
    try:
        from certcore.cli.app import run  # noqa: PLC0415 - what it needs comes with an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("certcore", ""):
            raise
        sys.stderr.write(f"certcore: {error.name} is not installed; run pip install 'certcore[cli]'.\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return run(sys.argv[1:] if argv is None else list(argv))
