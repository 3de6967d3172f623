"""Jobs run in the process, and on the thread, that asked for them."""

from collections.abc import Callable
from threading import local

from certcore.domain.jobs import Job
from certcore.ports import JobQueue, Transaction


class InProcessJobs(JobQueue):
    """Runs what a thread enqueued as soon as its transaction has committed, before the call returns.

    The ids of rolled back jobs are handed to ``run`` too: it finds no such job and leaves it. When ``run`` raises, the
    jobs behind that one stay enqueued.
    """

    def __init__(self) -> None:
        self._thread = local()

    def enqueue(self, job: Job, tx: Transaction) -> None:  # noqa: ARG002
        self._waiting()[job.id] = None

    def committed(self, run: Callable[[int], object]) -> None:
        waiting = self._waiting()
        while waiting:
            job_id = next(iter(waiting))
            del waiting[job_id]
            run(job_id)

    def _waiting(self) -> dict[int, None]:
        """The ids this thread enqueued, each once, oldest first."""
        ids: dict[int, None] = self._thread.__dict__.setdefault("ids", {})
        return ids
