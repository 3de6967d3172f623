"""People from a CSV file: every row judged, the good ones saved, the bad ones told with line, column and advice."""

import re
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

from attrs import define, field, frozen

from certcore.adapters.sql import PersonRecord, SqlDirectory
from certcore.cli.rows import cells_of, rows_of
from certcore.domain.cells import CellOptions, Problem, read_flag, read_username, username_key
from certcore.domain.people import Role
from certcore.errors import InvalidInput, InvalidValue
from certcore.services.importing import RowError, TableFormat
from certcore.services.importing.request import ERRORS_REPORTED
from certcore.services.importing.table import Table, open_table

USERNAME: Final = "username"
TEXTS: Final = ("first_name", "last_name", "email", "zone", "language")
LISTS: Final = ("groups", "branches")
OPTIONAL: Final = (*TEXTS, *LISTS, "manager", "active", "roles")

_BETWEEN: Final = re.compile("[|;]")
_YES_NO: Final = CellOptions(yes_no=True)


@frozen
class PeopleReport:
    """What became of every row; ``errors`` are the first 1,000 of ``errors_total``."""

    rows: int
    saved: int
    rejected: int
    errors_total: int
    errors: Sequence[RowError]
    warnings: Sequence[str] = ()


def import_people(file: BinaryIO, fmt: TableFormat, directory: SqlDirectory) -> PeopleReport:
    """Create or replace the people of a seekable CSV file, all good rows in one transaction.

    Raises `UnreadableFile` and `InvalidValue` for a file that cannot be read at all; then nothing was saved.
    """
    table = open_table(file, fmt, (USERNAME,), OPTIONAL)
    judged = _Judged()
    for line, row in rows_of(table):
        judged.take(line, row if isinstance(row, Problem) else _person(table, line, row))
    judged.refuse_repeated()
    judged.refuse_managers(directory)
    good = set(judged.lines.values())
    rows = ((line, row) for line, row in rows_of(table) if line in good and not isinstance(row, Problem))
    records = (_person(table, line, row) for line, row in rows)
    saved = directory.save_people(record for record in records if isinstance(record, PersonRecord))
    return PeopleReport(
        judged.rows,
        saved,
        judged.rows - saved,
        len(judged.errors),
        sorted(judged.errors, key=lambda error: error.line)[:ERRORS_REPORTED],
        [warning.message for warning in table.warnings],
    )


def _person(table: Table, line: int, row: Sequence[str]) -> PersonRecord | list[RowError]:
    """The person of a row, or all that is wrong with it; a blank cell is one that says nothing."""
    cells = cells_of(table, row)
    given = {column: cell for column, cell in cells.items() if cell.strip()}
    problems: list[Problem] = []
    parts: dict[str, Any] = {column: cell for column, cell in given.items() if column in TEXTS}
    for column in LISTS:
        parts[column] = _listed(given.get(column, ""))
    for column, read in ((USERNAME, read_username), ("manager", read_username), ("active", _read_active)):
        if column in given or column == USERNAME:
            parts[column] = read(cells[column], column)
    problems += [parts.pop(column) for column in list(parts) if isinstance(parts[column], Problem)]
    errors = [RowError.of(line, problem) for problem in problems]
    try:
        parts["roles"] = frozenset(map(Role, _listed(given.get("roles", ""))))
    except ValueError:
        advice = f"{cells['roles']!r:.80} is not possible; write some of {', '.join(Role)}, separated by |."
        errors.append(RowError(line, "roles", cells["roles"], "unknown_role", advice))
    while True:
        try:
            record = PersonRecord(**{USERNAME: "nobody", **parts})
        except InvalidInput as error:
            column = error.field if isinstance(error, InvalidValue) else "zone"
            errors.append(RowError(line, column, cells[column], error.code, error.message))
            del parts[column]
        else:
            return errors or record


def _read_active(cell: str, column: str) -> bool | Problem:
    return read_flag(cell, _YES_NO, column)


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, _BETWEEN.split(cell))))


@define
class _Judged:
    """The good rows: their lines by username, and whom they name as manager; and what is wrong with the others."""

    rows: int = 0
    lines: dict[str, int] = field(factory=dict)
    errors: list[RowError] = field(factory=list)
    _repeated: dict[str, list[int]] = field(factory=dict)
    _managers: dict[str, str] = field(factory=dict)

    def take(self, line: int, row: PersonRecord | list[RowError] | Problem) -> None:
        """Take the next row."""
        self.rows += 1
        if isinstance(row, Problem):
            self._refuse([RowError.of(line, row)])
        elif isinstance(row, list):
            self._refuse(row)
        elif row.username_key in self.lines:
            self._repeated.setdefault(row.username_key, [self.lines[row.username_key]]).append(line)
        else:
            self.lines[row.username_key] = line
            if row.manager:
                self._managers[row.username_key] = username_key(row.manager)

    def refuse_repeated(self) -> None:
        """Refuse every row of a username that comes twice: nothing says which one is meant."""
        for username, lines in self._repeated.items():
            del self.lines[username]
            for line in lines:
                others = ", ".join(str(other) for other in lines if other != line)
                advice = f"the same username stands in line {others}; keep one row of them."
                self._refuse([RowError(line, USERNAME, username, "duplicate_row", advice)])

    def refuse_managers(self, directory: SqlDirectory) -> None:
        """Refuse rows whose manager is neither in a good row nor in the directory, until all are found."""
        while unknown := self._managers_unknown_to(directory):
            for username, manager in unknown.items():
                self._refuse([RowError.of(self.lines.pop(username), Problem("manager", manager, "unknown_user"))])

    def _managers_unknown_to(self, directory: SqlDirectory) -> dict[str, str]:
        asked = {username: manager for username, manager in self._managers.items() if username in self.lines}
        absent = {username: manager for username, manager in asked.items() if manager not in self.lines}
        known = directory.match(set(absent.values()))
        return {username: manager for username, manager in absent.items() if manager not in known}

    def _refuse(self, errors: list[RowError]) -> None:
        self.errors.extend(errors)
