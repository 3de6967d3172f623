"""Runs of a benchmark: each makes its world, imports the file in a process of its own and takes its floor at once."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from attrs import frozen

from certcore.cli.bench.floors import Floor, Marks, floor_of
from certcore.cli.bench.places import place_for, sqlite_path
from certcore.cli.bench.timed import Cost
from certcore.cli.bench.world import ZONE, bench_world, write_file
from certcore.cli.loading import fill
from certcore.cli.session import Platform
from certcore.codec import Document
from certcore.errors import InvalidValue

PEERS = ("sqlalchemy_orm", "django_bulk_create", "plain_loop")

_STEPS = 4


@frozen
class Task:
    """What to measure."""

    rows: int
    url: str | None = None
    distinct_dates: bool = False
    peers: bool = False
    runs: int = 1

    @property
    def database(self) -> str:
        """The kind of database."""
        return "sqlite" if self.url is None or self.url.startswith("sqlite") else "postgresql"


@frozen
class Run:
    """One import, its floor, and what peers took for the same rows, as ratios to that floor."""

    imported: Cost
    floor: Cost
    peers: Mapping[str, float]

    def ratio(self, database: str) -> float:
        """The import by its floor: in CPU time, or in wall time where the server works as well."""
        if database == "sqlite":
            return self.imported.cpu_seconds / self.floor.cpu_seconds
        return self.imported.seconds / self.floor.seconds


def measure(task: Task, progress: Callable[[int, int], object]) -> Document:
    """The medians of all runs. Raises `InvalidValue` for a database that there is no floor or no peer for."""
    if task.peers and task.database != "sqlite":
        raise InvalidValue("peers", task.url, "measured on SQLite only")

    def told(number: int, step: int) -> None:
        progress(number * _STEPS + step, task.runs * _STEPS)

    return _document(task, [_run(task, partial(told, number)) for number in range(task.runs)])


def _document(task: Task, runs: Sequence[Run]) -> Document:
    def middle(value: Callable[[Run], float | None], digits: int = 6) -> float | None:
        values = [found for run in runs if (found := value(run)) is not None]
        return round(median(values), digits) if values else None

    return {
        "rows": task.rows,
        "database": task.database,
        "distinct_dates": task.distinct_dates,
        "runs": task.runs,
        "seconds": middle(lambda run: run.imported.seconds),
        "cpu_seconds": middle(lambda run: run.imported.cpu_seconds),
        "floor_seconds": middle(lambda run: run.floor.seconds),
        "floor_cpu_seconds": middle(lambda run: run.floor.cpu_seconds),
        "ratio": middle(lambda run: run.ratio(task.database), 3),
        "peak_mib": middle(lambda run: run.imported.peak_mib, 1),
        "peers": {name: round(median(run.peers[name] for run in runs), 2) for name in runs[0].peers},
    }


def _run(task: Task, told: Callable[[int], object]) -> Run:
    told(0)
    with place_for(task.url) as (url, folder):
        file = folder / "awards.csv"
        write_file(file, task.rows, distinct_dates=task.distinct_dates)
        with Platform.opened(url, lambda: datetime.now(UTC)) as platform:
            fill(platform, bench_world(task.rows))
        floor: Floor = floor_of(url)
        before = floor.marks()
        told(1)
        imported = Cost(**in_a_process("timed", {"url": url, "file": str(file), "zone": ZONE}))
        told(2)
        least = floor.measure(file, before, folder)
        told(3)
        peers = _peers(url, file, before, task.rows, least) if task.peers else {}
        told(4)
        return Run(imported, least, peers)


def _peers(url: str, file: Path, before: Marks, rows: int, floor: Cost) -> dict[str, float]:
    """The ratio of each peer that is installed."""
    ratios = {}
    for name in PEERS:
        done = in_a_process("peers", {"name": name, "path": sqlite_path(url), "file": str(file), "before": before})
        if done:
            ratios[name] = done["cpu_seconds"] / done["rows"] * rows / floor.cpu_seconds
    return ratios


def in_a_process(module: str, task: Mapping[str, Any]) -> Any:
    """What a module of this package answers to a task, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.{module}"],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return json.loads(done.stdout)
