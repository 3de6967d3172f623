"""Running acts as jobs: once per idempotency key, queued where they are long, taken up again where they stopped."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from attrs import evolve, frozen

from certcore.codec import JSON
from certcore.domain.jobs import Job, JobState
from certcore.domain.numbers import id_from, id_text, new_ids
from certcore.domain.people import Actor
from certcore.errors import CertcoreError, IdempotencyConflict, NotFound
from certcore.ports import Ports, Transaction
from certcore.services.units import in_unit

T = TypeVar("T")

Handler = Callable[[Job], Job]
"""Does a job from where it stands and gives it back finished."""


@frozen
class Running:
    """Runs queued jobs by kind, with the handlers of the services."""

    _ports: Ports
    _handlers: Mapping[str, Handler]

    def run(self, job_id: int) -> Job | None:
        """Do the job from where it stands, and give it back; None when there is none (its transaction rolled back).

        What is done, or of a kind that is not run here (an import needs its file), is given back as it is. A job whose
        process was killed is still `running`: running it again takes it up. One that fails for a reason of its own
        keeps the error's code and sentence as its result, state `failed`.
        """
        job = self._begin(job_id)
        if job is None or job.state is not JobState.RUNNING or job.kind not in self._handlers:
            return job
        try:
            return self._handlers[job.kind](job)
        except CertcoreError as error:
            return self._fail(job.id, error)

    def run_queued(self, limit: int = 100) -> list[Job]:
        """Do up to ``limit`` waiting jobs, oldest first."""
        with self._ports.storage.reading() as tx:
            waiting = [job.id for job in tx.jobs.queued(limit)]
        return [job for job in map(self.run, waiting) if job is not None]

    def get(self, public_id: str) -> Job:
        """The job with this public id; raises `NotFound`."""
        job_id = id_from(public_id)
        with self._ports.storage.reading() as tx:
            return stored(tx, job_id, public_id)

    def _begin(self, job_id: int) -> Job | None:
        def work(tx: Transaction) -> Job | None:
            job = tx.jobs.get(job_id)
            if job is None or job.state is not JobState.QUEUED or job.kind not in self._handlers:
                return job
            return save(tx, job, state=JobState.RUNNING)

        return in_unit(self._ports.storage, work)

    def _fail(self, job_id: int, error: CertcoreError) -> Job:
        def work(tx: Transaction) -> Job:
            job = stored(tx, job_id)
            return save(tx, job, state=JobState.FAILED, result={"error": {"code": error.code, "message": str(error)}})

        return in_unit(self._ports.storage, work)


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
    ports: Ports, job: Job, everything: Sequence[T], work: Callable[[Transaction, Job, Sequence[T]], dict[str, object]]
) -> Job:
    """``job`` done over ``everything``, from where it stands, each batch in a unit of its own.

    ``work`` does a batch and gives what the job's result is then. Where somebody else has brought the job further
    meanwhile, it goes on from there.
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

    while job.state is JobState.RUNNING:
        job = in_unit(ports.storage, unit)
    return job


def queue(ports: Ports, job: Job, run: Callable[[int], object]) -> Job:
    """Store the job and hand it to the queue in one unit; run it at once where the queue does that.

    Inside somebody's transaction it waits until that has committed and the queue, or `Running.run_queued`, takes it.
    """

    def work(tx: Transaction, job: Job) -> Job:
        if ports.jobs is not None:
            ports.jobs.enqueue(job, tx)
        return job

    stored = once(ports, job, work)
    if ports.jobs is None or ports.storage.in_transaction:
        return stored
    ports.jobs.committed(run)
    with ports.storage.reading() as tx:
        return tx.jobs.get(stored.id) or stored
