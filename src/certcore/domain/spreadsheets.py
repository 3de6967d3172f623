"""Cells that no spreadsheet runs: a mark before what it would take for a formula, taken back on reading (R-93)."""

import re
from typing import Final

_TRIGGERS: Final = "=+\\-@\t＝＋－＠"  # noqa: RUF001
_TO_GUARD = re.compile(rf"(?:^|(?<=[\r\n]))(?='*[{_TRIGGERS}])")
_GUARDED = re.compile(rf"(?:^|(?<=[\r\n]))'(?='*[{_TRIGGERS}])")


def guarded(cell: str) -> str:
    """``cell`` with an apostrophe before every line of it that a spreadsheet would run as a formula."""
    return _TO_GUARD.sub("'", cell)


def needs_guard(cell: str) -> bool:
    """Whether `guarded` would change it."""
    return _TO_GUARD.search(cell) is not None


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return _GUARDED.sub("", cell) if "'" in cell else cell
