"""Renewals of awards: started, then fulfilled by completing an item, or cancelled (R-52).

Starting writes the renewal, an entry in the award's history, and an order to the catalog for each item that is to be
taken again. What fulfils a renewal is decided in `earning`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from attrs import evolve, field, frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification, ItemRef, sorted_items
from certcore.domain.deliveries import Delivery, DeliveryState, Retake, delivery_id
from certcore.domain.history import canonical
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy, standing
from certcore.domain.renewability import Renewability, counts_from
from certcore.domain.time import as_instant, format_instant, parse_instant
from certcore.domain.transitions import Change, Context, cancel_renewal, start_renewal

RETAKE: Final = "retake"
"""The kind of delivery that hands a `Retake` to the catalog."""


class RenewalState(StrEnum):
    """Where a renewal stands."""

    OPEN = "open"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


@frozen
class Step:
    """What an ``act`` in the history of an award makes of its renewal, which is in one of the states ``before``.

    None among these is an award without a renewal. In any other state the act leaves the renewal as it is.
    """

    act: str
    before: tuple[RenewalState | None, ...]
    after: RenewalState


STEPS: Final[Mapping[str, Step]] = MappingProxyType(
    {
        each.act: each
        for each in (
            Step("renewal_started", (None, RenewalState.FULFILLED, RenewalState.CANCELLED), RenewalState.OPEN),
            Step("renewed", (RenewalState.OPEN,), RenewalState.FULFILLED),
            Step("renewal_cancelled", (RenewalState.OPEN,), RenewalState.CANCELLED),
        )
    }
)
"""How renewals change beside `TRANSITIONS`, by the act in the award's history; no other change is made."""


def _sorted(items: Iterable[ItemRef]) -> tuple[ItemRef, ...]:
    return items if isinstance(items, tuple) and len(items) < 2 else sorted_items(items)  # which nearly all are


@frozen
class Renewal:
    """The renewal of one award; an award has at most one, which starts again after it was cancelled.

    ``policy`` is the certification's at the start (R-3), ``items`` are the ways to renew at the start, and
    ``allow_retake`` says whether an item that was complete then could be taken again (R-51). It is over when its award
    is no longer live, whatever its state.
    """

    award_id: int
    learner_id: str
    certification_id: int
    started_at: datetime = field(converter=as_instant)
    policy: RenewalPolicy
    allow_retake: bool = False
    items: tuple[ItemRef, ...] = field(default=(), converter=_sorted)
    state: RenewalState = RenewalState.OPEN
    version: int = 1

    @property
    def open(self) -> bool:
        """Started, and neither fulfilled nor cancelled."""
        return self.state is RenewalState.OPEN


@frozen
class Started:
    """A renewal as it was started, with what is written beside it."""

    renewal: Renewal
    change: Change
    orders: tuple[Delivery, ...]


def start(
    award: Award,
    certification: Certification,
    salt: bytes,
    context: Context,
    *,
    ways: Iterable[ItemRef],
    again: Sequence[ItemRef] = (),
    before: Renewal | None = None,
) -> Started:
    """The renewal of ``award`` through ``ways``, those in ``again`` to be taken again (R-51, R-52).

    ``before`` is the award's renewal that was fulfilled or cancelled, if there is one. Raises `NotLive`.
    """
    renewal = Renewal(
        award.id,
        award.learner_id,
        certification.id,
        context.now,
        certification.policy,
        certification.allow_retake,
        ways,
        version=1 if before is None else before.version + 1,
    )
    again = sorted_items(again)
    facts = {"again": tuple(map(str, again)), "items": tuple(map(str, renewal.items))}
    change = start_renewal(award, facts, salt, context)
    return Started(renewal, change, tuple(_order(change, item, context.now) for item in again))


def _order(change: Change, item: ItemRef, now: datetime) -> Delivery:
    award, seq = change.before, change.entry.seq
    payload = canonical({"at": format_instant(now), "item": str(item), "number": award.number})
    return Delivery(
        delivery_id(RETAKE, award.number, seq, str(item)), RETAKE, award.id, award.learner_id, payload, due_at=now
    )


def cancel(award: Award, renewal: Renewal, reason: str | None, salt: bytes, context: Context) -> tuple[Renewal, Change]:
    """The open renewal no longer open, for a reason that may be given (R-52). Raises `NotLive`."""
    return closed(renewal, RenewalState.CANCELLED), cancel_renewal(award, reason, salt, context)


def closed(renewal: Renewal, state: RenewalState) -> Renewal:
    """The renewal fulfilled or cancelled, to be written with what was done to its award."""
    return evolve(renewal, state=state, version=renewal.version + 1)


def in_force(certification: Certification, renewal: Renewal | None) -> Certification:
    """The certification on the terms of its open renewal, which an edit since has not changed (R-3)."""
    if renewal is None or not renewal.open:
        return certification
    return evolve(certification, policy=renewal.policy, allow_retake=renewal.allow_retake)


def taken_again(
    award: Award, policy: RenewalPolicy, found: Renewability, on: date, facts: Facts = NO_FACTS
) -> tuple[ItemRef, ...]:
    """Which of the complete items are to be taken again when a renewal starts on that civil day (R-51).

    The one that earned the award, and those that the policy asks for; where these are none, all of them.
    """
    asked_for = set(standing(policy, award.period.expires_on, on, facts, completed=counts_from(award, policy)).items)
    wanted = [
        item for item in found.retakes if item == award.basis.item or not asked_for.isdisjoint((str(item), item.code))
    ]
    return tuple(wanted) or found.retakes


def retake(order: Delivery) -> Retake:
    """What an order tells the catalog."""
    told = json.loads(order.payload)
    return Retake(order.id, order.learner_id, ItemRef.parse(told["item"]), parse_instant(told["at"]))


def still_wanted(order: Delivery, award: Award | None, renewal: Renewal | None) -> bool:
    """Whether an order still makes sense: its award is live and the renewal that gave it is open."""
    if award is None or renewal is None or not award.live or not renewal.open:
        return False
    return renewal.started_at == retake(order).at


def was_dropped(order: Delivery, renewal: Renewal) -> bool:
    """Whether a start of this renewal gave the order, and it was dropped while the award was over."""
    dropped = order.kind == RETAKE and order.state is DeliveryState.DROPPED
    return dropped and retake(order).at == renewal.started_at
