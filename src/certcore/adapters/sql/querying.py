"""Looking up many keys at once with one parameter.

The keys are one array or one JSON text: the statement stays the same for any number of them, is compiled and prepared
once, and meets no limit of parameters.

Every key is looked up in the index, one after the other, because the statement says so and not because the database
chose to. Without fresh statistics planners think that a tenant has few rows, and given ``tenant = ? AND id IN (...)``
they read the whole tenant: SQLite at more than ten keys, PostgreSQL while an import fills a new table.
"""

import json
import re
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

TENANT: Final[BindParameter[str]] = bindparam("tenant")
"""The parameter that every statement on tables of many tenants has."""

_NOWHERE: Final = re.compile("[\x00\ud800-\udfff]")
"""What no text of ours holds, and PostgreSQL cannot even be asked for."""


def among(key: Column[Any], name: str, *columns: ColumnElement[Any], only: str | None = None) -> Select[Any]:
    """The ``columns`` of the tenant's rows whose ``key`` is one of those in the parameter ``name``.

    ``only`` is the condition of an index that has no other rows, as that index says it.
    """
    keys = _each(key, name)
    found = and_(key.table.c.tenant == TENANT, key == keys.c.value, *([] if only is None else [text(only)]))
    return select(*columns).select_from(_ForEach(keys, key.table, found))


def within(key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """``key`` is one of those in the parameter ``name``: a further condition on rows found otherwise."""
    return key.in_(select(_each(key, name).c.value))


def _each(key: ColumnElement[Any], name: str) -> TableValuedAlias:
    parameter = bindparam(name, type_=_Values(numbers=isinstance(key.type, Integer)))
    return _Each(parameter).table_valued(column("value", key.type), name=f"each_of_{name}")


class _Each(FunctionElement[Any]):
    """The values of a parameter as a table."""

    inherit_cache = True


class _ForEach(Join):
    """The rows of a table for each key on the left."""

    inherit_cache = True


class _Values(TypeDecorator[list[Any]]):
    """Whole numbers or texts, each once, as one parameter; texts that no row can hold are left out."""

    impl = Text
    cache_ok = True

    def __init__(self, *, numbers: bool) -> None:
        super().__init__()
        self.numbers = numbers

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(BigInteger() if self.numbers else Text()))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        values = list(dict.fromkeys(value or ()))
        if not self.numbers and _NOWHERE.search("".join(values)):
            values = [each for each in values if not _NOWHERE.search(each)]
        return values if dialect.name == "postgresql" else json.dumps(values)


@compiles(_Each, "postgresql")
def _from_array(element: _Each, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT unnest({compiler.process(element.clause_expr, **options)}) AS value)"


@compiles(_Each, "sqlite")
def _from_json(element: _Each, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clause_expr, **options)})"


@compiles(_ForEach, "sqlite")
def _in_this_order(element: _ForEach, compiler: SQLCompiler, **options: Any) -> str:
    left, right, found = _sides(element, compiler, options)
    return f"{left} CROSS JOIN {right} ON {found}"  # which SQLite never turns round


@compiles(_ForEach, "postgresql")
def _lateral(element: _ForEach, compiler: SQLCompiler, **options: Any) -> str:
    left, right, found = _sides(element, compiler, options)
    one_key = f"SELECT * FROM {right} WHERE {found}{_as_indexed(element)} OFFSET 0"  # which PostgreSQL plans by itself
    return f"{left} CROSS JOIN LATERAL ({one_key}) AS {right}"


def _as_indexed(element: _ForEach) -> str:
    """The order of the key's index, where it has all rows and further columns.

    While a table is new, any index that begins with the tenant seems as good as that of the key, and a prepared
    statement keeps that plan when the table has grown; in this order the others would have to sort.
    """
    assert isinstance(element.right, Table)
    assert isinstance(element.onclause, BooleanClauseList)
    _, key_among, *only = element.onclause.clauses  # as `among` made them
    if only:
        return ""
    key = key_among.left.name
    whole = [index for index in element.right.indexes if index.dialect_options["postgresql"]["where"] is None]
    indexes = [element.right.primary_key.columns, *(index.columns for index in whole)]
    for names in sorted(columns.keys() for columns in indexes):
        if names[:2] == ["tenant", key] and names[2:]:
            return f" ORDER BY {', '.join(names[2:])}"
    return ""


def _sides(element: _ForEach, compiler: SQLCompiler, options: dict[str, Any]) -> tuple[str, str, str]:
    assert element.onclause is not None  # it is what `among` joins on
    left, right = (compiler.process(side, **{**options, "asfrom": True}) for side in (element.left, element.right))
    return left, right, compiler.process(element.onclause, **{**options, "asfrom": False})
