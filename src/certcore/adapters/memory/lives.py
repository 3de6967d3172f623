"""What happens to awards over time, in memory: completions, renewals, deliveries, sweeps, what stays of the deleted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from heapq import nsmallest
from itertools import product

from certcore.adapters.memory.journal import Journal, found
from certcore.domain.certifications import ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Delivery, DeliveryState
from certcore.domain.notices.messages import is_told_to
from certcore.domain.renewals import Renewal
from certcore.domain.sweeps import Sweep
from certcore.domain.tombstones import Tombstone
from certcore.errors import Conflict
from certcore.ports import (
    CompletionRepository,
    DeliveryRepository,
    RenewalRepository,
    SweepRepository,
    TombstoneRepository,
)


class MemoryCompletions(CompletionRepository):
    """Completions by learner and item, and there by instant."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[tuple[str, ItemRef], dict[datetime, Completion]] = {}

    def add(self, completions: Sequence[Completion]) -> list[bool]:
        return [self._add(each) for each in completions]

    def _add(self, completion: Completion) -> bool:
        of_item = self._rows.setdefault((completion.learner_id, completion.item), {})
        if completion.at in of_item:
            return False
        self._journal.put(of_item, completion.at, completion)
        return True

    def of(
        self, learner_ids: Collection[str], items: Collection[ItemRef], since: datetime | None = None
    ) -> dict[tuple[str, ItemRef], list[Completion]]:
        learners, wanted = set(learner_ids), set(items)
        if len(learners) * len(wanted) > len(self._rows):  # more is asked for than is there
            rows = {pair: kept for pair, kept in self._rows.items() if pair[0] in learners and pair[1] in wanted}
        else:
            rows = found(self._rows, product(learners, wanted))
        of_pairs = {
            pair: [kept[at] for at in sorted(kept) if since is None or at >= since] for pair, kept in rows.items()
        }
        return {pair: kept for pair, kept in of_pairs.items() if kept}

    def lock(self, learner_ids: Collection[str]) -> None:
        """One thread at a time is inside."""

    def learners(self, items: Collection[ItemRef], after: str | None, limit: int) -> Sequence[str]:
        wanted = set(items)
        known = {learner_id for (learner_id, item), kept in self._rows.items() if item in wanted and kept}
        return nsmallest(limit, (each for each in known if after is None or each > after))


class MemoryRenewals(RenewalRepository):
    """Renewals by award."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[int, Renewal] = {}

    def add(self, renewals: Sequence[Renewal]) -> None:
        with self._journal.all_or_nothing():
            for each in renewals:
                self._journal.claim(self._rows, each.award_id, each, f"the renewal of award {each.award_id}")

    def update(self, renewals: Sequence[Renewal]) -> None:
        with self._journal.all_or_nothing():
            for each in renewals:
                before = self._rows.get(each.award_id)
                if before is None or each.version != before.version + 1:
                    raise Conflict(f"the renewal of award {each.award_id}")
                self._journal.put(self._rows, each.award_id, each)

    def of(self, award_ids: Collection[int]) -> dict[int, Renewal]:
        return found(self._rows, award_ids)

    def forget(self, award_ids: Collection[int]) -> None:
        """Remove those of awards that are deleted."""
        for award_id in found(self._rows, award_ids):
            self._journal.drop(self._rows, award_id)


class MemoryDeliveries(DeliveryRepository):
    """Deliveries by id, by award, and those that wait."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[str, Delivery] = {}
        self._waiting: dict[str, None] = {}
        self._by_award: dict[int, dict[str, None]] = {}

    def add(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            if each.id not in self._rows:
                self._journal.put(self._by_award.setdefault(each.award_id, {}), each.id, None)
                self._put(each)

    def update(self, deliveries: Sequence[Delivery]) -> None:
        with self._journal.all_or_nothing():
            for each in deliveries:
                before = self._rows.get(each.id)
                if before is None or each.version != before.version + 1:
                    raise Conflict(f"delivery {each.id}")
                self._put(each)

    def _put(self, delivery: Delivery) -> None:
        self._journal.put(self._rows, delivery.id, delivery)
        if delivery.state is DeliveryState.WAITING:
            self._journal.put(self._waiting, delivery.id, None)
        elif delivery.id in self._waiting:
            self._journal.drop(self._waiting, delivery.id)

    def due(self, now: datetime, limit: int, kinds: Collection[str]) -> Sequence[Delivery]:
        waiting = (self._rows[each] for each in self._waiting)
        return nsmallest(limit, (each for each in waiting if each.due_at <= now and each.kind in kinds), key=_order)

    def of(self, award_ids: Collection[int]) -> dict[int, list[Delivery]]:
        ids = found(self._by_award, award_ids)
        return {
            award_id: sorted(map(self._rows.__getitem__, kept), key=_order) for award_id, kept in ids.items() if kept
        }

    def by_id(self, ids: Collection[str]) -> dict[str, Delivery]:
        return found(self._rows, ids)

    def dead(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[Delivery]:
        dead = (each for each in self._rows.values() if each.state is DeliveryState.DEAD)
        return nsmallest(limit, (each for each in dead if after is None or _order(each) > after), key=_order)

    def handed_over(
        self, family: str, award_ids: Collection[int], after: tuple[int, str] | None, limit: int
    ) -> Sequence[Delivery]:
        of_awards = (self._rows[each] for kept in found(self._by_award, set(award_ids)).values() for each in kept)
        done = (each for each in of_awards if each.state is DeliveryState.DONE and _is_of(family, each.kind))
        return nsmallest(limit, (each for each in done if after is None or _place(each) > after), key=_place)

    def erase(self, person_id: str) -> None:
        for each in list(self._rows.values()):
            if each.learner_id == person_id or is_told_to(person_id, each.payload):
                self._drop(each)

    def forget(self, award_ids: Collection[int]) -> None:
        """Remove those of awards that are deleted."""
        for kept in found(self._by_award, award_ids).values():
            for each in list(kept):
                self._drop(self._rows[each])

    def _drop(self, delivery: Delivery) -> None:
        self._journal.drop(self._by_award[delivery.award_id], delivery.id)
        self._journal.drop(self._rows, delivery.id)
        if delivery.id in self._waiting:
            self._journal.drop(self._waiting, delivery.id)


def _order(delivery: Delivery) -> tuple[datetime, str]:
    return delivery.due_at, delivery.id


def _place(delivery: Delivery) -> tuple[int, str]:
    return delivery.award_id, delivery.id


def _is_of(family: str, kind: str) -> bool:
    return kind == family or kind.startswith(f"{family}.")


class MemoryTombstones(TombstoneRepository):
    """Tombstones by number."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[str, Tombstone] = {}

    def add(self, tombstones: Sequence[Tombstone]) -> None:
        with self._journal.all_or_nothing():
            for each in tombstones:
                self._journal.claim(self._rows, each.number, each, f"the tombstone of award {each.number}")

    def of(self, numbers: Collection[str]) -> dict[str, Tombstone]:
        return found(self._rows, numbers)


class MemorySweeps(SweepRepository):
    """Sweeps by rule."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[str, Sweep] = {}

    def take(self, begin: Sweep) -> Sweep | None:
        if begin.rule not in self._rows:
            self._journal.put(self._rows, begin.rule, begin)
        return self._rows[begin.rule]

    def update(self, sweep: Sweep) -> None:
        before = self._rows.get(sweep.rule)
        if before is None or sweep.version != before.version + 1:
            raise Conflict(f"the sweep of rule {sweep.rule}")
        self._journal.put(self._rows, sweep.rule, sweep)
