"""The sweep and the delivery as jobs: seen, cancelled, resumed, taken up by another worker (R-31, R-82, R-83).

What is written or handed over is so for good, and is not done again: whoever takes such a job up does the rest.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from attrs import field, frozen

from certcore.codec import JSON
from certcore.domain.jobs import Job, JobState, fingerprint
from certcore.domain.people import Act, Actor
from certcore.domain.time import as_instant
from certcore.ports import Ports, Transaction
from certcore.services.jobs import Stopping, new_job, payload_as, save, stored
from certcore.services.notifying.book import may_set
from certcore.services.notifying.delivering import Delivering
from certcore.services.notifying.sweeping import SweepReport, run_due
from certcore.services.running import Handler, queue
from certcore.services.units import in_unit

SWEEP_JOB: Final = "sweep"
DELIVER_JOB: Final = "deliver"
_SWEPT: Final = 1_000
_DELIVERED: Final = 50
"""After how many awards or messages a job looks whether it is to end."""
_PAUSE: Final = 0.1
"""How long a sweep waits for another that is at the same rule, in seconds."""


class _LeftOff(Exception):  # noqa: N818
    """Rolls a page of a sweep back whose job was cancelled meanwhile; never leaves this module."""


@frozen
class Due:
    """What a job is asked for: what is due, as it was asked ``at`` an instant."""

    at: datetime = field(converter=as_instant)


@frozen
class AsJobs:
    """Queues sweeps and deliveries, and does them."""

    _ports: Ports
    _delivering: Delivering

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """How the jobs of each kind are done."""
        return {
            SWEEP_JOB: Handler(self._sweep, Act.SET_NOTICES),
            DELIVER_JOB: Handler(self._deliver, Act.SET_NOTICES),
        }

    def queue(self, kind: str, at: datetime, actor: Actor, key: str | None) -> Job:
        """The job, stored and handed to the queue; the same instant asked for twice by an actor is one job (R-34)."""
        may_set(self._ports, actor)
        payload = JSON.unstructure(Due(at))
        job = new_job(self._ports, kind, payload, actor, key=key or fingerprint(kind, actor, payload))
        return queue(self._ports, job, self.handlers[kind])

    def _sweep(self, job: Job, stopping: Stopping) -> Job:
        at = payload_as(Due, job).at
        while job.state is JobState.RUNNING and not stopping():
            may_set(self._ports, job.actor)
            try:
                report = run_due(self._ports, at, _SWEPT, partial(_count_page, job.id))
            except _LeftOff:
                report = SweepReport(at, more=True)
            if report.more and not report.due:
                time.sleep(_PAUSE)
            job = in_unit(self._ports.storage, partial(_counted, job.id, 0, _page(0, 0), over=not report.more))
        return job

    def _deliver(self, job: Job, stopping: Stopping) -> Job:
        payload_as(Due, job)
        while job.state is JobState.RUNNING and not stopping():
            may_set(self._ports, job.actor)
            report = self._delivering.deliver_due(_DELIVERED)
            work = partial(_counted, job.id, report.delivered, report.counts, over=report.idle)
            job = in_unit(self._ports.storage, work)
        return job


def _page(due: int, messages: int) -> Mapping[str, int]:
    return {"due": due, "messages": messages}


def _count_page(job_id: int, tx: Transaction, due: int, messages: int) -> None:
    """Count a page of a sweep in the unit that writes it."""
    if stored(tx, job_id).state is not JobState.RUNNING:
        raise _LeftOff
    _counted(job_id, messages, _page(due, messages), tx)


def _counted(job_id: int, done: int, counts: Mapping[str, int], tx: Transaction, *, over: bool = False) -> Job:
    """The job with what was done meanwhile in its result, whatever its state; where it runs, it may be over now."""
    job = stored(tx, job_id)
    ended = over and job.state is JobState.RUNNING
    if not ended and not any(counts.values()):
        return job
    known: Mapping[str, int] = job.result  # type: ignore[assignment]
    result = {**job.result, **{name: known.get(name, 0) + count for name, count in counts.items()}}
    return save(tx, job, done=job.done + done, result=result, state=JobState.DONE if ended else job.state)
