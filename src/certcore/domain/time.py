"""Zones, civil dates and instants: the only module that knows how they turn into one another.

Arithmetic is done on civil dates and the conversion to an instant comes last (R-13), because arithmetic on a local
midnight goes wrong wherever clocks change at midnight. Zone rules are read from the ``tzdata`` package, not from the
operating system, so that two machines with the same release agree on every instant.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from datetime import time as wall_time
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pkgutil import iter_modules
from typing import Final, Literal, Self, get_args
from zoneinfo import ZoneInfo

import pendulum
from attrs import frozen
from pendulum import locales

from certcore.errors import DateOutOfRange, InvalidValue, NaiveDatetime, SkippedDay, UnknownZone

Unit = Literal["years", "months", "weeks", "days"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)

_OFFSET = re.compile(r"(?:UTC)?([+-])([0-9]{2}):?([0-9]{2})")
_LONGEST_OFFSET = timedelta(hours=18)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_INSTANT = re.compile(rf"{_ISO_DATE.pattern}[T ][0-9:.]+(?:Z|[+-][0-9:]+)?")
_MICROSECOND = timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1)
_DAY_SECONDS = 86_400
_MIDNIGHT, _MIDNIGHT_AGAIN, _MIDNIGHT_UTC = wall_time(), wall_time(fold=1), wall_time(tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCALES_CALLED: Final[Mapping[str, str]] = {"no": "nb", "pt": "pt_br"}
_DATES_WRITTEN: Final[Mapping[str, str]] = {
    "cs": "D. MMMM YYYY",
    "he": "D [\u05d1]MMMM YYYY",
    "id": "D MMMM YYYY",
    "tr": "D MMMM YYYY",
}
"""How dates are written where pendulum's locales have it otherwise than CLDR."""


@frozen
class Length:
    """A whole number of years, months, weeks or days, as in POLICY.md: ``{"months": 6}``."""

    count: int
    unit: Unit

    @classmethod
    def from_data(cls, data: Mapping[str, int]) -> Self:
        """Read ``{unit: count}``; raises `InvalidValue` on any other shape."""
        if isinstance(data, Mapping) and len(data) == 1:
            ((unit, count),) = data.items()
            if unit in UNITS and isinstance(count, int) and not isinstance(count, bool):
                return cls(count, unit)
        raise InvalidValue("length", data, 'one whole number of years, months, weeks or days, such as {"months": 6}')

    def to_data(self) -> dict[str, int]:
        """Write ``{unit: count}``, as `from_data` reads it."""
        return {self.unit: self.count}

    def times(self, factor: int) -> "Length":
        """This length ``factor`` times, counted as one length so that it clamps once (R-13)."""
        return Length(self.count * factor, self.unit)

    def __str__(self) -> str:
        return f"{self.count} {self.unit if abs(self.count) != 1 else self.unit[:-1]}"


def add_length(day: date, length: Length | Mapping[str, int], times: int = 1) -> date:
    """The civil date ``length`` so many ``times`` after ``day`` (before it, when negative), clamped to the month's end.

    All of it is counted as one length, so that it clamps once (R-13).

    Raises `DateOutOfRange` outside the years 1 to 9999 and `InvalidValue` for a length that is none.
    """
    step = length if isinstance(length, Length) else Length.from_data(length)
    day = civil(day)
    count = step.count * times
    if step.unit == "days":
        return _days_later(day, count)
    return _add(day.year, day.month, day.day, count, step.unit)


def _days_later(day: date, count: int) -> date:
    try:
        return day + timedelta(count)
    except OverflowError as error:
        raise DateOutOfRange(day.isoformat(), str(Length(count, "days"))) from error


@lru_cache(maxsize=16_384)
def _add(year: int, month: int, day: int, count: int, unit: Unit) -> date:
    try:
        moved = pendulum.Date(year, month, day).add(**{unit: count})
        return date(moved.year, moved.month, moved.day)
    except (ValueError, OverflowError) as error:
        raise DateOutOfRange(date(year, month, day).isoformat(), str(Length(count, unit))) from error


def civil(day: date) -> date:
    """``day``; raises `InvalidValue` for a datetime, whose date depends on a zone (R-10)."""
    if type(day) is date:
        return day
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidValue("date", day, "a civil date, read in the award's zone")
    return date(day.year, day.month, day.day)


def start_of_day(day: date, zone: str) -> datetime:
    """The first instant, in UTC, of the civil ``day`` in ``zone`` (R-11).

    ``zone`` is an IANA name or an ISO 8601 offset. Where midnight is skipped, the first instant after the gap; where it
    comes twice, the first one. Raises `SkippedDay` when the whole day never happened there, `UnknownZone`, and
    `DateOutOfRange` when the instant falls outside the years 1 to 9999, and `InvalidValue` for what is no civil date.
    """
    instant, exists = _start(civil(day), _named(zone))
    if not exists:
        raise SkippedDay(day.isoformat(), zone)
    return instant


def existing_day(day: date, zone: str) -> date:
    """``day``, or the next civil day that did happen in ``zone``: for computed dates (R-13)."""
    plain = civil(day)
    instant, exists = _start(plain, _named(zone))
    return plain if exists else civil_date(instant, zone)


def first_instant(day: date, zone: str) -> datetime:
    """The first instant, in UTC, of ``day``, or of the next day that did happen in ``zone``: for computed dates (R-13).

    Raises as `start_of_day`, but for `SkippedDay`.
    """
    return _start(civil(day), _named(zone))[0]


@lru_cache(maxsize=16_384)
def _start(day: date, zone: str) -> tuple[datetime, bool]:
    """The first instant at or after the day's midnight, and whether that instant is still on the day."""
    rules = _rules(zone)
    midnight, once_more = datetime.combine(day, _MIDNIGHT), datetime.combine(day, _MIDNIGHT_AGAIN)
    try:
        offset = rules.utcoffset(midnight)
        if offset is not None and offset == rules.utcoffset(once_more):  # neither skipped nor twice
            return datetime.combine(day, _MIDNIGHT_UTC) - offset, True
        candidate = midnight.replace(tzinfo=rules).astimezone(UTC)
        if candidate.astimezone(rules).replace(tzinfo=None) == midnight:
            return candidate, True
        earliest = once_more.replace(tzinfo=rules).astimezone(UTC)
        candidate = _end_of_gap(midnight, rules, earliest, candidate)
        return candidate, candidate.astimezone(rules).date() == day
    except OverflowError as error:
        raise DateOutOfRange(day.isoformat(), f"midnight in {rules}") from error


def _end_of_gap(midnight: datetime, rules: tzinfo, before: datetime, after: datetime) -> datetime:
    """Bisect to the second between ``before`` (local time still short of midnight) and ``after`` (past it)."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(rules).replace(tzinfo=None) >= midnight:
            after = middle
        else:
            before = middle
    return after


def civil_date(instant: datetime, zone: str) -> date:
    """The civil date on which ``instant`` falls in ``zone``."""
    return _moved(as_instant(instant), _rules(_named(zone))).date()


def last_day_before(instant: datetime, zone: str) -> date:
    """The civil date in ``zone`` of the last moment before ``instant``: the last valid day of what ends then (R-16)."""
    return civil_date(as_instant(instant) - _MICROSECOND, zone)


def next_day(day: date) -> date:
    """The calendar day after ``day``; raises `DateOutOfRange` after 9999-12-31."""
    if day == date.max:
        raise DateOutOfRange(day.isoformat(), "1 day")
    return day + _ONE_DAY


def as_instant(value: datetime) -> datetime:
    """``value`` as a stdlib datetime in UTC; raises `NaiveDatetime` for one without a zone (R-10)."""
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    if not isinstance(value, datetime):
        raise InvalidValue("instant", value, "an aware datetime")
    if value.utcoffset() is None:
        raise NaiveDatetime(value)
    instant = _moved(value, UTC)
    return datetime.combine(instant.date(), instant.time(), UTC)


def _moved(instant: datetime, rules: tzinfo) -> datetime:
    try:
        return instant.astimezone(rules)
    except OverflowError as error:
        raise DateOutOfRange(instant.isoformat(), f"the offset to {rules}") from error


def parse_date(text: str) -> date:
    """The civil date written ``YYYY-MM-DD`` in ASCII digits; raises `InvalidValue` for every other spelling."""
    if isinstance(text, str) and _ISO_DATE.fullmatch(text):
        with suppress(ValueError):
            return date(int(text[:4]), int(text[5:7]), int(text[8:]))
    raise InvalidValue("date", text, "a real date written YYYY-MM-DD")


date_text = lru_cache(maxsize=16_384)(date.isoformat)
"""The civil date as `parse_date` reads it: an award of its own dates writes each of them several times."""


def spelled_date(day: date, language: str) -> str | None:
    """``day`` with the name of its month, as people write it in ``language``; None for one that is not known."""
    locale = _LOCALES_CALLED.get(language.lower(), language.lower().replace("-", "_"))
    if locale not in _locale_names():
        return None
    return pendulum.Date(day.year, day.month, day.day).format(_DATES_WRITTEN.get(locale, "LL"), locale=locale)


@lru_cache(maxsize=1)
def _locale_names() -> frozenset[str]:
    return frozenset(each.name for each in iter_modules(locales.__path__) if each.ispkg)


def parse_instant(text: str) -> datetime:
    """The instant written in ISO 8601 with an offset or ``Z``, in UTC; raises `InvalidValue` or `NaiveDatetime`."""
    if isinstance(text, str) and _ISO_INSTANT.fullmatch(text):
        with suppress(ValueError):
            return as_instant(datetime.fromisoformat(text))
    raise InvalidValue("instant", text, "ISO 8601 with an offset, such as 2026-01-31T00:00:00Z")


def format_instant(instant: datetime) -> str:
    """ISO 8601 in UTC with ``Z``; microseconds only when there are any."""
    plain = as_instant(instant)
    return f"{plain.date().isoformat()}T{plain.time().isoformat()}Z"


def to_micros(instant: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00:00Z: how an instant is stored."""
    since = as_instant(instant) - _EPOCH
    return (since.days * _DAY_SECONDS + since.seconds) * 1_000_000 + since.microseconds


def from_micros(micros: int) -> datetime:
    """The instant that `to_micros` wrote."""
    return _EPOCH + micros * _MICROSECOND


def zone_rules(zone: str) -> tzinfo:
    """The rules of ``zone``: an IANA name, ``Z``, or an ISO 8601 offset such as ``-04:00``; else `UnknownZone`.

    Signs are those of ISO 8601: ``-04:00`` lies west of Greenwich (R-12).
    """
    return _rules(_named(zone))


def _named(zone: str) -> str:
    if not isinstance(zone, str):
        raise UnknownZone(repr(zone))
    return zone


@lru_cache(maxsize=1_024)
def _rules(zone: str) -> tzinfo:
    if zone in ("Z", "UTC"):
        return UTC
    if match := _OFFSET.fullmatch(zone):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset <= _LONGEST_OFFSET and int(minutes) < 60:
            return timezone(offset if sign == "+" else -offset)
    if zone not in _zone_names():
        raise UnknownZone(zone)
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=zone)


@lru_cache(maxsize=1)
def zones_release() -> str:
    """The release of the zones' rules that are used, such as ``2026.1``."""
    return version("tzdata")


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())
