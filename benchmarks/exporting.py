"""Measure an export of a million awards beside ``csv.writer.writerows(cursor)`` over one SQL statement.

    python benchmarks/exporting.py                  # on SQLite
    python benchmarks/exporting.py --db URL         # in the tables of a database of your own, which it fills

The statement joins awards with people, certifications and items, and gives the very cells of the report layout, but
for what keeps a spreadsheet from running them; both files are compared. Each is written in turn in a process of its
own, and the answer is the median of the ratios. It needs ``pip install -e '.[test]'``.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from certcore import Actor, Registrar, RenewalPolicy
from certcore.adapters.sql import PersonRecord, SqlCatalog, SqlDirectory, SqlStorage
from certcore.adapters.sql.connecting import connections_to
from certcore.domain.awards import Award, Basis, BasisKind, Details, Ending, EndReason, Period, computed_period
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.exports import HEADERS, Layout
from certcore.domain.numbers import new_ids, new_numbers, new_tokens
from certcore.domain.time import to_micros

ACTOR: Final = Actor.program("benchmark")
AT: Final = datetime(2026, 6, 15, 12, tzinfo=UTC)
FIRST_DAY: Final = date(2024, 8, 1)
DAYS: Final = 700
CERTIFICATIONS: Final = 10
BATCH: Final = 10_000
YEARLY: Final = RenewalPolicy.from_data({"validity": {"years": 1}, "warning": {"months": 1}})
RAW: Final = """
SELECT a.number, p.username, p.first_name, p.last_name, a.learner_name, c.code, c.name, a.basis, a.basis_code,
    coalesce(i.title, ''), coalesce(a.completed_on, a.issued_on), a.score, a.credits, a.issued_on, a.expires_on,
    {day_before}, a.zone,
    CASE WHEN a.end_reason = 'revoked' AND a.ended_at <= {at} THEN 'revoked'
        WHEN a.ended_at <= {at} THEN 'archived'
        WHEN a.issued_at > {at} THEN 'upcoming'
        WHEN a.expires_at <= {at} THEN 'expired'
        WHEN a.expiring_at <= {at} THEN 'expiring'
        ELSE 'active' END
FROM certcore_award a
JOIN certcore_person p ON p.tenant = a.tenant AND p.id = a.learner_id
JOIN certcore_certification c ON c.tenant = a.tenant AND c.id = a.certification_id
LEFT JOIN certcore_item i ON i.tenant = a.tenant AND i.kind = a.basis AND i.code = a.basis_code
WHERE a.tenant = 'default' ORDER BY a.id
"""
DAY_BEFORE: Final = {
    "sqlite": "date(a.expires_on, '-1 day')",
    "postgresql": "to_char(a.expires_on::date - 1, 'YYYY-MM-DD')",
}


def main() -> None:
    """Fill the tables, measure in processes of their own, print."""
    options = _options()
    if options.part:
        sys.stdout.write(json.dumps(_measured(options.part, options.db, options.output)))
        return
    with TemporaryDirectory() as folder:
        url = options.db or f"sqlite:///{Path(folder) / 'exporting.db'}"
        _fill(url, options.rows)
        pairs = []
        for _ in range(options.runs):
            files = {part: Path(folder) / f"{part}.csv" for part in ("raw", "ours")}
            pairs.append({part: _in_a_process(part, url, file) for part, file in files.items()})
            with files["raw"].open("rb") as raw, files["ours"].open("rb") as ours:
                assert all(first == second for first, second in zip(raw, ours, strict=True))
    sys.stdout.write(f"{options.rows:,} awards, medians of {options.runs}, load {os.getloadavg()[0]:.1f}\n")
    for name in ("wall", "cpu"):
        raw, ours = (median(pair[part][name] for pair in pairs) for part in ("raw", "ours"))
        ratio = median(pair["ours"][name] / pair["raw"][name] for pair in pairs)
        sys.stdout.write(f"{name}: writerows {raw:.2f} s, export {ours:.2f} s, ratio {ratio:.2f}\n")
    peak = max(pair["ours"]["peak_mib"] for pair in pairs)
    sys.stdout.write(f"peak memory of the export's process: {peak:.0f} MiB\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure an export.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--db", metavar="URL", help="an empty database; by default a temporary SQLite file")
    parser.add_argument("--part", choices=("raw", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_a_process(part: str, url: str, output: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--part", part, "--db", url, "--output", str(output)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _measured(part: str, url: str, output: str) -> dict[str, float]:
    with closing(SqlStorage(url)) as storage:
        registrar = _registrar(storage)
        began, cpu = time.perf_counter(), time.process_time()
        if part == "raw":
            _raw(url, output)
        else:
            with Path(output).open("wb") as target:
                registrar.exporting.write(target, actor=ACTOR)
        wall, used = time.perf_counter() - began, time.process_time() - cpu
    return {"wall": wall, "cpu": used, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _raw(url: str, output: str) -> None:
    dialect = url.partition(":")[0].partition("+")[0]
    statement = RAW.format(at=to_micros(AT), day_before=DAY_BEFORE[dialect])
    with closing(connections_to(url)) as connections, connections.unit(writing=False) as unit:
        connection: Any = unit.connection.connection
        named = {} if dialect == "sqlite" else {"name": "rows"}
        with (
            closing(connection.cursor(**named)) as cursor,
            Path(output).open("w", encoding="utf-8", newline="") as file,
        ):
            cursor.execute(statement)
            cursor.arraysize = BATCH
            writer = csv.writer(file)
            writer.writerow(HEADERS[Layout.REPORT])
            writer.writerows(cursor)


def _registrar(storage: SqlStorage) -> Registrar:
    directory, catalog = SqlDirectory(storage), SqlCatalog(storage)
    return Registrar(storage=storage, directory=directory, catalog=catalog, clock=lambda: AT)


def _fill(url: str, rows: int) -> None:
    with closing(SqlStorage(url)) as storage:
        storage.upgrade()
        registrar = _registrar(storage)
        ids = []
        for n in range(CERTIFICATIONS):
            SqlCatalog(storage).save_items([Item(ItemRef.parse(f"course:C-{n}"), f"Course number {n}")])
            ids.append(registrar.defining.add(f"Certification {n}", code=f"CERT-{n}", policy=YEARLY, actor=ACTOR).id)
        learners = range(rows // CERTIFICATIONS + 1)
        SqlDirectory(storage).save_people(
            PersonRecord(id=f"id-{n:07}", username=f"learner{n}", first_name="Ada", last_name=f"Example {n}")
            for n in learners
        )
        periods = [computed_period(YEARLY, FIRST_DAY + timedelta(days), "Europe/Rome") for days in range(DAYS)]
        chance = Random(7)
        for start in range(0, rows, BATCH):
            with storage.transaction() as tx:
                tx.awards.add(list(_awards(range(start, min(start + BATCH, rows)), ids, periods, chance)))


def _awards(places: range, certifications: list[int], periods: list[Period], chance: Random) -> Iterator[Award]:
    size = len(places)
    columns = new_ids(size, chance.randbytes), new_numbers(size, chance.randbytes), new_tokens(size, chance.randbytes)
    bases = [Basis(BasisKind.COURSE, f"C-{n}") for n in range(CERTIFICATIONS)]
    for place, award_id, number, token in zip(places, *columns, strict=True):
        learner = place // CERTIFICATIONS
        yield Award(
            award_id,
            number,
            token,
            certifications[place % CERTIFICATIONS],
            1,
            f"id-{learner:07}",
            f"Ada Example {learner}",
            chance.choice(periods),
            bases[place % CERTIFICATIONS],
            Details(),
            ending=_ending(chance.random()),
            head=token * 2,
        )


def _ending(lot: float) -> Ending | None:
    """A tenth of them is renewed, a hundredth revoked."""
    if lot < 0.1:
        return Ending(EndReason.RENEWED, AT - timedelta(days=30))
    return Ending(EndReason.REVOKED, AT - timedelta(days=3)) if lot < 0.11 else None


if __name__ == "__main__":
    main()
