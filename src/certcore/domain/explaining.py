"""Why somebody has no award of a certification, item by item (R-21)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from certcore.domain.certifications import Assignment, Certification, ItemRef, sorted_items
from certcore.domain.completions import Completion
from certcore.domain.earning import Case, Reasons, earn
from certcore.domain.people import Person
from certcore.domain.policy import NO_FACTS, Facts
from certcore.domain.reasons import Reason
from certcore.domain.renewability import ItemProgress, ItemStatus


def why_no_award(
    learner: Person,
    certification: Certification,
    linked: Mapping[ItemRef, Assignment],
    completions: Collection[Completion],
    progress: Mapping[ItemRef, ItemProgress],
    now: datetime,
    *,
    revoked_at: datetime | None = None,
    facts: Facts = NO_FACTS,
) -> Reasons:
    """Everything because of which a learner without a live award has none; each reason once.

    ``completions`` are the recorded ones of the ``linked`` items and of those that the policy names, ``progress`` is
    how the learner stands with each linked item. What was completed is judged by `earn`, as if it were reported now.
    """

    def reasons() -> Iterator[Reason]:
        if not learner.active:
            yield Reason("deactivated_user")
        if certification.retired:
            yield Reason("certification_retired")
        if not linked:
            yield Reason("no_linked_items")
        for item in sorted_items(linked):
            done = [each for each in completions if each.item == item]
            if not done:
                yield _not_completed(progress[item])
                continue
            last = max(done, key=lambda each: each.at)
            known = [each for each in completions if each != last]
            case = Case(last, learner, now, certification, linked, known, revoked_at=revoked_at, facts=facts)
            yield from earn(case).reasons or (Reason("qualifies", {"item": str(item), "on": last.on}),)

    return _each_once(list(reasons()))


def _not_completed(progress: ItemProgress) -> Reason:
    if progress.status is ItemStatus.COMPLETE:
        return Reason("not_reported", {"item": str(progress.item)})
    return Reason("not_completed", {"item": str(progress.item), "status": progress.status.value})


def _each_once(reasons: Sequence[Reason]) -> Reasons:
    """The reasons without repeats, in order."""
    return tuple(reason for place, reason in enumerate(reasons) if reason not in reasons[:place])
