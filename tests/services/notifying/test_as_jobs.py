"""Sweeps and deliveries as jobs: how far they are, stopped, cancelled, killed, taken up, and done once (R-31, R-82)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from certcore.adapters.in_process import InProcessJobs
from certcore.adapters.memory import MemoryDirectory
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Actor, Person, Role
from certcore.errors import IdempotencyConflict, NotFound
from certcore.ports import Storage
from certcore.services.notifying import as_jobs
from certcore.services.notifying.delivering import Delivering, DeliverReport
from certcore.testing.threads import at_once
from tests.services.notifying.desk import Desk, Mail, desk_over, raising
from tests.services.platform import ADMIN
from tests.services.workers import Collecting, after

NAMES = ("ana", "bo", "cy")
SOON = timedelta(days=340)
SWEPT = {"due": 3, "messages": 3}
DELIVERED = {"dispatched": 0, "delivered": 3, "failed": 0, "dead": 0, "dropped": 0}


@pytest.fixture(autouse=True)
def rounds_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """One award or message, and then whoever stops it is heard."""
    monkeypatch.setattr(as_jobs, "_SWEPT", 1)
    monkeypatch.setattr(as_jobs, "_DELIVERED", 1)


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
def queue() -> Collecting:
    return Collecting()


@pytest.fixture
def desk(new_storage: Callable[[], Storage], mail: Mail, queue: Collecting) -> Desk:
    """Ana, Bo and Cy are to be reminded now, and workers are elsewhere."""
    desk = desk_over(new_storage(), mail)
    desk.certification("SAFE-1")
    desk.award(*NAMES, notify=False)
    desk.rule("30 days before")
    desk.deliver()
    desk.now += SOON
    desk.registrar = desk.registrar_with(queue)
    return desk


def swept(desk: Desk, key: str | None = None) -> Job:
    return desk.registrar.notifying.queue_sweep(actor=ADMIN, key=key)


def delivery(desk: Desk) -> Job:
    return desk.registrar.notifying.queue_delivery(actor=ADMIN)


def run(desk: Desk, job: Job, stopping: Callable[[], bool] = lambda: False) -> Job:
    """What has become of the job in another process."""
    ran = desk.registrar_with().running.run(job.id, stopping)
    assert ran is not None
    return ran


def told(mail: Mail) -> list[str]:
    """Who was told; each message once."""
    assert len({message.id for message in mail.taken}) == len(mail.taken)
    return sorted(message.recipient.username for message in mail.taken)


def test_a_sweep_and_a_delivery_are_left_to_a_worker(desk: Desk, mail: Mail, queue: Collecting) -> None:
    """R-31, R-82: nothing happens before; then the results count what was written and sent, and all are told once."""
    job = swept(desk)
    assert (job.kind, job.state, job.done, queue.ids) == ("sweep", JobState.QUEUED, 0, [job.id])
    desk.now += timedelta(1)
    done = run(desk, job)
    assert (done.state, done.done, done.result) == (JobState.DONE, 3, SWEPT)
    assert told(mail) == []
    done = run(desk, delivery(desk))
    assert (done.kind, done.state, done.done, done.result) == ("deliver", JobState.DONE, 3, DELIVERED)
    assert told(mail) == sorted(NAMES)
    desk.now += timedelta(1)
    for again, result in ((swept(desk), {"due": 0, "messages": 0}), (delivery(desk), DELIVERED | {"delivered": 0})):
        done = run(desk, again)
        assert (done.state, done.done, done.result) == (JobState.DONE, 0, result)


@pytest.mark.parametrize("queue_", [swept, delivery])
def test_asked_for_twice_at_one_instant_it_is_one_job(desk: Desk, queue_: Callable[[Desk], Job]) -> None:
    """R-34: also when it is done; at another instant, or for somebody else, it is another."""
    first = queue_(desk)
    assert queue_(desk) == first
    done = run(desk, first)
    assert queue_(desk) == done
    desk.now += timedelta(microseconds=1)
    assert queue_(desk).id != first.id
    other = Actor("other", frozenset({Role.PLATFORM_ADMIN}))
    assert desk.registrar.notifying.queue_sweep(actor=other).id != desk.registrar.notifying.queue_sweep(actor=ADMIN).id


def test_a_key_stands_for_one_sweep(desk: Desk) -> None:
    """R-34: of another instant under it is a conflict."""
    assert swept(desk, "march").id == swept(desk, "march").id
    desk.now += timedelta(1)
    with pytest.raises(IdempotencyConflict):
        swept(desk, "march")


@pytest.mark.parametrize(("queue_", "counted"), [(swept, "messages"), (delivery, "delivered")])
def test_one_that_is_to_stop_waits_again_and_another_worker_goes_on(
    desk: Desk, mail: Mail, queue: Collecting, queue_: Callable[[Desk], Job], counted: str
) -> None:
    """After the round in hand; its progress and result say how far it is."""
    if queue_ is delivery:
        desk.registrar.notifying.run_due()
    job = queue_(desk)
    queue.ids.clear()
    stopped = desk.registrar.running.run(job.id, after(2))
    assert stopped is not None
    assert (stopped.state, stopped.done, stopped.result[counted]) == (JobState.QUEUED, 2, 2)
    assert queue.ids == [job.id]
    done = run(desk, stopped)
    assert (done.state, done.done, done.result[counted]) == (JobState.DONE, 3, 3)
    run(desk, delivery(desk))
    assert told(mail) == sorted(NAMES)


@pytest.mark.parametrize("queue_", [swept, delivery])
def test_one_that_is_cancelled_comes_no_further_and_resumed_does_the_rest(
    desk: Desk, mail: Mail, queue_: Callable[[Desk], Job]
) -> None:
    """What was done until then stays, and is counted."""
    if queue_ is delivery:
        desk.registrar.notifying.run_due()
    job = queue_(desk)
    stop = after(1)

    def cancelling() -> bool:
        if stop():
            desk.registrar.running.cancel(job.public_id, actor=ADMIN)
        return False

    before = run(desk, job, cancelling)
    assert (before.state, before.done) == (JobState.CANCELLED, 1 if queue_ is swept else 2)
    desk.registrar.running.resume(job.public_id, actor=ADMIN)
    done = run(desk, job)
    assert (done.state, done.done) == (JobState.DONE, 3)
    run(desk, delivery(desk))
    assert told(mail) == sorted(NAMES)


def test_a_delivery_that_was_cancelled_while_it_sent_counts_what_it_sent(desk: Desk, mail: Mail) -> None:
    """It has gone out, whatever became of the job meanwhile."""
    desk.registrar.notifying.run_due()
    job = delivery(desk)
    mail.after = lambda _message: desk.registrar_with().running.cancel(job.public_id, actor=ADMIN)
    cancelled = run(desk, job)
    assert (cancelled.state, cancelled.done, cancelled.result) == (JobState.CANCELLED, 1, DELIVERED | {"delivered": 1})
    assert len(told(mail)) == 1


def test_f31_another_worker_takes_up_what_a_killed_one_left(
    desk: Desk, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message is written and sent once; what was written is counted with it."""
    sweep = swept(desk)
    with pytest.raises(KeyboardInterrupt):
        run(desk, sweep, _killed(2))
    (left,) = desk.registrar.running.in_state(JobState.RUNNING)
    assert left.done == 2
    assert run(desk, sweep).result == SWEPT
    sent = delivery(desk)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Delivering, "deliver_due", _killed_after_it(Delivering.deliver_due))
        run(desk, sent)
    assert len(told(mail)) == 1
    done = run(desk, sent)
    assert (done.state, done.done) == (JobState.DONE, 2), "what it had sent was not counted yet"
    assert told(mail) == sorted(NAMES)


def _killed(rounds: int) -> Callable[[], bool]:
    """Is asked so often, and then the process is killed."""
    asked = iter(range(rounds))

    def stopping() -> bool:
        if next(asked, None) is None:
            raise KeyboardInterrupt
        return False

    return stopping


def _killed_after_it(act: Callable[..., DeliverReport]) -> Callable[..., Any]:
    def killed(*given: Any) -> None:
        act(*given)
        raise KeyboardInterrupt

    return killed


def test_two_workers_at_one_job_do_nothing_twice(desk: Desk, mail: Mail) -> None:
    """Nor is anything counted twice."""
    for queue_, counted in ((swept, "messages"), (delivery, "delivered")):
        job = queue_(desk)
        assert at_once([partial(run, desk, job)] * 3) == [None] * 3
        done = desk.registrar.running.get(job.public_id)
        assert (done.state, done.done, done.result[counted]) == (JobState.DONE, 3, 3)
    assert told(mail) == sorted(NAMES)


def test_what_cannot_be_sent_does_not_keep_the_job(desk: Desk, mail: Mail) -> None:
    """R-83: it is counted, and waits for another attempt as it always does."""
    desk.registrar.notifying.run_due()
    mail.before = raising(ConnectionError("no"))
    done = run(desk, delivery(desk))
    assert (done.state, done.done, done.result) == (JobState.DONE, 0, DELIVERED | {"delivered": 0, "failed": 3})
    mail.before = lambda _message: None
    assert desk.deliver(timedelta(hours=1)).delivered == 3


@pytest.mark.parametrize("queue_", [swept, delivery])
def test_f30_rights_are_judged_when_it_is_asked_for_and_when_it_runs(
    desk: Desk, mail: Mail, queue_: Callable[[Desk], Job]
) -> None:
    """R-34, R-114: it fails, and goes on once its actor has the right again."""
    learner = Actor("id-ana", frozenset({Role.LEARNER}))
    for act in (desk.registrar.notifying.queue_sweep, desk.registrar.notifying.queue_delivery):
        with pytest.raises(NotFound):
            act(actor=learner)
    desk.registrar.notifying.run_due()
    job = queue_(desk)
    directory = desk.directory
    desk.directory = MemoryDirectory([Person(ADMIN.id, "admin")], roles={"admin": [Role.LEARNER]})
    failed = run(desk, job)
    assert (failed.state, failed.result["error"]["code"]) == (JobState.FAILED, "not_found")  # type: ignore[index]
    assert told(mail) == []
    desk.directory = directory
    desk.registrar.running.resume(job.public_id, actor=ADMIN)
    assert run(desk, job).state is JobState.DONE


@pytest.mark.parametrize("strange", [{"at": "yesterday"}, {"until": 1}, {"version": 2}])
def test_f29_a_payload_that_is_not_understood_is_parked(desk: Desk, strange: dict[str, object]) -> None:
    """As it was."""
    job = swept(desk)
    with desk.storage.transaction() as tx:
        stranger = evolve(job, id=7, key=None, payload={**job.payload, **strange})
        tx.jobs.add(stranger)
    parked = run(desk, stranger)
    assert (parked.state, parked.payload) == (JobState.PARKED, stranger.payload)


def test_a_queue_in_the_process_does_it_at_once(desk: Desk, mail: Mail) -> None:
    """And gives the job as it is then."""
    desk.registrar = desk.registrar_with(InProcessJobs())
    assert swept(desk).result == SWEPT
    assert delivery(desk).result == DELIVERED
    assert told(mail) == sorted(NAMES)


def test_what_workers_tend_leaves_no_jobs(desk: Desk, mail: Mail) -> None:
    """However often they sweep."""
    for _ in range(3):
        desk.registrar.notifying.tend()
    assert told(mail) == sorted(NAMES)
    assert [job for state in JobState for job in desk.registrar.running.in_state(state)] == []
