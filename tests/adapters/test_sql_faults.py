"""What goes wrong below the SQL storage: locks, disks, lost connections, other processes."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier

import pytest
from attrs import evolve
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from certcore.adapters.sql import SqlStorage
from certcore.adapters.sql.failures import translated
from certcore.domain.awards import Award
from certcore.errors import Conflict, Retryable, StorageError
from certcore.testing.builders import make_award, make_certification
from certcore.testing.storage.base import all_awards, contents, store
from certcore.testing.threads import at_once

CERTIFICATION = make_certification()
ENOUGH_TO_FILL_A_FEW_PAGES = 200


class FakeError(Exception):
    """An error as a driver raises it."""

    def __init__(self, *args: object, **attributes: object) -> None:
        super().__init__(*args)
        self.__dict__.update(attributes)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FakeError(sqlstate="40001"), Retryable),
        (FakeError(sqlstate="40P01"), Retryable),
        (FakeError(1213, "Deadlock found"), Retryable),
        (FakeError(1205, "Lock wait timeout exceeded"), Retryable),
        (FakeError(1020, "Record has changed since last read"), Retryable),
        (FakeError("database is locked", sqlite_errorcode=5), Retryable),
        (FakeError("database is locked", sqlite_errorcode=517), Retryable),
        (FakeError("database table is locked", sqlite_errorcode=262), Retryable),
        (FakeError(sqlstate="23505"), Conflict),
        (FakeError(1062, "Duplicate entry"), Conflict),
        (FakeError("UNIQUE constraint failed", sqlite_errorcode=2067), Conflict),
        (FakeError("UNIQUE constraint failed", sqlite_errorcode=1555), Conflict),
        (FakeError("NOT NULL constraint failed", sqlite_errorcode=1299), StorageError),
        (FakeError("FOREIGN KEY constraint failed", sqlite_errorcode=787), StorageError),
        (FakeError("disk I/O error", sqlite_errorcode=10), StorageError),
        (FakeError(1406, "Data too long"), StorageError),
        (FakeError(), StorageError),
    ],
    ids=repr,
)
def test_f36_driver_errors_become_the_kind_that_says_what_to_do(error: Exception, kind: type[StorageError]) -> None:
    """Run again, decide again, or neither."""
    with pytest.raises(StorageError) as caught, translated(None, "award 1"):
        raise DBAPIError("INSERT …", {"name": "secret"}, error)
    assert type(caught.value) is kind
    assert "secret" not in str(caught.value)


def test_errors_of_sqlalchemy_become_storage_errors() -> None:
    with pytest.raises(StorageError, match="mend"), translated(None, "award 1"):
        raise InvalidRequestError("This session is closed")
    with pytest.raises(LookupError), translated(None, "award 1"):
        raise LookupError


@pytest.fixture
def impatient(sqlite_url: str) -> Iterator[Engine]:
    """An engine on SQLite that does not wait for locks."""
    engine = create_engine(sqlite_url, connect_args={"timeout": 0})
    yield engine
    engine.dispose()


def test_f36_a_locked_sqlite_is_to_be_tried_again(impatient: Engine) -> None:
    """While another connection writes; readers are not in the way. Afterwards it works."""
    storage = SqlStorage(impatient)
    store(storage, CERTIFICATION)
    with impatient.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(Retryable), storage.transaction():
            pytest.fail("two writers at once")
        assert all_awards(storage) == []
    store(storage, make_award(CERTIFICATION))


def test_f36_a_snapshot_too_old_to_write_is_to_be_tried_again(impatient: Engine) -> None:
    """A host has read, another has written since: SQLITE_BUSY_SNAPSHOT."""
    store(SqlStorage(impatient), CERTIFICATION)
    with impatient.connect() as host:
        host.exec_driver_sql("BEGIN")
        inside = SqlStorage(host)
        assert all_awards(inside) == []
        store(SqlStorage(impatient), make_award(CERTIFICATION))
        with pytest.raises(Retryable):
            store(inside, make_award(CERTIFICATION))
        assert inside.in_transaction


def test_f36_what_postgres_cannot_serialize_is_to_be_tried_again(on_postgres: SqlStorage, postgres_copy: str) -> None:
    """A host works in REPEATABLE READ, another has changed the award since."""
    award = make_award(CERTIFICATION)
    store(on_postgres, CERTIFICATION, award)
    engine = create_engine(postgres_copy, isolation_level="REPEATABLE READ")
    with engine.connect() as host:
        inside = SqlStorage(host)
        assert all_awards(inside) == [award]
        with on_postgres.transaction() as tx:
            tx.awards.update([evolve(award, learner_name="Other", version=2)])
        with pytest.raises(Retryable), inside.transaction() as tx:
            tx.awards.update([evolve(award, learner_name="Ours", version=2)])
        assert all_awards(inside) == [award]
    engine.dispose()


def test_f36_a_deadlock_on_postgres_is_to_be_tried_again(on_postgres: SqlStorage) -> None:
    """Two transactions change two awards in opposite order: one goes through, one is told to try again."""
    awards = [make_award(CERTIFICATION), make_award(CERTIFICATION)]
    store(on_postgres, CERTIFICATION, *awards)
    met = Barrier(2)

    def changing(first: Award, second: Award) -> Callable[[], None]:
        def act() -> None:
            with on_postgres.transaction() as tx:
                tx.awards.update([evolve(first, version=2)])
                met.wait(30)
                tx.awards.update([evolve(second, version=2)])

        return act

    errors = at_once([changing(*awards), changing(*reversed(awards))])
    assert sorted(type(error).__name__ for error in errors) == ["NoneType", "Retryable"]
    assert [award.version for award in all_awards(on_postgres)] == [2, 2]


def test_f38_a_full_disk_leaves_nothing_half_written(on_sqlite: SqlStorage) -> None:
    """SQLITE_FULL, which ends the transaction by itself: nothing later in it may be committed alone."""
    kept = make_award(CERTIFICATION)
    store(on_sqlite, CERTIFICATION, kept)
    before = contents(on_sqlite)
    with pytest.raises(StorageError, match="rolled the whole transaction back"), on_sqlite.transaction() as tx:
        pages = tx.unit.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.unit.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StorageError, match="full"):
            tx.awards.add([make_award(CERTIFICATION) for _ in range(ENOUGH_TO_FILL_A_FEW_PAGES)])
        tx.awards.update([evolve(kept, version=2)])
    assert contents(on_sqlite) == before


def test_f38_a_file_that_cannot_be_written_says_so(on_sqlite: SqlStorage, sqlite_url: str) -> None:
    store(on_sqlite, CERTIFICATION)
    read_only = SqlStorage(create_engine(f"sqlite:///file:{make_url(sqlite_url).database}?mode=ro&uri=true"))
    assert all_awards(read_only) == []
    with pytest.raises(StorageError, match="readonly"):
        store(read_only, make_award(CERTIFICATION))


def test_a_place_without_a_database_says_so(tmp_path: Path) -> None:
    storage = SqlStorage(f"sqlite:///{tmp_path / 'no folder' / 'certcore.db'}")
    with pytest.raises(StorageError, match="unable to open"), storage.transaction():
        pytest.fail("the transaction began")
    storage = SqlStorage("postgresql://nobody@127.0.0.1:1/nowhere")
    with pytest.raises(StorageError, match="connection"), storage.reading():
        pytest.fail("the transaction began")


@pytest.mark.parametrize("at", ["statement", "commit"])
def test_f37_a_connection_that_is_lost_undoes_the_transaction(
    on_postgres: SqlStorage, postgres_copy: str, at: str
) -> None:
    """A typed error that does not ask for a blind repetition; the next transaction has a new connection."""
    store(on_postgres, CERTIFICATION)
    admin = create_engine(postgres_copy, isolation_level="AUTOCOMMIT")
    with pytest.raises(StorageError) as caught, on_postgres.transaction() as tx:
        tx.awards.add([make_award(CERTIFICATION)])
        process = tx.unit.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with admin.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
        if at == "statement":
            tx.awards.add([make_award(CERTIFICATION)])
    assert type(caught.value) is StorageError
    assert all_awards(on_postgres) == []
    store(on_postgres, make_award(CERTIFICATION))
    admin.dispose()


def test_two_processes_write_at_once(sql_url: str) -> None:
    """Each learner is awarded by one of them, whoever is first; nothing is lost and nothing doubled."""
    storage = SqlStorage(sql_url)
    store(storage, CERTIFICATION)
    command = [sys.executable, str(Path(__file__).with_name("racer.py")), sql_url, str(CERTIFICATION.id)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    won = [json.loads(racer.communicate(timeout=120)[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    awards = all_awards(storage)
    assert sorted(award.learner_id for award in awards) == sorted(f"learner {number}" for number in range(100))
    assert sorted(award.id for award in awards) == sorted(won[0] + won[1])
    storage.close()
