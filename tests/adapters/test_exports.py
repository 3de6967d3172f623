"""The stores of exports keep every promise, in memory and in a folder."""

from pathlib import Path

import pytest

from certcore.adapters.files import FolderExports
from certcore.adapters.memory import MemoryExports
from certcore.errors import InvalidValue, StorageError
from certcore.testing import ExportStoreContract


class TestMemoryExports(ExportStoreContract):
    @pytest.fixture
    def exports(self) -> MemoryExports:
        return MemoryExports()


class TestFolderExports(ExportStoreContract):
    @pytest.fixture
    def exports(self, tmp_path: Path) -> FolderExports:
        return FolderExports(tmp_path / "not yet" / "there")

    @pytest.mark.parametrize("name", ["", "..", "../up.csv", "/etc/passwd", "a/b.csv", ".csv", "A.csv", "x" * 101])
    def test_f53_a_name_is_no_path(self, exports: FolderExports, name: str) -> None:
        """What no job gives is refused, to write, to read and to delete."""
        with pytest.raises(InvalidValue), exports.writing(name):
            pass
        with pytest.raises(InvalidValue), exports.reading(name):
            pass
        with pytest.raises(InvalidValue):
            exports.delete([name])

    def test_f38_what_fails_leaves_no_unfinished_file(self, exports: FolderExports, tmp_path: Path) -> None:
        """Neither under its name nor beside it."""
        with pytest.raises(ZeroDivisionError), exports.writing("a.csv") as file:
            file.write(b"half")
            raise ZeroDivisionError
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_f38_a_place_that_cannot_be_written_is_a_storage_error(self, tmp_path: Path) -> None:
        """With the cause in it."""
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(StorageError), FolderExports(tmp_path / "file").writing("a.csv"):
            pass
