"""Creating, migrating and checking the tables."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from attrs import evolve
from sqlalchemy import Column, Engine, String, create_engine, inspect, text

from certcore.adapters.sql import SqlCatalog, SqlStorage, check, revisions, schema, upgrade
from certcore.adapters.sql.columns import PREFIX, VERSION_TABLE, metadata
from certcore.adapters.sql.tables import REVISION
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.time import to_micros
from certcore.errors import SchemaMismatch
from certcore.testing.builders import make_award, make_certification, make_event
from certcore.testing.storage.base import all_awards, store
from tests.adapters.hosts import HOSTS, Host

UPGRADE = "import sys; from certcore.adapters.sql import upgrade; upgrade(sys.argv[1])"
LONGEST_KEY_OF_MARIADB = 3_072
BYTES_OF_A_CHARACTER = 4


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue("fresh_postgres_url"))


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_url)
    yield engine
    engine.dispose()


def set_revision(url: str, revision: str | None) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {VERSION_TABLE}"))
        if revision is not None:
            connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:revision)"), {"revision": revision})
    engine.dispose()


def migrated(engine: Engine, revision: str) -> None:
    """Bring the tables to a revision, forward or back."""
    config = Config()
    config.set_main_option("script_location", "certcore.adapters.sql:migrations")
    back = revision < (revisions(engine).found or "") or revision == "base"
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if back else command.upgrade)(config, revision)


def tables_of(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_the_migrations_make_the_tables_that_the_code_knows(sql_url: str) -> None:
    """Column by column, index by index."""
    engine = create_engine(sql_url)
    with engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: schema.is_ours(name, kind), "version_table": VERSION_TABLE}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_the_code_needs() -> None:
    config = Config()
    config.set_main_option("script_location", str(resources.files("certcore.adapters.sql") / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_tables_are_made_once(empty: Engine) -> None:
    """From nothing; a second time nothing happens."""
    assert revisions(empty) == (None, REVISION)
    upgrade(empty)
    storage = SqlStorage(empty)
    store(storage, make_certification())
    upgrade(empty)
    storage.upgrade()
    assert check(empty) == (REVISION, REVISION)
    with storage.reading() as tx:
        assert len(tx.certifications.overviews()) == 1


def test_tables_of_the_first_release_are_migrated_with_what_they_hold(empty: Engine, empty_url: str) -> None:
    """R-6, R-9: certifications, items and assignments of revision 0001 say what they meant before they could say it."""
    migrated(empty, "0001")
    certification, item = make_certification(), ItemRef.parse("course:C-1")
    with empty.begin() as connection:
        row = (certification.id, certification.name, certification.code, "", "{}", 0, "classic", None, 0, 1, 1)
        for table, values in (
            ("certification", row),
            ("certification_edition", (certification.id, 1, certification.name, "")),
            ("item_certification", ("course", "C-1", certification.id, 0)),
            ("item", ("course", "C-1", "Title", "[]", None)),
        ):
            places = ", ".join(f":p{place}" for place in range(len(values)))
            parameters = {f"p{place}": value for place, value in enumerate(values)}
            connection.execute(text(f"INSERT INTO {PREFIX}{table} VALUES ('default', {places})"), parameters)
    storage = SqlStorage(empty_url)
    with pytest.raises(SchemaMismatch):
        all_awards(storage)
    storage.upgrade()
    with storage.transaction() as tx:
        stored = tx.certifications.by_id([certification.id])[certification.id]
        assert (stored.automatic, stored.items_needed, stored.auto_renew) == (True, 1, False)
        tx.certifications.update(stored.edited(items_needed=None, automatic=False))
        assert tx.certifications.carried_by([item])[item].automatic is None
    assert SqlCatalog(storage).items([item])[item] == Item(item, "Title")
    store(storage, make_award(certification))
    storage.close()


def test_f27_nobody_is_told_of_what_happened_before_notices_came(empty: Engine, empty_url: str) -> None:
    """Events of revision 0003 stay as they are, and none is pending; those that come after are."""
    migrated(empty, "0003")
    award, event = make_award(), make_event(make_award())
    with empty.begin() as connection:
        row = ("default", award.id, 1, event.kind, event.version, event.payload, to_micros(event.due_at), 1)
        places = ", ".join(f":p{place}" for place in range(len(row)))
        parameters = {f"p{place}": value for place, value in enumerate(row)}
        connection.execute(text(f"INSERT INTO {PREFIX}outbox VALUES ({places})"), parameters)
    storage = SqlStorage(empty_url)
    storage.upgrade()
    new = make_event(award, 2)
    with storage.transaction() as tx:
        assert list(tx.outbox.pending(10)) == []
        tx.outbox.append([new])
        assert tx.outbox.of([award.id]) == {award.id: [evolve(event, award_id=award.id), new]}
        assert list(tx.outbox.pending(10)) == [new]
    storage.close()


def test_migrations_can_be_taken_back(empty: Engine) -> None:
    """To any revision, and forward again."""
    for revision in (REVISION, "0003", REVISION, "0001", REVISION, "base", REVISION):
        migrated(empty, revision)
    assert check(empty) == (REVISION, REVISION)


def test_f41_tables_that_are_missing_are_refused(empty_url: str) -> None:
    """The error says what to do; nothing is created by looking."""
    storage = SqlStorage(empty_url)
    with pytest.raises(SchemaMismatch, match="no certcore tables") as caught, storage.transaction():
        pytest.fail("the transaction began")
    assert (caught.value.found, caught.value.needed) == (None, REVISION)
    with pytest.raises(SchemaMismatch):
        check(empty_url)
    storage.upgrade()
    assert all_awards(storage) == []
    storage.close()


@pytest.mark.parametrize("found", ["0000", "9999", None], ids=["older", "newer", "emptied"])
def test_f41_tables_of_another_release_are_refused(sql_url: str, found: str | None) -> None:
    """Reading as well as writing."""
    set_revision(sql_url, found)
    storage = SqlStorage(sql_url)
    for opened in (storage.transaction, storage.reading):
        with pytest.raises(SchemaMismatch) as caught, opened():
            pytest.fail("the transaction began")
        assert caught.value.found == found
    with pytest.raises(SchemaMismatch):
        check(sql_url)
    set_revision(sql_url, REVISION)
    assert all_awards(storage) == []
    storage.close()


def test_f41_a_newer_release_is_not_migrated_back(sql_url: str) -> None:
    set_revision(sql_url, "9999")
    with pytest.raises(SchemaMismatch) as caught:
        upgrade(sql_url)
    assert caught.value.found == "9999"
    assert revisions(sql_url).found == "9999"


def test_tables_of_the_host_are_left_alone(empty: Engine) -> None:
    """Its tables, and its own Alembic."""
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('the host''s')"))
    upgrade(empty)
    assert {name for name in tables_of(empty) if not name.startswith(PREFIX)} == {"alembic_version"}
    with empty.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["the host's"]


@pytest.mark.parametrize("kind", HOSTS, ids=lambda kind: kind.__name__)
def test_tables_made_in_the_hosts_transaction_go_with_it(empty: Engine, empty_url: str, kind: type[Host]) -> None:
    host = kind(empty_url)
    with pytest.raises(LookupError), host.atomic():
        storage = SqlStorage(host.target)
        storage.upgrade()
        store(storage, make_certification())
        raise LookupError
    assert tables_of(empty) == set()
    with host.atomic():
        SqlStorage(host.target).upgrade()
    assert check(empty).found == REVISION
    host.close()


def test_processes_that_migrate_at_once_make_the_tables_once(empty_url: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", UPGRADE, empty_url]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert check(empty_url).found == REVISION


def test_the_tenant_leads_every_key_and_index() -> None:
    """R-116; and every key fits MariaDB."""
    for table in metadata.sorted_tables:
        assert table.name.startswith(PREFIX)
        for columns in ([*table.primary_key.columns], *([*index.columns] for index in table.indexes)):
            assert columns[0].name == "tenant", f"{table.name}: {columns}"
            assert sum(map(_bytes, columns)) <= LONGEST_KEY_OF_MARIADB, f"{table.name}: {columns}"


def _bytes(column: Column[Any]) -> int:
    if isinstance(column.type, String):
        assert column.type.length, f"{column} has no limit"
        return BYTES_OF_A_CHARACTER * column.type.length
    return 8
