"""What a policy makes of a learner's completions, day by day: a timeline to look at before a policy is used (R-55)."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from attrs import field, frozen

from certcore.domain.policy.counting import Period
from certcore.domain.policy.days import first_invalid_day, grace_ends, warns_from
from certcore.domain.policy.facts import NO_FACTS, Facts
from certcore.domain.policy.items import FULL
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.periods import first_period, next_period
from certcore.domain.policy.resolving import resolve
from certcore.domain.policy.standing import standing
from certcore.domain.policy.timing import current_expiry
from certcore.domain.reasons import Reason
from certcore.domain.time import next_day

What = Literal["awarded", "renewed", "not_renewed", "expiring", "grace", "expired"]


@frozen
class Completion:
    """Something that earns or renews an award, with what is known that day."""

    on: date
    facts: Facts = NO_FACTS


@frozen
class Moment:
    """A day on which something changes: what, the printed expiry from then on (None = never), and why."""

    on: date
    what: What
    expires: date | None
    reasons: tuple[Reason, ...] = field(default=(), hash=False)


def simulate(
    policy: RenewalPolicy, completions: Iterable[Completion], *, until: date | None = None
) -> tuple[Moment, ...]:
    """The timeline of one learner's award under ``policy``, to and including the civil day ``until`` (R-55).

    A completion renews the award held; where the policy asks for the full requirement again, it is a new first award.
    Raises like `first_period`.
    """
    moments: list[Moment] = []
    held: Period | None = None
    ahead: list[Moment] = []
    for done in sorted(completions, key=lambda each: each.on):
        moments += [each for each in ahead if each.on < done.on]
        moment, period = _completed(policy, held, done)
        moments.append(moment)
        if period is None:
            ahead = [each for each in ahead if each.on >= done.on]
        else:
            held, ahead = period, list(_ahead(policy, period, done))
    return tuple(each for each in (*moments, *ahead) if until is None or each.on <= until)


def _completed(policy: RenewalPolicy, held: Period | None, done: Completion) -> tuple[Moment, Period | None]:
    """What a completion makes of the award held, and the new period; None when it gives none."""
    if held is not None:
        now = standing(policy, held.expires, done.on, done.facts, due=held.due)
        if now.path != FULL and not now.renewable:
            return Moment(done.on, "not_renewed", held.expires, now.reasons), None
        if now.path != FULL:
            period = next_period(policy, held.expires, done.on, done.facts, anchor_on=held.anchor_on)
            return Moment(done.on, "renewed", period.expires, period.reasons), period
    period = first_period(policy, done.on, done.facts)
    return Moment(done.on, "awarded", period.expires, period.reasons), period


def _ahead(policy: RenewalPolicy, period: Period, done: Completion) -> Iterator[Moment]:
    """What becomes of a period when nothing else is done."""
    terms = resolve(policy, done.facts, completed=done.on)
    current = current_expiry(terms, period.expires, done.facts, completed=done.on)
    expires = current.expires
    if expires is None:
        return
    warned, over = warns_from(terms, expires), first_invalid_day(terms, expires)
    if warned is not None and warned < over:
        yield Moment(max(warned, done.on), "expiring", expires)
    graced_to = None if current.ended or not terms.grace_is_valid else grace_ends(terms, expires)
    if graced_to is not None and graced_to >= over:
        yield Moment(over, "grace", expires)
        over = next_day(graced_to)
    yield Moment(over, "expired", expires, current.reasons)
