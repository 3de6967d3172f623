"""Searching awards in SQL: which filter leads to the rows, and pages behind a place (R-90).

One filter leads: its rows are found in an index. All others are conditions on these rows, taken together as a value of
which planners know nothing: without fresh statistics they would choose among indexes by chance, and would sort all rows
for want of a few. A filter that finds few awards
leads, and what it finds is sorted; otherwise the rows are walked in the order of the page until that is full, which is
soon where many fit. What has one certification or one item comes in the order of ids from their index.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import BindParameter, Column, ColumnElement, Select, and_, bindparam, false, func, or_, select, text

from certcore.adapters.sql import tables
from certcore.adapters.sql.listing import LISTED, listed
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.rows import award_from
from certcore.adapters.sql.standing import in_status
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, all_readable, day_text
from certcore.domain.awards import Award, Status
from certcore.domain.time import to_micros
from certcore.ports import AwardQuery, AwardRows

_award = tables.award.c
_name = tables.learner_name.c
_title = tables.item_title.c

FEW: Final = 5_000
"""How many awards are found and sorted rather than walked over: among a million either takes about as long."""
FEW_LEARNERS: Final = 200
"""How many learners are taken to have few awards without a look at how many."""
_BEFORE_ALL: Final = -(2**62)
_BEHIND_ALL: Final = 2**62
_SHAPES: Final = 512

_AT: Final[BindParameter[Any]] = bindparam("at")
_AFTER: Final[BindParameter[Any]] = bindparam("after")
_UNTIL: Final[BindParameter[Any]] = bindparam("until")
_LIMIT: Final[BindParameter[Any]] = bindparam("limit")

COLUMNS: Final = tables.award.c[1:]
_PLACES: Final = {column.name: place for place, column in enumerate(COLUMNS)}
_ALL: Final = select(*COLUMNS).where(_award.tenant == TENANT)
_OF_CERTIFICATION: Final = _award.certification_id == bindparam("certification_id")
_OF_ITEM: Final = and_(
    text(tables.EARNED_THROUGH), _award.basis_code == bindparam("code"), _award.basis == bindparam("kind")
)
_LEADS: Final = {
    "all": _ALL,
    "numbers": among(_award.number, "numbers", *COLUMNS),
    "learner_ids": among(_award.learner_id, "learner_ids", *COLUMNS),
    "codes": among(_award.basis_code, "codes", *COLUMNS, only=tables.EARNED_THROUGH),
    "one_item": _ALL.where(_OF_ITEM),
    "certification_ids": among(_award.certification_id, "certification_ids", *COLUMNS),
    "one_certification": _ALL.where(_OF_CERTIFICATION),
}
_WALKED: Final = ("all", "one_item", "one_certification")
"""Which give the rows in the order of ids by themselves; ``all`` also in that of instants."""
_ANSWERED: Final = {
    **dict.fromkeys(_LEADS, ""),
    "learner_ids": "learner_ids",
    "one_item": "items",
    "certification_ids": "certification_ids",
    "one_certification": "certification_ids",
}
"""The filter that needs no condition any more."""


def _count(lead: Select[Any]) -> Select[Any]:
    """How many awards it finds, up to ``limit``."""
    return select(func.count()).select_from(lead.with_only_columns(_award.id).limit(_LIMIT).subquery())


_COUNTS: Final = {name: _count(_LEADS[name]) for name in ("learner_ids", "codes", "certification_ids")}

_OF_PARAMETERS: Final[dict[str, ColumnElement[bool]]] = {
    "learner_ids": within(_award.learner_id, "learner_ids"),
    "items": within(_award.basis + ":" + _award.basis_code, "items"),
    "certification_ids": within(_award.certification_id, "certification_ids"),
    "ended_before": _award.ended_at < bindparam("ended_before"),
}
_CONDITIONS: Final[dict[str, ColumnElement[bool]]] = {
    **_OF_PARAMETERS,
    "live": _award.live.is_not(None),
    "ended": _award.live.is_(None),
    "issued_on": _award.issued_on.is_not(None),
    "issued_first": _award.issued_on >= bindparam("issued_first"),
    "issued_last": _award.issued_on <= bindparam("issued_last"),
    "expires_on": _award.expires_on.is_not(None),
    "expires_first": _award.expires_on >= bindparam("expires_first"),
    "expires_last": _award.expires_on <= bindparam("expires_last"),
}
_WORDS: Final = (
    select(_name.words)
    .where(_name.tenant == TENANT, _name.learner_id == _award.learner_id)
    .correlate(tables.award)
    .scalar_subquery()
)
"""By what the index finds the learner of an award, looked up for one award after the other."""


def page_of(unit: Unit, tenant: str, report: Report, query: AwardQuery) -> Sequence[Award]:
    """The page that ``query`` asks for; corrupt rows are reported, and others fill it up."""
    search = _Search(unit, tenant, query)
    statements = [] if query.asks_for_none else search.statements()
    at, after, until = *_place_before(query), _last_instant(query)
    found: list[Award] = []
    while (wanted := query.limit - len(found)) > 0:  # more than once only to make up for corrupt rows
        rows: list[Any] = []
        for statement in statements[-1:] if after == _BEFORE_ALL else statements:  # before all there is no then
            if len(rows) < wanted:
                rows += search.rows(statement, at=at, after=after, until=until, limit=wanted - len(rows))
        found += all_readable("award", itemgetter(_PLACES["number"]), award_from, rows, report)
        if len(rows) < wanted:
            break
        instants = _instants(query)
        at = at if instants is None else rows[-1][_PLACES[instants]]
        after = rows[-1][_PLACES["id"]]
    return found


def rows_of(unit: Unit, tenant: str, report: Report, query: AwardQuery) -> AwardRows:
    """The page in columns; corrupt rows are reported and leave it shorter."""
    search = _Search(unit, tenant, query)
    statements = [] if query.asks_for_none else search.statements()
    at, after = _place_before(query)
    asked = {"at": at, "after": after, "until": _last_instant(query)}
    rows: list[Any] = []
    for statement in statements[-1:] if after == _BEFORE_ALL else statements:
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


def _last_instant(query: AwardQuery) -> int:
    """An instant behind the last one that can fit, where instants order the pages."""
    days = query.expires or query.issued
    return _BEHIND_ALL if days is None else to_micros(days.around()[1])


def _instants(query: AwardQuery) -> str | None:
    """The column of instants that order the pages before the ids do."""
    if query.expires is not None:
        return "expires_at"
    return None if query.issued is None else "issued_at"


class _Search:
    """One query as statements, with the parameters they need."""

    def __init__(self, unit: Unit, tenant: str, query: AwardQuery) -> None:
        self._unit = unit
        self._query = query
        self._values: dict[str, Any] = {"tenant": tenant, "now": to_micros(query.now)}

    def rows(self, statement: Select[Any], **values: object) -> Sequence[Any]:
        """What one of the `statements` finds."""
        return self._unit.rows(statement, **{**self._values, **values})

    def plain_rows(self, statement: Select[Any], **values: object) -> Iterator[Any]:
        """The same as the driver gives them."""
        for page in self._unit.pages(statement, self._query.limit, **{**self._values, **values}):
            yield from page

    def statements(self) -> Sequence[Select[Any]]:
        """What gives the page, one after the other; nothing where nothing fits.

        Their parameters besides are the place behind which the page is, ``at``, ``until`` and ``after``, and its
        ``limit``.
        """
        query = self._query
        self._take("learner_ids", query.learner_ids)
        self._take("numbers", query.numbers)
        self._take("certification_ids", query.certification_ids)
        self._take("ended_before", None if query.ended_before is None else to_micros(query.ended_before))
        named = self._named()
        items = self._items()
        if named == [] or items == []:
            return []
        lead = self._lead()
        conditions = [each for each in _OF_PARAMETERS if each in self._values and each != _ANSWERED[lead]]
        conditions += [] if query.live is None else ["live" if query.live else "ended"]
        conditions += self._days()
        phrases = self._phrases(query.names) if query.names and named is None else 0
        return _statements(lead, _instants(query), tuple(conditions), tuple(sorted(query.statuses)), phrases)

    def _take(self, name: str, wanted: object) -> None:
        if wanted is not None:
            self._values[name] = wanted

    def _phrases(self, phrases: Sequence[str]) -> int:
        """How many there are, each a parameter."""
        self._values |= {f"phrase_{place}": _escaped(phrase) for place, phrase in enumerate(phrases)}
        return len(phrases)

    def _named(self) -> Sequence[str] | None:
        """Those with the names asked for, where they are few and nobody else is asked for; else None."""
        if not self._query.names or self._values.keys() & {"learner_ids", "numbers"}:
            return None
        statement = _all_with(_name.words, self._phrases(self._query.names), _name.learner_id)
        found = [row[0] for row in self.rows(statement, limit=FEW_LEARNERS + 1)]
        if len(found) > FEW_LEARNERS:
            return None
        self._values["learner_ids"] = found
        return found

    def _items(self) -> Sequence[str] | None:
        """The items asked for, by themselves and by title; None for all."""
        query = self._query
        wanted = None if query.basis_items is None else set(map(str, query.basis_items))
        if query.titles:
            statement = _all_with(_title.words, self._phrases(query.titles), _title.kind, _title.code)
            titled = {f"{kind}:{code}" for kind, code in self.rows(statement, limit=_BEHIND_ALL)}
            wanted = titled if wanted is None else wanted & titled
        if wanted is None:
            return None
        self._values["items"] = items = sorted(wanted)
        self._values["codes"] = [each.partition(":")[2] for each in items]
        return items

    def _lead(self) -> str:
        """The name in `_LEADS` of what finds the rows."""
        asked = self._values
        if "numbers" in asked:
            return "numbers"
        learners = asked.get("learner_ids")
        if learners is not None and (len(learners) <= FEW_LEARNERS or self._finds_few("learner_ids")):
            return "learner_ids"
        by_id = _instants(self._query) is None
        if "items" in asked:
            if by_id and len(asked["items"]) == 1:
                asked["kind"], _, asked["code"] = asked["items"][0].partition(":")
                return "one_item"
            if self._finds_few("codes"):
                return "codes"
        if "certification_ids" in asked:
            if by_id and len(asked["certification_ids"]) == 1:
                (asked["certification_id"],) = asked["certification_ids"]
                return "one_certification"
            if self._finds_few("certification_ids"):
                return "certification_ids"
        return "all"

    def _finds_few(self, lead: str) -> bool:
        ((count,),) = self.rows(_COUNTS[lead], limit=FEW + 1)
        return bool(count <= FEW)

    def _days(self) -> Iterator[str]:
        """The conditions on days, whose limits become parameters."""
        for name, days in (("issued", self._query.issued), ("expires", self._query.expires)):
            if days is None:
                continue
            yield f"{name}_on"
            for end, day in (("first", days.first), ("last", days.last)):
                if day is not None:
                    self._values[f"{name}_{end}"] = day_text(day)
                    yield f"{name}_{end}"


@lru_cache(_SHAPES)
def _statements(
    lead: str, instants: str | None, conditions: Sequence[str], statuses: Sequence[Status], phrases: int
) -> Sequence[Select[Any]]:
    """The statements for all queries that differ in nothing but their parameters."""
    asked = [*map(_CONDITIONS.__getitem__, conditions), *_has(_WORDS, phrases)]
    asked += [or_(*map(in_status, statuses))] if statuses else []
    statement = _LEADS[lead].where(func.coalesce(and_(*asked), false())) if asked else _LEADS[lead]
    if instants is None:
        position = _award.id if lead in _WALKED else _award.id + 0
        return [statement.where(position > _AFTER).order_by(_award.id).limit(_LIMIT)]
    at = _award[instants]
    if lead not in _WALKED:
        behind = or_(at + 0 > _AT, and_(at + 0 == _AT, _award.id + 0 > _AFTER))
        return [statement.where(behind).order_by(at, _award.id).limit(_LIMIT)]
    # Two queries: comparing pairs, SQLite goes through all of one instant.
    then = statement.where(at == _AT, _award.id > _AFTER).order_by(_award.id)
    later = statement.where(at > _AT, at <= _UNTIL).order_by(at, _award.id)
    return [then.limit(_LIMIT), later.limit(_LIMIT)]


@lru_cache(_SHAPES)
def _all_with(words: Column[Any], phrases: int, *columns: Column[Any]) -> Select[Any]:
    """The ``columns`` of the rows with that many phrases in ``words``, at most ``limit``."""
    return select(*columns).where(words.table.c.tenant == TENANT, *_has(words, phrases)).limit(_LIMIT)


def _has(words: ColumnElement[Any], phrases: int) -> Iterator[ColumnElement[bool]]:
    return (words.contains(bindparam(f"phrase_{place}"), escape="/") for place in range(phrases))


def _escaped(phrase: str) -> str:
    """As it stands in a pattern, without wildcards."""
    return phrase.replace("/", "//").replace("%", "/%").replace("_", "/_")
