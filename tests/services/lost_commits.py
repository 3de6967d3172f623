"""A storage that loses its connection, for the tests of what a retry finds out (f37)."""

from collections.abc import Iterator
from contextlib import contextmanager

from certcore.errors import StorageError
from certcore.ports import Storage, Transaction


class LosesTheNextCommit(Storage):
    """A storage whose connection is lost while the next transaction that writes commits (f37)."""

    def __init__(self, inner: Storage, *, committed: bool) -> None:
        self._inner = inner
        self._committed = committed
        self._lost = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        lose = not self._lost and not self._inner.in_transaction
        with self._inner.transaction() as tx:
            yield tx
            if lose and not self._committed:
                self._lost = True
                raise StorageError("the connection was lost")
        if lose:
            self._lost = True
            raise StorageError("the connection was lost")

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._inner.reading() as tx:
            yield tx

    @property
    def in_transaction(self) -> bool:
        return self._inner.in_transaction
