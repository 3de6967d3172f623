"""What has to be known of SQLite's and PostgreSQL's drivers to work inside a connection that a host owns."""

import sqlite3
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from sqlalchemy import Connection, Engine, StaticPool, make_url
from sqlalchemy.engine import Dialect

from certcore.errors import InvalidValue

_DRIVERS: Final = {"sqlite3": "sqlite", "psycopg": "postgresql+psycopg"}


def inside_transaction(connection: Connection) -> bool:
    """Whether the driver's connection is in a transaction at this moment."""
    driver = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        return bool(driver.in_transaction)  # type: ignore[union-attr]
    if connection.dialect.driver == "psycopg":
        return not driver.closed and bool(driver.info.transaction_status)  # type: ignore[union-attr]
    return True


def commits_by_itself(connection: Connection) -> bool:
    """Whether the driver commits every statement that stands outside an explicit BEGIN."""
    driver = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        modern = getattr(driver, "autocommit", -1)  # Python 3.12; -1 stands for the older isolation_level
        return bool(driver.isolation_level is None) if modern == -1 else bool(modern)  # type: ignore[union-attr]
    if connection.dialect.driver == "psycopg":
        return bool(driver.autocommit)  # type: ignore[union-attr]
    return False


def driver_connection(connection: Connection) -> object:
    """The driver's own connection, of whomever it is."""
    driver = connection.connection.driver_connection
    return driver.owned if isinstance(driver, _Proxy) else driver


def adopted(connection: object) -> Engine:
    """An engine on one connection of a driver, which it never commits, rolls back, closes or sets up.

    SQLAlchemy does all of that to connections it takes for its own: it would end Django's ``atomic()`` and replace
    functions that the host has registered. Hence a proxy, and an engine without the events that prepare a connection.
    """
    module = type(connection).__module__.partition(".")[0]
    if isinstance(connection, sqlite3.Connection):  # subclasses of a host's own come from anywhere
        module = "sqlite3"
    if module not in _DRIVERS:
        expected = "a URL, an SQLAlchemy engine, connection or session, or a sqlite3 or psycopg connection"
        raise InvalidValue("target", type(connection).__name__, expected)
    proxy = _Proxy(connection)
    pool = StaticPool(lambda: proxy, reset_on_return=None)
    dialect, cache = _dialect(module)
    engine = Engine(pool, dialect, make_url(f"{_DRIVERS[module]}://"))
    return engine.execution_options(compiled_cache=cache)


@lru_cache
def _dialect(module: str) -> tuple[Dialect, dict[Any, Any]]:
    """The dialect and its compiled statements, shared by all adopted connections of a driver."""
    kind: Any = make_url(f"{_DRIVERS[module]}://").get_dialect()
    return kind(dbapi=import_module(module)), {}


class _Proxy:
    """A host's connection: its transaction and its life are the host's, and cursors give tuples whatever it has set."""

    def __init__(self, connection: Any) -> None:
        self.owned = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self.owned, name)

    def cursor(self, name: str | None = None) -> Any:
        """A cursor, or one of that name that stays with the server."""
        if isinstance(self.owned, sqlite3.Connection):
            cursor = sqlite3.Cursor(self.owned)
            cursor.row_factory = None
            return cursor
        psycopg = import_module("psycopg")
        if name is not None:
            return psycopg.ServerCursor(self.owned, name, row_factory=psycopg.rows.tuple_row)
        return psycopg.Cursor(self.owned, row_factory=psycopg.rows.tuple_row)

    def commit(self) -> None:
        """Left to the host."""

    def rollback(self) -> None:
        """Left to the host."""

    def close(self) -> None:
        """Left to the host."""
