"""A policy in plain English, one sentence for each thing it says."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from certcore.domain.policy.conditions import Condition, When
from certcore.domain.policy.model import PolicyKeys, RenewalPolicy, Route
from certcore.domain.policy.requirements import Category, Credits, Item, Items
from certcore.domain.policy.shapes import Amount
from certcore.domain.policy.terms import Anchor, Grace, Lapse, Rounding, ToLearnerMonth, ToMonthDay, Window

_KINDS = {
    "completion": "Periods count from the completion.",
    "previous_expiry": "A renewal before the expiry counts from the previous expiry.",
    "previous_expiry_in_window": "A renewal inside the window counts from the previous expiry.",
    "learner_date": "Periods end on the learner's own date.",
    "earliest_item_completion": "Periods count from the oldest of the items that count, once all are done.",
}
_STARTS = {
    "completion": "on the day of completion",
    "day_after_completion": "on the day after completion",
    "day_after_previous_expiry": "on the day after the previous expiry",
}
_EARLY = {
    "completion": "an earlier renewal counts from its completion",
    "refuse": "an earlier renewal is refused",
    "no_change": "an earlier renewal changes nothing",
}
_ROUNDED = {
    "end_of_month": "the end of its month",
    "end_of_year": "the end of its year",
    "first_of_next_month": "the first of the month after it",
}
_TESTS = {
    "lt": "{} is below {}",
    "ge": "{} is at least {}",
    "age_lt": "the learner is younger than {1}",
    "age_ge": "the learner is {1} or older",
    "from": "the day is {1} or later",
    "until": "the day is {1} or earlier",
    "result": "the result is {1}",
    "equals": "{} is {}",
}


def describe(policy: RenewalPolicy) -> tuple[str, ...]:
    """What the policy says, as English sentences in the order of the format's keys (R-54)."""
    variants = [f"Where {_when(each.when)}: {_set(each.set)}" for each in policy.variants]
    return (*_sentences(policy, whole=True), *variants, *(_route(each) for each in policy.routes))


def _route(route: Route) -> str:
    refused = f" It may not follow {route.not_after_route}." if route.not_after_route else ""
    return f"By way of {route.route}: {_set(route.set)}{refused}"


def _set(keys: PolicyKeys) -> str:
    return " ".join(_sentences(keys, whole=False)) or "nothing changes."


def _sentences(keys: PolicyKeys, *, whole: bool) -> Iterator[str]:
    """Sentences for the keys that are written; for a whole policy, also for the ones that always hold."""
    yield from _ends(keys, whole=whole)
    if keys.window is not None:
        yield _window(keys.window)
    if keys.grace is not None:
        yield _grace(keys.grace)
    if keys.lapse is not None:
        yield from _lapse(keys.lapse)
    if keys.items is not None:
        yield from _items(keys.items)
    if keys.credits is not None:
        yield from _credits(keys.credits)
    yield from _changes(keys)


def _ends(keys: PolicyKeys, *, whole: bool) -> Iterator[str]:
    if whole or "validity" in keys.written:
        yield "Awards never expire." if keys.validity is None else f"Awards last {keys.validity}."
    if keys.expiry is not None:
        yield f"They expire {keys.expiry.after_validity} after that."
    if keys.due is not None:
        after = keys.due.after_validity
        yield "They are due at the end of the next cycle." if after is None else f"They are due {after} after that."
    if keys.round != "exact":
        yield f"The end is moved to {_rounded(keys.round)}."
    if keys.last_day == "day_before":
        yield "The last day is the day before the anniversary."
    if whole or "boundary" in keys.written:
        valid = "still valid" if keys.boundary == "inclusive" else "no longer valid"
        yield f"On the printed expiry the award is {valid}."
    if keys.shorten:
        yield "A renewal may end earlier than the award it renews."
    if whole or "anchor" in keys.written:
        yield from _anchor(keys.anchor)


def _rounded(rule: Rounding) -> str:
    if isinstance(rule, ToMonthDay):
        return f"the next {rule.month_day}"
    if isinstance(rule, ToLearnerMonth):
        parity = f", in years odd or even as in {rule.parity}" if rule.parity else ""
        return f"the end of the month of {rule.learner_month_end}{parity}"
    return _ROUNDED[rule]


def _anchor(anchor: Anchor) -> Iterator[str]:
    if anchor.kind == "fixed":
        least = "" if anchor.minimum is None else f" that leaves at least {anchor.minimum}"
        yield f"Periods end on the first date whole validities from {anchor.base}{least}."
    elif anchor.kind == "cycle":
        yield f"Periods are cycles that end on {anchor.ends} of every year."
    else:
        yield _KINDS[anchor.kind]
    if anchor.initial is not None:
        yield "The first period counts from the assignment's due date when that is met."
    if anchor.start is not None:
        yield f"A period starts {_STARTS[anchor.start]}."
    if anchor.max_postdate is not None:
        yield f"It starts no later than {anchor.max_postdate} after completion."


def _window(window: Window) -> str:
    months = ", counted in whole calendar months" if window.align == "month" else ""
    day = ", that day not included" if window.open_day == "exclusive" else ""
    early = f"; {_EARLY[window.early]}" if window.early else ""
    return f"The window for renewal opens {window.opens} before the expiry{months}{day}{early}."


def _grace(grace: Grace) -> str:
    months = " to the end of the month" if grace.align == "month" else ""
    valid = "is still valid" if grace.valid else "is expired and can still be renewed"
    label = f", called {grace.label}," if grace.label else ""
    anchor = "the previous expiry" if grace.anchor == "previous_expiry" else "its completion"
    start = f", starting {_STARTS[grace.start]}" if grace.start else ""
    counting = " Credits earned in it count for the old period." if grace.credits_after_expiry else ""
    path = "" if grace.path == "renewal" else f" It asks for: {grace.path}."
    return (
        f"In a grace of {grace.length}{months} after the expiry{label} the award {valid};"
        f" a renewal then counts from {anchor}{start}.{path}{counting}"
    )


def _lapse(lapse: Lapse) -> Iterator[str]:
    for step in lapse.steps:
        yield f"From {step.after} after the expiry a renewal asks for: {step.path}."
    after = "After expiry and grace" if lapse.after is None else f"From {lapse.after} after the expiry"
    yield f"{after} a renewal asks for: {lapse.path}."


def _items(items: Items) -> Iterator[str]:
    for title, listed in (
        ("A renewal needs", items.renewal),
        ("After the expiry it needs", items.after_expiry),
        ("In the grace it needs", items.reinstate_in_grace),
        ("The full requirement is", items.full),
    ):
        if listed:
            yield f"{title}: {_listed(listed)}."
    for addition in items.renewal_when:
        yield f"Where {_when(addition.when)}, a renewal also needs: {_listed(addition.add)}."


def _listed(items: Iterable[Item]) -> str:
    return ", ".join(_item(each) for each in items)


def _item(item: Item) -> str:
    times = f" {item.count} times" if item.count > 1 else ""
    return f"{item.item}{times}" + (f" in the {item.max_age} before" if item.max_age else "")


def _amount(amount: Decimal | None) -> str:
    return str(Amount().write(amount or Decimal(0)))


def _credits(credits: Credits) -> Iterator[str]:
    if credits.total is not None:
        yield f"A period needs {_amount(credits.total)} credits."
    for way in credits.any_of:
        items = f" and {_listed(way.items)}" if way.items else ""
        yield f"One way to have enough is {_amount(way.total)} credits{items}."
    yield from (f"{_limit(each)}." for each in credits.categories)
    if credits.per_year is not None:
        year = "calendar year" if credits.per_year.year == "calendar" else "year of the period"
        if credits.per_year.min is not None:
            yield f"Every {year} needs {_amount(credits.per_year.min)} credits."
        yield from (f"{_limit(each)} in every {year}." for each in credits.per_year.categories)
    if credits.rolling is not None:
        across = ", with the years before the period" if credits.rolling.across_periods else ""
        yield f"Any {credits.rolling.years} consecutive years need {_amount(credits.rolling.min)} credits{across}."
    yield from _counting(credits)


def _limit(limit: Category) -> str:
    bounds = [f"at least {_amount(limit.min)}"] if limit.min is not None else []
    bounds += [f"at most {_amount(limit.max)}"] if limit.max is not None else []
    return f"From {', '.join(limit.categories)} come {' and '.join(bounds)} credits"


def _counting(credits: Credits) -> Iterator[str]:
    if credits.min_block is not None:
        yield f"Entries below {_amount(credits.min_block)} credits do not count."
    if credits.max_age is not None:
        yield f"Credits count for {credits.max_age}."
    if credits.count_from is not None:
        yield "The next period's credits count from the day after the renewal."
    if credits.period is not None:
        starts = credits.period.starts
        day = f"month of {starts.learner_month_start}" if hasattr(starts, "learner_month_start") else str(starts)
        yield f"Credits have periods of their own, {credits.period.years} years from the next {day}."
    if credits.carry_over is not None:
        late = f", earned in the last {credits.carry_over.earned_in_last}" if credits.carry_over.earned_in_last else ""
        kinds = f", from {', '.join(credits.carry_over.categories)}" if credits.carry_over.categories else ""
        yield f"Up to {_amount(credits.carry_over.max)} credits above the total are carried over{late}{kinds}."
    if credits.no_carry:
        yield "No credits are carried over."


def _changes(keys: PolicyKeys) -> Iterator[str]:
    if keys.cap is not None:
        yield f"No award reaches beyond the day on which the learner turns {keys.cap.age}."
    if keys.warning is not None:
        yield f"A warning starts {keys.warning} before the expiry."
    if keys.extension is not None:
        yield f"An authority may extend an award by up to {keys.extension.max}."
    if keys.recency is not None:
        month = ", to the end of that month" if keys.recency.align == "month" else ""
        yield (
            f"The last {keys.recency.count} of {keys.recency.of} give an award"
            f" that lasts {keys.recency.within} from the oldest of them{month}."
        )
    if keys.confirmation is not None:
        yield f"A confirmation is due every {keys.confirmation.every}; a missed one ends the award."
    if keys.events is not None:
        yield f"These events end an award: {', '.join(keys.events.ends_validity)}."
    if keys.also_extended_by:
        yield f"These awards extend this one: {', '.join(keys.also_extended_by)}."


def _when(when: When) -> str:
    return " and ".join(_condition(each) for each in when.conditions)


def _condition(condition: Condition) -> str:
    value = condition.value
    shown = _amount(value) if isinstance(value, Decimal) else str(value).lower() if isinstance(value, bool) else value
    return _TESTS[condition.test].format(condition.attribute, shown)
