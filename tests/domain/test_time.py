"""Zones, civil dates and instants (R-10 to R-13), against tables made by others and by properties that always hold."""

import json
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pendulum
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certcore.domain.time import (
    UNITS,
    Length,
    add_length,
    as_instant,
    civil_date,
    existing_day,
    format_instant,
    from_micros,
    last_day_before,
    next_day,
    parse_date,
    parse_instant,
    start_of_day,
    to_micros,
    zone_rules,
)
from certcore.errors import DateOutOfRange, InvalidValue, NaiveDatetime, SkippedDay, UnknownZone

JANUARY_31 = date(2024, 1, 31)

zones = st.timezone_keys(allow_prefix=False).filter(lambda key: key != "localtime")
offsets = st.builds("{}{:02}:{:02}".format, st.sampled_from("+-"), st.integers(0, 17), st.integers(0, 59))
places = st.one_of(zones, offsets)
days = st.dates(date(1850, 1, 1), date(2150, 1, 1))
instants = st.datetimes(timezones=st.just(UTC))
lengths = st.builds(Length, st.integers(-200, 200), st.sampled_from(UNITS))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


# The first instant of a day


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # midnight comes twice: the first one
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"),
        ("Atlantic/Azores", "2025-10-26", "2025-10-26T00:00:00Z"),
        ("Asia/Amman", "2021-10-29", "2021-10-28T21:00:00Z"),
        ("Antarctica/Casey", "2023-03-09", "2023-03-08T13:00:00Z"),
        ("America/Goose_Bay", "1988-10-30", "1988-10-30T02:00:00Z"),
        # midnight is skipped: the first instant after the gap
        ("Asia/Beirut", "2025-03-30", "2025-03-29T22:00:00Z"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
        ("America/Santiago", "2025-09-07", "2025-09-07T04:00:00Z"),
        # a gap that begins before midnight and ends after it
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z"),
        ("Europe/Rome", "2024-06-01", "2024-05-31T22:00:00Z"),
    ],
)
def test_a_day_starts_at_its_first_instant(zone: str, day: str, expected: str) -> None:
    assert start_of_day(date.fromisoformat(day), zone) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "day", "next_existing"),
    [
        ("Pacific/Apia", "2011-12-30", "2011-12-31"),
        ("Pacific/Fakaofo", "2011-12-30", "2011-12-31"),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-22"),
        ("Pacific/Kiritimati", "1994-12-31", "1995-01-01"),
        ("Pacific/Enderbury", "1994-12-31", "1995-01-01"),
    ],
)
def test_a_day_that_never_happened_is_an_error_when_given_and_moves_on_when_computed(
    zone: str, day: str, next_existing: str
) -> None:
    with pytest.raises(SkippedDay) as caught:
        start_of_day(date.fromisoformat(day), zone)
    assert (caught.value.date, caught.value.zone) == (day, zone)
    assert existing_day(date.fromisoformat(day), zone) == date.fromisoformat(next_existing)


def test_a_day_that_happened_stays_when_computed() -> None:
    assert existing_day(date(2011, 12, 29), "Pacific/Apia") == date(2011, 12, 29)


def test_every_start_of_day_in_the_table(cases: Path) -> None:
    wrong = []
    with (cases / "tz_start_of_day.jsonl").open(encoding="utf-8") as rows:
        for row in rows:
            zone, day, expected, kind, _ = json.loads(row)
            try:
                got = format_instant(start_of_day(date.fromisoformat(day), zone))
            except SkippedDay:
                got = "skipped"
            if got != ("skipped" if kind == "skipped" else expected):
                wrong.append((zone, day, expected, kind, got))
    assert wrong == []


@given(days, places)
@example(date(2011, 12, 30), "Pacific/Apia")
@example(date(2025, 11, 2), "America/Havana")
def test_the_first_instant_is_on_its_day_and_the_one_before_is_not(day: date, zone: str) -> None:
    try:
        start = start_of_day(day, zone)
    except SkippedDay:
        assert existing_day(day, zone) > day
        return
    assert civil_date(start, zone) == day
    assert last_day_before(start, zone) < day


@given(days, places)
@example(date(2011, 12, 29), "Pacific/Apia")
def test_a_later_day_starts_later(day: date, zone: str) -> None:
    day = existing_day(day, zone)
    later = existing_day(next_day(day), zone)
    assert start_of_day(day, zone) < start_of_day(later, zone)


def test_signs_are_those_of_iso_8601_and_not_of_posix() -> None:
    day = date(2021, 11, 18)
    assert start_of_day(day, "-04:00") == utc("2021-11-18T04:00:00Z")
    assert start_of_day(day, "UTC-04:00") == utc("2021-11-18T04:00:00Z")
    assert start_of_day(day, "+04:00") == utc("2021-11-17T20:00:00Z")
    assert start_of_day(day, "Etc/GMT-4") == utc("2021-11-17T20:00:00Z")


@pytest.mark.parametrize(("day", "zone"), [(date.min, "+01:00"), (date.min, "Asia/Tokyo"), (date.max, "-18:00")])
def test_a_midnight_outside_the_calendar_is_refused_or_exact(day: date, zone: str) -> None:
    if day == date.max:
        assert start_of_day(day, zone) == datetime(9999, 12, 31, 18, tzinfo=UTC)
    else:
        with pytest.raises(DateOutOfRange):
            start_of_day(day, zone)


@pytest.mark.parametrize("day", [datetime(2024, 1, 1, 23, tzinfo=UTC), "2024-01-01", 20240101, None])
def test_what_is_no_civil_date_is_refused(day: Any) -> None:
    """R-10: a datetime is an instant, or nothing without a zone; its date must be asked for with `civil_date`."""
    with pytest.raises(InvalidValue):
        start_of_day(day, "UTC")
    with pytest.raises(InvalidValue):
        existing_day(day, "UTC")
    with pytest.raises(InvalidValue):
        add_length(day, {"days": 1})


class Day(date):
    """A host's own kind of date, as pendulum has one."""


def test_a_kind_of_date_is_a_civil_date() -> None:
    """Whatever subclass of `date` comes in, a plain one goes on."""
    assert start_of_day(Day(2024, 1, 1), "UTC") == utc("2024-01-01T00:00:00Z")
    assert type(add_length(Day(2024, 1, 31), {"months": 1})) is date


# Zones


@pytest.mark.parametrize(
    "zone",
    [
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Rome",
        "localtime",
        "posixrules",
        "europe/rome",
        "utc",
        "",
        " UTC",
        "Europe/Rome\n",
        "Europe/Rome\0",
        "Europe",
        "Europe/Atlantis",
        "+25:00",
        "+18:01",
        "+05:60",
        "+5",
        "+٠٥:٠٠",
        "\ud800",
        None,
        5,
        [],
        UTC,
    ],
)
def test_what_is_no_zone_is_refused_with_a_sentence(zone: str) -> None:
    for act in (zone_rules, lambda zone: start_of_day(JANUARY_31, zone), lambda zone: existing_day(JANUARY_31, zone)):
        with pytest.raises(UnknownZone, match="is not a time zone; give an IANA name"):
            act(zone)


@pytest.mark.parametrize("zone", ["Z", "UTC", "+00:00", "-00:00", "UTC+00:00", "Etc/UTC"])
def test_utc_goes_by_many_names(zone: str) -> None:
    assert start_of_day(JANUARY_31, zone) == utc("2024-01-31T00:00:00Z")


def test_every_zone_of_the_tzdata_package_is_known() -> None:
    names = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    assert len(names) > 500
    for name in names:
        assert str(zone_rules(name)) == name


# Lengths


@pytest.mark.parametrize(
    ("day", "length", "expected"),
    [
        ("2024-01-31", {"months": 1}, "2024-02-29"),
        ("2023-01-31", {"months": 1}, "2023-02-28"),
        ("2024-02-29", {"years": 1}, "2025-02-28"),
        ("2024-02-29", {"years": 4}, "2028-02-29"),
        ("2024-03-31", {"months": -1}, "2024-02-29"),
        ("2024-01-31", {"months": 1188}, "2123-01-31"),
        ("2024-12-30", {"weeks": 1}, "2025-01-06"),
        ("2024-03-01", {"days": -1}, "2024-02-29"),
        ("2024-01-31", {"days": 0}, "2024-01-31"),
        ("9999-12-30", {"days": 1}, "9999-12-31"),
    ],
)
def test_f33_months_and_years_clamp_to_the_months_end(day: str, length: dict[str, int], expected: str) -> None:
    assert add_length(date.fromisoformat(day), length) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("day", "length"),
    [
        ("9999-12-31", {"days": 1}),
        ("9999-01-31", {"years": 1}),
        ("9999-12-01", {"months": 1}),
        ("0001-01-01", {"weeks": -1}),
        ("0001-01-31", {"months": -1}),
        ("2024-01-31", {"years": 10**9}),
        ("2024-01-31", {"months": -(10**30)}),
    ],
)
def test_f33_leaving_the_calendar_is_a_typed_error(day: str, length: dict[str, int]) -> None:
    with pytest.raises(DateOutOfRange) as caught:
        add_length(date.fromisoformat(day), length)
    assert caught.value.date == day
    assert caught.value.by == str(Length.from_data(length))


def test_f33_every_sum_in_the_table(cases: Path) -> None:
    wrong = []
    for line in (cases / "civil_arithmetic.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        day, count, unit, expected = line.split("\t")
        try:
            got = add_length(date.fromisoformat(day), {unit: int(count)}).isoformat()
        except DateOutOfRange:
            got = "OVERFLOW"
        if got != expected:
            wrong.append((line, got))
    assert wrong == []


def test_repeats_are_counted_from_the_anchor_and_do_not_drift() -> None:
    month = Length(1, "months")
    ends = [add_length(JANUARY_31, month.times(n)) for n in range(1, 4)]
    assert ends == [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]


@given(days, st.integers(-50, 50), st.integers(0, 60))
def test_months_counted_from_one_anchor_keep_its_day_or_the_months_last(day: date, factor: int, count: int) -> None:
    moved = add_length(day, Length(count, "months").times(factor))
    last = add_length(moved.replace(day=1), {"months": 1}) - timedelta(days=1)
    assert moved.day == min(day.day, last.day)
    assert (moved.year - day.year) * 12 + moved.month - day.month == factor * count


@given(days, lengths)
def test_a_longer_length_never_ends_earlier(day: date, length: Length) -> None:
    longer = Length(length.count + 1, length.unit)
    assert add_length(day, length) < add_length(day, longer)


@given(lengths)
def test_a_length_survives_as_data(length: Length) -> None:
    assert Length.from_data(length.to_data()) == length
    assert add_length(JANUARY_31, length) == add_length(JANUARY_31, length.to_data())


@pytest.mark.parametrize(
    "data",
    [{}, {"hours": 1}, {"months": 1.0}, {"months": "1"}, {"months": True}, {"months": 1, "days": 1}, None, 6, "P1M"],
)
def test_what_is_no_length_is_refused(data: dict[str, int]) -> None:
    with pytest.raises(InvalidValue, match="one whole number of years, months, weeks or days"):
        add_length(JANUARY_31, data)


@pytest.mark.parametrize(("length", "text"), [(Length(1, "years"), "1 year"), (Length(-1, "days"), "-1 day")])
def test_a_length_reads_as_english(length: Length, text: str) -> None:
    assert str(length) == text
    assert str(Length(6, "months")) == "6 months"


def test_there_is_no_day_after_the_last() -> None:
    assert next_day(date(2024, 2, 28)) == date(2024, 2, 29)
    with pytest.raises(DateOutOfRange):
        next_day(date.max)


# Instants


def test_a_naive_datetime_is_refused_at_every_door() -> None:
    naive = datetime(2024, 1, 31)  # noqa: DTZ001
    for act in (as_instant, format_instant, to_micros, lambda value: civil_date(value, "UTC")):
        with pytest.raises(NaiveDatetime):
            act(naive)


@pytest.mark.parametrize("value", [JANUARY_31, "2024-01-31T00:00:00Z", None, 0])
def test_what_is_no_datetime_is_no_instant(value: datetime) -> None:
    with pytest.raises(InvalidValue):
        as_instant(value)


def test_every_instant_comes_out_as_a_stdlib_datetime_in_utc() -> None:
    """A ``pendulum.DateTime`` is a datetime; what certcore hands on no longer is a pendulum one."""
    there = pendulum.datetime(2024, 1, 31, 12, 30, tz="Asia/Kolkata")
    for given_value in (there, there.in_timezone("UTC"), datetime(2024, 1, 31, 7, tzinfo=UTC)):
        instant = as_instant(given_value)
        assert type(instant) is datetime
        assert instant.tzinfo is UTC
        assert instant == datetime(2024, 1, 31, 7, tzinfo=UTC)
    assert to_micros(there) == to_micros(datetime(2024, 1, 31, 7, tzinfo=UTC))
    assert type(civil_date(there, "Asia/Kolkata")) is date


def test_an_instant_that_leaves_the_calendar_in_a_zone_is_refused() -> None:
    with pytest.raises(DateOutOfRange):
        civil_date(datetime.min.replace(tzinfo=UTC), "-05:00")
    with pytest.raises(DateOutOfRange):
        parse_instant("9999-12-31T23:59:59-05:00")


@given(instants)
@example(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
@example(datetime(1, 1, 1, tzinfo=UTC))
@example(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
def test_f35_microseconds_and_the_last_instant_survive(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant
    assert parse_instant(format_instant(instant)) == instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z"),
        ("2026-01-31T01:30:00+01:30", "2026-01-31T00:00:00Z"),
        ("2026-01-31 00:00:00.000001Z", "2026-01-31T00:00:00.000001Z"),
        ("2026-01-31T00:00Z", "2026-01-31T00:00:00Z"),
    ],
)
def test_an_instant_is_read_from_iso_8601(text: str, expected: str) -> None:
    assert format_instant(parse_instant(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["2026-01-31", "2026-01-31x00:00:00Z", "2026-02-30T00:00:00Z", "2026-W05-6T00:00:00Z", "now", "", "0", None, 0],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="ISO 8601"):
        parse_instant(text)


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(NaiveDatetime):
        parse_instant("2026-01-31T00:00:00")


# Dates as text


@pytest.mark.parametrize(
    "text",
    [
        "20240131",
        "2024-W05-3",
        "2024-031",
        "2024/01/31",
        "2024-01",
        "2024",
        "2024-01-31T00:00:00",
        "now",
        "24-01-31",
        "2024-1-5",
        "２０２４-０１-３１",
        "٢٠٢٤-٠١-٣١",
        "2024-01-31\n",
        " 2024-01-31",
        "2023-02-29",
        "0000-01-01",
        "",
        None,
    ],
)
def test_only_one_spelling_is_a_date(text: str) -> None:
    with pytest.raises(InvalidValue, match="YYYY-MM-DD"):
        parse_date(text)


def test_every_date_text_in_the_cases(cases: Path) -> None:
    """``ok: null`` is free to decide: spaces around a date are refused here, and trimmed where a cell is read."""
    table = json.loads((cases / "csv" / "date_strings.json").read_text(encoding="utf-8"))["cases"]
    wrong = []
    for case in table:
        try:
            read = parse_date(case["text"]).isoformat() == case["text"]
        except InvalidValue:
            read = False
        if read != bool(case["ok"]):
            wrong.append(case)
    assert wrong == []


@given(st.dates())
def test_every_date_is_read_as_it_is_written(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_a_typed_error(text: str) -> None:
    try:
        read = parse_date(text).isoformat()
    except InvalidValue:
        read = "refused"
    assert read in {text, "refused"}
