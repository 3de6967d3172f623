"""What a completion gives: an award, a renewal, a place in history, or the reasons why it gives nothing (R-20 to R-27).

`earn` decides for one completion from values only; one completion and ten thousand are decided by it alike.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from attrs import evolve

from certcore.domain.awards import Award, Basis, BasisKind, Details, EndReason, Period, granted_period
from certcore.domain.certifications import Assignment, Certification, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.decisions import Offer, Outcome, shortens
from certcore.domain.people import Person
from certcore.domain.policy import (
    NO_FACTS,
    Credit,
    Facts,
    RenewalPolicy,
    asked,
    first_period,
    full_requirement,
    lacking,
    next_period,
    resolve,
    standing,
)
from certcore.domain.reasons import Reason, undecidable
from certcore.domain.renewability import counts_from
from certcore.domain.renewals import Renewal
from certcore.domain.time import civil_date
from certcore.errors import InvalidInput

_SHARED: Final = 8_192

Reasons = tuple[Reason, ...]


class _Done(NamedTuple):
    """What an award takes over from the completion that earned it; awards with the same share one offer."""

    on: date
    zone: str
    item: ItemRef
    score: Decimal | None
    credits: Decimal | None

    @classmethod
    def of(cls, completion: Completion) -> "_Done":
        return cls(completion.on, completion.zone, completion.item, completion.score, completion.credits)

    def earns(self, period: Period) -> Offer:
        return Offer(period, earned_by(self.item), Details(self.score, self.on, self.credits))


@lru_cache(maxsize=_SHARED)
def earned_by(item: ItemRef) -> Basis:
    """The basis of awards that are earned by completing the item."""
    return Basis(BasisKind(item.kind), item.code)


class Case(NamedTuple):
    """A completion reported at the instant ``now``, and all that decides what it gives.

    ``linked`` are the items that carry the ``certification``; for an item that carries none both are empty. ``known``
    are the learner's other completions of these items and of those that the policy names, none where none can count;
    ``repeated`` says that this one was recorded before. ``live`` is the award held, ``renewal`` its renewal, open or
    not, and ``past`` are the learner's awards that are not live, which matter only to a completion `older` than the
    live one. ``revoked_at`` is when the certification was last revoked. ``facts`` are what the policy may ask besides;
    the credits among them come on top of those of the completions. ``retroactive`` awards also what was completed
    before the item was assigned, and what is issued by hand only (R-21). ``again`` judges one that is ``repeated`` as
    if it were new: something else counts by now.
    """

    completion: Completion
    learner: Person
    now: datetime
    certification: Certification | None = None
    linked: Mapping[ItemRef, Assignment] = MappingProxyType({})
    known: Sequence[Completion] = ()
    repeated: bool = False
    live: Award | None = None
    renewal: Renewal | None = None
    past: Sequence[Award] = ()
    revoked_at: datetime | None = None
    facts: Facts = NO_FACTS
    retroactive: bool = False
    again: bool = False


class Earning(NamedTuple):
    """What a completion gives, and why.

    ``offer`` is what the learner is to hold, for the outcomes `new`, `renewed` and `history`; what goes to history is
    over at ``ends_at``. ``fulfils``: an open renewal is fulfilled.
    """

    outcome: Outcome
    reasons: Reasons = ()
    offer: Offer | None = None
    ends_at: datetime | None = None
    fulfils: bool = False


UNCHANGED: Final = Earning(Outcome.UNCHANGED)


def rejected(code: str, **params: object) -> Earning:
    """Refused and not recorded: the same completion may be sent again once what stands against it is mended."""
    return Earning(Outcome.REJECTED, (Reason(code, params),))


def _recorded(*reasons: Reason) -> Earning:
    return Earning(Outcome.RECORDED, reasons)


def held(*reasons: Reason) -> Earning:
    """The award held stays as it is."""
    return Earning(Outcome.ALREADY_HELD, reasons)


def earn(case: Case) -> Earning:
    """What the completion of ``case`` gives.

    The same completion again changes nothing (R-23), and nothing done by a revocation brings an award back (R-65).
    """
    completion, certification = case.completion, case.certification
    if not case.learner.active:
        return rejected("deactivated_user")
    if certification is None:
        return UNCHANGED if case.repeated else _recorded(Reason("not_assigned", {"item": str(completion.item)}))
    if case.revoked_at is not None and not completion.after(case.revoked_at):
        return rejected("revoked", on=civil_date(case.revoked_at, completion.zone))
    if case.repeated and not (case.retroactive or case.again):
        return UNCHANGED
    if certification.retired:
        return rejected("certification_retired")
    against = None if case.retroactive else not_issued(completion, case.linked[completion.item], certification)
    if against is not None:
        return _recorded(against)
    try:
        return _first(case, certification) if case.live is None else _beside(case, certification, case.live)
    except InvalidInput as error:
        return Earning(Outcome.REJECTED, (undecidable(error),))


def not_issued(completion: Completion, assignment: Assignment, certification: Certification) -> Reason | None:
    """Why completing the item awards nothing: by hand only (R-9), or done before it was assigned (R-21)."""
    automatic = certification.automatic if assignment.automatic is None else assignment.automatic
    if not automatic:
        return Reason("by_hand_only")
    if _in_time(completion, assignment):
        return None
    since = civil_date(assignment.assigned_at, completion.zone)
    return Reason("before_assignment", {"item": str(completion.item), "on": completion.on, "since": since})


def _in_time(completion: Completion, assignment: Assignment) -> bool:
    """An external activity is reported with its certification: its date counts, however old (R-22)."""
    return completion.item.kind is ItemKind.EXTERNAL_ACTIVITY or completion.not_before(assignment.assigned_at)


def older(completion: Completion, award: Award) -> bool:
    """Whether the completion's day lies before the one that the award was earned on (R-27)."""
    zone = award.period.zone
    day = civil_date(completion.at, zone) if completion.exact and completion.zone != zone else completion.on
    return day < award.earned_on


def _first(case: Case, certification: Certification) -> Earning:
    earned = _earned(case, certification, case.known)
    return Earning(Outcome.NEW, offer=earned) if isinstance(earned, Offer) else _recorded(*earned)


def _earned(case: Case, certification: Certification, known: Iterable[Completion]) -> Offer | Reasons:
    """What the full requirement gives once it is met with this completion; else what is lacking (R-6, R-54)."""
    policy, facts, done = certification.policy, case.facts, case.completion
    needed = len(case.linked) if certification.items_needed is None else certification.items_needed
    if needed > 1 or asked(policy).completions:
        counting = [each for each in known if _counts(case, each)] + [done]
        facts = _facts(case, policy, counting)

        def lacks(by: Completion) -> Reasons:
            items = {each.item for each in counting if each.item in case.linked and each.at <= by.at}
            few = [Reason("items_missing", {"needed": needed, "found": len(items)})] if len(items) < needed else []
            return (*few, *full_requirement(policy, by.on, facts))

        found = _complete_with(case, counting, lacks)
        if not isinstance(found, Completion):
            return found
        done = found
    return _first_offer(policy, _Done.of(done), facts)


def _counts(case: Case, each: Completion) -> bool:
    """Whether an earlier completion counts for a first award."""
    if case.revoked_at is not None and not each.after(case.revoked_at):
        return False
    assignment = case.linked.get(each.item)
    return assignment is None or case.retroactive or _in_time(each, assignment)


def _complete_with(
    case: Case, counting: Iterable[Completion], lacks: Callable[[Completion], Reasons]
) -> Completion | Reasons:
    """The completion with which nothing is lacking any more: this one, or one that was sooner reported than done.

    Of those at one instant it is the one of the earliest day, as far as both are known: an award that is held stays.
    """
    at = case.completion.at
    since = [each for each in counting if each.at >= at and each.item in case.linked]
    missing: Reasons = ()
    for each in sorted(since, key=lambda each: (each.at, each.on, each.item)):
        missing = lacks(each)
        if not missing:
            return each
    return missing


def _beside(case: Case, certification: Certification, live: Award) -> Earning:
    """What a completion gives to somebody who holds a live award (R-27, R-52)."""
    completion, renewal = case.completion, case.renewal
    if renewal is not None and renewal.open and completion.not_before(renewal.started_at):
        return _fulfilled(case, live, renewal)
    if older(completion, live):
        return _past(case, certification, live)
    if renewal is not None and renewal.open:
        return held(Reason("before_renewal", {"on": civil_date(renewal.started_at, completion.zone)}))
    if lapsed(completion.on, certification.policy, live, case.facts):
        again = [each for each in case.known if lapsed(each.on, certification.policy, live, case.facts)]
        earned = _earned(case, certification, again)
        return Earning(Outcome.RENEWED, offer=earned) if isinstance(earned, Offer) else _recorded(*earned)
    return _at_once(case, certification, live) if certification.auto_renew else held(Reason("renewal_not_started"))


def lapsed(on: date, policy: RenewalPolicy, live: Award, facts: Facts) -> bool:
    """Whether the award had lapsed so far by then that the full requirement applies again (R-54)."""
    expires = live.period.expires_on
    if expires is None or on < expires:
        return False
    return standing(policy, expires, on, facts, completed=counts_from(live, policy)).path == "full"


def _fulfilled(case: Case, live: Award, renewal: Renewal) -> Earning:
    """What a completion gives to an open renewal, under the policy in force at its start (R-3, R-52)."""
    item = case.completion.item
    if item not in renewal.items and case.linked[item].assigned_at <= renewal.started_at:
        return held(Reason("not_a_way", {"item": str(item)}))
    started = civil_date(renewal.started_at, live.period.zone)
    return _renewed(case, live, renewal.policy, started, lambda each: each.not_before(renewal.started_at))


def _at_once(case: Case, certification: Certification, live: Award) -> Earning:
    """A renewal that the completion itself starts, where the certification says so (R-52)."""
    completion = case.completion
    if live.period.expires_on is None:
        return held(Reason("never_expires"))
    if completion.on <= live.earned_on:
        return held(Reason("held_since", {"on": live.earned_on}))
    again = completion.item == live.basis.item or any(each.item == completion.item for each in case.known)
    if again and not certification.allow_retake:
        return held(Reason("retake_not_allowed", {"item": str(completion.item)}))
    return _renewed(case, live, certification.policy, None, lambda each: each.on > live.earned_on)


def _renewed(
    case: Case, live: Award, policy: RenewalPolicy, started: date | None, counts: Callable[[Completion], bool]
) -> Earning:
    """The next award, once what a renewal asks for is done; without ``started`` the completion is the start.

    What was done before counts only where the policy gives the item an age (`Asked.aged`).
    """
    done, facts, expires = case.completion, case.facts, live.period.expires_on
    wanted, since = asked(policy), counts_from(live, policy)
    in_time: list[Completion] = []
    if wanted.completions:
        counting = [each for each in case.known if counts(each) or not wanted.aged.isdisjoint(_names(each.item))]
        counting.append(done)
        facts = _facts(case, policy, counting)
        in_time = [each for each in counting if counts(each)]

    def lacks(by: Completion) -> Reasons:
        return _lacking(policy, expires, started or by.on, by.on, facts, since)

    found = _complete_with(case, in_time, lacks) if wanted.completions else lacks(done) or done
    if not isinstance(found, Completion):
        return _recorded(*found)
    offer, reasons = _next_offer(policy, live.period, _Done.of(found), facts)
    return held(*reasons) if offer is None else Earning(Outcome.RENEWED, reasons, offer, fulfils=started is not None)


def _past(case: Case, certification: Certification, live: Award) -> Earning:
    """What a completion older than the live award gives: an award that others have followed, if none was held then."""
    earned = _earned(case, certification, case.known)
    if not isinstance(earned, Offer):
        return _recorded(*earned)
    return filed(earned, live, case.past, case.now, case.revoked_at)


def filed(offer: Offer, live: Award, past: Iterable[Award], now: datetime, revoked_at: datetime | None) -> Earning:
    """The place in history of what is older than the live award: up to the award that followed it (R-27).

    There is none where another award was held then. ``past`` are the learner's awards that are not live, ``revoked_at``
    is when the certification was last revoked.
    """
    period = offer.period
    follows = min(each.period.issued_at for each in (live, *past) if _was_held(each, revoked_at))
    if live.period.issued_at > now:
        return held(Reason("held_since", {"on": live.earned_on}))
    if follows <= period.issued_at:
        return held(Reason("held_then"))
    ends_at = follows if period.expires_at is None else min(follows, period.expires_at)
    return Earning(Outcome.HISTORY, offer=offer, ends_at=ends_at)


def _was_held(award: Award, revoked_at: datetime | None) -> bool:
    """Whether the award was, or is, held for a while after the last revocation."""
    ending, period = award.ending, award.period
    if ending is not None and (ending.reason is EndReason.REVOKED or ending.at <= period.issued_at):
        return False
    return revoked_at is None or period.issued_on >= civil_date(revoked_at, period.zone)


def _facts(case: Case, policy: RenewalPolicy, counting: Iterable[Completion]) -> Facts:
    """The facts with the items completed, by ``kind:code`` and by code alone, and the credits of every completion."""
    given, wanted = case.facts, asked(policy)
    done: dict[str, list[date]] = {}
    for each in counting:
        for name in _names(each.item):
            done.setdefault(name, []).append(each.on)
    for name, days in (given.item_completions or {}).items():
        known = done.setdefault(name, [])
        known += [day for day in days if day not in known]
    earned = [Credit(each.on, each.credits) for each in (*case.known, case.completion) if each.credits]
    credits = (*(given.credits or ()), *earned) if wanted.credits else given.credits
    return evolve(given, item_completions=done, credits=credits)


@lru_cache(maxsize=_SHARED)
def _lacking(
    policy: RenewalPolicy, expires: date | None, started: date, done: date, facts: Facts, completed: date | None
) -> Reasons:
    return lacking(policy, expires, started, done, facts, completed=completed)


@lru_cache(maxsize=_SHARED)
def _names(item: ItemRef) -> tuple[str, str]:
    return str(item), item.code


@lru_cache(maxsize=_SHARED)
def _first_offer(policy: RenewalPolicy, done: _Done, facts: Facts) -> Offer:
    return done.earns(_first_granted(policy, done.on, done.zone, facts))


@lru_cache(maxsize=_SHARED)
def _first_granted(policy: RenewalPolicy, on: date, zone: str, facts: Facts) -> Period:
    return granted_period(policy, first_period(policy, on, facts), on, zone, facts)


@lru_cache(maxsize=_SHARED)
def _next_offer(policy: RenewalPolicy, held: Period, done: _Done, facts: Facts) -> tuple[Offer | None, Reasons]:
    """What a renewal offers to the holder of a period; None where the policy grants nothing (R-53)."""
    period, reasons = _next_granted(policy, held, done.on, done.zone, facts)
    return None if period is None else done.earns(period), reasons


@lru_cache(maxsize=_SHARED)
def _next_granted(
    policy: RenewalPolicy, held: Period, on: date, zone: str, facts: Facts
) -> tuple[Period | None, Reasons]:
    granted = next_period(policy, held.expires_on, on, facts, anchor_on=held.anchor_on)
    if not granted.granted:
        return None, granted.reasons
    period = granted_period(policy, granted, on, zone, facts)
    if shortens(period, held) and not resolve(policy, facts, completed=on).shorten:
        period = granted_period(policy, granted, on, held.zone, facts)  # where the same date may come later
        period = kept_end(period, held)
    return period, granted.reasons


def kept_end(period: Period, held: Period) -> Period:
    """The period, to the end of the one that is held where it would end sooner than that (R-53)."""
    if not shortens(period, held):
        return period
    return evolve(held, issued_on=period.issued_on, issued_at=period.issued_at, anchor_on=period.anchor_on)
