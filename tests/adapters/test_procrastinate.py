"""Jobs on procrastinate keep every promise of the queue, in certcore's transaction and in a host's."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from threading import Timer
from typing import Any, cast

import pytest
from sqlalchemy import create_engine, make_url, text

from certcore.adapters.memory import MemoryStorage
from certcore.adapters.procrastinate import ProcrastinateJobs, Worker
from certcore.adapters.sql import SqlStorage
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Act
from certcore.errors import NotSupported, StorageError
from certcore.ports import JobQueue, Storage
from certcore.registrar import Registrar
from certcore.services.running import Handler, Running
from certcore.testing import JobQueueContract
from certcore.testing.builders import make_job
from certcore.testing.threads import at_once
from tests.adapters.hosts import ConnectionHost, DjangoHost, DriverHost, Host, SessionHost
from tests.postgres import new_database
from tests.services.platform import ADMIN, Platform, platform_over


class Runner:
    """Runs ids with a function of the test's."""

    def __init__(self, run: Callable[[int], object]) -> None:
        self._run = run
        self.failed: list[tuple[int, str]] = []

    def run(self, job_id: int, _stopping: Callable[[], bool]) -> None:
        self._run(job_id)

    def fail(self, job_id: int, error: Exception) -> None:
        self.failed.append((job_id, str(error)))

    def unpark(self) -> int:
        return 0

    def in_state(self, _state: JobState, _limit: int) -> list[Job]:
        return []


def worked(queue: ProcrastinateJobs, run: Callable[[int], object], **options: Any) -> Runner:
    """Let one worker run what waits."""
    runner = Runner(run)
    Worker(queue, cast(Running, runner), **options).work(wait=False)
    return runner


@pytest.fixture(scope="module")
def template(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as url:
        storage = SqlStorage(url)
        storage.upgrade()
        storage.close()
        ProcrastinateJobs(url).install()
        yield url


@pytest.fixture
def url(postgres_server: str, template: str) -> Iterator[str]:
    """A database with certcore's tables and procrastinate's."""
    with new_database(postgres_server, template=str(make_url(template).database)) as copy:
        yield copy


@pytest.fixture
def storage(url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(url)
    yield storage
    storage.close()


@pytest.fixture
def queue(url: str) -> ProcrastinateJobs:
    return ProcrastinateJobs(url)


def waiting(url: str) -> list[tuple[str, str]]:
    """What waits or runs in procrastinate's tables."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT args ->> 'job_id', status::text FROM procrastinate_jobs ORDER BY id"))
        found = [(row[0], row[1]) for row in rows]
    engine.dispose()
    return found


class TestProcrastinateJobs(JobQueueContract):
    @pytest.fixture
    def storage(self, storage: SqlStorage) -> Storage:
        return storage

    @pytest.fixture
    def queue(self, queue: ProcrastinateJobs) -> JobQueue:
        return queue

    def work(self, queue: JobQueue, run: Callable[[int], object]) -> None:
        assert isinstance(queue, ProcrastinateJobs)
        worked(queue, run)


@pytest.mark.parametrize("kind", [DjangoHost, DriverHost, ConnectionHost, SessionHost])
def test_f26_a_job_is_part_of_the_hosts_own_transaction(url: str, queue: ProcrastinateJobs, kind: type[Host]) -> None:
    """Rolled back with it, committed with it, and not before."""
    host = kind(url)
    storage = SqlStorage(host.target)
    lost, kept = make_job(), make_job()
    with pytest.raises(ValueError, match="stop"), host.atomic():
        with storage.transaction() as tx:
            tx.jobs.add(lost)
            queue.enqueue(lost, tx)
        raise ValueError("stop")
    with host.atomic():
        with storage.transaction() as tx:
            tx.jobs.add(kept)
            queue.enqueue(kept, tx)
        assert waiting(url) == []
    assert waiting(url) == [(kept.public_id, "todo")]
    storage.close()
    host.close()


def test_a_job_handed_over_again_while_it_runs_holds_up_nobody(
    url: str, storage: SqlStorage, queue: ProcrastinateJobs
) -> None:
    """Its worker is killed then: one of the two is taken over, and both end."""
    job = make_job()
    for status in ("doing", "todo"):
        with storage.transaction() as tx:
            queue.enqueue(job, tx)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE procrastinate_jobs SET status = '{status}' WHERE status = 'todo'"))
        engine.dispose()
    ran: list[int] = []
    worked(queue, ran.append)
    assert (ran, waiting(url)) == ([job.id] * 2, [])


def test_queues_of_two_tenants_do_not_meet(url: str, storage: SqlStorage, queue: ProcrastinateJobs) -> None:
    """The worker of one leaves the jobs of the other."""
    other = ProcrastinateJobs(url, queue="other")
    job = make_job()
    with storage.transaction() as tx:
        queue.enqueue(job, tx)
        other.enqueue(job, tx)
    ran: list[int] = []
    worked(other, ran.append)
    assert (ran, waiting(url)) == ([job.id], [(job.public_id, "todo")])


def test_a_storage_without_psycopg_is_refused(queue: ProcrastinateJobs) -> None:
    """A job must not be there when its transaction is rolled back."""
    sqlite = SqlStorage("sqlite://")
    sqlite.upgrade()
    for storage in (MemoryStorage(), sqlite):
        with pytest.raises(NotSupported), storage.transaction() as tx:
            queue.enqueue(make_job(), tx)
    sqlite.close()


def test_without_its_tables_it_says_how_to_make_them(fresh_postgres_url: str) -> None:
    """Nothing is enqueued, nothing works; the transaction goes on."""
    storage, queue = SqlStorage(fresh_postgres_url), ProcrastinateJobs(fresh_postgres_url)
    storage.upgrade()
    job = make_job()
    with storage.transaction() as tx:
        tx.jobs.add(job)
        with pytest.raises(StorageError, match="could not take the job"):
            queue.enqueue(job, tx)
        assert tx.jobs.get(job.id) == job
    with pytest.raises(StorageError, match="install"):
        worked(queue, print)
    at_once([queue.install] * 3)
    queue.install()
    with storage.transaction() as tx:
        queue.enqueue(job, tx)
        tx.unit.control("DROP FUNCTION procrastinate_fetch_job_v2")
    with pytest.raises(StorageError, match="procrastinate_fetch_job_v2 missing"):
        queue.check()
    storage.close()


def test_a_database_that_is_not_there_is_an_error_of_the_storage() -> None:
    """As any other that cannot be reached."""
    with pytest.raises(StorageError, match="could not work"):
        ProcrastinateJobs("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1").check()


def test_what_always_fails_is_tried_so_often_and_then_given_up(
    url: str, storage: SqlStorage, queue: ProcrastinateJobs, caplog: pytest.LogCaptureFixture
) -> None:
    """With pauses between the tries, which get longer."""
    job = make_job()
    with storage.transaction() as tx:
        queue.enqueue(job, tx)
    failed: list[tuple[int, str]] = []

    def run(_job_id: int) -> None:
        raise ValueError("the disk is full")

    pauses = []
    for _ in range(3):
        failed += worked(queue, run, tries=3).failed
        pauses.append(_pause(url))
        _due_now(url)
    assert failed == [(job.id, "the disk is full")]
    assert 0 < pauses[0] <= 3
    assert 1 < pauses[1] <= 6
    assert waiting(url) == [(job.public_id, "failed")]
    assert "the disk is full" in caplog.text


def _pause(url: str) -> float:
    engine = create_engine(url)
    with engine.connect() as connection:
        last = "SELECT max(at) FROM procrastinate_events WHERE type = 'deferred_for_retry'"
        paused = text(f"SELECT extract(epoch FROM max(scheduled_at) - ({last})) FROM procrastinate_jobs")
        found = connection.execute(paused).scalar()
    engine.dispose()
    return float(found or 0)


def _due_now(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'"))
    engine.dispose()


def test_a_job_that_kills_its_workers_is_given_up(url: str, storage: SqlStorage, queue: ProcrastinateJobs) -> None:
    """It is taken over so often, and no more."""
    job = make_job()
    with storage.transaction() as tx:
        queue.enqueue(job, tx)
    engine = create_engine(url)
    with engine.begin() as connection:  # as they leave it whom it has killed
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing', attempts = 2"))
    engine.dispose()
    ran: list[int] = []
    runner = worked(queue, ran.append, tries=3)
    assert (ran, runner.failed) == ([], [(job.id, "3 workers in a row were lost over it")])


def test_sigterm_ends_a_worker_after_the_batch_in_hand(url: str, storage: SqlStorage, queue: ProcrastinateJobs) -> None:
    """What is left waits for the next worker, who does it: each person once."""
    names = [f"user{n}" for n in range(20)]
    platform, registrar = platform_with(storage, queue, names)
    report = platform.award(*names)
    awarding = registrar.awarding.handler

    def slowly(job: Any, stopping: Callable[[], bool]) -> Any:
        Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
        return awarding.run(job, lambda: _wait_for(stopping))

    running = Running(registrar.running._ports, {"award": Handler(slowly, Act.AWARD)}, complete=True)
    Worker(queue, running).work()
    job = registrar.running.get(report.job_id or "")
    assert (job.state, 0 < job.done < 20) == (JobState.QUEUED, True)
    Worker(queue, registrar.running).work(wait=False)
    job = registrar.running.get(report.job_id or "")
    assert (job.state, job.result["counts"]) == (JobState.DONE, {"new": 20})
    assert waiting(url) == []


def _wait_for(stopping: Callable[[], bool]) -> bool:
    """Looks once in a while, as between two long batches."""
    time.sleep(0.05)
    return stopping()


def platform_with(storage: SqlStorage, queue: ProcrastinateJobs, names: list[str]) -> tuple[Platform, Registrar]:
    platform = platform_over(storage, names, at_once=1, batch=1)
    platform.certification()
    platform.registrar = Registrar(
        storage=platform.storage,
        directory=platform.directory,
        catalog=platform.catalog,
        jobs=queue,
        settings=platform.settings,
        clock=lambda: platform.now,
    )
    return platform, platform.registrar


def test_a_worker_finds_jobs_that_nobody_handed_over_and_parked_ones(
    storage: SqlStorage, queue: ProcrastinateJobs
) -> None:
    """Stored where there was no queue, or parked by an older release."""
    platform, registrar = platform_with(storage, queue, ["ana", "bo"])
    report = platform.award("ana", "bo")
    job = registrar.running.get(report.job_id or "")
    lost = make_job(kind="award", actor=ADMIN, payload=job.payload, checkpoint=job.checkpoint, total=2)
    parked = make_job(kind="award", actor=ADMIN, payload=job.payload, state=JobState.PARKED)
    with platform.storage.transaction() as tx:
        tx.jobs.add(lost)
        tx.jobs.add(parked)
    ran: list[int] = []
    Worker(queue, registrar.running, tend=lambda stopping: ran.append(stopping())).work(wait=False)
    states = [registrar.running.get(each.public_id).state for each in (job, lost, parked)]
    assert states == [JobState.DONE] * 3
    assert ran == [False]
