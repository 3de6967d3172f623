"""How far a rule has been swept: which moments a sweep looks at, and where it goes on (R-82)."""

from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, field, frozen
from attrs.converters import optional

from certcore.domain.checks import short_text
from certcore.domain.time import as_instant

_TICK: Final = timedelta(microseconds=1)

ZONES_MOVE: Final = timedelta(hours=26)
"""By how much the start of a civil day may differ between two zones, or two releases of the zones' rules."""

Place = tuple[datetime, int]
"""Where a page of awards ended: the expiry and id of the last one."""


def _place(place: Place | None) -> Place | None:
    return None if place is None else (as_instant(place[0]), place[1])


@frozen
class Sweep:
    """The sweep of one ``rule``, as it was switched on at ``since``.

    All moments up to ``until``, itself included, were looked at. A sweep that is not finished looks at those after it
    up to ``target``, and has come to ``cursor``. ``zones`` is the release of the zones' rules by which it went.
    """

    rule: str = field(validator=short_text(64))
    since: datetime = field(converter=as_instant)
    until: datetime = field(converter=as_instant)
    zones: str = field(validator=short_text(32))
    target: datetime | None = field(default=None, converter=optional(as_instant))
    cursor: Place | None = field(default=None, converter=_place)
    version: int = 1

    def moved(self, **changes: object) -> "Sweep":
        """The next version of it, with these changes."""
        return evolve(self, version=self.version + 1, **changes)  # type: ignore[arg-type]


def begin(rule: str, since: datetime, zones: str) -> Sweep:
    """The sweep of a rule that never was swept: of nothing before it was switched on."""
    return Sweep(rule, since, as_instant(since) - _TICK, zones)


def at_rest(sweep: Sweep, since: datetime, zones: str, now: datetime) -> bool:
    """Whether nothing is left to look at."""
    return sweep.target is None and (sweep.since, sweep.zones, sweep.until) == (as_instant(since), zones, now)


def aimed(sweep: Sweep, since: datetime, zones: str, now: datetime) -> Sweep:
    """The sweep with a ``target``: the one that it has, or ``now``; what it looks at next lies behind its ``until``.

    It begins anew where the rule was switched on or changed since. Where the clock went back it goes back with it, and
    where the zones' rules are of another release it looks again at what those may have moved: ids keep what was told
    already from being told again (f31, f34).
    """
    fresh = begin(sweep.rule, since, zones)
    if sweep.since != fresh.since:
        return sweep.moved(since=fresh.since, until=fresh.until, zones=zones, target=now, cursor=None)
    if sweep.zones != zones:
        until = max(fresh.until, min(sweep.until, now) - ZONES_MOVE)
        return sweep.moved(until=until, zones=zones, target=now, cursor=None)
    if sweep.until > now or (sweep.target is not None and sweep.target > now):
        return sweep.moved(until=min(sweep.until, now), target=now, cursor=None)
    return sweep.moved(target=sweep.target or now)


def gone_on(sweep: Sweep, cursor: Place | None) -> Sweep:
    """An aimed sweep that has come to ``cursor``, not stored yet; without one it has reached its target."""
    if cursor is None:
        return evolve(sweep, until=max(sweep.until, sweep.target or sweep.until), target=None, cursor=None)
    return evolve(sweep, cursor=cursor)
