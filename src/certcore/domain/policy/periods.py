"""What a policy says of dates: the first period, and the days that follow from a printed expiry."""

from datetime import date, timedelta

from attrs import frozen

from certcore.domain.policy.renewal_policy import Boundary, RenewalPolicy
from certcore.domain.time import Length, add_length
from certcore.errors import DateOutOfRange


@frozen
class Period:
    """From ``start`` to the printed ``expires`` (None: never); repeats count from ``anchor_on`` (R-13)."""

    start: date
    expires: date | None
    anchor_on: date


def first_period(policy: RenewalPolicy, completed: date) -> Period:
    """The period of an award earned on ``completed``; raises `DateOutOfRange` after the year 9999."""
    expires = None if policy.validity is None else add_length(completed, policy.validity)
    return Period(completed, expires, completed)


def last_valid_day(policy: RenewalPolicy, expires: date) -> date:
    """The last valid day of an award whose printed expiry is ``expires`` (R-16)."""
    if policy.boundary is Boundary.INCLUSIVE:
        return expires
    if expires == date.min:
        raise DateOutOfRange(expires.isoformat(), "-1 day")
    return expires - timedelta(days=1)


def warns_from(policy: RenewalPolicy, expires: date) -> date | None:
    """The first day of the warning before ``expires``; None where the policy has none."""
    return None if policy.warning is None else add_length(expires, Length(-policy.warning.count, policy.warning.unit))
