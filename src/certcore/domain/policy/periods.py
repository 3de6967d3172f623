"""Periods: what a completion gives."""

from datetime import date

from attrs import frozen

from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.time import add_length


@frozen
class Period:
    """The civil days an award covers: from ``start`` to the printed ``expires`` (None = never).

    ``anchor_on`` is the day that repeats count from, so that 31 January keeps its day (R-13).
    """

    start: date
    expires: date | None
    anchor_on: date


def first_period(policy: RenewalPolicy, completed: date) -> Period:
    """The period of a first award completed on that day (R-13)."""
    lasts = policy.lasts
    return Period(completed, None if lasts is None else add_length(completed, lasts), completed)
