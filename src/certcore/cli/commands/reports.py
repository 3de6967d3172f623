"""``certcore report``: who holds what, who held it, and how it stands at any instant."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from cyclopts import App

from certcore.cli import report_tables
from certcore.cli.arguments import Instant, certification_ref
from certcore.cli.commands.forecasting import compliance, forecast
from certcore.cli.learner_view import view_document, view_tables
from certcore.cli.listing import CsvFile
from certcore.cli.session import ACTOR, Here
from certcore.codec import Document, report_document
from certcore.domain.time import format_instant
from certcore.ports import StatusRow
from certcore.services.records import AwardRecord

_NAMED_AT_ONCE: Final = 1_000


def users(*, at: Instant | None = None, zone: str | None = None, csv: CsvFile = None, session: Here) -> None:
    """Report every award learner by learner, archived ones too: Users - Certifications.

    Parameters
    ----------
    at
        As of which instant, such as 2026-01-31T00:00:00Z; by default now.
    zone
        Where days left are counted; by default in each award's zone.
    csv
        Write the report to this file.
    """
    records = session.registrar.reporting.users_certifications(actor=ACTOR, at=at, zone=zone)
    report_tables.USERS.give(session.screen, _head(session, at, zone), _documents(records), csv)


def certifications(*, at: Instant | None = None, zone: str | None = None, csv: CsvFile = None, session: Here) -> None:
    """Report every award certification by certification, archived ones too: Certifications - Users.

    Parameters
    ----------
    at
        As of which instant, such as 2026-01-31T00:00:00Z; by default now.
    zone
        Where days left are counted; by default in each award's zone.
    csv
        Write the report to this file.
    """
    records = session.registrar.reporting.certifications_users(actor=ACTOR, at=at, zone=zone)
    report_tables.CERTIFICATIONS.give(session.screen, _head(session, at, zone), _documents(records), csv)


def awarded(
    certification: str,
    /,
    *,
    at: Instant | None = None,
    zone: str | None = None,
    csv: CsvFile = None,
    session: Here,
) -> None:
    """List those to whom a certification is awarded.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    at
        As of which instant, such as 2026-01-31T00:00:00Z; by default now.
    zone
        Where days left are counted; by default in each award's zone.
    csv
        Write the list to this file.
    """
    ref = certification_ref(certification)
    records = session.registrar.reporting.awarded(ref, actor=ACTOR, at=at, zone=zone)
    report_tables.AWARDED.give(session.screen, _head(session, at, zone), _documents(records), csv)


def learner(username: str, /, *, at: Instant | None = None, zone: str | None = None, session: Here) -> None:
    """Show what a learner sees of their own certifications, and what can be renewed.

    Parameters
    ----------
    username
        The learner.
    at
        As of which instant, such as 2026-01-31T00:00:00Z; by default now.
    zone
        The reader's zone, in which days are shown; by default the learner's.
    """
    view = session.registrar.viewing.learner(username, actor=ACTOR, at=at, zone=zone)
    session.screen.answer(view_document(view), *view_tables(view))


def statuses(
    *, at: Instant | None = None, certification: str | None = None, csv: CsvFile = None, session: Here
) -> None:
    """Say how every award stands at an instant, past or future, by what is known today.

    Parameters
    ----------
    at
        The instant, such as 2026-01-31T00:00:00Z; by default now.
    certification
        Only that certification: its code, or id: and its id.
    csv
        Write the list to this file.
    """
    ref = None if certification is None else certification_ref(certification)
    now = at or session.clock()
    reporting, counts = session.registrar.reporting, Counter[str]()
    with reporting.statuses(now, actor=ACTOR, certification=ref) as rows:
        documents = _counted(_statuses(session, rows), counts)
        report_tables.STATUSES.give(session.screen, {"at": format_instant(now)}, documents, csv)
    if csv is None and counts:
        session.screen.say("")
        session.screen.say(*report_tables.counts(counts))


def _statuses(session: Here, rows: Iterator[StatusRow]) -> Iterator[Document]:
    """The rows with what people call a learner and a certification."""
    overviews = session.registrar.defining.overviews(actor=ACTOR)
    labels = {each.certification.id: each.certification.label for each in overviews}
    while batch := list(islice(rows, _NAMED_AT_ONCE)):
        people = session.platform.directory.people({learner_id for _, learner_id, *_ in batch})
        for number, learner_id, certification_id, status, expires_at in batch:
            yield {
                "number": number,
                "username": people[learner_id].username if learner_id in people else learner_id,
                "certification": labels.get(certification_id, f"id:{certification_id:x}"),
                "status": status.value,
                "expires_at": None if expires_at is None else format_instant(expires_at),
            }


def _counted(rows: Iterator[Document], counts: Counter[str]) -> Iterator[Document]:
    for row in rows:
        counts[row["status"]] += 1
        yield row


def _documents(records: Iterator[AwardRecord]) -> Iterator[Document]:
    return map(report_document, records)


def _head(session: Here, at: datetime | None, zone: str | None) -> Document:
    return {"at": format_instant(at or session.clock()), "zone": zone}


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="report", help="Report who holds and held what, as of any instant.")
    for command in (users, certifications, awarded, learner, statuses, compliance):
        group.command(command)
    app.command(group)
    app.command(forecast)
