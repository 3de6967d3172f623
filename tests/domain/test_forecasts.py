"""Compliance and its forecast (R-92, R-95)."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.awards import Status
from certcore.domain.forecasts import Month, compliance, forecast, groups_named, month_of, months_from
from certcore.domain.time import last_day_before
from certcore.errors import DateOutOfRange, InvalidValue
from certcore.testing.builders import make_certification

MARCH = datetime(2026, 3, 2)  # noqa: DTZ001 - hypothesis adds the zone
SAFE = make_certification()
zones = st.sampled_from(["UTC", "Asia/Tokyo", "America/Havana", "Pacific/Apia"])
lapses = st.tuples(
    st.none() | st.datetimes(MARCH, MARCH.replace(year=2031), timezones=st.just(UTC)),
    zones,
    st.integers(1, 50),
)


def test_an_award_lapses_in_the_month_of_its_last_valid_day_in_its_own_zone() -> None:
    """R-10, R-16: the first instant of April in Tokyo is the end of March there, as it is in Havana's March."""
    ends = [
        (datetime(2026, 3, 31, 15, tzinfo=UTC), "Asia/Tokyo", 2),
        (datetime(2026, 3, 31, 15, 0, 0, 1, tzinfo=UTC), "Asia/Tokyo", 3),
        (datetime(2026, 4, 1, 4, tzinfo=UTC), "America/Havana", 5),
        (None, "UTC", 7),
        (datetime(2030, 1, 1, tzinfo=UTC), "UTC", 11),
    ]
    found = forecast(SAFE, None, ends, months_from(date(2026, 3, 15), 3))
    assert found.months == (
        Month(date(2026, 3, 1), 7, 21),
        Month(date(2026, 4, 1), 3, 18),
        Month(date(2026, 5, 1), 0, 18),
    )
    assert (found.held, found.always, found.later) == (28, 7, 11)


@given(st.lists(lapses), st.integers(1, 60))
def test_every_award_is_counted_once(ends: list[tuple[datetime | None, str, int]], count: int) -> None:
    """Held is what lapses in a month, later, and never; left is held less all lapses so far."""
    months = months_from(date(2026, 3, 1), count)
    found = forecast(SAFE, "nurses", ends, months)
    naive: Counter[date | None] = Counter()
    for end, zone, many in ends:
        naive[None if end is None else last_day_before(end, zone).replace(day=1)] += many
    assert [each.lapses for each in found.months] == [naive[each] for each in months]
    assert found.held == sum(many for _, _, many in ends)
    assert found.held == sum(each.lapses for each in found.months) + found.always + found.later
    assert found.months[-1].left == found.always + found.later


def test_what_ends_before_the_first_month_of_the_reader_is_counted_in_it() -> None:
    """In Havana it is still February when a month of UTC has begun; nothing is lost between the zones."""
    end = datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert forecast(SAFE, None, [(end, "America/Havana", 1)], [date(2026, 3, 1)]).months[0].lapses == 1


def test_compliance_counts_what_is_valid_and_who_has_nothing() -> None:
    tallies = [(Status.ACTIVE, 2), (Status.EXPIRING, 1), (Status.GRACE, 1), (Status.EXPIRED, 3), (Status.ACTIVE, 4)]
    found = compliance(SAFE, "nurses", tallies, 12)
    assert (found.valid, found.missing, found.counts[Status.ACTIVE], found.counts[Status.REVOKED]) == (8, 4, 6, 0)
    assert compliance(SAFE, None, tallies, None).missing is None


@pytest.mark.parametrize("count", [0, -1, 121, True, 1.5, "12"])
def test_a_forecast_has_some_months_and_not_too_many(count: object) -> None:
    with pytest.raises(InvalidValue, match="1 to 120"):
        months_from(date(2026, 3, 1), count)  # type: ignore[arg-type]


def test_months_end_with_the_calendar() -> None:
    assert months_from(date(9999, 11, 30), 2) == [date(9999, 11, 1), date(9999, 12, 1)]
    assert months_from(date(2026, 12, 31), 2) == [date(2026, 12, 1), date(2027, 1, 1)]
    with pytest.raises(DateOutOfRange):
        months_from(date(9999, 12, 1), 2)


def test_the_month_is_that_of_a_zone() -> None:
    assert month_of(datetime(2026, 3, 1, 4, tzinfo=UTC), "America/Havana") == date(2026, 2, 1)


def test_groups_come_each_once_or_everybody() -> None:
    assert (groups_named(["b", "a", "b"]), groups_named([])) == (["b", "a"], [None])
