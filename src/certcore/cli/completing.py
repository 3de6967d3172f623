"""Completions on the command line, which is the host too: read from a file, and told to certcore and to the catalog."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO, Final

from attrs import define, field

from certcore.cli.arguments import decimal_of
from certcore.cli.rows import cells_of, rows_of
from certcore.cli.session import Platform
from certcore.domain.cells import Problem, read_date, read_username
from certcore.domain.completions import Completion
from certcore.domain.decisions import Outcome
from certcore.domain.people import Actor
from certcore.domain.policy import Facts
from certcore.domain.settings import Settings
from certcore.domain.time import parse_instant
from certcore.errors import InvalidInput, InvalidValue
from certcore.ports import Transaction
from certcore.services.completing import Completed, CompletionOutcome
from certcore.services.importing import RowError, TableFormat
from certcore.services.importing.table import Table, open_table
from certcore.services.units import in_unit

REQUIRED: Final = ("username", "item", "completed")
OPTIONAL: Final = ("zone", "score", "credits")
_BATCH: Final = 5_000


@define
class CompletionFile:
    """The completions of a CSV file, as they are read: good rows are handed out, what is wrong with others is kept."""

    table: Table
    facts: Facts
    lines: list[int] = field(factory=list)
    errors: list[RowError] = field(factory=list)
    bad: int = 0

    @classmethod
    def opened(cls, source: BinaryIO, fmt: TableFormat, facts: Facts) -> "CompletionFile":
        """The file, seekable; raises `UnreadableFile` and `InvalidValue` where it cannot be read at all."""
        return cls(open_table(source, fmt, REQUIRED, OPTIONAL), facts)

    def completed(self) -> Iterator[Completed]:
        """What each good row says; its line is the last of ``lines`` then."""
        for line, row in rows_of(self.table):
            read = [RowError.of(line, row)] if isinstance(row, Problem) else self._read(line, row)
            if isinstance(read, Completed):
                self.lines.append(line)
                yield read
            else:
                self.bad += 1
                self.errors += read

    def _read(self, line: int, row: Sequence[str]) -> Completed | list[RowError]:
        cells = cells_of(self.table, row)
        parts: dict[str, Any] = {"username": read_username(cells["username"]), "at": _moment(cells["completed"])}
        errors = [RowError.of(line, each) for each in parts.values() if isinstance(each, Problem)]
        for column, read in _READ.items():
            if not cells.get(column, "").strip() and column in OPTIONAL:
                continue
            try:
                parts[column] = read(cells[column].strip())
                Completed(**{**_SAMPLE, column: parts[column]})
            except InvalidInput as error:
                told = InvalidValue(column, cells[column], error.expected) if isinstance(error, InvalidValue) else error
                errors.append(RowError(line, column, cells[column], told.code, told.message))
        return errors or Completed(**parts, facts=self.facts)


_READ: Final[Mapping[str, Callable[[str], object]]] = {
    "item": str,
    "zone": str,
    "score": decimal_of,
    "credits": decimal_of,
}
_SAMPLE: Final[dict[str, Any]] = {"username": "nobody", "item": "course:none", "at": date.min}


def _moment(text: str) -> date | datetime | Problem:
    """A civil day, or an instant where a time of day comes with its offset."""
    try:
        return parse_instant(text.strip())
    except InvalidValue:
        return read_date(text, "completed")


def record(
    platform: Platform, completed: Iterable[Completed], *, actor: Actor, notify: bool
) -> Iterator[CompletionOutcome]:
    """What came of each completion; the embedded catalog is told of those that are kept, in the same transactions."""

    def work(_: Transaction) -> Sequence[CompletionOutcome]:
        outcomes = platform.registrar.completing.record(batch, actor=actor, notify=notify).outcomes
        kept = [each for each, came in zip(batch, outcomes, strict=True) if came.outcome is not Outcome.REJECTED]
        platform.catalog.complete(_completions(platform, kept))
        return outcomes

    remaining = iter(completed)
    while batch := list(islice(remaining, _BATCH)):
        yield from in_unit(platform.storage, work)


def _completions(platform: Platform, kept: Sequence[Completed]) -> Iterator[Completion]:
    people = platform.directory.match({each.learner for each in kept})
    for each in kept:
        person = people[each.learner]
        yield Completion.of(person.id, each.item, each.at, each.zone or person.zone or Settings().zone)
