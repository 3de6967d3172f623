"""A process that works for procrastinate: it runs jobs, takes over those of killed workers, and tends what is due."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from threading import Event
from typing import Final

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as Waiting
from procrastinate.jobs import Status

from certcore.adapters.procrastinate.queue import TASK, ProcrastinateJobs
from certcore.domain.jobs import Job, JobState
from certcore.domain.numbers import id_from
from certcore.services.jobs import Stopping, never
from certcore.services.running import Running

_LONGEST_PAUSE: Final = 600
_SEARCHED: Final = 10
_UNFINISHED: Final = (Status.TODO.value, Status.DOING.value)
_log = logging.getLogger(__name__)

Tend = Callable[[Stopping], object]
"""Does what is due besides jobs: it is called again and again, and ends soon once asked to stop."""


class Worker:
    """Works until SIGTERM or SIGINT comes, then ends after the batch in hand; run as many processes as you like.

    A worker that does not give a sign of life for ``stalled_after`` seconds counts as killed, and another takes its
    jobs over. A job that raises what may be gone the next time, or whose worker is killed, is run up to ``tries``
    times, with longer and longer pauses; then it has failed. Every ``tend_every`` seconds it looks for jobs that nobody
    handed over, and calls ``tend``, in a thread beside the one that runs jobs. ``concurrency`` jobs run at once, each
    in a thread, in the context that ``around`` gives; ``on_end`` is told what became of it.
    """

    def __init__(
        self,
        queue: ProcrastinateJobs,
        running: Running,
        *,
        tend: Tend = lambda _stopping: None,
        tend_every: float = 30.0,
        stalled_after: float = 30.0,
        tries: int = 10,
        concurrency: int = 1,
        on_end: Callable[[Job], object] = lambda _job: None,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._queue = queue
        self._running = running
        self._tend = tend
        self._tend_every = tend_every
        self._stalled_after = stalled_after
        self._tries = tries
        self._concurrency = concurrency
        self._on_end = on_end
        self._around = around
        self._ending = Event()

    def work(self, *, wait: bool = True) -> None:
        """Run what waits until told to stop, or without ``wait`` until nothing waits; then tend once.

        Raises `StorageError` where procrastinate's tables are not there, or are of another version. To be called in the
        process's main thread, which gets the signals.
        """
        self._queue.check()
        self._ending.clear()
        asyncio.run(self._work(wait=wait))

    async def _work(self, *, wait: bool) -> None:
        app = self._queue.app()
        app.task(name=TASK, queue=self._queue.queue, pass_context=True, retry=_Again(self._tries))(self._run)
        async with app.open_async():
            await asyncio.to_thread(self._running.unpark)
            await self._take_over(app)
            tending = asyncio.create_task(self._tend_again_and_again(app)) if wait else None
            try:
                await app.run_worker_async(
                    queues=[self._queue.queue],
                    concurrency=self._concurrency,
                    wait=wait,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=0,  # jobs are told at once, and end after the batch in hand
                    update_heartbeat_interval=self._stalled_after / 3,
                    stalled_worker_timeout=self._stalled_after,
                )
            finally:
                self._ending.set()
                if tending is not None:
                    tending.cancel()
                    with suppress(asyncio.CancelledError):
                        await tending
            if not wait:
                await asyncio.to_thread(self._tend, never)

    def _run(self, context: JobContext, job_id: str) -> None:
        known = id_from(job_id)
        if known is None:
            _log.error("there is no job %r", job_id)
            return
        if context.job.attempts >= self._tries:  # its workers were killed, or it would have been given up before
            self._running.fail(known, RuntimeError(f"{self._tries} workers in a row were lost over it"))
            return
        try:
            with self._around():
                job = self._running.run(known, context.should_abort)
        except Exception as error:
            if context.job.attempts + 1 >= self._tries:
                self._running.fail(known, error)
            raise
        if job is not None:
            self._on_end(job)

    async def _tend_again_and_again(self, app: App) -> None:
        while True:
            try:
                await asyncio.to_thread(self._tend, self._ending.is_set)
                await asyncio.sleep(self._tend_every)
                await self._take_over(app)
            except Exception:
                _log.exception("what is due could not be tended; it is tried again in %g seconds", self._tend_every)
                await asyncio.sleep(self._tend_every)

    async def _take_over(self, app: App) -> None:
        """Let jobs wait again whose worker is gone, and those that wait in certcore's tables only."""
        for each in await app.job_manager.get_stalled_jobs(
            queue=self._queue.queue, seconds_since_heartbeat=self._stalled_after
        ):
            with suppress(ConnectorException):  # another worker was first
                await app.job_manager.retry_job(each)
                _log.warning("job %s is taken over from a worker that is gone", each.task_kwargs.get("job_id"))
        waiting = await asyncio.to_thread(self._running.in_state, JobState.QUEUED, _SEARCHED)
        lost = {job.id for job in waiting if not await self._carries(app, job)}
        if lost:
            await asyncio.to_thread(self._running.requeue, _SEARCHED, lambda job: job.id in lost)

    async def _carries(self, app: App, job: Job) -> bool:
        """Whether procrastinate has the job, waiting or under way."""
        known = await app.job_manager.list_jobs_async(lock=self._queue.lock_of(job))
        return any(each.status in _UNFINISHED for each in known)


class _Again(BaseRetryStrategy):
    """Once more after a pause that doubles, with jitter, until there were so many tries."""

    def __init__(self, tries: int) -> None:
        self._tries = tries

    def get_retry_decision(self, *, exception: BaseException, job: Waiting) -> RetryDecision | None:  # noqa: ARG002
        if job.attempts + 1 >= self._tries:
            return None
        pause = min(2 ** (job.attempts + 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.5)
        return RetryDecision(retry_in={"seconds": round(pause)})
