"""The memory adapters keep every promise of their ports."""

import pytest

from certcore.adapters.memory import MemoryStorage
from certcore.testing import StorageContract


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self) -> MemoryStorage:
        return MemoryStorage()
