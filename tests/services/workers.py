"""Workers elsewhere: what they are handed, and when they are to stop."""

from collections.abc import Callable

from certcore.domain.jobs import Job
from certcore.ports import JobQueue, Transaction


class Collecting(JobQueue):
    """A queue whose workers are elsewhere."""

    def __init__(self) -> None:
        self.ids: list[int] = []

    def enqueue(self, job: Job, tx: Transaction) -> None:  # noqa: ARG002
        self.ids.append(job.id)

    def committed(self, run: Callable[[int], object]) -> None:
        """The workers do it."""


def after(batches: int) -> Callable[[], bool]:
    """Stops after so many batches."""
    asked = iter(range(batches))
    return lambda: next(asked, None) is None
