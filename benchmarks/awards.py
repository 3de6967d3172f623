"""Measure awards by hand in bulk on this machine: one act for 100,000 people, in awards a CPU second.

    python benchmarks/awards.py                  # 100,000 people on SQLite, five runs
    python benchmarks/awards.py --rows 10000

The act is a job in batches: everybody is looked up, judged, numbered and told of, with history and event. The floor is
that of an import without its file: the rows that the job left, replayed by the driver alone under the same indexes.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from certcore import AwardRequest
from certcore.cli.bench.floors import SqliteFloor
from certcore.cli.bench.places import place_for, sqlite_path
from certcore.cli.bench.world import ZONE, bench_world
from certcore.cli.garbage import collection_paused
from certcore.cli.loading import fill
from certcore.cli.session import ACTOR, Platform
from certcore.domain.jobs import JobState

PEOPLE_OF_A_ROW: Final = 10
"""The world for an import has a learner for so many rows."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure awards by hand in bulk on this machine.")
    parser.add_argument("--rows", type=int, default=100_000, help="how many people")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    found = bulk_awards(options.rows, options.runs)
    sys.stdout.write(
        f"{options.rows:,} awards: {found['a_second']:,.0f} a CPU second, {found['ratio']:.2f} times the floor\n"
    )


def bulk_awards(people: int, runs: int) -> Mapping[str, float]:
    """The medians of awards a CPU second, and of the CPU time by the floor's."""
    found = [_run(people) for _ in range(runs)]
    return {
        "a_second": people / statistics.median(cpu for cpu, _ in found),
        "ratio": statistics.median(cpu / floor for cpu, floor in found),
    }


def _run(people: int) -> tuple[float, float]:
    """CPU seconds of the act, and of its floor."""
    with place_for(None) as (url, folder), Platform.opened(url, lambda: datetime.now(UTC)) as platform:
        world = bench_world(people * PEOPLE_OF_A_ROW)
        fill(platform, world)
        names = [each.username for each in world.people]
        request = AwardRequest(certification="CERT-0", usernames=names, issued_on=date(2026, 1, 31), zone=ZONE)
        floor = SqliteFloor(sqlite_path(url))
        before = floor.marks()
        began = time.process_time()
        with collection_paused():
            report = platform.registrar.awarding.award(request, actor=ACTOR)
        took = time.process_time() - began
        assert report.state is JobState.DONE
        assert report.people == people
        nothing = folder / "nothing.csv"
        nothing.touch()
        return took, floor.measure(nothing, before, folder).cpu_seconds


if __name__ == "__main__":
    main()
