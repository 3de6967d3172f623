"""Measure certcore on this machine: imports of several sizes beside their floors, peers, and how long it takes to load.

    python benchmarks/run.py                        # 10,000 and 100,000 rows on SQLite
    python benchmarks/run.py --full --runs 5        # 1,000,000 and 3,000,000 rows too
    python benchmarks/run.py --postgres URL         # on PostgreSQL as well; `embedded` starts the tests' own
    python benchmarks/run.py --write                # and write the page and the picture in docs/explanation

It needs what the tests need: ``pip install -e '.[test]'``.
"""

import argparse
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from awards import bulk_awards
from picture import picture

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "explanation" / "benchmarks.md"
SIZES: Final = (10_000, 100_000)
FULL_SIZES: Final = (*SIZES, 1_000_000, 3_000_000)
PEERS_AT: Final = 100_000
DEPENDENCIES: Final = "import attrs, cattrs, pendulum"
IMPORTS: Final = ("import certcore", "from certcore import Registrar", DEPENDENCIES)

Document = Mapping[str, Any]
NAMES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
HEAD: Final = (
    "| database | rows | seconds | rows a second | CPU seconds | floor | times the floor | MiB |",
    "|---|--:|--:|--:|--:|--:|--:|--:|",
)
PEER_NAMES: Final = {
    "sqlalchemy_orm": "SQLAlchemy ORM, `Session.add_all`",
    "django_bulk_create": "Django, `bulk_create`",
    "plain_loop": "a loop: dates by pendulum, an `INSERT` per row",
}


def main() -> None:
    """Measure, print, and write where that is wanted."""
    options = _options()
    results: list[Document] = []
    load = os.getloadavg()[1] if hasattr(os, "getloadavg") else 0.0
    _tell(*HEAD)
    with _postgres(options.postgres) as url:
        for db in [None, *([url] if url else [])]:
            for rows in options.rows or (FULL_SIZES if options.full else SIZES):
                results.append(_bench(rows, db, options.runs, peers=db is None and rows == PEERS_AT))
                _tell(_line(results[-1]))
        for rows in options.distinct_dates or ():
            results.append(_bench(rows, None, options.runs, distinct_dates=True))
            _tell(_line(results[-1]))
        server = _server(url) if url else None
    loading = _loading()
    bulk = _bulk(PEERS_AT, options.runs)
    _tell(*_more(results, loading), f"- {bulk}")
    if options.write:
        PAGE.write_text(_page(results, loading, bulk, server, options.runs, load), encoding="utf-8")
        PAGE.with_suffix(".svg").write_text(picture(_measured(results)), encoding="utf-8")


def _tell(*lines: str) -> None:
    sys.stdout.write("\n".join((*lines, "")))
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure certcore on this machine.")
    parser.add_argument("--rows", type=int, action="append", help="a size, instead of 10,000 and 100,000; repeatable")
    parser.add_argument("--full", action="store_true", help="1,000,000 and 3,000,000 rows too")
    parser.add_argument(
        "--distinct-dates", type=int, action="append", help="a size at which every row has another date"
    )
    parser.add_argument("--runs", type=int, default=1, help="take medians of so many runs")
    parser.add_argument("--postgres", metavar="URL", help="a server's database, or: embedded")
    parser.add_argument("--write", action="store_true", help="write docs/explanation/benchmarks.md and .svg")
    return parser.parse_args()


@contextmanager
def _postgres(url: str | None) -> Iterator[str | None]:
    if url != "embedded":
        yield url
        return
    sys.path.insert(0, str(ROOT))
    from tests.postgres import running_postgres  # noqa: PLC0415 - only this needs the tests' server

    with running_postgres() as own:
        yield own


def _bench(rows: int, db: str | None, runs: int, *, peers: bool = False, distinct_dates: bool = False) -> Document:
    command = [sys.executable, "-m", "certcore.cli", "bench", "import", "--json", f"--rows={rows}", f"--runs={runs}"]
    command += [f"--db={db}"] if db else []
    command += ["--peers"] if peers else []
    command += ["--distinct-dates"] if distinct_dates else []
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    document = json.loads(done.stdout or "{}")
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {document or done.stderr}")
    return dict(document)


def _environment() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def _loading() -> Mapping[str, float]:
    """How long each of the imports takes in a new process, compiled before; medians in milliseconds, taken in turn."""
    taken: dict[str, list[float]] = {line: [] for line in IMPORTS}
    with TemporaryDirectory() as compiled:
        environment = {**_environment(), "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled}
        for run in range(16):
            for line, times in taken.items():
                code = f"import time; began = time.perf_counter(); {line}; print(time.perf_counter() - began)"
                done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
                if run:  # the first compiles
                    times.append(float(done.stdout) * 1000)
    return {line: statistics.median(times) for line, times in taken.items()}


def _bulk(people: int, runs: int) -> str:
    found = bulk_awards(people, runs)
    return (
        f"Awarding {people:,} people by hand in one act makes {found['a_second']:,.0f} awards a CPU second on SQLite, "
        f"{found['ratio']:.2f} times the floor of the rows it leaves."
    )


def _server(url: str) -> str:
    import psycopg  # noqa: PLC0415 - only with a server

    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        found = connection.execute("SELECT current_setting('server_version'), current_setting('fsync')").fetchone()
    assert found is not None
    return f"PostgreSQL {found[0]}, fsync {found[1]}"


def _kind(result: Document) -> str:
    return NAMES[result["database"]] + (", every row another date" if result["distinct_dates"] else "")


def _line(result: Document) -> str:
    speed = result["rows"] / result["seconds"]
    memory = "-" if result["peak_mib"] is None else f"{result['peak_mib']:,.0f}"
    return (
        f"| {_kind(result)} | {result['rows']:,} | {result['seconds']:,.2f} | {speed:,.0f} "
        f"| {result['cpu_seconds']:,.2f} | {_floor(result):,.2f} | {result['ratio']:.2f} | {memory} |"
    )


def _floor(result: Document) -> float:
    return float(result["floor_cpu_seconds" if result["database"] == "sqlite" else "floor_seconds"])


def _cost(result: Document) -> float:
    return float(result["cpu_seconds" if result["database"] == "sqlite" else "seconds"])


def _measured(results: Sequence[Document]) -> Mapping[str, Sequence[tuple[int, float, float]]]:
    """For each kind of run: rows, seconds, and the seconds of the floor's wall time."""
    kinds: dict[str, list[tuple[int, float, float]]] = {}
    for result in results:
        kinds.setdefault(_kind(result), []).append((result["rows"], result["seconds"], result["floor_seconds"]))
    return kinds


def _growth(results: Sequence[Document]) -> Iterator[tuple[str, int, int, float]]:
    """The exponent with which the cost grows from one size to the next: 1 is in step with the rows."""
    for before, after in pairwise(results):
        if _kind(before) == _kind(after):
            exponent = log(_cost(after) / _cost(before)) / log(after["rows"] / before["rows"])
            yield _kind(after), before["rows"], after["rows"], exponent


def _more(results: Sequence[Document], loading: Mapping[str, float]) -> Iterator[str]:
    for kind, small, large, exponent in _growth(results):
        yield f"- {kind}, from {small:,} to {large:,} rows: exponent {exponent:.2f}."
    for result in results:
        for name, ratio in result["peers"].items():
            yield f"- {PEER_NAMES[name]}: {ratio:.1f} times the floor; certcore {result['ratio']:.1f}."
    whole = loading[DEPENDENCIES]
    ours = (f"`{line}` {loading[line]:.1f} ms ({loading[line] / whole:.2f} times)" for line in IMPORTS[:-1])
    yield f"- `{DEPENDENCIES}` takes {whole:.1f} ms; {', '.join(ours)}."


def _page(
    results: Sequence[Document], loading: Mapping[str, float], bulk: str, server: str | None, runs: int, load: float
) -> str:
    table = "\n".join((*HEAD, *map(_line, results)))
    growth = "\n".join(
        f"| {kind} | {small:,} to {large:,} | {exponent:.2f} |" for kind, small, large, exponent in _growth(results)
    )
    peers = "\n".join(
        f"| {PEER_NAMES[name]} | {ratio:.1f} |" for result in results for name, ratio in result["peers"].items()
    )
    ours = next((result["ratio"] for result in results if result["peers"]), 0.0)
    machine = ", ".join(
        (
            f"{os.cpu_count()} cores, {_processor()}",
            platform.system(),
            f"Python {platform.python_version()}",
            f"SQLite {sqlite3.sqlite_version}",
            *([server] if server else []),
            f"SQLAlchemy {version('sqlalchemy')}",
            f"pendulum {version('pendulum')}",
            f"with a load of {load:.1f} from other work before",
        )
    )
    counted = "one run each" if runs == 1 else f"medians of {runs}"
    return (
        (Path(__file__).parent / "page.txt")
        .read_text(encoding="utf-8")
        .format(
            machine=machine,
            day=f"{datetime.now(UTC):%-d %B %Y}",
            counted=counted,
            table=table,
            growth=growth,
            peers="" if not peers else PEERS.format(table=peers, ours=ours, at=f"{PEERS_AT:,}"),
            bulk=bulk,
            loading=list(_more([], loading))[-1].removeprefix("- "),
        )
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()


PEERS: Final = """
The rows of the {at}-row file stored by other means, without any of the checks, on SQLite; CPU time by that of the
floor, taken on the first 20,000 rows. certcore, with all its checks, took {ours:.1f}.

| | times the floor |
|---|--:|
{table}
"""

if __name__ == "__main__":
    main()
