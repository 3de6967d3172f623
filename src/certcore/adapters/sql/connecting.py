"""Where a transaction's connection comes from: an engine, or a connection and a transaction that the host owns."""

import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session, scoped_session

from certcore.adapters.sql.drivers import adopted, commits_by_itself, inside_transaction
from certcore.adapters.sql.failures import translated
from certcore.adapters.sql.units import Unit
from certcore.errors import InvalidValue

BUSY_SECONDS = 30
_SECRET = re.compile("://.*@")
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "cache_size = -32768",  # KiB
    "wal_autocheckpoint = 16384",  # pages: an import writes the same ones again and again
)


class Connections(ABC):
    """A source of units: the outermost transactions."""

    @abstractmethod
    def unit(self, *, writing: bool) -> AbstractContextManager[Unit]:
        """A unit; leaving keeps what it did, an exception undoes it."""

    @abstractmethod
    def host_is_inside(self) -> bool:
        """Whether the host has a transaction open, or would have one after a statement of ours."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections that were opened here."""


def connections_to(target: object) -> Connections:
    """The source that fits ``target``; raises `InvalidValue` for anything else."""
    match target:
        case str() | URL():
            return EngineConnections(own_engine(target), owned=True)
        case Engine():
            return EngineConnections(target, owned=False)
        case Connection():
            return HostConnections(lambda: nullcontext(target), always_inside=True)
        case Session() | scoped_session():
            return HostConnections(lambda: nullcontext(target.connection()), always_inside=True)
        case _:
            return HostConnections(adopted(target).connect, always_inside=False)


def own_engine(url: str | URL) -> Engine:
    """An engine for ``url``, with SQLite set up for many readers beside one writer."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and "+" not in parsed.drivername:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, pool_pre_ping=True)
        in_memory = parsed.database in (None, "", ":memory:")
        engine = create_engine(
            parsed,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            **({"poolclass": StaticPool} if in_memory else {}),
        )
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:  # a port that is no number
        expected = f"the URL of a database whose driver is installed ({type(error).__name__})"
        raise InvalidValue("url", _SECRET.sub("://", str(url)), expected) from None
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours to say, or IMMEDIATE could not be
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


class EngineConnections(Connections):
    """Each transaction on a connection of its own from an engine."""

    def __init__(self, engine: Engine, *, owned: bool) -> None:
        self._engine = engine
        self._owned = owned
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._writers = engine.execution_options(**_mode(engine, writing=True))
        self._readers = engine.execution_options(**_mode(engine, writing=False))
        # Writers of one process queue here instead of polling SQLite's lock; a single connection takes one at a time.
        self._turn = RLock() if self._is_sqlite else None
        self._one_at_a_time = isinstance(engine.pool, StaticPool)

    @contextmanager
    def unit(self, *, writing: bool) -> Iterator[Unit]:
        takes_turns = self._turn if writing or self._one_at_a_time else None
        with takes_turns or nullcontext(), self._connected(writing=writing) as connection:
            unit = Unit(connection, reads_only=not writing)
            try:
                self._begin(unit)
                yield unit
                unit.commit()
            except BaseException:
                unit.roll_back()
                raise
            finally:
                unit.end()

    @contextmanager
    def _connected(self, *, writing: bool) -> Iterator[Connection]:
        with translated(None, "connection"):
            connection = (self._writers if writing else self._readers).connect()
        try:
            yield connection
        finally:
            connection.close()

    def _begin(self, unit: Unit) -> None:
        with translated(unit.connection, "transaction"):
            unit.connection.begin()
        if self._is_sqlite and not inside_transaction(unit.connection):  # an engine of the host's may have begun
            unit.begin(immediately=not unit.reads_only)

    def host_is_inside(self) -> bool:
        return False

    def close(self) -> None:
        if self._owned:
            self._engine.dispose()


def _mode(engine: Engine, *, writing: bool) -> dict[str, Any]:
    """PostgreSQL: compare-and-set needs no more than READ COMMITTED; a reader is to see one state."""
    if engine.dialect.name != "postgresql":
        return {}
    if writing:
        return {"isolation_level": "READ COMMITTED"}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class HostConnections(Connections):
    """A connection of the host's: units are savepoints in the host's transaction, which only the host ends.

    Where the host has none open, the driver's mode decides. One that commits by itself (Django outside ``atomic()``,
    autocommit) gets a transaction of ours, committed at its end, since nobody else would. One that begins implicitly
    (the default of sqlite3, psycopg and SQLAlchemy) stays in the transaction until the host commits or rolls back.
    """

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]], *, always_inside: bool) -> None:
        self._connect = connect
        self._always_inside = always_inside

    @contextmanager
    def unit(self, *, writing: bool) -> Iterator[Unit]:
        with self._connected() as connection:
            unit = Unit(connection, reads_only=not writing)
            try:
                with self._scope(unit):
                    yield unit
            finally:
                unit.end()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with translated(None, "connection"):
            context = self._connect()
        with context as connection:
            if not connection.in_transaction():
                connection.begin()  # lets a host's own "begin" event say BEGIN
            yield connection

    def _scope(self, unit: Unit) -> AbstractContextManager[None]:
        connection = unit.connection
        if not inside_transaction(connection):
            is_sqlite = connection.dialect.name == "sqlite"
            if commits_by_itself(connection) or (is_sqlite and unit.reads_only):
                return unit.whole_transaction()
            if is_sqlite:  # which would take our savepoint for a transaction, and commit on its release
                unit.begin(immediately=True)
        return unit.savepoint()

    def host_is_inside(self) -> bool:
        if self._always_inside:
            return True
        with self._connect() as connection:
            return inside_transaction(connection) or not commits_by_itself(connection)

    def close(self) -> None:
        """Nothing was opened here."""
