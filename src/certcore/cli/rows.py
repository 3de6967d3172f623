"""The rows of a CSV file, one by one and in order, whatever is wrong with some of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from certcore.domain.cells import Problem
from certcore.domain.spreadsheets import unguarded
from certcore.services.importing.table import Table

_BATCH: Final = 2_000


def rows_of(table: Table) -> Iterator[tuple[int, list[str] | Problem]]:
    """Every row by line; what is wrong with it where it has no cells to judge."""
    for batch in table.batches(_BATCH):
        rows: list[tuple[int, list[str] | Problem]] = list(zip(batch.lines, batch.rows, strict=True))
        rows += [(bad.line, bad.problem) for bad in batch.bad]
        yield from sorted(rows, key=lambda row: row[0])


def cells_of(table: Table, row: Sequence[str]) -> Mapping[str, str]:
    """The cells of our columns, as far as the file has them, without what guards them from spreadsheets."""
    return {column: unguarded(row[at]) for column, at in table.index.items() if at is not None}
