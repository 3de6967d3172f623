"""``certcore import``: awards from a CSV file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Annotated, Any

from cyclopts import App, CycloptsError
from rich.console import RenderableType

from certcore.cli import notice_tables, tables
from certcore.cli.arguments import FORMAT, Choice, File, FormatOptions
from certcore.cli.files import LateFile, opened
from certcore.cli.garbage import collection_paused
from certcore.cli.job_tables import answer_waiting
from certcore.cli.notice_tables import delivered_document
from certcore.cli.session import ACTOR, Here
from certcore.codec import import_document, import_job_document
from certcore.domain.cells import CellOptions
from certcore.services.importing import Duplicates, ImportReport, ImportRequest, Mode, RowError

_COUNTED = ("new", "renewed", "updated", "unchanged", "superseded", "rejected")


def import_(
    file: File,
    /,
    *,
    zone: str,
    dry_run: bool = False,
    duplicates: Annotated[Duplicates, Choice] = Duplicates.ERROR,
    mode: Annotated[Mode, Choice] = Mode.SKIP_BAD_ROWS,
    format: FormatOptions = FORMAT,
    yes_no: bool = False,
    derive_expiry: bool = False,
    allow_shorten: bool = False,
    notify: bool = True,
    expect_sha256: str | None = None,
    rejects: str | None = None,
    key: str | None = None,
    queue: bool = False,
    session: Here,
) -> int:
    """Import awards from a CSV file.

    Parameters
    ----------
    file
        The file, or - for standard input.
    zone
        Where its dates are read: an IANA name such as Europe/Rome, or an offset such as -04:00.
    dry_run
        Say what would become of every row, and write nothing.
    duplicates
        What rows of the same learner and certification are: an error, or renewals of which the last counts.
    mode
        Whether bad rows are left out, or leave nothing.
    yes_no
        Let yes, no, y and n stand for true and false.
    derive_expiry
        Let a blank expiry date stand for the certification's own validity.
    allow_shorten
        Let a row end an award earlier.
    notify
        Tell learners of what is issued; --no-notify for a historic file.
    expect_sha256
        Import only if the file's bytes have this SHA-256, as a dry run shows it.
    rejects
        Where to write the rows that were rejected, with the reasons, as CSV to correct and import again.
    key
        An idempotency key: the same import under it is done once, another one is refused.
    queue
        Keep the file and leave the import to `certcore worker`; `certcore jobs` tells how far it is.
    """
    if queue and (dry_run or rejects is not None):
        raise CycloptsError(msg="--queue goes without --dry-run and --rejects; see import rejects.")
    request = ImportRequest(
        zone=zone,
        duplicates=duplicates,
        mode=mode,
        format=format.read(),
        cells=CellOptions(yes_no=yes_no, derive_expiry=derive_expiry),
        allow_shorten=allow_shorten,
        notify=notify,
        sha256=expect_sha256,
    )
    if queue:
        with opened(file) as source:
            job = session.queueing.importing.queue(source, request, actor=ACTOR, key=key)
        return answer_waiting(session, job.public_id)
    with ExitStack() as stack:
        source = stack.enter_context(opened(file))
        late = None if rejects is None else stack.enter_context(LateFile.writable(rejects, "rejects", apart_from=file))
        progress = stack.enter_context(session.screen.progress("Checking" if dry_run else "Importing"))
        stack.enter_context(collection_paused())
        report = session.registrar.importing.run(
            source, request, actor=ACTOR, dry_run=dry_run, progress=progress, rejects=late, key=key
        )
    session.screen.note(report.warnings)
    session.screen.answer(import_document(report), *told(report, rejects))
    return 1 if report.rejected else 0


def undo(import_id: str, /, *, session: Here) -> None:
    """Take an import back as one act: all of it, or nothing when an award was changed since.

    Notices that have not gone out are cancelled, the others are listed.

    Parameters
    ----------
    import_id
        The import's id, as its report shows it.
    """
    report = session.registrar.importing.undo(import_id, actor=ACTOR)
    counts = {"undone": report.undone, "restored": report.restored, "reverted": report.reverted}
    people = session.platform.directory.people({each.recipient_id for each in report.delivered})
    delivered = [delivered_document(each, people) for each in report.delivered]
    document = {**counts, "delivered_total": report.delivered_total, "delivered": delivered}
    shown = notice_tables.delivered(delivered, report.delivered_total)
    session.screen.answer(
        {"import_id": report.import_id, **document}, tables.outcomes(counts), *shown, f"Import {import_id}."
    )


def list_(*, limit: int = 50, session: Here) -> None:
    """List the latest imports, newest first.

    Parameters
    ----------
    limit
        How many at the most.
    """
    jobs = session.registrar.importing.recent(actor=ACTOR, limit=limit)
    session.screen.answer({"imports": [import_job_document(job) for job in jobs]}, tables.imports(jobs))


def show(import_id: str, /, *, session: Here) -> None:
    """Show an import: what it was asked, how far it came, and its report.

    Parameters
    ----------
    import_id
        The import's id, as its report shows it.
    """
    job = session.registrar.importing.get(import_id, actor=ACTOR)
    document = import_job_document(job)
    session.screen.answer(document, tables.imports([job]), *_mistakes(document["errors"]))


def rejects(import_id: str, /, *, output: str, session: Here) -> int:
    """Write the rows that an import could not use, with the reasons, as CSV to correct and import again.

    Parameters
    ----------
    import_id
        The import's id.
    output
        The file to write.
    """
    with LateFile.writable(output, "output") as late:
        count = session.registrar.importing.rejects(import_id, late, actor=ACTOR)
    session.screen.answer({"import_id": import_id, "rows": count}, f"{count:,} rows in {output}.")
    return 0


def register(app: App) -> None:
    """Let ``app`` have ``import FILE`` and the commands about imports."""
    group = App(name="import", help="Import awards from a CSV file, and look after imports.")
    group.default(import_)
    group.command(undo)
    group.command(list_, name="list")
    group.command(show)
    group.command(rejects)
    app.command(group)


def _mistakes(errors: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    yield from tables.mistakes([RowError(**error) for error in errors], len(errors), "")


def told(report: ImportReport, rejects: str | None = None) -> Iterator[RenderableType]:
    """The report as a human wants it: outcomes, then the first mistakes."""
    title = f"{report.rows:,} rows" + (": what would become of them" if report.dry_run else "")
    yield tables.outcomes({name: getattr(report, name) for name in _COUNTED}, title)
    more = "Write them all to a file to correct with --rejects FILE." if rejects is None else f"All are in {rejects}."
    yield from tables.mistakes(report.errors, report.errors_total, more)
    if report.dry_run:
        yield f"Nothing was written. To import just these bytes: --expect-sha256 {report.sha256}"
    else:
        yield f"Import {report.import_id}."
