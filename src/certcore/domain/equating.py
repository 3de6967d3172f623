"""What an accepted external certificate gives for the certification that it stands for (R-74), from values only.

It stands for the whole certification, so nothing else is asked for; what is held already, an open renewal and a
revocation count as they do for a completion (R-27, R-52, R-65).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from certcore.domain.awards import (
    Award,
    Basis,
    BasisKind,
    Details,
    EndReason,
    Period,
    granted_period,
    is_over,
    typed_period,
)
from certcore.domain.certifications import Certification
from certcore.domain.decisions import Offer, Outcome, shortens
from certcore.domain.earning import Earning, filed, held, kept_end, lapsed, rejected
from certcore.domain.external import Claim
from certcore.domain.numbers import id_text
from certcore.domain.people import Person
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy, first_period, next_period, resolve, standing
from certcore.domain.reasons import Reason
from certcore.domain.renewability import counts_from
from certcore.domain.renewals import Renewal
from certcore.domain.time import civil_date

_NO_RENEWAL: Final = "no_renewal"


@frozen
class Equation:
    """A certificate that is accepted at the instant ``now``, and all that decides what it gives.

    ``learner`` is None when the directory knows them no more. ``live`` is the award held, ``renewal`` its renewal, open
    or not, ``past`` are the learner's awards of the certification that are not live. ``earlier`` is the award of this
    certification that an earlier version of the certificate gave, ``renewed`` the one which that one renewed.
    ``revoked_at`` is when the certification was last revoked. ``facts`` are what its policy may ask.
    """

    external_id: int
    claim: Claim
    certification: Certification
    learner: Person | None
    now: datetime
    live: Award | None = None
    renewal: Renewal | None = None
    past: Sequence[Award] = ()
    earlier: Award | None = None
    renewed: Award | None = None
    revoked_at: datetime | None = None
    facts: Facts = NO_FACTS


def equated(case: Equation) -> Earning:
    """What the certificate gives; `Outcome.REJECTED` says that it cannot be accepted for this certification.

    `Outcome.UPDATED` is another version of a certificate whose award is live: that is corrected (R-73). One whose award
    was renewed since stays as it is. What is over already goes to history, and so does what others have followed.
    Raises the dates' errors, and `InvalidValue` for a fact that the policy asks for and nobody says.
    """
    delivered_on, revoked_at = case.claim.delivered_on, case.revoked_at
    if revoked_at is not None and delivered_on <= (on := civil_date(revoked_at, case.claim.zone)):
        return rejected("revoked", on=on)
    if case.earlier is not None and case.earlier.live:
        return _corrected(case, case.earlier)
    if case.earlier is not None and case.earlier.ending and case.earlier.ending.reason is EndReason.RENEWED:
        return Earning(Outcome.UNCHANGED)
    if case.learner is None or not case.learner.active:
        return rejected("unknown_user" if case.learner is None else "deactivated_user")
    if case.certification.retired:
        return rejected("certification_retired")
    return _new(case) if case.live is None else _beside(case, case.live)


def _corrected(case: Equation, earlier: Award) -> Earning:
    """What the award is corrected to; where it renewed another, as a renewal of that."""
    if case.renewed is None:
        offer: Offer | None = _first(case)
        reasons: tuple[Reason, ...] = ()
    elif case.claim.delivered_on <= case.renewed.earned_on:
        return rejected("held_since", on=case.renewed.earned_on)
    else:
        renewed = _renewed(case, case.renewed, case.certification.policy, fulfils=False)
        offer, reasons = renewed.offer, renewed.reasons
    if offer is None:
        return Earning(Outcome.REJECTED, reasons)
    kept = evolve(earlier.details, completed_on=offer.details.completed_on, credits=offer.details.credits)
    return Earning(Outcome.UPDATED, reasons, evolve(offer, details=kept))


def _new(case: Equation, outcome: Outcome = Outcome.NEW) -> Earning:
    """The award as of the delivery; in history up to its expiry where that is over already (R-74)."""
    offer = _first(case)
    if is_over(offer.period, case.now):
        return Earning(Outcome.HISTORY, offer=offer, ends_at=offer.period.expires_at)
    return Earning(outcome, offer=offer)


def _beside(case: Equation, live: Award) -> Earning:
    """What it gives to somebody who holds a live award (R-27, R-52)."""
    claim, certification, renewal = case.claim, case.certification, case.renewal
    started = civil_date(renewal.started_at, claim.zone) if renewal is not None and renewal.open else None
    if renewal is not None and started is not None and claim.delivered_on >= started:
        return _renewed(case, live, renewal.policy, fulfils=True)
    if claim.delivered_on < live.earned_on:
        return filed(_first(case), live, case.past, case.now, case.revoked_at)
    if started is not None:
        return held(Reason("before_renewal", {"on": started}))
    if lapsed(claim.delivered_on, certification.policy, live, case.facts):
        return _new(case, Outcome.RENEWED)
    return _at_once(case, live) if certification.auto_renew else held(Reason("renewal_not_started"))


def _at_once(case: Equation, live: Award) -> Earning:
    """A renewal that the certificate itself starts, where the certification says so (R-52)."""
    policy, delivered_on = case.certification.policy, case.claim.delivered_on
    if live.period.expires_on is None:
        return held(Reason("never_expires"))
    if delivered_on <= live.earned_on:
        return held(Reason("held_since", {"on": live.earned_on}))
    path = standing(policy, live.period.expires_on, delivered_on, case.facts, completed=counts_from(live, policy)).path
    if path == _NO_RENEWAL:
        return held(Reason("not_renewable", {"path": path}))
    return _renewed(case, live, policy, fulfils=False)


def _renewed(case: Equation, before: Award, policy: RenewalPolicy, *, fulfils: bool) -> Earning:
    """The award that follows ``before``: to the certificate's own expiry or else by the policy; never shortened (R-53).

    It is no place in history, even where it is over already: what it renews ends with it.
    """
    claim, old, facts = case.claim, before.period, case.facts
    granted = next_period(policy, old.expires_on, claim.delivered_on, facts, anchor_on=old.anchor_on)
    if not granted.granted:
        return held(*granted.reasons)
    reasons = granted.reasons
    if claim.expires_on is None:
        period = granted_period(policy, granted, claim.delivered_on, claim.zone, facts)
    else:
        period, reasons = typed_period(policy, claim.delivered_on, claim.zone, claim.expires_on), ()
    if shortens(period, old) and not resolve(policy, facts, completed=claim.delivered_on).shorten:
        period = kept_end(period, old)
        kept = Reason("not_shortened", {"expires": old.expires_on}) if old.expires_on else Reason("never_expires")
        reasons = (*reasons, kept)
    return Earning(Outcome.RENEWED, reasons, _offer(case, period), fulfils=fulfils)


def _first(case: Equation) -> Offer:
    """The award as of the delivery, to the certificate's own expiry or else by the certification's validity (R-74)."""
    claim, policy = case.claim, case.certification.policy
    if claim.expires_on is not None:
        return _offer(case, typed_period(policy, claim.delivered_on, claim.zone, claim.expires_on))
    granted = first_period(policy, claim.delivered_on, case.facts)
    return _offer(case, granted_period(policy, granted, claim.delivered_on, claim.zone, case.facts))


def _offer(case: Equation, period: Period) -> Offer:
    basis = Basis(BasisKind.EXTERNAL_CERTIFICATION, id_text(case.external_id))
    return Offer(period, basis, Details(completed_on=case.claim.delivered_on, credits=case.claim.credits))
