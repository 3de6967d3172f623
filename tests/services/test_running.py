"""Jobs: cancelled, resumed, stopped between two batches, parked, given up (R-31, R-34)."""

from collections.abc import Callable

import pytest
from attrs import evolve

from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Actor, Role
from certcore.errors import NotFound, Retryable, StorageError, WrongJobState
from certcore.ports import Storage
from certcore.services.awarding import Awarding
from tests.services.platform import ADMIN, Platform, platform_over
from tests.services.workers import Collecting, after

NAMES = [f"user{n}" for n in range(6)]


@pytest.fixture
def queue() -> Collecting:
    return Collecting()


@pytest.fixture
def platform(new_storage: Callable[[], Storage], queue: Collecting) -> Platform:
    """A host with a job of six people waiting, in batches of two."""
    platform = platform_over(new_storage(), NAMES, at_once=1, batch=2)
    platform.certification()
    platform.registrar = platform.registrar_with(queue)
    platform.award(*NAMES)
    return platform


def held(platform: Platform) -> int:
    return len(platform.registrar.reporting.search(actor=ADMIN).records)


def run(platform: Platform, queue: Collecting, stopping: Callable[[], bool] = lambda: False) -> Job:
    job = platform.registrar.running.run(queue.ids.pop(), stopping)
    assert job is not None
    return job


def test_a_job_that_is_to_stop_ends_after_the_batch_in_hand_and_waits_again(
    platform: Platform, queue: Collecting
) -> None:
    """The rest is queued in the transaction that says so, and nothing is done twice."""
    stopped = run(platform, queue, after(2))
    assert (stopped.state, stopped.done, held(platform)) == (JobState.QUEUED, 4, 4)
    assert queue.ids == [stopped.id]
    done = run(platform, queue)
    assert (done.state, done.done, done.result["counts"], held(platform)) == (JobState.DONE, 6, {"new": 6}, 6)


def test_a_waiting_job_that_is_cancelled_never_runs(platform: Platform, queue: Collecting) -> None:
    """Nor does cancelling again change anything."""
    (waiting,) = platform.registrar.running.in_state(JobState.QUEUED)
    for _ in range(2):
        assert platform.registrar.running.cancel(waiting.public_id, actor=ADMIN).state is JobState.CANCELLED
    assert run(platform, queue).state is JobState.CANCELLED
    assert held(platform) == 0


def test_what_a_cancelled_job_has_committed_stays_and_is_told(platform: Platform, queue: Collecting) -> None:
    """It is cancelled between two batches; the result counts the first, and resumed it does the rest."""
    running = platform.registrar.running
    stop = after(1)

    def cancelling() -> bool:
        if stop():
            running.cancel(job_id, actor=ADMIN)
        return False

    (waiting,) = running.in_state(JobState.QUEUED)
    job_id = waiting.public_id
    cancelled = run(platform, queue, cancelling)
    assert (cancelled.state, cancelled.done, held(platform)) == (JobState.CANCELLED, 2, 2)
    assert cancelled.result["counts"] == {"new": 2}
    assert running.resume(job_id, actor=ADMIN).state is JobState.QUEUED
    assert running.resume(job_id, actor=ADMIN).state is JobState.QUEUED
    done = run(platform, queue)
    assert (done.state, done.result["counts"], held(platform)) == (JobState.DONE, {"new": 6}, 6)
    for act in (running.cancel, running.resume):
        with pytest.raises(WrongJobState) as caught:
            act(job_id, actor=ADMIN)
        assert (caught.value.job_id, caught.value.state) == (job_id, "done")


def test_f30_a_job_that_failed_for_want_of_a_right_goes_on_when_that_is_back(
    platform: Platform, queue: Collecting
) -> None:
    """R-34: its result keeps what was done beside the error, and counts on from there."""
    stopped = run(platform, queue, after(1))
    platform.settings = evolve(platform.settings, award_by_hand=False)
    failed = platform.registrar_with().running.run(stopped.id)
    assert failed is not None
    assert (failed.state, failed.done, failed.result["counts"]) == (JobState.FAILED, 2, {"new": 2})
    assert failed.result["error"] == {
        "code": "not_allowed_here",
        "message": "awarding by hand is switched off in this platform's settings; switch it on there first.",
    }
    resumed = platform.registrar.running.resume(failed.public_id, actor=ADMIN)
    assert (resumed.state, "error" in resumed.result) == (JobState.QUEUED, False)
    assert run(platform, queue).result["counts"] == {"new": 6}


@pytest.mark.parametrize("strange", [{"version": 2}, {"version": "1"}, {"version": None}, {"held": "both"}, {"new": 1}])
def test_f29_a_payload_that_is_not_understood_is_parked(platform: Platform, strange: dict[str, object]) -> None:
    """Of a version that is not known, or with what this release cannot read: as it was, and told why; no other waits
    behind it.
    """
    (waiting,) = platform.registrar.running.in_state(JobState.QUEUED)
    with platform.storage.transaction() as tx:
        stranger = evolve(waiting, id=7, payload={**waiting.payload, **strange})
        tx.jobs.add(stranger)
    running = platform.registrar.running
    ran = {job.id: job for job in running.run_queued()}
    assert ran[waiting.id].state is JobState.DONE
    assert (ran[7].state, ran[7].payload) == (JobState.PARKED, stranger.payload)
    assert ran[7].result["error"]["code"] == "unknown_job"  # type: ignore[index]
    assert running.run_queued() == []


def test_f29_a_job_of_a_kind_that_is_not_known_waits_for_a_release_that_knows_it(
    platform: Platform, queue: Collecting
) -> None:
    """The older worker parks it, the newer one queues it again when it starts; nothing of it is lost."""
    (waiting,) = platform.registrar.running.in_state(JobState.QUEUED)
    older = platform.registrar_with(queue)
    older.running = evolve(older.running, handlers={"revoke": older.archiving.handler})
    parked = older.running.run(waiting.id)
    assert parked is not None
    assert (parked.state, older.running.unpark()) == (JobState.PARKED, 0)
    with pytest.raises(WrongJobState):
        older.running.resume(parked.public_id, actor=ADMIN)
    assert platform.registrar.running.unpark() == 1
    assert run(platform, queue).state is JobState.DONE
    assert held(platform) == 6


def test_f29_payloads_of_the_first_release_still_run(platform: Platform) -> None:
    """As they are stored there, letter by letter: without a version."""
    request: dict[str, object] = {
        "certification": "SAFE-1", "issued_on": "2026-03-01", "usernames": ["user0"], "groups": [], "branches": [],
        "zone": None, "expires_on": None, "always_valid": False,
        "basis": {"kind": "manual", "code": None, "links": []},
        "details": {"score": None, "completed_on": None, "credits": None, "note": None},
        "notify": True, "held": "keep",
    }  # fmt: skip
    recipients = {"recipients": [["user0", "id-user0"]], "revoked": {}}
    award = Job(7, "award", ADMIN, request, platform.now, total=1, checkpoint=recipients)
    numbers = {"numbers": ["44RF-NDCD-4BPS-T"], "reason": "Fraud", "restore": False}
    revoke = Job(8, "revoke", ADMIN, numbers, platform.now, total=1)
    with platform.storage.transaction() as tx:
        tx.jobs.add(award)
        tx.jobs.add(revoke)
    done = [platform.registrar.running.run(job_id) for job_id in (7, 8)]
    assert [job and (job.state, job.result["counts"]) for job in done] == [
        (JobState.DONE, {"new": 1}),
        (JobState.DONE, {"rejected": 1}),
    ]


@pytest.mark.parametrize("error", [Retryable("it was busy"), StorageError("the disk is full."), ValueError("a bug")])
def test_an_error_that_may_be_gone_next_time_leaves_the_job_running(
    platform: Platform, queue: Collecting, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """It passes to the worker, who runs the job again; or gives it up, and the result says why."""
    running = platform.registrar.running
    with monkeypatch.context() as patched:
        patched.setattr(Awarding, "_check", _raising(error))
        with pytest.raises(type(error)):
            running.run(queue.ids[0])
    (job,) = running.in_state(JobState.RUNNING)
    failed = running.fail(job.id, error)
    assert failed is not None
    assert failed.state is JobState.FAILED
    code = {"Retryable": "retryable", "StorageError": "storage_error"}.get(type(error).__name__, "unexpected_error")
    assert failed.result["error"]["code"] == code  # type: ignore[index]
    assert running.fail(5, error) is None
    running.resume(job.public_id, actor=ADMIN)
    assert run(platform, queue).state is JobState.DONE
    again = running.fail(job.id, error)
    assert again is not None
    assert again.state is JobState.DONE, "what is over is not given up"


def _raising(error: Exception) -> Callable[..., None]:
    def check(*_: object) -> None:
        raise error

    return check


def test_a_job_lost_by_the_queue_is_handed_to_it_again(platform: Platform, queue: Collecting) -> None:
    """As is one that was stored where there was no queue; what runs or is over is not."""
    queue.ids.clear()
    assert platform.registrar.running.requeue() == 1
    assert run(platform, queue).state is JobState.DONE
    assert (platform.registrar.running.requeue(), queue.ids) == (0, [])


def test_a_job_is_cancelled_by_whoever_may_do_what_it_does(platform: Platform) -> None:
    """R-114: others learn nothing, not even that there is one; so for a job that is not there."""
    (waiting,) = platform.registrar.running.in_state(JobState.QUEUED)
    told = set()
    for job_id in (waiting.public_id, "0000000000000001", "none"):
        for act in (platform.registrar.running.cancel, platform.registrar.running.resume):
            with pytest.raises(NotFound) as caught:
                act(job_id, actor=Actor("id-user1", frozenset({Role.MANAGER})))
            told.add(str(caught.value).replace(job_id, ""))
    assert len(told) == 1
