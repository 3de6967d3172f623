"""Looking up many keys at once with one parameter."""

import json
import re
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Integer, Text, TypeDecorator, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

_NOWHERE: Final = re.compile("[\x00\ud800-\udfff]")
"""What no text of ours holds, and PostgreSQL cannot even be asked for."""


class among(FunctionElement[bool]):  # noqa: N801 - reads as a function
    """``column IN (the values of the parameter name)``: one array, or one JSON text, whatever their number.

    The statement stays the same for any number of values, so that it is compiled and prepared once, and no limit of
    parameters is met.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Column[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Values(numbers=isinstance(column.type, Integer))))


class _Values(TypeDecorator[list[Any]]):
    """A list of whole numbers or texts as one parameter; texts that no row can hold are left out."""

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
        values = list(value or ())
        if not self.numbers and _NOWHERE.search("".join(values)):
            values = [each for each in values if not _NOWHERE.search(each)]
        return values if dialect.name == "postgresql" else json.dumps(values)


@compiles(among, "postgresql")
def _in_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY({values})"


@compiles(among, "sqlite")
def _in_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"
