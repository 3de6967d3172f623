"""Cases whose answers are known from regulators, vendors and another system's own tests (R-53, R-54)."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from certcore.domain.policy import Facts, RenewalPolicy, check_regimes, first_period, next_period, window_opens
from certcore.domain.time import Length, add_length

TODAY = date(2024, 6, 15)


def test_every_regime_case_without_a_conflict_comes_out_as_its_source_says(cases: Path) -> None:
    """R-53, R-54: all regimes are data, and no case fails or is unsupported."""
    report = check_regimes(json.loads((cases / "regimes.json").read_text()))
    assert (report["failed"], report["unsupported"]) == ([], [])
    assert report["passed"] + report["skipped"] == report["cases"]
    assert report["passed"] > 0


def totara(method: str, row: dict[str, Any]) -> RenewalPolicy:
    """One of the three bases of that system as a policy."""
    kinds = {"EXPIRY": "previous_expiry_in_window", "COMPLETION": "completion", "FIXED": "fixed"}
    anchor: dict[str, Any] = {"kind": kinds[method]}
    if method == "EXPIRY":
        anchor["initial"] = "due_date_else_completion"
    if method == "FIXED":
        anchor |= {"base": "assignment due date", "minimum": length(row["minimum_active"])}
    early = {"early": "no_change"} if method == "EXPIRY" else {}
    window = {"opens": length(row["window"])} | early if "window" in row else None
    policy: dict[str, Any] = {"validity": length(row["active"]), "anchor": anchor, "lapse": {"path": "full"}}
    return RenewalPolicy.from_data(policy | ({"window": window} if window else {}))


def length(text: str) -> dict[str, int]:
    """`1 year` as a length."""
    count, unit = text.split()
    return {f"{unit.rstrip('s')}s": int(count)}


def test_another_systems_renewal_dates_come_out_as_in_its_own_tests(cases: Path) -> None:
    """R-53: the rows with dates of the three recertification bases."""
    rows = json.loads((cases / "totara_renewal_dates.json").read_text())["cases"]
    dated = [row for row in rows if "window_opens" in row]
    assert len(dated) == 6
    for row in dated:
        policy, completed = totara(row["method"], row), date.fromisoformat(row["completed"])
        due = row["due"] and row["due"] != "any" and date.fromisoformat(row["due"])
        held = row["current_expiry"]
        if held is None:
            period = first_period(policy, completed, Facts(assignment_due=due or None))
        else:
            previous = date(2013, 5, 3) if held == "any" else date.fromisoformat(held)
            period = next_period(policy, previous, completed)
        assert period.expires == date.fromisoformat(row["expires"]), row
        assert window_opens(policy, period.expires) == date.fromisoformat(row["window_opens"]), row


@pytest.mark.parametrize(
    ("due_in", "expires_after_due"),
    [(8, 0), (4, 1), (128, -10), (-119, 11)],
    ids=["more than the minimum ahead", "less than the minimum ahead", "moved back", "moved on"],
)
def test_a_fixed_base_moves_by_whole_periods_to_the_first_date_that_leaves_the_minimum(
    due_in: int, expires_after_due: int
) -> None:
    """R-53: base ± k validities, the other system's relative rows made concrete."""
    policy = totara("FIXED", {"active": "1 year", "minimum_active": "6 month"})
    due = add_length(TODAY, Length(due_in, "months"))
    period = first_period(policy, TODAY, Facts(assignment_due=due))
    assert period.expires == add_length(due, Length(expires_after_due, "years"))


def test_a_fixed_base_without_a_due_date_is_the_first_completion_and_then_the_previous_expiry() -> None:
    """R-53: what stands in for an assignment's due date."""
    policy = totara("FIXED", {"active": "1 year", "minimum_active": "6 month"})
    assert first_period(policy, TODAY).expires == date(2025, 6, 15)
    assert next_period(policy, date(2024, 6, 29), TODAY).expires == date(2025, 6, 29)
