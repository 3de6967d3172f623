"""Periods that count from a first day, and those whose end is a date of its own: fixed, of a cycle, of a learner."""

from datetime import date
from typing import Final, Literal

from attrs import field, frozen

from certcore.domain.policy.ends import (
    base_and_validity,
    due_after,
    expiry_after,
    first_fixed,
    learner_end_from,
    on_or_after,
)
from certcore.domain.policy.facts import Facts
from certcore.domain.policy.items import oldest_item
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.terms import ASSIGNMENT_DUE, MonthDay
from certcore.domain.policy.timing import Timing
from certcore.domain.reasons import Reason
from certcore.domain.time import add_length, next_day
from certcore.errors import InvalidValue

CountedFrom = Literal["completion", "previous_expiry", "due_date", "items", "fixed", "cycle", "learner_date"]
BY_DATE: Final = frozenset({"fixed", "learner_date"})
NEVER: Final = Reason("never_expires")


@frozen
class Period:
    """The civil days an award covers: from ``start`` to the printed ``expires`` (None = never).

    ``anchor_on`` is the day that repeats count from, so that 31 January keeps its day (R-13); hand it to
    `next_period`. ``counted_from`` names what the end counts from. A period that is not ``granted`` is the previous
    one unchanged: the renewal was refused or changes nothing, and ``reasons`` say why.
    """

    start: date
    expires: date | None
    anchor_on: date
    counted_from: CountedFrom = "completion"
    due: date | None = None
    granted: bool = True
    reasons: tuple[Reason, ...] = field(default=(), hash=False)


def counted(terms: RenewalPolicy, base: date, facts: Facts, *, counted_from: CountedFrom) -> Period:
    """The period that counts from ``base``, a first day."""
    end = base_and_validity(terms, base, facts)
    expires = expiry_after(terms, end)
    reason = NEVER if expires is None else Reason(f"from_{counted_from}", {"on": base})
    return Period(base, expires, base, counted_from, due_after(terms, end, expires), reasons=(reason,))


def dated(terms: RenewalPolicy, completed: date, when: Timing | None, facts: Facts) -> Period | None:
    """The period under an anchor other than completion and previous expiry; None under those two."""
    previous = None if when is None else when.current.base
    match terms.anchor.kind:
        case "fixed":
            return _fixed(terms, completed, previous, facts)
        case "cycle":
            return _cycle(terms, completed)
        case "learner_date":
            return _learner_date(terms, completed, when, facts)
        case "earliest_item_completion":
            oldest = oldest_item(terms, facts, completed)
            return counted(terms, oldest, facts, counted_from="items") if oldest else None
    return None


def _fixed(terms: RenewalPolicy, completed: date, previous: date | None, facts: Facts) -> Period:
    base = terms.anchor.base
    if terms.lasts is None:
        return Period(completed, None, completed, "fixed", reasons=(NEVER,))
    if base == ASSIGNMENT_DUE:
        base = facts.assignment_due or previous or completed
    elif isinstance(base, MonthDay) and previous is not None and base.in_year(previous.year) == previous:
        base = previous
    if not isinstance(base, MonthDay | date):
        raise InvalidValue("anchor.base", base, "a date")
    end = first_fixed(terms, base, completed, previous)
    expires = expiry_after(terms, end)
    reason = Reason("fixed_date", {"on": base if isinstance(base, date) else str(base)})
    return Period(completed, expires, end, "fixed", due_after(terms, end, expires), reasons=(reason,))


def _cycle(terms: RenewalPolicy, completed: date) -> Period:
    """The cycle that the completion falls in; where the end is already invalid, the next one on that day."""
    ends = terms.anchor.ends or MonthDay(12, 31)
    end = on_or_after(ends, completed if terms.boundary == "inclusive" else next_day(completed))
    expires = end if terms.expiry is None else add_length(end, terms.expiry.after_validity)
    return Period(
        completed, expires, end, "cycle", due_after(terms, end, expires), reasons=(Reason("cycle", {"ends": end}),)
    )


def _learner_date(terms: RenewalPolicy, completed: date, when: Timing | None, facts: Facts) -> Period:
    """The learner's next date; on a renewal in time, the one a validity after the previous expiry."""
    previous = None if when is None or when.late else when.current.base
    end = learner_end_from(terms, completed, facts)
    if previous is not None:
        later = base_and_validity(terms, previous, facts, from_end=True)
        end = later if later is not None and later > previous else learner_end_from(terms, next_day(previous), facts)
    expires = end if terms.expiry is None else add_length(end, terms.expiry.after_validity)
    due = due_after(terms, end, expires)
    return Period(completed, expires, end, "learner_date", due, reasons=(Reason("learner_date", {"ends": end}),))
