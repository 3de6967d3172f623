"""A process that works until it is told to end.

Arguments: the url of the storage, the folder of documents, the size of a batch, who the queue is (``procrastinate`` or
``table``), after how many seconds a worker counts as killed, and how many every look at the clock takes, of which there
is one in each batch. It writes ``ready``, then of each job ``begun``, and
its id with how it ended.
"""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import Any

from certcore.adapters.files import FolderDocuments
from certcore.adapters.polling import PollingWorker
from certcore.adapters.procrastinate import ProcrastinateJobs, Worker
from certcore.domain.jobs import Job
from tests.faults.world import NOW, site_at


def main(url: str, documents: str, batch: str, queue: str, stalled_after: str, pause: str) -> None:
    jobs = ProcrastinateJobs(url) if queue == "procrastinate" else None
    options: dict[str, Any] = {"stalled_after": float(stalled_after), "on_end": _told, "around": _begun}

    def clock() -> datetime:
        time.sleep(float(pause))
        return NOW

    with site_at(url, batch=int(batch), clock=clock, documents=FolderDocuments(documents), jobs=jobs) as site:
        print("ready", flush=True)  # noqa: T201
        if jobs is not None:
            Worker(jobs, site.registrar.running, tend_every=0.5, **options).work()
        else:
            ending = Event()
            signal.signal(signal.SIGTERM, lambda *_: ending.set())
            PollingWorker(site.registrar.running, look_every=0.1, **options).work(ending)


@contextmanager
def _begun() -> Iterator[None]:
    print("begun", flush=True)  # noqa: T201
    yield


def _told(job: Job) -> None:
    print(job.public_id, job.state.value, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
