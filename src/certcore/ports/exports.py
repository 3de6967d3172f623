"""Where the files are kept that exports leave."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import BinaryIO


class ExportStore(ABC):
    """Files by name: 1 to 100 of a-z, 0-9, dot and dash, as jobs give them. One object serves one tenant.

    Exports hold personal data: a host deletes them when they are fetched, or after some days (R-62).
    """

    @abstractmethod
    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to write from start to end; when the block ends it is there under the name, instead of an earlier one.

        It is whole or not there: when an exception leaves the block nothing of it stays, and the earlier one does.
        """

    @abstractmethod
    def reading(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The file to read; raises `NotFound`."""

    @abstractmethod
    def delete(self, names: Collection[str]) -> None:
        """Remove these; those not there are passed over."""
