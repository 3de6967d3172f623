"""Every service is tested on every storage (R-113)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from certcore.adapters.memory import MemoryStorage
from certcore.adapters.sql import SqlStorage
from certcore.ports import Storage
from tests.services.host import Host, host_over
from tests.services.platform import Platform, platform_over

STORAGES = ("memory", "sqlite", "postgres")


@pytest.fixture(params=STORAGES)
def new_storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Storage]]:
    """Makes empty storages of one kind."""
    opened: list[SqlStorage] = []

    def make() -> Storage:
        if request.param == "memory":
            return MemoryStorage()
        if request.param == "sqlite":
            storage = SqlStorage(f"sqlite:///{tmp_path / f'{len(opened)}.db'}")
        else:
            storage = SqlStorage(request.getfixturevalue("postgres_url"), tenant=uuid4().hex)
        storage.upgrade()
        opened.append(storage)
        return storage

    yield make
    for storage in opened:
        storage.close()


@pytest.fixture
def host(new_storage: Callable[[], Storage]) -> Host:
    """A host with a catalog of its own over an empty storage."""
    return host_over(new_storage())


@pytest.fixture
def platform(new_storage: Callable[[], Storage]) -> Platform:
    """A host over an empty storage."""
    return platform_over(new_storage())
