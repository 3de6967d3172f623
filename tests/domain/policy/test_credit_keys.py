"""Keys about credits (R-54)."""

from typing import Any

import pytest

from tests.domain.policy.rows import Row, answers_as_expected

YEAR = {"years": 1}
MONTH = {"months": 1}
PREVIOUS = {"kind": "previous_expiry"}
BORN = {"learner": {"birth_date": "1985-07-09"}}
HELD = {"previous_expiry": "2024-06-10"}
TWO_YEARS = ["2022-01-01", "2023-12-31"]


CREDITS: list[Row] = [
    (
        "nothing asked is enough",
        {"validity": YEAR},
        {"period": TWO_YEARS, "credits": []},
        {"credits_met": True, "carry_over": 0},
    ),
    (
        "both ends of the period are inside",
        {"credits": {"total": 13}},
        {"period": TWO_YEARS, "credits": [["2022-01-01", 6.5], ["2023-12-31", 6.5]]},
        {"credits_met": True},
    ),
    (
        "outside it nothing counts",
        {"credits": {"total": 1}},
        {"period": TWO_YEARS, "credits": [["2021-12-31", 6.5], ["2024-01-01", 6.5]]},
        {"credits_met": False},
    ),
    (
        "tenths add up",
        {"credits": {"total": 0.3}},
        {"period": TWO_YEARS, "credits": [["2022-01-01", 0.1], ["2022-01-01", 0.2]]},
        {"credits_met": True},
    ),
    (
        "narrower limits first",
        {"credits": {"total": 25, "categories": [{"in": ["a", "b"], "max": 20}, {"in": ["a"], "max": 5}]}},
        {"period": TWO_YEARS, "credits": [["2022-01-01", 90, "a"], ["2022-02-01", 90, "b"], ["2022-03-01", 4.5]]},
        {"credits_met": False},
    ),
    (
        "a wider limit takes nothing from a minimum inside it",
        {"credits": {"total": 20, "categories": [{"in": ["a", "b"], "max": 20}, {"in": ["b"], "min": 5}]}},
        {"period": TWO_YEARS, "credits": [["2022-01-01", 20, "a"], ["2022-02-01", 5, "b"]]},
        {"credits_met": True},
    ),
    (
        "a year of the period",
        {"credits": {"per_year": {"min": 10}}},
        {"period": ["2022-07-01", "2024-06-30"], "credits": [["2023-06-30", 10], ["2023-07-01", 10]]},
        {"credits_met": True},
    ),
    (
        "a calendar year",
        {"credits": {"per_year": {"min": 10, "year": "calendar"}}},
        {"period": ["2022-07-01", "2024-06-30"], "credits": [["2022-12-31", 10], ["2024-01-01", 10]]},
        {"credits_met": False},
    ),
    (
        "only whole years need their minimum",
        {"credits": {"per_year": {"min": 10}}},
        {"period": ["2022-01-01", "2023-06-30"], "credits": [["2022-05-01", 10]]},
        {"credits_met": True},
    ),
    (
        "a yearly limit",
        {"credits": {"total": 20, "per_year": {"categories": [{"in": ["a"], "max": 10}]}}},
        {"period": TWO_YEARS, "credits": [["2022-05-01", 15, "a"], ["2023-05-01", 9.5, "a"]]},
        {"credits_met": False},
    ),
    (
        "any two years",
        {"credits": {"rolling": {"years": 2, "min": 10}}},
        {
            "period": ["2021-01-01", "2023-12-31"],
            "credits": [["2020-05-01", 50], ["2021-01-01", 12], ["2023-05-01", 9]],
        },
        {"credits_met": False},
    ),
    (
        "the years before do not count for any two years of the period",
        {"credits": {"rolling": {"years": 2, "min": 10}}},
        {"period": ["2021-01-01", "2023-12-31"], "credits": [["2022-05-01", 10]]},
        {"credits_met": True},
    ),
    (
        "the years before count across periods",
        {"credits": {"rolling": {"years": 2, "min": 10, "across_periods": True}}},
        {"period": ["2021-01-01", "2023-12-31"], "credits": [["2020-05-01", 9], ["2022-05-01", 10]]},
        {"credits_met": False},
    ),
    (
        "small blocks do not count",
        {"credits": {"total": 14, "min_block": 7}},
        {"period": TWO_YEARS, "credits": [["2022-05-01", 7], ["2022-06-01", 6.5], ["2022-07-01", 7]]},
        {"credits_met": True},
    ),
    (
        "old credits do not count",
        {"credits": {"total": 10, "max_age": YEAR}},
        {"period": TWO_YEARS, "renewal_completed": "2023-11-01", "credits": [["2022-10-31", 10], ["2022-11-01", 9]]},
        {"credits_met": False},
    ),
    (
        "the oldest day that counts",
        {"credits": {"total": 10, "max_age": YEAR}},
        {"period": TWO_YEARS, "renewal_completed": "2023-11-01", "credits": [["2022-11-01", 10]]},
        {"credits_met": True},
    ),
    (
        "credits earned after the renewal are the next period's",
        {"validity": YEAR, "anchor": PREVIOUS, "credits": {"total": 5, "count_from": "day_after_completion"}},
        HELD | {"renewal_completed": "2024-05-01", "credits": [["2024-05-02", 5]]},
        {"credits_met": False, "credit_period": ["2024-05-02", "2025-06-09"], "renewable": False},
    ),
    (
        "a grace in which credits still count",
        {"validity": YEAR, "grace": {"length": MONTH, "credits_after_expiry": True}, "credits": {"total": 5}},
        {"period": TWO_YEARS, "credits": [["2024-02-01", 5]]},
        {"credits_met": True},
    ),
    (
        "a grace in which they do not",
        {"validity": YEAR, "grace": {"length": MONTH}, "credits": {"total": 5}},
        {"period": TWO_YEARS, "credits": [["2024-02-01", 5]]},
        {"credits_met": False},
    ),
    (
        "the smallest of what can be carried over",
        {"credits": {"total": 10, "carry_over": {"max": 20, "earned_in_last": {"months": 12}, "in": ["a"]}}},
        {"period": TWO_YEARS, "credits": [["2022-12-31", 30, "a"], ["2023-01-01", 3.5, "a"], ["2023-05-01", 9, "b"]]},
        {"carry_over": 3.5, "credits_met": True},
    ),
    (
        "what is above a limit is not carried over",
        {"credits": {"total": 10, "categories": [{"in": ["a"], "max": 12}], "carry_over": {"max": 20}}},
        {"period": TWO_YEARS, "credits": [["2022-12-31", 30, "a"]]},
        {"carry_over": 2},
    ),
    (
        "an item for a way to have enough is done in the period",
        {"credits": {"any_of": [{"total": 80}, {"total": 40, "items": ["exam"]}]}},
        {"period": TWO_YEARS, "credits": [["2022-05-01", 40]], "item_completions": {"exam": "2021-12-31"}},
        {"credits_met": False},
    ),
    (
        "credits in question decide whether a renewal is possible",
        {"validity": YEAR, "credits": {"total": 5}},
        HELD | {"renewal_completed": "2024-05-01", "credits": [["2023-06-09", 5]]},
        {"renewable": False},
    ),
    (
        "a result that is not in question does not stop the credits from being judged",
        {
            "validity": YEAR,
            "credits": {"total": 5},
            "variants": [{"when": {"result": "5"}, "set": {"credits": {"total": 0}}}],
        },
        HELD | {"on": "2024-05-01", "credits": [["2023-06-10", 4]]},
        {"renewable": False},
    ),
    (
        "credits of the award's own period",
        {"validity": YEAR, "credits": {"total": 5}},
        HELD | {"renewal_completed": "2024-05-01", "credits": [["2023-06-10", 5]]},
        {"renewable": True, "credits_met": True},
    ),
    (
        "a credit period from the learner's month",
        {"validity": YEAR, "credits": {"period": {"years": 2, "starts": {"learner_month_start": "birth_date"}}}},
        {"completed": "2024-07-02"} | BORN,
        {"credit_period": ["2025-07-01", "2027-06-30"]},
    ),
    (
        "a credit period that starts on the day of completion",
        {"validity": YEAR, "credits": {"period": {"years": 3, "starts": "07-01"}}},
        {"completed": "2024-07-01"},
        {"credit_period": ["2024-07-01", "2027-06-30"]},
    ),
    (
        "credits count while the award is valid",
        {"validity": YEAR, "credits": {"total": 5}},
        {"completed": "2024-07-01"},
        {"credit_period": ["2024-07-01", "2025-06-30"]},
    ),
]

ROWS = [*CREDITS]


@pytest.mark.parametrize(("policy", "given", "expect"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_every_key_means_what_the_format_says(
    policy: dict[str, Any], given: dict[str, Any], expect: dict[str, Any]
) -> None:
    """R-53, R-54: one worked case for each meaning."""
    answers_as_expected(policy, given, expect)
