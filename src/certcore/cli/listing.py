"""Long lists: the first rows as a table, all of them as one JSON document, or as a CSV file."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any, Final

from attrs import frozen
from cyclopts import Parameter
from rich.console import RenderableType

from certcore.cli.files import LateFile
from certcore.cli.output import Screen
from certcore.codec import Document
from certcore.domain.spreadsheets import guarded

SHOWN: Final = 200

CsvFile = Annotated[str | None, Parameter(name="--csv", metavar="FILE")]
"""Where to write a list as CSV."""


@frozen
class Listing:
    """How a list is shown: the ``name`` it has in JSON, its CSV columns (dotted keys of a row), and its table."""

    name: str
    columns: Sequence[str]
    table: Callable[[Sequence[Document]], Iterable[RenderableType]]

    def give(self, screen: Screen, head: Document, rows: Iterator[Document], to: str | None) -> None:
        """Answer with ``head`` and the rows: all of them as JSON or in the CSV file ``to``, or the first as a table."""
        if to is not None:
            count = self._write(to, rows)
            screen.answer({**head, "file": to, "rows": count}, f"{count:,} rows in {to}.")
        elif screen.as_json:
            screen.answer_list(head, self.name, rows)
        else:
            screen.say(*self.table(list(islice(rows, SHOWN))))
            if more := sum(1 for _ in rows):
                screen.say(f"… and {more:,} more. Write them all to a file with --csv FILE.")

    def _write(self, to: str, rows: Iterable[Document]) -> int:
        count = 0
        with LateFile.writable(to, "csv") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            for count, row in enumerate(rows, start=1):  # noqa: B007 - the last one counts
                writer.writerow([_cell(row, column) for column in self.columns])
        return count


def _cell(row: Mapping[str, Any], column: str) -> str:
    value: Any = row
    for key in column.split("."):
        value = value[key]
    return "" if value is None else guarded(str(value))
