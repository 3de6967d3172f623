"""Hosts that own a connection and a transaction, each in its own way."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import django
import psycopg
from django.conf import settings
from django.db import connections, transaction
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker


class Host(ABC):
    """A host with a table ``course`` in the database at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    @abstractmethod
    def target(self) -> object:
        """What the host gives to `SqlStorage`."""

    @abstractmethod
    def atomic(self) -> AbstractContextManager[object]:
        """The host's transaction, or a savepoint in it: an exception rolls back, leaving the outermost commits."""

    @abstractmethod
    def add_course(self, code: str) -> None:
        """Write a row of the host's own."""

    @abstractmethod
    def close(self) -> None:
        """End the host."""


class DjangoHost(Host):
    """Django with nothing but a database."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        if not settings.configured:
            settings.configure(DATABASES={}, USE_TZ=True)
            django.setup()
        connections.databases[url] = connections.configure_settings({"default": django_database(url)})["default"]
        self.connection = connections[url]
        self.connection.ensure_connection()

    @property
    def target(self) -> object:
        return self.connection.connection

    def atomic(self) -> AbstractContextManager[object]:
        atomic: AbstractContextManager[object] = transaction.atomic(using=self.url)
        return atomic

    def add_course(self, code: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("INSERT INTO course VALUES (%s)", [code])

    def close(self) -> None:
        self.connection.close()
        del connections[self.url]
        del connections.databases[self.url]


def django_database(url: str) -> dict[str, object]:
    parsed = make_url(url)
    return {
        "ENGINE": f"django.db.backends.{'sqlite3' if parsed.get_backend_name() == 'sqlite' else 'postgresql'}",
        "NAME": parsed.database,
        "USER": parsed.username or "",
        "PASSWORD": parsed.password or "",
        "HOST": parsed.host or parsed.query.get("host", ""),
        "PORT": parsed.port or "",
    }


class ConnectionHost(Host):
    """A connection of SQLAlchemy Core."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.engine: Engine = create_engine(url)
        self.connection: Connection = self.engine.connect()

    @property
    def target(self) -> object:
        return self.connection

    @contextmanager
    def atomic(self) -> Iterator[object]:
        nested = self.connection.in_transaction()
        with self.connection.begin_nested() if nested else self.connection.begin():
            yield self

    def add_course(self, code: str) -> None:
        self.connection.execute(text("INSERT INTO course VALUES (:code)"), {"code": code})

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()


class SessionHost(Host):
    """A session of SQLAlchemy's ORM."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.engine: Engine = create_engine(url)
        self.session = Session(self.engine)

    @property
    def target(self) -> object:
        return self.session

    @contextmanager
    def atomic(self) -> Iterator[object]:
        nested = self.session.in_transaction()
        with self.session.begin_nested() if nested else self.session.begin():
            yield self

    def add_course(self, code: str) -> None:
        self.session.execute(text("INSERT INTO course VALUES (:code)"), {"code": code})

    def close(self) -> None:
        self.session.close()
        self.engine.dispose()


class ScopedSessionHost(SessionHost):
    """A session per thread, as web frameworks have it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.registry = scoped_session(sessionmaker(self.engine))
        self.session = self.registry()

    @property
    def target(self) -> object:
        return self.registry


class DriverHost(Host):
    """A connection of sqlite3 or psycopg, which begin by themselves and need ``commit()``."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.connection: Any = driver_connection(url)
        self.depth = 0

    @property
    def target(self) -> object:
        return self.connection

    @contextmanager
    def atomic(self) -> Iterator[object]:
        self.depth += 1
        try:
            with self._savepoint() if self.depth > 1 else self._transaction():
                yield self
        finally:
            self.depth -= 1

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        self.connection.execute("SAVEPOINT host")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO SAVEPOINT host")
            raise
        finally:
            self.connection.execute("RELEASE SAVEPOINT host")

    def add_course(self, code: str) -> None:
        mark = "?" if isinstance(self.connection, sqlite3.Connection) else "%s"
        self.connection.execute(f"INSERT INTO course VALUES ({mark})", [code])

    def close(self) -> None:
        self.connection.close()


def driver_connection(url: str, **options: Any) -> Any:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return sqlite3.connect(str(parsed.database), **options)
    return psycopg.connect(parsed.set(drivername="postgresql").render_as_string(hide_password=False), **options)


HOSTS: tuple[type[Host], ...] = (DjangoHost, ConnectionHost, SessionHost, ScopedSessionHost, DriverHost)
