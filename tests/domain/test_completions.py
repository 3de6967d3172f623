"""Completions: instants and civil days, and on which side of a moment they lie."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.certifications import ItemRef
from certcore.domain.completions import Completion
from certcore.domain.time import civil_date
from certcore.errors import CertcoreError, InvalidValue, NaiveDatetime, SkippedDay, UnknownZone
from certcore.testing.strategies import ZONES, instants, zones

COURSE = ItemRef.parse("course:C-1")
TICK = timedelta(microseconds=1)


def test_a_completion_at_an_instant_knows_its_day() -> None:
    """R-10: the civil date is that of its zone."""
    at = datetime(2026, 6, 15, 23, 30, tzinfo=UTC)
    completion = Completion.of("ada", COURSE, at, "Asia/Kolkata", score=Decimal(90), credits=Decimal("1.5"))
    assert (completion.at, completion.on, completion.exact) == (at, date(2026, 6, 16), True)
    assert (completion.score, completion.credits) == (Decimal(90), Decimal("1.5"))


def test_a_completion_on_a_day_counts_from_its_first_instant() -> None:
    """R-11, in its zone; and it says that no more is known."""
    completion = Completion.of("ada", COURSE, date(2026, 6, 15), "America/Havana")
    assert (completion.at, completion.exact) == (datetime(2026, 6, 15, 4, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"when": datetime(2026, 6, 15)}, NaiveDatetime),  # noqa: DTZ001
        ({"when": date(2011, 12, 30), "zone": "Pacific/Apia"}, SkippedDay),
        ({"zone": "Mars"}, UnknownZone),
        ({"learner_id": ""}, InvalidValue),
        ({"score": Decimal("NaN")}, InvalidValue),
        ({"credits": 1.5}, InvalidValue),
        ({"when": "2026-06-15"}, InvalidValue),
    ],
)
def test_what_is_no_completion_is_refused(arguments: dict[str, Any], error: type[CertcoreError]) -> None:
    given = {"learner_id": "ada", "item": COURSE, "when": date(2026, 6, 15), "zone": "UTC", **arguments}
    with pytest.raises(error):
        Completion.of(given.pop("learner_id"), given.pop("item"), given.pop("when"), given.pop("zone"), **given)


@given(at=instants, zone=zones)
def test_f32_an_instant_is_compared_with_the_moment_itself(at: datetime, zone: str) -> None:
    """R-52, R-65: at the moment it is not before it and not after it."""
    completion = Completion.of("ada", COURSE, at, zone)
    assert completion.not_before(at)
    assert not completion.after(at)
    assert completion.after(at - TICK)
    assert not completion.not_before(at + TICK)


@given(moment=instants, zone=zones, days=st.integers(-2, 2))
def test_a_day_is_compared_with_the_day_of_the_moment(moment: datetime, zone: str, days: int) -> None:
    """R-52: of the same day in its zone it is not before; R-65: nor is it after."""
    today = civil_date(moment, zone)
    if zone == "Pacific/Apia" and date(2011, 12, 27) < today < date(2012, 1, 3):
        return
    completion = Completion.of("ada", COURSE, today + timedelta(days), zone)
    assert completion.not_before(moment) is (days >= 0)
    assert completion.after(moment) is (days > 0)


@pytest.mark.parametrize("zone", ZONES)
def test_a_completion_dated_today_counts_for_a_renewal_started_today(zone: str) -> None:
    """R-52: though the day began before the renewal did; and it is no issuing anew after a revocation of today."""
    started = datetime(2026, 6, 15, 12, tzinfo=UTC)
    completion = Completion.of("ada", COURSE, civil_date(started, zone), zone)
    assert completion.at < started
    assert completion.not_before(started)
    assert not completion.after(started)


def test_the_same_completion_has_the_same_key() -> None:
    """R-23: learner, item and instant, whatever else was reported."""
    one = Completion.of("ada", COURSE, date(2026, 6, 15), "UTC", score=Decimal(1))
    other = Completion.of("ada", COURSE, datetime(2026, 6, 15, tzinfo=UTC), "Europe/Rome")
    assert one.key == other.key
    assert one.key != Completion.of("ada", COURSE, date(2026, 6, 16), "UTC").key
