"""Awards that are there: find, show, correct and take back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from attrs import evolve
from cyclopts import Parameter
from rich.console import RenderableType

from certcore.cli import award_tables
from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import Amount, Day, Instant, Kind, Links, basis_of
from certcore.cli.filters import FILTERS, FilterOptions
from certcore.cli.session import ACTOR, Here
from certcore.codec import award_document, history_document
from certcore.services.records import AwardRecord


def edit(
    number: str,
    /,
    *,
    issued_on: Day | None = None,
    expires_on: Day | None = None,
    always_valid: Annotated[bool | None, Parameter(negative="--no-always-valid")] = None,
    kind: Kind | None = None,
    code: str | None = None,
    link: Links = (),
    score: Amount | None = None,
    completed_on: Day | None = None,
    credits: Amount | None = None,
    note: str | None = None,
    reprint: bool = False,
    session: Here,
) -> None:
    """Correct an award; who did it, when, before and after are kept.

    Parameters
    ----------
    number
        The certificate's number.
    issued_on
        The day of issue, in the award's own zone.
    expires_on
        The day of expiry, in the award's own zone.
    always_valid
        Whether it never expires.
    kind
        What it rests on.
    code
        The code of the course, learning plan or external activity behind it.
    link
        provider=https://... of an external certification; may be given several times.
    score
        The score reached.
    completed_on
        The day of completion.
    credits
        The credits earned.
    note
        An internal note, which no learner sees.
    reprint
        Take over the learner's name and the certification's title as they are now.
    """
    given = {"score": score, "completed_on": completed_on, "credits": credits, "note": note}
    details = {key: value for key, value in given.items() if value is not None}
    before, _ = session.registrar.reporting.show(number, actor=ACTOR)
    session.registrar.correcting.edit(
        number,
        actor=ACTOR,
        issued_on=issued_on,
        expires_on=expires_on,
        always_valid=always_valid,
        basis=basis_of(kind, code, link),
        details=evolve(before.award.details, **details) if details else None,  # type: ignore[arg-type]
        reprint=reprint,
    )
    show(number, session=session)


def unassign(number: str, /, *, reason: str | None = None, by: As = None, session: Here) -> None:
    """Take back an award that was given by mistake.

    Parameters
    ----------
    number
        The certificate's number.
    reason
        Why, for the history.
    by
        Who takes it back, by username; by default the command line.
    """
    session.registrar.correcting.unassign(number, actor=actor_of(session, by), reason=reason)
    show(number, session=session)


def search(
    *,
    filters: FilterOptions = FILTERS,
    at: Instant | None = None,
    limit: int = 50,
    after: str | None = None,
    by: As = None,
    session: Here,
) -> None:
    """Find awards; what is given must all fit.

    Parameters
    ----------
    at
        The instant at which the status is judged, such as 2026-01-31T00:00:00Z; by default now.
    limit
        The most awards to give, up to 1,000.
    after
        Go on behind the page that gave this as next, with the same filters.
    by
        Who asks, by username; by default the command line.
    """
    reporting, actor, wanted = session.registrar.reporting, actor_of(session, by), filters.read()
    page = reporting.search(actor=actor, at=at, after=after, limit=limit, **wanted)
    document = {"awards": [award_document(record) for record in page.records], "next": page.next}
    session.screen.answer(document, *_found(page.records, filters.learner, at or session.clock()))
    if page.next is not None:
        session.screen.say(f"There are more: --after {page.next}")
    if not page.records and after is None:
        session.screen.say(reporting.emptied(actor=actor, at=at, **wanted).sentence)


def show(number: str, /, *, session: Here) -> None:
    """Show one award in full, with its history.

    Parameters
    ----------
    number
        The certificate's number.
    """
    record, history = session.registrar.reporting.show(number, actor=ACTOR)
    document = {**award_document(record), "history": [history_document(entry) for entry in history]}
    session.screen.answer(document, *award_tables.award(record, history))


def _found(records: Sequence[AwardRecord], learner: str | None, now: datetime) -> Iterable[RenderableType]:
    person = records[0].person if records and learner is not None else None
    return award_tables.awards(records) if person is None else award_tables.learners_awards(person, records, now)
