"""What an import has done so far: counts, the first mistakes, and rejected rows to correct (R-42, R-43)."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from tempfile import SpooledTemporaryFile
from typing import Protocol, Self

from attrs import field, frozen

from certcore.domain.decisions import Outcome
from certcore.domain.jobs import Reject
from certcore.domain.spreadsheets import guarded
from certcore.services.importing.request import ERRORS_REPORTED, RowError
from certcore.services.importing.table import REPORT_COLUMNS, Table

_IN_MEMORY = 1024 * 1024
_BLOCK = 64 * 1024


class TextWriter(Protocol):
    """Where rejected rows go: anything with ``write``, opened with ``newline=''``."""

    def write(self, text: str, /) -> object:
        """Take the text."""


@frozen
class Tally:
    """How many rows had which outcome, and how many mistakes there were."""

    counts: Mapping[Outcome, int] = field(factory=dict)
    errors: int = 0

    @property
    def done(self) -> int:
        """How many rows were taken."""
        return sum(self.counts.values())

    def plus(self, counts: Counter[Outcome], rejects: Sequence[Reject]) -> Self:
        """The tally with one more batch."""
        errors = sum(len(each.problems) for each in rejects)
        return type(self)(dict(counts + Counter(self.counts)), self.errors + errors)

    def all_rejected(self) -> Self:
        """The tally when none of the rows had an effect."""
        return type(self)({Outcome.REJECTED: self.done}, self.errors)


class RejectsFile:
    """Rejected rows as CSV, held until they are handed over: original cells, and two columns that say where and why."""

    def __init__(self, table: Table) -> None:
        self._spool = SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="")  # noqa: SIM115 - see close
        self._csv = csv.writer(self._spool)
        self._kept = [at for at, text in enumerate(table.header) if text not in REPORT_COLUMNS]
        self._table = table
        self.start_again()

    def start_again(self) -> None:
        """Forget all rows."""
        self.errors: list[RowError] = []
        self._spool.seek(0)
        self._spool.truncate()
        if self._table.header:
            self._csv.writerow([*map(guarded, self._own(self._table.header)), *REPORT_COLUMNS])

    def add(self, rejects: Sequence[Reject]) -> None:
        """Keep rejected rows; cells are made safe for spreadsheets, and a re-import takes that back."""
        for each in rejects:
            room = ERRORS_REPORTED - len(self.errors)
            self.errors += [RowError.of(each.line, problem) for problem in each.problems[:room]]
            told = " ".join(problem.message for problem in each.problems)
            self._csv.writerow([*map(guarded, self._own(each.cells)), each.line, guarded(told)])

    def hand_over(self, writer: TextWriter) -> None:
        """Write all that was kept to ``writer``."""
        self._spool.seek(0)
        while block := self._spool.read(_BLOCK):
            writer.write(block)

    def close(self) -> None:
        """Give the temporary file back."""
        self._spool.close()

    def _own(self, cells: Sequence[str]) -> Sequence[str]:
        """The cells without an earlier report's, filled up to the table's width."""
        full = [*cells, *[""] * (self._table.width - len(cells))]
        return [full[at] for at in self._kept] + full[self._table.width :] if self._table.header else full
