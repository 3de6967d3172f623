"""Rows of which some may be there already: one statement stores the new ones and says which they were.

For tables of numbers and text.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Dialect
from sqlalchemy.types import Integer

from certcore.adapters.sql.values import Row


@lru_cache
def statement(table: Table, dialect: str) -> str:
    """INSERT the rows of `parameters` whose primary key is free; gives the keys without their tenant."""
    names = ", ".join(table.c.keys())
    if dialect == "postgresql":
        arrays = ", ".join(f"%s::{_kind(column.type)}[]" for column in table.c)
        rows = f"SELECT * FROM unnest({arrays})"
    else:
        values = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(table.c)))
        rows = f"SELECT {values} FROM json_each(?) WHERE true"  # without WHERE, SQLite takes ON for a join's
    keys = ", ".join(column.name for column in table.primary_key if column.name != "tenant")
    return f"INSERT INTO {table.name} ({names}) {rows} ON CONFLICT DO NOTHING RETURNING {keys}"


def parameters(rows: Sequence[Row], dialect: Dialect) -> tuple[Any, ...]:
    """The rows, as one array for each column, or as one JSON text."""
    if dialect.name == "postgresql":
        return tuple(map(list, zip(*rows, strict=True)))
    return (json.dumps(rows),)


def _kind(kind: object) -> str:
    return "bigint" if isinstance(kind, Integer) else "text"
