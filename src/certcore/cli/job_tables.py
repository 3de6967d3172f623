"""Jobs as tables."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType

from certcore.cli.output import plain
from certcore.cli.session import Session
from certcore.cli.tables import outcomes, table
from certcore.codec import job_document
from certcore.domain.jobs import Job

_COUNTS = (
    *("new", "renewed", "updated", "unchanged", "superseded", "already_held", "revoked", "rejected"),
    *("due", "messages", "dispatched", "delivered", "failed", "dead", "dropped"),
)


def jobs(each: Sequence[Job]) -> RenderableType:
    """Jobs with what they are, and how far they came."""
    made = table("Job", "What", "When (UTC)", "By", "State", "Done", right=("Done",), whole=("Job",))
    for job in each:
        done = f"{job.done:,}" if job.total is None else f"{job.done:,} of {job.total:,}"
        when = f"{job.created_at:%Y-%m-%d %H:%M}"
        made.add_row(job.public_id, plain(job.kind), when, plain(job.actor.id), job.state.value, done)
    return made


def answer_waiting(session: Session, job_id: str | None) -> int:
    """Answer with a job that is left to workers; the exit code."""
    job = session.registrar.running.get(job_id or "")
    session.screen.answer(job_document(job), *one(job))
    return 0


def one(job: Job) -> Iterator[RenderableType]:
    """A job, what it has come to, and why it ended where it did."""
    yield jobs([job])
    told = job.result.get("counts", job.result)
    counts = {name: told[name] for name in _COUNTS if told.get(name)} if isinstance(told, Mapping) else {}
    if counts:
        yield outcomes(counts)
    error = job.result.get("error")
    if isinstance(error, Mapping):
        yield f"It ended so: {error.get('message')}"
