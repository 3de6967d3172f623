"""Tombstones: what stays of awards that are no more."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import literal, select

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Row, as_bytes, as_text, as_whole, exact, or_none
from certcore.domain.time import from_micros, to_micros
from certcore.domain.tombstones import Removal, Tombstone
from certcore.ports import TombstoneRepository

_tombstone = tables.tombstone.c
_OF: Final = among(_tombstone.number, "numbers", *tables.tombstone.c[1:])
_ANY: Final = select(literal(1)).where(_tombstone.tenant == TENANT, _tombstone.number >= "").limit(1)


class SqlTombstones(TombstoneRepository):
    """Tombstones in `tables.tombstone`."""

    def __init__(self, unit: Unit, tenant: str) -> None:
        self._unit = unit
        self._tenant = tenant

    def add(self, tombstones: Sequence[Tombstone]) -> None:
        rows = [_row(self._tenant, each) for each in tombstones]
        named = f"the tombstone of award {tombstones[0].number}" if len(rows) == 1 else f"one of {len(rows)} tombstones"
        self._unit.insert(tables.tombstone, rows, named)

    def of(self, numbers: Collection[str]) -> dict[str, Tombstone]:
        rows = self._unit.rows(_OF, tenant=self._tenant, numbers=numbers) if numbers else ()
        return {row[0]: exact("tombstone", row[0], _tombstone_from, row) for row in rows}

    def any_of(self, numbers: Sequence[str]) -> str | None:
        """One of these numbers that has a tombstone; it costs next to nothing where there are none at all."""
        if not numbers or not self._unit.rows(_ANY, tenant=self._tenant):
            return None
        return next(iter(self.of(numbers)), None)


def _row(tenant: str, tombstone: Tombstone) -> Row:
    return (
        tenant,
        tombstone.number,
        tombstone.award_id,
        tombstone.act.value,
        to_micros(tombstone.at),
        tombstone.actor_id,
        tombstone.reason,
        tombstone.length,
        tombstone.head,
    )


def _tombstone_from(*row: Any) -> Tombstone:
    number, award_id, act, at, actor_id, reason, length, head = row
    return Tombstone(
        as_text(number),
        as_whole(award_id),
        Removal(act),
        from_micros(at),
        as_text(actor_id),
        or_none(as_text, reason),
        as_whole(length),
        as_bytes(head),
    )
