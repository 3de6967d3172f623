"""``certcore export``: awards as CSV files."""

import shutil
from collections.abc import Iterator
from typing import Annotated

from cyclopts import CycloptsError
from rich.console import RenderableType

from certcore.cli import tables
from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import STDIN, Choice, File, Instant
from certcore.cli.files import replaced
from certcore.cli.filters import FILTERS, FilterOptions
from certcore.cli.garbage import collection_paused
from certcore.cli.job_tables import answer_waiting
from certcore.cli.session import Here
from certcore.codec import JSON
from certcore.domain.exports import By, Layout
from certcore.services.exporting import ExportReport


def export(
    *,
    output: File | None = None,
    layout: Annotated[Layout, Choice] = Layout.REPORT,
    by: Annotated[By | None, Choice] = None,
    filters: FilterOptions = FILTERS,
    at: Instant | None = None,
    bom: bool = False,
    queue: bool = False,
    key: str | None = None,
    job: str | None = None,
    asks: As = None,
    session: Here,
) -> int:
    """Write awards to a CSV file; what is given must all fit.

    Parameters
    ----------
    output
        The file to write, or - for standard output.
    layout
        report, with all that people ask of an award; or import, live awards as a file to import again.
    by
        A zip with a file for each item behind the awards, or for each branch of the learners.
    at
        The instant at which statuses are judged; by default now.
    bom
        Mark the text as UTF-8 for spreadsheets that take it for another encoding.
    queue
        Leave the export to `certcore worker`; `certcore jobs` tells how far it is, and --job gives its file.
    key
        An idempotency key for --queue, such as the month: the same export under it is made once.
    job
        Write the file that the export job of this id has left.
    asks
        Who exports, by username; by default the command line.
    """
    actor, wanted = actor_of(session, asks), filters.read()
    if queue:
        if output is not None or job is not None:
            raise CycloptsError(msg="--queue goes without --output and --job; fetch the file with --job later.")
        queued = session.queueing.exporting.queue(actor=actor, layout=layout, by=by, at=at, bom=bom, key=key, **wanted)
        return answer_waiting(session, queued.public_id)
    if output is None or key is not None:
        raise CycloptsError(msg="Name a file with --output, or leave the export to a worker with --queue.")
    if output == STDIN and session.screen.as_json:
        raise CycloptsError(msg="--output - and --json cannot both have standard output; name a file.")
    exporting = session.registrar.exporting
    if job is not None:
        if layout is not Layout.REPORT or by or at or bom or any(each is not None for each in wanted.values()):
            raise CycloptsError(msg="--job gives the file as it was asked for; leave out the filters and the layout.")
        report = exporting.report(job, actor=actor)
        with exporting.open(job, actor=actor) as source, replaced(output, "output") as target:
            shutil.copyfileobj(source, target)
    else:
        with replaced(output, "output") as target, session.screen.progress("Exporting") as bar, collection_paused():
            report = exporting.write(
                target,
                actor=actor,
                layout=layout,
                by=by,
                at=at,
                bom=bom,
                progress=lambda count: bar(count, None),
                **wanted,
            )
    if output != STDIN:
        session.screen.answer({"output": output, **JSON.unstructure(report)}, *_told(report, output))
    if report.emptied is not None:
        session.screen.warn(report.emptied.sentence)
    return 0


def _told(report: ExportReport, output: str) -> Iterator[RenderableType]:
    files = f" {report.files:,} files" if report.files > 1 else ""
    yield f"{report.awards:,} awards in{files} {output}."
    if report.left_out or report.as_manual:
        yield tables.outcomes({**report.left_out, "as_manual": report.as_manual})
