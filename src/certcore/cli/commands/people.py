"""``certcore people``: the embedded directory's people."""

from cyclopts import App

from certcore.cli import tables
from certcore.cli.arguments import FORMAT, File, FormatOptions
from certcore.cli.files import opened
from certcore.cli.people import import_people
from certcore.cli.session import Here
from certcore.codec import JSON


def import_(file: File, /, *, format: FormatOptions = FORMAT, session: Here) -> int:
    """Create or replace people from a CSV file.

    Its columns are username, first_name, last_name, email, zone, language, groups, branches, manager, active and roles;
    all but the first may be missing. Groups, branches and roles are separated by | or ; inside their cell.

    Parameters
    ----------
    file
        The file, or - for standard input.
    """
    with opened(file) as source:
        report = import_people(source, format.read(), session.platform.directory)
    for warning in report.warnings:
        session.screen.warn(f"note: {warning}")
    document = JSON.unstructure(report)
    del document["warnings"]
    counts = {"saved": report.saved, "rejected": report.rejected}
    session.screen.answer(
        document,
        tables.outcomes(counts, f"{report.rows:,} rows"),
        *tables.mistakes(report.errors, report.errors_total, "Correct these and import the file again."),
    )
    return 1 if report.rejected else 0


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="people", help="Fill the embedded directory.")
    group.command(import_, name="import")
    app.command(group)
