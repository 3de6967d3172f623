"""Faults at any statement or commit of a unit: what databases say when they give up, and connections that are lost."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from attrs import define, field
from sqlalchemy import Connection, create_engine, text

from certcore.adapters.sql.failures import translated
from certcore.adapters.sql.units import Unit

THOROUGH = "CERTCORE_KILLS" in os.environ

Fault = Callable[[Connection], None]


def postgres_says(sqlstate: str, connection: Connection) -> None:
    """Let the server itself raise, so that the transaction is as spoiled as it would be."""
    connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$")


def sqlite_says(code: int, _connection: Connection) -> None:
    error = sqlite3.OperationalError("injected")
    error.sqlite_errorcode = code
    raise error


FAULTS: dict[str, dict[str, Fault]] = {
    "sqlite": {
        "SQLITE_BUSY": partial(sqlite_says, sqlite3.SQLITE_BUSY),
        "SQLITE_BUSY_SNAPSHOT": partial(sqlite_says, sqlite3.SQLITE_BUSY_SNAPSHOT),
    },
    "postgresql": {"40001": partial(postgres_says, "40001"), "40P01": partial(postgres_says, "40P01")},
}

FULL: dict[str, Fault] = {
    "sqlite": partial(sqlite_says, sqlite3.SQLITE_FULL),
    "postgresql": partial(postgres_says, "53100"),
}
"""What they say when the disk is full."""


@define
class Injector:
    """Counts the statements and commits of all units; those from ``first`` to ``last`` fail."""

    fault: Fault
    first: int = 0
    last: float = 0
    seen: int = 0
    in_reading: bool = False
    raised: list[int] = field(factory=list)

    def step(self, unit: Unit) -> None:
        self.seen += 1
        if self.first <= self.seen <= self.last:
            self.raised.append(self.seen)
            self.in_reading = unit.reads_only
            self.fault(unit.connection)


Injecting = Callable[[Injector | None], None]


@pytest.fixture
def injecting(monkeypatch: pytest.MonkeyPatch) -> Injecting:
    """Puts an injector into all units; nobody pauses."""
    statement, commit = Unit._statement, Unit.commit
    current: list[Injector] = []
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)

    @contextmanager
    def faulty_statement(self: Unit, what: str) -> Iterator[None]:
        with statement(self, what):
            if current:
                current[-1].step(self)
            yield

    def faulty_commit(self: Unit) -> None:
        if current:
            with translated(self.connection, "transaction"):
                current[-1].step(self)
        commit(self)

    monkeypatch.setattr(Unit, "_statement", faulty_statement)
    monkeypatch.setattr(Unit, "commit", faulty_commit)

    def inject(injector: Injector | None) -> None:
        current[:] = [] if injector is None else [injector]

    return inject


def faults_at(backend: str, at: int) -> list[tuple[str, Fault]]:
    """The faults to try at a statement."""
    faults = list(FAULTS[backend].items())
    return faults if THOROUGH else [faults[at % len(faults)]]


@define
class LostCommit:
    """Loses the connection at the n-th commit of a unit that writes, before or after it has taken effect."""

    at: int
    committed: bool
    backend: str
    seen: int = 0

    def commit(self, unit: Unit, commit: Callable[[Unit], None]) -> None:
        if unit.reads_only:
            return commit(unit)
        self.seen += 1
        if self.seen != self.at:
            return commit(unit)
        if not self.committed and self.backend == "postgresql":
            process = unit.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            engine = create_engine(unit.connection.engine.url, isolation_level="AUTOCOMMIT")
            with engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
            engine.dispose()
            return commit(unit)
        if self.committed:
            commit(unit)
        with translated(unit.connection, "transaction"):
            raise sqlite3.OperationalError("disk I/O error") if self.backend == "sqlite" else _lost()


def _lost() -> Exception:
    return psycopg.OperationalError("server closed the connection unexpectedly")
