"""What happens when somebody is to be awarded, or an award revoked: one decision for one and for many alike."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from certcore.domain.awards import MANUAL, NO_DETAILS, Award, Basis, Details, EndReason, Period


class Held(StrEnum):
    """What to do with a learner who already holds a live award (R-30, R-44)."""

    KEEP = "keep"
    RENEW = "renew"
    REFUSE = "refuse"
    UPDATE = "update"


class Outcome(StrEnum):
    """What became of one learner, of one row, or of one completion.

    A completion that is `recorded` counts and gives no award yet; `history` gives one that a later award has followed
    already (R-27).
    """

    NEW = "new"
    RENEWED = "renewed"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ALREADY_HELD = "already_held"
    REVOKED = "revoked"
    RECORDED = "recorded"
    HISTORY = "history"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


@frozen(eq=False)
class Offer:
    """What a learner is to hold: the period, what it rests on, and what goes with it.

    Many learners share one offer, which is then looked up as the object that it is.
    """

    period: Period
    basis: Basis = MANUAL
    details: Details = NO_DETAILS


@frozen
class Decision:
    """The outcome, and the stable code of the reason when it is `Outcome.REJECTED`."""

    outcome: Outcome
    reason: str | None = None


NEW = Decision(Outcome.NEW)
RENEWED = Decision(Outcome.RENEWED)
UPDATED = Decision(Outcome.UPDATED)
UNCHANGED = Decision(Outcome.UNCHANGED)
ALREADY_HELD = Decision(Outcome.ALREADY_HELD)
REVOKED = Decision(Outcome.REVOKED)


def decide(
    offer: Offer, live: Award | None, held: Held, *, may_shorten: bool = False, revoked_at: datetime | None = None
) -> Decision:
    """What becomes of ``offer`` to a learner whose live award of that certification is ``live`` (R-30, R-44).

    Updating with what is stored already is `UNCHANGED`, and so is renewing with it: doing the same thing twice does
    nothing the second time (R-45). Nothing ends earlier than what is held, unless ``may_shorten`` (R-44, R-53).
    ``revoked_at`` is when the certification was last revoked, where only what begins after that may be issued: a civil
    date does when it is a later day than that of the revocation (R-65).
    """
    if revoked_at is not None and offer.period.issued_at <= revoked_at and not (live and same_terms(offer, live)):
        return Decision(Outcome.REJECTED, "revoked")
    if live is None:
        return NEW
    if held is Held.KEEP:
        return ALREADY_HELD
    if held is Held.REFUSE:
        return Decision(Outcome.REJECTED, "already_held")
    if same_terms(offer, live):
        return UNCHANGED
    if not may_shorten and shortens(offer.period, live.period):
        return Decision(Outcome.REJECTED, "would_shorten")
    return RENEWED if held is Held.RENEW else UPDATED


def decide_revocation(award: Award | None) -> Decision:
    """What becomes of an award that is to be revoked; None is one that is not there (R-61, R-65).

    Revoking again is `UNCHANGED`; what ended in another way is no longer there to be taken away.
    """
    if award is None:
        return Decision(Outcome.REJECTED, "not_found")
    if award.ending is None:
        return REVOKED
    if award.ending.reason is EndReason.REVOKED:
        return UNCHANGED
    return Decision(Outcome.REJECTED, "not_live")


def revoked_since(latest: datetime, known: datetime | None) -> bool:
    """Whether the ``latest`` revocation came after an award was asked for, when the last one was ``known`` (R-65, f49).

    Not the instant of asking is compared: a clock that steps back would mistake the order (f31).
    """
    return known is None or latest > known


def same_terms(offer: Offer, live: Award) -> bool:
    """Whether ``live`` says already what is offered: the same civil dates, zone, basis and details."""
    return (offer.basis, offer.details, *_dates(offer.period)) == (live.basis, live.details, *_dates(live.period))


def _dates(period: Period) -> tuple[object, ...]:
    return period.zone, period.issued_on, period.expires_on


def shortens(new: Period, old: Period) -> bool:
    """Whether ``new`` ends before ``old``: never-ending lasts longest."""
    if new.expires_at is None:
        return False
    return old.expires_at is None or new.expires_at < old.expires_at
