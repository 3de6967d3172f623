"""The contract of `certcore.ports.JobQueue`."""

from collections.abc import Callable

import pytest

from certcore.domain.jobs import Job
from certcore.ports import JobQueue, Storage
from certcore.testing.builders import make_job


class Runs:
    """What a queue is told to run: the ids of stored jobs in the order they ran; others are left alone."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.ran: list[int] = []

    def __call__(self, job_id: int) -> None:
        """Note the job if it is stored."""
        assert not self._storage.in_transaction, "a job runs outside the transaction that stored it"
        with self._storage.reading() as tx:
            if tx.jobs.get(job_id) is not None:
                self.ran.append(job_id)


class JobQueueContract:
    """Every promise of the job queue. Subclass it and override the fixtures ``queue`` and ``storage``."""

    @pytest.fixture
    def storage(self) -> Storage:
        """Override this: an empty storage that the queue works with, new for every test."""
        raise NotImplementedError("override the fixture `storage`: return an empty storage")

    @pytest.fixture
    def queue(self) -> JobQueue:
        """Override this: an empty queue of the adapter under test."""
        raise NotImplementedError("override the fixture `queue`: return your adapter")

    @pytest.fixture
    def runs(self, storage: Storage) -> Runs:
        """What was run."""
        return Runs(storage)

    def work(self, queue: JobQueue, run: Callable[[int], object]) -> None:
        """Let the queue run what is due, after a commit. Override it for a queue with workers of its own."""
        queue.committed(run)

    def test_a_job_runs_after_its_transaction(self, storage: Storage, queue: JobQueue, runs: Runs) -> None:
        """R-31: not inside it, and once when it has committed."""
        job = _enqueued(storage, queue, runs)
        self.work(queue, runs)
        assert runs.ran == [job.id]

    def test_a_job_runs_once(self, storage: Storage, queue: JobQueue, runs: Runs) -> None:
        """What has run does not run with the next commit."""
        first = _enqueued(storage, queue, runs)
        self.work(queue, runs)
        second = _enqueued(storage, queue, runs)
        self.work(queue, runs)
        assert runs.ran == [first.id, second.id]

    def test_all_jobs_of_a_transaction_run(self, storage: Storage, queue: JobQueue, runs: Runs) -> None:
        """Each once, in any order."""
        jobs = [make_job() for _ in range(3)]
        with storage.transaction() as tx:
            for job in jobs:
                tx.jobs.add(job)
                queue.enqueue(job, tx)
        self.work(queue, runs)
        assert sorted(runs.ran) == [job.id for job in jobs]

    def test_a_job_rolled_back_never_runs(self, storage: Storage, queue: JobQueue, runs: Runs) -> None:
        """f26: neither when its transaction fails nor with a later one."""
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            job = make_job()
            tx.jobs.add(job)
            queue.enqueue(job, tx)
            raise ValueError("stop")
        self.work(queue, runs)
        later = _enqueued(storage, queue, runs)
        self.work(queue, runs)
        assert runs.ran == [later.id]

    def test_a_job_enqueued_again_spoils_nothing(self, storage: Storage, queue: JobQueue, runs: Runs) -> None:
        """As a unit does that is repeated, or a worker that looks for lost jobs; what is beside it runs."""
        again, beside = make_job(), make_job()
        with storage.transaction() as tx:
            tx.jobs.add(again)
            queue.enqueue(again, tx)
        with storage.transaction() as tx:
            queue.enqueue(again, tx)
            queue.enqueue(again, tx)
            tx.jobs.add(beside)
            queue.enqueue(beside, tx)
        self.work(queue, runs)
        assert set(runs.ran) == {again.id, beside.id}

    def test_what_an_inner_transaction_enqueued_goes_with_it(
        self, storage: Storage, queue: JobQueue, runs: Runs
    ) -> None:
        """f26: rolled back alone, it takes its job along; those of the outer one run."""
        before, inner, after = make_job(), make_job(), make_job()
        with storage.transaction() as tx:
            tx.jobs.add(before)
            queue.enqueue(before, tx)
            with pytest.raises(ValueError, match="stop"), storage.transaction() as nested:
                nested.jobs.add(inner)
                queue.enqueue(inner, nested)
                raise ValueError("stop")
            tx.jobs.add(after)
            queue.enqueue(after, tx)
        self.work(queue, runs)
        assert sorted(runs.ran) == sorted([before.id, after.id])

    def test_nothing_enqueued_runs_nothing(self, queue: JobQueue, runs: Runs) -> None:
        """A commit without jobs is no matter."""
        self.work(queue, runs)
        assert runs.ran == []


def _enqueued(storage: Storage, queue: JobQueue, runs: Runs) -> Job:
    job = make_job()
    before = list(runs.ran)
    with storage.transaction() as tx:
        tx.jobs.add(job)
        queue.enqueue(job, tx)
        assert runs.ran == before, "the job ran before its transaction had committed"
    return job
