"""What tables are made of: columns of few kinds, and keys and indexes that the tenant leads.

Every name starts with ``certcore_``, so that the tables lie beside the host's own (R-116). Whatever a database might
round, fold or cut is stored as what no database touches: instants as whole microseconds since 1970 (BIGINT), civil
dates as ISO text, decimals and JSON as text, flags as 0 and 1.
"""

from typing import Any, Final

from sqlalchemy import (
    CHAR,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

PREFIX: Final = "certcore_"
VERSION_TABLE: Final = f"{PREFIX}alembic_version"

_MARIADB: Final = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}


def word(length: int) -> TypeEngine[str]:
    """Text that is compared and ordered by code point, at most ``length`` characters.

    MariaDB's default collations take different usernames for equal (f42); keys stay below its 3,072 bytes.
    """
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **_MARIADB), "mysql", "mariadb")
    )


def prose() -> TypeEngine[str]:
    """Text of any length, never compared."""
    return Text().with_variant(mysql.LONGTEXT(**_MARIADB), "mysql", "mariadb")


def octets(length: int) -> TypeEngine[bytes]:
    """Bytes, at most ``length``."""
    return LargeBinary(length).with_variant(mysql.VARBINARY(length), "mysql", "mariadb")


DAY: Final = CHAR(10)
FLAG: Final = SmallInteger

metadata: Final = MetaData(naming_convention={"pk": "%(table_name)s_pk"})


def table(name: str, key: tuple[str, ...], *items: Column[Any] | Index | ForeignKeyConstraint) -> Table:
    """A table of many tenants."""
    return Table(
        PREFIX + name,
        metadata,
        required("tenant", word(64)),
        *items,
        PrimaryKeyConstraint("tenant", *key),
    )


def required(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], *, fixed: bool = False) -> Column[Any]:
    """A column that is never NULL; ``fixed`` when no update changes it, which spares its indexes the work."""
    return Column(name, kind, nullable=False, info={"fixed": fixed})


def optional(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    """A column that may be NULL."""
    return Column(name, kind, nullable=True)


def added(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], earlier: str | None) -> Column[Any]:
    """A column of a later release; rows from before have the value ``earlier``, where it is None they have none."""
    return Column(name, kind, nullable=earlier is None, server_default=earlier)


def index(name: str, *columns: str, unique: bool = False) -> Index:
    """An index of a tenant's rows."""
    return Index(PREFIX + name, "tenant", *columns, unique=unique)


def belongs_to(table: Table, *columns: str, refers_to: tuple[str, ...] = ("id",)) -> ForeignKeyConstraint:
    """The columns name a row of another table, of the same tenant."""
    return ForeignKeyConstraint(
        ["tenant", *columns],
        [f"{table.name}.tenant", *(f"{table.name}.{column}" for column in refers_to)],
    )
