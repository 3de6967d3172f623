"""What a run says: its answer on standard output, as tables or as one JSON document; all else on standard error."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

NOTES_SHOWN: Final = 5
_KEPT_IN_MEMORY: Final = 1 << 20
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """``text`` that cannot steer a terminal: controls and direction marks as escapes."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class _Console(Console):
    """A console that prints texts as they stand, and lets a broken pipe end the run."""

    def __init__(self, *, stderr: bool) -> None:
        super().__init__(stderr=stderr, markup=False, highlight=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Called while the error is handled, which rich would end the process on."""
        raise  # noqa: PLE0704


class Screen:
    """Where answers, warnings and progress go."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # closed by the caller
                setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
            elif (reconfigure := getattr(getattr(sys, name), "reconfigure", None)) is not None:
                reconfigure(errors="backslashreplace")  # a terminal that lacks a name's letters shows their codes
        self._out = _Console(stderr=False)
        self._err = _Console(stderr=True)

    def answer(self, document: dict[str, Any], *human: RenderableType) -> None:
        """Give the answer: the document with ``--json``, the renderables without."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2) + "\n")  # ASCII: the same bytes in every locale
        else:
            self.say(*human)

    def answer_list(self, document: dict[str, Any], name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Give the document with all ``rows`` under ``name``; nothing is given before the last row is known."""
        head = json.dumps(document, indent=2).removesuffix("\n}")
        with SpooledTemporaryFile(_KEPT_IN_MEMORY, "w+", encoding="ascii", newline="") as kept:
            kept.write(f'{head},\n  "{name}": [')
            for number, row in enumerate(rows):
                kept.write(f"{',' if number else ''}\n    {json.dumps(row)}")
            kept.write("\n  ]\n}\n")
            kept.seek(0)
            shutil.copyfileobj(kept, sys.stdout)

    def say(self, *human: RenderableType) -> None:
        """Show something to a human, a blank line between the parts; nothing with ``--json``."""
        if not self.as_json:
            for place, each in enumerate(human):
                if place:
                    self._out.print()
                self._out.print(plain(each) if isinstance(each, str) else each)

    def warn(self, text: str) -> None:
        """Say something on standard error."""
        self._err.print(plain(text), soft_wrap=True)

    def note(self, texts: Sequence[str]) -> None:
        """Say the first of what is worth knowing on standard error, and how many more there are."""
        for text in texts[:NOTES_SHOWN]:
            self.warn(f"note: {text}")
        if len(texts) > NOTES_SHOWN:
            self.warn(f"note: and {len(texts) - NOTES_SHOWN:,} more like these.")

    def fail(self, code: str, message: str) -> None:
        """Say why nothing was done: ``{"error": ...}`` with ``--json``, else a sentence on standard error."""
        if self.as_json:
            self.answer({"error": {"code": code, "message": message}})
        else:
            self.warn(f"certcore: {message}")

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int | None], None]]:
        """A bar while a long act runs, on a terminal only; the act tells how much is done, and of how much."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        hidden = self.as_json or not self._err.is_terminal
        with Progress(*columns, console=self._err, transient=True, disable=hidden) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
