"""What a policy asks to know, and what is still lacking for an award or a renewal (R-52, R-54)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from certcore.domain.policy import (
    NO_FACTS,
    Asked,
    Credit,
    Facts,
    RenewalPolicy,
    asked,
    first_period,
    full_requirement,
    lacking,
    next_period,
    standing,
)
from certcore.errors import CertcoreError, InvalidPolicy
from tests.domain.policy.strategies import DAYS, FACTS, POLICIES

ONE_YEAR = {"validity": {"years": 1}}


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({}, Asked()),
        (
            {"items": {"full": ["A"], "after_expiry": [{"item": "B", "max_age": {"days": 9}}]}},
            Asked(frozenset("AB"), frozenset("B")),
        ),
        (
            {"items": {"renewal_when": [{"when": {"ward": "icu"}, "add": ["C"]}]}},
            Asked(frozenset("C"), learner=True),
        ),
        ({"anchor": {"kind": "earliest_item_completion"}}, Asked(any_item=True)),
        ({"credits": {"any_of": [{"total": 2, "items": ["D"]}]}}, Asked(frozenset("D"), credits=True)),
        ({"cap": {"age": 70}}, Asked(learner=True)),
        ({"variants": [{"when": {"result": "A"}, "set": {"items": {"full": ["E"]}}}]}, Asked(frozenset("E"))),
        ({"variants": [{"when": {"age_at_completion_ge": 40}, "set": {"shorten": True}}]}, Asked(learner=True)),
        ({"routes": [{"route": "exam", "set": {"credits": {"total": 1}}}]}, Asked(credits=True)),
        ({"round": {"learner_month_end": "birth_date"}}, Asked(learner=True)),
        (
            {"credits": {"total": 1, "period": {"years": 1, "starts": {"learner_month_start": "birth_date"}}}},
            Asked(credits=True, learner=True),
        ),
    ],
)
def test_what_a_policy_asks_to_know(data: dict[str, Any], wanted: Asked) -> None:
    """R-54: variants and routes included."""
    found = asked(RenewalPolicy.from_data({**ONE_YEAR, **data}))
    assert found == wanted
    assert found.completions == bool(wanted.items or wanted.any_item or wanted.credits)


def answer(question: Callable[[], object]) -> object:
    """The answer, or the error."""
    try:
        return question()
    except CertcoreError as error:
        return type(error), error.code, str(error)


@settings(max_examples=200, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(POLICIES, FACTS, DAYS, DAYS, st.none() | DAYS)
def test_what_is_not_asked_for_changes_no_answer(
    data: dict[str, Any], given: dict[str, Any], started: date, done: date, expires: date | None
) -> None:
    """R-54: who looks up only what is asked, loses nothing."""
    try:
        policy = RenewalPolicy.from_data(data)
    except InvalidPolicy:
        assume(False)
        raise
    facts = Facts.from_data(given)
    wanted, less = asked(policy), facts
    if not wanted.completions:
        less = evolve(less, item_completions={"X": [done]}, credits=(Credit(done, Decimal(3)),))
    if not wanted.learner:
        less = evolve(less, learner={})
    assert answers(policy, started, done, expires, facts) == answers(policy, started, done, expires, less)


def answers(policy: RenewalPolicy, started: date, done: date, expires: date | None, facts: Facts) -> list[object]:
    """What the policy says to everything."""
    return [
        answer(lambda: first_period(policy, done, facts)),
        answer(lambda: next_period(policy, expires, done, facts)),
        answer(lambda: standing(policy, expires, done, facts)),
        answer(lambda: lacking(policy, expires, started, done, facts)),
        answer(lambda: full_requirement(policy, done, facts)),
    ]


LAPSING = {**ONE_YEAR, "lapse": {"path": "full"}, "items": {"renewal": ["A"], "after_expiry": ["B"], "full": ["C"]}}


@pytest.mark.parametrize(
    ("started", "done", "known", "codes"),
    [
        (date(2026, 1, 1), date(2026, 6, 1), {"A": date(2026, 6, 1)}, []),
        (date(2026, 1, 1), date(2026, 6, 1), {"A": date(2026, 6, 2)}, ["item_missing"]),
        (date(2026, 1, 1), date(2030, 6, 1), {"A": date(2026, 6, 2)}, []),
        (date(2030, 1, 1), date(2030, 6, 1), {"A": date(2026, 6, 2)}, ["not_renewable"]),
        (date(2026, 1, 1), date(2026, 6, 1), None, []),
    ],
)
def test_the_start_decides_what_is_asked_and_the_end_whether_it_is_done(
    started: date, done: date, known: dict[str, date] | None, codes: list[str]
) -> None:
    """R-52: who started in time is asked for what was asked for then."""
    policy = RenewalPolicy.from_data(LAPSING)
    found = lacking(policy, date(2026, 12, 31), started, done, Facts(item_completions=known))
    assert [each.code for each in found] == codes


def test_a_first_award_asks_for_the_full_requirement() -> None:
    """R-54: where items are in question."""
    policy = RenewalPolicy.from_data(LAPSING)
    assert full_requirement(policy, date(2026, 1, 1), NO_FACTS) == ()
    (missing,) = full_requirement(policy, date(2026, 1, 1), Facts(item_completions={"C": date(2026, 1, 2)}))
    assert missing.text == "C has to be done first."
    assert full_requirement(policy, date(2026, 1, 2), Facts(item_completions={"C": date(2026, 1, 2)})) == ()
