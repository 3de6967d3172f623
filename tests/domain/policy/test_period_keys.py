"""Keys that say when a period ends and starts (R-53)."""

from typing import Any

import pytest

from tests.domain.policy.rows import Row, answers_as_expected

YEAR = {"years": 1}
MONTH = {"months": 1}
PREVIOUS = {"kind": "previous_expiry"}
BORN = {"learner": {"birth_date": "1985-07-09"}}
HELD = {"previous_expiry": "2024-06-10"}
NEVER = {"validity": {"days": 0}}


PERIODS: list[Row] = [
    ("nothing said never expires", {}, {"completed": "2024-01-31"}, {"expires": None, "last_valid_day": None}),
    ("zero is none", NEVER, {"completed": "2024-01-31", "on": "2099-01-01"}, {"expires": None, "status": "valid"}),
    ("months clamp", {"validity": MONTH}, {"completed": "2024-01-31"}, {"expires": "2024-02-29"}),
    (
        "repeats keep the day of the first completion",
        {"validity": MONTH, "anchor": PREVIOUS},
        {"completed": "2023-01-31", "previous_expiry": "2023-02-28", "renewal_completed": "2023-02-20"},
        {"expires": "2023-03-31"},
    ),
    (
        "a renewal of a first award that is given by its completion",
        {"validity": MONTH, "anchor": PREVIOUS},
        {"completed": "2023-01-31", "renewal_completed": "2023-02-20"},
        {"expires": "2023-03-31", "start": "2023-02-28"},
    ),
    (
        "the month's end again, not the clamped day",
        {"validity": {"months": 6}, "round": "end_of_month", "anchor": PREVIOUS},
        {"previous_expiry": "2024-02-29", "renewal_completed": "2024-02-01"},
        {"expires": "2024-08-31"},
    ),
    (
        "a first of the month stays one",
        {"validity": YEAR, "round": "first_of_next_month", "anchor": PREVIOUS},
        {"previous_expiry": "2024-06-01", "renewal_completed": "2024-05-01"},
        {"expires": "2025-06-01"},
    ),
    (
        "a completion on a first counts to the next one",
        {"validity": YEAR, "round": "first_of_next_month"},
        {"completed": "2024-06-01"},
        {"expires": "2025-07-01"},
    ),
    (
        "the year's end",
        {"validity": YEAR, "round": "end_of_year"},
        {"completed": "2024-01-01"},
        {"expires": "2025-12-31"},
    ),
    (
        "up to a day of the year",
        {"validity": YEAR, "round": {"month_day": "03-31"}},
        {"completed": "2024-04-01"},
        {"expires": "2026-03-31"},
    ),
    (
        "that day itself",
        {"validity": YEAR, "round": {"month_day": "03-31"}},
        {"completed": "2024-03-31"},
        {"expires": "2025-03-31"},
    ),
    (
        "29 February in a year without",
        {"validity": YEAR, "round": {"month_day": "02-29"}},
        {"completed": "2024-02-10"},
        {"expires": "2025-02-28"},
    ),
    (
        "the learner's month in the year of base and validity",
        {"validity": YEAR, "round": {"learner_month_end": "birth_date"}},
        {"completed": "2024-11-20"} | BORN,
        {"expires": "2025-07-31"},
    ),
    (
        "the next one where that is over before it begins",
        {"validity": {"months": 2}, "round": {"learner_month_end": "birth_date"}},
        {"completed": "2024-08-20"} | BORN,
        {"expires": "2025-07-31"},
    ),
    (
        "a year as odd as the learner's",
        {"validity": YEAR, "round": {"learner_month_end": "birth_date", "parity": "birth_date"}},
        {"completed": "2023-03-20"} | BORN,
        {"expires": "2025-07-31"},
    ),
    (
        "the learner's date is the same in every question",
        {"round": {"learner_month_end": "birth_date"}, "anchor": {"kind": "learner_date"}},
        {"completed": "2024-08-01"} | BORN,
        {"expires": "2025-07-31"},
    ),
    (
        "a learner's date renewed in time is the next one",
        {"round": {"learner_month_end": "birth_date"}, "anchor": {"kind": "learner_date"}, "boundary": "inclusive"},
        {"previous_expiry": "2024-07-31", "renewal_completed": "2024-07-31"} | BORN,
        {"expires": "2025-07-31"},
    ),
    (
        "a learner's date renewed late is the first one from then",
        {"round": {"learner_month_end": "birth_date"}, "anchor": {"kind": "learner_date"}, "validity": {"years": 3}},
        {"previous_expiry": "2024-07-31", "renewal_completed": "2024-08-20"} | BORN,
        {"expires": "2025-07-31"},
    ),
    (
        "the day before",
        {"validity": {"years": 3}, "last_day": "day_before", "boundary": "inclusive"},
        {"completed": "2021-09-14"},
        {"expires": "2024-09-13", "last_valid_day": "2024-09-13"},
    ),
    (
        "the day before is taken off once",
        {"validity": {"years": 3}, "last_day": "day_before", "boundary": "inclusive", "anchor": PREVIOUS},
        {"previous_expiry": "2024-09-13", "renewal_completed": "2024-08-01"},
        {"expires": "2027-09-13"},
    ),
    (
        "the day before comes before rounding",
        {"validity": YEAR, "last_day": "day_before", "round": "end_of_month"},
        {"completed": "2024-04-01"},
        {"expires": "2025-03-31"},
    ),
    (
        "the first day that is not valid",
        {"validity": YEAR},
        {"completed": "2024-03-01"},
        {"last_valid_day": "2025-02-28"},
    ),
    (
        "never shortened",
        {"validity": MONTH},
        HELD | {"renewal_completed": "2024-01-01"},
        {"expires": "2024-06-10"},
    ),
    (
        "shortened where that is said",
        {"validity": MONTH, "shorten": True},
        HELD | {"renewal_completed": "2024-01-01"},
        {"expires": "2024-02-01"},
    ),
    (
        "a never-expiring award stays one",
        {"validity": YEAR},
        {"previous_expiry": None, "renewal_completed": "2024-01-01"},
        {"expires": None, "renewable": False},
    ),
    (
        "a due date met",
        {"validity": YEAR, "anchor": {"initial": "due_date_else_completion"}},
        {"completed": "2024-01-10", "assignment_due": "2024-01-10"},
        {"expires": "2025-01-10", "start": "2024-01-10"},
    ),
    (
        "a due date missed",
        {"validity": YEAR, "anchor": {"initial": "due_date_else_completion"}},
        {"completed": "2024-01-11", "assignment_due": "2024-01-10"},
        {"expires": "2025-01-11"},
    ),
    (
        "a fixed day of any year",
        {"validity": YEAR, "anchor": {"kind": "fixed", "base": "06-30", "minimum": {"months": 6}}},
        {"completed": "2024-01-01"},
        {"expires": "2025-06-30"},
    ),
    (
        "a fixed day that leaves the minimum",
        {"validity": YEAR, "anchor": {"kind": "fixed", "base": "07-01", "minimum": {"months": 6}}},
        {"completed": "2024-01-01"},
        {"expires": "2024-07-01"},
    ),
    (
        "a fixed day on renewal lies a validity on",
        {"validity": {"years": 2}, "anchor": {"kind": "fixed", "base": "06-30"}},
        {"previous_expiry": "2024-06-30", "renewal_completed": "2024-05-01"},
        {"expires": "2026-06-30", "start": "2024-06-30"},
    ),
    (
        "a fixed date far ahead moves back",
        {"validity": {"months": 6}, "anchor": {"kind": "fixed", "base": "2040-01-31"}},
        {"completed": "2024-02-01"},
        {"expires": "2024-07-31"},
    ),
    (
        "a fixed date on the day of completion is over already",
        {"validity": YEAR, "anchor": {"kind": "fixed", "base": "06-30"}},
        {"completed": "2024-06-30"},
        {"expires": "2025-06-30"},
    ),
    (
        "a fixed date on the day of completion is that day where it is still valid",
        {"validity": YEAR, "anchor": {"kind": "fixed", "base": "06-30"}, "boundary": "inclusive"},
        {"completed": "2024-06-30"},
        {"expires": "2024-06-30"},
    ),
    (
        "the cycle ends on the day it is completed",
        {"anchor": {"kind": "cycle", "ends": "12-31"}, "boundary": "inclusive"},
        {"completed": "2024-12-31"},
        {"expires": "2024-12-31"},
    ),
    (
        "a renewal inside the cycle changes nothing",
        {"anchor": {"kind": "cycle", "ends": "12-31"}, "boundary": "inclusive"},
        {"previous_expiry": "2024-12-31", "renewal_completed": "2024-10-01"},
        {"expires": "2024-12-31", "start": "2024-10-01"},
    ),
    (
        "the oldest of the items that count",
        {"validity": YEAR, "anchor": {"kind": "earliest_item_completion"}, "items": {"full": ["a", "b"]}},
        {"item_completions": {"a": ["2023-01-01", "2024-05-01"], "b": "2024-03-01", "c": "2020-01-01"}},
        {"expires": "2025-03-01", "start": "2024-05-01", "status": "valid"} | {"last_valid_day": "2025-02-28"},
    ),
    (
        "an open item leaves the award as it was",
        {"validity": YEAR, "anchor": {"kind": "earliest_item_completion"}, "items": {"full": ["a", "b"]}},
        HELD | {"renewal_completed": "2024-06-01", "item_completions": {"a": "2024-06-01"}},
        {"expires": "2024-06-10", "renewable": False},
    ),
    (
        "the start on the day of completion",
        {"validity": YEAR, "anchor": PREVIOUS | {"start": "completion"}},
        HELD | {"renewal_completed": "2024-06-01"},
        {"start": "2024-06-01", "expires": "2025-06-10"},
    ),
    (
        "the day after the expiry is no start for a late renewal",
        {"validity": YEAR, "anchor": PREVIOUS | {"start": "day_after_previous_expiry"}},
        HELD | {"renewal_completed": "2024-08-01"},
        {"start": "2024-08-01", "expires": "2025-08-01"},
    ),
    (
        "postdated no further than that",
        {"validity": YEAR, "anchor": PREVIOUS | {"max_postdate": {"months": 8}, "start": "completion"}},
        {"previous_expiry": "2024-12-20", "renewal_completed": "2024-01-10"},
        {"start": "2024-09-10", "expires": "2025-09-10", "anchor": "completion"},
    ),
    (
        "an expiry and a due date after the validity",
        {"validity": YEAR, "due": {"after_validity": {"days": 0}}, "expiry": {"after_validity": {"days": 30}}},
        {"completed": "2024-01-10", "on": "2025-01-20"},
        {"due": "2025-01-10", "expires": "2025-02-09", "overdue": True, "status": "valid"},
    ),
    (
        "nothing is overdue on the due date",
        {"validity": YEAR, "due": {"after_validity": {"days": 0}}, "expiry": {"after_validity": {"days": 30}}},
        {"completed": "2024-01-10", "on": "2025-01-10"},
        {"overdue": False},
    ),
    (
        "nothing is overdue once it has expired",
        {"validity": YEAR, "due": {"after_validity": {"days": 0}}, "expiry": {"after_validity": {"days": 30}}},
        {"previous_expiry": "2025-02-09", "on": "2025-02-09"},
        {"overdue": False, "status": "expired"},
    ),
    (
        "what is added for the expiry is not added again",
        {
            "validity": YEAR,
            "due": {"after_validity": {"days": 0}},
            "expiry": {"after_validity": {"days": 30}},
            "anchor": PREVIOUS,
        },
        {"previous_expiry": "2025-02-09", "renewal_completed": "2024-12-01"},
        {"due": "2026-01-10", "expires": "2026-02-09"},
    ),
    (
        "the previous due date tells the base exactly",
        {
            "validity": YEAR,
            "due": {"after_validity": {"days": 0}},
            "expiry": {"after_validity": {"months": 1}},
            "anchor": PREVIOUS,
        },
        {"previous_expiry": "2025-02-28", "previous_due": "2025-01-31", "renewal_completed": "2024-12-01"},
        {"due": "2026-01-31", "expires": "2026-02-28"},
    ),
    (
        "two lengths instead of a validity",
        NEVER | {"due": {"after_validity": {"months": 11}}, "expiry": {"after_validity": {"months": 12}}},
        {"completed": "2024-01-10"},
        {"due": "2024-12-10", "expires": "2025-01-10"},
    ),
    (
        "a due date given counts",
        {"validity": YEAR},
        HELD | {"previous_due": "2024-05-01", "on": "2024-05-02"},
        {"overdue": True, "due": "2024-05-01"},
    ),
    (
        "never beyond a birthday",
        {"validity": {"years": 9}, "cap": {"age": 40}},
        {"completed": "2024-01-10"} | BORN,
        {"expires": "2025-07-09"},
    ),
    (
        "a birthday ends what never expires",
        {"cap": {"age": 40}},
        {"completed": "2024-01-10"} | BORN,
        {"expires": "2025-07-09"},
    ),
]

ROWS = [*PERIODS]


@pytest.mark.parametrize(("policy", "given", "expect"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_every_key_means_what_the_format_says(
    policy: dict[str, Any], given: dict[str, Any], expect: dict[str, Any]
) -> None:
    """R-53, R-54: one worked case for each meaning."""
    answers_as_expected(policy, given, expect)
