"""The storage in memory: who may read and write when."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock, get_ident

from certcore.adapters.memory.journal import Journal
from certcore.adapters.memory.repositories import MemoryTransaction
from certcore.errors import StorageError
from certcore.ports import Storage, Transaction


class MemoryStorage(Storage):
    """A storage that lives as long as this object; it may be shared by any number of threads.

    One thread at a time is inside: the others wait until its transaction, or its reading, has ended.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._inside: int | None = None
        self._journal = Journal()
        self._repositories = MemoryTransaction(self._journal)

    @property
    def in_transaction(self) -> bool:
        return self._inside == get_ident()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._entered() as nested:
            if nested and not self._journal.is_open:
                raise StorageError("a transaction cannot begin inside reading(); leave that first.")
            with self._journal.all_or_nothing() if nested else self._journal.opened():
                yield self._repositories

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._entered():
            yield self._repositories

    @contextmanager
    def _entered(self) -> Iterator[bool]:
        """Be the one thread inside; gives whether it was there already."""
        with self._lock:
            nested = self.in_transaction
            self._inside = get_ident()
            try:
                yield nested
            finally:
                if not nested:
                    self._inside = None
