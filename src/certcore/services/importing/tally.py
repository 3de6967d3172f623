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
from certcore.ports import Transaction
from certcore.services.importing.request import ERRORS_REPORTED, RowError
from certcore.services.importing.table import REPORT_COLUMNS

READ_AT_ONCE = 1_000
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


class RejectsFile:
    """Rejected rows as CSV, held until they are handed over: original cells, and two columns that say where and why.

    ``errors`` are the first that were told of ``count``, and ``first`` the rows that they are about.
    """

    def __init__(self, header: Sequence[str], width: int) -> None:
        self._spool = SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="")  # noqa: SIM115 - see close
        self._csv = csv.writer(self._spool)
        self._kept = [at for at, text in enumerate(header) if text not in REPORT_COLUMNS]
        self._header = header
        self._width = width
        self.start_again()

    def start_again(self) -> None:
        """Forget all rows."""
        self.errors: list[RowError] = []
        self.first: list[Reject] = []
        self.count = 0
        self.rows = 0
        self._spool.seek(0)
        self._spool.truncate()
        if self._header:
            self._csv.writerow([*map(guarded, self._own(self._header)), *REPORT_COLUMNS])

    def add(self, rejects: Sequence[Reject]) -> None:
        """Keep rejected rows; cells are made safe for spreadsheets, and a re-import takes that back."""
        for each in rejects:
            room = ERRORS_REPORTED - len(self.errors)
            self.errors += [RowError.of(each.line, problem) for problem in each.problems[:room]]
            self.first += [each] if room > 0 else []
            self.count += len(each.problems)
            self.rows += 1
            told = " ".join(problem.message for problem in each.problems)
            self._csv.writerow([*map(guarded, self._own(each.cells)), each.line, guarded(told)])

    def read(self, tx: Transaction, job_id: int, page: int = READ_AT_ONCE) -> None:
        """Keep all rows that a job has rejected."""
        line = 0
        while rejects := tx.jobs.rejects(job_id, line, min(page, READ_AT_ONCE)):
            self.add(rejects)
            line = rejects[-1].line

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
        full = [*cells, *[""] * (self._width - len(cells))]
        return [full[at] for at in self._kept] + full[self._width :] if self._header else full
