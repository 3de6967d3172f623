"""``certcore jobs`` and ``certcore worker``: long acts that are left to workers."""

import logging
from collections import Counter
from typing import Annotated, Final

from cyclopts import App

from certcore.cli import job_tables
from certcore.cli.arguments import Choice
from certcore.cli.queues import queue_at, work
from certcore.cli.session import ACTOR, Here
from certcore.codec import job_document
from certcore.domain.jobs import Job, JobState

_OPEN: Final = (JobState.RUNNING, JobState.QUEUED, JobState.PARKED, JobState.FAILED, JobState.CANCELLED)


def list_(*, state: Annotated[JobState | None, Choice] = None, limit: int = 50, session: Here) -> None:
    """List jobs, newest first: those of a state, or all that are not over and well.

    Parameters
    ----------
    state
        queued, running, done, failed, cancelled, parked or undone.
    limit
        How many of a state at the most.
    """
    running = session.registrar.running
    found = [job for each in ([state] if state else _OPEN) for job in running.in_state(each, limit, newest=True)]
    session.screen.answer({"jobs": [job_document(job) for job in found]}, job_tables.jobs(found))


def show(job_id: str, /, *, session: Here) -> None:
    """Show a job: how far it is, what it has come to, and why it ended.

    Parameters
    ----------
    job_id
        The job's id.
    """
    _answer(session, session.registrar.running.get(job_id))


def cancel(job_id: str, /, *, session: Here) -> None:
    """Let a job come no further; what it has committed stays.

    Parameters
    ----------
    job_id
        The job's id.
    """
    _answer(session, session.registrar.running.cancel(job_id, actor=ACTOR))


def resume(job_id: str, /, *, session: Here) -> None:
    """Let a job wait for a worker again that failed, was cancelled or is parked; it goes on where it stopped.

    Parameters
    ----------
    job_id
        The job's id.
    """
    _answer(session, session.queueing.running.resume(job_id, actor=ACTOR))


def worker(*, once: bool = False, session: Here) -> None:
    """Run waiting jobs and tell what is due until told to end by SIGTERM or Ctrl-C: after the batch in hand.

    Start as many as you like. On PostgreSQL with the extra `jobs` procrastinate is the queue, and its tables are made
    at the first use; elsewhere jobs wait in certcore's own table.

    Parameters
    ----------
    once
        End when nothing waits.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    platform = session.platform
    queue = queue_at(session.url, install=True)
    registrar = platform.registrar_with(queue)
    ended: Counter[str] = Counter()

    def on_end(job: Job) -> None:
        ended[job.state.value] += 1
        session.screen.say(f"{session.clock():%Y-%m-%d %H:%M:%S}Z {job.kind} {job.public_id}: {job.state.value}")

    work(queue, registrar.running, tend=registrar.notifying.tend, wait=not once, on_end=on_end)
    session.screen.answer({"jobs": dict(ended)}, f"{ended.total():,} jobs were run.")


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="jobs", help="Long acts that are left to workers: see, cancel and resume them.")
    group.command(list_, name="list")
    group.command(show)
    group.command(cancel)
    group.command(resume)
    app.command(group)
    app.command(worker)


def _answer(session: Here, job: Job) -> None:
    session.screen.answer(job_document(job), *job_tables.one(job))
