"""The SQL storage inside a transaction that the host owns: Django's, SQLAlchemy's, a driver's."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import create_engine, event, text

from certcore.adapters.sql import SqlCatalog, SqlDirectory, SqlStorage
from certcore.adapters.sql.people import PersonRecord
from certcore.domain.awards import Award
from certcore.domain.certifications import Item
from certcore.domain.deliveries import Retake
from certcore.errors import Conflict, StorageError
from certcore.testing.builders import (
    COURSE,
    NOW,
    make_award,
    make_certification,
    make_completion,
    make_delivery,
    make_entry,
    make_event,
    make_renewal,
)
from certcore.testing.storage.base import all_awards, store
from tests.adapters.hosts import HOSTS, DjangoHost, Host, driver_connection

CERTIFICATION = make_certification()
AWARD = make_award(CERTIFICATION)


class HostError(Exception):
    """Raised by the host's own code."""


@pytest.fixture
def url(sql_url: str) -> str:
    """A database with certcore's tables, a certification, and a table of the host's."""
    engine = create_engine(sql_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE course (code VARCHAR(50) PRIMARY KEY)"))
    engine.dispose()
    storage = SqlStorage(sql_url)
    store(storage, CERTIFICATION)
    storage.close()
    return sql_url


@pytest.fixture(params=HOSTS, ids=lambda kind: kind.__name__)
def host(request: pytest.FixtureRequest, url: str) -> Iterator[Host]:
    host: Host = request.param(url)
    yield host
    host.close()


def stored(url: str) -> tuple[list[Award], list[str]]:
    """What another connection sees: the awards, and the host's courses."""
    engine = create_engine(url)
    with engine.connect() as connection:
        courses = list(connection.execute(text("SELECT code FROM course ORDER BY code")).scalars())
    engine.dispose()
    storage = SqlStorage(url)
    awards = all_awards(storage)
    storage.close()
    return awards, courses


def give(storage: SqlStorage, award: Award = AWARD) -> None:
    store(storage, award, make_entry(award), make_event(award))


def test_what_the_host_rolls_back_leaves_nothing(host: Host) -> None:
    with pytest.raises(HostError), host.atomic():
        host.add_course("C-1")
        storage = SqlStorage(host.target)
        give(storage)
        host.add_course("C-2")
        assert all_awards(storage) == [AWARD]
        raise HostError
    assert stored(host.url) == ([], [])


def test_what_the_host_commits_is_all_there(host: Host) -> None:
    with host.atomic():
        host.add_course("C-1")
        give(SqlStorage(host.target))
        host.add_course("C-2")
        assert stored(host.url) == ([], [])
    assert stored(host.url) == ([AWARD], ["C-1", "C-2"])


def test_the_hosts_savepoint_takes_ours_along(host: Host) -> None:
    with host.atomic():
        host.add_course("C-1")
        storage = SqlStorage(host.target)
        with pytest.raises(HostError), host.atomic():
            host.add_course("C-2")
            give(storage)
            raise HostError
        assert all_awards(storage) == []
    assert stored(host.url) == ([], ["C-1"])


@pytest.mark.parametrize("count", [1, 2, 100], ids=["one", "few", "many"])
def test_a_conflict_does_not_abort_the_hosts_transaction(host: Host, count: int) -> None:
    """Not with one row, nor with several, nor with COPY on PostgreSQL."""
    with host.atomic():
        host.add_course("C-1")
        storage = SqlStorage(host.target)
        give(storage)
        others = [make_award(CERTIFICATION) for _ in range(count - 1)]
        with pytest.raises(Conflict), storage.transaction() as tx:
            tx.awards.add([*others, make_award(CERTIFICATION, token=AWARD.token)])
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.awards.add([*others, make_award(CERTIFICATION, number=AWARD.number)])
            tx.awards.add(others)
        host.add_course("C-2")
    awards, courses = stored(host.url)
    assert {award.id for award in awards} == {AWARD.id, *(award.id for award in others)}
    assert courses == ["C-1", "C-2"]


def test_an_exception_undoes_ours_and_nothing_of_the_hosts(host: Host) -> None:
    with host.atomic():
        host.add_course("C-1")
        storage = SqlStorage(host.target)
        with pytest.raises(HostError), storage.transaction():
            give(storage)
            raise HostError
        host.add_course("C-2")
    assert stored(host.url) == ([], ["C-1", "C-2"])


def test_a_statement_that_fails_does_not_abort_the_hosts_transaction(host: Host) -> None:
    with host.atomic():
        storage = SqlStorage(host.target)
        with pytest.raises(StorageError), storage.transaction() as tx:
            tx.unit.control("SELECT nothing FROM nowhere")
        give(storage)
        host.add_course("C-1")
    assert stored(host.url) == ([AWARD], ["C-1"])


def test_nothing_can_be_retried_inside_the_hosts_transaction(host: Host) -> None:
    with host.atomic():
        host.add_course("C-1")
        storage = SqlStorage(host.target)
        assert storage.in_transaction
        with storage.transaction():
            assert storage.in_transaction


def test_closing_the_storage_leaves_the_hosts_connection_open(host: Host) -> None:
    with host.atomic():
        storage = SqlStorage(host.target)
        give(storage)
        storage.close()
        host.add_course("C-1")
    assert stored(host.url) == ([AWARD], ["C-1"])


def test_reading_leaves_no_transaction_in_the_way(host: Host) -> None:
    """Before the host has begun one: it can still begin its own."""
    assert all_awards(SqlStorage(host.target)) == []
    if not isinstance(host, DjangoHost):
        host.target.rollback()  # type: ignore[attr-defined]
    with host.atomic():
        host.add_course("C-1")
    assert stored(host.url) == ([], ["C-1"])


@pytest.mark.parametrize("kind", [kind for kind in HOSTS if kind is not DjangoHost], ids=lambda kind: kind.__name__)
def test_a_host_that_commits_itself_decides_also_what_it_did_not_begin(url: str, kind: type[Host]) -> None:
    """PEP 249 and SQLAlchemy begin with the first statement; so what we begin is the host's to end."""
    host = kind(url)
    give(SqlStorage(host.target))
    host.target.rollback()  # type: ignore[attr-defined]
    assert stored(url) == ([], [])
    give(SqlStorage(host.target))
    host.target.commit()  # type: ignore[attr-defined]
    assert stored(url) == ([AWARD], [])
    host.close()


def test_outside_atomic_django_commits_every_statement_and_we_every_transaction(url: str) -> None:
    host = DjangoHost(url)
    storage = SqlStorage(host.target)
    assert not storage.in_transaction
    with pytest.raises(HostError), storage.transaction():
        assert storage.in_transaction
        give(storage)
        raise HostError
    assert stored(url) == ([], [])
    give(storage)
    assert stored(url) == ([AWARD], [])
    host.close()


def test_sqlalchemy_in_autocommit_gets_transactions_of_ours(url: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        storage = SqlStorage(connection)
        with pytest.raises(HostError), storage.transaction():
            give(storage)
            raise HostError
        give(storage)
        assert stored(url) == ([AWARD], [])
    engine.dispose()


def test_a_hosts_engine_that_says_begin_itself(url: str) -> None:
    """The recipe in SQLAlchemy's documentation for SQLite; on any database our own connections begin anyway."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _no_implicit_begin(connection: Any, _record: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN")

    storage = SqlStorage(engine)
    with pytest.raises(HostError), storage.transaction():
        give(storage)
        raise HostError
    give(storage)
    with engine.begin() as connection:
        inner = SqlStorage(connection)
        give(inner, make_award(CERTIFICATION))
        connection.rollback()
    assert stored(url) == ([AWARD], [])
    engine.dispose()


@pytest.mark.parametrize("autocommit", [False, True])
@pytest.mark.parametrize("cursor_factory", [psycopg.Cursor, psycopg.ClientCursor, psycopg.ServerCursor])
def test_any_settings_of_psycopg(postgres_copy: str, autocommit: bool, cursor_factory: type) -> None:
    """Rows as dictionaries, other cursors, autocommit: the storage works and leaves them as they are."""
    connection = driver_connection(postgres_copy, row_factory=dict_row, autocommit=autocommit)
    if cursor_factory is not psycopg.ServerCursor:
        connection.cursor_factory = cursor_factory
    dumpers = dict(connection.adapters._dumpers_by_oid[0])
    storage = SqlStorage(connection)
    _use(storage)
    assert connection.row_factory is dict_row
    assert connection.autocommit is autocommit
    assert connection.isolation_level is None
    assert dict(connection.adapters._dumpers_by_oid[0]) == dumpers
    assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
    connection.close()


def _use(storage: SqlStorage) -> None:
    awards = [make_award(CERTIFICATION) for _ in range(100)]
    store(storage, CERTIFICATION, *awards)
    store(storage, *(make_entry(award) for award in awards), make_event(awards[0]))
    with storage.transaction() as tx:
        assert len(tx.awards.by_id([award.id for award in awards])) == len(awards)
        assert len(tx.awards.live([CERTIFICATION.id], [award.learner_id for award in awards])) == len(awards)
    SqlDirectory(storage).save_people([PersonRecord(username="ada", groups=["night"])])
    assert [each.username for each in SqlDirectory(storage).members(["night"], [])] == ["ada"]
    _live(storage, awards)


def _live(storage: SqlStorage, awards: Sequence[Award]) -> None:
    """What streams, says what was new, or locks."""
    completions = [make_completion(award.learner_id) for award in awards]
    with storage.transaction() as tx:
        assert [row[0] for row in tx.awards.statuses(NOW)] == [award.number for award in awards]
        assert tx.completions.add([*completions, *completions[:1]]) == [True] * len(awards) + [False]
        tx.renewals.add(list(map(make_renewal, awards)))
        tx.deliveries.add([make_delivery(award) for award in awards])
        assert len(tx.deliveries.due(NOW, 1_000, ["retake"])) == len(awards)
        tx.certifications.hold([CERTIFICATION])
        tx.awards.delete([awards[0].id])
    catalog = SqlCatalog(storage)
    catalog.save_items([Item(COURSE)])
    catalog.complete(completions)
    catalog.retake(Retake("0" * 32, completions[0].learner_id, COURSE, NOW + timedelta(1)))
    assert len(list(catalog.completions([COURSE]))) == len(completions)
    assert len(all_awards(storage)) == len(awards) - 1


@pytest.mark.parametrize("isolation_level", [None, "", "DEFERRED", "EXCLUSIVE"])
def test_any_settings_of_sqlite3(sqlite_url: str, isolation_level: str | None) -> None:
    """Rows by name, functions of the host's own, any isolation level: used, and left as they are."""
    connection = driver_connection(sqlite_url, isolation_level=isolation_level, detect_types=sqlite3.PARSE_DECLTYPES)
    connection.row_factory = sqlite3.Row
    for name in ("regexp", "floor"):
        connection.create_function(name, -1, lambda *_: "the host's")
    storage = SqlStorage(connection)
    _use(storage)
    assert connection.row_factory is sqlite3.Row
    assert connection.isolation_level == isolation_level
    assert list(connection.execute("SELECT 'a' REGEXP 'b', floor(1.5)").fetchone()) == ["the host's"] * 2
    assert connection.in_transaction is (isolation_level is not None)
    connection.close()
