"""Running acts as jobs: queued where they are long, taken up where they stopped, cancelled and resumed (R-31, R-41)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from attrs import frozen

from certcore.domain.jobs import PAYLOAD_VERSION, RESUMABLE, UNFINISHED, Job, JobState
from certcore.domain.numbers import id_from
from certcore.domain.people import Act, Actor
from certcore.errors import (
    CertcoreError,
    CorruptDocument,
    CorruptRecord,
    NotFound,
    StorageError,
    UnknownJob,
    WrongJobState,
)
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.jobs import Stopping, never, once, save, so_far, stored, unknown
from certcore.services.units import in_unit

_LOOKED_AT = 10


@frozen
class Handler:
    """How the jobs of one kind are done.

    ``run`` does a job from where it stands and gives it back: finished, or still `running` when it was to stop. Whoever
    may do ``act`` may cancel and resume such jobs. ``ready`` says whether a job brings along all that it needs.
    """

    run: Callable[[Job, Stopping], Job]
    act: Act
    ready: Callable[[Job], bool] = lambda _job: True


@frozen
class Running:
    """Runs jobs by kind, with the handlers of the services.

    Where these are ``complete``, a job of any other kind, or with a payload of a version that this release does not
    know, is parked (f29): `unpark` queues it again where it is known.
    """

    _ports: Ports
    _handlers: Mapping[str, Handler]
    _complete: bool = False

    def run(self, job_id: int, stopping: Stopping = never) -> Job | None:
        """Do the job from where it stands, and give it back; None when there is none (its transaction rolled back).

        What is finished, cancelled or parked is given back as it is, as is a `running` import whose file is not kept. A
        job whose process was killed is still `running`: running it again takes it up. Once ``stopping`` says so it
        ends after the batch in hand, and the rest is queued again. One that fails for a reason of its own keeps the
        error's code and sentence in its result, state `failed`. Raises what may be gone the next time: `StorageError`,
        and whatever a port of the host's raises; the job is `running` then, to be run again or given up with `fail`.
        """
        job = in_unit(self._ports.storage, lambda tx: self._begun(tx, job_id))
        if job is None or job.state is not JobState.RUNNING or not self._can_run(job):
            return job
        try:
            job = self._handlers[job.kind].run(job, stopping)
        except UnknownJob as error:
            return self._ended(job_id, JobState.PARKED, error)
        except (CorruptRecord, CorruptDocument) as error:
            return self._ended(job_id, JobState.FAILED, error)
        except StorageError:
            raise
        except CertcoreError as error:
            return self._ended(job_id, JobState.FAILED, error)
        if job.state is not JobState.RUNNING:
            return job
        return in_unit(self._ports.storage, partial(self._again, job_id, JobState.RUNNING))

    def run_queued(self, limit: int = 100, stopping: Stopping = never) -> list[Job]:
        """Do up to ``limit`` waiting jobs, oldest first; none is begun once ``stopping`` says so.

        Any number of workers may do this at once: a job that one has begun is not begun by another.
        """
        ran: list[Job] = []
        while len(ran) < limit and not stopping() and (begun := self.begin()) is not None:
            ran.append(self.run(begun.id, stopping) or begun)
        return ran

    def begin(self) -> Job | None:
        """Mark the oldest waiting job as `running` and give it, for `run`; None when none waits.

        It is this caller's: nobody else is given it. One that is not known here is given as it is parked.
        """

        def work(tx: Transaction) -> Job | None:
            begun = (self._begun(tx, job.id) for job in tx.jobs.in_state(JobState.QUEUED, _LOOKED_AT))
            return next((job for job in begun if job is not None and job.state is not JobState.QUEUED), None)

        return in_unit(self._ports.storage, work)

    def get(self, public_id: str) -> Job:
        """The job with this public id; raises `NotFound`."""
        job_id = id_from(public_id)
        with self._ports.storage.reading() as tx:
            return stored(tx, job_id, public_id)

    def in_state(self, state: JobState, limit: int = 100, *, newest: bool = False) -> Sequence[Job]:
        """Jobs in a state, oldest first or newest first, each with how far it is."""
        with self._ports.storage.reading() as tx:
            return tx.jobs.in_state(state, limit, newest=newest)

    def cancel(self, public_id: str, *, actor: Actor) -> Job:
        """Let a job that is not finished come no further; what it has committed stays, and its result tells of that.

        A worker that is at it rolls back the batch in hand and leaves it; an all-or-nothing import leaves nothing.
        Again is a no-op. Raises `NotFound`, also where the actor may not do what the job does, and `WrongJobState`.
        """

        def work(tx: Transaction) -> Job:
            job = self._found(tx, public_id, actor)
            if job.state is JobState.CANCELLED:
                return job
            if job.state not in UNFINISHED:
                raise WrongJobState(job.public_id, job.state.value, "cancelled")
            return save(tx, job, state=JobState.CANCELLED)

        return in_unit(self._ports.storage, work)

    def resume(self, public_id: str, *, actor: Actor) -> Job:
        """Queue a job again that failed, was cancelled or is parked: it goes on after what it has committed.

        It runs with the rights of who asked for it first. One that waits or runs is given back as it is. Raises
        `NotFound` as `cancel` does, and `WrongJobState` for one that is over or has not kept what it needs.
        """

        def work(tx: Transaction) -> Job:
            job = self._found(tx, public_id, actor)
            if job.state in (JobState.QUEUED, JobState.RUNNING):
                return job
            if job.state not in RESUMABLE or not self._can_run(job):
                raise WrongJobState(job.public_id, job.state.value, "resumed")
            return self._queued(tx, job)

        return at_once_if_possible(self._ports, in_unit(self._ports.storage, work), self.run)

    def fail(self, job_id: int, error: Exception) -> Job | None:
        """Give an unfinished job up, with the error that it always ends in; None when there is no such job."""
        with self._ports.storage.reading() as tx:
            known = tx.jobs.get(job_id)
        return None if known is None else self._ended(job_id, JobState.FAILED, error)

    def unpark(self, limit: int = 100) -> int:
        """Queue the parked jobs that this release knows; how many. For workers, when they start."""
        known = [job for job in self.in_state(JobState.PARKED, limit) if self._can_run(job)]
        for job in known:
            in_unit(self._ports.storage, partial(self._again, job.id, JobState.PARKED))
        return len(known)

    def requeue(self, limit: int = 100, lost: Callable[[Job], bool] = lambda _job: True) -> int:
        """Hand the oldest waiting jobs to the queue once more, or those of them that are ``lost``; how many.

        So one that got lost on its way to the queue, or was stored where there was none, is found again. One that is
        not lost is delivered twice, which does no harm.
        """
        waiting = [job for job in self.in_state(JobState.QUEUED, limit) if lost(job)]
        for job in waiting:
            in_unit(self._ports.storage, partial(self._again, job.id, JobState.QUEUED))
        return len(waiting)

    def _begun(self, tx: Transaction, job_id: int) -> Job | None:
        job = tx.jobs.get(job_id)
        if job is None or job.state not in (JobState.QUEUED, JobState.RUNNING):
            return job
        if not self._knows(job):
            return _with_error(tx, job, JobState.PARKED, unknown(job)) if self._parks(job) else job
        return save(tx, job, state=JobState.RUNNING) if job.state is JobState.QUEUED else job

    def _parks(self, job: Job) -> bool:
        return self._complete or job.kind in self._handlers

    def _knows(self, job: Job) -> bool:
        return job.kind in self._handlers and job.payload_version == PAYLOAD_VERSION

    def _can_run(self, job: Job) -> bool:
        return self._knows(job) and self._handlers[job.kind].ready(job)

    def _found(self, tx: Transaction, public_id: str, actor: Actor) -> Job:
        """The job, if the actor may do what it does: to everybody, or it is their own."""
        job = stored(tx, id_from(public_id), public_id)
        kinds = [job.kind] if job.kind in self._handlers else self._handlers
        scopes = [demand(self._ports, actor, self._handlers[kind].act, "job", public_id) for kind in kinds]
        if actor.id != job.actor.id and not all(scope.everyone for scope in scopes):
            raise NotFound("job", public_id)
        return job

    def _again(self, job_id: int, state: JobState, tx: Transaction) -> Job:
        """The job as it waits, if it is in that state; as it is, if somebody else was at it meanwhile."""
        job = stored(tx, job_id)
        return self._queued(tx, job) if job.state is state else job

    def _queued(self, tx: Transaction, job: Job) -> Job:
        """The job as it waits and is handed to the queue."""
        if job.state is not JobState.QUEUED:
            job = save(tx, job, state=JobState.QUEUED, result=so_far(job))
        if self._ports.jobs is not None:
            self._ports.jobs.enqueue(job, tx)
        return job

    def _ended(self, job_id: int, state: JobState, error: Exception) -> Job:
        def work(tx: Transaction) -> Job:
            job = stored(tx, job_id)
            return _with_error(tx, job, state, error) if job.state in UNFINISHED else job

        return in_unit(self._ports.storage, work)


def _with_error(tx: Transaction, job: Job, state: JobState, error: Exception) -> Job:
    """The job in that state; its result tells of the error beside what was done."""
    code = error.code if isinstance(error, CertcoreError) else "unexpected_error"
    message = str(error) if isinstance(error, CertcoreError) else f"{type(error).__name__}: {error}"
    return save(tx, job, state=state, result={**job.result, "error": {"code": code, "message": message}})


def queue(ports: Ports, job: Job, handler: Handler) -> Job:
    """Store the job and hand it to the queue in one unit; run it at once where the queue does that.

    Inside somebody's transaction it waits until that has committed and the queue, or `Running.run_queued`, takes it.
    """

    def work(tx: Transaction, job: Job) -> Job:
        if ports.jobs is not None:
            ports.jobs.enqueue(job, tx)
        return job

    return at_once_if_possible(ports, once(ports, job, work), Running(ports, {job.kind: handler}).run)


def at_once_if_possible(ports: Ports, job: Job, run: Callable[[int], object]) -> Job:
    """The job that was handed to the queue, as it is after the queue has run it where it runs jobs at once."""
    if ports.jobs is None or ports.storage.in_transaction:
        return job
    ports.jobs.committed(run)
    with ports.storage.reading() as tx:
        return tx.jobs.get(job.id) or job
