"""Acts on external certificates under an idempotency key (R-34)."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Self

from attrs import evolve, frozen

from certcore.domain.external import ExternalCertificate
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Actor
from certcore.ports import Ports, Transaction
from certcore.services.reviewing.records import find_external
from certcore.services.running import earlier, new_job, once
from certcore.services.units import in_unit


@frozen
class Keyed:
    """One act, which is done once where it has a key. What was asked for is kept as a digest: it is personal (R-62)."""

    ports: Ports
    job: Job

    @classmethod
    def of(cls, ports: Ports, kind: str, asked: Mapping[str, object], actor: Actor, key: str | None) -> Self:
        """The act that is ``asked`` for; equal acts look the same when they are printed."""
        digest = sha256(repr(sorted(asked.items())).encode("utf-8", "backslashreplace")).hexdigest()
        return cls(ports, new_job(ports, kind, {"asked": digest}, actor, key=key, state=JobState.DONE))

    def done(self) -> ExternalCertificate | None:
        """What the act was done to under its key before; raises `IdempotencyConflict` when that was another act."""
        with self.ports.storage.reading() as tx:
            done = earlier(tx, self.job)
            return None if done is None else _touched(tx, done)

    def once(self, work: Callable[[Transaction, int | None], ExternalCertificate]) -> ExternalCertificate:
        """What ``work`` gives in one unit, with the id of the job if there is one; or what it gave before."""
        if self.job.key is None:
            return in_unit(self.ports.storage, lambda tx: work(tx, None))
        done = once(self.ports, self.job, lambda tx, job: evolve(job, result={"external": work(tx, job.id).ref}))
        with self.ports.storage.reading() as tx:
            return _touched(tx, done)


def _touched(tx: Transaction, done: Job) -> ExternalCertificate:
    return find_external(tx, str(done.result["external"]))
