"""Indexing: the names and titles by which awards are found, taken over from directory and catalog (R-90)."""

from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeVar

from attrs import frozen

from certcore.domain.certifications import ItemRef
from certcore.ports import Ports, Transaction
from certcore.services.records import readable
from certcore.services.units import in_unit

K = TypeVar("K", str, ItemRef)

_AT_ONCE: Final = 1_000


@frozen
class Indexed:
    """How many learners and items were looked up."""

    learners: int
    items: int


@frozen
class Indexing:
    """Keeps the storage's index; for the host's own code, so that there is no actor.

    Issuing an award and assigning an item know their names and titles themselves.
    """

    _ports: Ports

    def refresh(self, *, learner_ids: Collection[str] = (), items: Collection[ItemRef] = ()) -> Indexed:
        """Know these learners and items by the names and titles that they have now.

        To be called where the host renames one. Those whom directory or catalog know no more keep what they had.
        """
        ids, refs = list(learner_ids), list(items)
        for start in range(0, len(ids), _AT_ONCE):
            self._names(ids[start : start + _AT_ONCE])
        for start in range(0, len(refs), _AT_ONCE):
            self._titles(refs[start : start + _AT_ONCE])
        return Indexed(len(ids), len(refs))

    def sync(self) -> Indexed:
        """`refresh` everybody who has an award, and every item behind one or that carries a certification.

        For after an upgrade from a release without the index, and for hosts that do not tell of each change: they run
        it every night. It can be cut off and run again.
        """
        learners = self._each(lambda tx, after: tx.index.learners(after, _AT_ONCE), self._names)
        items = self._each(lambda tx, after: tx.index.items(after, _AT_ONCE), self._titles)
        with self._ports.storage.reading() as tx:
            ids = [each.certification.id for each in tx.certifications.overviews()]
            carrying = [each.item for assigned in tx.certifications.assigned_to(ids).values() for each in assigned]
        return Indexed(learners, items + self.refresh(items=carrying).items)

    def _each(self, page: Callable[[Transaction, K | None], Sequence[K]], take: Callable[[Sequence[K]], None]) -> int:
        count, after = 0, None
        while True:
            with self._ports.storage.reading() as tx:
                found = page(tx, after)
            if not found:
                return count
            take(found)
            count, after = count + len(found), found[-1]

    def _names(self, learner_ids: Sequence[str]) -> None:
        people = readable(self._ports.directory.people, learner_ids)
        names = {each: person.full_name for each, person in people.items()}
        in_unit(self._ports.storage, lambda tx: tx.index.put_names(names))

    def _titles(self, items: Sequence[ItemRef]) -> None:
        titles = {ref: item.title for ref, item in readable(self._ports.catalog.items, items).items()}
        in_unit(self._ports.storage, lambda tx: tx.index.put_titles(titles))
