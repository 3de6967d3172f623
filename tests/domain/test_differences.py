"""An award's period under another policy (R-3, R-13, R-55)."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from certcore.domain.awards import Award, computed_period, typed_period
from certcore.domain.differences import Difference, differs, period_under
from certcore.domain.policy import RenewalPolicy
from certcore.errors import CertcoreError, InvalidValue
from certcore.testing.builders import make_award
from tests.domain.policy.strategies import DAYS, POLICIES
from tests.domain.policy.test_properties import usable

MONTHLY = RenewalPolicy.from_data({"validity": {"months": 1}, "anchor": {"kind": "previous_expiry"}})
TWO_MONTHS = RenewalPolicy.from_data({"validity": {"months": 2}, "anchor": {"kind": "previous_expiry"}})


def held(issued_on: date, expires_on: date | None, anchor_on: date | None = None, **parts: Any) -> Award:
    """An award over these days; its own anchor is the issue date unless another is given."""
    period = typed_period(RenewalPolicy(), issued_on, "UTC", expires_on)
    return make_award(period=evolve(period, anchor_on=anchor_on or issued_on), **parts)


def test_a_renewal_that_keeps_an_older_anchor_is_counted_with_what_it_renews() -> None:
    """R-13: 31 January, 28 February, then 31 March; under two months, 28 April after the end of February."""
    first = held(date(2026, 1, 31), date(2026, 2, 28))
    second = held(date(2026, 2, 20), date(2026, 3, 31), date(2026, 1, 31), renews=first.id)
    assert period_under(MONTHLY, second, in_force=MONTHLY, previous=first) == second.period
    longer = period_under(TWO_MONTHS, second, in_force=MONTHLY, previous=first)
    assert (longer.expires_on, longer.anchor_on) == (date(2026, 4, 28), date(2026, 2, 28))
    alone = period_under(TWO_MONTHS, second, in_force=MONTHLY)
    assert alone.expires_on == date(2026, 4, 20)


def test_a_day_that_never_happened_moves_on() -> None:
    """R-11, R-13: a computed date that was skipped takes the next day that happened."""
    period = typed_period(RenewalPolicy(), date(2011, 11, 30), "Pacific/Apia", date(2011, 12, 31))
    award = make_award(period=evolve(period, anchor_on=date(2011, 11, 30)))
    assert period_under(MONTHLY, award, in_force=MONTHLY) == award.period


def test_a_period_without_a_day_is_refused() -> None:
    """R-14: nothing is valid for no time."""
    cycle = RenewalPolicy.from_data({"validity": {"days": 0}, "expiry": {"after_validity": {"days": 0}}})
    with pytest.raises(InvalidValue):
        period_under(cycle, held(date(2026, 1, 1), date(2027, 1, 1)), in_force=MONTHLY)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (date(2026, 2, 1), date(2026, 2, 2), (False, True)),
        (date(2026, 2, 2), date(2026, 2, 1), (True, False)),
        (date(2026, 2, 1), date(2026, 2, 1), (False, False)),
        (None, date(2026, 2, 1), (True, False)),
        (date(2026, 2, 1), None, (False, True)),
        (None, None, (False, False)),
    ],
)
def test_sooner_and_later(before: date | None, after: date | None, told: tuple[bool, bool]) -> None:
    """R-55: never-ending is the latest end."""
    award, other = held(date(2026, 1, 1), before), held(date(2026, 1, 1), after)
    difference = Difference(award, other.period, "ada")
    assert (difference.sooner, difference.later) == told
    assert differs(award.period, other.period) is (before != after)


@given(POLICIES, DAYS)
def test_what_a_policy_gave_does_not_differ_under_it(data: dict[str, Any], issued_on: date) -> None:
    """R-3: whatever the policy says, as far as it can be judged without facts."""
    policy = usable(data)
    try:
        award = make_award(period=computed_period(policy, issued_on, "Europe/Rome"))
    except CertcoreError:
        return
    assert not differs(award.period, period_under(policy, award, in_force=policy))
