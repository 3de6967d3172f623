"""An import with a fault at every statement it makes, one after the other.

By default a fault at each statement, of one kind after the other; with ``CERTCORE_KILLS`` set, of every kind.
"""

import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

import psycopg
import pytest
from attrs import define, field
from sqlalchemy import Connection, create_engine, text

from certcore.adapters.sql.failures import translated
from certcore.adapters.sql.units import Unit
from certcore.errors import Retryable, StorageError
from tests.faults.conftest import Copies
from tests.faults.world import Site, check_invariants, dump, file_of, imports_of, site_at, told

ROWS = 60
BATCH = 60  # enough for COPY
THOROUGH = "CERTCORE_KILLS" in os.environ
DATA = file_of(ROWS)
KEY = "once"

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


@define
class Calm:
    """An import without faults: what it told and left, and how many statements it made."""

    told: dict[str, object]
    after: str
    awards: list[str]
    statements: int


@pytest.fixture
def calm(copies: Copies, injecting: Injecting) -> Calm:
    """``awards`` are the states that a caller can see: before the import and after each batch."""
    counting = Injector(lambda _connection: None)
    with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
        injecting(counting)
        site.run(DATA, key=KEY)
        injecting(None)
    with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
        awards = [dump(site.storage, history=False)]
        report = site.run(
            DATA, key=KEY, progress=lambda _done, _total: awards.append(dump(site.storage, history=False))
        )
        return Calm(told(report), dump(site.storage), awards, counting.seen)


def faults_at(backend: str, at: int) -> list[tuple[str, Fault]]:
    """The faults to try at a statement."""
    faults = list(FAULTS[backend].items())
    return faults if THOROUGH else [faults[at % len(faults)]]


def test_f36_a_passing_fault_at_any_statement_changes_nothing(
    copies: Copies, backend: str, calm: Calm, injecting: Injecting
) -> None:
    """The unit runs again as a whole: the same report, the same rows, each event once.

    A reading outside of units (the roles of the actor, the people in the first pass) is the directory's own and passes
    the error on: run again, the import ends the same.
    """
    passed_on = 0
    for at in range(1, calm.statements + 1):
        for name, fault in faults_at(backend, at):
            with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
                injector = Injector(fault, at, at)
                injecting(injector)
                try:
                    report = site.run(DATA, key=KEY)
                except Retryable:
                    assert injector.in_reading, f"{name} at statement {at}"
                    passed_on += 1
                    report = site.run(DATA, key=KEY)
                injecting(None)
                assert injector.raised == [at]
                assert told(report) == calm.told, f"{name} at statement {at}"
                assert dump(site.storage) == calm.after, f"{name} at statement {at}"
                check_invariants(site.storage)
    assert passed_on < calm.statements / 2


def test_f36_a_lasting_fault_from_any_statement_on_is_a_typed_error(
    copies: Copies, backend: str, calm: Calm, injecting: Injecting
) -> None:
    """No half batch is left, the same storage works afterwards, and the import goes on to the same end."""
    for at in range(1, calm.statements + 1, 1 if THOROUGH else 4):
        for name, fault in faults_at(backend, at // 4):
            with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
                injecting(Injector(fault, at, math.inf))
                with pytest.raises(Retryable):
                    site.run(DATA, key=KEY)
                injecting(None)
                assert dump(site.storage, history=False) in calm.awards
                check_invariants(site.storage)
                assert told(site.run(DATA, key=KEY)) == calm.told, f"{name} from statement {at}"
                assert dump(site.storage) == calm.after, f"{name} from statement {at}"


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


@pytest.mark.parametrize("committed", [False, True], ids=["rolled back", "committed"])
def test_f37_a_commit_of_which_nobody_knows_is_found_out_by_running_again(
    copies: Copies, backend: str, calm: Calm, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """The error is typed and not retried blindly; the next run under the key finds out: one effect, one report."""
    commit = Unit.commit
    for at in count(1):
        with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
            lost = LostCommit(at, committed, backend)
            monkeypatch.setattr(Unit, "commit", lambda unit, lost=lost: lost.commit(unit, commit))
            error = error_of(site)
            monkeypatch.setattr(Unit, "commit", commit)
            if error is None:
                assert lost.seen < at
                break
            assert type(error) is StorageError
            before = imports_of(site, DATA)
            report = site.run(DATA, key=KEY)
            assert told(report) == calm.told
            assert {report.import_id} == {*imports_of(site, DATA)} >= {*before}
            assert dump(site.storage) == calm.after
            check_invariants(site.storage)
    assert at > 3


def error_of(site: Site) -> StorageError | None:
    try:
        site.run(DATA, key=KEY)
    except StorageError as error:
        return error
    return None
