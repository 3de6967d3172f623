"""Documents of regimes and the facts in their cases, well made and badly made (R-54)."""

from datetime import date, datetime
from typing import Any

import pytest

from certcore.domain.policy import Facts, RenewalPolicy, check_regimes, first_period, next_period, standing
from certcore.errors import InvalidDefinition, InvalidValue

YEARLY = {"validity": {"years": 1}}
GIVEN = {"completed": "2024-01-10"}


def judged(case: dict[str, Any], policy: dict[str, Any] = YEARLY) -> dict[str, Any]:
    """The report on one case."""
    return check_regimes([{"policy": policy, "cases": [{"case_id": "x#1"} | case]}])


def test_a_report_counts_and_lists() -> None:
    """R-54: passed, skipped for a conflict, failed with both answers."""
    cases = [
        {"case_id": "a", "given": GIVEN, "expect": {"expires": "2025-01-10"}},
        {"case_id": "b", "given": GIVEN, "expect": {"expires": "2025-01-11"}},
        {"case_id": "c", "given": GIVEN, "expect": {"expires": "2025-01-11"}, "conflict": "its source says both"},
    ]
    assert check_regimes({"regimes": [{"policy": YEARLY, "cases": cases}]}) == {
        "regimes": 1,
        "cases": 3,
        "passed": 1,
        "skipped": 1,
        "failed": [{"case_id": "b", "expected": {"expires": "2025-01-11"}, "got": {"expires": "2025-01-10"}}],
        "unsupported": [],
    }


@pytest.mark.parametrize(
    ("case", "policy", "key"),
    [
        ({"given": GIVEN | {"colour": "red"}, "expect": {}}, YEARLY, "given.colour"),
        ({"given": GIVEN, "expect": {"colour": "red"}}, YEARLY, "expect.colour"),
        ({"given": GIVEN, "expect": {}}, {"colour": "red"}, "colour"),
        ({"given": GIVEN | {"policy_override": {"colour": 1}}, "expect": {}}, YEARLY, "colour"),
    ],
    ids=["given", "expect", "policy", "override"],
)
def test_an_unknown_key_is_unsupported_and_never_ignored(case: Any, policy: dict[str, Any], key: str) -> None:
    """R-54: what the engine does not know stands in the report, by its key."""
    report = judged(case, policy)
    assert [(each["case_id"], each["key"]) for each in report["unsupported"]] == [("x#1", key)]
    assert report["passed"] == 0


def test_no_name_of_a_regime_and_no_free_text_decides_anything() -> None:
    """R-54: only policy, given and expect are read."""
    case = {"given": GIVEN, "expect": {"expires": "2025-01-10"}, "quote": {"anything": 1}, "note": 5}
    assert check_regimes([{"id": 1, "name": [], "rule": None, "policy": YEARLY, "cases": [case]}])["passed"] == 1


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("regimes", "regimes"),
        ({"regime": []}, "regimes"),
        ([1], "regimes.0"),
        ([{"policy": []}], "regimes.0.policy"),
        ([{"cases": {}}], "regimes.0.cases"),
        ([{"cases": [1]}], "regimes.0.cases.0"),
        ([{"cases": [{"given": 1}]}], "regimes.0.cases.0.given"),
        ([{"cases": [{"expect": 1}]}], "regimes.0.cases.0.expect"),
        ([{"cases": [{"given": {"policy_override": 1}}]}], "regimes.0.cases.0.given.policy_override"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_document_of_regimes_is_refused_by_its_place(document: Any, path: str) -> None:
    """R-54: a document of another shape."""
    with pytest.raises(InvalidDefinition) as caught:
        check_regimes(document)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"learner": []}, "learner"),
        ({"learner": {"a": [1]}}, "learner.a"),
        ({"result": [1]}, "result"),
        ({"route": 1}, "route"),
        ({"assignment_due": "soon"}, "assignment_due"),
        ({"item_completions": {"a": ["2024-01-01", "x"]}}, "item_completions.a.1"),
        ({"item_completions": {"a": 1}}, "item_completions.a"),
        ({"events": {1: []}}, "events"),
        ({"confirmations": "2024-01-01"}, "confirmations"),
        ({"extension": {"days": -1}}, "extension"),
        ({"period": ["2024-01-01"]}, "period"),
        ({"period": ["2024-01-02", "2024-01-01"]}, "period"),
        ({"credits": 5}, "credits"),
        ({"credits": [["2024-01-01"]]}, "credits.0"),
        ({"credits": [["2024-01-01", -1]]}, "credits.0"),
        ({"credits": [["2024-01-01", 1, 5]]}, "credits.0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_facts_of_another_shape_are_refused_by_their_key(facts: dict[str, Any], field: str) -> None:
    """R-54: the key of the fact and what it takes."""
    with pytest.raises(InvalidValue) as caught:
        Facts.from_data(facts)
    assert caught.value.field == field


def test_facts_that_compare_equal_in_python_stay_apart() -> None:
    """R-54: true is not 1, also where answers are remembered."""
    varied = RenewalPolicy.from_data(YEARLY | {"variants": [{"when": {"a": True}, "set": {"validity": {"years": 2}}}]})
    day = date(2024, 1, 10)
    assert Facts(learner={"a": True}) != Facts(learner={"a": 1})
    assert first_period(varied, day, Facts(learner={"a": True})).expires == date(2026, 1, 10)
    assert first_period(varied, day, Facts(learner={"a": 1})).expires == date(2025, 1, 10)


def test_attributes_of_the_wrong_kind_are_refused_where_they_are_asked() -> None:
    """R-54: a number to compare with, and a date that is one."""
    more = RenewalPolicy.from_data(YEARLY | {"variants": [{"when": {"hours_ge": 5}, "set": {}}]})
    with pytest.raises(InvalidValue, match=r"learner\.hours"):
        first_period(more, date(2024, 1, 10), Facts(learner={"hours": "many"}))
    capped = RenewalPolicy.from_data(YEARLY | {"cap": {"age": 40}})
    with pytest.raises(InvalidValue, match=r"learner\.birth_date"):
        first_period(capped, date(2024, 1, 10), Facts(learner={"birth_date": "1985-13-01"}))
    assert first_period(capped, date(2024, 1, 10), Facts(learner={"birth_date": date(1984, 5, 1)})).expires == date(
        2024, 5, 1
    )


def test_an_instant_is_no_civil_date() -> None:
    """R-10: which day it is depends on a zone, so it is not guessed."""
    policy, noon, day = RenewalPolicy.from_data(YEARLY), datetime(2024, 1, 10, 12), date(2024, 1, 10)  # noqa: DTZ001
    with pytest.raises(InvalidValue):
        first_period(policy, noon)
    with pytest.raises(InvalidValue):
        next_period(policy, noon, day)
    with pytest.raises(InvalidValue):
        standing(policy, day, noon)
