"""When expiries are told of: pure functions of award, rules and instant (R-80, R-82).

After an outage the reminders that are overdue collapse into the latest. So what is due depends on nothing but the
award, the rules and the instant, and sweeps that are late, doubled or in parallel agree.
"""

from collections.abc import Iterable
from datetime import date, datetime

from attrs import field, frozen

from certcore.domain.notices.rules import NoticeRule, applying
from certcore.domain.notices.triggers import Audience, Offset, Trigger, first_invalid_day_of
from certcore.errors import DateOutOfRange


@frozen
class Expiry:
    """What a timetable asks of an award: its expiry as it is stored, and since when certcore knows it."""

    expires_at: datetime
    expires_on: date
    zone: str
    recorded_at: datetime


@frozen
class Moment:
    """When a rule tells of one expiry; ``key`` is the moment as the notice's id holds it."""

    rule: NoticeRule
    offset: Offset
    at: datetime
    key: str


@frozen(eq=False)
class Timetable:
    """The rules on expiry that look at one certification.

    Awards that expire on the same day share their moments, which are worked out once.
    """

    rules: tuple[NoticeRule, ...]
    _known: dict[tuple[datetime, date, str], tuple[Moment, ...]] = field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, rules: Iterable[NoticeRule], certification: int | None) -> "Timetable":
        """The timetable of a certification."""
        return cls(applying(rules, Trigger.EXPIRY, certification))

    def moments(self, expires_at: datetime, expires_on: date, zone: str) -> tuple[Moment, ...]:
        """All moments of an expiry at which a rule looks, in their order.

        A moment outside the calendar does not come.
        """
        key = (expires_at, expires_on, zone)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = tuple(self._worked_out(expires_at, expires_on, zone))
        return found

    def due_moments(self, expiry: Expiry, since: datetime, until: datetime) -> tuple[Moment, ...]:
        """The moments after ``since`` and not after ``until``, none before the award was recorded, in their order."""
        return tuple(
            each
            for each in self.moments(expiry.expires_at, expiry.expires_on, expiry.zone)
            if since < each.at <= until and each.at >= expiry.recorded_at
        )

    def latest_due(self, expiry: Expiry, now: datetime) -> tuple[Moment, ...]:
        """What is due at ``now``, told or not: of the moments up to then the latest for each audience.

        Earlier ones that nobody was told of are passed over, and so is a reminder *before* an expiry that has come.
        Several rules with the same audience and moment are all due.
        """
        latest: dict[Audience, datetime] = {}
        passed = []
        for each in self.moments(expiry.expires_at, expiry.expires_on, expiry.zone):
            if each.at > now:
                break
            if each.at >= expiry.recorded_at:
                passed.append(each)
                latest[each.rule.audience] = each.at
        expired = now >= expiry.expires_at
        return tuple(
            each for each in passed if each.at == latest[each.rule.audience] and not (expired and each.offset.before)
        )

    def _worked_out(self, expires_at: datetime, expires_on: date, zone: str) -> list[Moment]:
        invalid_from = first_invalid_day_of(expires_at, expires_on, zone)
        found = [
            moment
            for rule in self.rules
            if (moment := _moment(rule, expires_at, invalid_from, zone)) is not None and rule.looks_at(moment.at)
        ]
        return sorted(found, key=lambda each: (each.at, each.rule.code))


_MOST_KNOWN = 65_536


def _moment(rule: NoticeRule, expires_at: datetime, invalid_from: date, zone: str) -> Moment | None:
    offset = rule.offset
    if offset is None:
        return None
    try:
        return Moment(rule, offset, offset.at(expires_at, invalid_from, zone), offset.key(invalid_from))
    except DateOutOfRange:
        return None
