"""Reporting: finding awards, one in full, the list of the awarded, and the long lists (R-14, R-35, R-90 to R-92)."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Unpack

from attrs import evolve, frozen

from certcore.domain.awards import Award, Status
from certcore.domain.history import HistoryEntry
from certcore.domain.numbers import id_from, id_text
from certcore.domain.people import Act, Actor
from certcore.domain.time import as_instant, from_micros, to_micros, zone_rules
from certcore.domain.views import Viewer
from certcore.errors import InvalidValue
from certcore.ports import AwardQuery, Ports, StatusRow
from certcore.services.access import demand, find_shown
from certcore.services.defining import find_certification
from certcore.services.finding import Emptied, Filters, emptied, query_for, visible
from certcore.services.records import AwardRecord, records_of
from certcore.services.reports import Asked, by_certification, by_learner, own_withdrawn

_LARGEST_PAGE = 1_000
_MICROS = re.compile(r"(-?[0-9]{1,18})?")
_LISTED = frozenset(Status) - {Status.ARCHIVED, Status.REVOKED}


@frozen
class Page:
    """A page of records, and the cursor of the next page (None: this was the last)."""

    records: Sequence[AwardRecord]
    next: str | None


@frozen
class Reporting:
    """Reads awards; never changes anything (I11)."""

    _ports: Ports

    def search(
        self,
        *,
        actor: Actor,
        at: datetime | None = None,
        zone: str | None = None,
        after: str | None = None,
        limit: int = 50,
        **filters: Unpack[Filters],
    ) -> Page:
        """A page of the awards that fit all `Filters` given and that the actor may see (R-90).

        Statuses are judged at ``at``, by default now (R-14); days left are counted in ``zone``, the reader's, by
        default in each award's (R-15). Awards come by expiry where ``expires`` is asked for, else by issue where
        ``issued`` is, else in an order of their own that never changes. ``after`` is the cursor of the page before,
        for the same filters: pages stay whole and without repeats while awards are added. ``limit`` is 1 to 1,000.
        A filter that names nothing known gives an empty page. Raises `InvalidValue`.
        """
        if not 1 <= limit <= _LARGEST_PAGE:
            raise InvalidValue("limit", limit, f"1 to {_LARGEST_PAGE}")
        now = self._at(at, zone)
        with self._ports.storage.reading() as tx:
            viewer = Viewer(actor, self._ports.access.scope(actor, Act.VIEW))
            query = query_for(self._ports, tx, viewer, now, filters)
            query = evolve(_behind(query, after), limit=limit + 1)
            awards = visible(tx, query, viewer)
            records = list(records_of(self._ports, tx, awards[:limit], viewer, now, zone=zone))
        return Page(records, _cursor(query, awards[limit - 1]) if len(awards) > limit else None)

    def emptied(self, *, actor: Actor, at: datetime | None = None, **filters: Unpack[Filters]) -> Emptied:
        """Why a `search` with these filters finds nothing: which of them it is (R-93). Raises `InvalidValue`."""
        viewer = Viewer(actor, self._ports.access.scope(actor, Act.VIEW))
        with self._ports.storage.reading() as tx:
            return emptied(self._ports, tx, viewer, self._at(at, None), filters)

    def show(self, number: str, *, actor: Actor, zone: str | None = None) -> tuple[AwardRecord, Sequence[HistoryEntry]]:
        """One award in full with its history, oldest entry first (R-91); raises `NotFound`.

        Learners see no notes, neither of the award nor in its history, and nothing of what was taken from them
        (R-26, R-33, R-61): their history has no names in it and no numbers of neighbours in the chain.
        """
        now = self._at(None, zone)
        viewer = Viewer(actor, demand(self._ports, actor, Act.VIEW, "award", number))
        with self._ports.storage.reading() as tx:
            award = find_shown(tx, number, viewer)
            find_certification(tx, award.certification_id)  # says what a list would leave out
            (record,) = records_of(self._ports, tx, [award], viewer, now, zone=zone)
            return record, [viewer.entry(entry, award) for entry in tx.history.of([award.id])[award.id]]

    def awarded(
        self, certification: str | int, *, actor: Actor, at: datetime | None = None, zone: str | None = None
    ) -> Iterator[AwardRecord]:
        """Everybody to whom the certification is awarded at ``at``, by default now, by username (R-35).

        Upcoming and expired awards are among them; archived, revoked and unassigned ones are not. Whoever renewed ahead
        is there twice until the new award starts: with the one that still runs, and with the one that follows. What was
        revoked since ``at`` is there, for it was held then. Days left are counted in ``zone``, the reader's, by default
        in each award's (R-15). It is read in parts, as the reports are. Raises `NotFound`.
        """
        now = self._at(at, zone)
        viewer = Viewer(actor, demand(self._ports, actor, Act.VIEW, "certification", str(certification)))
        with self._ports.storage.reading() as tx:
            found = find_certification(tx, certification).id
        records = by_learner(self._ports, Asked(viewer, now, zone, _LISTED), found)
        return (each for each in records if not each.award.never_held)

    def users_certifications(
        self, *, actor: Actor, at: datetime | None = None, zone: str | None = None
    ) -> Iterator[AwardRecord]:
        """The report *Users - Certifications*: every award, archived ones too, learner by learner (R-92).

        Learners come by username, and their awards by certification and start, each with its neighbours in the chain,
        the earlier completion date, and whether it was renewed before or after its expiry (R-60). Unassigned and
        revoked awards are there as such, but for the reader's own. Statuses and days left are those at ``at``, by
        default now; days left are counted in ``zone``, by default each award's. It is read in parts: a learner's awards
        belong together, and no more is kept than the order of the learners. Raises `NotFound`.
        """
        return by_learner(self._ports, self._asked(actor, "users", at, zone))

    def certifications_users(
        self, *, actor: Actor, at: datetime | None = None, zone: str | None = None
    ) -> Iterator[AwardRecord]:
        """The report *Certifications - Users*: every award, archived ones too, certification by certification (R-92).

        Certifications come by name, and there learners by username with their awards by start; else it is as
        `users_certifications`.
        """
        return by_certification(self._ports, self._asked(actor, "certifications", at, zone))

    @contextmanager
    def statuses(
        self, at: datetime, *, actor: Actor, certification: str | int | None = None
    ) -> Iterator[Iterator[StatusRow]]:
        """How every award stands at the instant ``at``, past or future, by what is known today (R-14).

        Gives, inside ``with``, rows of number, learner id, certification id, status and expiry, in ascending order of
        the awards' ids. They are all of one state of the storage: this thread can write again when it has left the
        block. Raises `NaiveDatetime`, and `NotFound`.
        """
        asked = self._asked(actor, "statuses", at, None)
        with self._ports.storage.reading() as tx:
            certifications = None if certification is None else [find_certification(tx, certification).id]
            rows = tx.awards.statuses(asked.now, certifications, asked.learners)
            hidden = own_withdrawn(tx, asked)
            yield (row for row in rows if row[0] not in hidden) if hidden else rows

    def _asked(self, actor: Actor, report: str, at: datetime | None, zone: str | None) -> Asked:
        now = self._at(at, zone)
        return Asked(Viewer(actor, demand(self._ports, actor, Act.VIEW, "report", report)), now, zone)

    def _at(self, at: datetime | None, zone: str | None) -> datetime:
        """The instant asked for, by default the present one; raises `NaiveDatetime`, and `UnknownZone`."""
        if zone is not None:
            zone_rules(zone)
        return self._ports.now() if at is None else as_instant(at)


def _cursor(query: AwardQuery, award: Award) -> str:
    """The place of the award among all that the query asks for, as text."""
    at, award_id = query.place_of(award)
    return id_text(award_id) if at is None else f"{id_text(award_id)}.{to_micros(at)}"


def _behind(query: AwardQuery, cursor: str | None) -> AwardQuery:
    """The query for what comes behind the place that `_cursor` wrote."""
    if cursor is None:
        return query
    text, _, at = cursor.partition(".")
    award_id = id_from(text)
    ordered = query.issued is not None or query.expires is not None
    with suppress(OverflowError):
        if award_id is not None and _MICROS.fullmatch(at) and bool(at) is ordered:
            return query.behind_place(from_micros(int(at)) if at else None, award_id)
    raise InvalidValue("after", cursor, "the cursor that the page before gave as next, with the same filters")
