"""What acts as jobs are made of: once per idempotency key, stored by compare-and-set, done in batches (R-34)."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from attrs import evolve

from certcore.codec import JSON
from certcore.domain.jobs import Job, JobState
from certcore.domain.numbers import id_text, new_ids
from certcore.domain.people import Actor
from certcore.errors import IdempotencyConflict, NotFound, UnknownJob
from certcore.ports import Ports, Transaction
from certcore.services.units import in_unit

T = TypeVar("T")

Stopping = Callable[[], bool]
"""Asked between two batches: whether the worker is to end."""


def never() -> bool:
    """Nobody stops the job."""
    return False


def stored(tx: Transaction, job_id: int | None, public_id: str = "") -> Job:
    """The job as it is stored; raises `NotFound`."""
    job = None if job_id is None else tx.jobs.get(job_id)
    if job is None:
        raise NotFound("job", public_id or id_text(job_id or 0))
    return job


def save(tx: Transaction, job: Job, **changes: object) -> Job:
    """The job with ``changes``, stored by compare-and-set."""
    after = evolve(job, version=job.version + 1, **changes)  # type: ignore[arg-type]
    tx.jobs.update(after)
    return after


def new_job(
    ports: Ports,
    kind: str,
    payload: Mapping[str, object],
    actor: Actor,
    *,
    key: str | None = None,
    state: JobState = JobState.QUEUED,
    total: int | None = None,
    checkpoint: dict[str, object] | None = None,
) -> Job:
    """A job that is not stored yet."""
    (job_id,) = new_ids(1, ports.random_bytes)
    return Job(job_id, kind, actor, payload, ports.now(), key, state, total=total, checkpoint=checkpoint or {})


def once(ports: Ports, job: Job, work: Callable[[Transaction, Job], Job]) -> Job:
    """``work`` in one unit, unless an act with the job's key was done: then that one's job, whatever its state (R-34).

    ``work`` gives the job as it is to be stored. Raises `IdempotencyConflict` when the key stands for another act.
    """

    def unit(tx: Transaction) -> Job:
        done = earlier(tx, job)
        if done is None:
            done = work(tx, job)
            tx.jobs.add(done)
        return done

    return in_unit(ports.storage, unit)


def once_under(ports: Ports, job: Job, kind: type[T], work: Callable[[Transaction, int | None], T]) -> T:
    """What ``work`` gives in one unit; where the job has a key, kept as its result and given again the next time.

    ``work`` is told the job's id where there is to be one. Raises `IdempotencyConflict` as `once` does.
    """
    if job.key is None:
        return in_unit(ports.storage, lambda tx: work(tx, None))

    def unit(tx: Transaction, job: Job) -> Job:
        return evolve(job, done=job.total or 0, result=JSON.unstructure(work(tx, job.id)), checkpoint={})

    return JSON.structure(once(ports, job, unit).result, kind)


def earlier(tx: Transaction, job: Job) -> Job | None:
    """The job that was done under the key of ``job`` before; `IdempotencyConflict` when that was another act (R-34)."""
    known = None if job.key is None else tx.jobs.by_key(job.key)
    if known is not None and known.fingerprint != job.fingerprint:
        raise IdempotencyConflict(known.key or "")
    return known


def in_batches(
    ports: Ports,
    job: Job,
    everything: Sequence[T],
    work: Callable[[Transaction, Job, Sequence[T]], dict[str, object]],
    stopping: Stopping = never,
) -> Job:
    """``job`` done over ``everything``, from where it stands, each batch in a unit of its own.

    ``work`` does a batch and gives what the job's result is then. Where somebody else has brought the job further
    meanwhile, it goes on from there; where it was cancelled, it ends. So it does when it is to stop, still `running`.
    """

    def unit(tx: Transaction) -> Job:
        current = stored(tx, job.id)
        if current.version != job.version:
            return current
        batch = everything[job.done : job.done + ports.settings.batch]
        done = job.done + len(batch)
        result = work(tx, job, batch)
        if done < len(everything):
            return save(tx, job, done=done, result=result)
        return save(tx, job, done=done, result=result, state=JobState.DONE, checkpoint={})

    while job.state is JobState.RUNNING and not stopping():
        job = in_unit(ports.storage, unit)
    return job


def so_far(job: Job) -> dict[str, object]:
    """The result of a job without the error that it has ended in."""
    return {name: value for name, value in job.result.items() if name != "error"}


def payload_as(kind: type[T], job: Job) -> T:
    """What the job was asked to do; `UnknownJob` where that cannot be read."""
    try:
        return JSON.structure({name: value for name, value in job.payload.items() if name != "version"}, kind)
    except Exception as error:
        raise unknown(job) from error


def unknown(job: Job) -> UnknownJob:
    """The error that the job is of a kind or version that this release does not know."""
    return UnknownJob(job.public_id, job.kind, str(job.payload_version))
