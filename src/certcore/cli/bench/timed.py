"""One import in a process of its own: a task as JSON on standard input, what it cost on standard output."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from certcore.cli.garbage import collection_paused
from certcore.cli.session import ACTOR, Platform
from certcore.services.importing import ImportRequest


@frozen
class Cost:
    """What something took, and the most memory that its process had."""

    seconds: float
    cpu_seconds: float
    peak_mib: float | None = None


def timed_import(url: str, file: str, zone: str) -> Cost:
    """Import the file as the command does; every row has to become a new award."""
    with Platform.opened(url, lambda: datetime.now(UTC)) as platform, Path(file).open("rb") as source:
        importing, request = platform.registrar.importing, ImportRequest(zone=zone)
        began, cpu_began = time.perf_counter(), time.process_time()
        with collection_paused():
            report = importing.run(source, request, actor=ACTOR)
        cost = Cost(time.perf_counter() - began, time.process_time() - cpu_began, peak_mib())
    if report.new != report.rows:
        raise AssertionError(f"the file was made to be good, but: {report.errors[:3]}")
    return cost


def peak_mib() -> float | None:
    """The most memory that this process ever had; None where the system does not tell."""
    status = Path("/proc/self/status")  # getrusage would give the parent's when that was more
    if not status.exists():
        return None
    (peak,) = (line.split()[1] for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(peak) / 1024


def main() -> None:
    """Do the task."""
    task: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(timed_import(**task)), sys.stdout)


if __name__ == "__main__":
    main()
