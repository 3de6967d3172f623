"""Measure a sweep beside the query and the inserts that it needs.

    python benchmarks/sweeping.py                    # a million awards on SQLite, one in a hundred due
    python benchmarks/sweeping.py --db URL           # in the tables of an empty database of your own
    python benchmarks/sweeping.py --rows 100000 --due 10000

Two sweeps are measured: of awards that expire on eighteen days, and of as many that all expire at one instant.
The floor is the driver alone, on the same tables: the keyset query in the pages of the sweep, with when each award was
recorded, and the rows that the sweep left inserted again, in one transaction a page. Both are measured in turn, and the
answer is the median of the ratios. It needs ``pip install -e '.[test]'``.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from certcore import Actor, Registrar, RenewalPolicy
from certcore.adapters.memory import MemoryCatalog, MemoryDirectory
from certcore.adapters.sql import SqlStorage, bulk, tables
from certcore.adapters.sql.connecting import connections_to
from certcore.adapters.sql.units import Unit
from certcore.cli.garbage import collection_paused
from certcore.domain.awards import Period, typed_period
from certcore.domain.certifications import Certification
from certcore.domain.decisions import Offer
from certcore.domain.issuing import Issue, Issued
from certcore.domain.people import Person
from certcore.domain.sweeps import begin
from certcore.domain.time import to_micros, zones_release
from certcore.domain.transitions import Context

ACTOR: Final = Actor.program("benchmark")
RECORDED: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
SWEPT: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
LATER: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
WINDOWS: Final = ((RECORDED, SWEPT), (LATER - timedelta(30), LATER))
DUE_UNTIL: Final = date(2026, 7, 31)
DUE_DAYS: Final = 18
AT_ONCE: Final = date(2026, 12, 31)
CERTIFICATIONS: Final = 10
BATCH: Final = 10_000
PAGE: Final = 5_000
_QUERY: Final = (
    "SELECT a.id, a.number, a.learner_id, a.certification_id, a.expires_at, a.expires_on, a.zone, "
    "(SELECT at FROM certcore_history AS h WHERE h.tenant = 'default' AND h.award_id = a.id AND h.seq = 1) "
    "FROM certcore_award AS a WHERE a.tenant = 'default' AND a.live = 1"
)
_ORDER: Final = "ORDER BY a.expires_at, a.id LIMIT"

Cost = tuple[float, float]


def main() -> None:
    """Fill the tables, measure, print."""
    options = _options()
    with TemporaryDirectory() as folder:
        url = options.db or f"sqlite:///{Path(folder) / 'sweeping.db'}"
        storage = SqlStorage(url)
        with closing(storage):
            storage.upgrade()
            _fill(storage, options)
            runs = [[_run(storage, url, options.due, *window) for window in WINDOWS] for _ in range(options.runs)]
    lines = [f"{options.rows:,} awards, {options.due:,} due, medians of {options.runs}, load {os.getloadavg()[0]:.1f}"]
    for what, pairs in zip(("on 18 days", "at one instant"), zip(*runs, strict=True), strict=True):
        for name, place in (("wall", 0), ("CPU of this process", 1)):
            floor, ours = (median(pair[side][place] for pair in pairs) for side in (0, 1))
            ratio = median(pair[1][place] / pair[0][place] for pair in pairs)
            lines.append(f"{what}, {name}: floor {floor:.3f} s, sweep {ours:.3f} s, ratio {ratio:.2f}")
    sys.stdout.write("\n".join((*lines, "")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a sweep.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--db", metavar="URL", help="an empty database; by default a temporary SQLite file")
    return parser.parse_args()


def _registrar(storage: SqlStorage, now: datetime) -> Registrar:
    return Registrar(storage=storage, directory=MemoryDirectory(), catalog=MemoryCatalog(), clock=lambda: now)


def _fill(storage: SqlStorage, options: argparse.Namespace) -> None:
    """Awards of which those that are due lie among the others; a rule that looks a month ahead."""
    registrar = _registrar(storage, RECORDED)
    certifications = [registrar.defining.add(f"C-{n}", actor=ACTOR) for n in range(CERTIFICATIONS)]
    registrar.notifying.set_rule("month", "30 days before", actor=ACTOR)
    due = [_period(DUE_UNTIL - timedelta(n)) for n in range(DUE_DAYS)]
    at_once = _period(AT_ONCE)
    others = [_period(date(2027, 3, 1) + timedelta(n)) for n in range(1_000)]
    chance = Random(7)
    drawn = chance.sample(range(options.rows), 2 * options.due)
    wanted = {
        **{place: due[place % DUE_DAYS] for place in drawn[: options.due]},
        **dict.fromkeys(drawn[options.due :], at_once),
    }
    for start in range(0, options.rows, BATCH):
        places = range(start, min(start + BATCH, options.rows))
        periods = [wanted.get(place) or chance.choice(others) for place in places]
        with storage.transaction() as tx:
            tx.issue(_issued(places, certifications, periods, chance))
    with storage.transaction() as tx:
        tx.unit.control("ANALYZE")


def _issued(
    places: range, certifications: Sequence[Certification], periods: Sequence[Period], chance: Random
) -> Iterator[Issued]:
    drawn = Issue.drawn(
        Context(ACTOR, RECORDED),
        [certifications[place % CERTIFICATIONS] for place in places],
        [Person(f"id-{place // CERTIFICATIONS}", f"user-{place}") for place in places],
        [Offer(period) for period in periods],
        [None] * len(places),
        chance.randbytes,
        notify=False,
    )
    return drawn.parts(chance.randbytes)


def _period(expires_on: date) -> Period:
    return typed_period(RenewalPolicy(), date(2025, 12, 1), "Europe/Rome", expires_on)


def _run(storage: SqlStorage, url: str, due: int, since: datetime, now: datetime) -> tuple[Cost, Cost]:
    """The floor and the sweep, from the same tables; what both wrote is taken away again."""
    registrar = _registrar(storage, now)
    with storage.transaction() as tx:  # as the sweep before has left it
        begun = tx.sweeps.take(begin("month", RECORDED, zones_release()))
        assert begun is not None
        tx.sweeps.update(begun.moved(until=since, target=None, cursor=None))
    ours = _timed(lambda: _swept(registrar, due))
    with closing(connections_to(url)) as connections, connections.unit(writing=True) as unit:
        written = [tuple(row) for row in unit.rows(tables.delivery.select().order_by(tables.delivery.c.id))]
        assert len(written) == due
        _clear(unit)
    floor = _timed(lambda: _floor(url, written, since, now))
    with closing(connections_to(url)) as connections, connections.unit(writing=True) as unit:
        _clear(unit)
    return floor, ours


def _clear(unit: Unit) -> None:
    unit.control("DELETE FROM certcore_delivery")


def _swept(registrar: Registrar, due: int) -> None:
    report = registrar.notifying.run_due(limit=due)
    assert len(report.messages) == due


def _floor(url: str, written: Sequence[tuple[Any, ...]], since: datetime, now: datetime) -> None:
    """Pages of what expires, and inserts of what was written: one transaction for each page."""
    low, high = (to_micros(each + timedelta(days=30, hours=12)) for each in (since, now))
    mark = "?" if url.startswith("sqlite") else "%s"
    then = f"{_QUERY} AND a.expires_at = {mark} AND a.id > {mark} {_ORDER} {mark}"
    later = f"{_QUERY} AND a.expires_at > {mark} AND a.expires_at <= {mark} {_ORDER} {mark}"
    at, after, done = low, -1, 0
    with closing(connections_to(url)) as connections:
        while True:
            with connections.unit(writing=True) as unit:
                connection: Any = unit.connection.connection
                with closing(connection.cursor()) as cursor:
                    cursor.execute(then, (at, after, PAGE))
                    rows = cursor.fetchall()
                    if len(rows) < PAGE:
                        cursor.execute(later, (at, high, PAGE - len(rows)))
                        rows += cursor.fetchall()
                part = written[done : done + len(rows)]
                done += len(part)
                if part and url.startswith("sqlite"):
                    statement = bulk.insert(tables.delivery, unit.connection.dialect)
                    unit.connection.exec_driver_sql(statement, part)
                elif part:
                    bulk.copy(unit.connection, tables.delivery, part)
            if len(rows) < PAGE:
                break
            at, after = rows[-1][4], rows[-1][0]
    assert done == len(written)


def _timed(act: Callable[[], None]) -> Cost:
    began, cpu = time.perf_counter(), time.process_time()
    with collection_paused():
        act()
    return time.perf_counter() - began, time.process_time() - cpu


if __name__ == "__main__":
    main()
