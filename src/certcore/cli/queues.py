"""Where long acts wait for a worker, and who works: procrastinate where it is at hand, else certcore's own table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from signal import SIGINT, SIGTERM, signal
from threading import Event
from typing import Any

from certcore.adapters.polling import PollingWorker
from certcore.cli.garbage import collection_paused
from certcore.domain.jobs import Job
from certcore.errors import StorageError
from certcore.ports import JobQueue
from certcore.services.jobs import Stopping
from certcore.services.running import Running

OnEnd = Callable[[Job], object]


def queue_at(url: str, *, install: bool = False) -> JobQueue | None:
    """Procrastinate's queue on PostgreSQL where the extra is installed; None where jobs wait in certcore's table.

    Without ``install`` only where its tables are there already.
    """
    if not url.startswith("postgresql") or find_spec("procrastinate") is None:
        return None
    from certcore.adapters.procrastinate import ProcrastinateJobs  # noqa: PLC0415 - an extra

    queue = ProcrastinateJobs(url)
    if install:
        queue.install()
        return queue
    try:
        queue.check()
    except StorageError:
        return None
    return queue


def work(
    queue: JobQueue | None, running: Running, *, tend: Callable[[Stopping], object], wait: bool, on_end: OnEnd
) -> None:
    """Do jobs and what is due until SIGTERM or SIGINT comes, or without ``wait`` until nothing waits."""
    options: dict[str, Any] = {"tend": tend, "on_end": on_end, "around": collection_paused}
    if queue is not None:
        from certcore.adapters.procrastinate import ProcrastinateJobs, Worker  # noqa: PLC0415 - an extra

        assert isinstance(queue, ProcrastinateJobs)
        Worker(queue, running, **options).work(wait=wait)
        return
    with _told_to_end() as ending:
        PollingWorker(running, **options).work(ending, wait=wait)


@contextmanager
def _told_to_end() -> Iterator[Event]:
    """Set by the signals that end a process; as before afterwards."""
    ending = Event()
    before = {number: signal(number, lambda *_: ending.set()) for number in (SIGTERM, SIGINT)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal(number, handler)
