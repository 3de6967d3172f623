"""Credits: what counts in a period, whether it is enough, and what is carried over. Amounts are exact decimals."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from attrs import evolve, field, frozen

from certcore.domain.policy.counting import Period
from certcore.domain.policy.days import day_before, grace_ends, last_valid_day
from certcore.domain.policy.ends import on_or_after
from certcore.domain.policy.facts import NO_FACTS, Credit, Facts
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.requirements import Alternative, Category, Credits, PerYear, Rolling
from certcore.domain.policy.resolving import resolve
from certcore.domain.policy.terms import MonthDay
from certcore.domain.policy.timing import Timing
from certcore.domain.reasons import Reason
from certcore.domain.time import Length, add_length, next_day

Span = tuple[date, date]

_NONE: Final = Decimal(0)


@frozen
class Account:
    """Credits of one period, its first and last day inside: what counts, and what goes into the next period."""

    period: Span
    met: bool
    counted: Decimal
    carry_over: Decimal = _NONE
    reasons: tuple[Reason, ...] = field(default=(), hash=False)


def credit_account(
    policy: RenewalPolicy,
    period: Span,
    credits: Iterable[Credit],
    facts: Facts = NO_FACTS,
    *,
    renewed_on: date | None = None,
    expires: date | None = None,
) -> Account:
    """What ``credits`` amount to in ``period`` (first and last day inside), and whether it is enough (R-54).

    Credits outside it count only for a rolling minimum across periods, or in a grace that says so; the grace follows
    ``expires``, by default the printed expiry of an award whose last valid day is the period's last. ``renewed_on`` is
    the renewal, which ages and variants are judged on; by default the period's last day.
    """
    terms = resolve(policy, facts, completed=renewed_on, on=period[1])
    return _account(terms, period, credits, facts, renewed_on, expires)


def _account(
    terms: RenewalPolicy,
    period: Span,
    credits: Iterable[Credit],
    facts: Facts,
    renewed_on: date | None,
    expires: date | None,
) -> Account:
    rules = terms.credits
    if rules is None:
        return Account(period, met=True, counted=sum((each.amount for each in credits), _NONE))
    end = _counting_end(terms, period, expires)
    if rules.count_from is not None and renewed_on is not None:
        end = min(end, renewed_on)
    usable = _usable(rules, sorted(credits, key=lambda each: each.on), renewed_on or period[1])
    inside = [each for each in usable if period[0] <= each.on <= end]
    counted = _within_limits(rules, inside, period)
    before = [each for each in usable if each.on < period[0]]
    problems = [*_shortfalls(rules, inside, counted, before, period), *_alternatives(rules, counted, period, facts)]
    total = _sum(counted)
    return Account(
        period,
        met=not problems,
        counted=total,
        carry_over=_carried(rules, counted, total, period, facts),
        reasons=tuple(problems) or (Reason("credits_met", {"counted": total}),),
    )


def _counting_end(terms: RenewalPolicy, period: Span, expires: date | None) -> date:
    """The last day on which credits are earned for the period: in a grace that says so, later than its last."""
    if terms.grace is None or not terms.grace.credits_after_expiry:
        return period[1]
    printed = expires or (period[1] if terms.boundary == "inclusive" else next_day(period[1]))
    return max(period[1], grace_ends(terms, printed) or period[1])


def _usable(rules: Credits, credits: list[Credit], on: date) -> list[Credit]:
    """Entries that are large enough and not too old."""
    since = date.min if rules.max_age is None else add_length(on, rules.max_age.times(-1))
    return [each for each in credits if each.amount >= (rules.min_block or _NONE) and each.on >= since]


def _sum(credits: Iterable[Credit], categories: tuple[str, ...] | None = None) -> Decimal:
    return sum((each.amount for each in credits if categories is None or each.category in categories), _NONE)


def _within_limits(rules: Credits, credits: list[Credit], period: Span) -> list[Credit]:
    """The entries, each cut to what the limits above it leave: in a year first, then narrower lists first."""
    yearly = [each for each in (rules.per_year.categories if rules.per_year else ()) if each.max is not None]
    for limit in _narrow_first(yearly):
        for first, last in _all_years(rules.per_year, period):
            credits = _cut(credits, limit, first, last)
    for limit in _narrow_first(rules.categories):
        credits = _cut(credits, limit, date.min, date.max)
    return credits


def _narrow_first(limits: Iterable[Category]) -> list[Category]:
    return sorted((each for each in limits if each.max is not None), key=lambda each: len(set(each.categories)))


def _cut(credits: list[Credit], limit: Category, first: date, last: date) -> list[Credit]:
    """Earlier entries count first; what is above the limit does not count."""
    room = limit.max or _NONE
    cut: list[Credit] = []
    for each in credits:
        if each.category in limit.categories and first <= each.on <= last:
            counts = min(each.amount, room)
            room -= counts
            cut.append(evolve(each, amount=counts))
        else:
            cut.append(each)
    return cut


def _shortfalls(
    rules: Credits, inside: list[Credit], counted: list[Credit], before: list[Credit], period: Span
) -> Iterator[Reason]:
    total = _sum(counted)
    if rules.total is not None and total < rules.total:
        yield Reason("credits_total", {"counted": total, "needed": rules.total})
    for each in rules.categories:
        if each.min is not None:
            found = _sum(_limited_inside(rules, each, inside), each.categories)
            if found < each.min:
                params = {"counted": found, "categories": _joined(each.categories), "needed": each.min}
                yield Reason("credits_category", params)
    if rules.per_year is not None:
        yield from _short_years(rules.per_year, counted, period)
    if rules.rolling is not None:
        yield from _short_runs(rules.rolling, before, counted, period)


def _limited_inside(rules: Credits, minimum: Category, credits: list[Credit]) -> list[Credit]:
    """For a minimum only the limits within its own categories cut: what a wider limit leaves out was still earned."""
    for limit in _narrow_first(rules.categories):
        if set(limit.categories) <= set(minimum.categories):
            credits = _cut(credits, limit, date.min, date.max)
    return credits


def _joined(categories: tuple[str, ...]) -> str:
    return ", ".join(categories)


def _whole_years(per_year: PerYear | None, period: Span) -> list[Span]:
    """The years that lie wholly in the period."""
    return [each for each in _all_years(per_year, period) if period[0] <= each[0] and each[1] <= period[1]]


def _all_years(per_year: PerYear | None, period: Span) -> list[Span]:
    """The calendar years, or years counted from the period's first day, that touch the period."""
    first, last = period
    if per_year is not None and per_year.year == "calendar":
        return [(date(year, 1, 1), date(year, 12, 31)) for year in range(first.year, last.year + 1)]
    years = [_year_from(first, number) for number in range(last.year - first.year + 1)]
    return [each for each in years if each[0] <= last]


def _year_from(first: date, number: int) -> Span:
    """The ``number``-th year from ``first`` on, counted from 0; negative ones lie before it."""
    year = Length(1, "years")
    return add_length(first, year.times(number)), day_before(add_length(first, year.times(number + 1)))


def _short_years(per_year: PerYear, counted: list[Credit], period: Span) -> Iterator[Reason]:
    for first, last in _whole_years(per_year, period):
        earned = [each for each in counted if first <= each.on <= last]
        year = {"first": first, "last": last}
        if per_year.min is not None and _sum(earned) < per_year.min:
            yield Reason("credits_year", {"counted": _sum(earned), "needed": per_year.min} | year)
        for each in per_year.categories:
            found = _sum(earned, each.categories)
            if each.min is not None and found < each.min:
                params = {"counted": found, "categories": _joined(each.categories), "needed": each.min}
                yield Reason("credits_year_category", params | year)


def _short_runs(rolling: Rolling, before: list[Credit], counted: list[Credit], period: Span) -> Iterator[Reason]:
    """Every run of so many consecutive years, the last ones before the period among them where they count too."""
    years = [_year_from(period[0], -number) for number in range(rolling.years - 1, 0, -1)]
    runs = (years if rolling.across_periods else []) + _whole_years(None, period)
    credits = [*before, *counted]
    for start in range(len(runs) - rolling.years + 1):
        first, last = runs[start][0], runs[start + rolling.years - 1][1]
        found = _sum(each for each in credits if first <= each.on <= last)
        if found < rolling.min:
            yield Reason("credits_rolling", {"counted": found, "first": first, "last": last, "needed": rolling.min})


def _alternatives(rules: Credits, counted: list[Credit], period: Span, facts: Facts) -> Iterator[Reason]:
    if rules.any_of and not _complete(rules, _sum(counted), period, facts):
        yield Reason("credits_any_of")


def _complete(rules: Credits, total: Decimal, period: Span, facts: Facts) -> list[Alternative]:
    """The ways that are complete: the total is reached, and their items were done in the period."""
    done = facts.item_completions or {}

    def times(item: str) -> int:
        return sum(1 for day in done.get(item, ()) if period[0] <= day <= period[1])

    return [
        way for way in rules.any_of if total >= way.total and all(times(each.item) >= each.count for each in way.items)
    ]


def _carried(rules: Credits, counted: list[Credit], total: Decimal, period: Span, facts: Facts) -> Decimal:
    """The smallest of the maximum, what is above the total, and what was earned late enough in the right categories."""
    rule = rules.carry_over
    if rule is None:
        return _NONE
    enough = [way.total for way in _complete(rules, total, period, facts)]
    needed = rules.total if rules.total is not None else min(enough, default=total)
    since = period[0]
    if rule.earned_in_last is not None:
        since = add_length(next_day(period[1]), rule.earned_in_last.times(-1))
    earned = _sum((each for each in counted if each.on >= since), rule.categories or None)
    return max(_NONE, min(rule.max, total - needed, earned))


def credit_period(policy: RenewalPolicy, period: Period, completed: date, facts: Facts = NO_FACTS) -> Span | None:
    """The first and last day, both inside, in which credits for ``period`` count (R-54); None when it never ends.

    A period of its own starts on its day on or after ``completed``, the completion or the renewal.
    """
    terms = resolve(policy, facts, completed=completed)
    own = terms.credits.period if terms.credits else None
    if own is not None:
        day = own.starts if isinstance(own.starts, MonthDay) else _month_start(own.starts.learner_month_start, facts)
        first = on_or_after(day, completed)
        return first, day_before(add_length(first, Length(own.years, "years")))
    if period.expires is None:
        return None
    first = period.start
    if terms.credits is not None and terms.credits.count_from == "day_after_completion":
        first = next_day(completed)
    return first, last_valid_day(terms, period.expires)


def _month_start(attribute: str, facts: Facts) -> MonthDay:
    return MonthDay(facts.learner_date(attribute).month, 1)


def enough_credits(terms: RenewalPolicy, facts: Facts, when: Timing) -> tuple[Reason, ...]:
    """Why the credits known are not enough for a renewal on that day; empty where they are not in question."""
    if terms.credits is None or facts.credits is None:
        return ()
    period = facts.period or running_period(terms, when.current.base)
    if period is None:
        return ()
    account = _account(terms, period, facts.credits, facts, when.on, when.current.base)
    return () if account.met else account.reasons


def running_period(terms: RenewalPolicy, expires: date | None) -> Span | None:
    """The credit period of the award that prints ``expires``, counted back from its last valid day."""
    if expires is None or terms.lasts is None:
        return None
    last = last_valid_day(terms, expires)
    own = terms.credits.period if terms.credits else None
    length = terms.lasts if own is None else Length(own.years, "years")
    return add_length(next_day(last), length.times(-1)), last
