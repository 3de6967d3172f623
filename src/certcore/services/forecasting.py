"""Forecasting: who complies at any instant, and who will not if nobody renews, counted in the storage (R-92, R-95)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import frozen

from certcore.domain.certifications import Certification
from certcore.domain.forecasts import (
    Compliance,
    Forecast,
    compliance,
    forecast,
    groups_named,
    month_of,
    months_from,
)
from certcore.domain.people import Act, Actor, Person, Scope
from certcore.domain.time import as_instant
from certcore.ports import Lapse, Ports, Tally, Transaction
from certcore.services.access import demand
from certcore.services.defining import find_certification

_Row = TypeVar("_Row", Tally, Lapse)

_Found = tuple[str | None, int | None, Certification, list[_Row]]
"""A group with how many active members it has (None: everybody), a certification, and what was counted of it."""


@frozen
class Forecasting:
    """Counts awards; never changes anything (I11)."""

    _ports: Ports

    def compliance(
        self,
        *,
        actor: Actor,
        at: datetime | None = None,
        certification: str | int | None = None,
        groups: Collection[str] = (),
    ) -> list[Compliance]:
        """How the awards of each certification stand at ``at``, past or future, by default now (R-14, R-92).

        Those of everybody whom the actor may see, or for each of ``groups`` those of its members, with how many of its
        active members have none that is valid. By group, then by the certification's name; a certification that is
        named, and a group, are there also without awards. Raises `NotFound` for a group or certification that is not
        there, and `NaiveDatetime`.
        """
        now = self._ports.now() if at is None else as_instant(at)
        found = self._counted(lambda tx, *of: tx.awards.tallies(now, *of), actor, certification, groups)
        return [
            compliance(each, group, ((stands, count) for _, stands, count in tallies), members)
            for group, members, each, tallies in found
        ]

    def forecast(
        self,
        *,
        actor: Actor,
        months: int = 12,
        certification: str | int | None = None,
        groups: Collection[str] = (),
        zone: str | None = None,
    ) -> list[Forecast]:
        """How many awards of each certification lapse in which month if nobody renews, from this month on (R-95).

        Counted are live awards that are valid or upcoming, each in the month of its last valid day in its own zone; a
        grace that is valid counts. ``zone`` says which month it is, by default the platform's. Everybody whom the actor
        may see, or the members of each of ``groups``. Raises `NotFound`, and `InvalidValue` unless 1 to 120 months.
        """
        now = self._ports.now()
        ahead = months_from(month_of(now, zone or self._ports.settings.zone), months)
        found = self._counted(lambda tx, *of: tx.awards.lapses(now, *of), actor, certification, groups)
        return [
            forecast(each, group, ((ends_at, in_zone, count) for _, ends_at, in_zone, count in lapses), ahead)
            for group, _, each, lapses in found
        ]

    def _counted(
        self,
        count: Callable[[Transaction, Collection[int] | None, Collection[str] | None], Sequence[_Row]],
        actor: Actor,
        ref: str | int | None,
        groups: Collection[str],
    ) -> Iterator[_Found[_Row]]:
        scope = demand(self._ports, actor, Act.VIEW, "report", "compliance")
        for group in groups_named(groups):
            people = None if group is None else list(self._ports.directory.members([group], []))
            learners = _seen(scope, people)
            with self._ports.storage.reading() as tx:
                named = [] if ref is None else [find_certification(tx, ref)]
                rows = count(tx, [each.id for each in named] or None, learners)
                certifications = named or tx.certifications.by_id({row[0] for row in rows}).values()
            active = None if people is None else sum(each.active for each in people if scope.covers(each.id))
            by_id: dict[int, list[_Row]] = {}
            for row in rows:
                by_id.setdefault(row[0], []).append(row)
            for certification in sorted(certifications, key=lambda each: (each.name, each.id)):
                yield group, active, certification, by_id.get(certification.id, [])


def _seen(scope: Scope, people: Collection[Person] | None) -> Collection[str] | None:
    """The learners to count; None is everybody."""
    if people is None:
        return None if scope.everyone else scope.learners
    return [each.id for each in people if scope.covers(each.id)]
