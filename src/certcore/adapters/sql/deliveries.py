"""Deliveries: what waits to be handed to somebody outside."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, Row, as_text, as_whole, exact, or_none, readable
from certcore.domain.deliveries import Delivery, DeliveryState
from certcore.domain.time import from_micros, to_micros
from certcore.ports import DeliveryRepository

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


def _named(deliveries: Sequence[Delivery]) -> str:
    return f"delivery {deliveries[0].id}" if len(deliveries) == 1 else f"one of {len(deliveries)} deliveries"


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
