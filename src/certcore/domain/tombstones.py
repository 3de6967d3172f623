"""What stays of awards that were deleted or purged (R-4, R-61, R-64)."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from certcore.domain.awards import Award
from certcore.domain.checks import prose, short_text
from certcore.domain.time import as_instant
from certcore.domain.transitions import Context

LONGEST_REASON: Final = 2_000
"""How many characters a tombstone keeps of why."""


class Removal(StrEnum):
    """How an award went."""

    DELETED = "deleted"
    PURGED = "purged"


@frozen
class Tombstone:
    """One award that is no more: its number stays taken for ever (I3), and who removed it, when and why stays known.

    ``length`` and ``head`` are those of the history that went with it. Nothing in it tells who held the award.
    """

    number: str = field(validator=short_text(32))
    award_id: int
    act: Removal
    at: datetime = field(converter=as_instant)
    actor_id: str = field(validator=short_text(64))
    reason: str | None = field(default=None, validator=prose(LONGEST_REASON))
    length: int = 0
    head: bytes = b""


def bury(award: Award, act: Removal, reason: str | None, context: Context) -> Tombstone:
    """What stays of the award when it is removed now."""
    return Tombstone(
        award.number, award.id, act, context.now, context.actor.id, reason, length=award.version, head=award.head
    )
