"""Looking up many keys at once with one parameter.

The keys are one JSON text: the statement stays the same for any number of them, is compiled and prepared once, and
meets no limit of parameters. An array would do on PostgreSQL, but psycopg takes ten times as long to write one.

Every key is looked up in the index, one after the other, because the statement says so and not because the database
chose to. Without fresh statistics planners think that a tenant has few rows, and given ``tenant = ? AND id IN (...)``
they read the whole tenant: SQLite at more than ten keys, PostgreSQL while an import fills a new table.
"""

import json
import re
from typing import Any, Final

from sqlalchemy import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    Column,
    ColumnElement,
    Integer,
    Join,
    Select,
    Table,
    TableValuedAlias,
    Text,
    TypeDecorator,
    and_,
    bindparam,
    column,
    select,
    text,
    tuple_,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

TENANT: Final[BindParameter[str]] = bindparam("tenant")
"""The parameter that every statement on tables of many tenants has."""

_encoded: Final = json.JSONEncoder(ensure_ascii=False).encode
_NOWHERE: Final = re.compile("[\x00\ud800-\udfff]")
"""What no text of ours holds, and PostgreSQL cannot even be asked for."""


def among(
    key: Column[Any],
    name: str,
    *columns: ColumnElement[Any],
    beside: Column[Any] | None = None,
    only: str | None = None,
) -> Select[Any]:
    """The ``columns`` of the tenant's rows whose ``key`` is one of those in the parameter ``name``.

    ``beside`` is the next column of the key's index, and has the value of the parameter with its name. ``only`` is the
    condition of an index that has no other rows, as that index says it.
    """
    keys = _each(key, name)
    next_to_it = [] if beside is None else [beside == bindparam(beside.name)]
    partial = [] if only is None else [text(only)]
    found = and_(key.table.c.tenant == TENANT, key == keys.c.value, *next_to_it, *partial)
    return select(*columns).select_from(_ForEach(keys, key.table, found))


def within(key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """``key`` is one of those in the parameter ``name``: a further condition on rows found otherwise."""
    return key.in_(select(_each(key, name).c.value))


def _each(key: ColumnElement[Any], name: str) -> TableValuedAlias:
    parameter = bindparam(name, type_=_Values())
    each = _EachNumber(parameter) if isinstance(key.type, Integer) else _EachText(parameter)
    return each.table_valued(column("value", key.type), name=f"each_of_{name}")


class _EachText(FunctionElement[Any]):
    """The texts in a parameter as a table."""

    inherit_cache = True


class _EachNumber(FunctionElement[Any]):
    """The whole numbers in a parameter as a table."""

    inherit_cache = True


class _ForEach(Join):
    """The rows of a table for each key on the left."""

    inherit_cache = True


class _Values(TypeDecorator[list[Any]]):
    """Whole numbers or texts, each once, as one parameter; texts that no row can hold are left out."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002 - SQLAlchemy's signature
        values = list(dict.fromkeys(value or ()))
        written = _encoded(values)
        if written.isascii() and r"\u0000" not in written:
            return written
        return _encoded([each for each in values if not (isinstance(each, str) and _NOWHERE.search(each))])


@compiles(_EachText, "postgresql")
def _texts(element: _EachText, compiler: SQLCompiler, **options: Any) -> str:
    keys = compiler.process(element.clause_expr, **options)
    return f"(SELECT json_array_elements_text(CAST({keys} AS json)) AS value)"


@compiles(_EachNumber, "postgresql")
def _numbers(element: _EachNumber, compiler: SQLCompiler, **options: Any) -> str:
    keys = compiler.process(element.clause_expr, **options)
    return f"(SELECT CAST(json_array_elements_text(CAST({keys} AS json)) AS bigint) AS value)"


@compiles(_EachNumber, "sqlite")
@compiles(_EachText, "sqlite")
def _values(element: _EachNumber | _EachText, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clause_expr, **options)})"


@compiles(_ForEach, "sqlite")
def _in_this_order(element: _ForEach, compiler: SQLCompiler, **options: Any) -> str:
    left, right = _sides(element, compiler, options)
    assert element.onclause is not None  # it is what `among` joins on
    found = compiler.process(element.onclause, **options)
    return f"{left} CROSS JOIN {right} ON {found}"  # which SQLite never turns round


@compiles(_ForEach, "postgresql")
def _lateral(element: _ForEach, compiler: SQLCompiler, **options: Any) -> str:
    """The rows of a key by a query of its own, which PostgreSQL plans by itself.

    While a table is new, any index that begins with the tenant seems as good as that of the key, and a prepared
    statement keeps that plan when the table has grown. Hence the other indexes must not do.
    """
    assert isinstance(element.right, Table)
    assert isinstance(element.onclause, BooleanClauseList)
    found: ColumnElement[bool] = element.onclause
    tenant, key, *further = element.onclause.clauses  # as `among` made them
    order = ""
    match further:
        case [BinaryExpression() as beside]:  # they cannot serve comparisons of these pairs
            pair, values = tuple_(key.left, beside.left), tuple_(key.right, beside.right)
            found = and_(tenant, pair >= values, pair <= values)
        case []:  # they would have to sort
            order = _order_of_index(element.right, key.left.name)
    left, right = _sides(element, compiler, options)
    one_key = f"SELECT * FROM {right} WHERE {compiler.process(found, **options)}{order} OFFSET 0"
    return f"{left} CROSS JOIN LATERAL ({one_key}) AS {right}"


def _order_of_index(table: Table, key: str) -> str:
    """The order of the key's index, where it has all rows and further columns."""
    whole = [index for index in table.indexes if index.dialect_options["postgresql"]["where"] is None]
    indexes = [table.primary_key.columns, *(index.columns for index in whole)]
    for names in sorted(columns.keys() for columns in indexes):
        if names[:2] == ["tenant", key] and names[2:]:
            return f" ORDER BY {', '.join(names[2:])}"
    return ""


def _sides(element: _ForEach, compiler: SQLCompiler, options: dict[str, Any]) -> tuple[str, str]:
    options["asfrom"] = True
    left, right = (compiler.process(side, **options) for side in (element.left, element.right))
    options["asfrom"] = False
    return left, right
