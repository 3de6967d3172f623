"""The days that follow from a printed expiry: the last valid one, the window, the warning, the end of the grace.

All of them read the policy itself; where variants or routes change these keys, pass what `resolve` gives.
"""

from calendar import monthrange
from datetime import date, timedelta

from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.time import Length, add_length, next_day
from certcore.errors import DateOutOfRange

_DAY = timedelta(days=1)


def day_before(day: date) -> date:
    """The calendar day before; raises `DateOutOfRange` before 0001-01-01."""
    if day == date.min:
        raise DateOutOfRange(day.isoformat(), "-1 day")
    return day - _DAY


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The first day of the month that many months after the day's own."""
    return add_length(day.replace(day=1), Length(months, "months"))


def in_months(length: Length) -> int:
    """A length of years or months, in months."""
    return length.count * (12 if length.unit == "years" else 1)


def last_valid_day(policy: RenewalPolicy, expires: date) -> date:
    """The last day on which an award that prints ``expires`` is valid (R-16)."""
    return expires if policy.boundary == "inclusive" else day_before(expires)


def first_invalid_day(policy: RenewalPolicy, expires: date) -> date:
    """The first day on which an award that prints ``expires`` is not valid any more (R-16)."""
    return next_day(expires) if policy.boundary == "inclusive" else expires


def window_opens(policy: RenewalPolicy, expires: date) -> date | None:
    """The first day on which a renewal is in time; None without a window, which means any day (R-54)."""
    window = policy.window
    if window is None:
        return None
    if window.align == "month":
        opens = add_months(expires, 1 - in_months(window.opens))
    else:
        opens = add_length(expires, window.opens, -1)
    return next_day(opens) if window.open_day == "exclusive" else opens


def warns_from(policy: RenewalPolicy, expires: date) -> date | None:
    """The first day of the warning before the expiry; None without one (R-14)."""
    return None if policy.warning is None else add_length(expires, policy.warning, -1)


def grace_ends(policy: RenewalPolicy, expires: date) -> date | None:
    """The last day inside the grace; None without one (R-54)."""
    grace = policy.grace
    if grace is None:
        return None
    if grace.align == "month":
        return month_end(add_months(expires, in_months(grace.length)))
    return add_length(expires, grace.length)
