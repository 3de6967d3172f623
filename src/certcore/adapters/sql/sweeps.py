"""Sweeps: how far each rule has been swept."""

from typing import Any, Final

from sqlalchemy import bindparam, select

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Row, as_text, as_whole, exact, micros, or_none
from certcore.domain.sweeps import Sweep
from certcore.domain.time import from_micros, to_micros
from certcore.ports import SweepRepository

_sweep = tables.sweep.c
_OF: Final = select(*tables.sweep.c[1:]).where(_sweep.tenant == TENANT, _sweep.rule == bindparam("rule"))
_TAKEN: Final = _OF.with_for_update(skip_locked=True)


class SqlSweeps(SweepRepository):
    """Sweeps in `tables.sweep`."""

    def __init__(self, unit: Unit, tenant: str) -> None:
        self._unit = unit
        self._tenant = tenant

    def take(self, begin: Sweep) -> Sweep | None:
        if not self._unit.rows(_OF, tenant=self._tenant, rule=begin.rule):
            self._unit.insert_new(tables.sweep, [_row(self._tenant, begin)], _named(begin))
        rows = self._unit.rows(_TAKEN, tenant=self._tenant, rule=begin.rule)
        return exact("sweep", begin.rule, _sweep_from, rows[0]) if rows else None

    def update(self, sweep: Sweep) -> None:
        self._unit.replace(tables.sweep, [_row(self._tenant, sweep)], _named(sweep))


def _named(sweep: Sweep) -> str:
    return f"the sweep of rule {sweep.rule}"


def _row(tenant: str, sweep: Sweep) -> Row:
    at, award_id = sweep.cursor or (None, None)
    return (
        tenant,
        sweep.rule,
        to_micros(sweep.since),
        to_micros(sweep.until),
        sweep.zones,
        micros(sweep.target),
        micros(at),
        award_id,
        sweep.version,
    )


def _sweep_from(*row: Any) -> Sweep:
    rule, since, until, zones, target, cursor_at, cursor_id, version = row
    cursor = None if cursor_at is None else (from_micros(cursor_at), as_whole(cursor_id))
    return Sweep(
        as_text(rule),
        from_micros(since),
        from_micros(until),
        as_text(zones),
        or_none(from_micros, target),
        cursor,
        as_whole(version),
    )
