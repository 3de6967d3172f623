"""The contracts of `certcore.ports.Notifier` and `certcore.ports.Inbox`."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import pytest
from attrs import evolve, frozen

from certcore.domain.notices import Attachment, InboxEntry
from certcore.ports import Inbox, Notifier
from certcore.testing.builders import make_message, make_person
from certcore.testing.threads import at_once

BODIES: Final = {
    "blank lines": "Hello\n\n\nBye",
    "a dot alone": "One\n.\n..\nTwo",
    "From at the start": "From me\n>From you\nFrom: them",
    "headers": "Bcc: eve@example.org\nContent-Type: text/html\n\n<b>x</b>",
    "a boundary": "--===============1==\n--===============1==--",
    "a long line": "x" * 3_000,
    "a long word of another script": "字" * 1_000,
    "right to left": "שלום עולם\nمرحبا بالعالم 12.3",
    "beyond the basic plane": "👩🏽\u200d🚀 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ﷽",
    "combining": "e\u0301 and é stay as they are",
    "quoted-printable": "=20 =3D = =\n100% =C3",
    "tabs and blanks": "\tindented\n    by blanks",
}
"""Bodies that ways of sending get wrong."""

SUBJECTS: Final = (
    "First aid",
    "שלום: 7 ימים",
    "字" * 255,
    "x" * 255,
    'a, b; c: <d@example.org> "e" (f) \\',
    "👩🏽\u200d🚀 " * 30 + "end",
)
"""Subjects likewise; none has more than 255 characters."""

NAMES: Final = (
    ("Ana", "Ray\\r\\nBcc: eve@example.org"),
    ("Ana", "Ray <eve@example.org>"),
    ("", ""),
    ("A" * 300, "B" * 300),
    ("\u202egpj.exe", "عبد الله"),
    ('"', "\\"),
    ("Ana,", "eve@example.org"),
    ("=?utf-8?q?x?=", "李"),
)
"""First and last names that are no trouble to anybody."""


@frozen
class Received:
    """One message as it came in at the other end; ``to`` is the reader's mail address or id, in whatever form."""

    id: str
    to: str
    subject: str
    body: str
    attachments: tuple[Attachment, ...] = ()

    @classmethod
    def of(cls, entry: InboxEntry) -> "Received":
        """What an inbox keeps."""
        return cls(entry.id, entry.recipient_id, entry.subject, entry.body, entry.attachments)


class NotifierContract:
    """Every promise of a notifier. Subclass it, override the fixture ``notifier`` and `received`."""

    @pytest.fixture
    def notifier(self) -> Notifier:
        """Override this: a notifier of the adapter under test, which has sent nothing yet."""
        raise NotImplementedError("override the fixture `notifier`: return your adapter")

    def received(self, notifier: Notifier) -> Sequence[Received]:
        """Override this: everything that came in at the other end, oldest first; a repeat may be there twice."""
        raise NotImplementedError("override `received`: what arrived of the notifier's messages")

    @pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
    def test_a_body_arrives_as_it_is(self, notifier: Notifier, body: str) -> None:
        """R-81: each line with each character, whatever a format makes of it."""
        message = make_message(body=body)
        notifier.send(message)
        (found,) = self.received(notifier)
        assert found.id == message.id
        assert _lines(found.body) == _lines(body)

    @pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject[:12])
    def test_a_subject_arrives_as_it_is(self, notifier: Notifier, subject: str) -> None:
        """R-81: in one piece, in any script."""
        notifier.send(make_message(subject=subject.strip()))
        (found,) = self.received(notifier)
        assert found.subject == subject.strip()

    @pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
    def test_a_name_reaches_nobody_else(self, notifier: Notifier, name: tuple[str, str]) -> None:
        """A name is a name, though it looks like a header, an address or the end of a line."""
        reader = make_person(first_name=name[0], last_name=name[1])
        notifier.send(make_message(reader))
        (found,) = self.received(notifier)
        assert found.to in (reader.id, reader.email)

    def test_messages_of_one_reader_are_told_apart(self, notifier: Notifier) -> None:
        """R-82: each has an id of its own at the other end too."""
        reader = make_person()
        sent = [make_message(reader) for _ in range(3)]
        for message in sent:
            notifier.send(message)
        assert [found.id for found in self.received(notifier)] == [message.id for message in sent]

    def test_f25_a_repeat_has_the_same_id(self, notifier: Notifier) -> None:
        """R-82: though its words are newer, so that it can be dropped at the other end or is dropped here."""
        message = make_message()
        notifier.send(message)
        notifier.send(evolve(message, body="Hello again"))
        assert {found.id for found in self.received(notifier)} == {message.id}

    def test_files_arrive_as_they_are(self, notifier: Notifier) -> None:
        """Bytes of any kind, under their names."""
        files = (
            Attachment("expiry.ics", 'text/calendar; charset="utf-8"; method="PUBLISH"', b"BEGIN:VCALENDAR\r\n"),
            Attachment("all bytes.bin", "application/octet-stream", bytes(range(256)) * 50),
            Attachment("Größe 字.txt", "text/plain; charset=utf-8", "größe".encode()),
        )
        notifier.send(make_message(attachments=files))
        (found,) = self.received(notifier)
        assert [(each.name, each.content) for each in found.attachments] == [
            (each.name, each.content) for each in files
        ]
        assert [each.media_type.partition(";")[0] for each in found.attachments] == [
            each.media_type.partition(";")[0] for each in files
        ]

    def test_threads_send_at_once(self, notifier: Notifier) -> None:
        """Each message arrives whole, once."""
        sent = [make_message(body=f"Number {at}\n" * 20) for at in range(8)]
        assert at_once([partial(notifier.send, message) for message in sent]) == [None] * 8
        found = {each.id: _lines(each.body) for each in self.received(notifier)}
        assert found == {message.id: _lines(message.body) for message in sent}


class InboxContract(NotifierContract):
    """Every promise of an inbox. Subclass it, override the fixture ``notifier``, an empty inbox, and `received`."""

    def test_a_repeat_is_told_once(self, notifier: Inbox) -> None:
        """R-82, f25: it changes nothing, and what was read stays read."""
        message = make_message()
        notifier.send(message)
        notifier.mark_read(message.recipient.id, [message.id])
        before = list(notifier.of(message.recipient.id, None, 10))
        notifier.send(evolve(message, body="Hello again"))
        assert list(notifier.of(message.recipient.id, None, 10)) == before
        assert notifier.unread(message.recipient.id) == 0

    def test_of_threads_that_repeat_a_message_each_succeeds(self, notifier: Inbox) -> None:
        """R-82: it is there once, and none of them is told of the others."""
        message = make_message()
        assert at_once([partial(notifier.send, message)] * 6) == [None] * 6
        assert [each.id for each in notifier.of(message.recipient.id, None, 10)] == [message.id]

    def test_a_message_comes_back_as_it_was(self, notifier: Inbox) -> None:
        """All that the host's pages show of it, to the microsecond."""
        message = make_message(language="pt-BR", attachments=[Attachment("a.ics", "text/calendar", b"\x00\xff")])
        notifier.send(message)
        (found,) = notifier.of(message.recipient.id, None, 10)
        assert found == InboxEntry.of(message, found.received_at)
        notifier.send(make_message(message.recipient, number=None, certification=None, last_valid_day=None))
        assert notifier.of(message.recipient.id, None, 1)[0].number is None

    def test_people_have_their_own(self, notifier: Inbox) -> None:
        """Nobody sees, counts or reads another's."""
        mine, yours = make_message(make_person("ada")), make_message(make_person("Ada"))
        for message in (mine, yours):
            notifier.send(message)
        notifier.mark_read("id-ada", [yours.id, mine.id, "0" * 32])
        assert [each.id for each in notifier.of("id-Ada", None, 10)] == [yours.id]
        assert (notifier.unread("id-ada"), notifier.unread("id-Ada"), notifier.unread("id-nobody")) == (0, 1, 0)
        assert list(notifier.of("id-nobody", None, 10)) == []

    def test_a_message_is_read_once(self, notifier: Inbox) -> None:
        """When it was read first stays."""
        message = make_message()
        notifier.send(message)
        notifier.mark_read(message.recipient.id, [message.id])
        (first,) = notifier.of(message.recipient.id, None, 1)
        assert first.read_at is not None
        notifier.mark_read(message.recipient.id, [message.id])
        assert list(notifier.of(message.recipient.id, None, 1)) == [first]

    @pytest.mark.parametrize("size", [1, 3, 50])
    def test_messages_come_in_pages_newest_first(self, notifier: Inbox, size: int) -> None:
        """Each once, though many came in at one instant."""
        reader = make_person()
        sent = [make_message(reader) for _ in range(10)]
        for message in sent:
            notifier.send(message)
        found: list[InboxEntry] = []
        while page := notifier.of(reader.id, (found[-1].received_at, found[-1].id) if found else None, size):
            assert len(page) <= size
            found += page
        assert {each.id for each in found} == {message.id for message in sent}
        assert found == sorted(found, key=lambda each: (each.received_at, each.id), reverse=True)
        assert len(found) == len(sent)

    def test_the_forgotten_are_in_no_message(self, notifier: Inbox) -> None:
        """R-62: neither as its reader nor as whom it is about; others keep theirs, and a second time does nothing."""
        manager, ada, bo = make_person("mia"), make_person("ada"), make_person("bo")
        kept = make_message(manager, learner_id=bo.id)
        for message in (make_message(ada), make_message(manager, learner_id=ada.id), kept, make_message(bo)):
            notifier.send(message)
        for _ in range(2):
            notifier.forget(ada.id)
            assert [each.id for each in notifier.of(manager.id, None, 10)] == [kept.id]
            assert (notifier.unread(ada.id), notifier.unread(bo.id)) == (0, 1)


def _lines(body: str) -> list[str]:
    return body.replace("\r\n", "\n").rstrip("\n").split("\n")
