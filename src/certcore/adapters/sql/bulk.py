"""Many rows at once: SQL text per table made once, values passed to the driver as they are, COPY on PostgreSQL."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, repeat
from operator import itemgetter, methodcaller
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.types import Integer

COPY_FROM: Final = 50
"""The number of rows from which COPY is faster than INSERT."""

TOGETHER: Final = 50
"""The number of rows that one INSERT gives to SQLite: more of them gain nothing."""

_PART: Final = 500
_ESCAPED: Final = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_ESCAPES: Final = str.maketrans(_ESCAPED)
_HEX: Final = r"\\x"

Names = tuple[str, ...]
Rows = Sequence[tuple[Any, ...]]


def insert(table: Table, dialect: Dialect) -> str:
    """The INSERT for a row with a value for each column."""
    return _insert(table.name, tuple(table.c.keys()), _mark(dialect))


def insert_together(table: Table) -> str:
    """SQLite's INSERT of `TOGETHER` rows, each with a value for each column; after an error some of them may stay.

    One that leaves none, as INSERT alone does, would first copy every page that it changes.
    """
    return _insert_together(table.name, tuple(table.c.keys()))


def together(rows: Rows) -> tuple[Rows, Rows]:
    """What `insert_together` takes for the ``rows``, and those that are left."""
    whole = len(rows) - len(rows) % TOGETHER
    starts = range(0, whole, TOGETHER)
    return [tuple(chain.from_iterable(rows[start : start + TOGETHER])) for start in starts], rows[whole:]


def insert_unless_taken(table: Table, dialect: Dialect) -> str | None:
    """The INSERT that touches no row where a unique key is taken; None where the database has none like that."""
    return f"{insert(table, dialect)} ON CONFLICT DO NOTHING" if dialect.name in ("sqlite", "postgresql") else None


def upsert(table: Table, dialect: Dialect) -> str:
    """The INSERT that replaces the row with the same primary key."""
    return insert(table, dialect) + _or_replace(table)


def upsert_together(table: Table) -> str:
    """`upsert` of `TOGETHER` rows as one statement for SQLite; after an error some of them may stay."""
    return insert_together(table) + _or_replace(table)


@lru_cache
def upsert_all(table: Table) -> str:
    """`upsert` of many rows as one statement for PostgreSQL, none twice; its parameters are a list for each column."""
    arrays = ", ".join(f"%s::{_array(column.type)}" for column in table.c)
    return f"INSERT INTO {table.name} ({', '.join(table.c.keys())}) SELECT * FROM unnest({arrays})" + _or_replace(table)


@lru_cache
def _or_replace(table: Table) -> str:
    key = ", ".join(column.name for column in table.primary_key)
    changed = ", ".join(f"{column.name} = excluded.{column.name}" for column in table.c if not column.primary_key)
    return f" ON CONFLICT ({key}) DO UPDATE SET {changed}"


def amend(table: Table, changed: Names, found_by: Names, dialect: Dialect) -> str:
    """The UPDATE that gives a row new values of some columns, found by its values of others."""
    return _amend(table.name, changed, found_by, _mark(dialect))


@lru_cache
def amend_together(table: Table, changed: Names, found_by: Names) -> str:
    """`amend` of `TOGETHER` rows as one statement for SQLite; after an error some of them may be changed."""
    row = f"({', '.join('?' * (len(changed) + len(found_by)))})"
    given = f"(VALUES {', '.join([row] * TOGETHER)}) AS given"
    assignments = ", ".join(f"{name} = given.column{place}" for place, name in enumerate(changed, 1))
    conditions = " AND ".join(
        f"{table.name}.{name} = given.column{place}" for place, name in enumerate(found_by, len(changed) + 1)
    )
    return f"UPDATE OR FAIL {table.name} SET {assignments} FROM {given} WHERE {conditions}"


@lru_cache
def amend_all(table: Table, changed: Names, found_by: Names) -> str:
    """`amend` of many rows as one statement for PostgreSQL; its parameters are a list for each column.

    Each row is looked up by itself, as in `querying`, and changed where it lies. What could have changed is compared
    once more there: not every PostgreSQL does so where it had to wait for another transaction.
    """
    arrays = ", ".join(f"%s::{_array(table.c[name].type)}" for name in (*changed, *found_by))
    names = ", ".join((*(f"new_{name}" for name in changed), *(f"its_{name}" for name in found_by)))
    conditions = " AND ".join(f"{name} = given.its_{name}" for name in found_by)
    one = f"SELECT ctid AS place FROM {table.name} WHERE {conditions} OFFSET 0"
    each = f"SELECT given.*, found.place FROM unnest({arrays}) AS given({names}) CROSS JOIN LATERAL ({one}) AS found"
    assignments = ", ".join(f"{name} = each.new_{name}" for name in changed)
    unkeyed = (name for name in found_by if not table.c[name].primary_key)
    places = " AND ".join((f"{table.name}.ctid = each.place", *(f"{table.name}.{n} = each.its_{n}" for n in unkeyed)))
    return f"UPDATE {table.name} SET {assignments} FROM ({each}) AS each WHERE {places}"


def _array(kind: object) -> str:
    if isinstance(kind, Integer):
        return "bigint[]"
    return "bytea[]" if isinstance(kind, LargeBinary) else "text[]"


def delete(table: Table, columns: tuple[str, ...], dialect: Dialect) -> str:
    """The DELETE of the rows with a tenant and a value of each of the ``columns``."""
    mark = _mark(dialect)
    return f"DELETE FROM {table.name} WHERE " + " AND ".join(f"{name} = {mark}" for name in ("tenant", *columns))


def changing(table: Table) -> Names:
    """The columns of a row with a version that an update may change."""
    return tuple(column.name for column in table.c if not column.primary_key and not column.info.get("fixed"))


def before(table: Table) -> Names:
    """By what a row is found whose version must be the one before."""
    return (*table.primary_key.columns.keys(), "version")


def next_versions(table: Table, changed: Names, rows: Rows) -> Rows:
    """What `amend` takes to give whole ``rows`` these columns, found by what is `before` them."""
    names = list(table.c.keys())
    values_of = itemgetter(*map(names.index, (*changed, *before(table))))
    return [(*values[:-1], values[-1] - 1) for values in map(values_of, rows)]


@lru_cache
def _insert(table: str, columns: tuple[str, ...], mark: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"


@lru_cache
def _insert_together(table: str, columns: tuple[str, ...]) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT OR FAIL INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * TOGETHER)}"


@lru_cache
def _amend(table: str, changed: Names, found_by: Names, mark: str) -> str:
    assignments = ", ".join(f"{name} = {mark}" for name in changed)
    conditions = " AND ".join(f"{name} = {mark}" for name in found_by)
    return f"UPDATE {table} SET {assignments} WHERE {conditions}"


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"


def copy(connection: Connection, table: Table, rows: Rows) -> None:
    """COPY the rows into the table of a PostgreSQL as blocks of text."""
    cursor: Any = connection.connection.cursor()
    command = f"COPY {table.name} ({', '.join(table.c.keys())}) FROM STDIN"
    with cursor, cursor.copy(command) as target:
        for start in range(0, len(rows), _PART):  # the server stores one part while the next is made
            target.write(_block(table, rows[start : start + _PART]))


def _block(table: Table, rows: Rows) -> str:
    columns = zip(*rows, strict=True)
    texts = [_column(column.type, values) for column, values in zip(table.c, columns, strict=True)]
    return "\n".join(map("\t".join, zip(*texts, strict=True))) + "\n"


def _column(kind: object, values: Sequence[Any]) -> Iterable[str]:
    """The text of each of the values; what all or many have in common is not done for each."""
    first = values[0]
    if values.count(first) == len(values):
        return repeat(_text(kind, first), len(values))
    if None in values:
        return [_text(kind, value) for value in values]
    if isinstance(kind, Integer):
        return map(str, values)
    if isinstance(kind, LargeBinary):
        return map(_HEX.__add__, map(methodcaller("hex"), values))
    # One search for each symbol over all of them is cheaper than a translation of each.
    whole = "".join(values)
    return [value.translate(_ESCAPES) for value in values] if any(symbol in whole for symbol in _ESCAPED) else values


def _text(kind: object, value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(kind, Integer):
        return str(value)
    return _HEX + value.hex() if isinstance(kind, LargeBinary) else str(value).translate(_ESCAPES)
