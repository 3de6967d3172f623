"""How awards change: each transition gives the award after it, its history entry and its event (I5).

`TRANSITIONS` is the life cycle as a table; how awards come to be is in `issuing`, how others renew them in
`succession`.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from attrs import evolve, field, frozen

from certcore.domain.awards import Award, Ending, EndReason
from certcore.domain.checks import check_prose
from certcore.domain.facts import before_of, written_terms
from certcore.domain.history import EVENT_VERSION, Event, HistoryEntry, canonical, chained, personal
from certcore.domain.people import Actor
from certcore.domain.time import as_instant
from certcore.errors import NotLive, NotRestorable


@frozen
class Transition:
    """One row of the life cycle: what an ``act`` makes of an award.

    ``before`` are the states from which it may happen, ``after`` the state it leads to: the reason why the award is no
    longer live, None while it is live. An act without a state ``before`` makes a new award. ``told`` says whether the
    learner is to be told of it. The event is the ``act`` with ``award.`` before it.
    """

    act: str
    before: tuple[EndReason | None, ...]
    after: EndReason | None
    told: bool = False

    @property
    def event(self) -> str:
        """The kind of the event that goes to the outbox with it (R-115)."""
        return f"award.{self.act}"


_LIVE: Final = (None,)
_ROWS: Final = (
    Transition("issued", (), None, told=True),
    Transition("edited", _LIVE, None),
    Transition("renewal_started", _LIVE, None),
    Transition("renewal_cancelled", _LIVE, None),
    Transition("equated", _LIVE, None),
    Transition("renewed", _LIVE, EndReason.RENEWED),
    Transition("past", _LIVE, EndReason.PAST),
    Transition("unassigned", (None, EndReason.PAST), EndReason.UNASSIGNED),
    Transition("undone", _LIVE, EndReason.UNDONE),
    Transition("revoked", _LIVE, EndReason.REVOKED, told=True),
    Transition("cut_short", (EndReason.RENEWED,), EndReason.RENEWED),
    Transition("restored", (EndReason.RENEWED,), None),
)
TRANSITIONS: Final[Mapping[str, Transition]] = MappingProxyType({each.act: each for each in _ROWS})
"""Every act that changes an award, by its name in histories; no other change is made (I2)."""

_NO_FACTS: Final = canonical({})


@frozen
class Context:
    """Under what an act happens: who acts, at which instant, within which job."""

    actor: Actor
    now: datetime = field(converter=as_instant)
    job_id: int | None = None


@frozen
class Change:
    """An award after a transition, with what is written beside it."""

    before: Award
    after: Award
    entry: HistoryEntry
    event: Event


def archive_past(award: Award, at: datetime, salt: bytes, context: Context) -> Change:
    """An award reported late, which a later one has followed: archived from ``at`` on, never live (R-27)."""
    return _changed(award, award, "past", _NO_FACTS, salt, context, ending=Ending(EndReason.PAST, at))


def start_renewal(award: Award, facts: Mapping[str, object], salt: bytes, context: Context) -> Change:
    """The award as it was, with what was started (R-52)."""
    return _changed(award, award, "renewal_started", facts, salt, context)


def cancel_renewal(award: Award, reason: str | None, salt: bytes, context: Context) -> Change:
    """The award as it was, its renewal not open any more (R-52)."""
    return _changed(award, award, "renewal_cancelled", _NO_FACTS, salt, context, note=reason)


def stood_for(award: Award, external: str, salt: bytes, context: Context) -> Change:
    """The award as it was: the external certificate with this id stands for it, and gives no other (R-74, R-45)."""
    return _changed(award, award, "equated", {"external": external}, salt, context)


def unassign(award: Award, reason: str | None, salt: bytes, context: Context) -> Change:
    """The award taken from the learner's view and history as given by mistake (R-33)."""
    ending = Ending(EndReason.UNASSIGNED, min(context.now, award.period.issued_at))
    return _changed(award, award, "unassigned", _NO_FACTS, salt, context, note=reason, ending=ending)


def edit(award: Award, edited: Award, salt: bytes, context: Context) -> Change:
    """``edited`` in place of ``award``: other dates, basis, details or print (R-28, R-32).

    Before and after are kept, no notice goes out (R-44).
    """
    facts = (
        f'{{"after":{written_terms(edited.period, edited.basis, edited.details, edited.edition)},'
        f'"before":{written_terms(award.period, award.basis, award.details, award.edition)}}}'
    )
    return _changed(award, edited, "edited", facts, salt, context, note=edited.details.note)


def revoke(award: Award, reason: str, salt: bytes, context: Context, *, notify: bool = True) -> Change:
    """The award taken away for ever, from now on, for a ``reason`` that history keeps (R-61).

    Raises `InvalidValue` for a blank reason.
    """
    check_prose("reason", reason)
    ending = Ending(EndReason.REVOKED, context.now)
    return _changed(award, award, "revoked", _NO_FACTS, salt, context, note=reason, notify=notify, ending=ending)


def outlives(award: Award, now: datetime) -> bool:
    """Whether a renewed award is still to be valid after ``now``, until the award that renews it starts (R-14)."""
    return award.ending is not None and award.ending.reason is EndReason.RENEWED and award.ending.at > now


def cut_short(award: Award, revoked: Award, salt: bytes, context: Context) -> Change:
    """A renewed award that would have been valid until ``revoked`` starts: over now, as that never will (R-61)."""
    ending = Ending(EndReason.RENEWED, context.now)
    return _changed(award, award, "cut_short", {"by": revoked.number}, salt, context, ending=ending)


def restore(award: Award, successor: Award | None, reason: str | None, salt: bytes, context: Context) -> Change:
    """The archived award live again, since the one that renewed it was taken away or is not there any more (R-65).

    Raises `NotRestorable` for one that was never renewed, or whose ``successor`` was neither revoked nor unassigned.
    """
    renewed = award.ending is not None and award.ending.reason is EndReason.RENEWED
    if not renewed or not (successor is None or _taken_away(successor)):
        raise NotRestorable(award.number)
    facts: dict[str, object] = {} if successor is None else {"after": successor.number}
    return _changed(award, award, "restored", facts, salt, context, note=reason, ending=None, renewed_by=None)


def undo_issue(award: Award, salt: bytes, context: Context) -> Change:
    """The award that an undone import issued: archived as if it had never been (R-45)."""
    ending = Ending(EndReason.UNDONE, min(context.now, award.period.issued_at))
    return _changed(award, award, "undone", _NO_FACTS, salt, context, ending=ending)


def undo_renewal(award: Award, salt: bytes, context: Context) -> Change:
    """The award that an undone import renewed: live again (R-45)."""
    return _changed(award, award, "restored", _NO_FACTS, salt, context, ending=None, renewed_by=None)


def undo_edit(award: Award, facts: str, salt: bytes, context: Context) -> Change:
    """The award as it was before the edit with these ``facts`` (R-45)."""
    period, basis, details = before_of(facts)
    return edit(
        award,
        evolve(award, period=period, basis=basis, details=evolve(details, note=award.details.note)),
        salt,
        context,
    )


def _taken_away(award: Award) -> bool:
    return award.ending is not None and award.ending.reason in (EndReason.REVOKED, EndReason.UNASSIGNED)


def _changed(
    before: Award,
    edited: Award,
    act: str,
    facts: Mapping[str, object] | str,
    salt: bytes,
    context: Context,
    *,
    note: str | None = None,
    notify: bool = False,
    **changes: object,
) -> Change:
    """``before`` becomes ``edited`` with these changes, and its next version."""
    transition = TRANSITIONS[act]
    if (before.ending.reason if before.ending else None) not in transition.before:
        raise NotLive(before.number)
    text = facts if isinstance(facts, str) else canonical(facts)
    seq = before.version + 1
    (about_people,) = personal(context.actor.id, [(before.learner_id, note)])
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
        evolve(edited, version=seq, head=entry.hash, **changes),  # type: ignore[arg-type]
        entry,
        Event(before.id, seq, transition.event, EVENT_VERSION, text, context.now, transition.told and notify),
    )
