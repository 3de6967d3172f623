"""Whether an award can be renewed at an instant, with every reason: what a "Renew now" button asks (R-50 to R-53)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum

from attrs import field, frozen

from certcore.domain.awards import Award, EndReason
from certcore.domain.certifications import Certification, ItemRef
from certcore.domain.checks import member
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy, standing
from certcore.domain.reasons import Reason
from certcore.domain.time import as_instant, civil_date


class ItemStatus(StrEnum):
    """How far a learner is with an item."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"


def _status(status: ItemStatus | str) -> ItemStatus:
    return member(ItemStatus, "status", status)


@frozen
class PlanValidity:
    """The learning plan through which a learner takes a course; ``valid_until`` is its last valid day."""

    plan: ItemRef
    valid_until: date | None = None


@frozen
class ItemProgress:
    """How a learner stands with an item linked to the certification.

    ``valid_until`` is the last day of the item's validity; that of its ``plan``, where it has one, outranks it.
    ``usable`` is False for a decommissioned item.
    """

    item: ItemRef
    status: ItemStatus = field(default=ItemStatus.NOT_STARTED, converter=_status)
    valid_until: date | None = None
    usable: bool = True
    plan: PlanValidity | None = None


def _each(items: Iterable[ItemProgress]) -> tuple[ItemProgress, ...]:
    return tuple(items)


def _instant(at: datetime | None) -> datetime | None:
    return None if at is None else as_instant(at)


@frozen
class Progress:
    """What the host knows: every item linked to the certification, and since when a renewal is open (None: it is not).

    Starting a renewal un-completes what is taken again, so ``renewal_started_at`` is looked at before any status.
    """

    items: tuple[ItemProgress, ...] = field(default=(), converter=_each)
    renewal_started_at: datetime | None = field(default=None, converter=_instant)


@frozen
class Renewability:
    """Yes or no. For yes, ``reasons`` are how the award stands and every way to renew it; for no, all that is against.

    A reason has a stable code and parameters; items and days among them are text.
    """

    renewable: bool
    reasons: tuple[Reason, ...] = field(hash=False)

    @property
    def ways(self) -> tuple[ItemRef, ...]:
        """The items that renew it, those to be taken again included."""
        return self._items("through_retake", "through_completion")

    @property
    def retakes(self) -> tuple[ItemRef, ...]:
        """The items that renew it when they are taken again."""
        return self._items("through_retake")

    def _items(self, *codes: str) -> tuple[ItemRef, ...]:
        return tuple(ItemRef.parse(each.params["item"]) for each in self.reasons if each.code in codes)


def renewability(
    award: Award,
    certification: Certification,
    progress: Progress,
    now: datetime,
    *,
    facts: Facts = NO_FACTS,
    imported: bool = False,
    never_expiring: bool = False,
    active: bool = True,
) -> Renewability:
    """Whether ``award`` can be renewed at the instant ``now`` (R-51, R-52), by the certification's policy (R-53, R-54).

    The item that earned it has to be complete, unless the award was ``imported`` or the item is linked no more. An open
    renewal is judged by the day it was started. ``never_expiring`` asks for the renewal of an award that never expires.
    ``facts`` are what the policy may ask about. A learner who is not ``active`` renews nothing (R-24). Raises
    `NaiveDatetime`, and `InvalidValue` for a missing fact.
    """
    now, started = as_instant(now), progress.renewal_started_at
    zone = award.period.zone
    ways, closed = _ways(certification, progress, civil_date(now, zone))
    asked_on = civil_date(now if started is None else started, zone)
    stands = standing(
        certification.policy,
        award.period.expires_on,
        asked_on,
        facts,
        completed=counts_from(award, certification.policy),
    )
    blockers = [
        *([] if active else [Reason("deactivated_user")]),
        *_of_award(award, certification),
        *([] if imported or started is not None else _unfinished(award, progress)),
        *([] if ways else closed or [Reason("no_linked_items")]),
        *(each for each in stands.obstacles if not (never_expiring and each.code == "never_expires")),
    ]
    if blockers:
        return Renewability(False, tuple(blockers))
    opened = [] if started is None else [Reason("renewal_open", {"on": asked_on})]
    return Renewability(True, (*opened, *ways, *stands.reasons))


def _of_award(award: Award, certification: Certification) -> Iterator[Reason]:
    if award.ending is not None:
        revoked = award.ending.reason is EndReason.REVOKED
        yield Reason("award_revoked") if revoked else Reason("award_archived", {"reason": award.ending.reason.value})
    if certification.retired:
        yield Reason("certification_retired")


def _unfinished(award: Award, progress: Progress) -> Iterator[Reason]:
    """The item that earned the award, while it is linked and not complete; manual awards have none."""
    for each in progress.items:
        if each.item == award.basis.item and each.status is not ItemStatus.COMPLETE:
            yield Reason("item_not_complete", {"item": str(each.item), "status": each.status.value})


def _ways(certification: Certification, progress: Progress, today: date) -> tuple[list[Reason], list[Reason]]:
    """The linked items that can renew today, and why the others cannot."""
    ways: list[Reason] = []
    closed: list[Reason] = []
    for each in progress.items:
        item = {"item": str(each.item)}
        against = [*_unavailable(each, today)]
        again = each.status is ItemStatus.COMPLETE
        if again and not certification.allow_retake:
            against.append(Reason("retake_not_allowed", item))
        if not against:
            ways.append(Reason("through_retake" if again else "through_completion", item))
        closed += against
    return ways, closed


def _unavailable(each: ItemProgress, today: date) -> Iterator[Reason]:
    item = str(each.item)
    if not each.usable:
        yield Reason("item_decommissioned", {"item": item})
    plan = each.plan
    if plan is not None and plan.valid_until is not None:
        if today > plan.valid_until:
            yield Reason("plan_validity_over", {"item": item, "plan": str(plan.plan), "until": plan.valid_until})
    elif each.valid_until is not None and today > each.valid_until:
        yield Reason("item_validity_over", {"item": item, "until": each.valid_until})


def counts_from(award: Award, policy: RenewalPolicy) -> date | None:
    """The day that confirmations and events count from; None where there are none, so that today decides variants."""
    return award.earned_on if policy.confirmation or policy.events else None
