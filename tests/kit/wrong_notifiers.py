"""Notifiers and inboxes that break a promise each."""

from collections.abc import Collection, Sequence
from datetime import datetime
from email.parser import Parser
from secrets import token_hex

from attrs import evolve

from certcore.adapters.memory import MemoryInbox
from certcore.domain.notices import InboxEntry, Message


class ToldTwice(MemoryInbox):
    """Gives every attempt an id of its own."""

    def send(self, message: Message) -> None:
        super().send(evolve(message, id=token_hex(16)))


class NewestWords(MemoryInbox):
    """Replaces what was there, unread again."""

    def send(self, message: Message) -> None:
        self._kept.pop(message.id, None)
        super().send(message)


class RaisesOnRepeat(MemoryInbox):
    """Takes a repeat for an error."""

    def send(self, message: Message) -> None:
        if message.id in self._kept:
            raise KeyError(message.id)
        super().send(message)


class AsciiWords(MemoryInbox):
    """Loses what is not ASCII."""

    def send(self, message: Message) -> None:
        body = message.body.encode("ascii", "replace").decode()
        super().send(evolve(message, body=body, subject=message.subject.encode("ascii", "replace").decode()))


class WrittenAsMail(MemoryInbox):
    """Joins headers and body by hand."""

    def send(self, message: Message) -> None:
        mail = Parser().parsestr(f"Subject: {message.subject}\nTo: {message.recipient.full_name}\n{message.body}")
        super().send(evolve(message, body=str(mail.get_payload())))


class CutSubjects(MemoryInbox):
    """Has a column of 200 characters."""

    def send(self, message: Message) -> None:
        super().send(evolve(message, subject=message.subject[:200]))


class NoFiles(MemoryInbox):
    """Forgets what is attached."""

    def send(self, message: Message) -> None:
        super().send(evolve(message, attachments=()))


class FoldedPeople(MemoryInbox):
    """Finds people whatever the case of their ids."""

    def of(self, person_id: str, before: tuple[datetime, str] | None, limit: int) -> Sequence[InboxEntry]:
        found = [each for each in self._kept.values() if each.recipient_id.lower() == person_id.lower()]
        newest = sorted(found, key=lambda each: (each.received_at, each.id), reverse=True)
        return [each for each in newest if before is None or (each.received_at, each.id) < before][:limit]


class AnybodyReads(MemoryInbox):
    """Marks messages as read for whoever asks."""

    def mark_read(self, person_id: str, ids: Collection[str]) -> None:  # noqa: ARG002
        for message_id in set(ids) & set(self._kept):
            super().mark_read(self._kept[message_id].recipient_id, [message_id])


class ReadAgain(MemoryInbox):
    """Notes the last time a message was read."""

    def mark_read(self, person_id: str, ids: Collection[str]) -> None:
        for message_id in set(ids) & set(self._kept):
            self._kept[message_id] = evolve(self._kept[message_id], read_at=None)
        super().mark_read(person_id, ids)


class TiedPages(MemoryInbox):
    """Goes on behind the instant of the last message, not behind the message."""

    def __init__(self) -> None:
        at = datetime.fromisoformat("2026-06-15T12:00:00Z")
        super().__init__(lambda: at)

    def of(self, person_id: str, before: tuple[datetime, str] | None, limit: int) -> Sequence[InboxEntry]:
        if before is not None:
            before = before[0], ""
        return super().of(person_id, before, limit)


class OnlyReaders(MemoryInbox):
    """Forgets what was written to somebody, and keeps what was written about them."""

    def forget(self, person_id: str) -> None:
        for message_id in [each.id for each in self._kept.values() if each.recipient_id == person_id]:
            del self._kept[message_id]
