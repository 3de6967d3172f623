"""Reporting: finding awards, one in full, and the list of the awarded (R-8, R-35, R-90, R-91)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from certcore.domain.awards import Award, Status, days_left, status
from certcore.domain.certifications import Certification
from certcore.domain.checks import nfc
from certcore.domain.history import HistoryEntry
from certcore.domain.numbers import id_from, id_text, normal_number
from certcore.domain.people import Act, Actor, Person, Scope
from certcore.errors import InvalidValue, NotFound
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.access import demand
from certcore.services.defining import find_certification

_LARGEST_PAGE = 1_000


@frozen
class AwardRecord:
    """An award with what a reader needs beside it; ``person`` is None when the directory knows the learner no more."""

    award: Award
    status: Status
    days_left: int | None
    certification: Certification
    person: Person | None
    renews: str | None
    renewed_by: str | None

    @property
    def username(self) -> str:
        """The learner's username, or their id when the directory knows them no more."""
        return self.person.username if self.person else self.award.learner_id


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
        username: str | None = None,
        certification: str | int | None = None,
        number: str | None = None,
        statuses: Collection[Status] = (),
        at: datetime | None = None,
        zone: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of the awards that fit all filters given and that the actor may see.

        ``statuses`` are judged at ``at``, by default now (R-14); days left are counted in ``zone``, the reader's, by
        default in each award's (R-15). ``after`` is the cursor of the page before; pages stay
        whole and without repeats while awards are added. ``limit`` is 1 to 1,000. A filter that names nothing known
        gives an empty page. Raises `InvalidValue`.
        """
        if not 1 <= limit <= _LARGEST_PAGE:
            raise InvalidValue("limit", limit, f"1 to {_LARGEST_PAGE}")
        now = self._ports.now() if at is None else at
        scope = self._ports.access.scope(actor, Act.VIEW)
        learners = self._learners(scope, username)
        with self._ports.storage.reading() as tx:
            found = None if certification is None else _certification_id(tx, certification)
            normal = None if number is None else normal_number(number)
            if found == _NOWHERE or (number is not None and normal is None):
                return Page([], None)
            query = AwardQuery(now, learners, found, normal, frozenset(statuses), _position(after), limit + 1)
            awards = tx.awards.search(query)
            records = self._records(tx, awards[:limit], now, zone)
        return Page(records, id_text(awards[limit - 1].id) if len(awards) > limit else None)

    def show(self, number: str, *, actor: Actor, zone: str | None = None) -> tuple[AwardRecord, Sequence[HistoryEntry]]:
        """One award in full with its history, oldest entry first (R-91); raises `NotFound`."""
        scope = demand(self._ports, actor, Act.VIEW, "award", number)
        normal = normal_number(number)
        with self._ports.storage.reading() as tx:
            award = tx.awards.by_number([normal]).get(normal) if normal else None
            if award is None or not scope.covers(award.learner_id):
                raise NotFound("award", number)
            (record,) = self._records(tx, [award], self._ports.now(), zone)
            return record, tx.history.of([award.id])[award.id]

    def awarded(self, certification: str | int, *, actor: Actor, zone: str | None = None) -> Iterator[AwardRecord]:
        """Everybody who holds a live award of the certification, page by page (R-35)."""
        live = [each for each in Status if each not in (Status.ARCHIVED, Status.REVOKED)]
        after: str | None = None
        while True:
            page = self.search(
                actor=actor, certification=certification, statuses=live, zone=zone, after=after, limit=_LARGEST_PAGE
            )
            yield from page.records
            if page.next is None:
                return
            after = page.next

    def _learners(self, scope: Scope, username: str | None) -> frozenset[str] | None:
        visible = None if scope.everyone else scope.learners
        if username is None:
            return visible
        wanted = nfc(username.strip())
        person = self._ports.directory.match([wanted]).get(wanted)
        return frozenset([person.id] if person and scope.covers(person.id) else [])

    def _records(self, tx: Transaction, awards: Sequence[Award], now: datetime, zone: str | None) -> list[AwardRecord]:
        people = self._ports.directory.people({award.learner_id for award in awards})
        certifications = tx.certifications.by_id({award.certification_id for award in awards})
        neighbours = {each for award in awards for each in (award.renews, award.renewed_by) if each is not None}
        numbers = {each.id: each.number for each in tx.awards.by_id(neighbours).values()}
        return [_record(award, days_left(award, now, zone), now, people, certifications, numbers) for award in awards]


def _record(
    award: Award,
    left: int | None,
    now: datetime,
    people: Mapping[str, Person],
    certifications: Mapping[int, Certification],
    numbers: Mapping[int, str],
) -> AwardRecord:
    return AwardRecord(
        award,
        status(award, now),
        left,
        certifications[award.certification_id],
        people.get(award.learner_id),
        None if award.renews is None else numbers.get(award.renews),
        None if award.renewed_by is None else numbers.get(award.renewed_by),
    )


_NOWHERE = -1


def _certification_id(tx: Transaction, ref: str | int) -> int:
    try:
        return find_certification(tx, ref).id
    except NotFound:
        return _NOWHERE


def _position(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    position = id_from(cursor)
    if position is None:
        raise InvalidValue("after", cursor, "the cursor that the page before gave as next")
    return position
