"""Adapters that each break one promise that notices rest on: the kit must notice."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from attrs import evolve

from certcore.adapters.memory import MemoryStorage
from certcore.adapters.memory.awards import MemoryAwards
from certcore.adapters.memory.lives import MemoryDeliveries, MemorySweeps
from certcore.adapters.memory.repositories import MemoryOutbox, MemoryTransaction
from certcore.domain.deliveries import Delivery, NewDeliveries
from certcore.domain.history import Event
from certcore.domain.sweeps import Sweep
from certcore.ports import ExpiryRow

_TICK = timedelta(microseconds=1)


class NewestFirst(MemoryOutbox):
    """The last event of an award is dispatched before the others."""

    def pending(self, limit: int) -> Sequence[Event]:
        return sorted(super().pending(9_999), key=lambda event: (event.award_id, -event.seq))[:limit]


class OnlyTheTold(MemoryOutbox):
    """What nobody is told of is not pending either."""

    def pending(self, limit: int) -> Sequence[Event]:
        return [event for event in super().pending(9_999) if event.notify][:limit]


class PendingForEver(MemoryOutbox):
    """Who dispatches an event does not say so."""

    def dispatched(self, keys: Sequence[tuple[int, int]]) -> None:
        """Forget to."""


class LeftPending(MemoryOutbox):
    """A deleted award leaves its events pending."""

    def forget(self, award_ids: Collection[int]) -> None:
        pending = dict(self._pending)
        rows = {award_id: dict(events) for award_id, events in self._by_award.items()}
        super().forget(award_ids)
        for key in pending.keys() - self._pending.keys():
            self._journal.put(self._by_award[key[0]], key[1], rows[key[0]][key[1]])
            self._journal.put(self._pending, key, None)


class _Retelling(MemoryTransaction):
    def tell(self, new: NewDeliveries) -> Collection[str]:
        known = super().tell(new)
        for each in new.deliveries():
            self.deliveries._put(each)
        return known


class _AlwaysNews(MemoryTransaction):
    def tell(self, new: NewDeliveries) -> Collection[str]:
        super().tell(new)
        return ()


def storage_telling(transaction: type[MemoryTransaction]) -> MemoryStorage:
    """A memory storage with another kind of transaction."""
    storage = MemoryStorage()
    storage._repositories = transaction(storage._journal)
    return storage


class Retelling(MemoryStorage):
    """What is told again replaces what became of it."""

    def __new__(cls) -> MemoryStorage:  # type: ignore[misc]
        return storage_telling(_Retelling)


class AlwaysNews(MemoryStorage):
    """Whatever is told is said to be new."""

    def __new__(cls) -> MemoryStorage:  # type: ignore[misc]
        return storage_telling(_AlwaysNews)


class TiedDeaths(MemoryDeliveries):
    """A page of dead letters begins behind the instant, not behind the letter."""

    def dead(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[Delivery]:
        return super().dead(None if after is None else (after[0], "g"), limit)


class TiedAwards(MemoryDeliveries):
    """A page of what was handed over begins behind the award, not behind the delivery."""

    def handed_over(
        self, family: str, award_ids: Collection[int], after: tuple[int, str] | None, limit: int
    ) -> Sequence[Delivery]:
        return super().handed_over(family, award_ids, None if after is None else (after[0], "g"), limit)


class LooseFamilies(MemoryDeliveries):
    """Whatever begins with the name is of the family."""

    def handed_over(
        self, family: str, award_ids: Collection[int], after: tuple[int, str] | None, limit: int
    ) -> Sequence[Delivery]:
        families = {each.kind for each in self._rows.values() if each.kind.startswith(family)}
        pages = [super(LooseFamilies, self).handed_over(each, award_ids, after, limit) for each in families]
        found = {each.id: each for page in pages for each in page}
        return sorted(found.values(), key=lambda each: (each.award_id, each.id))[:limit]


class NotYetHandedOver(MemoryDeliveries):
    """What waits counts as handed over."""

    def handed_over(
        self, family: str, award_ids: Collection[int], after: tuple[int, str] | None, limit: int
    ) -> Sequence[Delivery]:
        done = list(super().handed_over(family, award_ids, after, limit))
        waiting = [each for each in self._rows.values() if each.id in self._waiting and each.award_id in award_ids]
        behind = [each for each in waiting if after is None or (each.award_id, each.id) > after]
        return sorted([*done, *behind], key=lambda each: (each.award_id, each.id))[:limit]


class OnlyTheAffected(MemoryDeliveries):
    """What somebody who is erased was told about others stays."""

    def erase(self, person_id: str) -> None:
        for each in list(self._rows.values()):
            if each.learner_id == person_id:
                self._drop(each)


class FoldedErasing(MemoryDeliveries):
    """Whoever has nearly the same id is erased too."""

    def erase(self, person_id: str) -> None:
        for each in list(self._rows.values()):
            if each.learner_id == person_id or f'"recipient":"{person_id}"'.lower() in each.payload.lower():
                self._drop(each)


class BegunAnew(MemorySweeps):
    """Whoever takes a sweep begins it."""

    def take(self, begin: Sweep) -> Sweep | None:
        self._journal.put(self._rows, begin.rule, begin)
        return begin


class LastSweepWins(MemorySweeps):
    """No compare-and-set."""

    def update(self, sweep: Sweep) -> None:
        if sweep.rule in self._rows:
            self._journal.put(self._rows, sweep.rule, sweep)


class LostPlaces(MemorySweeps):
    """A sweep forgets where it has come to."""

    def update(self, sweep: Sweep) -> None:
        super().update(evolve(sweep, cursor=None))


class TiedExpiries(MemoryAwards):
    """A page of expiries begins behind the instant, not behind the award."""

    def expiring(
        self, since: datetime, until: datetime, after: tuple[datetime, int] | None, limit: int
    ) -> Sequence[ExpiryRow]:
        return super().expiring(since, until, None if after is None else (after[0], 2**62), limit)


class HalfOpenExpiries(MemoryAwards):
    """What expires at the last instant asked for is left out."""

    def expiring(
        self, since: datetime, until: datetime, after: tuple[datetime, int] | None, limit: int
    ) -> Sequence[ExpiryRow]:
        return super().expiring(since, until - _TICK, after, limit)


class StaleExpiries(MemoryAwards):
    """An expiry that is moved is found where it was."""

    def _unsort(self) -> None:
        """Forget to."""
