"""What an import has done so far: counts, the first mistakes, and rejected rows to correct (R-42, R-43)."""

import csv
from collections import Counter
from collections.abc import Sequence
from tempfile import SpooledTemporaryFile
from typing import Protocol

from attrs import define, field, frozen

from certcore.domain.cells import Problem
from certcore.domain.decisions import Outcome
from certcore.domain.spreadsheets import guarded
from certcore.services.importing.judging import Judged
from certcore.services.importing.request import ERRORS_REPORTED, ImportReport, RowError
from certcore.services.importing.table import REPORT_COLUMNS, Table

_IN_MEMORY = 1024 * 1024
_BLOCK = 64 * 1024


class TextWriter(Protocol):
    """Where rejected rows go: anything with ``write``, opened with ``newline=''``."""

    def write(self, text: str, /) -> object:
        """Take the text."""


@frozen
class Result:
    """What became of one row."""

    row: Judged
    outcome: Outcome
    problems: Sequence[Problem] = ()


class Rejects:
    """Rejected rows as CSV, original cells and two columns that say where and why, held until they are handed over."""

    def __init__(self, table: Table) -> None:
        self._spool = SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="")  # noqa: SIM115 - see close
        self._csv = csv.writer(self._spool)
        self._table = table
        self.start_again()

    def start_again(self) -> None:
        """Forget all rows."""
        self._spool.seek(0)
        self._spool.truncate()
        if self._table.header:
            self._csv.writerow([*map(guarded, self._table.header), *REPORT_COLUMNS])

    def add(self, result: Result) -> None:
        """Keep a rejected row; cells are made safe for spreadsheets, and a re-import takes that back."""
        raw = result.row.raw
        cells = [raw] if isinstance(raw, str) else list(raw)
        cells += [""] * (self._table.width - len(cells))
        told = " ".join(problem.message for problem in result.problems)
        self._csv.writerow([*map(guarded, cells), result.row.line, guarded(told)])

    def hand_over(self, writer: TextWriter) -> None:
        """Write all that was kept to ``writer``."""
        self._spool.seek(0)
        while block := self._spool.read(_BLOCK):
            writer.write(block)

    def close(self) -> None:
        """Give the temporary file back."""
        self._spool.close()


@define
class Tally:
    """Counts by outcome, the first errors of all, and the rejected rows."""

    rejects: Rejects
    counts: Counter[Outcome] = field(factory=Counter, init=False)
    errors: list[RowError] = field(factory=list, init=False)
    errors_total: int = field(default=0, init=False)

    def start_again(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self.errors.clear()
        self.errors_total = 0
        self.rejects.start_again()

    def add(self, results: Sequence[Result]) -> None:
        """Take the results of a batch that is committed."""
        self.counts.update(result.outcome for result in results)
        for result in results:
            if result.problems:
                self.errors_total += len(result.problems)
                room = ERRORS_REPORTED - len(self.errors)
                self.errors.extend(RowError.of(result.row.line, each) for each in result.problems[:room])
                self.rejects.add(result)

    @property
    def done(self) -> int:
        """How many rows were taken."""
        return self.counts.total()

    def report(self, **rest: object) -> ImportReport:
        """The report so far."""
        return ImportReport.counted(self.counts, errors_total=self.errors_total, errors=tuple(self.errors), **rest)
