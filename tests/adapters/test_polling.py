"""A worker on certcore's own table: what fails is tried again, what is left is taken up, and it ends when told to."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest

from certcore.adapters.memory import MemoryStorage
from certcore.adapters.polling import PollingWorker
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Act
from certcore.errors import Retryable, StorageError
from certcore.registrar import Registrar
from certcore.services.jobs import save, stored
from certcore.services.running import Handler, Running
from certcore.testing.builders import make_job
from tests.services.platform import ADMIN, platform_over

Run = Callable[[Job], object]


def running_over(run: Run) -> tuple[Running, MemoryStorage]:
    """Jobs of the kind `work`, done by a function of the test's."""
    storage = MemoryStorage()
    platform = platform_over(storage)

    def done(job: Job, _stopping: Callable[[], bool]) -> Job:
        run(job)
        with storage.transaction() as tx:
            return save(tx, stored(tx, job.id), state=JobState.DONE)

    return Running(platform.registrar.running._ports, {"work": Handler(done, Act.AWARD)}, complete=True), storage


def add(storage: MemoryStorage, **parts: Any) -> Job:
    job = make_job(kind="work", actor=ADMIN, **parts)
    with storage.transaction() as tx:
        tx.jobs.add(job)
    return job


def until(ending: Event, reached: Callable[[], bool], worker: PollingWorker) -> None:
    """Let it work until something is reached."""

    def watch() -> None:
        for _ in range(1_000):
            if reached() or ending.wait(0.01):
                break
        ending.set()

    thread = Thread(target=watch)
    thread.start()
    worker.work(ending)
    thread.join()
    assert reached()


def test_what_waits_is_run_oldest_first_and_then_is_tended() -> None:
    """And the parked ones that are known here."""
    ran: list[int] = []
    running, storage = running_over(lambda job: ran.append(job.id))
    jobs = [add(storage), add(storage), add(storage, state=JobState.PARKED)]
    tended: list[bool] = []
    ended: list[JobState] = []
    worker = PollingWorker(
        running, tend=lambda stopping: tended.append(stopping()), on_end=lambda job: ended.append(job.state)
    )
    worker.work(Event(), wait=False)
    assert sorted(ran) == sorted(job.id for job in jobs)
    assert (tended, ended) == ([False], [JobState.DONE] * 3)


@pytest.mark.parametrize("error", [ValueError("the directory is away"), StorageError("the disk is full.")])
def test_what_fails_is_tried_again_after_a_pause(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """It is gone the third time; meanwhile other jobs are run."""
    monkeypatch.setattr("certcore.adapters.polling.random.uniform", lambda *_: 0.01)
    tries: list[int] = []

    def run(job: Job) -> None:
        tries.append(job.id)
        if job.id == failing.id and tries.count(job.id) < 3:
            raise error

    running, storage = running_over(run)
    failing, other = add(storage), add(storage)
    until(Event(), lambda: not running.in_state(JobState.RUNNING) and len(tries) == 4, PollingWorker(running))
    assert tries[:2] == [failing.id, other.id]
    assert running.get(failing.public_id).state is JobState.DONE


def test_what_always_fails_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many tries, and its result says why."""
    monkeypatch.setattr("certcore.adapters.polling.random.uniform", lambda *_: 0.01)

    def run(_job: Job) -> None:
        raise ValueError("a bug")

    running, storage = running_over(run)
    job = add(storage)
    until(Event(), lambda: bool(running.in_state(JobState.FAILED)), PollingWorker(running, tries=2, look_every=0.01))
    assert running.get(job.public_id).result["error"] == {"code": "unexpected_error", "message": "ValueError: a bug"}


def test_a_job_that_does_not_move_is_taken_up_and_one_that_moves_is_not() -> None:
    """A worker that is alive saves its progress with each batch."""
    ran: list[int] = []
    running, storage = running_over(lambda job: ran.append(job.id))
    still, moving = add(storage, state=JobState.RUNNING), add(storage, state=JobState.RUNNING)

    def reached() -> bool:
        with storage.transaction() as tx:
            save(tx, stored(tx, moving.id), done=1)
        return bool(ran)

    until(Event(), reached, PollingWorker(running, stalled_after=0.3, look_every=0.01))
    assert ran == [still.id]


def test_an_import_that_nobody_has_the_file_of_holds_nothing_up() -> None:
    """It stays running for who has the file, and is looked at once in a while."""
    platform = platform_over(MemoryStorage())
    registrar: Registrar = platform.registrar
    lost = make_job(kind="import", actor=ADMIN, payload={"sha256": "0"}, state=JobState.RUNNING)
    with platform.storage.transaction() as tx:
        tx.jobs.add(lost)
    tended: list[bool] = []
    worker = PollingWorker(
        registrar.running, stalled_after=0.2, look_every=0.01, tend_every=0.05, tend=lambda _: tended.append(True)
    )
    until(Event(), lambda: len(tended) > 3, worker)
    assert registrar.running.get(lost.public_id) == lost


def test_a_database_that_is_busy_is_asked_again_and_a_tending_that_fails_is_repeated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The worker lives on."""
    running, storage = running_over(lambda _job: None)
    job = add(storage)
    errors: list[Exception] = [Retryable("locked"), ValueError("no server")]
    begin = Running.begin

    class Busy(Running):
        def begin(self) -> Job | None:
            if len(errors) == 2:
                raise errors.pop(0)
            return begin(self)

    def tend(_stopping: Callable[[], bool]) -> None:
        if len(errors) == 1:
            raise errors.pop()

    busy = Busy(running._ports, running._handlers, complete=True)
    worker = PollingWorker(busy, tend=tend, tend_every=0.02, look_every=0.01)
    until(Event(), lambda: not errors and running.get(job.public_id).state is JobState.DONE, worker)
    assert "no server" in caplog.text
