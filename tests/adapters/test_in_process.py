"""Jobs in process keep every promise of the queue."""

import pytest

from certcore.adapters.in_process import InProcessJobs
from certcore.adapters.memory import MemoryStorage
from certcore.ports import Storage
from certcore.testing import JobQueueContract
from certcore.testing.builders import make_job
from certcore.testing.threads import elsewhere


class TestInProcessJobs(JobQueueContract):
    @pytest.fixture
    def storage(self) -> MemoryStorage:
        return MemoryStorage()

    @pytest.fixture
    def queue(self) -> InProcessJobs:
        return InProcessJobs()

    def test_jobs_run_in_order_and_once_though_enqueued_again(self, storage: Storage, queue: InProcessJobs) -> None:
        """A unit that is repeated enqueues its job again."""
        jobs = [make_job() for _ in range(3)]
        with storage.transaction() as tx:
            for job in [*jobs, *jobs]:
                queue.enqueue(job, tx)
        ran: list[int] = []
        queue.committed(ran.append)
        assert ran == [job.id for job in jobs]

    def test_a_failing_job_leaves_the_ones_behind_it_enqueued(self, storage: Storage, queue: InProcessJobs) -> None:
        """They run with the next commit; the one that failed does not."""
        first, second = make_job(), make_job()
        ran: list[int] = []

        def run(job_id: int) -> None:
            if job_id == first.id:
                raise ValueError("stop")
            ran.append(job_id)

        with storage.transaction() as tx:
            queue.enqueue(first, tx)
            queue.enqueue(second, tx)
        with pytest.raises(ValueError, match="stop"):
            queue.committed(run)
        queue.committed(run)
        assert ran == [second.id]

    def test_threads_run_their_own_jobs_only(self, storage: Storage, queue: InProcessJobs) -> None:
        """The commit of one thread says nothing about the transaction of another."""
        job = make_job()
        ran: list[int] = []
        with storage.transaction() as tx:
            queue.enqueue(job, tx)
            elsewhere(lambda: queue.committed(ran.append))
            assert ran == []
        queue.committed(ran.append)
        assert ran == [job.id]
