"""Worked cases as rows: what it shows, the policy, what is given, what is expected."""

from typing import Any

from certcore.domain.policy import check_regimes

Row = tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]


def answers_as_expected(policy: dict[str, Any], given: dict[str, Any], expect: dict[str, Any]) -> None:
    """Fail with what came out instead."""
    report = check_regimes([{"policy": policy, "cases": [{"given": given, "expect": expect}]}])
    assert (report["failed"], report["unsupported"]) == ([], [])
