"""Awards."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import (
    Select,
    bindparam,
    func,
    literal_column,
    select,
    text,
)

from certcore.adapters.sql import bulk, tables
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.rows import (
    ARCHIVING,
    archived_columns,
    award_from,
    award_row,
)
from certcore.adapters.sql.searching import page_of, rows_of
from certcore.adapters.sql.standing import CORRUPT, STATUSES, lapses_of, statuses_of, tallies_of
from certcore.adapters.sql.tombstones import SqlTombstones
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, all_exact, all_readable, exact, readable
from certcore.domain.awards import Award
from certcore.domain.succession import Archived
from certcore.domain.time import from_micros, parse_date, to_micros, zone_rules
from certcore.domain.transitions import Change
from certcore.errors import Conflict, CorruptRecord
from certcore.ports import AwardQuery, AwardRepository, AwardRows, ExpiryRow, Lapse, StatusRow, Tally

T = TypeVar("T")

_award = tables.award.c
_history = tables.history.c

_ALL_COLUMNS: Final = tables.award.c[1:]
_BY_ID: Final = among(_award.id, "ids", *_ALL_COLUMNS)
_BY_NUMBER: Final = among(_award.number, "numbers", *_ALL_COLUMNS)
_BY_LEARNER: Final = among(_award.learner_id, "learner_ids", *_ALL_COLUMNS)
_ALL: Final = select(*_ALL_COLUMNS).where(_award.tenant == TENANT)
_BY_TOKEN: Final = _ALL.where(_award.token == bindparam("token"))
_LIVE: Final = _BY_LEARNER.where(within(_award.certification_id, "certification_ids"), _award.live == 1)
_LIVE_OF_ONE: Final = among(_award.learner_id, "learner_ids", *_ALL_COLUMNS, beside=_award.certification_id).where(
    _award.live == 1
)
_BEFORE_ALL_IDS: Final = -1

_ANY_REVOKED: Final[Select[Any]] = (
    select(literal_column("1"))
    .where(_award.tenant == TENANT, text(tables.REVOKED))
    .order_by(_award.learner_id, _award.certification_id, _award.ended_at)  # as only the index of revocations has them
    .limit(1)
)
_REVOKED: Final = (
    among(
        _award.learner_id,
        "learner_ids",
        _award.certification_id,
        _award.learner_id,
        func.max(_award.ended_at),
        only=tables.REVOKED,
    )
    .where(within(_award.certification_id, "certification_ids"))
    .group_by(_award.certification_id, _award.learner_id)
)
_OF_AWARD: Final = (
    (tables.history, "award_id"),
    (tables.outbox, "award_id"),
    (tables.renewal, "award_id"),
    (tables.delivery, "award_id"),
    (tables.award, "id"),
)
_OF_ALL: Final = bulk.changing(tables.award)
_OF_TERMS: Final = tuple(name for name in _OF_ALL if name not in ARCHIVING[:-2])
_ending_of: Final = attrgetter("renewed_by", "ending")
_terms_of: Final = attrgetter("edition", "learner_name", "period", "basis", "details", "renews")

_recorded_at = (
    select(_history.at)
    .where(_history.tenant == TENANT, _history.award_id == _award.id, _history.seq == 1)
    .scalar_subquery()
)
_EXPIRING: Final = (
    select(
        _award.id,
        _award.number,
        _award.learner_id,
        _award.certification_id,
        _award.expires_at,
        _award.expires_on,
        _award.zone,
        _recorded_at,
    )
    .where(_award.tenant == TENANT, _award.live == 1)
    .order_by(_award.expires_at, _award.id)
    .limit(bindparam("limit"))
)
_EXPIRING_THEN: Final = _EXPIRING.where(_award.expires_at == bindparam("at"), _award.id > bindparam("after"))
_EXPIRING_LATER: Final = _EXPIRING.where(_award.expires_at > bindparam("at"), _award.expires_at <= bindparam("until"))


class SqlAwards(AwardRepository):
    """Awards in `tables.award`. Lookups raise `CorruptRecord`; `search` reports corrupt rows and leaves them out."""

    def __init__(self, unit: Unit, tenant: str, report: Report, tombstones: SqlTombstones) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report
        self._tombstones = tombstones

    def add(self, awards: Sequence[Award]) -> None:
        rows = [award_row(self._tenant, award) for award in awards]
        self._unit.insert(tables.award, rows, _named(awards))
        try:
            self.refuse_buried([award.number for award in awards])
        except Conflict:
            self._unit.delete_each(tables.award, "id", [(self._tenant, award.id) for award in awards], "an award")
            raise

    def refuse_buried(self, numbers: Sequence[str]) -> None:
        """Raise `Conflict` when a stored award has the number of one that is no more (I3)."""
        # Not asked before they are stored: an award that is deleted meanwhile holds ours up until its tombstone shows.
        if buried := self._tombstones.any_of(numbers):
            raise Conflict(f"award number {buried}")

    def update(self, awards: Sequence[Award]) -> None:
        rows = [award_row(self._tenant, award) for award in awards]
        self._unit.replace(tables.award, rows, _named(awards))

    def change(self, changes: Sequence[Change]) -> None:
        """Store what is new in the awards, in the order given; after a `Conflict` the transaction has to be left."""
        for (columns, _), group in groupby(changes, key=_what_changes):
            awards = [change.after for change in group]
            rows = bulk.next_versions(tables.award, columns, [award_row(self._tenant, award) for award in awards])
            self._unit.advance(tables.award, columns, rows, _named(awards))

    def archive(self, archived: Archived) -> None:
        """Store how the awards have ended; as `change`."""
        rows = archived_columns(self._tenant, archived)
        self._unit.advance(tables.award, ARCHIVING, rows, _named(archived.awards))

    def by_id(self, ids: Collection[int]) -> dict[int, Award]:
        return {award.id: award for award in self._found(_BY_ID, ids, ids=ids)}

    def by_number(self, numbers: Collection[str]) -> dict[str, Award]:
        return {award.number: award for award in self._found(_BY_NUMBER, numbers, numbers=numbers)}

    def by_token(self, token: bytes) -> Award | None:
        return next(iter(self._found(_BY_TOKEN, [token], token=token)), None)

    def live(self, certification_ids: Collection[int], learner_ids: Collection[str]) -> dict[tuple[int, str], Award]:
        wanted = certification_ids and learner_ids
        if len(certification_ids) == 1:
            (one,) = certification_ids
            found = self._found(_LIVE_OF_ONE, wanted, learner_ids=learner_ids, certification_id=one)
        else:
            found = self._found(_LIVE, wanted, certification_ids=certification_ids, learner_ids=learner_ids)
        return {(award.certification_id, award.learner_id): award for award in found}

    def _found(self, statement: Select[Any], wanted: Collection[object], /, **values: object) -> Iterable[Award]:
        rows = self._unit.rows(statement, tenant=self._tenant, **values) if wanted else ()
        return all_exact("award", itemgetter(1), award_from, list(rows))

    def delete(self, ids: Collection[int]) -> None:
        keys = [(self._tenant, award_id) for award_id in ids]
        for table, column in _OF_AWARD:
            self._unit.delete_each(table, column, keys, "an award")

    def latest_revocations(
        self, certification_ids: Collection[int], learner_ids: Collection[str]
    ) -> dict[tuple[int, str], datetime]:
        nothing_asked = not certification_ids or not learner_ids
        if nothing_asked or not self._unit.rows(_ANY_REVOKED, tenant=self._tenant):
            return {}
        asked = {"certification_ids": certification_ids, "learner_ids": learner_ids}
        rows = self._unit.rows(_REVOKED, tenant=self._tenant, **asked)
        return {(row[0], row[1]): exact("award", f"of learner {row[1]}", from_micros, row[2:]) for row in rows}

    def statuses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Iterator[StatusRow]:
        asked = {"certification_ids": certification_ids, "learner_ids": learner_ids}
        if any(each is not None and not each for each in asked.values()):
            return
        statement, values = statuses_of(asked)
        for page in self._unit.pages(statement, _PAGE, tenant=self._tenant, now=to_micros(now), **values):
            for number, learner_id, certification_id, place, expires_at in page:
                if place == CORRUPT:
                    self._report(CorruptRecord("award", str(number), "its dates or its end contradict each other"))
                    continue
                expiry = None if expires_at is None else _instant_of(expires_at)
                yield number, learner_id, certification_id, STATUSES[place], expiry

    def tallies(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Tally]:
        return self._counted(tallies_of, _tally_from, now, certification_ids, learner_ids)

    def lapses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Lapse]:
        return self._counted(lapses_of, _lapse_from, now, certification_ids, learner_ids)

    def _counted(
        self,
        statement_of: Callable[[dict[str, Collection[object] | None]], tuple[Select[Any], dict[str, object]]],
        read: Callable[..., T],
        now: datetime,
        certification_ids: Collection[int] | None,
        learner_ids: Collection[str] | None,
    ) -> list[T]:
        asked: dict[str, Collection[object] | None] = {
            "certification_ids": certification_ids,
            "learner_ids": learner_ids,
        }
        if any(each is not None and not each for each in asked.values()):
            return []
        statement, values = statement_of(asked)
        rows = self._unit.rows(statement, tenant=self._tenant, now=to_micros(now), **values)
        return list(readable("awards", read, ((f"of certification {row[0]}", row) for row in rows), self._report))

    def expiring(
        self, since: datetime, until: datetime, after: tuple[datetime, int] | None, limit: int
    ) -> Sequence[ExpiryRow]:
        at, award_id, end = to_micros(since), _BEFORE_ALL_IDS, to_micros(until)
        if after is not None and after[0] >= since:
            at, award_id = to_micros(after[0]), after[1]
        if at > end:
            return []
        found: list[ExpiryRow] = []
        while (wanted := limit - len(found)) > 0:  # more than once only to make up for corrupt rows
            # Two queries: comparing pairs, SQLite goes through all that expire at that instant.
            rows = self._expiring(_EXPIRING_THEN, wanted, at=at, after=award_id)
            if len(rows) < wanted:
                rows = [*rows, *self._expiring(_EXPIRING_LATER, wanted - len(rows), at=at, until=end)]
            found += all_readable("award", itemgetter(1), _expiry_from, rows, self._report)
            if len(rows) < wanted:
                break
            at, award_id = rows[-1][4], rows[-1][0]
        return found

    def _expiring(self, statement: Select[Any], limit: int, **asked: int) -> Sequence[Any]:
        return self._unit.rows(statement, tenant=self._tenant, limit=limit, **asked)

    def search(self, query: AwardQuery) -> Sequence[Award]:
        return page_of(self._unit, self._tenant, self._report, query)

    def rows(self, query: AwardQuery) -> AwardRows:
        return rows_of(self._unit, self._tenant, self._report, query)


def _what_changes(change: Change) -> tuple[bulk.Names, bool]:
    """The columns that a change touches, so that indexes of others are left alone; and whether the award is live then.

    Changes that are alike in both can be stored in any order: all free live holdings, or all take or keep them.
    """
    before, after = change.before, change.after
    if _terms_of(before) == _terms_of(after):
        return ARCHIVING, after.live
    return (_OF_TERMS if _ending_of(before) == _ending_of(after) else _OF_ALL), after.live


def _named(awards: Sequence[Award]) -> str:
    return f"award {awards[0].number}" if len(awards) == 1 else f"one of {len(awards)} awards"


_PAGE: Final = 5_000
_instant_of = lru_cache(65_536)(from_micros)


def _tally_from(*row: Any) -> Tally:
    """The row of `tallies_of`."""
    certification_id, place, count = row
    if place == CORRUPT:
        raise ValueError(f"the dates or ends of {count} contradict each other")
    return certification_id, STATUSES[place], count


def _lapse_from(*row: Any) -> Lapse:
    """The row of `lapses_of`."""
    certification_id, ends_at, zone, count = row
    return certification_id, None if ends_at is None else _instant_of(ends_at), _zone_of(zone), count


def _expiry_from(*row: Any) -> ExpiryRow:
    """The row of `_EXPIRING`."""
    award_id, number, learner_id, certification_id, expires_at, expires_on, zone, recorded_at = row
    if recorded_at is None:
        raise ValueError("it has no history")
    expiry, recorded = _instant_of(expires_at), _instant_of(recorded_at)
    return award_id, number, learner_id, certification_id, expiry, _day_of(expires_on), _zone_of(zone), recorded


_day_of = lru_cache(65_536)(parse_date)


@lru_cache(1_024)
def _zone_of(zone: str) -> str:
    zone_rules(zone)
    return zone
