"""Keys that say when and how an award can be renewed, and what happens afterwards (R-54)."""

from typing import Any

import pytest

from tests.domain.policy.rows import Row, answers_as_expected

YEAR = {"years": 1}
MONTH = {"months": 1}
PREVIOUS = {"kind": "previous_expiry"}
IN_WINDOW = {"kind": "previous_expiry_in_window"}
HELD = {"previous_expiry": "2024-06-10"}


WINDOWS: list[Row] = [
    (
        "the last three months, whole calendar months",
        {"validity": YEAR, "window": {"opens": {"months": 3}, "align": "month"}},
        {"previous_expiry": "2023-02-28"},
        {"window_opens": "2022-12-01"},
    ),
    (
        "the last three months, to the day",
        {"validity": YEAR, "window": {"opens": {"months": 3}}},
        {"previous_expiry": "2023-02-28"},
        {"window_opens": "2022-11-28"},
    ),
    (
        "an opening day that is still too early",
        {"validity": YEAR, "window": {"opens": {"days": 90}, "open_day": "exclusive", "early": "refuse"}},
        HELD | {"on": "2024-03-12"},
        {"window_opens": "2024-03-13", "renewable": False},
    ),
    (
        "an early renewal keeps the expiry under the kind that always does",
        {"validity": YEAR, "anchor": PREVIOUS, "window": {"opens": MONTH}},
        HELD | {"renewal_completed": "2024-01-10"},
        {"expires": "2025-06-10", "anchor": "previous_expiry"},
    ),
    (
        "an early renewal counts from completion where the window says so",
        {"validity": YEAR, "anchor": PREVIOUS, "window": {"opens": MONTH, "early": "completion"}},
        HELD | {"renewal_completed": "2024-01-10"},
        {"expires": "2025-01-10", "anchor": "completion"},
    ),
    (
        "an early renewal counts from completion under the kind with a window",
        {"validity": YEAR, "anchor": IN_WINDOW, "window": {"opens": MONTH}},
        HELD | {"renewal_completed": "2024-01-10"},
        {"expires": "2025-01-10", "anchor": "completion"},
    ),
    (
        "an early renewal that changes nothing",
        {"validity": YEAR, "window": {"opens": MONTH, "early": "no_change"}},
        HELD | {"renewal_completed": "2024-01-10"},
        {"expires": "2024-06-10", "renewable": False, "path": "renewal"},
    ),
    (
        "without a window every day before the expiry is in time",
        {"validity": YEAR, "anchor": IN_WINDOW},
        HELD | {"renewal_completed": "2022-01-10"},
        {"expires": "2025-06-10"},
    ),
    ("a warning", {"validity": YEAR, "warning": {"days": 30}}, HELD | {"on": "2024-05-11"}, {"status": "expiring"}),
    (
        "before the warning",
        {"validity": YEAR, "warning": {"days": 30}},
        HELD | {"on": "2024-05-10"},
        {"status": "valid"},
    ),
]


AFTER: list[Row] = [
    (
        "without a lapse a renewal is possible however late",
        {"validity": YEAR, "items": {"renewal": ["r"], "after_expiry": ["x"], "full": ["f"]}},
        HELD | {"on": "2044-01-01"},
        {"path": "renewal", "renewable": True, "items": ["x"], "status": "expired"},
    ),
    (
        "a lapse after some time, step by step",
        {
            "validity": YEAR,
            "lapse": {
                "path": "full",
                "after": {"years": 5},
                "steps": [{"after": YEAR, "path": "one"}, {"after": {"years": 2}, "path": "two"}],
            },
        },
        HELD | {"on": "2026-06-10"},
        {"path": "two", "renewable": True},
    ),
    (
        "before the first step",
        {"validity": YEAR, "lapse": {"path": "full", "after": YEAR, "steps": [{"after": MONTH, "path": "one"}]}},
        HELD | {"on": "2024-07-09"},
        {"path": "renewal"},
    ),
    (
        "from the lapse on",
        {"validity": YEAR, "lapse": {"path": "no_renewal", "after": YEAR}, "items": {"full": ["f"]}},
        HELD | {"on": "2025-06-10"},
        {"path": "no_renewal", "renewable": False, "items": []},
    ),
    (
        "the whole requirement falls back on what is due after expiry",
        {"validity": YEAR, "lapse": {"path": "full"}, "items": {"renewal": ["r"], "after_expiry": ["x"]}},
        HELD | {"on": "2024-06-10"},
        {"path": "full", "items": ["x"]},
    ),
    (
        "a grace's own path and items",
        {
            "validity": YEAR,
            "grace": {"length": MONTH, "path": "late"},
            "items": {"renewal": ["r"], "reinstate_in_grace": ["g"], "after_expiry": ["x"]},
        },
        HELD | {"on": "2024-07-10"},
        {"path": "late", "renewable": True, "items": ["g"], "label": None, "status": "expired"},
    ),
    (
        "a path named like a list of items takes it",
        {
            "validity": YEAR,
            "grace": {"length": MONTH, "path": "after_expiry"},
            "items": {"renewal": ["r"], "reinstate_in_grace": ["g"], "after_expiry": ["x"]},
        },
        HELD | {"on": "2024-07-10"},
        {"items": ["x"]},
    ),
    (
        "a grace to the end of a month",
        {"validity": YEAR, "grace": {"length": MONTH, "align": "month", "valid": True, "label": "g"}},
        HELD | {"on": "2024-07-31"},
        {"grace_ends": "2024-07-31", "status": "grace", "label": "g"},
    ),
    (
        "in a grace the completion counts unless it says otherwise",
        {"validity": YEAR, "anchor": PREVIOUS, "grace": {"length": MONTH}},
        HELD | {"renewal_completed": "2024-07-01"},
        {"expires": "2025-07-01", "anchor": "completion"},
    ),
    (
        "a grace has a start of its own",
        {
            "validity": YEAR,
            "anchor": PREVIOUS | {"start": "day_after_previous_expiry"},
            "grace": {"length": MONTH, "anchor": "previous_expiry", "start": "completion"},
        },
        HELD | {"renewal_completed": "2024-07-01"},
        {"expires": "2025-06-10", "start": "2024-07-01"},
    ),
    (
        "an extension leaves the base alone",
        {"validity": YEAR, "anchor": IN_WINDOW, "extension": {"max": {"days": 60}, "by": "authority"}},
        HELD | {"extension": {"days": 60}, "renewal_completed": "2024-08-01"},
        {"expires": "2025-06-10", "anchor": "previous_expiry"},
    ),
    (
        "an extension reaches no further than it may",
        {"validity": YEAR, "extension": {"max": {"days": 60}}},
        HELD | {"extension": {"days": 90}, "on": "2024-08-09"},
        {"expires": "2024-08-09", "status": "expired"},
    ),
    (
        "an extension that the policy does not know has no effect",
        {"validity": YEAR},
        HELD | {"extension": {"days": 90}, "on": "2024-06-10"},
        {"expires": "2024-06-10", "status": "expired"},
    ),
    (
        "an event ends validity and leaves no grace",
        {"validity": YEAR, "events": {"ends_validity": ["e"]}, "grace": {"length": YEAR, "valid": True}},
        HELD | {"events": {"e": ["2024-03-01"]}, "on": "2024-03-01"},
        {"status": "expired", "expires": "2024-03-01", "label": None},
    ),
    (
        "an event of an award before this one",
        {"validity": YEAR, "events": {"ends_validity": ["e"]}},
        {"completed": "2024-03-01", "events": {"e": ["2024-03-01"]}, "on": "2024-04-01"},
        {"status": "valid"},
    ),
    (
        "a confirmation is in time on its day",
        {"validity": {"years": 3}, "confirmation": {"every": {"months": 6}, "missed": "lapse"}},
        {"completed": "2023-01-10", "confirmations": ["2023-07-10"], "on": "2024-01-10"},
        {"status": "valid", "expires": "2026-01-10"},
    ),
    (
        "a confirmation a day late came too late",
        {"validity": {"years": 3}, "confirmation": {"every": {"months": 6}, "missed": "lapse"}},
        {"completed": "2023-01-10", "confirmations": ["2023-07-11"], "on": "2023-07-11"},
        {"status": "expired", "expires": "2023-07-10"},
    ),
    (
        "confirmations of an award whose completion is not known",
        {"validity": {"years": 3}, "confirmation": {"every": {"months": 6}}},
        {"previous_expiry": "2026-01-10", "confirmations": ["2024-01-02"], "on": "2024-08-01"},
        {"status": "expired", "expires": "2024-07-02"},
    ),
    (
        "confirmations that are not given are not in question",
        {"validity": {"years": 3}, "confirmation": {"every": {"months": 6}}},
        {"completed": "2023-01-10"},
        {"expires": "2026-01-10"},
    ),
    (
        "recent events to the day",
        {"recency": {"count": 3, "of": "landing", "within": {"days": 90}}},
        {"events": {"landing": ["2024-01-01", "2024-02-01", "2024-01-15", "2023-12-01"]}, "on": "2024-03-01"},
        {"expires": "2024-03-31", "status": "valid"},
    ),
    (
        "too few recent events",
        {"recency": {"count": 3, "of": "landing", "within": {"days": 90}}},
        {"events": {"landing": ["2024-01-01", "2024-01-15"]}, "on": "2024-02-01"},
        {"expires": None, "status": "not_awarded", "renewable": False},
    ),
    (
        "another award that comes to less",
        {"validity": YEAR, "also_extended_by": ["other"]},
        HELD | {"other_award_completed": {"other": "2023-06-01", "unknown": "2030-01-01"}, "on": "2024-01-01"},
        {"expires": "2024-06-10"},
    ),
    (
        "no award before its day",
        {"validity": YEAR, "items": {"full": ["f"]}},
        {"completed": "2024-01-10", "on": "2024-01-09"},
        {"status": "not_awarded", "path": "full", "items": ["f"]},
    ),
    ("no award at all", {"validity": YEAR}, {"on": "2024-01-09"}, {"status": "not_awarded", "expires": None}),
]


VARIANTS: list[Row] = [
    (
        "later variants win, key by key",
        {
            "validity": YEAR,
            "variants": [
                {"when": {"a": True}, "set": {"validity": {"years": 2}, "round": "end_of_year"}},
                {"when": {"b_ge": 6.5}, "set": {"validity": {"years": 3}}},
            ],
        },
        {"completed": "2024-01-10", "learner": {"a": True, "b": 6.5}},
        {"expires": "2027-12-31"},
    ),
    (
        "one is not true",
        {"validity": YEAR, "variants": [{"when": {"a": True}, "set": {"validity": {"years": 2}}}]},
        {"completed": "2024-01-10", "learner": {"a": 1}},
        {"expires": "2025-01-10"},
    ),
    (
        "what is missing does not matter where another condition fails",
        {"validity": YEAR, "variants": [{"when": {"a": "x", "b": "y"}, "set": {"validity": {"years": 2}}}]},
        {"completed": "2024-01-10", "learner": {"b": "z"}},
        {"expires": "2025-01-10"},
    ),
    (
        "an age is reached on the birthday, in any year",
        {"validity": YEAR, "variants": [{"when": {"age_at_completion_ge": 21}, "set": {"validity": MONTH}}]},
        {"completed": "2021-02-28", "learner": {"birth_date": "2000-02-29"}},
        {"expires": "2021-03-28"},
    ),
    (
        "both days of a range are inside",
        {
            "validity": YEAR,
            "variants": [
                {"when": {"completed_from": "2024-01-10", "completed_until": "2024-01-10"}, "set": {"validity": MONTH}}
            ],
        },
        {"completed": "2024-01-10"},
        {"expires": "2024-02-10"},
    ),
    (
        "the day asked stands in for a completion",
        {"validity": YEAR, "variants": [{"when": {"completed_until": "2024-06-30"}, "set": {"warning": YEAR}}]},
        HELD | {"on": "2024-01-01"},
        {"status": "expiring"},
    ),
    (
        "a result is not in question without a completion",
        {"validity": YEAR, "variants": [{"when": {"result": "5"}, "set": {"warning": YEAR}}]},
        HELD | {"on": "2024-01-01"},
        {"status": "valid"},
    ),
    (
        "the route chosen comes last",
        {
            "validity": YEAR,
            "variants": [{"when": {"a": "x"}, "set": {"validity": {"years": 2}}}],
            "routes": [{"route": "short", "set": {"validity": MONTH}, "not_after_route": "short"}],
        },
        HELD | {"renewal_completed": "2024-06-01", "route": "short", "previous_route": "long", "learner": {"a": "x"}},
        {"expires": "2024-07-01", "renewable": True},
    ),
    (
        "a route refused after another keeps the expiry",
        {"validity": YEAR, "routes": [{"route": "short", "set": {}, "not_after_route": "short"}]},
        HELD | {"renewal_completed": "2024-06-01", "route": "short", "previous_route": "short"},
        {"expires": "2024-06-10", "renewable": False},
    ),
    (
        "a case overrides whole keys",
        {"validity": YEAR, "round": "end_of_month"},
        {"completed": "2024-01-10", "policy_override": {"validity": {"years": 2}}},
        {"expires": "2026-01-31"},
    ),
]

ROWS = [*WINDOWS, *AFTER, *VARIANTS]


@pytest.mark.parametrize(("policy", "given", "expect"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_every_key_means_what_the_format_says(
    policy: dict[str, Any], given: dict[str, Any], expect: dict[str, Any]
) -> None:
    """R-53, R-54: one worked case for each meaning."""
    answers_as_expected(policy, given, expect)
