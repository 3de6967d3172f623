"""Nothing in a policy is read and unused: taking any key out of any regime makes a case fail (R-54)."""

import copy
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from certcore.domain.policy import RenewalPolicy, check_regimes
from certcore.errors import InvalidPolicy
from tests.cases import CASES, needs_cases

OWN = json.loads(Path(__file__).with_name("own_regimes.json").read_text())
MORE = json.loads(Path(__file__).with_name("more_cases.json").read_text())

SAME_WITHOUT = {
    "window.early": {"completion"},  # what kind previous_expiry_in_window does without the key
    "lapse": {"path: renewal"},  # what is asked for without a lapse, however late
    "credits.no_carry": {"True"},  # what holds without carry_over; together they are refused
}
ALSO_SAME_WITHOUT = {
    "faa-61-23": {
        "variants.0.when.age_at_completion_lt",  # variant 1 follows and covers the older
        "variants.3.when.age_at_completion_lt",  # variant 4 follows and covers the older
        "variants.4",  # says what the policy says
        "variants.4.set.validity",
    },
    "part-med-a045": {"variants.4", "variants.4.set.validity"},  # says what the policy says
    "epa-rrp": {"routes.0.set.validity"},  # says what the policy says
    "ca-cpa": {"validity"},  # the parity of years gives two years too
    "dualcode-by-date": {"validity"},  # the cycle's end decides
    "targetsolutions-on-completion": {"grace.start"},  # as anchor.start
}


@lru_cache(maxsize=1)
def regimes() -> list[dict[str, Any]]:
    """All regimes with the cases added here."""
    given = json.loads((CASES / "regimes.json").read_text()) if CASES.is_dir() else []
    return [*given, *OWN]


def keys(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every key, and of every entry in a list of several."""
    entries = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    for name, value in entries:
        if isinstance(data, dict) or len(entries) > 1:
            yield (*path, name)
        yield from keys(value, (*path, name))


def without(policy: dict[str, Any], path: tuple[str | int, ...]) -> tuple[dict[str, Any], Any]:
    """A copy of the policy that lacks what stands at the path, and what stood there."""
    copied = copy.deepcopy(policy)
    place: Any = copied
    for name in path[:-1]:
        place = place[name]
    return copied, place.pop(path[-1])


def changes_nothing(regime: str, path: str, taken: Any) -> bool:
    """Whether a key says what would hold without it."""
    said = f"path: {taken['path']}" if isinstance(taken, dict) and list(taken) == ["path"] else str(taken)
    return path in ALSO_SAME_WITHOUT.get(regime, set()) or said in SAME_WITHOUT.get(path, set())


def noticed(policy: dict[str, Any], regime: dict[str, Any]) -> bool:
    """Whether a case fails, or the policy is refused."""
    cases = [*regime["cases"], *MORE.get(regime["id"], [])]
    try:
        if RenewalPolicy.from_data(policy) == RenewalPolicy.from_data(regime["policy"]):
            return True  # a default was written out
    except InvalidPolicy:
        return True
    report = check_regimes([{"policy": policy, "cases": cases}])
    return bool(report["failed"] or report["unsupported"])


@needs_cases
def test_the_cases_added_here_come_out() -> None:
    """R-54: the added cases agree with the regimes as they are."""
    for regime in regimes():
        report = check_regimes([{"policy": regime["policy"], "cases": MORE.get(regime["id"], [])}])
        assert (report["failed"], report["unsupported"]) == ([], []), regime["id"]


def test_regimes_of_our_own_come_out() -> None:
    """R-54: regimes that are in no given file are data as well."""
    report = check_regimes(OWN)
    assert (report["failed"], report["unsupported"]) == ([], [])
    assert report["passed"] == report["cases"] > 0


@pytest.mark.parametrize("regime", regimes(), ids=lambda regime: regime["id"])
def test_taking_any_key_out_of_a_regime_is_noticed(regime: dict[str, Any]) -> None:
    """R-54: every key of every regime decides something, but those that say what would hold without them."""
    unnoticed = []
    for path in keys(regime["policy"]):
        policy, taken = without(regime["policy"], path)
        dotted = ".".join(map(str, path))
        if not noticed(policy, regime) and not changes_nothing(regime["id"], dotted, taken):
            unnoticed.append(dotted)
    assert unnoticed == []
