"""``certcore revoke``, ``restore`` and ``purge``: what ends awards for ever, looked at first and with a reason."""

from typing import Any

from cyclopts import CycloptsError

from certcore.cli import life_tables
from certcore.cli.acting import As, actor_of, reason_for
from certcore.cli.arguments import FORMAT, File, FormatOptions, Length, certification_ref
from certcore.cli.commands.awards import show
from certcore.cli.files import opened
from certcore.cli.job_tables import answer_waiting
from certcore.cli.rows import cells_of, rows_of
from certcore.cli.session import Here
from certcore.domain.cells import Problem
from certcore.domain.jobs import JobState
from certcore.errors import UnreadableFile
from certcore.services.archiving import RevokeReport
from certcore.services.importing import TableFormat
from certcore.services.importing.table import open_table


def revoke(
    *numbers: str,
    file: File | None = None,
    format: FormatOptions = FORMAT,
    reason: str | None = None,
    restore: bool = False,
    dry_run: bool = False,
    key: str | None = None,
    queue: bool = False,
    by: As = None,
    session: Here,
) -> int:
    """Take awards away for ever, and at once; only issuing anew gives the certification back.

    Parameters
    ----------
    numbers
        The certificates' numbers.
    file
        A CSV file with a column number, such as a report writes, or - for standard input.
    reason
        Why; it is kept, and needed.
    restore
        Let the awards that these renewed live again.
    dry_run
        Say what would become of them, and change nothing.
    key
        An idempotency key: the same act with the same key is done once.
    queue
        Leave more than 100 awards to `certcore worker`; `certcore jobs` tells how far it is.
    by
        Who revokes, by username; by default the command line.
    """
    if bool(numbers) is (file is not None):
        raise CycloptsError(msg="Name the awards by their numbers, or give --file.")
    why = reason_for("revoke", reason, dry_run=dry_run)
    archiving, actor = (session.queueing if queue else session.registrar).archiving, actor_of(session, by)
    if file is not None:
        numbers = _numbers(file, format.read())
    if dry_run:
        report = archiving.preview_revoke(numbers, actor=actor, restore=restore)
    elif len(numbers) == 1:
        report = RevokeReport.of([archiving.revoke(numbers[0], reason=why, actor=actor, restore=restore, key=key)])
    else:
        report = archiving.revoke_many(numbers, reason=why, actor=actor, restore=restore, key=key)
    if report.state is JobState.QUEUED:
        return answer_waiting(session, report.job_id)
    if report.state is JobState.FAILED:
        error: Any = session.registrar.running.get(report.job_id or "").result["error"]
        session.screen.fail(error["code"], error["message"])
        return 1
    document = life_tables.revocation_document(report, dry_run=dry_run)
    session.screen.answer(document, *life_tables.revocations(document, report))
    return 1 if document["rejected"] else 0


def restore(number: str, /, *, reason: str | None = None, by: As = None, session: Here) -> None:
    """Let an archived award live again, whose renewal was revoked or unassigned.

    Parameters
    ----------
    number
        The certificate's number.
    reason
        Why, for the history.
    by
        Who restores it, by username; by default the command line.
    """
    session.registrar.archiving.restore(number, actor=actor_of(session, by), reason=reason)
    show(number, session=session)


def purge(
    number: str | None = None,
    /,
    *,
    older_than: Length | None = None,
    certification: str | None = None,
    reason: str | None = None,
    dry_run: bool = False,
    for_good: bool = False,
    by: As = None,
    session: Here,
) -> None:
    """Remove awards that are no longer live, with their history; their numbers stay taken.

    Parameters
    ----------
    number
        The number of one that is archived or revoked.
    older_than
        All that were archived longer ago than this, such as "5 years"; revoked ones stay.
    certification
        Of these, only those of one certification: its code, or id: and its id.
    reason
        Why; it is kept, and needed.
    dry_run
        Count what would go, and remove nothing.
    for_good
        Remove it; nothing brings it back.
    by
        Who purges, by username; by default the command line.
    """
    if dry_run is for_good:
        raise CycloptsError(msg="Look first what would go with --dry-run; then remove it with --for-good.")
    if (number is None) is (older_than is None) or older_than == "none":
        raise CycloptsError(msg='Name one award by its number, or say an age such as --older-than "5 years".')
    if number is not None and certification is not None:
        raise CycloptsError(msg="One award is named by its number alone; --certification goes with --older-than.")
    why = reason_for("purge", reason, dry_run=dry_run)
    archiving, actor = session.registrar.archiving, actor_of(session, by)
    if number is not None:
        gone = archiving.purge(number, reason=why, actor=actor, dry_run=dry_run)
    else:
        ref = None if certification is None else certification_ref(certification)
        age: Any = older_than
        gone = archiving.purge_older(age, dry_run=dry_run, reason=why, actor=actor, certification=ref)
    session.screen.answer(
        life_tables.removed_document(gone, dry_run=dry_run), *life_tables.removed(gone, dry_run=dry_run)
    )


def _numbers(file: File, fmt: TableFormat) -> tuple[str, ...]:
    """The numbers of a file; raises `UnreadableFile`, naming the line, where a row has none."""
    found: list[str] = []
    with opened(file) as source:
        table = open_table(source, fmt, ("number",), ())
        for line, row in rows_of(table):
            number = "" if isinstance(row, Problem) else cells_of(table, row)["number"].strip()
            if not number:
                raise UnreadableFile(
                    "no_number", "this row has no number; fill it in, or remove the row", line, "number"
                )
            found.append(number)
    if not found:
        raise UnreadableFile("empty_file", "the file names no award; give a row for each")
    return tuple(found)
