"""The in-app inbox in memory."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from threading import Lock

from attrs import evolve

from certcore.domain.notices import InboxEntry, Message
from certcore.ports import Clock, Inbox


class MemoryInbox(Inbox):
    """Keeps messages until the process ends."""

    def __init__(self, clock: Clock = partial(datetime.now, UTC)) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, InboxEntry] = {}

    def send(self, message: Message) -> None:
        with self._lock:
            if message.id not in self._kept:
                self._kept[message.id] = InboxEntry.of(message, self._clock())

    def of(self, person_id: str, before: tuple[datetime, str] | None, limit: int) -> Sequence[InboxEntry]:
        with self._lock:
            found = [each for each in self._kept.values() if each.recipient_id == person_id]
        newest = sorted(found, key=lambda each: (each.received_at, each.id), reverse=True)
        return [each for each in newest if before is None or (each.received_at, each.id) < before][:limit]

    def unread(self, person_id: str) -> int:
        with self._lock:
            return sum(each.recipient_id == person_id and each.read_at is None for each in self._kept.values())

    def mark_read(self, person_id: str, ids: Collection[str]) -> None:
        with self._lock:
            for each in (self._kept[message_id] for message_id in ids if message_id in self._kept):
                if each.recipient_id == person_id and each.read_at is None:
                    self._kept[each.id] = evolve(each, read_at=self._clock())

    def forget(self, person_id: str) -> None:
        with self._lock:
            theirs = [each.id for each in self._kept.values() if person_id in (each.recipient_id, each.learner_id)]
            for message_id in theirs:
                del self._kept[message_id]
