"""What people were told because of an import: what an undo cannot take back, and lists (R-45)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from attrs import define, field, frozen

from certcore.domain.deliveries import Delivery
from certcore.domain.history import HistoryEntry
from certcore.domain.notices import Notice
from certcore.domain.notices.messages import NOTICE
from certcore.errors import InvalidValue
from certcore.ports import Transaction

LISTED: Final = 1_000
"""How many are listed; all are counted."""
_PAGE: Final = 1_000


@frozen
class DeliveredNotice:
    """A notice that a notifier has taken: the id of its message, the rule's code, what it waited for, and whom it told.

    ``number`` is that of the award, ``recipient_id`` who was told, ``at`` the instant of the moment. ``notifier`` names
    who took it, where there are several: each is listed.
    """

    id: str
    rule: str
    kind: str
    number: str
    recipient_id: str
    at: datetime
    notifier: str | None = None


@define
class Delivered:
    """The notices that were delivered about awards of an import: the first of them, and how many."""

    _tenant: str
    total: int = 0
    first: list[DeliveredNotice] = field(factory=list)

    def add(self, tx: Transaction, entries: Sequence[HistoryEntry]) -> None:
        """Add those about awards that the import issued or edited, as these entries of their history say.

        Of an award that it only edited, those of moments since. What another release told is counted only (f29).
        """
        since = {entry.award_id: None if entry.act == "issued" else entry.at for entry in entries}
        for delivery in _handed_over(tx, sorted(since)):
            edited_at = since[delivery.award_id]
            full = len(self.first) >= LISTED
            notice = None if full and edited_at is None else _notice(delivery)
            if notice is None or edited_at is None or notice.at >= edited_at:
                self.total += 1
                if notice is not None and not full:
                    self.first.append(self._listed(delivery, notice))

    def _listed(self, delivery: Delivery, notice: Notice) -> DeliveredNotice:
        return DeliveredNotice(
            notice.id(self._tenant),
            notice.rule,
            str(notice.when),
            notice.subject,
            notice.recipient_id,
            notice.at,
            delivery.kind.partition(".")[2] or None,
        )


def _notice(delivery: Delivery) -> Notice | None:
    try:
        return Notice.from_payload(delivery.payload, delivery.learner_id)
    except InvalidValue:
        return None


def _handed_over(tx: Transaction, award_ids: Sequence[int]) -> Iterator[Delivery]:
    after: tuple[int, str] | None = None
    while page := tx.deliveries.handed_over(NOTICE, award_ids, after, _PAGE):
        yield from page
        after = page[-1].award_id, page[-1].id
        award_ids = [award_id for award_id in award_ids if award_id >= after[0]]
