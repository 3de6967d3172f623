"""Where jobs are kept, and what they could not use."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from certcore.domain.jobs import Job, JobState, Reject


class JobRepository(ABC):
    """Jobs, and the acts done under an idempotency key (R-34, R-41)."""

    @abstractmethod
    def add(self, job: Job) -> None:
        """Store a new job; `Conflict` when its id or key is taken."""

    @abstractmethod
    def update(self, job: Job) -> None:
        """Replace the job whose version is one less; else `Conflict`."""

    @abstractmethod
    def get(self, job_id: int) -> Job | None:
        """The job with this id."""

    @abstractmethod
    def by_key(self, key: str) -> Job | None:
        """The job with this idempotency key."""

    @abstractmethod
    def in_state(self, state: JobState, limit: int, *, newest: bool = False) -> Sequence[Job]:
        """Jobs in a state, oldest first, or newest first."""

    @abstractmethod
    def recent(self, kind: str, limit: int) -> Sequence[Job]:
        """Jobs of a kind, newest first."""

    @abstractmethod
    def unfinished(self, fingerprint: str) -> Job | None:
        """The newest job with this fingerprint that is queued or running: what a rerun takes up again (R-41)."""

    @abstractmethod
    def reject(self, job_id: int, rejects: Sequence[Reject]) -> None:
        """Keep rows that a job could not use, all or none; `Conflict` when it has one at that line (R-43)."""

    @abstractmethod
    def rejects(self, job_id: int, after_line: int, limit: int) -> Sequence[Reject]:
        """A page of the rows that a job could not use, in ascending order of line, all after ``after_line``."""
