"""Compliance and its forecast: who holds what now, and how many lapse in which month if nobody renews (R-92, R-95)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from certcore.domain.awards import Status
from certcore.domain.certifications import Certification
from certcore.domain.time import civil_date, last_day_before
from certcore.errors import DateOutOfRange, InvalidValue

VALID: Final = frozenset({Status.ACTIVE, Status.EXPIRING, Status.GRACE})
"""The statuses in which an award counts."""
MOST_MONTHS: Final = 120

End = tuple[datetime | None, str, int]
"""Until when some awards are valid (None: always), in which zone, and how many they are."""


def _counts(counts: Mapping[Status, int]) -> Mapping[Status, int]:
    return MappingProxyType({each: counts.get(each, 0) for each in Status})


@frozen
class Compliance:
    """How the awards of a certification stand at an instant: those of a ``group``, or everybody's (None).

    ``members`` is how many active people the group has; None where no group is asked for.
    """

    certification: Certification
    group: str | None
    counts: Mapping[Status, int] = field(converter=_counts, hash=False)
    members: int | None = None

    @property
    def valid(self) -> int:
        """How many hold it validly at that instant."""
        return sum(self.counts[each] for each in VALID)

    @property
    def missing(self) -> int | None:
        """How many members of the group do not; None where no group is asked for."""
        return None if self.members is None else self.members - self.valid


@frozen
class Month:
    """A month of a forecast: how many awards have their last valid day in it, and how many are left after it."""

    first: date
    lapses: int
    left: int


@frozen
class Forecast:
    """What becomes of the awards of a certification that are valid or upcoming, if nobody renews (R-95).

    ``held`` is how many there are; of these ``always`` never lapse, and ``later`` do so after the last month.
    """

    certification: Certification
    group: str | None
    held: int
    months: tuple[Month, ...]
    always: int
    later: int


def months_from(first: date, count: int) -> list[date]:
    """The first days of ``count`` months, that of ``first`` onwards; raises `InvalidValue` for none or too many."""
    if type(count) is not int or not 1 <= count <= MOST_MONTHS:
        raise InvalidValue("months", count, f"1 to {MOST_MONTHS}")
    start = first.year * 12 + first.month - 1
    if start + count > 10_000 * 12:
        raise DateOutOfRange(first.isoformat(), f"{count} months")
    return [date(each // 12, each % 12 + 1, 1) for each in range(start, start + count)]


def forecast(certification: Certification, group: str | None, ends: Iterable[End], months: Sequence[date]) -> Forecast:
    """The forecast over consecutive ``months``, each award counted in the month of its last valid day in its zone."""
    by_month: Counter[date | None] = Counter()
    for ends_at, zone, count in ends:
        by_month[None if ends_at is None else max(last_day_before(ends_at, zone).replace(day=1), months[0])] += count
    held, always = by_month.total(), by_month.pop(None, 0)
    found, left = [], held
    for first in months:
        left -= by_month[first]
        found.append(Month(first, by_month[first], left))
    return Forecast(certification, group, held, tuple(found), always, left - always)


def month_of(now: datetime, zone: str) -> date:
    """The first day of the month that it is in ``zone``."""
    return civil_date(now, zone).replace(day=1)


def compliance(
    certification: Certification, group: str | None, tallies: Iterable[tuple[Status, int]], members: int | None
) -> Compliance:
    """How the awards stand, of these many in each status."""
    counts: Counter[Status] = Counter()
    for stands, count in tallies:
        counts[stands] += count
    return Compliance(certification, group, counts, members)


def groups_named(groups: Collection[str]) -> list[str | None]:
    """The groups, each once; None for everybody where none is asked for."""
    return list(dict.fromkeys(groups)) or [None]
