"""Measure the status of every award as of an instant, streamed, beside reading the same rows by a raw cursor.

And the forecast of all of them, beside one SQL statement that counts what ends in which month.

    python benchmarks/statuses.py                   # a million awards on SQLite
    python benchmarks/statuses.py --db URL          # in the tables of a database of your own, which it fills

Both are read in turn, and the answer is the median of the ratios. It needs ``pip install -e '.[test]'``.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from certcore import Actor, Registrar, RenewalPolicy
from certcore.adapters.memory import MemoryCatalog, MemoryDirectory
from certcore.adapters.sql import SqlStorage
from certcore.adapters.sql.connecting import connections_to
from certcore.domain.awards import Award, Ending, EndReason, Period, computed_period
from certcore.domain.numbers import new_ids, new_numbers, new_tokens
from certcore.domain.time import to_micros

ACTOR: Final = Actor.program("benchmark")
AT: Final = datetime(2026, 6, 15, 12, tzinfo=UTC)
FIRST_DAY: Final = date(2024, 8, 1)
DAYS: Final = 700
CERTIFICATIONS: Final = 10
BATCH: Final = 10_000
ROWS: Final = (
    "SELECT number, learner_id, certification_id, "
    "issued_at, expiring_at, expires_at, grace_ends_at, end_reason, ended_at "
    "FROM certcore_award WHERE tenant = 'default' ORDER BY id"
)
LAPSES: Final = (
    "SELECT certification_id, coalesce(grace_ends_at, expires_at), zone, count(*) FROM certcore_award "
    "WHERE tenant = 'default' AND live = 1 AND (expires_at IS NULL OR coalesce(grace_ends_at, expires_at) > {at}) "
    "GROUP BY certification_id, coalesce(grace_ends_at, expires_at), zone"
)
YEARLY: Final = RenewalPolicy.from_data({"validity": {"years": 1}, "warning": {"months": 1}})


def main() -> None:
    """Fill the tables, measure, print."""
    options = _options()
    with TemporaryDirectory() as folder:
        url = options.db or f"sqlite:///{Path(folder) / 'statuses.db'}"
        storage = SqlStorage(url)
        with closing(storage):
            storage.upgrade()
            registrar = Registrar(
                storage=storage, directory=MemoryDirectory(), catalog=MemoryCatalog(), clock=lambda: AT
            )
            _fill(storage, registrar, options.rows)
            runs = range(options.runs)
            statuses = [(_timed(lambda: _raw(url)), _timed(lambda: _ours(registrar))) for _ in runs]
            forecasts = [(_timed(lambda: _lapses(url)), _timed(lambda: _forecast(registrar))) for _ in runs]
    assert all(pair[side][0] == options.rows for pair in statuses for side in (0, 1))
    assert all(before[0] == after[0] for before, after in forecasts)
    sys.stdout.write(f"{options.rows:,} awards, medians of {options.runs}, load {os.getloadavg()[0]:.1f}\n")
    _tell("raw cursor", "statuses", statuses)
    _tell("one SQL statement", "forecast", forecasts)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure statuses as of an instant.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--db", metavar="URL", help="an empty database; by default a temporary SQLite file")
    return parser.parse_args()


def _fill(storage: SqlStorage, registrar: Registrar, rows: int) -> None:
    ids = [registrar.defining.add(f"C-{n}", policy=YEARLY, actor=ACTOR).id for n in range(CERTIFICATIONS)]
    periods = [computed_period(YEARLY, FIRST_DAY + timedelta(days), "Europe/Rome") for days in range(DAYS)]
    chance = Random(7)
    for start in range(0, rows, BATCH):
        with storage.transaction() as tx:
            tx.awards.add(list(_awards(range(start, min(start + BATCH, rows)), ids, periods, chance)))


def _awards(places: range, certifications: list[int], periods: list[Period], chance: Random) -> Iterator[Award]:
    size = len(places)
    columns = new_ids(size, chance.randbytes), new_numbers(size, chance.randbytes), new_tokens(size, chance.randbytes)
    for place, award_id, number, token in zip(places, *columns, strict=True):
        yield Award(
            award_id,
            number,
            token,
            certifications[place % CERTIFICATIONS],
            1,
            f"learner-{place // CERTIFICATIONS:07}",
            "Ada Example",
            chance.choice(periods),
            ending=_ending(chance.random()),
            head=token * 2,
        )


def _ending(lot: float) -> Ending | None:
    """A tenth of them is renewed, a hundredth revoked."""
    if lot < 0.1:
        return Ending(EndReason.RENEWED, AT - timedelta(days=30))
    return Ending(EndReason.REVOKED, AT - timedelta(days=3)) if lot < 0.11 else None


def _raw(url: str) -> int:
    """The columns that a status depends on, and nothing made of them."""
    count = 0
    with closing(connections_to(url)) as connections, connections.unit(writing=False) as unit:
        connection: Any = unit.connection.connection
        named = {} if url.startswith("sqlite") else {"name": "rows"}
        with closing(connection.cursor(**named)) as cursor:
            cursor.execute(ROWS)
            while rows := cursor.fetchmany(BATCH):
                for _ in rows:
                    count += 1
    return count


def _ours(registrar: Registrar) -> int:
    count = 0
    with registrar.reporting.statuses(AT, actor=ACTOR) as rows:
        for _ in rows:
            count += 1
    return count


def _lapses(url: str) -> int:
    """How many live awards end after the instant, counted by one statement."""
    with closing(connections_to(url)) as connections, connections.unit(writing=False) as unit:
        connection: Any = unit.connection.connection
        with closing(connection.cursor()) as cursor:
            cursor.execute(LAPSES.format(at=to_micros(AT)))
            return sum(row[3] for row in cursor.fetchall())


def _forecast(registrar: Registrar) -> int:
    return sum(each.held for each in registrar.forecasting.forecast(actor=ACTOR, months=24))


def _timed(read: Callable[[], int]) -> tuple[int, float, float]:
    began, cpu = time.perf_counter(), time.process_time()
    count = read()
    return count, time.perf_counter() - began, time.process_time() - cpu


def _tell(raw: str, ours: str, pairs: list[tuple[tuple[int, float, float], tuple[int, float, float]]]) -> None:
    for name, place in (("wall", 1), ("CPU of this process", 2)):
        first, second = (median(pair[side][place] for pair in pairs) for side in (0, 1))
        ratio = median(pair[1][place] / pair[0][place] for pair in pairs)
        sys.stdout.write(f"{name}: {raw} {first:.2f} s, {ours} {second:.2f} s, ratio {ratio:.2f}\n")


if __name__ == "__main__":
    main()
