"""Measure completions on this machine: recorded as first awards, and as what fulfils renewals, beside their floors.

    python benchmarks/completions.py                    # 10,000 of each on SQLite, five runs
    python benchmarks/completions.py --rows 100000
    python benchmarks/completions.py --postgres URL     # on PostgreSQL as well

The floor is the least work that leaves the same rows: on a copy of the database as it was before, the rows that were
changed get their new values, in the columns that differ, and the new ones are inserted by the driver alone, in one
transaction, under the same indexes and settings. It looks nothing up, decides nothing and reads no file: completions
are given as values. One is recorded before, so that statements are ready as in a host's process. What earlier acts left
in SQLite's log is brought into the file before, so that neither pays for it. On SQLite CPU time is compared, on
PostgreSQL (where the floor is COPY) wall time. Ratios are of one run, and medians of all runs are printed.
"""

import argparse
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table

from certcore import Completed
from certcore.adapters.sql.columns import metadata
from certcore.adapters.sql.connecting import connections_to
from certcore.cli.bench.places import place_for, sqlite_path
from certcore.cli.bench.world import bench_world
from certcore.cli.garbage import collection_paused
from certcore.cli.loading import fill
from certcore.cli.session import ACTOR, Platform
from certcore.domain.numbers import new_salts
from certcore.domain.renewals import start
from certcore.domain.transitions import Context
from certcore.ports import AwardQuery

DAY: Final = timedelta(days=1)
EARNED: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
STARTED: Final = EARNED + 300 * DAY
CERTIFICATIONS: Final = 10

Cost = tuple[float, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure completions on this machine.")
    parser.add_argument("--rows", type=int, default=10_000, help="how many completions")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--postgres", help="the URL of a PostgreSQL database")
    options = parser.parse_args()
    for url in [None, *([options.postgres] if options.postgres else [])]:
        runs = [run(url, options.rows) for _ in range(options.runs)]
        for act in runs[0]:
            seconds, cpu, ratio = (statistics.median(each[act][place] for each in runs) for place in range(3))
            database = "PostgreSQL" if url else "SQLite"
            took = f"{seconds:7.2f} s {cpu:7.2f} s CPU {ratio:6.2f} times the floor"
            sys.stdout.write(f"{database:10} {options.rows:>9,} {act:9} {took}\n")
            sys.stdout.flush()


def run(url: str | None, rows: int) -> dict[str, tuple[float, float, float]]:
    """Seconds, CPU seconds and the ratio to the floor, for first awards and for renewals."""
    clock = [EARNED]
    with place_for(url) as (place, folder), Platform.opened(place, lambda: clock[0]) as platform:
        world = bench_world(rows * CERTIFICATIONS)
        fill(platform, world)
        for each in world.certifications:
            platform.registrar.defining.edit(each.code, actor=ACTOR, allow_retake=True)
        people = [each.username for each in world.people]
        floor = SqliteFloor(sqlite_path(place), folder) if url is None else PostgresFloor(place)
        found = {}
        for act, begins in (("recorded", EARNED), ("fulfilled", STARTED)):
            clock[0] = begins
            if act == "fulfilled":
                start_renewals(platform, clock[0])
            clock[0] = begins + 40 * DAY
            given = [
                Completed(
                    username=username,
                    item=f"course:C-{number % CERTIFICATIONS}",
                    at=begins + timedelta(days=number % 30, seconds=number % 3_600),
                    score=number % 40 + 60,
                )
                for number, username in enumerate(people)
            ]
            found[act] = measured(platform, given, floor, on_wall=url is not None)
        return found


def measured(
    platform: Platform, given: Sequence[Completed], floor: "SqliteFloor | PostgresFloor", *, on_wall: bool
) -> tuple[float, float, float]:
    """What it takes to record the completions, and how many times the floor that is."""
    platform.registrar.completing.record(given[:1], actor=ACTOR)
    given = given[1:]
    floor.before()
    with collection_paused(), timed() as cost:
        report = platform.registrar.completing.record(given, actor=ACTOR)
    outcomes = {outcome for outcome, count in report.counts.items() if count}
    assert len(outcomes) == 1, f"every completion gives an award, and yet: {report.counts}"
    least = floor.after()
    place = 0 if on_wall else 1
    return cost[0], cost[1], cost[place] / least[place]


def start_renewals(platform: Platform, now: datetime) -> None:
    """Start to renew every award, in few statements: what learners do one by one."""
    context = Context(ACTOR, now)

    with platform.storage.transaction() as tx:
        after = None
        while page := tx.awards.search(AwardQuery(now, after=after, limit=5_000)):
            certifications = tx.certifications.by_id({award.certification_id for award in page})
            linked = tx.certifications.assigned_to(certifications)
            salts = new_salts(len(page), os.urandom)
            begun = []
            for award, salt in zip(page, salts, strict=True):
                items = [each.item for each in linked[award.certification_id]]
                begun.append(
                    start(award, certifications[award.certification_id], salt, context, ways=items, again=items)
                )
            tx.change([each.change for each in begun])
            tx.renewals.add([each.renewal for each in begun])
            tx.deliveries.add([order for each in begun for order in each.orders])
            after = page[-1].id


@contextmanager
def timed() -> Iterator[list[float]]:
    """Seconds of the wall and of this process."""
    cost = [time.perf_counter(), time.process_time()]
    yield cost
    cost[:] = [time.perf_counter() - cost[0], time.process_time() - cost[1]]


class SqliteFloor:
    """Changes and inserts the rows by `executemany`, in a copy of the database."""

    def __init__(self, path: str, folder: Path) -> None:
        self._path = path
        self._copy = folder / "floor.db"

    def before(self) -> None:
        """Keep the database as it is."""
        for each in self._copy.parent.glob("floor.db*"):
            each.unlink()
        with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(self._copy)) as target:
            source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            source.backup(target)

    def after(self) -> Cost:
        """Bring the copy to where the database is now."""
        work = [step for table in metadata.sorted_tables for step in self._steps(table)]
        work.sort(key=lambda step: step[0].startswith("INSERT"))
        with (
            closing(connections_to(f"sqlite:///{self._copy}")) as connections,
            collection_paused(),
            timed() as cost,
            connections.unit(writing=True) as unit,
        ):
            cursor = unit.connection.connection.cursor()
            for statement, rows in work:
                cursor.executemany(statement, rows)
        return cost[0], cost[1]

    def _steps(self, table: Table) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """The statements that replace rows and insert new ones, each with its rows."""
        names = table.columns.keys()
        key = itemgetter(*(names.index(column.name) for column in table.primary_key))
        with closing(sqlite3.connect(self._path)) as now, closing(sqlite3.connect(self._copy)) as then:
            old = {key(row): row for row in then.execute(f"SELECT * FROM {table.name}")}
            rows = [
                row for row in now.execute(f"SELECT * FROM {table.name} ORDER BY rowid") if old.get(key(row)) != row
            ]
        replaced = [row for row in rows if key(row) in old]
        if replaced:
            rows = [row for row in rows if key(row) not in old]
            places = [
                place for place in range(len(names)) if any(row[place] != old[key(row)][place] for row in replaced)
            ]
            values = ", ".join(f"{names[place]} = ?" for place in places)
            found = " AND ".join(f"{column.name} = ?" for column in table.primary_key)
            changed = [(*(row[place] for place in places), *key(row)) for row in replaced]
            yield f"UPDATE {table.name} SET {values} WHERE {found}", changed
        if rows:
            yield f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(names))})", rows


class PostgresFloor:
    """COPY of the new rows, and one UPDATE from rows that were brought by COPY, in twins of the tables."""

    def __init__(self, url: str) -> None:
        self._url = url

    def before(self) -> None:
        """Make twins of the tables with their rows and indexes."""
        with closing(connections_to(self._url)) as connections, connections.unit(writing=True) as unit:
            for table in metadata.sorted_tables:
                unit.control(f"DROP TABLE IF EXISTS twin_{table.name}")
                unit.control(f"CREATE TABLE twin_{table.name} (LIKE {table.name} INCLUDING ALL)")
                unit.control(f"INSERT INTO twin_{table.name} SELECT * FROM {table.name}")

    def after(self) -> Cost:
        """Bring the twins to where the tables are now."""
        with closing(connections_to(self._url)) as connections:
            with connections.unit(writing=True) as unit:
                parts = [self._parts(unit.connection, table) for table in metadata.sorted_tables]
            with timed() as cost, connections.unit(writing=True) as unit:
                for table, replaced, _ in parts:
                    if replaced:
                        unit.control(f"CREATE TEMPORARY TABLE new_{table.name} (LIKE {table.name}) ON COMMIT DROP")
                        _copy_in(unit.connection, f"new_{table.name}", replaced)
                        unit.control(_update_from(table))
                for table, _, fresh in parts:
                    if fresh:
                        _copy_in(unit.connection, f"twin_{table.name}", fresh)
        return cost[0], cost[1]

    def _parts(self, connection: Any, table: Table) -> tuple[Table, bytes, bytes]:
        """The rows that were replaced and those that are new, as the server gives them out."""
        keys = ", ".join(column.name for column in table.primary_key)
        changed = f"SELECT * FROM {table.name} EXCEPT ALL SELECT * FROM twin_{table.name}"
        known = f"({keys}) IN (SELECT {keys} FROM twin_{table.name})"
        return (
            table,
            _copy_out(connection, f"SELECT * FROM ({changed}) AS changed WHERE {known}"),
            _copy_out(connection, f"SELECT * FROM ({changed}) AS changed WHERE NOT {known}"),
        )


def _update_from(table: Table) -> str:
    others = [column.name for column in table.columns if not column.primary_key]
    keys = " AND ".join(f"twin.{column.name} = new.{column.name}" for column in table.primary_key)
    values = ", ".join(f"{name} = new.{name}" for name in others)
    return f"UPDATE twin_{table.name} AS twin SET {values} FROM new_{table.name} AS new WHERE {keys}"


def _copy_out(connection: Any, query: str) -> bytes:
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as blocks:
        return b"".join(blocks)


def _copy_in(connection: Any, table: str, rows: bytes) -> None:
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as target:
        target.write(rows)


if __name__ == "__main__":
    main()
