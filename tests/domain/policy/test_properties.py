"""What always holds, whatever the policy and the facts are (R-53, R-54)."""

from datetime import date
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from certcore.domain.policy import (
    Facts,
    Period,
    RenewalPolicy,
    check_regimes,
    first_period,
    grace_ends,
    last_valid_day,
    next_period,
    standing,
)
from certcore.domain.policy.answers import ANSWERS
from certcore.domain.time import Length, add_length
from certcore.errors import CertcoreError, InvalidPolicy
from tests.domain.policy.strategies import DAYS, FACTS, POLICIES, QUESTIONS


def usable(data: dict[str, Any]) -> RenewalPolicy:
    """The policy; data that contradict themselves are left out."""
    try:
        return RenewalPolicy.from_data(data)
    except InvalidPolicy:
        assume(False)
        raise


def without(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The policy less some top-level keys."""
    return {key: value for key, value in data.items() if key not in keys}


def renewed(policy: RenewalPolicy, previous: date | None, completed: date, facts: Facts) -> Period:
    """The next period; facts that the policy lacks and days beyond the calendar are left out."""
    try:
        return next_period(policy, previous, completed, facts)
    except CertcoreError:
        assume(False)
        raise


@given(POLICIES)
def test_a_policy_comes_back_as_it_was_written(data: dict[str, Any]) -> None:
    """R-54: reading and writing lose nothing."""
    policy = usable(data)
    assert policy.to_data() == data
    assert RenewalPolicy.from_data(policy.to_data()) == policy


@settings(max_examples=400)
@given(POLICIES, QUESTIONS, st.sampled_from(sorted(ANSWERS)))
def test_every_question_has_an_answer_or_an_error_of_ours(data: dict[str, Any], asked: Any, key: str) -> None:
    """R-54: evaluation is total: an answer, or a CertcoreError that the report shows."""
    usable(data)
    report = check_regimes([{"policy": data, "cases": [{"given": asked, "expect": {key: None}}]}])
    assert report["passed"] + len(report["failed"]) == 1


@given(POLICIES, DAYS, DAYS, FACTS)
def test_no_renewal_ends_earlier_than_the_award_it_renews(
    data: dict[str, Any], previous: date, completed: date, facts: dict[str, Any]
) -> None:
    """R-53: never a shortened award, unless the policy shortens; one that had ended before counts as it ended."""
    policy = usable(without(data, "events", "confirmation", "variants", "routes"))
    expires = renewed(policy, previous, completed, Facts.from_data(without(facts, "route"))).expires
    assert policy.shorten or expires is None or expires >= previous


@given(POLICIES, DAYS, FACTS)
def test_a_never_expiring_award_stays_so(data: dict[str, Any], completed: date, facts: dict[str, Any]) -> None:
    """R-52, R-53: a renewal gives no end to what has none."""
    policy = usable(without(data, "events", "confirmation", "variants", "routes"))
    assert policy.shorten or renewed(policy, None, completed, Facts.from_data(without(facts, "route"))).expires is None


@given(POLICIES, DAYS, FACTS)
def test_a_first_period_holds_its_completion(data: dict[str, Any], completed: date, facts: dict[str, Any]) -> None:
    """R-13: an award without a cap, a zero length or older items does not end before it begins."""
    policy = usable(without(data, "cap", "variants", "routes"))
    assume(policy.anchor.kind != "earliest_item_completion")
    assume(policy.lasts is None or policy.lasts.count > 0)
    try:
        period = first_period(policy, completed, Facts.from_data(facts))
    except CertcoreError:
        return
    if period.expires is not None:
        assert period.expires >= completed


@given(POLICIES, DAYS, DAYS, FACTS)
def test_a_standing_agrees_with_the_days_around_its_expiry(
    data: dict[str, Any], expires: date, on: date, facts: dict[str, Any]
) -> None:
    """R-14, R-16: valid to the last valid day, then in the grace if it is valid, then expired."""
    policy = usable(without(data, "variants", "routes"))
    try:
        now = standing(policy, expires, on, Facts.from_data(facts | {"extension": None, "route": None}))
    except CertcoreError:
        return
    assert now.expires is not None
    assert now.last_valid_day == last_valid_day(policy, now.expires)
    if on <= now.last_valid_day:
        assert now.status in {"valid", "expiring"}
    elif now.grace_ends is not None and on <= now.grace_ends:
        assert now.status == ("grace" if policy.grace_is_valid else "expired")
        assert now.grace_ends == grace_ends(policy, now.expires)
    else:
        assert now.status == "expired"
    assert now.renewable is not any(reason.code in OBSTACLES for reason in now.reasons)
    assert all(reason.text for reason in now.reasons)


OBSTACLES = {
    "not_renewable", "never_expires", "too_early_refused", "too_early_no_change", "route_refused",
    "item_missing", "item_too_old", "item_too_few", "credits_total", "credits_category", "credits_year",
    "credits_year_category", "credits_rolling", "credits_any_of",
}  # fmt: skip


@given(DAYS, st.integers(1, 40), st.sampled_from(["months", "years", "weeks", "days"]), st.integers(2, 30))
def test_repeats_count_from_the_anchor(completed: date, count: int, unit: str, repeats: int) -> None:
    """R-13: 31 January, 28 February, 31 March: no drift, however often an award is renewed in time."""
    policy = RenewalPolicy.from_data({"validity": {unit: count}, "anchor": {"kind": "previous_expiry"}})
    period = first_period(policy, completed)
    for _ in range(repeats - 1):
        assert period.expires is not None
        period = next_period(policy, period.expires, period.start, anchor_on=period.anchor_on)
    length = Length.from_data({unit: count * repeats})
    assert period.expires == add_length(completed, length)
    assert period.anchor_on == completed
