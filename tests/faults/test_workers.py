"""Worker processes on one queue: killed in the middle of an import, told to end, at one job together.

``CERTCORE_JOB_ROWS`` says how many rows the file has.
"""

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, field, frozen

from certcore.adapters.files import FolderDocuments
from certcore.adapters.procrastinate import ProcrastinateJobs
from certcore.codec import JSON
from certcore.domain.jobs import Job, JobState
from certcore.services.awarding import AwardRequest
from certcore.services.importing import ImportReport, Mode
from tests.faults.conftest import Copies
from tests.faults.processes import Process, first_to_speak, started
from tests.faults.world import ACTOR, NOW, RENEW, Site, check_invariants, dump, file_of, site_at, told, user

ROWS = int(os.environ.get("CERTCORE_JOB_ROWS", "2400"))
BATCH = max(ROWS // 12, 50)
PATIENCE = 120 + ROWS / 100
QUEUES = [("sqlite", "table"), ("postgresql", "table"), ("postgresql", "procrastinate")]


@frozen
class Place:
    """A database with people, its folder of documents, and the queue of its workers."""

    url: str
    documents: Path
    queue: str
    batch: int = field(default=BATCH)

    @contextmanager
    def site(self) -> Iterator[Site]:
        """The services, leaving jobs to workers."""
        jobs = ProcrastinateJobs(self.url) if self.queue == "procrastinate" else None
        with site_at(self.url, batch=self.batch, documents=FolderDocuments(self.documents), jobs=jobs) as site:
            yield site

    @contextmanager
    def worker(self, stalled_after: float = 2.0, pause: float = 0.1) -> Iterator[Process]:
        """A worker that is ready, and takes its time."""
        arguments = (self.url, str(self.documents), str(self.batch), self.queue, str(stalled_after), str(pause))
        with started("worker.py", *arguments) as process:
            assert next(process.lines()) == "ready"
            yield process

    def queued(self) -> str:
        """The import of the file, waiting; its id."""
        with self.site() as site:
            return site.registrar.importing.queue(io.BytesIO(file_of(ROWS)), RENEW, actor=ACTOR).public_id

    def reached(self, job_id: str, rows: int = 0, state: JobState | None = None) -> Job:
        """The job once it has come so far."""
        with self.site() as site:
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                job = site.registrar.running.get(job_id)
                if job.done >= rows and state in (None, job.state):
                    return job
                time.sleep(0.02)
        raise AssertionError(f"job {job_id} is {job.state} at {job.done} of {job.total}: {job.result}")

    def ended(self, job_id: str) -> dict[str, Any]:
        """All that is there when the import is done: report, rejects, rows; its file is not kept."""
        with self.site() as site:
            check_invariants(site.storage)
            importing, rejects = site.registrar.importing, io.StringIO()
            importing.rejects(job_id, rejects, actor=ACTOR)
            report = JSON.structure(importing.get(job_id, actor=ACTOR).result, ImportReport)
            assert [path for path in self.documents.rglob("*") if path.is_file()] == []
            return {"report": told(report), "rejects": rejects.getvalue(), "rows": dump(site.storage)}


@pytest.fixture(params=QUEUES, ids="-".join)
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Makes a place of each kind, as often as wanted."""
    backend, queue = request.param
    copies: Copies = request.getfixturevalue(f"{backend}_copies")

    @contextmanager
    def place(name: str, batch: int = BATCH) -> Iterator[Place]:
        with copies(ROWS) as url:
            if queue == "procrastinate":
                ProcrastinateJobs(url).install()
            yield Place(url, tmp_path / name, queue, batch)

    return place


def test_f01_a_worker_killed_in_the_middle_of_an_import_is_replaced_by_another(places: Any) -> None:
    """R-41: the end is that of an import whose worker was left in peace, row by row; nobody has to do anything."""
    with places("calm") as place:
        job_id = place.queued()
        with place.worker() as worker:
            began = time.monotonic()
            place.reached(job_id, state=JobState.DONE)
            seconds = time.monotonic() - began
            assert worker.end() == 0
        calm = place.ended(job_id)
    for share in (0.1, 0.5):
        with places(f"killed at {share}") as place, place.worker() as one, place.worker() as two:
            job_id = place.queued()
            busy, other = (one, two) if first_to_speak(one, two) is one else (two, one)
            place.reached(job_id, rows=int(share * ROWS))
            time.sleep(seconds / 30)  # in the middle of a batch
            busy.kill()
            killed_at = place.reached(job_id)
            began = time.monotonic()
            done = place.reached(job_id, state=JobState.DONE)
            took = time.monotonic() - began
            assert other.end() == 0
            print(f"{ROWS} rows in {seconds:.1f} s; killed at {killed_at.done}, {took:.1f} s later done")  # noqa: T201
            assert (killed_at.state, done.done) == (JobState.RUNNING, ROWS)
            assert place.ended(job_id) == calm


def test_a_worker_told_to_end_leaves_the_rest_to_another(places: Any) -> None:
    """It ends well after the batch in hand, and the job waits."""
    with places("here") as place:
        job_id = place.queued()
        with place.worker() as worker:
            place.reached(job_id, rows=BATCH)
            assert worker.end() == 0
        job = place.reached(job_id)
        assert (job.state, 0 < job.done < ROWS) == (JobState.QUEUED, True)
        with place.worker() as worker:
            assert place.reached(job_id, state=JobState.DONE).done == ROWS
            assert worker.end() == 0
        with place.site() as site:
            check_invariants(site.storage)


def test_a_job_cancelled_under_a_worker_ends_there(places: Any) -> None:
    """What it has committed stays and is told; resumed, a worker does the rest."""
    with places("here") as place:
        job_id = place.queued()
        with place.worker() as worker:
            place.reached(job_id, rows=BATCH)
            with place.site() as site:
                cancelled = site.registrar.running.cancel(job_id, actor=ACTOR)
                time.sleep(0.5)
                assert site.registrar.running.get(job_id) == cancelled
                assert cancelled.result["rows"] == cancelled.done < ROWS
                check_invariants(site.storage)
                site.registrar.running.resume(job_id, actor=ACTOR)
            assert place.reached(job_id, state=JobState.DONE).done == ROWS
            assert worker.end() == 0


@pytest.mark.parametrize("places", QUEUES[1:], ids="-".join, indirect=True)  # SQLite has one writer at a time
def test_an_all_or_nothing_import_cancelled_under_a_worker_leaves_nothing(places: Any) -> None:
    """R-43: at once, not when the whole transaction has ended; resumed, a worker does it from the start."""
    with places("here") as place, place.site() as site:
        before = dump(site.storage, history=False)
        good, whole = file_of(ROWS, bad=False), evolve(RENEW, mode=Mode.ALL_OR_NOTHING)
        job_id = site.registrar.importing.queue(io.BytesIO(good), whole, actor=ACTOR).public_id
        with place.worker() as worker:
            until = time.monotonic() + PATIENCE
            while site.registrar.running.get(job_id).total is None:
                assert time.monotonic() < until
                time.sleep(0.01)
            cancelled = site.registrar.running.cancel(job_id, actor=ACTOR)
            assert (cancelled.state, cancelled.done) == (JobState.CANCELLED, 0)
            time.sleep(1)
            assert site.registrar.running.get(job_id) == cancelled
            assert dump(site.storage, history=False) == before
            site.registrar.running.resume(job_id, actor=ACTOR)
            assert place.reached(job_id, state=JobState.DONE).done == ROWS
            assert worker.end() == 0
        check_invariants(site.storage)


@pytest.mark.parametrize("places", QUEUES[:2], ids="-".join, indirect=True)  # procrastinate lets no two at one job
def test_f02_two_workers_at_one_job_have_one_effect(places: Any) -> None:
    """R-41: as when a queue delivers it twice, or a worker that was slow was taken for dead."""
    with places("calm") as place:
        job_id = place.queued()
        with place.worker() as worker:
            place.reached(job_id, state=JobState.DONE)
            assert worker.end() == 0
        calm = place.ended(job_id)
    with places("both") as place:
        job_id = place.queued()
        with place.worker(0, 0) as one, place.worker(0, 0) as other:
            place.reached(job_id, state=JobState.DONE)
            assert (one.end(), other.end()) == (0, 0)
        assert place.ended(job_id) == calm


def test_many_workers_share_many_jobs_and_do_each_once(places: Any) -> None:
    """R-116: every job is ended by one of them."""
    with places("here", 20) as place:
        with place.site() as site:
            for number in range(12):
                names = [user(n) for n in range(number * 101, number * 101 + 101)]
                request = AwardRequest(certification="SAFE-2", usernames=names, issued_on=NOW.date())
                site.registrar.awarding.award(request, actor=ACTOR)
            waiting = site.registrar.running.in_state(JobState.QUEUED)
        with place.worker(60, 0) as one, place.worker(60, 0) as two, place.worker(60, 0) as three:
            for job in waiting:
                assert place.reached(job.public_id, state=JobState.DONE).result["counts"] == {"new": 101}
            workers = (one, two, three)
            assert [worker.end() for worker in workers] == [0, 0, 0]
            ended = [line for worker in workers for line in worker.lines() if line != "begun"]
        assert sorted(ended) == sorted(f"{job.public_id} done" for job in waiting)
        with place.site() as site:
            check_invariants(site.storage)
