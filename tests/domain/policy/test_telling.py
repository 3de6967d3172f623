"""Policies in English, their schema, timelines, and reasons as data (R-50, R-54, R-55)."""

import pickle
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given

from certcore.domain.policy import (
    Completion,
    Facts,
    RenewalPolicy,
    describe,
    first_period,
    next_period,
    policy_schema,
    simulate,
    standing,
)
from certcore.domain.reasons import SENTENCES, Reason
from certcore.errors import InvalidPolicy, InvalidValue
from tests.domain.policy.strategies import POLICIES
from tests.domain.policy.test_mutations import keys, regimes, without
from tests.domain.policy.test_properties import usable

SCHEMA = policy_schema()
YEARLY = RenewalPolicy.from_data(
    {
        "validity": {"years": 1},
        "anchor": {"kind": "previous_expiry_in_window"},
        "window": {"opens": {"months": 1}, "early": "refuse"},
        "warning": {"days": 10},
        "grace": {"length": {"days": 30}, "valid": True},
        "lapse": {"path": "full"},
    }
)


@pytest.mark.parametrize("regime", regimes(), ids=lambda regime: regime["id"])
def test_every_key_is_told(regime: dict[str, Any]) -> None:
    """R-54: a policy that differs in any key reads differently."""
    policy = RenewalPolicy.from_data(regime["policy"])
    for path in keys(regime["policy"]):
        try:
            other = RenewalPolicy.from_data(without(regime["policy"], path)[0])
        except InvalidPolicy:
            continue
        assert other == policy or describe(other) != describe(policy), path


@given(POLICIES)
def test_every_policy_can_be_told(data: dict[str, Any]) -> None:
    """R-54: sentences for whatever a policy says."""
    for sentence in describe(usable(data)):
        assert re.fullmatch(r"[A-Z].*\.", sentence)


def test_a_policy_reads_as_sentences() -> None:
    """R-54: plain English, in the order of the keys."""
    policy = {"validity": {"years": 2}, "variants": [{"when": {"grade_ge": 2.5}, "set": {"validity": "none"}}]}
    assert describe(RenewalPolicy.from_data(policy)) == (
        "Awards last 2 years.",
        "On the printed expiry the award is no longer valid.",
        "Periods count from the completion.",
        "Where grade is at least 2.5: Awards never expire.",
    )


def fits(data: Any, schema: dict[str, Any]) -> bool:
    """The part of JSON Schema that our schema uses."""
    if "$ref" in schema:
        return fits(data, SCHEMA["$defs"]["set"])
    if "anyOf" in schema:
        return any(fits(data, each) for each in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return data in schema.get("enum", [schema.get("const")])
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(isinstance(data, TYPES[kind]) and isinstance(data, bool) == (kind == "boolean") for kind in kinds):
        return False
    if isinstance(data, dict):
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        return (
            schema.get("minProperties", 0) <= len(data) <= schema.get("maxProperties", 99)
            and set(schema.get("required", [])) <= set(data)
            and all(fits(value, _for_key(key, known, patterns, schema)) for key, value in data.items())
        )
    if isinstance(data, list):
        return len(data) >= schema.get("minItems", 0) and all(fits(each, schema["items"]) for each in data)
    if isinstance(data, str):
        return len(data) >= schema.get("minLength", 0) and bool(re.search(schema.get("pattern", ""), data))
    return bool(data >= schema.get("minimum", data))


def _for_key(key: str, known: dict[str, Any], patterns: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found = known.get(key) or next((each for pattern, each in patterns.items() if re.search(pattern, key)), None)
    return found or schema["additionalProperties"] or {"enum": []}


TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
}  # fmt: skip


@given(POLICIES)
def test_what_can_be_read_fits_the_schema(data: dict[str, Any]) -> None:
    """R-54: the schema takes every policy that from_data takes."""
    usable(data)
    assert fits(data, SCHEMA)


@pytest.mark.parametrize("regime", regimes(), ids=lambda regime: regime["id"])
def test_regimes_fit_the_schema(regime: dict[str, Any]) -> None:
    """R-54: real policies fit, and no longer with one more key."""
    assert fits(regime["policy"], SCHEMA)
    assert not fits(regime["policy"] | {"valid": True}, SCHEMA)


def test_a_timeline_shows_what_becomes_of_completions() -> None:
    """R-55: awarded, refused, renewed, and what happens when nothing is done."""
    done = [date(2020, 1, 10), date(2020, 6, 1), date(2021, 1, 5), date(2022, 2, 1), date(2024, 1, 1)]
    told = [(each.on, each.what, each.expires) for each in simulate(YEARLY, map(Completion, done))]
    assert told == [
        (date(2020, 1, 10), "awarded", date(2021, 1, 10)),
        (date(2020, 6, 1), "not_renewed", date(2021, 1, 10)),
        (date(2020, 12, 31), "expiring", date(2021, 1, 10)),
        (date(2021, 1, 5), "renewed", date(2022, 1, 10)),
        (date(2021, 12, 31), "expiring", date(2022, 1, 10)),
        (date(2022, 1, 10), "grace", date(2022, 1, 10)),
        (date(2022, 2, 1), "renewed", date(2023, 2, 1)),
        (date(2023, 1, 22), "expiring", date(2023, 2, 1)),
        (date(2023, 2, 1), "grace", date(2023, 2, 1)),
        (date(2023, 3, 4), "expired", date(2023, 2, 1)),
        (date(2024, 1, 1), "awarded", date(2025, 1, 1)),
        (date(2024, 12, 22), "expiring", date(2025, 1, 1)),
        (date(2025, 1, 1), "grace", date(2025, 1, 1)),
        (date(2025, 2, 1), "expired", date(2025, 1, 1)),
    ]


def test_a_timeline_ends_where_it_is_told_to() -> None:
    """R-55: nothing after the day that is asked for, and nothing ahead of what never expires."""
    once = [Completion(date(2020, 1, 10))]
    assert [each.what for each in simulate(YEARLY, once, until=date(2020, 12, 31))] == ["awarded", "expiring"]
    assert [each.what for each in simulate(RenewalPolicy(), once)] == ["awarded"]
    assert simulate(YEARLY, []) == ()


def test_answers_come_with_reasons_as_data() -> None:
    """R-50: a code, parameters and a sentence, for every obstacle at once."""
    policy = RenewalPolicy.from_data(
        {
            "validity": {"years": 1},
            "window": {"opens": {"months": 1}, "early": "refuse"},
            "items": {"renewal": ["course", {"item": "test", "max_age": {"months": 1}, "count": 2}]},
        }
    )
    facts = Facts(item_completions={"test": date(2024, 4, 20)})
    now = standing(policy, date(2024, 6, 10), date(2024, 5, 1), facts)
    assert not now.renewable
    assert [reason.to_data() for reason in now.reasons] == [
        {
            "code": "valid",
            "params": {"last_day": "2024-06-09"},
            "text": "The award is valid up to and including 2024-06-09.",
        },
        {
            "code": "too_early_refused",
            "params": {"opens": "2024-05-10"},
            "text": "A renewal is possible from 2024-05-10 on.",
        },
        {"code": "item_missing", "params": {"item": "course"}, "text": "course has to be done first."},
        {
            "code": "item_too_few",
            "params": {"item": "test", "needed": 2, "found": 1},
            "text": "test has to be done 2 times; 1 count.",
        },
    ]


def test_periods_say_what_they_count_from() -> None:
    """R-50, R-53: the base, and what changed the end."""
    capped = RenewalPolicy.from_data({"validity": {"years": 9}, "cap": {"age": 40}})
    facts = Facts(learner={"birth_date": "1985-07-09"})
    codes = [reason.code for reason in first_period(capped, date(2024, 1, 1), facts).reasons]
    assert codes == ["from_completion", "age_capped"]
    shorter = RenewalPolicy.from_data({"validity": {"months": 1}})
    codes = [reason.code for reason in next_period(shorter, date(2025, 1, 1), date(2024, 1, 1)).reasons]
    assert codes == ["from_completion", "not_shortened"]


def test_a_reason_has_a_sentence() -> None:
    """R-50: a code without a sentence is none."""
    with pytest.raises(InvalidValue):
        Reason("because")
    reason = Reason("item_missing", {"item": "course:C-1"})
    assert pickle.loads(pickle.dumps(reason)) == reason
    assert str(reason) == reason.text == "course:C-1 has to be done first."
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def test_what_a_policy_asks_for_and_nobody_tells_is_an_error_that_names_it() -> None:
    """R-54: missing attributes are not guessed."""
    capped = RenewalPolicy.from_data({"cap": {"age": 40}})
    with pytest.raises(InvalidValue, match=r"learner\.birth_date"):
        first_period(capped, date(2024, 1, 1))
    varied = RenewalPolicy.from_data({"variants": [{"when": {"result": "6"}, "set": {"validity": {"years": 1}}}]})
    with pytest.raises(InvalidValue, match="result"):
        first_period(varied, date(2024, 1, 1))
    with pytest.raises(InvalidValue, match="route"):
        first_period(capped, date(2024, 1, 1), Facts(route="online"))
