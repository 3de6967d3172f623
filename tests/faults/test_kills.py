"""`kill -9` at random moments of an import, run again: the end is that of an import that was left in peace.

``CERTCORE_KILLS`` says how many kills on each database, ``CERTCORE_ROWS`` how many rows the file has, and
``CERTCORE_SEED`` which moments.
"""

import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from attrs import frozen
from sqlalchemy import create_engine, text

from tests.faults.conftest import Copies
from tests.faults.processes import started
from tests.faults.world import Site, check_invariants, dump, entries_of, file_of, imports_of, site_at

KILLS = int(os.environ.get("CERTCORE_KILLS", "6"))
ROWS = int(os.environ.get("CERTCORE_ROWS", "1500"))
SEED = int(os.environ.get("CERTCORE_SEED", "20260301"))
BATCH = max(ROWS // 12, 50)


@frozen
class Calm:
    """An import that was left in peace: its report, rejects, and all that is stored after it."""

    report: dict[str, Any]
    rejects: bytes
    dump: str
    seconds: float


def test_f01_killed_at_random_moments_and_run_again_ends_as_without_the_kill(copies: Copies, tmp_path: Path) -> None:
    """R-34, R-41, R-43: under the same import id, with the same totals, rejects and rows, byte for byte.

    Also between the last commit and the report: the idempotency key finds it.
    """
    file = tmp_path / "awards.csv"
    file.write_bytes(file_of(ROWS))
    calm = in_peace(copies, file)
    assert calm.report["rows"] == ROWS
    chance = random.Random(SEED)
    states: Counter[str] = Counter()
    began = time.monotonic()
    for kill in range(KILLS):
        aim = chance.uniform(-0.15, 1.0)
        with copies(ROWS) as url:
            killed(url, file, aim * ROWS, chance.random() * calm.seconds / 12)
            states[taken_up(url, file, calm, f"seed {SEED}, kill {kill} at {aim:.3f}")] += 1
    print(f"{KILLS} kills, {ROWS} rows, {time.monotonic() - began:.0f} s: {dict(states)}")  # noqa: T201
    assert states["running"] > 0


def in_peace(copies: Copies, file: Path) -> Calm:
    rejects = file.with_name("calm.csv")
    with copies(ROWS) as url:
        with started("importer.py", url, str(file), str(rejects), str(BATCH)) as process:
            assert next(process.lines()) == "ready"
            began = time.monotonic()
            report = process.answer()
            seconds = time.monotonic() - began
        with site_at(url) as site:
            check_report(site, file, report)
            return Calm(without_id(report), rejects.read_bytes(), dump(site.storage), seconds)


def killed(url: str, file: Path, rows_done: float, pause: float) -> None:
    """Kill an import some time after it has done so many rows, or else after it has begun."""
    with started("importer.py", url, str(file), os.devnull, str(BATCH)) as process:
        for line in process.lines():
            if line.startswith("{") or (0 if line == "ready" else int(line)) >= rows_done:
                break
        time.sleep(pause)
        process.kill()
    wait_for_the_server(url)


def wait_for_the_server(url: str) -> None:
    """A PostgreSQL goes on with the statement of a client that was killed, and be it COMMIT."""
    if url.startswith("postgresql"):
        engine = create_engine(url)
        others = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        with engine.connect() as connection:
            while connection.execute(others).scalar_one():
                connection.rollback()
                time.sleep(0.01)
        engine.dispose()


def taken_up(url: str, file: Path, calm: Calm, told: str) -> str:
    """Run the import again and compare; how the kill had left it."""
    with site_at(url) as site:
        before = imports_of(site, file.read_bytes())
    rejects = file.with_name("rejects.csv")
    with started("importer.py", url, str(file), str(rejects), str(BATCH)) as process:
        report = process.answer()
    with site_at(url) as site:
        assert {report["import_id"]} == {*before, report["import_id"]} == {*imports_of(site, file.read_bytes())}, told
        assert without_id(report) == calm.report, told
        assert rejects.read_bytes() == calm.rejects, told
        assert dump(site.storage) == calm.dump, told
        check_report(site, file, report)
        check_invariants(site.storage)
    return next(iter(before.values()), "none")


def without_id(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name != "import_id"}


def check_report(site: Site, file: Path, report: dict[str, Any]) -> None:
    """I10: what is counted is what happened."""
    counted = ("new", "renewed", "updated", "unchanged", "superseded", "rejected")
    assert sum(report[name] for name in counted) == report["rows"] == ROWS
    acts = Counter(entry.act for entry in entries_of(site, report["import_id"]))
    assert acts == Counter(issued=report["new"] + report["renewed"], renewed=report["renewed"])
    assert imports_of(site, file.read_bytes())[report["import_id"]] == "done"
