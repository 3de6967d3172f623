"""Acts on external certificates under an idempotency key (R-34)."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Self

from attrs import frozen

from certcore.domain.external import ExternalCertificate
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Actor
from certcore.ports import Ports, Transaction
from certcore.services.jobs import earlier, new_job, once_under
from certcore.services.reviewing.records import find_external


@frozen
class _Done:
    external: str


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
            return None if done is None else find_external(tx, str(done.result["external"]))

    def once(self, work: Callable[[Transaction, int | None], ExternalCertificate]) -> ExternalCertificate:
        """What ``work`` was done to in one unit, now or before; it is told the id of the job where there is one."""
        done = once_under(self.ports, self.job, _Done, lambda tx, job_id: _Done(work(tx, job_id).ref))
        with self.ports.storage.reading() as tx:
            return find_external(tx, done.external)
