"""Renewals of awards: started, then fulfilled by completing an item, or cancelled (R-52)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from certcore.domain.certifications import ItemRef, sorted_items
from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import as_instant


class RenewalState(StrEnum):
    """Where a renewal stands."""

    OPEN = "open"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


def _sorted(items: Iterable[ItemRef]) -> tuple[ItemRef, ...]:
    return sorted_items(items)


@frozen
class Renewal:
    """The renewal of one award; an award has at most one, which starts again after it was cancelled.

    ``policy`` is the certification's at the start (R-3), ``items`` are the ways to renew at the start, and
    ``allow_retake`` says whether an item that was complete then could be taken again (R-51).
    """

    award_id: int
    learner_id: str
    certification_id: int
    started_at: datetime = field(converter=as_instant)
    policy: RenewalPolicy
    allow_retake: bool = False
    items: tuple[ItemRef, ...] = field(default=(), converter=_sorted)
    state: RenewalState = RenewalState.OPEN
    version: int = 1
