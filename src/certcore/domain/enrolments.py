"""Enrolments, as the embedded catalogs keep them for who has no LMS: completing, and taking an item again (R-51)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from attrs import evolve, frozen

from certcore.domain.certifications import Item, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Retake
from certcore.domain.renewability import ItemProgress, ItemStatus, PlanValidity


@frozen
class Enrolment:
    """A learner in an item: the ``seq``-th time, perhaps because of the order with ``order_id``.

    It is the current one until it is archived. When it began is known of those that follow another one.
    """

    learner_id: str
    item: ItemRef
    seq: int = 1
    order_id: str | None = None
    enrolled_at: datetime | None = None
    archived_at: datetime | None = None
    completion: Completion | None = None

    def covers(self, completion: Completion) -> bool:
        """Whether the completion can be one of this enrolment: not one from before it began."""
        return self.enrolled_at is None or completion.not_before(self.enrolled_at)


def current(enrolments: Iterable[Enrolment]) -> Enrolment | None:
    """The one that is not archived."""
    return next((each for each in enrolments if each.archived_at is None), None)


def completed(enrolments: Sequence[Enrolment], completion: Completion) -> Enrolment | None:
    """The current enrolment of all that a learner has in an item, now complete; a new one where there is none.

    None when nothing changes: it is complete already, at that instant or a later one, or began after the completion.
    """
    held = current(enrolments)
    if held is None:
        return Enrolment(completion.learner_id, completion.item, len(enrolments) + 1, completion=completion)
    known = held.completion is not None and held.completion.at >= completion.at
    return None if known or not held.covers(completion) else evolve(held, completion=completion)


def retaken(enrolments: Sequence[Enrolment], order: Retake) -> Sequence[Enrolment]:
    """What changes in all the enrolments of a learner in an item: the current one is archived, a new one begins.

    Nothing does when the order was carried out before, or when the learner has completed the item since it was given.
    """
    held = current(enrolments)
    again = held is not None and held.completion is not None and held.completion.not_before(order.at)
    if again or any(each.order_id == order.id for each in enrolments):
        return []
    new = Enrolment(order.learner_id, order.item, len(enrolments) + 1, order.id, order.at)
    return [new] if held is None else [evolve(held, archived_at=order.at), new]


def progress(enrolment: Enrolment, item: Item, tracked: Collection[str], plans: Iterable[Item]) -> ItemProgress:
    """How the learner stands: ``tracked`` is the material of the item that is done, ``plans`` those the learner is in.

    Of plans that have the course, the one that is valid longest counts.
    """
    if enrolment.completion is not None:
        status = ItemStatus.COMPLETE
    else:
        status = ItemStatus.IN_PROGRESS if tracked else ItemStatus.NOT_STARTED
    through = [each for each in plans if item.ref.kind is ItemKind.COURSE and item.ref.code in each.courses]
    plan = max(through, key=lambda each: (each.valid_until or date.max, each.ref), default=None)
    validity = None if plan is None else PlanValidity(plan.ref, plan.valid_until)
    return ItemProgress(item.ref, status, item.valid_until, item.usable, validity)
