"""``certcore bench``: how long a job takes here, beside the least work that leaves the same rows."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import RenderableType

from certcore.cli import tables
from certcore.cli.bench.measuring import Task, measure
from certcore.cli.session import Here
from certcore.codec import Document

PEER_NAMES = {
    "sqlalchemy_orm": "SQLAlchemy ORM, add_all",
    "django_bulk_create": "Django, bulk_create",
    "plain_loop": "a loop with pendulum and an INSERT per row",
}


def import_(
    *,
    rows: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000_000))] = 100_000,
    distinct_dates: bool = False,
    peers: bool = False,
    runs: Annotated[int, Parameter(validator=Number(gte=1, lte=99))] = 1,
    session: Here,
) -> None:
    """Measure the import of a made-up file in a place of its own: a temporary SQLite file, or a schema with --db.

    Its floor is the least work that leaves the same rows: the file read, and the rows that the import left stored again
    by the driver alone. The ratio is one of CPU time on SQLite and of wall time on PostgreSQL, where the server works.

    Parameters
    ----------
    rows
        How many rows the file has.
    distinct_dates
        Every row has another date.
    peers
        Measure as well how long others take to store these rows; on SQLite, as far as they are installed.
    runs
        How often; the answer is the median.
    """
    task = Task(rows, session.named_url, distinct_dates, peers, runs)
    with session.screen.progress("Measuring") as progress:
        document = measure(task, progress)
    session.screen.answer(document, *_told(document))


def _told(document: Document) -> list[RenderableType]:
    by = "CPU time" if document["database"] == "sqlite" else "wall time"
    facts = {
        "rows": f"{document['rows']:,}",
        "seconds": f"{document['seconds']:,.2f}, {document['rows'] / document['seconds']:,.0f} rows a second",
        "CPU seconds": f"{document['cpu_seconds']:,.2f}",
        "floor": f"{document['floor_seconds']:,.2f} s, CPU {document['floor_cpu_seconds']:,.2f} s",
        "ratio": f"{document['ratio']:.2f} times the floor's {by}",
        "peak memory": None if document["peak_mib"] is None else f"{document['peak_mib']:,.0f} MiB",
    }
    beside = {PEER_NAMES[name]: f"{ratio:.1f} times the floor's" for name, ratio in document["peers"].items()}
    return [tables.facts(facts), *([tables.facts(beside)] if beside else [])]


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="bench", help="Measure this machine and database.")
    group.command(import_, name="import")
    app.command(group)
