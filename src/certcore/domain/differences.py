"""What an award's period would be under another policy, nothing being changed (R-3, R-55)."""

from datetime import date, datetime

from attrs import evolve, frozen

from certcore.domain.awards import Award, Period, typed_period
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy, first_period, next_period
from certcore.domain.time import existing_day
from certcore.errors import CertcoreError


@frozen
class Difference:
    """An award that would differ: its period ``before`` and ``after``.

    Where the policy cannot judge it, ``after`` is None and ``problem`` says why. ``username`` is the learner's id when
    the directory knows them no more.
    """

    award: Award
    after: Period | None
    username: str
    problem: CertcoreError | None = None

    @property
    def before(self) -> Period:
        """The period that the award has."""
        return self.award.period

    @property
    def sooner(self) -> bool:
        """Whether it would end earlier."""
        return self.after is not None and _ends_before(self.after, self.before)

    @property
    def later(self) -> bool:
        """Whether it would end later."""
        return self.after is not None and _ends_before(self.before, self.after)

    def expired_by(self, now: datetime) -> bool:
        """Whether it would have expired by ``now``, which it has not."""
        return self.after is not None and _over(self.after, now) and not _over(self.before, now)


def differs(before: Period, after: Period) -> bool:
    """Whether an end, a window or a grace is another one; what repeats count from does not show."""
    return evolve(before, anchor_on=after.anchor_on) != after


def period_under(
    policy: RenewalPolicy,
    award: Award,
    *,
    in_force: RenewalPolicy,
    previous: Award | None = None,
    facts: Facts = NO_FACTS,
    typed: bool = False,
) -> Period:
    """The period of ``award`` if ``policy`` had given it.

    It counts from the issue date, and where the award's own anchor is another day from that and from the expiry of the
    award it renews (``previous``). An expiry that somebody typed stays, unless ``typed`` asks for a computed one as
    well: a typed one is its own anchor, or none, and not what the policy ``in_force`` gives. Raises like
    `next_period`, and `InvalidValue` for a period without a day.
    """
    period = award.period
    if not typed and _typed(award, in_force, facts):
        return typed_period(policy, period.issued_on, period.zone, period.expires_on)
    done = award.details.completed_on or period.issued_on
    if previous is not None and period.anchor_on not in (period.issued_on, period.expires_on):
        was = previous.period
        found = next_period(policy, was.expires_on, done, facts, anchor_on=was.anchor_on)
    else:
        found = first_period(policy, period.issued_on, facts)
    expires = None if found.expires is None else existing_day(found.expires, period.zone)
    return evolve(typed_period(policy, period.issued_on, period.zone, expires), anchor_on=found.anchor_on)


def _typed(award: Award, in_force: RenewalPolicy, facts: Facts) -> bool:
    period = award.period
    if period.expires_on is not None and period.anchor_on != period.expires_on:
        return False
    return _computed(in_force, period.issued_on, period.zone, facts) != period.expires_on


def _computed(policy: RenewalPolicy, issued_on: date, zone: str, facts: Facts) -> date | None:
    expires = first_period(policy, issued_on, facts).expires
    return None if expires is None else existing_day(expires, zone)


def _over(period: Period, now: datetime) -> bool:
    return period.expires_at is not None and period.expires_at <= now


def _ends_before(one: Period, other: Period) -> bool:
    if one.expires_at is None or other.expires_at is None:
        return one.expires_at is not None
    return one.expires_at < other.expires_at
