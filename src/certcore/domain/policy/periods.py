"""Periods: what a first completion or a renewal gives (R-53)."""

from datetime import date
from functools import lru_cache
from typing import Final

from attrs import evolve

from certcore.domain.policy.counting import BY_DATE, NEVER, Period, counted, dated
from certcore.domain.policy.ends import about_times, base_and_validity, due_after, expiry_after
from certcore.domain.policy.facts import NO_FACTS, Facts
from certcore.domain.policy.items import full_items, undone
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.resolving import resolve
from certcore.domain.policy.timing import Timing, timing
from certcore.domain.reasons import Reason
from certcore.domain.time import Length, add_length, civil, next_day

_CACHED: Final = 32_768


def first_period(policy: RenewalPolicy, completed: date, facts: Facts = NO_FACTS) -> Period:
    """The period of a first award completed on that civil day (R-13, R-53).

    Raises `InvalidValue` for a fact that the policy asks for and that is missing, and `DateOutOfRange`.
    """
    return _first(policy, civil(completed), facts)


@lru_cache(maxsize=_CACHED)
def _first(policy: RenewalPolicy, completed: date, facts: Facts) -> Period:
    terms = resolve(policy, facts, completed=completed)
    period = dated(terms, completed, None, facts) or _from_start(terms, completed, facts)
    return evolve(_capped(terms, period, facts), start=_start_of_first(terms, completed))


def _start_of_first(terms: RenewalPolicy, completed: date) -> date:
    return next_day(completed) if terms.anchor.start == "day_after_completion" else completed


def _from_start(terms: RenewalPolicy, completed: date, facts: Facts) -> Period:
    """A first period that counts from the completion, or from the assignment's due date when that was met."""
    due = facts.assignment_due
    if terms.anchor.initial is not None and due is not None and completed <= due:
        return counted(terms, due, facts, counted_from="due_date")
    return counted(terms, completed, facts, counted_from="completion")


def next_period(
    policy: RenewalPolicy,
    previous_expiry: date | None,
    completed: date,
    facts: Facts = NO_FACTS,
    *,
    anchor_on: date | None = None,
) -> Period:
    """The period that a renewal completed on that civil day gives after the one that prints ``previous_expiry``.

    ``anchor_on`` is the previous period's: repeats count from it (R-13). Without ``shorten`` the period never ends
    earlier than the previous one (R-53); a never-expiring award stays so. A renewal that is refused, or that changes
    nothing, gives the previous expiry with ``granted`` false. Raises like `first_period`.
    """
    previous = None if previous_expiry is None else civil(previous_expiry)
    return _next(policy, previous, civil(completed), facts, anchor_on)


@lru_cache(maxsize=_CACHED)
def _next(
    policy: RenewalPolicy, previous: date | None, completed: date, facts: Facts, anchor_on: date | None
) -> Period:
    terms = resolve(policy, facts, completed=completed)
    when = timing(terms, previous, completed, facts)
    refused = refusal(terms, when, facts)
    if refused is not None:
        kept = anchor_on or previous or completed
        return Period(completed, previous, kept, "previous_expiry", granted=False, reasons=(refused,))
    period = dated(terms, completed, when, facts) or _renewed(terms, when, facts, anchor_on)
    period = _not_shortened(terms, _capped(terms, period, facts), when)
    return evolve(period, start=_start(terms, period, when))


def refusal(terms: RenewalPolicy, when: Timing, facts: Facts) -> Reason | None:
    """Why a renewal on that day gives no new period; None when it does."""
    for each in terms.routes:
        refused = each.not_after_route is not None and each.not_after_route == facts.previous_route
        if refused and each.route == facts.route:
            return Reason("route_refused", {"route": each.route, "previous": each.not_after_route})
    if when.early and terms.window is not None and terms.window.early in {"refuse", "no_change"}:
        code = "too_early_refused" if terms.window.early == "refuse" else "too_early_no_change"
        return Reason(code, {"opens": when.opens})
    if terms.anchor.kind == "earliest_item_completion":
        return next(iter(undone(full_items(terms), facts, when.on)), None)
    return None


def _renewed(terms: RenewalPolicy, when: Timing, facts: Facts, anchor_on: date | None) -> Period:
    """A renewal that counts from the completion or from the previous expiry."""
    previous, completed = when.current.base, when.on
    if previous is None or not _keeps_expiry(terms, when):
        return counted(terms, completed, facts, counted_from="completion")
    limit = terms.anchor.max_postdate
    if limit is not None and add_length(completed, limit) < previous:
        start = add_length(completed, limit)
        capped = counted(terms, start, facts, counted_from="completion")
        return evolve(capped, start=start, reasons=(*capped.reasons, Reason("postdate_capped", {"on": start})))
    return _repeated(terms, previous, facts, anchor_on)


def _keeps_expiry(terms: RenewalPolicy, when: Timing) -> bool:
    if not terms.anchor.keeps_expiry:
        return False
    if when.late:
        return when.in_grace and terms.grace is not None and terms.grace.anchor == "previous_expiry"
    if when.early and terms.window is not None:
        return terms.anchor.kind == "previous_expiry" and terms.window.early != "completion"
    return True


def _repeated(terms: RenewalPolicy, previous: date, facts: Facts, anchor_on: date | None) -> Period:
    """The period after the one that prints ``previous``, counted from the anchor where that leads there (R-13)."""
    anchor, times, from_end = _repeats(terms, previous, facts, anchor_on)
    end = base_and_validity(terms, anchor, facts, times=times + 1, from_end=from_end)
    expires = expiry_after(terms, end)
    return Period(
        start=previous,
        expires=expires,
        anchor_on=anchor if times else previous,
        counted_from="previous_expiry",
        due=due_after(terms, end, expires),
        reasons=(NEVER if expires is None else Reason("from_previous_expiry", {"on": previous}),),
    )


def _repeats(terms: RenewalPolicy, previous: date, facts: Facts, anchor_on: date | None) -> tuple[date, int, bool]:
    """The day to count from, how many validities after it ``previous`` lies, and whether that day is itself an end."""
    validity = terms.validity
    if validity is None or validity.count == 0:
        return previous, 0, True
    if anchor_on is not None and anchor_on != previous:
        about = about_times(validity, anchor_on, previous)
        for times in range(max(about - 2, 1), about + 3):
            for from_end in (False, True):
                end = base_and_validity(terms, anchor_on, facts, times=times, from_end=from_end)
                if expiry_after(terms, end) == previous:
                    return anchor_on, times, from_end
    return _before_additions(terms, previous, facts), 0, True


def _before_additions(terms: RenewalPolicy, previous: date, facts: Facts) -> date:
    """Base + validity of the previous period: its expiry or due date less what was added for that date alone."""
    if terms.expiry is None:
        return previous
    if facts.previous_due is not None and terms.due is not None and terms.due.after_validity is not None:
        return add_length(facts.previous_due, terms.due.after_validity.times(-1))
    return add_length(previous, terms.expiry.after_validity.times(-1))


def _capped(terms: RenewalPolicy, period: Period, facts: Facts) -> Period:
    if terms.cap is None:
        return period
    birthday = add_length(facts.learner_date("birth_date"), Length(terms.cap.age, "years"))
    if period.expires is not None and period.expires <= birthday:
        return period
    reasons = (*period.reasons, Reason("age_capped", {"birthday": birthday}))
    return evolve(period, expires=birthday, reasons=reasons)


def _not_shortened(terms: RenewalPolicy, period: Period, when: Timing) -> Period:
    """R-53: what was granted before stays, unless the policy shortens."""
    previous = when.current.expires
    if terms.shorten or period.expires is None or (previous is not None and period.expires >= previous):
        return period
    reason = NEVER if previous is None else Reason("not_shortened", {"expires": previous})
    return evolve(period, expires=previous, reasons=(*period.reasons, reason))


def _start(terms: RenewalPolicy, period: Period, when: Timing) -> date:
    """Where the new period starts: where its end counts from, unless the policy says otherwise."""
    previous, completed = when.current.base, when.on
    rule = terms.anchor.start
    if when.in_grace and terms.grace is not None and terms.grace.start is not None:
        rule = terms.grace.start
    follows = period.counted_from == "previous_expiry" or (period.counted_from in BY_DATE and not when.late)
    in_grace_rule = when.in_grace and terms.grace is not None and terms.grace.start is not None
    if previous is not None and rule == "day_after_previous_expiry" and (follows or in_grace_rule):
        return next_day(previous)
    if period.counted_from == "completion" and period.start != completed:
        return period.start
    if rule == "day_after_completion":
        return next_day(completed)
    if rule == "completion":
        return completed
    return previous if follows and previous is not None else completed
