"""The head of a table: under which separator it holds which of our columns, and where (R-40, f06)."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Self

from attrs import field, frozen

from certcore.errors import InvalidValue, UnreadableFile
from certcore.services.importing.encoding import Lines

SEPARATORS: Final = (",", ";", "\t", "|")
REPORT_COLUMNS: Final = ("certcore_line", "certcore_error")
"""Columns of a file of rejects, ignored when that file is fed back, however often (R-43)."""

_SEPARATOR_LINE = re.compile(r'sep=([^"\0\r\n])[\r\n]*', re.IGNORECASE)
_HEAD_LINES = 4096


@frozen
class TableFormat:
    """How to read a file; what is None is found out, and what is named is never overridden (R-40).

    ``columns`` says for our column names which header text, or which position counted from 1, holds them; others are
    looked for under their own name. ``header`` may be False when every column that is needed is mapped by position.
    """

    separator: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str | int] = field(factory=dict)
    header: bool = True


@frozen
class Head:
    """What the first row says under one separator: ``lines`` come before the first row of data."""

    separator: str
    header: Sequence[str]
    width: int
    index: Mapping[str, int | None]
    lines: int

    @classmethod
    def read(cls, lines: list[str], separator: str, fmt: TableFormat, names: Sequence[str]) -> Self | None:
        """Split the first row at ``separator``; None when it cannot be split or there is none."""
        reader = csv.reader(lines, delimiter=separator, strict=True)
        try:
            cells = next((row for row in reader if any(row)), [])
        except csv.Error:
            return None
        header = [cell.strip() for cell in cells] if fmt.header else []
        index = {name: _position(fmt.columns.get(name, name), header, len(cells)) for name in names}
        return cls(separator, header, len(cells), index, reader.line_num if fmt.header else 0) if cells else None


def _position(target: str | int, header: Sequence[str], width: int) -> int | None:
    if isinstance(target, int):
        return target - 1 if target <= width else None
    return header.index(target) if target in header else None


def check_format(fmt: TableFormat, required: Collection[str], optional: Collection[str]) -> None:
    """Raise `InvalidValue` for a format that contradicts itself or names columns that there are not."""
    separator = fmt.separator
    if separator is not None and (len(separator) != 1 or separator in '"\r\n\0'):
        raise InvalidValue("separator", separator, "one character other than a quote or a line break")
    for name, target in fmt.columns.items():
        if name not in required and name not in optional:
            raise InvalidValue("columns", name, f"one of {', '.join((*required, *optional))}")
        if isinstance(target, bool) or (target < 1 if isinstance(target, int) else not target.strip()):
            raise InvalidValue(f"columns.{name}", target, "a header text or a position from 1")
    if len({*fmt.columns.values()}) < len(fmt.columns):
        raise InvalidValue("columns", dict(fmt.columns), "another column of the file for each")
    by_position = {name for name, target in fmt.columns.items() if isinstance(target, int)}
    if not fmt.header and (by_position != {*fmt.columns} or not by_position.issuperset(required)):
        raise InvalidValue("header", False, "True, or a position for each column that is needed")


def find_head(source: Lines, fmt: TableFormat, required: Collection[str], optional: Collection[str]) -> Head:
    """The head of the table under the separator that is named, said by a ``sep=`` line, or fits best.

    Raises `UnreadableFile` when columns are missing, stand twice or have no name.
    """
    before, lines = _first_lines(source)
    separators: Sequence[str] = SEPARATORS
    if lines and (found := _SEPARATOR_LINE.fullmatch(lines[0])):
        separators, before, lines = found[1], before + 1, lines[1:]
    if not any(line.strip() for line in lines):
        raise UnreadableFile("empty_file", "the file is empty; give one with a header and a row for each award", 1)
    names = (*required, *optional)
    heads = [Head.read(lines, separator, fmt, names) for separator in fmt.separator or separators]
    possible = [head for head in heads if head is not None]
    if not possible:
        raise UnreadableFile("malformed_header", "the first row cannot be read; check its quotes", before + 1)
    needed = {*required, *fmt.columns}
    head = max(possible, key=lambda head: (sum(head.index[name] is not None for name in needed), head.width))
    _check_head(head, fmt, [name for name in names if name in needed and head.index[name] is None], before + 1)
    return Head(head.separator, head.header, head.width, head.index, before + head.lines)


def _first_lines(source: Lines) -> tuple[int, list[str]]:
    """The number of blank lines, and the lines behind them, among which the head surely ends."""
    before = 0
    while window := source.take(_HEAD_LINES):
        for at, line in enumerate(window):
            if line.strip():
                return before + at, window[at:] + source.take(_HEAD_LINES)
        before += len(window)
    return before, []


def _check_head(head: Head, fmt: TableFormat, missing: Sequence[str], line: int) -> None:
    if missing:
        wanted = ", ".join(repr(fmt.columns.get(name, name)) for name in missing)
        found = ", ".join(repr(text[:60]) for text in head.header[:30]) or f"{head.width} cells in its first row"
        problem = f"no column {wanted}; the file has {found}. Correct the header, map the columns or name the separator"
        raise UnreadableFile("missing_column", problem, line, missing[0])
    for text, times in Counter(head.header).items():
        if not text:
            at = head.header.index(text) + 1
            raise UnreadableFile("blank_header", f"column {at} has no name; name it, or remove it", line, str(at))
        if times > 1 and text not in REPORT_COLUMNS:
            problem = f"{times} columns are named {text!r}; rename or remove all but one"
            raise UnreadableFile("duplicate_header", problem, line, text)
