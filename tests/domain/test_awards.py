"""Periods, statuses and days left: pure, half-open, and right in every zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.awards import (
    STATUS_CONDITIONS,
    Award,
    Basis,
    BasisKind,
    Details,
    Ending,
    EndReason,
    Link,
    Period,
    Status,
    computed_period,
    days_left,
    status,
    typed_period,
)
from certcore.domain.policy import RenewalPolicy
from certcore.errors import DateOutOfRange, InvalidValue, SkippedDay

YEARLY = RenewalPolicy.from_data({"validity": {"years": 1}, "warning": {"days": 30}})
INCLUSIVE = RenewalPolicy.from_data({"validity": {"years": 1}, "boundary": "inclusive"})
FOREVER = RenewalPolicy()
ROME = typed_period(YEARLY, date(2026, 1, 31), "Europe/Rome", date(2027, 1, 31))


def award(period: Period, ending: Ending | None = None) -> Award:
    return Award(1, "N", b"t", 1, 1, "1", "Ana", period, ending=ending)


def test_a_basis_is_taken_as_text_too_and_never_guessed() -> None:
    """R-20."""
    assert Basis("course", "C-1") == Basis(BasisKind.COURSE, "C-1")
    with pytest.raises(InvalidValue, match="kind"):
        Basis("seminar", "C-1")


def test_a_validity_of_zero_never_expires() -> None:
    """R-2."""
    policy = RenewalPolicy.from_data({"validity": {"days": 0}})
    assert computed_period(policy, date(2026, 1, 1), "UTC").expires_at is None


def test_the_time_of_day_never_counts() -> None:
    """R-13: from a day whose midnight is skipped, a year ends at the next year's midnight."""
    period = computed_period(YEARLY, date(2025, 3, 30), "Asia/Beirut")
    assert (period.issued_at, period.expires_at) == (
        datetime(2025, 3, 29, 22, tzinfo=UTC),
        datetime(2026, 3, 29, 21, tzinfo=UTC),
    )


def test_a_computed_day_that_never_happened_takes_the_next_and_a_typed_one_is_an_error() -> None:
    """R-11, R-13: 2011-12-30 in Apia."""
    computed = computed_period(YEARLY, date(2010, 12, 30), "Pacific/Apia")
    assert computed.expires_on == date(2011, 12, 31)
    assert computed.last_valid_day == date(2011, 12, 29)
    with pytest.raises(SkippedDay):
        typed_period(YEARLY, date(2010, 12, 30), "Pacific/Apia", date(2011, 12, 30))


@pytest.mark.parametrize(
    ("policy", "expires_at", "last_valid_day"),
    [
        (YEARLY, datetime(2027, 1, 30, 23, tzinfo=UTC), date(2027, 1, 30)),
        (INCLUSIVE, datetime(2027, 1, 31, 23, tzinfo=UTC), date(2027, 1, 31)),
    ],
)
def test_a_typed_expiry_is_the_first_invalid_or_the_last_valid_day(
    policy: RenewalPolicy, expires_at: datetime, last_valid_day: date
) -> None:
    """R-16: as the certification says."""
    period = typed_period(policy, date(2026, 1, 31), "Europe/Rome", date(2027, 1, 31))
    assert (period.expires_at, period.last_valid_day) == (expires_at, last_valid_day)


def test_inclusive_awards_may_end_on_the_day_they_start() -> None:
    """R-16: valid for one day, where the printed day is still valid; refused where it is not."""
    day = date(2026, 1, 31)
    assert typed_period(INCLUSIVE, day, "UTC", day).last_valid_day == day
    with pytest.raises(InvalidValue):
        typed_period(YEARLY, day, "UTC", day)


@pytest.mark.parametrize("day", [datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31", 20260131, None])
def test_a_civil_date_is_a_date_and_nothing_else(day: Any) -> None:
    """R-10: a datetime has no civil date without a zone, naive or not; refused at every door."""
    with pytest.raises(InvalidValue):
        typed_period(YEARLY, day, "UTC", None)
    with pytest.raises(InvalidValue):
        computed_period(YEARLY, day, "UTC")
    if day is not None:
        with pytest.raises(InvalidValue):
            typed_period(YEARLY, date(2026, 1, 1), "UTC", day)
        with pytest.raises(InvalidValue):
            Details(completed_on=day)


def test_f33_an_expiry_past_the_calendar_is_a_typed_error() -> None:
    """No date after 9999, computed or typed."""
    with pytest.raises(DateOutOfRange):
        computed_period(YEARLY, date(9999, 6, 1), "UTC")
    with pytest.raises(DateOutOfRange):
        typed_period(INCLUSIVE, date(2026, 1, 1), "UTC", date(9999, 12, 31))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 1, 30, 22, 59, 59, 999_999, tzinfo=UTC), Status.UPCOMING),
        (datetime(2026, 1, 30, 23, tzinfo=UTC), Status.ACTIVE),
        (datetime(2026, 12, 31, 23, tzinfo=UTC) - timedelta(microseconds=1), Status.ACTIVE),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), Status.EXPIRING),
        (datetime(2027, 1, 30, 22, 59, 59, 999_999, tzinfo=UTC), Status.EXPIRING),
        (datetime(2027, 1, 30, 23, tzinfo=UTC), Status.EXPIRED),
    ],
)
def test_f32_status_changes_exactly_at_its_instants(at: datetime, expected: Status) -> None:
    """R-14: half-open; the instant of expiry is expired."""
    assert status(award(ROME), at) is expected


def test_a_grace_that_counts_as_valid_is_a_status_of_its_own() -> None:
    """R-14: between expiry and the end of the grace."""
    graced = evolve(ROME, grace_ends_at=datetime(2027, 3, 1, tzinfo=UTC))
    assert status(award(graced), datetime(2027, 2, 1, tzinfo=UTC)) is Status.GRACE
    assert status(award(graced), datetime(2027, 3, 1, tzinfo=UTC)) is Status.EXPIRED


def test_window_and_valid_grace_are_fixed_in_the_award_at_issue() -> None:
    """R-3, R-14: expiring from the renewal window on, graced to the end of its last day."""
    policy = RenewalPolicy.from_data(
        {
            "validity": {"years": 1},
            "warning": {"days": 10},
            "window": {"opens": {"months": 1}},
            "anchor": {"kind": "previous_expiry_in_window"},
            "grace": {"length": {"days": 7}, "valid": True},
        }
    )
    period = computed_period(policy, date(2026, 1, 31), "Europe/Rome")
    assert period.expiring_on == date(2026, 12, 31)
    asked = [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 30), date(2027, 1, 31), date(2027, 2, 8)]
    noons = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in asked]
    assert [status(award(period), noon) for noon in noons] == [
        Status.ACTIVE,
        Status.EXPIRING,
        Status.EXPIRING,
        Status.GRACE,
        Status.EXPIRED,
    ]


def test_endings_take_effect_at_their_instant() -> None:
    """R-14, R-61: a renewed award stays valid until its successor starts; a revoked one is lost at once."""
    later = datetime(2026, 9, 1, tzinfo=UTC)
    renewed = award(ROME, Ending(EndReason.RENEWED, later))
    revoked = award(ROME, Ending(EndReason.REVOKED, later))
    before = later - timedelta(microseconds=1)
    assert [status(renewed, before), status(renewed, later)] == [Status.ACTIVE, Status.ARCHIVED]
    assert [status(revoked, before), status(revoked, later)] == [Status.ACTIVE, Status.REVOKED]


moments = st.integers(1_577_836_800, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(
    ordered=st.lists(moments, min_size=4, max_size=4).map(sorted),
    expires=st.booleans(),
    warns=st.booleans(),
    ending=st.none() | st.builds(Ending, st.sampled_from(EndReason), moments),
    now=moments,
)
def test_every_award_has_exactly_one_status_at_every_instant(
    ordered: list[datetime], expires: bool, warns: bool, ending: Ending | None, now: datetime
) -> None:
    """R-14, I4: total and without overlap, whatever moments an award has."""
    issued, expiring, expiry, grace = ordered
    period = Period(
        "UTC",
        issued.date(),
        issued,
        issued.date(),
        expires_on=expiry.date() if expires else None,
        expires_at=expiry if expires else None,
        expiring_at=expiring if warns and expires else None,
        grace_ends_at=grace if expires else None,
    )
    assert status(award(period, ending), now) in STATUS_CONDITIONS


@pytest.mark.parametrize(
    ("now", "zone", "left"),
    [
        (datetime(2027, 1, 30, 22, tzinfo=UTC), None, 0),
        (datetime(2027, 1, 29, 12, tzinfo=UTC), None, 1),
        (datetime(2027, 1, 30, 23, tzinfo=UTC), None, None),
        (datetime(2027, 1, 30, 22, tzinfo=UTC), "Pacific/Auckland", 0),
        (datetime(2026, 1, 30, 23, tzinfo=UTC), "America/Los_Angeles", 365),
    ],
)
def test_days_left_are_civil_days_in_the_readers_zone(now: datetime, zone: str | None, left: int | None) -> None:
    """R-15: 0 on the last valid day, none after."""
    assert days_left(award(ROME), now, zone) == left


def test_an_award_that_never_expires_has_no_days_left() -> None:
    """R-15."""
    assert days_left(award(computed_period(FOREVER, date(2026, 1, 1), "UTC")), datetime(2026, 1, 1, tzinfo=UTC)) is None


@given(
    issued=st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    zone=st.sampled_from(["UTC", "America/Havana", "Asia/Beirut", "Pacific/Apia", "-04:00", "Africa/Cairo"]),
)
def test_a_year_is_never_a_day_short(issued: date, zone: str) -> None:
    """The certificate of an award ends on the same civil day in its zone, wherever clocks change."""
    try:
        period = computed_period(YEARLY, issued, zone)
    except SkippedDay:
        return
    expected = date(issued.year + 1, issued.month, 28 if (issued.month, issued.day) == (2, 29) else issued.day)
    assert period.expires_on == (
        date(2011, 12, 31) if (expected, zone) == (date(2011, 12, 30), "Pacific/Apia") else expected
    )
    assert period.anchor_on == issued


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": BasisKind.MANUAL, "code": "C-1"},
        {"kind": BasisKind.COURSE},
        {"kind": BasisKind.COURSE, "code": "  "},
        {"kind": BasisKind.EXTERNAL_CERTIFICATION},
        {"kind": BasisKind.COURSE, "code": "C-1", "links": (Link("Credly", "https://x.example"),)},
    ],
)
def test_a_basis_names_what_it_must_and_nothing_else(parts: dict[str, object]) -> None:
    """R-20."""
    with pytest.raises(InvalidValue):
        Basis(**parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["http://credly.example", "javascript:alert(1)", "https://", "https://a\nb"])
def test_links_are_https(url: str) -> None:
    """R-20."""
    with pytest.raises(InvalidValue):
        Link("Credly", url)


def test_notes_may_have_lines_but_no_nul() -> None:
    """f42: what a storage cannot keep is refused before it."""
    assert Details(note="two\nlines").note == "two\nlines"
    with pytest.raises(InvalidValue):
        Details(note="nul\0")
