"""How memory takes writes back: dictionaries, and a journal of what each key held before."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from threading import get_ident
from typing import Any, Final, TypeVar

from certcore.errors import Conflict, StorageError

K = TypeVar("K")
V = TypeVar("V")

_ABSENT: Final = object()


class Journal:
    """Writes to dictionaries on behalf of one thread, and takes them back, newest first."""

    def __init__(self) -> None:
        self._writer: int | None = None
        self._before: list[tuple[MutableMapping[Any, Any], Any, Any]] = []

    @property
    def is_open(self) -> bool:
        """Whether this thread is the one that may write."""
        return self._writer == get_ident()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let this thread write until it leaves; what it wrote is kept then, and taken back on an exception."""
        self._writer = get_ident()
        try:
            with self.all_or_nothing():
                yield
        finally:
            self._writer = None
            self._before.clear()

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Take back what is written inside when an exception leaves."""
        mark = len(self._before)
        try:
            yield
        except BaseException:
            while len(self._before) > mark:
                table, key, value = self._before.pop()
                if value is _ABSENT:
                    del table[key]
                else:
                    table[key] = value
            raise

    def put(self, table: MutableMapping[K, V], key: K, value: V) -> None:
        """Set ``table[key]``."""
        self._remember(table, key)
        table[key] = value

    def claim(self, table: MutableMapping[K, V], key: K, value: V, what: str) -> None:
        """Set ``table[key]``; `Conflict` over ``what`` when it is taken."""
        if key in table:
            raise Conflict(what)
        self.put(table, key, value)

    def drop(self, table: MutableMapping[K, V], key: K) -> None:
        """Remove ``table[key]``."""
        self._remember(table, key)
        del table[key]

    def _remember(self, table: MutableMapping[K, V], key: K) -> None:
        if not self.is_open:
            raise StorageError("writing needs an open transaction of this thread; use storage.transaction().")
        self._before.append((table, key, table.get(key, _ABSENT)))


def found(table: Mapping[K, V], keys: Iterable[K]) -> dict[K, V]:
    """What the table has of these keys."""
    return {key: table[key] for key in keys if key in table}
