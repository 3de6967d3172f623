"""What sends notices, what turns templates into their words, and what consumes events."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from certcore.domain.history import Event
from certcore.domain.notices import Attachment, InboxEntry, Message


class Notifier(Protocol):
    """Sends messages in one way: by mail, into an inbox, to a log."""

    def send(self, message: Message) -> None:
        """Send the message; what it raises lets the message wait for another attempt.

        But for `Undeliverable`, after which nobody tries again until that is asked for.
        Returning means that it was taken. The same ``message.id`` again is the same notice, whose words may be newer:
        whoever can tells it once (R-82). It is called on a thread of its own, never inside a transaction of the
        storage, by several threads at once, and is given up when it takes longer than `Settings.notifier_seconds`.
        """


class Inbox(ABC):
    """A notifier whose messages are kept for people to read in the host's own pages.

    One object serves one tenant and any number of threads.
    """

    @abstractmethod
    def send(self, message: Message) -> None:
        """Keep the message for its recipient; one whose id is there already changes nothing: it is told once (R-82)."""

    @abstractmethod
    def of(self, person_id: str, before: tuple[datetime, str] | None, limit: int) -> Sequence[InboxEntry]:
        """A page of a person's messages, newest first by (received at, id), all before the pair given."""

    @abstractmethod
    def unread(self, person_id: str) -> int:
        """How many of a person's messages are unread."""

    @abstractmethod
    def mark_read(self, person_id: str, ids: Collection[str]) -> None:
        """Mark messages as read now; those read already, of others or not there are passed over."""

    @abstractmethod
    def forget(self, person_id: str) -> None:
        """Remove every message to a person, and about them to others (R-62)."""


class Subscriber(Protocol):
    """Consumes events (R-115)."""

    def consume(self, event: Event) -> None:
        """Take the event; what it raises lets it wait for another attempt, and with it the later ones of its award.

        Those of one award come in ascending ``seq``, each at least once: (``award_id``, ``seq``) tells a repeat. It is
        called as `Notifier.send` is.
        """


Attach = Callable[[Message], Attachment | None]
"""Makes a file that goes with a message, None for messages without it; called as `Notifier.send` is."""


class TemplateEngine(ABC):
    """Turns the bodies of templates into text in another way than short codes do (R-81).

    One object serves any number of threads. A template names its engine; subjects have short codes always.
    """

    @abstractmethod
    def codes(self, body: str) -> Collection[str]:
        """The names of the short codes that a body asks for; raises `InvalidTemplate` for one that cannot be read."""

    @abstractmethod
    def render(self, body: str, values: Mapping[str, str]) -> str:
        """The body with the values, which are plain text and never read as a template themselves.

        A code that has no value now is there as empty text. Raises `InvalidTemplate`.
        """
