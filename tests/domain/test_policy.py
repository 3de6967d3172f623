"""Policies as data: read, written without loss, and what is not understood is named."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.policy import RenewalPolicy, first_period, last_valid_day, warns_from
from certcore.errors import DateOutOfRange, InvalidPolicy

lengths = st.builds(
    lambda unit, count: {unit: count}, st.sampled_from(["years", "months", "weeks", "days"]), st.integers(1, 500)
)


@given(st.fixed_dictionaries({"validity": lengths}, optional={"boundary": st.just("inclusive"), "warning": lengths}))
def test_data_comes_back_as_it_was(data: dict[str, object]) -> None:
    """POLICY.md: read and written without loss."""
    assert RenewalPolicy.from_data(data).to_data() == data


@pytest.mark.parametrize("data", [{}, {"validity": "none"}, {"validity": {"days": 0}}])
def test_without_a_validity_nothing_expires(data: dict[str, object]) -> None:
    """R-2."""
    assert first_period(RenewalPolicy.from_data(data), date(2026, 1, 1)).expires is None


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"vality": {"years": 1}}, "vality"),
        ({"validity": {"years": -1}}, "validity"),
        ({"validity": {"years": 1.5}}, "validity"),
        ({"validity": {"years": True}}, "validity"),
        ({"validity": {"years": 1, "days": 1}}, "validity"),
        ({"validity": {"decades": 1}}, "validity"),
        ({"validity": 12}, "validity"),
        ({"validity": {"years": 1}, "boundary": "fuzzy"}, "boundary"),
        ({"warning": {"days": 30}}, "warning"),
        ({"validity": {"years": 1}, "warning": {"days": -30}}, "warning"),
        ([], ""),
    ],
)
def test_what_is_impossible_is_an_error_that_names_the_key(data: dict[str, object], path: str) -> None:
    """Unknown keys, wrong types, contradictions: key and remedy."""
    with pytest.raises(InvalidPolicy) as refusal:
        RenewalPolicy.from_data(data)
    assert refusal.value.path == path
    assert len(refusal.value.problem.split()) > 2


def test_days_that_follow_from_a_printed_expiry() -> None:
    """R-14, R-16."""
    policy = RenewalPolicy.from_data({"validity": {"years": 1}, "warning": {"months": 1}})
    assert last_valid_day(policy, date(2027, 3, 31)) == date(2027, 3, 30)
    assert warns_from(policy, date(2027, 3, 31)) == date(2027, 2, 28)
    with pytest.raises(DateOutOfRange):
        last_valid_day(policy, date.min)
