"""Where a period ends: base + validity, rounded once, and the fixed dates that lie whole validities apart."""

from collections.abc import Callable, Iterator
from datetime import date

from certcore.domain.policy.days import add_months, day_before, last_valid_day, month_end
from certcore.domain.policy.facts import Facts
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.terms import MonthDay, ToLearnerMonth, ToMonthDay, parts_of_days
from certcore.domain.time import Length, add_length, next_day
from certcore.errors import DateOutOfRange, InvalidPolicy


def on_or_after(day: MonthDay, earliest: date) -> date:
    """The first such day of the year on or after ``earliest``."""
    this_year = day.in_year(earliest.year)
    return this_year if this_year >= earliest else day.in_year(_year(earliest, earliest.year + 1))


def _year(day: date, year: int) -> int:
    if not date.min.year <= year <= date.max.year:
        raise DateOutOfRange(day.isoformat(), f"the year {year}")
    return year


def rounded(terms: RenewalPolicy, raw: date, base: date, facts: Facts, *, from_end: bool) -> date:
    """``raw`` (base + validity) rounded as the policy says; ``from_end``: the base is an end that was rounded before.

    Rounding to a learner's month never gives a day that is not after ``base``.
    """
    rule = terms.round
    if isinstance(rule, ToMonthDay):
        return on_or_after(rule.month_day, raw)
    if isinstance(rule, ToLearnerMonth):
        end = _learner_month_end(rule, raw.year, raw, facts)
        return end if end > base else _learner_month_end(rule, raw.year + 1, raw, facts)
    match rule:
        case "end_of_month":
            return month_end(raw)
        case "end_of_year":
            return date(raw.year, 12, 31)
        case "first_of_next_month":
            return raw if from_end and raw.day == 1 else add_months(raw, 1)
    return raw


def _learner_month_end(rule: ToLearnerMonth, year: int, near: date, facts: Facts) -> date:
    """The end of the learner's month in ``year``, or in the next one when its parity is wrong."""
    if rule.parity is not None and facts.learner_date(rule.parity).year % 2 != year % 2:
        year += 1
    return month_end(date(_year(near, year), facts.learner_date(rule.learner_month_end).month, 1))


def learner_end_from(terms: RenewalPolicy, day: date, facts: Facts) -> date:
    """The first of the learner's own dates on or after ``day``."""
    rule = terms.round
    if not isinstance(rule, ToLearnerMonth):
        raise InvalidPolicy("round", "anchor.kind learner_date needs round.learner_month_end; add it")
    end = _learner_month_end(rule, day.year, day, facts)
    return end if end >= day else _learner_month_end(rule, day.year + 1, day, facts)


def base_and_validity(
    terms: RenewalPolicy, anchor: date, facts: Facts, *, times: int = 1, from_end: bool = False
) -> date | None:
    """``anchor`` + ``times`` validities, counted as one length, less the last day where it is taken off, and rounded.

    None without a validity.
    """
    if terms.validity is None:
        return None
    raw = add_length(anchor, terms.validity.times(times))
    if terms.last_day == "day_before" and not from_end:
        raw = day_before(raw)
    base = anchor if times == 1 else add_length(anchor, terms.validity.times(times - 1))
    return rounded(terms, raw, base, facts, from_end=from_end)


def expiry_after(terms: RenewalPolicy, end: date | None) -> date | None:
    """The expiry for base + validity: later where ``expiry.after_validity`` says so; None = never (R-2)."""
    if end is None or terms.lasts is None:
        return None
    return end if terms.expiry is None else add_length(end, terms.expiry.after_validity)


def due_after(terms: RenewalPolicy, end: date | None, expires: date | None) -> date | None:
    """The due date beside the expiry; None without one."""
    due = terms.due
    if due is None:
        return None
    if due.after_validity is not None:
        return None if end is None else add_length(end, due.after_validity)
    ends = terms.anchor.ends
    return None if expires is None or ends is None else on_or_after(ends, next_day(expires))


def due_before(terms: RenewalPolicy, expires: date | None) -> date | None:
    """The due date of the period that prints ``expires``, worked out backwards; None without one."""
    added = None if terms.expiry is None else terms.expiry.after_validity
    end = expires if expires is None or added is None else add_length(expires, added.times(-1))
    return due_after(terms, end, expires)


def first_fixed(terms: RenewalPolicy, bases: MonthDay | date, completed: date, previous: date | None) -> date:
    """The first ``bases`` ± whole validities that leaves the minimum and is later than ``previous`` (R-53).

    It also leaves the day of completion valid. A base in any year is tried in every year.
    """
    minimum = terms.anchor.minimum
    least = completed if minimum is None else add_length(completed, minimum)

    def late_enough(day: date) -> bool:
        return day >= least and last_valid_day(terms, day) >= completed and (previous is None or day > previous)

    if isinstance(bases, MonthDay):
        target = max(least, previous or least)
        around = range(max(target.year - 1, date.min.year), min(target.year + 2, date.max.year) + 1)
        return min(_first_on(terms, bases.in_year(year), late_enough, target) for year in around)
    return _first_on(terms, bases, late_enough, max(least, previous or least))


def _first_on(terms: RenewalPolicy, base: date, enough: Callable[[date], bool], near: date) -> date:
    validity = terms.validity
    if validity is None or validity.count == 0:
        raise InvalidPolicy("validity", "anchor.kind fixed needs a validity: fixed dates lie that far apart; add it")
    times = about_times(validity, base, near)
    return next(day for day in _upwards(base, validity, times, enough) if enough(day))


def about_times(validity: Length, start: date, end: date) -> int:
    """About how many validities lie between the two days; exact to within one or two."""
    return (end - start).days * 10_000 // parts_of_days(validity)


def _upwards(base: date, validity: Length, times: int, enough: Callable[[date], bool]) -> Iterator[date]:
    """The dates from the last one that is not enough, as far as the calendar reaches."""
    while _reached(base, validity, times - 1, enough):
        times -= 1
    while True:
        yield add_length(base, validity.times(times))
        times += 1


def _reached(base: date, validity: Length, times: int, enough: Callable[[date], bool]) -> bool:
    return enough(add_length(base, validity.times(times)))
