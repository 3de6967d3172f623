"""What of an award is shown to whom, and what a chain of awards says of each of its links (R-26, R-33, R-60, R-61)."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import evolve, frozen

from certcore.domain.awards import Award
from certcore.domain.history import HistoryEntry
from certcore.domain.people import Actor, Scope
from certcore.domain.time import existing_day, start_of_day
from certcore.errors import DateOutOfRange

_NAMING_NEIGHBOURS: Final = frozenset({"renewed", "cut_short", "restored"})


@frozen
class Viewer:
    """Who reads, and the learners whose awards they may see.

    Their own awards they see as a learner does, unless they may see everybody's: nothing that was unassigned, undone or
    revoked, and no internal note.
    """

    actor: Actor
    scope: Scope

    def as_learner(self, learner_id: str) -> bool:
        """Whether they see this learner's awards as the learner does."""
        return not self.scope.everyone and learner_id == self.actor.id

    def shown(self, award: Award | None) -> Award | None:
        """What they see of the award: None where they see nothing of it."""
        if award is None or not self.scope.covers(award.learner_id):
            return None
        return learners_own(award) if self.as_learner(award.learner_id) else award

    def entry(self, entry: HistoryEntry, award: Award) -> HistoryEntry:
        """What they see of an entry of the award.

        Where they read as its learner, without names and notes, and without the number of a neighbour in the chain,
        which may have been taken from them.
        """
        if not self.as_learner(award.learner_id):
            return entry
        facts = "{}" if entry.act in _NAMING_NEIGHBOURS else entry.facts
        return evolve(entry, facts=facts, personal=None, salt=None)


def learners_own(award: Award) -> Award | None:
    """The award as its learner may see it: without the internal note (R-26); None when withdrawn (R-33, R-61)."""
    if award.withdrawn:
        return None
    if award.details.note is None:
        return award
    return evolve(award, details=evolve(award.details, note=None))


class Renewed(StrEnum):
    """Whether an award was still valid when it was renewed (R-60)."""

    BEFORE_EXPIRY = "before_expiry"
    AFTER_EXPIRY = "after_expiry"


def renewed(award: Award, successor: Award) -> Renewed:
    """Whether ``successor`` renewed the award before its expiry or after; at the very instant is after (R-60, f32).

    What counts is the completion behind the successor, not when its period starts: that may be the old expiry.
    """
    if award.period.expires_at is None or _completed_at(successor) < award.period.expires_at:
        return Renewed.BEFORE_EXPIRY
    return Renewed.AFTER_EXPIRY


def _completed_at(award: Award) -> datetime:
    day, zone = award.details.completed_on, award.period.zone
    if day is None:
        return award.period.issued_at
    try:
        return start_of_day(existing_day(day, zone), zone)
    except DateOutOfRange:
        return award.period.issued_at
