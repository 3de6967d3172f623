"""What a rule waits for, how far from an expiry, and whom it tells (R-80)."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from attrs import field, frozen
from attrs.converters import optional

from certcore.domain.checks import member
from certcore.domain.time import Length, add_length, as_instant, first_instant, next_day
from certcore.errors import DateOutOfRange, InvalidValue


class Trigger(StrEnum):
    """What a rule waits for."""

    ISSUED = "issued"
    EXPIRY = "expiry"
    RENEWED = "renewed"
    REVOKED = "revoked"
    ENROLLED_AGAIN = "enrolled_again"
    EXTERNAL_SUBMITTED = "external_submitted"
    EXTERNAL_VALIDATED = "external_validated"
    EXTERNAL_REJECTED = "external_rejected"
    IMPORT_FINISHED = "import_finished"


OF_AWARDS: Final = frozenset({Trigger.ISSUED, Trigger.EXPIRY, Trigger.RENEWED, Trigger.REVOKED, Trigger.ENROLLED_AGAIN})
"""The triggers that tell of an award."""

OF_EXTERNALS: Final = frozenset({Trigger.EXTERNAL_SUBMITTED, Trigger.EXTERNAL_VALIDATED, Trigger.EXTERNAL_REJECTED})
"""The triggers that tell of an external certificate (R-75)."""

_OF_EVENTS: Final[Mapping[str, Trigger]] = MappingProxyType(
    {
        "award.issued": Trigger.ISSUED,
        "award.revoked": Trigger.REVOKED,
    }
)


def triggers_of(event_kind: str, *, renews: bool = False) -> tuple[Trigger, ...]:
    """What an event in the outbox sets off; an award that renews another is issued and renewed (R-44).

    Only events of awards do: what else is to be told is a cause that was written with it (`CAUSES`).
    """
    trigger = _OF_EVENTS.get(event_kind)
    if trigger is Trigger.ISSUED and renews:
        return Trigger.ISSUED, Trigger.RENEWED
    return () if trigger is None else (trigger,)


class Audience(StrEnum):
    """Whom a rule tells.

    Managers, coaches and group admins are those who look after the learner at that moment (R-76); ``reviewers`` may
    decide on the external certificate, and the ``actor`` asked for the import.
    """

    LEARNER = "learner"
    MANAGERS = "managers"
    COACHES = "coaches"
    GROUP_ADMINS = "group_admins"
    REVIEWERS = "reviewers"
    ACTOR = "actor"


_FIXED: Final = {Trigger.EXTERNAL_SUBMITTED: Audience.REVIEWERS, Trigger.IMPORT_FINISHED: Audience.ACTOR}
_CHOICE: Final = (Audience.LEARNER, Audience.MANAGERS, Audience.COACHES, Audience.GROUP_ADMINS)


def audiences(trigger: Trigger) -> tuple[Audience, ...]:
    """Whom a rule with this trigger may tell, the one it tells unless asked first."""
    return (_FIXED[trigger],) if trigger in _FIXED else _CHOICE


class OffsetUnit(StrEnum):
    """What an offset counts."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


_LONGEST: Final = {OffsetUnit.HOURS: 87_600, OffsetUnit.DAYS: 3_650, OffsetUnit.WEEKS: 520}
_WRITTEN: Final = re.compile(r"([0-9]{1,6}) +(hour|day|week)s? +(before|after)", re.IGNORECASE)
_ZONES_MOVE: Final = timedelta(hours=30)
"""No zone's midnights lie further apart than whole days by more than 26 hours; the rest is for rules that change."""


def _unit(unit: OffsetUnit | str) -> OffsetUnit:
    return member(OffsetUnit, "unit", unit)


@frozen
class Offset:
    """How far from an award's expiry: negative before it, positive after it, zero when it expires.

    Hours are 3,600 seconds each. Days and weeks are civil, counted from the first invalid day in the award's zone, so
    that a reminder is due when a day begins there (R-13). Ten years at most.
    """

    count: int = field()
    unit: OffsetUnit = field(default=OffsetUnit.DAYS, converter=_unit)

    @count.validator
    def _whole(self, _attribute: object, count: int) -> None:
        if type(count) is not int:
            raise InvalidValue("offset", count, "a whole number")

    @unit.validator
    def _not_too_far(self, _attribute: object, unit: OffsetUnit) -> None:
        if abs(self.count) > _LONGEST[unit]:
            raise InvalidValue("offset", self.count, f"at most {_LONGEST[unit]} {unit}")

    @classmethod
    def parse(cls, text: str) -> "Offset":
        """Read `30 days before`, `12 hours after` or `expired`; raises `InvalidValue`."""
        if isinstance(text, str) and text.strip().lower() == "expired":
            return EXPIRED
        match = _WRITTEN.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            raise InvalidValue(
                "offset", text, "such as '30 days before', '12 hours before', '2 weeks after', 'expired'"
            )
        count, unit, side = int(match[1]), f"{match[2].lower()}s", match[3].lower()
        return cls(-count if side == "before" else count, OffsetUnit(unit)) if count else EXPIRED

    def __str__(self) -> str:
        if self.count == 0:
            return "expired"
        unit = self.unit.value if abs(self.count) > 1 else self.unit.value[:-1]
        return f"{abs(self.count)} {unit} {'before' if self.count < 0 else 'after'}"

    @property
    def before(self) -> bool:
        """Whether it lies before the expiry."""
        return self.count < 0

    @property
    def civil(self) -> bool:
        """Whether it counts civil days."""
        return self.unit is not OffsetUnit.HOURS

    def at(self, expires_at: datetime, invalid_from: date, zone: str) -> datetime:
        """The instant this far from an expiry whose first invalid day in ``zone`` is ``invalid_from``.

        Raises `DateOutOfRange` where the calendar ends before that.
        """
        if self.count == 0:
            return expires_at
        if not self.civil:
            return _hours_later(expires_at, self.count)
        return first_instant(self.day(invalid_from), zone)

    def key(self, invalid_from: date) -> str:
        """The moment this far from an expiry, as a notice's id holds it (R-82).

        It is civil, so that other zone rules move no reminder into a second one (f34). Raises `DateOutOfRange`.
        """
        if self.civil:
            return self.day(invalid_from).isoformat()
        return f"{invalid_from.isoformat()}{f'{self.count:+d}h' if self.count else ''}"

    def day(self, invalid_from: date) -> date:
        """The civil day this far from ``invalid_from``, for days and weeks."""
        return add_length(invalid_from, Length(self.count, "weeks" if self.unit is OffsetUnit.WEEKS else "days"))

    def expiries(self, since: datetime, until: datetime) -> tuple[datetime, datetime]:
        """Between which two instants the expiries lie, both ends included, whose moments lie between these two.

        It may be wider than needed where the offset counts civil days, so each award is then judged by `at`. The
        calendar's ends stand for what lies behind them.
        """
        back = -timedelta(**{self.unit.value: self.count})
        margin = _ZONES_MOVE if self.civil and self.count else timedelta()
        return _shifted(since, back - margin), _shifted(until, back + margin)


EXPIRED: Final = Offset(0, OffsetUnit.HOURS)
"""The expiry itself."""

_FIRST: Final = as_instant(datetime.fromisoformat("0001-01-01T00:00:00+00:00"))
_LAST: Final = as_instant(datetime.fromisoformat("9999-12-31T23:59:59.999999+00:00"))


def _shifted(instant: datetime, by: timedelta) -> datetime:
    try:
        return as_instant(instant) + by
    except OverflowError:
        return _LAST if by > timedelta() else _FIRST


def _hours_later(instant: datetime, hours: int) -> datetime:
    try:
        return as_instant(instant) + timedelta(hours=hours)
    except OverflowError:
        raise DateOutOfRange(instant.isoformat(), f"{hours} hours") from None


def first_invalid_day_of(expires_at: datetime, expires_on: date, zone: str) -> date:
    """The first civil day in ``zone`` on which an award is no longer valid, from what is stored of its expiry (R-16).

    The printed date is that day, or the last valid one. Whichever begins nearer to the instant is meant: zone rules
    that changed since may have moved midnight by hours, and never by half a day.
    """
    after = next_day(expires_on) if expires_on < date.max else None
    if after is None:
        return expires_on
    begins, ends = first_instant(expires_on, zone), first_instant(after, zone)
    return after if abs(expires_at - ends) < abs(expires_at - begins) else expires_on


def _offset(offset: Offset | str) -> Offset:
    return offset if isinstance(offset, Offset) else Offset.parse(offset)


def _trigger(trigger: Trigger | str) -> Trigger:
    return member(Trigger, "trigger", trigger)


@frozen
class When:
    """What a rule waits for: a trigger, with how far from the expiry where it is that."""

    trigger: Trigger = field(converter=_trigger)
    offset: Offset | None = field(default=None, converter=optional(_offset))

    @offset.validator
    def _where_it_belongs(self, _attribute: object, offset: Offset | None) -> None:
        if (offset is not None) != (self.trigger is Trigger.EXPIRY):
            raise InvalidValue("offset", offset and str(offset), "one for the trigger expiry, and only there")

    @classmethod
    def parse(cls, text: str) -> "When":
        """Read a trigger, or an offset from the expiry such as `30 days before`; raises `InvalidValue`."""
        if isinstance(text, str) and text.strip() in set(Trigger) - {Trigger.EXPIRY}:
            return cls(Trigger(text.strip()))
        try:
            return cls(Trigger.EXPIRY, Offset.parse(text))
        except InvalidValue:
            names = ", ".join(each for each in Trigger if each is not Trigger.EXPIRY)
            raise InvalidValue(
                "when", text, f"{names}, or such as '30 days before', 'expired', '2 weeks after'"
            ) from None

    def __str__(self) -> str:
        return self.trigger.value if self.offset is None else str(self.offset)
