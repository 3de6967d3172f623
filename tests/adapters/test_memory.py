"""The memory adapters keep every promise of their ports."""

import pytest

from certcore.adapters.memory import Branch, MemoryCatalog, MemoryDirectory, MemoryStorage
from certcore.errors import InvalidDefinition, StorageError
from certcore.testing import DirectoryContract, EnrolmentContract, StorageContract
from certcore.testing.builders import make_award, make_certification, make_person
from certcore.testing.catalog import ITEMS
from certcore.testing.directory import WORLD
from certcore.testing.storage.base import store


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self) -> MemoryStorage:
        return MemoryStorage()

    def test_writing_needs_an_open_transaction(self, storage: MemoryStorage) -> None:
        """Repositories kept after their transaction, or given by a reading, refuse to write."""
        certification = make_certification()
        with storage.transaction() as ended:
            ended.certifications.add(certification)
        with pytest.raises(StorageError, match="transaction"):
            ended.awards.add([make_award(certification)])
        with storage.reading() as reading, pytest.raises(StorageError, match="transaction"):
            reading.awards.add([make_award(certification)])
        store(storage, make_award(certification))


class TestMemoryDirectory(DirectoryContract):
    @pytest.fixture
    def directory(self) -> MemoryDirectory:
        return MemoryDirectory(
            WORLD.people,
            groups=WORLD.groups,
            branches={
                code: Branch(parent, WORLD.branch_members.get(code, ())) for code, parent in WORLD.branches.items()
            },
            managers=WORLD.managers,
            coaches=WORLD.coaches,
            admins=WORLD.admins,
        )

    def test_a_person_can_be_replaced(self) -> None:
        """Putting a person in again under the same id replaces them, the username included."""
        ada = make_person("ada")
        directory = MemoryDirectory([ada], groups={"g": ["ada"]})
        renamed = make_person("countess", id=ada.id, active=False)
        directory.put(renamed)
        assert directory.match(["ada", "countess"]) == {"countess": renamed}
        assert list(directory.members(["g"], [])) == [renamed]

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"people": [make_person("ada"), make_person("ada", id="2")]}, "people.ada"),
            ({"people": [make_person("zoë"), make_person("zoe\u0308", id="2")]}, "people.zoe\u0308"),
            ({"groups": {"g": ["nobody"]}}, "groups.g"),
            ({"branches": {"b": Branch("nowhere")}}, "branches.b"),
            ({"branches": {"a": Branch("b"), "b": Branch("a")}}, "branches.a"),
            ({"managers": {"ada": "nobody"}}, "managers.ada"),
            ({"coaches": {"nobody": ["ada"]}}, "coaches.nobody"),
            ({"admins": {"ada": ["no group"]}}, "admins.ada"),
        ],
    )
    def test_a_world_that_makes_no_sense_is_refused(self, changes: dict[str, object], path: str) -> None:
        """The error names the place."""
        with pytest.raises(InvalidDefinition) as caught:
            MemoryDirectory(**{"people": [make_person("ada")], **changes})  # type: ignore[arg-type]
        assert caught.value.path == path


class TestMemoryCatalog(EnrolmentContract):
    @pytest.fixture
    def catalog(self) -> MemoryCatalog:
        return MemoryCatalog(ITEMS)

    @pytest.fixture
    def learning(self, catalog: MemoryCatalog) -> MemoryCatalog:
        return catalog
