"""The host's items in memory, and the enrolments of learners in them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from threading import RLock

from certcore.domain.certifications import Item, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Retake
from certcore.domain.enrolments import Enrolment, completed, current, progress, retaken
from certcore.domain.renewability import ItemProgress
from certcore.errors import NotFound
from certcore.ports import Catalog

_Pair = tuple[str, ItemRef]


class MemoryCatalog(Catalog):
    """The items given, by kind and code; of two with the same the later one counts.

    It keeps enrolments and the tracking of training material for who has no LMS that does. Any number of threads may
    share it. Its own methods raise `NotFound` for an item that is not there.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._items = {item.ref: item for item in items}
        self._enrolments: dict[_Pair, list[Enrolment]] = {}
        self._tracking: dict[str, dict[ItemRef, set[str]]] = {}
        self._lock = RLock()

    def items(self, refs: Collection[ItemRef]) -> Mapping[ItemRef, Item]:
        return {ref: self._items[ref] for ref in refs if ref in self._items}

    def put(self, item: Item) -> None:
        """Add an item, or replace the one with the same kind and code."""
        self._items[item.ref] = item

    def enrol(self, learner_ids: Collection[str], item: ItemRef) -> None:
        """Enrol the learners in an item; those who are enrolled already are passed over."""
        self._item(item)
        with self._lock:
            for learner_id in learner_ids:
                enrolments = self._enrolments.setdefault((learner_id, item), [])
                if current(enrolments) is None:
                    enrolments.append(Enrolment(learner_id, item, len(enrolments) + 1))

    def complete(self, completions: Iterable[Completion]) -> None:
        """Complete the learners' current enrolments with all their material; who has none is enrolled.

        One from before the current enrolment changes nothing, nor does one that is not later than what is known.
        """
        for each in completions:
            item = self._item(each.item)
            with self._lock:
                pair = (each.learner_id, each.item)
                changed = completed(self._enrolments.get(pair, ()), each)
                if changed is not None:
                    self._keep(changed)
                    self._tracked(*pair).update(item.materials)

    def track(self, learner_id: str, item: ItemRef, materials: Collection[str]) -> None:
        """Some of the item's material is done; who is not enrolled is enrolled."""
        known = self._item(item).materials
        self.enrol([learner_id], item)
        with self._lock:
            self._tracked(learner_id, item).update(each for each in materials if each in known)

    def tracked(self, learner_id: str, item: ItemRef) -> frozenset[str]:
        """The material of the item that the learner has done since last taking it up."""
        with self._lock:
            return frozenset(self._tracked(learner_id, item))

    def _tracked(self, learner_id: str, item: ItemRef) -> set[str]:
        return self._tracking.setdefault(learner_id, {}).setdefault(item, set())

    def progress(
        self, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> Mapping[tuple[str, ItemRef], ItemProgress]:
        plans = [item for ref, item in self._items.items() if ref.kind is ItemKind.LEARNING_PLAN]
        found: dict[_Pair, ItemProgress] = {}
        with self._lock:
            for learner_id in set(learner_ids):
                followed = [plan for plan in plans if self._current(learner_id, plan.ref) is not None]
                for item in self.items(items).values():
                    held = self._current(learner_id, item.ref)
                    if held is not None:
                        tracked = self._tracked(learner_id, item.ref)
                        found[learner_id, item.ref] = progress(held, item, tracked, followed)
        return found

    def _current(self, learner_id: str, item: ItemRef) -> Enrolment | None:
        return current(self._enrolments.get((learner_id, item), ()))

    def completions(self, items: Collection[ItemRef]) -> Iterator[Completion]:
        wanted = set(items)
        with self._lock:
            found = [
                each.completion
                for (_, item), enrolments in self._enrolments.items()
                for each in enrolments
                if item in wanted and each.completion is not None
            ]
        return iter(sorted(found, key=lambda each: (each.item, each.learner_id, each.at)))

    def retake(self, order: Retake) -> None:
        item = self._item(order.item)
        with self._lock:
            changed = retaken(self._enrolments.get((order.learner_id, order.item), ()), order)
            for each in changed:
                self._keep(each)
            for tracked in self._tracking.get(order.learner_id, {}).values() if changed else ():
                tracked.difference_update(item.materials)

    def _keep(self, enrolment: Enrolment) -> None:
        enrolments = self._enrolments.setdefault((enrolment.learner_id, enrolment.item), [])
        enrolments[enrolment.seq - 1 :] = [enrolment]

    def _item(self, ref: ItemRef) -> Item:
        if ref not in self._items:
            raise NotFound(ref.kind.replace("_", " "), ref.code)
        return self._items[ref]
