"""A table read from a CSV file in bounded memory: its columns found once, its rows in batches with exact line numbers.

What makes the whole file unreadable is raised as `UnreadableFile`; what spoils one row is handed out beside the good
rows, and never shifts or swallows those that follow (CSV.md, f04 to f08).
"""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import BinaryIO, Final

from attrs import define, field, frozen

from certcore.domain.cells import Problem
from certcore.errors import InvalidValue, UnreadableFile
from certcore.services.importing.encoding import LINE_LIMIT, Lines, find_encoding
from certcore.services.importing.header import REPORT_COLUMNS, TableFormat, check_format, find_head

__all__ = [
    "FIELD_LIMIT",
    "REPORT_COLUMNS",
    "BadRow",
    "Batch",
    "Reading",
    "Table",
    "TableFormat",
    "open_table",
    "sha256_of",
]

FIELD_LIMIT: Final = 128 * 1024
"""The most characters of one cell."""
BATCH_ROWS: Final = 5_000
_NARROW = 3


@frozen
class BadRow:
    """A row without the cells to judge: the line it begins on, what it holds (its text when no cells can be told)."""

    line: int
    raw: list[str] | str
    problem: Problem


@frozen
class Batch:
    """Rows in the order of the file; ``lines[i]`` is the line on which ``rows[i]`` begins.

    ``bad`` holds the rows between them that have no cells to judge; ``last_line`` is where reading stopped.
    """

    lines: list[int]
    rows: list[list[str]]
    bad: list[BadRow]
    last_line: int

    def __len__(self) -> int:
        return len(self.rows) + len(self.bad)


@frozen
class Table:
    """An opened file. It may be read any number of times, one reading at a time."""

    header: Sequence[str]
    index: Mapping[str, int | None]
    """Where each of our columns stands in a row, counted from 0; None when the file does not have it."""
    width: int
    separator: str
    encoding: str
    warnings: Sequence[Problem]
    _file: BinaryIO
    _head: int

    def batches(self, size: int = BATCH_ROWS, after: int = 0) -> Iterator[Batch]:
        """All rows but those without any value, at most ``size`` at a time (fewer where rows are long).

        ``after`` goes on behind the ``last_line`` of an earlier batch. Raises `UnreadableFile`.
        """
        if size < 1:
            raise InvalidValue("size", size, "a number of rows from 1")
        source = Lines(self._file, self.encoding)
        done = max(self._head, after)
        source.skip(done)
        while window := source.take(size):
            rows = self._one_row_a_line(window)
            if rows is not None:
                batch = Batch(list(range(done + 1, done + 1 + len(rows))), rows, [], done + len(rows))
            else:
                batch = self._row_by_row(window, source, done)
            done = batch.last_line
            if batch.rows or batch.bad:
                yield batch

    def _one_row_a_line(self, window: list[str]) -> list[list[str]] | None:
        """The rows of ``window`` when each line is one good row, as nearly always; else None."""
        try:
            rows = list(csv.reader(window, delimiter=self.separator, strict=True))
        except csv.Error:
            return None
        sizes = set(map(len, window))
        longest_blank = 3 * self.width + 1  # `"",` for each cell, and CRLF
        plain = (
            len(rows) == len(window)
            and set(map(len, rows)) == {self.width}
            and max(sizes) <= FIELD_LIMIT
            and (min(sizes) > longest_blank or all(map(any, rows)))
        )
        return rows if plain else None

    def _row_by_row(self, window: list[str], source: Lines, done: int) -> Batch:
        """The same with care; a row left open at the end of ``window`` draws the lines it needs from ``source``."""
        batch = Batch([], [], [], done)
        size = len(window) if "".join(window).strip("\r\n") else 0
        reader = csv.reader(_drawing(window, source), delimiter=self.separator, strict=True)
        while reader.line_num < size:
            begin = reader.line_num
            line = done + begin + 1
            try:
                row = next(reader)
            except csv.Error as error:
                lines = window[begin : reader.line_num]
                self._refuse_file(str(error), lines, line)
                batch.bad.append(BadRow(line, "".join(lines).rstrip("\r\n"), Problem(None, None, "malformed_row")))
                continue
            if self._is_blank(row):
                continue
            if max(map(len, row)) > FIELD_LIMIT:
                raise _field_too_long(line)
            good = len(row) == self.width
            self._refuse_swallowed(window[begin : reader.line_num], line, well_formed=good)
            if good:
                batch.lines.append(line)
                batch.rows.append(row)
            else:
                params = {"cells": len(row), "columns": self.width}
                batch.bad.append(BadRow(line, row, Problem(None, None, "ragged_row", params)))
        return Batch(batch.lines, batch.rows, batch.bad, done + len(window))

    def _is_blank(self, row: list[str]) -> bool:
        return not any(row) or (len(row) == 1 < self.width and not row[0].strip())

    def _refuse_file(self, error: str, lines: list[str], line: int) -> None:
        """Raise when an error of the csv module is more than one bad row."""
        too_long = error.startswith("field larger")
        if error.startswith("unexpected end") or (too_long and len(lines) > 1):
            raise _open_quote(line)
        if too_long:
            raise _field_too_long(line)
        self._refuse_swallowed(lines, line)

    def _refuse_swallowed(self, lines: list[str], line: int, *, well_formed: bool = False) -> None:
        """Raise when a row of several lines holds what look like other rows: then a quote was left open (f05).

        A cell of a good row may hold a line with as many separators by chance: there it takes two, in a wide table.
        """
        like_rows = sum(text.count(self.separator) == self.width - 1 for text in lines[not well_formed :])
        if like_rows > well_formed and (not well_formed or self.width > _NARROW):
            raise _open_quote(line)


@define
class Reading:
    """How far an import has read its file: it goes on from there, and goes back where a transaction is repeated."""

    _table: Table
    _line: int = field(default=-1, init=False)
    _batches: Iterator[Batch] = field(factory=lambda: iter(()), init=False)

    def after(self, line: int, size: int) -> Iterator[Batch]:
        """The batches behind the ``last_line`` of an earlier one, or 0, with at most ``size`` rows together."""
        at_once = min(size, BATCH_ROWS)
        if line != self._line:
            self._line, self._batches = line, self._table.batches(at_once, after=line)
        while size >= at_once and (batch := next(self._batches, None)) is not None:
            self._line = batch.last_line
            size -= len(batch)
            yield batch


def _drawing(window: list[str], source: Lines) -> Iterator[str]:
    """The lines of ``window``, then more of ``source``, which join the window; an end is put to a row without one."""
    yield from tuple(window)
    room = LINE_LIMIT
    while room > 0 and (more := source.take(1)):
        window += more
        room -= len(more[0])
        yield more[0]


def _open_quote(line: int) -> UnreadableFile:
    problem = "a quote opened in this row is not closed in it; close it, or double it where it belongs to the text"
    return UnreadableFile("open_quote", problem, line)


def _field_too_long(line: int) -> UnreadableFile:
    problem = f"a cell has more than {FIELD_LIMIT} characters; shorten it, or look for a quote that is not closed"
    return UnreadableFile("field_too_long", problem, line)


def sha256_of(file: BinaryIO) -> str:
    """The SHA-256 of all bytes of ``file``, in hex."""
    file.seek(0)
    digest = sha256()
    while block := file.read(1024 * 1024):
        digest.update(block)
    return digest.hexdigest()


def open_table(file: BinaryIO, fmt: TableFormat, required: Collection[str], optional: Collection[str]) -> Table:
    """Find encoding, separator and columns of ``file``, which must be seekable and binary (R-40).

    Raises `UnreadableFile` with a stable reason for a file that is not such a table, and `InvalidValue` for a format
    that contradicts itself. Columns that are not known are ignored, with a warning each.
    """
    check_format(fmt, required, optional)
    encoding = find_encoding(file, fmt.encoding)
    head = find_head(Lines(file, encoding), fmt, required, optional)
    ours = {*head.index.values()}
    ignored = [text for at, text in enumerate(head.header) if at not in ours and text not in REPORT_COLUMNS]
    return Table(
        header=head.header,
        index=head.index,
        width=head.width,
        separator=head.separator,
        encoding=encoding,
        warnings=[Problem(text, text, "ignored_column") for text in ignored],
        file=file,
        head=head.lines,
    )
