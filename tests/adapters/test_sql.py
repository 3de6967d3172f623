"""The SQL adapters keep every promise of their ports, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from sqlalchemy import create_engine

from certcore.adapters.sql import BranchRecord, PersonRecord, SqlCatalog, SqlDirectory, SqlStorage, searching
from certcore.domain.awards import Ending, EndReason
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.people import Role
from certcore.errors import InvalidDefinition, InvalidValue, NotFound
from certcore.testing import DirectoryContract, EnrolmentContract, StorageContract
from certcore.testing.builders import NOW, make_award, make_certification
from certcore.testing.catalog import ITEMS
from certcore.testing.directory import WORLD, World
from certcore.testing.storage.base import all_awards, store
from certcore.testing.storage.finding import FindingContract


class TestSqliteFile(StorageContract):
    @pytest.fixture
    def storage(self, on_sqlite: SqlStorage) -> SqlStorage:
        return on_sqlite


class TestSqliteInMemory(StorageContract):
    @pytest.fixture
    def storage(self) -> Iterator[SqlStorage]:
        storage = SqlStorage("sqlite://")
        storage.upgrade()
        yield storage
        storage.close()


class TestSqliteEngineOfTheHost(StorageContract):
    """An engine with SQLAlchemy's own settings."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[SqlStorage]:
        engine = create_engine(f"sqlite:///{tmp_path / 'host.db'}")
        storage = SqlStorage(engine)
        storage.upgrade()
        yield storage
        storage.close()
        engine.dispose()


class TestPostgres(StorageContract):
    @pytest.fixture
    def storage(self, on_postgres: SqlStorage) -> SqlStorage:
        return on_postgres


class _Walked(FindingContract):
    """Searches over more than a few learners and awards: they are walked over, not sorted."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(searching, "FEW", 0)
        monkeypatch.setattr(searching, "FEW_LEARNERS", 0)


class TestWalkedOnSqlite(_Walked):
    @pytest.fixture
    def storage(self, on_sqlite: SqlStorage) -> SqlStorage:
        return on_sqlite


class TestWalkedOnPostgres(_Walked):
    @pytest.fixture
    def storage(self, on_postgres: SqlStorage) -> SqlStorage:
        return on_postgres


def filled(directory: SqlDirectory, world: World) -> SqlDirectory:
    directory.save_branches(BranchRecord(code, parent) for code, parent in world.branches.items())
    names = {each.id: each.username for each in world.people}
    directory.save_people(
        PersonRecord(
            id=each.id,
            username=each.username,
            first_name=each.first_name,
            last_name=each.last_name,
            email=each.email,
            zone=each.zone,
            language=each.language,
            active=each.active,
            groups=[name for name, members in world.groups.items() if names[each.id] in members],
            branches=[code for code, members in world.branch_members.items() if names[each.id] in members],
            manager=world.managers.get(each.username),
            coach_of=world.coaches.get(each.username, ()),
            admin_of=world.admins.get(each.username, ()),
        )
        for each in world.people
    )
    return directory


class TestDirectoryOnSqlite(DirectoryContract):
    @pytest.fixture
    def directory(self, on_sqlite: SqlStorage) -> SqlDirectory:
        return filled(SqlDirectory(on_sqlite), WORLD)


class TestDirectoryOnPostgres(DirectoryContract):
    @pytest.fixture
    def directory(self, on_postgres: SqlStorage) -> SqlDirectory:
        return filled(SqlDirectory(on_postgres), WORLD)


class TestCatalogOnSqlite(EnrolmentContract):
    @pytest.fixture
    def catalog(self, on_sqlite: SqlStorage) -> SqlCatalog:
        catalog = SqlCatalog(on_sqlite)
        assert catalog.save_items(ITEMS) == len(ITEMS)
        return catalog

    @pytest.fixture
    def learning(self, catalog: SqlCatalog) -> SqlCatalog:
        return catalog


class TestCatalogOnPostgres(EnrolmentContract):
    @pytest.fixture
    def catalog(self, on_postgres: SqlStorage) -> SqlCatalog:
        catalog = SqlCatalog(on_postgres)
        catalog.save_items(ITEMS)
        return catalog

    @pytest.fixture
    def learning(self, catalog: SqlCatalog) -> SqlCatalog:
        return catalog


def test_people_are_replaced_by_username_and_keep_their_ids(sql_storage: SqlStorage) -> None:
    """Loading the same file again changes nothing; another one changes what it names."""
    directory = SqlDirectory(sql_storage)
    boss = PersonRecord(username="boss", roles=frozenset({Role.MANAGER}), admin_of=["night"])
    ada = PersonRecord(username="ada", manager="boss", groups=["night"], branches=["rome"], coach_of=["boss"])
    for _ in range(2):
        assert directory.save_people([ada, boss]) == 2
    ids = {name: person.id for name, person in directory.match(["ada", "boss"]).items()}
    assert directory.roles(ids["boss"]) == frozenset({Role.MANAGER})
    assert directory.roles("nobody") is None
    assert directory.overseen(ids["boss"]) == {ids["ada"]}
    assert directory.overseen(ids["ada"]) == {ids["boss"]}
    directory.save_people([PersonRecord(username="ada", first_name="Ada", active=False)])
    again = directory.match(["ada"])["ada"]
    assert (again.id, again.full_name, again.active) == (ids["ada"], "Ada", False)
    assert directory.overseen(ids["boss"]) == frozenset()
    assert list(directory.members(["night"], ["rome"])) == []


@pytest.mark.parametrize(
    ("people", "path"),
    [
        ([PersonRecord(username="ada"), PersonRecord(username="ada")], "people.ada"),
        ([PersonRecord(username="zoë"), PersonRecord(username="zoe\u0308")], "people.zoe\u0308"),
        ([PersonRecord(username="ada", manager="nobody")], "people.manager"),
        ([PersonRecord(username="ada", coach_of=["nobody"])], "people.coach_of"),
        ([PersonRecord(username="bob", id="another")], "people.bob"),
    ],
)
def test_people_that_make_no_sense_are_refused(sql_storage: SqlStorage, people: list[PersonRecord], path: str) -> None:
    """The error names the place, and nobody is stored."""
    directory = SqlDirectory(sql_storage)
    directory.save_people([PersonRecord(username="bob", id="bob's")])
    with pytest.raises(InvalidDefinition) as caught:
        directory.save_people(people)
    assert caught.value.path == path
    assert directory.match(["ada", "zoë"]) == {}


@pytest.mark.parametrize(
    "branches", [[BranchRecord("a", "b"), BranchRecord("b", "a")], [BranchRecord("a", "a")], [BranchRecord("a", "b")]]
)
def test_branches_that_make_no_sense_are_refused(sql_storage: SqlStorage, branches: list[BranchRecord]) -> None:
    """Within themselves, or below one that is not there."""
    with pytest.raises(InvalidDefinition) as caught:
        SqlDirectory(sql_storage).save_branches(branches)
    assert caught.value.path == "branches.a"


def test_items_are_replaced_by_kind_and_code(sql_storage: SqlStorage) -> None:
    catalog = SqlCatalog(sql_storage)
    ref = ItemRef.parse("course:C-1")
    catalog.save_items([Item(ref, "Old"), Item(ItemRef.parse("learning_plan:C-1"), "Plan")])
    catalog.save_items([Item(ref, "New", valid_until=None)])
    assert catalog.items([ref])[ref].title == "New"


def test_tenants_see_nothing_of_one_another(sql_storage: SqlStorage, sql_url: str) -> None:
    """R-116: the same ids, codes, numbers, tokens and usernames in two tenants of one database."""
    other = SqlStorage(sql_url, tenant=f"{sql_storage.tenant}'"[-64:])
    certification = make_certification()
    award = make_award(certification)
    for each in (sql_storage, other):
        store(each, certification, award)
        SqlDirectory(each).save_people([PersonRecord(username="ada", groups=[each.tenant])])
    revoked = evolve(award, ending=Ending(EndReason.REVOKED, NOW), version=2)
    with sql_storage.transaction() as tx:
        tx.awards.update([revoked])
    assert all_awards(sql_storage) == [revoked]
    assert all_awards(other) == [award]
    assert list(SqlDirectory(other).members([other.tenant], []))
    with pytest.raises(NotFound):
        SqlDirectory(other).members([sql_storage.tenant], [])
    other.close()


@pytest.mark.parametrize("target", ["no url", "oracle://somewhere", "mysql+nothing://", object(), None])
def test_a_target_that_is_none_is_refused(target: object) -> None:
    with pytest.raises(InvalidValue):
        SqlStorage(target)


@pytest.mark.parametrize("tenant", ["", "t" * 65])
def test_a_tenant_has_1_to_64_characters(tenant: str) -> None:
    with pytest.raises(InvalidValue, match="tenant"):
        SqlStorage("sqlite://", tenant=tenant)
