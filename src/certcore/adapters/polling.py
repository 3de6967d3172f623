"""A worker on certcore's own table of jobs: for SQLite, and wherever there is no queue with workers of its own."""

import logging
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Event
from typing import Final

from attrs import define, field

from certcore.domain.jobs import Job, JobState
from certcore.errors import Retryable
from certcore.services.jobs import Stopping
from certcore.services.running import Running

_LONGEST_PAUSE: Final = 600.0
_LOOKED_AT: Final = 1_000
_BREATH: Final = 0.05
"""A pause between two batches, in seconds: SQLite lets others write only while nobody else does."""
_log = logging.getLogger(__name__)

Tend = Callable[[Stopping], object]
"""Does what is due besides jobs: it is called again and again, and ends soon once asked to stop."""


@define
class _Sight:
    """A running job as it was last seen to move, and how often it failed here."""

    version: int
    since: float
    failures: int = 0
    pause: float | None = None


@define
class PollingWorker:
    """Runs waiting jobs, one after the other; run as many processes as you like.

    A running job that has not moved for ``stalled_after`` seconds counts as left by a killed worker, and is taken up
    where it stands: give more time than the longest batch takes, or two work on it, with one effect. A job that raises
    what may be gone the next time is run up to ``tries`` times, with longer and longer pauses; then it has failed.
    Every ``tend_every`` seconds ``tend`` is called, between two jobs. Each job runs in the context that ``around``
    gives; ``on_end`` is told what became of it.
    """

    _running: Running
    _tend: Tend = field(default=lambda _stopping: None, kw_only=True)
    _tend_every: float = field(default=30.0, kw_only=True)
    _look_every: float = field(default=1.0, kw_only=True)
    _stalled_after: float = field(default=120.0, kw_only=True)
    _tries: int = field(default=10, kw_only=True)
    _on_end: Callable[[Job], object] = field(default=lambda _job: None, kw_only=True)
    _around: Callable[[], AbstractContextManager[object]] = field(default=nullcontext, kw_only=True)
    _seen: dict[int, _Sight] = field(factory=dict, init=False)
    _tended: float | None = field(default=None, init=False)

    def work(self, ending: Event, *, wait: bool = True) -> None:
        """Run what waits until ``ending`` is set, or without ``wait`` until nothing waits; then tend once.

        What is set in the middle of a job ends that after the batch in hand. Raises `StorageError` where the database
        cannot be asked: whatever starts workers starts it again.
        """
        self._running.unpark()
        while not ending.is_set():
            if wait:
                self._tend_when_due(ending)
            if (job := self._next()) is not None:
                self._run(job, lambda: ending.wait(_BREATH))
            elif not wait:
                self._tend(ending.is_set)
                return
            else:
                ending.wait(self._look_every)

    def _next(self) -> Job | None:
        try:
            return self._running.begin() or self._left()
        except Retryable:  # somebody else writes for long
            return None

    def _run(self, job: Job, stopping: Stopping) -> None:
        try:
            with self._around():
                after = self._running.run(job.id, stopping)
        except Exception as error:
            self._failed(job, error)
        else:
            self._seen.pop(job.id, None)
            if after is not None and after.state is not JobState.RUNNING:
                self._on_end(after)

    def _failed(self, job: Job, error: Exception) -> None:
        sight = self._seen.setdefault(job.id, _Sight(job.version, time.monotonic()))
        sight.failures += 1
        if sight.failures >= self._tries:
            _log.error("job %s is given up", job.public_id, exc_info=error)
            self._running.fail(job.id, error)
            return
        sight.pause = min(2.0**sight.failures, _LONGEST_PAUSE) * random.uniform(0.5, 1.5)
        sight.since = time.monotonic()
        _log.warning("job %s is run again in %.0f seconds", job.public_id, sight.pause, exc_info=error)

    def _left(self) -> Job | None:
        """A running job that nobody moves on."""
        now = time.monotonic()
        running = {job.id: job for job in self._running.in_state(JobState.RUNNING, _LOOKED_AT)}
        self._seen = {job_id: sight for job_id, sight in self._seen.items() if job_id in running}
        for job in running.values():
            sight = self._seen.setdefault(job.id, _Sight(job.version, now))
            if sight.pause is None and sight.version != job.version:
                sight.version, sight.since = job.version, now
            if now - sight.since >= (self._stalled_after if sight.pause is None else sight.pause):
                sight.since = now
                return job
        return None

    def _tend_when_due(self, ending: Event) -> None:
        now = time.monotonic()
        if self._tended is None or now - self._tended >= self._tend_every:
            self._tended = now
            try:
                self._tend(ending.is_set)
            except Exception:
                _log.exception("what is due could not be tended; it is tried again in %g seconds", self._tend_every)
