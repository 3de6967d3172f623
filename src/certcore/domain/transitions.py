"""How awards come to be and change: each transition gives the award after it, its history entry and its event (I5)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from attrs import evolve, field, frozen

from certcore.domain.awards import NO_DETAILS, Award, Basis, Details, Ending, EndReason, Period
from certcore.domain.certifications import Certification
from certcore.domain.facts import before_of, written_terms
from certcore.domain.history import Event, HistoryEntry, canonical, chained, quoted
from certcore.domain.numbers import RandomBytes, new_ids, new_numbers, new_tokens
from certcore.domain.people import Actor, Person
from certcore.domain.time import as_instant
from certcore.errors import NotLive

EVENT_VERSION = 1
_SALT_BYTES = 16


@frozen
class Context:
    """Under what an act happens: who acts, at which instant, within which job."""

    actor: Actor
    now: datetime = field(converter=as_instant)
    job_id: int | None = None


@frozen
class Identity:
    """What a new award needs that only chance can give, and the salt of its first history entry."""

    id: int
    number: str
    token: bytes
    salt: bytes

    @classmethod
    def batch(cls, count: int, random_bytes: RandomBytes) -> Iterator[Self]:
        """``count`` identities from four draws of random bytes."""
        return map(
            cls,
            new_ids(count, random_bytes),
            new_numbers(count, random_bytes),
            new_tokens(count, random_bytes),
            salts(count, random_bytes),
        )


def salts(count: int, random_bytes: RandomBytes) -> list[bytes]:
    """``count`` salts for history entries."""
    pool = random_bytes(_SALT_BYTES * count)
    return [pool[at : at + _SALT_BYTES] for at in range(0, len(pool), _SALT_BYTES)]


@frozen
class Change:
    """One award after a transition, with what is written beside it. ``before`` is None for a new award."""

    before: Award | None
    after: Award
    entry: HistoryEntry
    event: Event


def issue(
    certification: Certification,
    learner: Person,
    period: Period,
    basis: Basis,
    identity: Identity,
    context: Context,
    *,
    details: Details = NO_DETAILS,
    notify: bool = True,
    renews: Award | None = None,
) -> Change:
    """A new award; its notice waits until the award starts. Names are kept as documents print them (R-28)."""
    award_id = identity.id
    facts = f'{{"after":{written_terms(period, basis, details, certification.edition)},"number":"{identity.number}"}}'
    entry = _entry(
        b"",
        award_id,
        1,
        act="issued",
        facts=facts,
        learner_id=learner.id,
        note=details.note,
        salt=identity.salt,
        context=context,
    )
    award = Award(
        award_id,
        identity.number,
        identity.token,
        certification.id,
        certification.edition,
        learner.id,
        learner.full_name,
        period,
        basis,
        details,
        None if renews is None else renews.id,
        head=entry.hash,
    )
    due_at = max(context.now, period.issued_at)
    return Change(None, award, entry, Event(award_id, 1, "award.issued", EVENT_VERSION, facts, due_at, notify))


def archive_renewed(award: Award, successor: Award, salt: bytes, context: Context) -> Change:
    """The award that ``successor`` renews: archived, dates kept, valid until the successor starts (R-14, R-60)."""
    _must_be_live(award)
    ending = Ending(EndReason.RENEWED, successor.period.issued_at)
    after = evolve(award, ending=ending, renewed_by=successor.id)
    return _changed(award, after, "renewed", {"by": successor.number}, salt, context, notify=False)


def unassign(award: Award, reason: str | None, salt: bytes, context: Context) -> Change:
    """The award taken from the learner's view and history as given by mistake (R-33)."""
    _must_be_live(award)
    ending = Ending(EndReason.UNASSIGNED, min(context.now, award.period.issued_at))
    return _changed(award, evolve(award, ending=ending), "unassigned", {}, salt, context, note=reason, notify=False)


def edit(award: Award, edited: Award, salt: bytes, context: Context) -> Change:
    """``edited`` in place of ``award``: other dates, basis, details or print (R-28, R-32).

    Before and after are kept, no notice goes out (R-44).
    """
    _must_be_live(award)
    facts = (
        f'{{"after":{written_terms(edited.period, edited.basis, edited.details, edited.edition)},'
        f'"before":{written_terms(award.period, award.basis, award.details, award.edition)}}}'
    )
    return _changed(award, edited, "edited", facts, salt, context, note=edited.details.note, notify=False)


def undo_issue(award: Award, salt: bytes, context: Context) -> Change:
    """The award that an undone import issued: archived as if it had never been (R-45)."""
    _must_be_live(award)
    ending = Ending(EndReason.UNDONE, min(context.now, award.period.issued_at))
    return _changed(award, evolve(award, ending=ending), "undone", {}, salt, context, notify=False)


def undo_renewal(award: Award, salt: bytes, context: Context) -> Change:
    """The award that an undone import renewed: live again (R-45)."""
    return _changed(award, evolve(award, ending=None, renewed_by=None), "restored", {}, salt, context, notify=False)


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
    notify: bool,
    note: str | None = None,
) -> Change:
    seq = before.version + 1
    text = facts if isinstance(facts, str) else canonical(facts)
    entry = _entry(
        before.head,
        before.id,
        seq,
        act=act,
        facts=text,
        learner_id=before.learner_id,
        note=note,
        salt=salt,
        context=context,
    )
    return Change(
        before,
        evolve(after, version=seq, head=entry.hash),
        entry,
        Event(before.id, seq, f"award.{act}", EVENT_VERSION, text, context.now, notify),
    )


def _entry(
    previous: bytes,
    award_id: int,
    seq: int,
    *,
    act: str,
    facts: str,
    learner_id: str,
    note: str | None,
    salt: bytes,
    context: Context,
) -> HistoryEntry:
    return chained(
        previous,
        award_id=award_id,
        seq=seq,
        at=context.now,
        act=act,
        facts=facts,
        personal=_personal(context.actor.id, learner_id, note),
        salt=salt,
        job_id=context.job_id,
    )


def _personal(actor_id: str, learner_id: str, note: str | None) -> str:
    noted = "" if note is None else f',"note":{quoted(note)}'
    return f'{{"actor":{quoted(actor_id)},"learner":{quoted(learner_id)}{noted}}}'
