"""Jobs: long acts that report progress, and acts that must not be done twice (R-31, R-34, R-41)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from attrs import field, frozen

from certcore.domain.cells import Problem
from certcore.domain.checks import optional_text
from certcore.domain.history import canonical
from certcore.domain.numbers import id_text
from certcore.domain.people import Actor

PAYLOAD_VERSION: Final = 1
"""The form of the payloads that this release writes. A payload that does not say its ``version`` is of this one."""


class JobState(StrEnum):
    """Where a job stands; `RESUMABLE` says from where it can be queued again.

    `PARKED` is one of a kind or a version that the release which met it does not know: nothing of it is lost (f29).
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PARKED = "parked"
    UNDONE = "undone"


UNFINISHED: Final = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.PARKED})
RESUMABLE: Final = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.PARKED})


@frozen
class Job:
    """One act as a job.

    ``payload`` says what was asked for and is JSON-shaped, as are ``result`` and ``checkpoint`` (what is needed to go
    on after ``done`` of ``total``). ``key`` is the caller's idempotency key, unique per tenant; ``fingerprint`` is a
    digest of kind, actor and payload, by which the same act is known again.
    """

    id: int
    kind: str
    actor: Actor
    payload: Mapping[str, object]
    created_at: datetime
    key: str | None = field(default=None, validator=optional_text(255))
    state: JobState = JobState.QUEUED
    done: int = 0
    total: int | None = None
    checkpoint: Mapping[str, object] = field(factory=dict)
    result: Mapping[str, object] = field(factory=dict)
    version: int = 1

    @property
    def fingerprint(self) -> str:
        """A digest of what is to be done: equal for equal acts."""
        return fingerprint(self.kind, self.actor, self.payload)

    @property
    def payload_version(self) -> object:
        """The form that the payload has: a number, or whatever a stranger wrote there."""
        return self.payload.get("version", PAYLOAD_VERSION)

    @property
    def public_id(self) -> str:
        """The id as text, as reports and the command line show it."""
        return id_text(self.id)


@frozen
class Reject:
    """A row that a job could not use: its line, its cells (or all its text as one), and what is wrong (R-43)."""

    line: int
    cells: tuple[str, ...]
    problems: tuple[Problem, ...]


def fingerprint(kind: str, actor: Actor, payload: Mapping[str, object]) -> str:
    """A digest of an act: equal for equal kinds, actors and payloads."""
    return sha256(f"{kind}\n{actor.id}\n{canonical(payload)}".encode()).hexdigest()
