"""Reading policies strictly and writing them back (R-54): every refusal names the dotted key and what to do."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from certcore.domain.policy import RenewalPolicy
from certcore.errors import InvalidPolicy

YEAR = {"years": 1}
BAD: list[tuple[str, dict[Any, Any], str, str]] = [
    ("an unknown key", {"valdity": YEAR}, "valdity", "did you mean validity"),
    ("an unknown nested key", {"validity": YEAR, "grace": {"length": YEAR, "pth": "x"}}, "grace.pth", "path"),
    ("a key that is no text", {1: YEAR}, "1", "unknown key"),
    ("a missing key", {"validity": YEAR, "grace": {"valid": True}}, "grace.length", "missing"),
    ("a negative length", {"validity": {"years": -1}}, "validity", "zero or more"),
    ("a fractional length", {"validity": {"months": 1.5}}, "validity", "whole number"),
    ("two units in one length", {"validity": {"months": 1, "days": 2}}, "validity", "one whole number"),
    ("an unknown unit", {"validity": {"fortnights": 1}}, "validity", "years, months, weeks or days"),
    ("a boolean as a count", {"validity": {"years": True}}, "validity", "whole number"),
    ("another word for none", {"validity": "never"}, "validity", '"none"'),
    ("a number as a validity", {"validity": 365}, "validity", "whole number"),
    ("null", {"validity": None}, "validity", "whole number"),
    ("an unknown word", {"round": "end_of_week"}, "round", "end_of_month"),
    ("a day that no year has", {"round": {"month_day": "02-30"}}, "round.month_day", "MM-DD"),
    ("a day without its zero", {"round": {"month_day": "3-31"}}, "round.month_day", "MM-DD"),
    ("a thirteenth month", {"anchor": {"kind": "cycle", "ends": "13-01"}}, "anchor.ends", "MM-DD"),
    ("a parity alone", {"round": {"parity": "birth_date"}}, "round.parity", "unknown key"),
    (
        "a date that is none",
        {"validity": YEAR, "anchor": {"kind": "fixed", "base": "2023-02-29"}},
        "anchor.base",
        "real",
    ),
    ("a fixed anchor without a base", {"validity": YEAR, "anchor": {"kind": "fixed"}}, "anchor.base", "MM-DD"),
    ("a fixed anchor without validity", {"anchor": {"kind": "fixed", "base": "12-31"}}, "validity", "missing"),
    (
        "a minimum above the validity",
        {"validity": YEAR, "anchor": {"kind": "fixed", "base": "12-31", "minimum": {"months": 13}}},
        "anchor.minimum",
        "shorten it",
    ),
    ("a base without a fixed anchor", {"validity": YEAR, "anchor": {"base": "12-31"}}, "anchor.base", "fixed"),
    ("a minimum without a fixed anchor", {"validity": YEAR, "anchor": {"minimum": YEAR}}, "anchor.minimum", "fixed"),
    ("a cycle without an end", {"anchor": {"kind": "cycle"}}, "anchor.ends", "MM-DD"),
    ("an end without a cycle", {"anchor": {"ends": "12-31"}}, "anchor.ends", "cycle"),
    ("a learner's date without its month", {"anchor": {"kind": "learner_date"}}, "round", "learner_month_end"),
    (
        "a postdate without previous expiry",
        {"validity": YEAR, "anchor": {"max_postdate": YEAR}},
        "anchor.max_postdate",
        "previous-expiry",
    ),
    (
        "an initial base that has no effect",
        {"validity": YEAR, "anchor": {"kind": "fixed", "base": "12-31", "initial": "due_date_else_completion"}},
        "anchor.initial",
        "no effect",
    ),
    ("a window without expiry", {"window": {"opens": YEAR}}, "window", "never expires"),
    ("a warning without expiry", {"validity": {"days": 0}, "warning": YEAR}, "warning", "never expires"),
    ("a grace without expiry", {"grace": {"length": YEAR}}, "grace", "never expires"),
    (
        "calendar months in days",
        {"validity": YEAR, "window": {"opens": {"days": 90}, "align": "month"}},
        "window.opens",
        "whole calendar months",
    ),
    (
        "a window of no months",
        {"validity": YEAR, "window": {"opens": {"months": 0}, "align": "month"}},
        "window.opens",
        "at least one month",
    ),
    (
        "a grace in calendar days",
        {"validity": YEAR, "grace": {"length": {"days": 9}, "align": "month"}},
        "grace.length",
        "whole calendar months",
    ),
    ("a truth value as text", {"validity": YEAR, "shorten": "yes"}, "shorten", "true or false"),
    ("a table as a list", {"validity": YEAR, "grace": []}, "grace", "table with keys"),
    ("an empty list", {"items": {"full": []}}, "items.full", "at least one entry"),
    ("a text as a list", {"also_extended_by": "CCNP"}, "also_extended_by", "a list"),
    ("an empty name", {"items": {"full": ["a", " "]}}, "items.full.1", "not empty"),
    ("an item counted zero times", {"items": {"full": [{"item": "a", "count": 0}]}}, "items.full.0.count", "from 1"),
    (
        "steps without their end",
        {"lapse": {"path": "full", "steps": [{"after": YEAR, "path": "x"}]}},
        "lapse.after",
        "missing",
    ),
    (
        "a step that is never reached",
        {"lapse": {"path": "full", "after": YEAR, "steps": [{"after": {"months": 13}, "path": "x"}]}},
        "lapse.steps.0.after",
        "never reached",
    ),
    ("a lapse without a path", {"lapse": {"after": YEAR}}, "lapse.path", "missing"),
    ("a negative amount", {"credits": {"total": -1}}, "credits.total", "from 0 up"),
    ("an amount as text", {"credits": {"total": "60"}}, "credits.total", "from 0 up"),
    ("an amount that is no number", {"credits": {"total": float("nan")}}, "credits.total", "from 0 up"),
    ("a limit that limits nothing", {"credits": {"categories": [{"in": ["a"]}]}}, "credits.categories.0", "min or max"),
    (
        "a minimum above its maximum",
        {"credits": {"categories": [{"in": ["a"], "min": 2, "max": 1.5}]}},
        "credits.categories.0.min",
        "lower it",
    ),
    ("a year that needs nothing", {"credits": {"per_year": {"year": "calendar"}}}, "credits.per_year.min", "missing"),
    (
        "carrying and not carrying",
        {"credits": {"total": 9, "no_carry": True, "carry_over": {"max": 1}}},
        "credits.no_carry",
        "contradicts",
    ),
    ("an excess over nothing", {"credits": {"carry_over": {"max": 1}}}, "credits.carry_over", "total"),
    ("both ways to be due", {"due": {"after_validity": YEAR, "next_cycle_end": True}}, "due", "not both"),
    ("neither way to be due", {"due": {}}, "due", "either"),
    ("a next cycle without one", {"validity": YEAR, "due": {"next_cycle_end": True}}, "due.next_cycle_end", "cycle"),
    ("a false next cycle", {"due": {"next_cycle_end": False}}, "due.next_cycle_end", "true"),
    ("an addition to nothing", {"expiry": {"after_validity": YEAR}}, "expiry.after_validity", "adds to a validity"),
    ("a recency in no time", {"recency": {"count": 1, "of": "a", "within": {"days": 0}}}, "recency.within", "longer"),
    ("a confirmation all the time", {"confirmation": {"every": {"days": 0}}}, "confirmation.every", "longer"),
    ("an age of zero", {"cap": {"age": 0}}, "cap.age", "from 1"),
    ("an extension by anybody", {"extension": {"max": YEAR, "by": "anybody"}}, "extension.by", "authority"),
    ("a condition on nothing", {"variants": [{"when": {}, "set": {}}]}, "variants.0.when", "conditions"),
    (
        "an age that is no number",
        {"variants": [{"when": {"age_at_completion_lt": "40"}, "set": {}}]},
        "variants.0.when.age_at_completion_lt",
        "whole number",
    ),
    (
        "a comparison with a text",
        {"variants": [{"when": {"hours_lt": "many"}, "set": {}}]},
        "variants.0.when.hours_lt",
        "number",
    ),
    (
        "a day that is none",
        {"variants": [{"when": {"completed_from": "soon"}, "set": {}}]},
        "variants.0.when.completed_from",
        "YYYY-MM-DD",
    ),
    (
        "a list as an attribute",
        {"variants": [{"when": {"class": ["1", "2"]}, "set": {}}]},
        "variants.0.when.class",
        "a text, a number",
    ),
    (
        "an unknown key in a variant",
        {"variants": [{"when": {"a": "b"}, "set": {"variants": []}}]},
        "variants.0.set.variants",
        "unknown key",
    ),
    (
        "a clash that a variant brings",
        {"validity": YEAR, "variants": [{"when": {"a": "b"}, "set": {"anchor": {"kind": "learner_date"}}}]},
        "variants.0.set.round",
        "learner_month_end",
    ),
    (
        "a route twice",
        {"validity": YEAR, "routes": [{"route": "a", "set": {}}, {"route": "a", "set": {}}]},
        "routes.1.route",
        "once",
    ),
]


@pytest.mark.parametrize(("data", "path", "remedy"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_a_policy_that_cannot_be_used_is_refused_by_its_key(data: dict[str, Any], path: str, remedy: str) -> None:
    """R-54: unknown keys, wrong types and contradictions name the dotted key and the remedy."""
    with pytest.raises(InvalidPolicy) as caught:
        RenewalPolicy.from_data(data)
    assert caught.value.path == path
    assert remedy in caught.value.problem


@pytest.mark.parametrize("data", [None, [], "none", 3], ids=repr)
def test_what_is_no_table_is_no_policy(data: Any) -> None:
    """R-54: a policy is a table of keys."""
    with pytest.raises(InvalidPolicy):
        RenewalPolicy.from_data(data)


def test_left_out_parts_stay_out_and_written_defaults_stay_in() -> None:
    """R-54: to_data gives back what from_data read, and nothing else."""
    for data in ({}, {"round": "exact"}, {"validity": "none", "shorten": False}, {"validity": {"days": 0}}):
        assert RenewalPolicy.from_data(data).to_data() == data


def test_a_default_written_out_makes_no_other_policy() -> None:
    """R-54: two ways to write the same policy are equal."""
    assert RenewalPolicy.from_data({"boundary": "exclusive"}) == RenewalPolicy()
    assert hash(RenewalPolicy.from_data({"boundary": "exclusive"})) == hash(RenewalPolicy())


def test_every_regime_comes_back_as_it_was_written(cases: Path) -> None:
    """R-54: reading and writing lose nothing, JSON text included."""
    for regime in json.loads((cases / "regimes.json").read_text()):
        policy = RenewalPolicy.from_data(regime["policy"])
        assert policy.to_data() == regime["policy"]
        assert RenewalPolicy.from_data(json.loads(json.dumps(policy.to_data()))) == policy


def test_amounts_stay_exact() -> None:
    """R-54: 6.5 is six and a half, and goes back as it came."""
    data = {"credits": {"total": 6.5, "categories": [{"in": ["a"], "max": 0.1}]}}
    policy = RenewalPolicy.from_data(data)
    assert policy.credits is not None
    assert str(policy.credits.total) == "6.5"
    assert str(policy.credits.categories[0].max) == "0.1"
    assert policy.to_data() == data


def test_dates_as_toml_has_them_are_read_too() -> None:
    """R-54: TOML has dates of its own."""
    data = {"validity": YEAR, "anchor": {"kind": "fixed", "base": date(2014, 9, 9)}}
    assert RenewalPolicy.from_data(data).to_data()["anchor"]["base"] == "2014-09-09"


def test_what_only_one_variant_makes_useful_is_no_contradiction() -> None:
    """R-54: a variant may be the one that expires, or the one that does not."""
    never = {"validity": YEAR, "window": {"opens": {"months": 1}}, "expiry": {"after_validity": {"days": 5}}}
    RenewalPolicy.from_data(never | {"variants": [{"when": {"result": "6"}, "set": {"validity": "none"}}]})
    RenewalPolicy.from_data({"warning": YEAR, "variants": [{"when": {"result": "6"}, "set": {"validity": YEAR}}]})
