"""``certcore import``: awards from a CSV file."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Annotated

from rich.console import RenderableType

from certcore.cli import tables
from certcore.cli.arguments import FORMAT, Choice, File, FormatOptions
from certcore.cli.files import LateFile, opened
from certcore.cli.session import ACTOR, Here
from certcore.codec import import_document
from certcore.domain.cells import CellOptions
from certcore.services.importing import Duplicates, ImportReport, ImportRequest, Mode

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
    expect_sha256: str | None = None,
    rejects: str | None = None,
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
    expect_sha256
        Import only if the file's bytes have this SHA-256, as a dry run shows it.
    rejects
        Where to write the rows that were rejected, with the reasons, as CSV to correct and import again.
    """
    request = ImportRequest(
        zone=zone,
        duplicates=duplicates,
        mode=mode,
        format=format.read(),
        cells=CellOptions(yes_no=yes_no, derive_expiry=derive_expiry),
        allow_shorten=allow_shorten,
        sha256=expect_sha256,
    )
    with ExitStack() as stack:
        source = stack.enter_context(opened(file))
        late = None if rejects is None else stack.enter_context(LateFile.writable(rejects, apart_from=file))
        progress = stack.enter_context(session.screen.progress("Checking" if dry_run else "Importing"))
        report = session.registrar.importing.run(
            source, request, actor=ACTOR, dry_run=dry_run, progress=progress, rejects=late
        )
    for warning in report.warnings:
        session.screen.warn(f"note: {warning}")
    session.screen.answer(import_document(report), *told(report, rejects))
    return 1 if report.rejected else 0


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
