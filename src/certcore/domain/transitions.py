"""How awards change: each transition gives the award after it, its history entry and its event (I5).

Nobody is notified of these; how awards come to be is in `issuing`.
"""

from datetime import datetime

from attrs import evolve, field, frozen

from certcore.domain.awards import Award, Ending, EndReason
from certcore.domain.facts import before_of, written_terms
from certcore.domain.history import EVENT_VERSION, Event, HistoryEntry, canonical, chained, personal
from certcore.domain.people import Actor
from certcore.domain.time import as_instant
from certcore.errors import NotLive


@frozen
class Context:
    """Under what an act happens: who acts, at which instant, within which job."""

    actor: Actor
    now: datetime = field(converter=as_instant)
    job_id: int | None = None


@frozen
class Successor:
    """What a renewed award knows of the one that follows it."""

    id: int
    number: str
    starts_at: datetime


@frozen
class Change:
    """An award after a transition, with what is written beside it."""

    before: Award
    after: Award
    entry: HistoryEntry
    event: Event


def archive_renewed(award: Award, successor: Successor, salt: bytes, context: Context) -> Change:
    """The award that ``successor`` renews: archived, dates kept, valid until the successor starts (R-14, R-60)."""
    _must_be_live(award)
    after = evolve(award, ending=Ending(EndReason.RENEWED, successor.starts_at), renewed_by=successor.id)
    return _changed(award, after, "renewed", {"by": successor.number}, salt, context)


def unassign(award: Award, reason: str | None, salt: bytes, context: Context) -> Change:
    """The award taken from the learner's view and history as given by mistake (R-33)."""
    _must_be_live(award)
    ending = Ending(EndReason.UNASSIGNED, min(context.now, award.period.issued_at))
    return _changed(award, evolve(award, ending=ending), "unassigned", {}, salt, context, note=reason)


def edit(award: Award, edited: Award, salt: bytes, context: Context) -> Change:
    """``edited`` in place of ``award``: other dates, basis, details or print (R-28, R-32).

    Before and after are kept, no notice goes out (R-44).
    """
    _must_be_live(award)
    facts = (
        f'{{"after":{written_terms(edited.period, edited.basis, edited.details, edited.edition)},'
        f'"before":{written_terms(award.period, award.basis, award.details, award.edition)}}}'
    )
    return _changed(award, edited, "edited", facts, salt, context, note=edited.details.note)


def undo_issue(award: Award, salt: bytes, context: Context) -> Change:
    """The award that an undone import issued: archived as if it had never been (R-45)."""
    _must_be_live(award)
    ending = Ending(EndReason.UNDONE, min(context.now, award.period.issued_at))
    return _changed(award, evolve(award, ending=ending), "undone", {}, salt, context)


def undo_renewal(award: Award, salt: bytes, context: Context) -> Change:
    """The award that an undone import renewed: live again (R-45)."""
    return _changed(award, evolve(award, ending=None, renewed_by=None), "restored", {}, salt, context)


def undo_edit(award: Award, facts: str, salt: bytes, context: Context) -> Change:
    """The award as it was before the edit with these ``facts`` (R-45)."""
    period, basis, details = before_of(facts)
    return edit(
        award,
        evolve(award, period=period, basis=basis, details=evolve(details, note=award.details.note)),
        salt,
        context,
    )


def _must_be_live(award: Award) -> None:
    if not award.live:
        raise NotLive(award.number)


def _changed(
    before: Award,
    after: Award,
    act: str,
    facts: dict[str, object] | str,
    salt: bytes,
    context: Context,
    *,
    note: str | None = None,
) -> Change:
    seq = before.version + 1
    (about_people,) = personal(context.actor.id, [(before.learner_id, note)])
    text = facts if isinstance(facts, str) else canonical(facts)
    entry = chained(
        before.head,
        award_id=before.id,
        seq=seq,
        at=context.now,
        act=act,
        facts=text,
        personal=about_people,
        salt=salt,
        job_id=context.job_id,
    )
    return Change(
        before,
        evolve(after, version=seq, head=entry.hash),
        entry,
        Event(before.id, seq, f"award.{act}", EVENT_VERSION, text, context.now, notify=False),
    )
