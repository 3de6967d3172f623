"""Catalogs that each break one promise: the kit must notice."""

from collections.abc import Collection, Iterator, Mapping

from attrs import evolve

from certcore.adapters.memory import MemoryCatalog
from certcore.domain.certifications import ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Retake, delivery_id
from certcore.domain.enrolments import Enrolment, current
from certcore.domain.renewability import ItemProgress, ItemStatus, PlanValidity
from certcore.errors import Conflict


class OwnMaterialOnly(MemoryCatalog):
    """Material that other courses share is reset in the course alone."""

    def retake(self, order: Retake) -> None:
        others = {item: set(tracked) for item, tracked in self._tracking.get(order.learner_id, {}).items()}
        super().retake(order)
        for item, tracked in others.items():
            if item != order.item:
                self._tracking[order.learner_id][item] = tracked


class WholeCoursesReset(MemoryCatalog):
    """Courses that share material are taken again too."""

    def retake(self, order: Retake) -> None:
        super().retake(order)
        materials = set(self._items[order.item].materials)
        for item in self._items.values():
            if materials & set(item.materials) and item.ref != order.item:
                super().retake(evolve(order, id=delivery_id(str(item.ref)), item=item.ref))


class EveryOrderCounts(MemoryCatalog):
    """An order that comes again is carried out again."""

    def retake(self, order: Retake) -> None:
        super().retake(evolve(order, id=delivery_id(order.id, len(self._enrolments[order.learner_id, order.item]))))


class RefusedRepeats(MemoryCatalog):
    """An order that comes again is an error, so that it is never acknowledged."""

    def retake(self, order: Retake) -> None:
        with self._lock:
            if any(each.order_id == order.id for each in self._enrolments[order.learner_id, order.item]):
                raise Conflict(f"order {order.id}")
            super().retake(order)


class ResetInPlace(MemoryCatalog):
    """Taking an item again loses what was completed before."""

    def retake(self, order: Retake) -> None:
        super().retake(order)
        enrolments = self._enrolments[order.learner_id, order.item]
        enrolments[:-1] = [evolve(each, completion=None) for each in enrolments[:-1]]


class LateOrdersUndo(MemoryCatalog):
    """An order is carried out whatever was completed since it was given."""

    def retake(self, order: Retake) -> None:
        held = self._enrolments.get((order.learner_id, order.item), [])
        if (enrolment := current(held)) and not any(each.order_id == order.id for each in held):
            held[-1] = evolve(enrolment, completion=None)
        super().retake(order)


class AnyCompletionCompletes(MemoryCatalog):
    """A completion from before the order completes the enrolment after it."""

    def _keep(self, enrolment: Enrolment) -> None:
        super()._keep(evolve(enrolment, enrolled_at=None))


class UnknownAreNew(MemoryCatalog):
    """Who is not enrolled has not started."""

    def progress(
        self, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> Mapping[tuple[str, ItemRef], ItemProgress]:
        unknown = {(learner, item): ItemProgress(item) for learner in learner_ids for item in items}
        return {**unknown, **super().progress(learner_ids, items)}


class StaleProgress(MemoryCatalog):
    """What is in progress has not started."""

    def progress(
        self, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> Mapping[tuple[str, ItemRef], ItemProgress]:
        return {
            pair: each if each.status is ItemStatus.COMPLETE else evolve(each, status=ItemStatus.NOT_STARTED)
            for pair, each in super().progress(learner_ids, items).items()
        }


class ShortestPlan(MemoryCatalog):
    """The plan that ends first counts."""

    def progress(
        self, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> Mapping[tuple[str, ItemRef], ItemProgress]:
        found = dict(super().progress(learner_ids, items))
        for (learner, item), each in found.items():
            plans = [
                PlanValidity(plan.ref, plan.valid_until)
                for plan in self._items.values()
                if item.code in plan.courses and self._current(learner, plan.ref)
            ]
            found[learner, item] = evolve(each, plan=min(plans, key=lambda plan: str(plan.valid_until), default=None))
        return found


class LatestOnly(MemoryCatalog):
    """Of several completions of a learner only the last one is told."""

    def completions(self, items: Collection[ItemRef]) -> Iterator[Completion]:
        return iter({(each.item, each.learner_id): each for each in super().completions(items)}.values())
