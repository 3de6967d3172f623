"""Searching awards in SQL: which filter leads to the rows, and pages behind a place (R-90).

One filter leads: its rows are found in an index. All others are conditions on these rows, written so that no index
serves them, for planners without fresh statistics would choose among indexes by chance. A filter that finds few awards
leads, and what it finds is sorted; otherwise the rows are walked in the order of the page until that is full, which is
soon where many fit.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Column, ColumnElement, Select, and_, bindparam, exists, func, or_, select

from certcore.adapters.sql import tables
from certcore.adapters.sql.listing import LISTED, listed
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.rows import award_from
from certcore.adapters.sql.standing import in_status
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, day_text, readable
from certcore.domain.awards import Award
from certcore.domain.searching import Days
from certcore.domain.time import to_micros
from certcore.ports import AwardQuery, AwardRows

_award = tables.award.c
_name = tables.learner_name.c
_title = tables.item_title.c

COLUMNS: Final = tables.award.c[1:]
_PLACES: Final = {column.name: place for place, column in enumerate(COLUMNS)}
_ALL: Final = select(*COLUMNS).where(_award.tenant == TENANT)
_BY_NUMBER: Final = among(_award.number, "numbers", *COLUMNS)
_BY_LEARNER: Final = among(_award.learner_id, "learner_ids", *COLUMNS)
_BY_CODE: Final = among(_award.basis_code, "codes", *COLUMNS, only=tables.EARNED_THROUGH)
_BY_CERTIFICATION: Final = among(_award.certification_id, "certification_ids", *COLUMNS)
_OF_ONE: Final = _ALL.where(_award.certification_id == bindparam("certification_id"))
_BASIS_ITEM: Final = _award.basis + ":" + _award.basis_code

_AT: Final[BindParameter[Any]] = bindparam("at")
_AFTER: Final[BindParameter[Any]] = bindparam("after")
_LIMIT: Final[BindParameter[Any]] = bindparam("limit")

FEW: Final = 10_000
"""How many learners, or awards, are found and sorted rather than walked over."""
_BEFORE_ALL: Final = -(2**62)


def page_of(unit: Unit, tenant: str, report: Report, query: AwardQuery) -> Sequence[Award]:
    """The page that ``query`` asks for; corrupt rows are reported, and others fill it up."""
    search = _Search(unit, tenant, query)
    statements = [] if query.asks_for_none else search.statements()
    at, after = _place_before(query)
    found: list[Award] = []
    while (wanted := query.limit - len(found)) > 0:  # more than once only to make up for corrupt rows
        rows: list[Any] = []
        for statement in statements:
            if len(rows) < wanted:
                rows += search.rows(statement, at=at, after=after, limit=wanted - len(rows))
        found += readable("award", award_from, ((row[_PLACES["number"]], row) for row in rows), report)
        if len(rows) < wanted:
            break
        instants = _instants(query)
        at = at if instants is None else rows[-1][_PLACES[instants.name]]
        after = rows[-1][_PLACES["id"]]
    return found


def rows_of(unit: Unit, tenant: str, report: Report, query: AwardQuery) -> AwardRows:
    """The page in columns; corrupt rows are reported and leave it shorter."""
    search = _Search(unit, tenant, query)
    at, after = _place_before(query)
    asked = {"at": at, "after": after, "now": to_micros(query.now)}
    rows: list[Any] = []
    for statement in [] if query.asks_for_none else search.statements():
        if len(rows) < query.limit:
            listing = statement.with_only_columns(*LISTED)
            rows += search.plain_rows(listing, limit=query.limit - len(rows), **asked)
    return listed(rows, query, report)


def _place_before(query: AwardQuery) -> tuple[int, int]:
    """The instant and the id behind which the page is."""
    days = query.expires or query.issued
    first = _BEFORE_ALL if days is None else to_micros(days.around()[0])
    at = first if query.after_at is None else to_micros(query.after_at)
    return at, _BEFORE_ALL if query.after is None else query.after


def _instants(query: AwardQuery) -> Column[Any] | None:
    """The instants that order the pages before the ids do."""
    if query.expires is not None:
        return _award.expires_at
    return None if query.issued is None else _award.issued_at


class _Search:
    """One query as statements, with the parameters they need."""

    def __init__(self, unit: Unit, tenant: str, query: AwardQuery) -> None:
        self._unit = unit
        self._query = query
        self._values: dict[str, object] = {"tenant": tenant}

    def rows(self, statement: Select[Any], **values: object) -> Sequence[Any]:
        """What one of the `statements` finds."""
        return self._unit.rows(statement, **{**self._values, **values})

    def plain_rows(self, statement: Select[Any], **values: object) -> Iterator[Any]:
        """The same as the driver gives them."""
        for page in self._unit.pages(statement, self._query.limit, **{**self._values, **values}):
            yield from page

    def statements(self) -> Sequence[Select[Any]]:
        """What gives the page, one after the other; nothing where nothing fits.

        Their parameters besides are the place behind which the page is, ``at`` and ``after``, and its ``limit``.
        """
        self._take("learner_ids", self._query.learner_ids)
        self._take("numbers", self._query.numbers)
        self._take("certification_ids", self._query.certification_ids)
        named = self._named()
        items = self._items()
        if named == [] or items == []:
            return []
        lead = self._lead()
        statement = lead.where(*self._conditions(lead, named=named is not None, items=items is not None))
        instants = _instants(self._query)
        walked = lead is _ALL or lead is _OF_ONE
        if instants is None:
            position = _award.id if walked else _award.id + 0
            return [statement.where(position > _AFTER).order_by(_award.id).limit(_LIMIT)]
        if not walked:
            behind = or_(instants + 0 > _AT, and_(instants + 0 == _AT, _award.id + 0 > _AFTER))
            return [statement.where(behind).order_by(instants, _award.id).limit(_LIMIT)]
        # Two queries: comparing pairs, SQLite goes through all of one instant.
        then = statement.where(instants == _AT, _award.id > _AFTER).order_by(_award.id)
        later = statement.where(instants > _AT).order_by(instants, _award.id)
        return [then.limit(_LIMIT), later.limit(_LIMIT)]

    def _take(self, name: str, wanted: Collection[object] | None) -> None:
        if wanted is not None:
            self._values[name] = wanted

    def _named(self) -> Sequence[str] | None:
        """Those with the names asked for, where they are few and nobody else is asked for; else None."""
        if not self._query.names or self._values.keys() & {"learner_ids", "numbers"}:
            return None
        statement = select(_name.learner_id).where(_name.tenant == TENANT, *_has(_name.words, self._query.names))
        found = [row[0] for row in self.rows(statement.limit(FEW + 1))]
        if len(found) > FEW:
            return None
        self._values["learner_ids"] = found
        return found

    def _items(self) -> Sequence[str] | None:
        """The items asked for, by themselves and by title; None for all."""
        query = self._query
        wanted = None if query.basis_items is None else set(map(str, query.basis_items))
        if query.titles:
            statement = select(_title.kind, _title.code)
            rows = self.rows(statement.where(_title.tenant == TENANT, *_has(_title.words, query.titles)))
            titled = {f"{kind}:{code}" for kind, code in rows}
            wanted = titled if wanted is None else wanted & titled
        if wanted is None:
            return None
        self._values["items"] = items = sorted(wanted)
        self._values["codes"] = [each.partition(":")[2] for each in items]
        return items

    def _lead(self) -> Select[Any]:
        asked = self._values
        if "numbers" in asked:
            return _BY_NUMBER
        if "learner_ids" in asked:
            return _BY_LEARNER
        if "codes" in asked and self._finds_few(_BY_CODE):
            return _BY_CODE
        if "certification_ids" in asked:
            one = self._query.certification_ids if _instants(self._query) is None else None
            if one is not None and len(one) == 1:
                (asked["certification_id"],) = one
                return _OF_ONE
            if self._finds_few(_BY_CERTIFICATION):
                return _BY_CERTIFICATION
        return _ALL

    def _finds_few(self, statement: Select[Any]) -> bool:
        some = statement.with_only_columns(_award.id).limit(FEW + 1).subquery()
        ((count,),) = self.rows(select(func.count()).select_from(some))
        return bool(count <= FEW)

    def _conditions(self, lead: Select[Any], *, named: bool, items: bool) -> Iterator[ColumnElement[bool]]:
        """What else the rows that ``lead`` finds have to be."""
        query = self._query
        if query.learner_ids is not None and lead is not _BY_LEARNER:
            yield within(_award.learner_id, "learner_ids")
        if query.names and not named:
            known = and_(_name.tenant == TENANT, _name.learner_id == _award.learner_id)
            yield exists().where(known, *_has(_name.words, query.names))
        if items:
            yield within(_BASIS_ITEM, "items")
        if query.certification_ids is not None and lead not in (_OF_ONE, _BY_CERTIFICATION):
            yield within(_award.certification_id + 0, "certification_ids")
        if query.live is not None:
            yield _award.live.is_not(None) if query.live else _award.live.is_(None)
        if query.ended_before is not None:
            yield _award.ended_at < to_micros(query.ended_before)
        if query.statuses:
            self._values["now"] = to_micros(query.now)
            yield or_(*map(in_status, sorted(query.statuses)))
        yield from _on(_award.issued_on, query.issued)
        yield from _on(_award.expires_on, query.expires)


def _has(words: Column[Any], phrases: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    return (words.contains(phrase, autoescape=True) for phrase in phrases)


def _on(day: Column[Any], days: Days | None) -> Iterator[ColumnElement[bool]]:
    if days is None:
        return
    yield day.is_not(None)
    if days.first is not None:
        yield day >= day_text(days.first)
    if days.last is not None:
        yield day <= day_text(days.last)
