"""Offsets from an expiry and what rules wait for (R-80)."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.notices import EXPIRED, Audience, Offset, OffsetUnit, Trigger, When, triggers_of
from certcore.domain.notices.triggers import audiences, first_invalid_day_of
from certcore.domain.time import as_instant, civil_date, first_instant, next_day, zone_rules
from certcore.errors import DateOutOfRange, InvalidValue
from tests.domain.test_time import places

offsets = st.one_of(
    st.builds(Offset, st.integers(-87_600, 87_600), st.just(OffsetUnit.HOURS)),
    st.builds(Offset, st.integers(-3_650, 3_650), st.just(OffsetUnit.DAYS)),
    st.builds(Offset, st.integers(-520, 520), st.just(OffsetUnit.WEEKS)),
)
expiry_days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def at(offset: str, expires_on: str, zone: str) -> datetime:
    day = date.fromisoformat(expires_on)
    return Offset.parse(offset).at(first_instant(day, zone), day, zone)


@pytest.mark.parametrize(
    ("offset", "expires_on", "zone", "expected"),
    [
        ("expired", "2026-07-01", "Europe/Rome", "2026-06-30T22:00:00Z"),
        # civil days over a change of the clocks: both begin at midnight, an hour apart in UTC
        ("30 days before", "2026-04-10", "Europe/Rome", "2026-03-10T23:00:00Z"),
        ("2 weeks after", "2026-10-20", "Europe/Rome", "2026-11-02T23:00:00Z"),
        # hours are hours
        ("720 hours before", "2026-04-10", "Europe/Rome", "2026-03-10T22:00:00Z"),
        ("12 hours after", "2026-07-01", "America/New_York", "2026-07-01T16:00:00Z"),
        # the reminder's midnight comes twice: the first; is skipped: the end of the gap
        ("7 days before", "2025-11-09", "America/Havana", "2025-11-02T04:00:00Z"),
        ("1 day before", "2025-03-31", "Asia/Beirut", "2025-03-29T22:00:00Z"),
        ("1 week before", "2026-05-01", "Africa/Cairo", "2026-04-23T22:00:00Z"),
        # the reminder's day never happened: the next that did
        ("1 day before", "2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("30 days before", "2012-01-29", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("1 day before", "2026-03-01", "-04:00", "2026-02-28T04:00:00Z"),
        ("1 day before", "2024-03-01", "UTC", "2024-02-29T00:00:00Z"),
    ],
)
def test_a_moment_is_the_start_of_a_civil_day(offset: str, expires_on: str, zone: str, expected: str) -> None:
    """R-13: days and weeks are counted on dates, and converted last; the answers are those of test_time.py."""
    assert at(offset, expires_on, zone) == utc(expected)


@pytest.mark.parametrize(
    "text", ["30 days before", "1 day before", "12 hours after", "1 hour before", "2 weeks after", "expired"]
)
def test_an_offset_is_read_as_it_is_written(text: str) -> None:
    """In words that a rule can be said with."""
    assert str(Offset.parse(text)) == text


@given(offsets)
def test_offsets_come_back_from_their_text(offset: Offset) -> None:
    """All of them; zero of any unit is the expiry itself."""
    assert Offset.parse(str(offset)) == (offset if offset.count else EXPIRED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30 days",
        "before",
        "-3 days before",
        "3.5 days before",
        "3651 days before",
        "87601 hours after",
        "521 weeks after",
        "٣ days before",
        "30 months before",
        "issued",
        None,
    ],
)
def test_what_is_no_offset_is_refused(text: str) -> None:
    """Ten years either side is the furthest; digits are ASCII."""
    with pytest.raises(InvalidValue):
        Offset.parse(text)


@pytest.mark.parametrize("text", ["10 years", "expiry", "", None])
def test_when_says_what_is_possible(text: str) -> None:
    """An unknown moment names the triggers and the ways to write offsets."""
    with pytest.raises(InvalidValue, match=r"enrolled_again, external_submitted.*30 days before"):
        When.parse(text)


@pytest.mark.parametrize("trigger", [each for each in Trigger if each is not Trigger.EXPIRY])
def test_a_moment_is_a_trigger_or_an_offset(trigger: Trigger) -> None:
    """Only the expiry has offsets, and has one always."""
    assert When.parse(str(When(trigger))) == When(trigger)
    with pytest.raises(InvalidValue, match="only there"):
        When(trigger, EXPIRED)
    with pytest.raises(InvalidValue, match="only there"):
        When(Trigger.EXPIRY)


@given(offsets, expiry_days, places)
def test_what_is_due_in_a_window_expires_between_the_instants_that_are_asked_for(
    offset: Offset, day: date, zone: str
) -> None:
    """Whatever the zone's clocks do in between, a sweep that reads those expiries misses none."""
    expires_at = first_instant(day, zone)
    try:
        moment = offset.at(expires_at, civil_date(expires_at, zone), zone)
    except DateOutOfRange:
        return
    first, last = offset.expiries(moment, moment)
    assert first <= expires_at <= last
    assert last - first <= timedelta(hours=60)


def test_the_calendars_ends_end_a_window() -> None:
    """What lies behind them is asked for by the first and last instants there are."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert Offset(3_650).expiries(first, first)[0] == first
    assert Offset(-3_650).expiries(last, last)[1] == last


@pytest.mark.parametrize("offset", ["1 day after", "1 hour after"])
def test_a_moment_behind_the_calendar_is_a_typed_error(offset: str) -> None:
    """R-13: nothing is guessed at the end of the year 9999."""
    expires_at = as_instant(datetime.max.replace(tzinfo=UTC))
    with pytest.raises(DateOutOfRange):
        Offset.parse(offset).at(expires_at, date.max, "UTC")


@given(expiry_days, places, st.integers(-11, 11))
def test_the_first_invalid_day_is_known_from_what_is_stored(day: date, zone: str, moved: int) -> None:
    """R-16, f34: printed as the first invalid or the last valid day, and though zone rules moved midnight since."""
    by, (begins, ends) = timedelta(hours=moved), (first_instant(day, zone), first_instant(next_day(day), zone))
    if ends - begins < timedelta(hours=23):  # a day that hardly happened
        return
    assert first_invalid_day_of(begins + by, day, zone) == day
    assert first_invalid_day_of(ends + by, day, zone) == next_day(day)


def test_other_zone_rules_leave_the_moments_key() -> None:
    """f34: an expiry stored under other rules, an hour off today's midnight, is told of under the same key."""
    day = date(2027, 1, 14)
    stored = first_instant(day, "Africa/Casablanca")
    for hours in (-1, 0, 1):
        invalid_from = first_invalid_day_of(stored + timedelta(hours=hours), day, "Africa/Casablanca")
        assert Offset(-7).key(invalid_from) == "2027-01-07"
        assert Offset(-12, "hours").key(invalid_from) == "2027-01-14-12h"
        assert EXPIRED.key(invalid_from) == "2027-01-14"


@given(offsets, offsets, expiry_days)
def test_different_moments_have_different_keys(one: Offset, other: Offset, day: date) -> None:
    """R-82: equal keys are equal days or equal hours from the same expiry."""
    if one.key(day) == other.key(day):
        zone = "UTC"
        assert one.at(first_instant(day, zone), day, zone) == other.at(first_instant(day, zone), day, zone)


def test_events_set_off_what_they_tell_of() -> None:
    """An award that renews another is issued and renewed (R-44); what nobody is told of sets off nothing."""
    assert triggers_of("award.issued") == (Trigger.ISSUED,)
    assert triggers_of("award.issued", renews=True) == (Trigger.ISSUED, Trigger.RENEWED)
    assert triggers_of("award.revoked") == (Trigger.REVOKED,)
    for silent in ("award.edited", "award.renewed", "external.rejected", "setting.changed", ""):
        assert triggers_of(silent) == ()


def test_each_trigger_has_its_audiences() -> None:
    """Reviewers review and whoever imported hears of the import; of all else the learner or who looks after them."""
    assert audiences(Trigger.EXTERNAL_SUBMITTED) == (Audience.REVIEWERS,)
    assert audiences(Trigger.IMPORT_FINISHED) == (Audience.ACTOR,)
    for trigger in set(Trigger) - {Trigger.EXTERNAL_SUBMITTED, Trigger.IMPORT_FINISHED}:
        assert audiences(trigger)[0] is Audience.LEARNER
        assert set(audiences(trigger)) == set(Audience) - {Audience.REVIEWERS, Audience.ACTOR}


def test_no_zone_moves_its_midnights_by_more_than_is_allowed_for() -> None:
    """The window's margin of 30 hours: the widest span of offsets that any zone has had since 1900."""
    widest = timedelta()
    for zone in files("tzdata").joinpath("zones").read_text(encoding="ascii").split():
        rules = zone_rules(zone)
        seen = [rules.utcoffset(datetime(year, month, 1)) for year in range(1900, 2101) for month in (1, 7)]  # noqa: DTZ001
        offsets = [each for each in seen if each is not None]
        widest = max(widest, max(offsets) - min(offsets))
    assert timedelta(hours=24) < widest <= timedelta(hours=26)
