"""Deliveries: what waits to be handed to somebody outside."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, String, and_, bindparam, func, or_, select

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, Row, as_text, as_whole, exact, or_none, readable
from certcore.domain.deliveries import Delivery, DeliveryState, NewDeliveries
from certcore.domain.history import canonical
from certcore.domain.notices.messages import is_told_to
from certcore.domain.time import from_micros, to_micros
from certcore.errors import Conflict
from certcore.ports import DeliveryRepository

_PAGE: Final = 5_000
_delivery = tables.delivery.c
_OF: Final = among(_delivery.award_id, "award_ids", *tables.delivery.c[1:]).order_by(_delivery.due_at, _delivery.id)
_DUE: Final = (
    select(*tables.delivery.c[1:])
    .where(
        _delivery.tenant == TENANT,
        _delivery.state == DeliveryState.WAITING.value,
        _delivery.due_at <= bindparam("now"),
        within(_delivery.kind, "kinds"),
    )
    .order_by(_delivery.due_at, _delivery.id)
    .limit(bindparam("limit"))
)
_BY_ID: Final = among(_delivery.id, "ids", *tables.delivery.c[1:])
_DEAD: Final = (
    select(*tables.delivery.c[1:])
    .where(_delivery.tenant == TENANT, _delivery.state == DeliveryState.DEAD.value)
    .order_by(_delivery.due_at, _delivery.id)
    .limit(bindparam("limit"))
)
_FAMILY: Final = bindparam("family", type_=String)
_OF_FAMILY: Final = func.substr(_delivery.kind + ".", 1, func.length(_FAMILY) + 1) == _FAMILY + "."
_HANDED_OVER: Final = (
    among(_delivery.award_id, "award_ids", *tables.delivery.c[1:])
    .where(_delivery.state == DeliveryState.DONE.value, _OF_FAMILY)
    .order_by(_delivery.award_id, _delivery.id)
    .limit(bindparam("limit"))
)
_NAMING: Final = (
    select(_delivery.id, _delivery.payload)
    .where(
        _delivery.tenant == TENANT,
        _delivery.id > bindparam("after", type_=String),
        _delivery.payload.like(bindparam("naming", type_=String), escape="/"),
    )
    .order_by(_delivery.id)
    .limit(_PAGE)
)
"""Notices to somebody and some others: for SQLite letters are alike whatever their case."""
_CLAIMED: Final = _DUE.with_for_update(skip_locked=True, of=tables.delivery)


class SqlDeliveries(DeliveryRepository):
    """Deliveries in `tables.delivery`; `due` reports corrupt rows and leaves them out."""

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report

    def add(self, deliveries: Sequence[Delivery]) -> None:
        rows = {each.id: _row(self._tenant, each) for each in reversed(deliveries)}
        self._unit.insert_new(tables.delivery, [rows[each] for each in sorted(rows)], "a delivery")

    def update(self, deliveries: Sequence[Delivery]) -> None:
        rows = [_row(self._tenant, each) for each in deliveries]
        self._unit.replace(tables.delivery, rows, _named(deliveries))

    def due(self, now: datetime, limit: int, kinds: Collection[str]) -> Sequence[Delivery]:
        if not kinds:
            return []
        statement = _DUE if self._unit.reads_only else _CLAIMED  # SQLite locks nothing: it has one writer at a time
        rows = self._unit.rows(statement, tenant=self._tenant, now=to_micros(now), limit=limit, kinds=kinds)
        return list(readable("delivery", _delivery_from, ((row[0], row) for row in rows), self._report))

    def of(self, award_ids: Collection[int]) -> dict[int, list[Delivery]]:
        rows = self._unit.rows(_OF, tenant=self._tenant, award_ids=award_ids) if award_ids else ()
        found: dict[int, list[Delivery]] = {}
        for row in rows:
            each = exact("delivery", row[0], _delivery_from, row)
            found.setdefault(each.award_id, []).append(each)
        return found

    def by_id(self, ids: Collection[str]) -> dict[str, Delivery]:
        rows = self._unit.rows(_BY_ID, tenant=self._tenant, ids=ids) if ids else ()
        return {row[0]: exact("delivery", row[0], _delivery_from, row) for row in rows}

    def dead(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[Delivery]:
        place = None if after is None else (to_micros(after[0]), after[1])
        return self._page(_DEAD, _delivery.due_at, place, limit)

    def handed_over(
        self, family: str, award_ids: Collection[int], after: tuple[int, str] | None, limit: int
    ) -> Sequence[Delivery]:
        if not award_ids:
            return []
        return self._page(_HANDED_OVER, _delivery.award_id, after, limit, family=family, award_ids=award_ids)

    def erase(self, person_id: str) -> None:
        self._unit.delete_each(tables.delivery, "learner_id", [(self._tenant, person_id)], "deliveries")
        text = canonical({"recipient": person_id})[1:-1]
        naming = "".join(f"/{each}" if each in "/%_" else each for each in text)
        after = ""
        while rows := self._unit.rows(_NAMING, tenant=self._tenant, after=after, naming=f"%{naming}%"):
            theirs = [(self._tenant, id_) for id_, payload in rows if is_told_to(person_id, payload)]
            self._unit.delete_each(tables.delivery, "id", theirs, "deliveries")
            after = rows[-1][0]

    def _page(
        self, statement: Select[Any], column: Column[Any], place: tuple[int, str] | None, limit: int, **values: object
    ) -> Sequence[Delivery]:
        """A page of a statement that is ordered by a column, then id: behind the place."""
        found: list[Delivery] = []
        at = tables.delivery.c.keys().index(column.name) - 1
        while (wanted := limit - len(found)) > 0:  # more than once only to make up for corrupt rows
            page = statement if place is None else statement.where(_behind(column, *place))
            rows = self._unit.rows(page, tenant=self._tenant, limit=wanted, **values)
            found += readable("delivery", _delivery_from, ((row[0], row) for row in rows), self._report)
            if len(rows) < wanted:
                break
            place = (rows[-1][at], rows[-1][0])
        return found

    def tell(self, new: NewDeliveries) -> Collection[str]:
        """Store new ones from their columns; the ids that were there already."""
        rows = sorted(_new_rows(self._tenant, new), key=itemgetter(1))
        try:
            self._unit.insert(tables.delivery, rows, "a delivery")
        except Conflict:
            inserted = self._unit.insert_new(tables.delivery, rows, "a delivery")
            return set(new.ids) - {delivery_id for (delivery_id,) in inserted}
        return ()


def _behind(column: Column[Any], value: int, delivery_id: str) -> ColumnElement[bool]:
    # Not a comparison of pairs: SQLite goes quadratic there. The first condition is what the index seeks by.
    return and_(column >= value, or_(column > value, _delivery.id > delivery_id))


def _named(deliveries: Sequence[Delivery]) -> str:
    return f"delivery {deliveries[0].id}" if len(deliveries) == 1 else f"one of {len(deliveries)} deliveries"


def _new_rows(tenant: str, new: NewDeliveries) -> Iterator[tuple[Any, ...]]:
    due_at = map(_micros_of, new.due_at)
    same: tuple[object, ...] = (0, DeliveryState.WAITING.value, None, 1)
    columns = (new.ids, repeat(new.kind), new.award_ids, new.learner_ids, new.payloads, due_at, *map(repeat, same))
    return zip(repeat(tenant), *columns, strict=False)


_micros_of = lru_cache(8_192)(to_micros)


def _row(tenant: str, delivery: Delivery) -> Row:
    return (
        tenant,
        delivery.id,
        delivery.kind,
        delivery.award_id,
        delivery.learner_id,
        delivery.payload,
        to_micros(delivery.due_at),
        delivery.attempts,
        delivery.state.value,
        delivery.error,
        delivery.version,
    )


def _delivery_from(*row: Any) -> Delivery:
    id_, kind, award_id, learner_id, payload, due_at, attempts, state, error, version = row
    return Delivery(
        id_,
        as_text(kind),
        as_whole(award_id),
        as_text(learner_id),
        as_text(payload),
        from_micros(due_at),
        as_whole(attempts),
        DeliveryState(state),
        or_none(as_text, error),
        as_whole(version),
    )
