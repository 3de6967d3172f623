"""The contract of `certcore.ports.ExportStore`."""

import pytest

from certcore.errors import NotFound
from certcore.ports import ExportStore

NAME = "1d0ee1ecc09c2b49.csv"


class ExportStoreContract:
    """Every promise of the store of exports. Subclass it and override the fixture ``exports``."""

    @pytest.fixture
    def exports(self) -> ExportStore:
        """Override this: an empty store of the adapter under test, new for every test."""
        raise NotImplementedError("override the fixture `exports`: return your adapter, empty")

    @pytest.mark.parametrize("content", [b"", b"a,b\r\n", b"\xef\xbb\xbfa", b"PK\x03\x04\0\n"], ids=len)
    def test_a_file_comes_back_as_it_was_written(self, exports: ExportStore, content: bytes) -> None:
        """Not one byte of it changes, also when it is written in parts."""
        with exports.writing(NAME) as file:
            for place in range(len(content)):
                file.write(content[place : place + 1])
        assert _read(exports, NAME) == content

    def test_a_file_is_there_when_it_is_whole(self, exports: ExportStore) -> None:
        """While it is written nobody finds it."""
        with exports.writing(NAME) as file:
            file.write(b"half")
            with pytest.raises(NotFound):
                _read(exports, NAME)
        assert _read(exports, NAME) == b"half"

    def test_a_file_that_fails_leaves_nothing(self, exports: ExportStore) -> None:
        """The error passes on, and an earlier file of that name stays as it was."""
        for before in (None, b"whole"):
            with pytest.raises(ZeroDivisionError), exports.writing(NAME) as file:
                file.write(b"half")
                raise ZeroDivisionError
            if before is None:
                with pytest.raises(NotFound):
                    _read(exports, NAME)
            with exports.writing(NAME) as file:
                file.write(b"whole")
        assert _read(exports, NAME) == b"whole"

    def test_a_file_takes_the_place_of_an_earlier_one(self, exports: ExportStore) -> None:
        """Also a shorter one; files of other names stay."""
        for name, content in ((NAME, b"longer"), ("other.zip", b"other"), (NAME, b"new")):
            with exports.writing(name) as file:
                file.write(content)
        assert (_read(exports, NAME), _read(exports, "other.zip")) == (b"new", b"other")

    def test_what_is_deleted_is_gone(self, exports: ExportStore) -> None:
        """R-62: and no other file; those not there are passed over, twice is once."""
        for name in (NAME, "other.csv"):
            with exports.writing(name) as file:
                file.write(b"x")
        for _ in range(2):
            exports.delete([NAME, "never.csv"])
        with pytest.raises(NotFound):
            _read(exports, NAME)
        assert _read(exports, "other.csv") == b"x"


def _read(exports: ExportStore, name: str) -> bytes:
    with exports.reading(name) as file:
        return file.read()
