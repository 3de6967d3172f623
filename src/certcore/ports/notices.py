"""What sends notices, and what turns templates into their words."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from certcore.domain.notices import Attachment, Message


class Notifier(Protocol):
    """Sends messages in one way: by mail, into an inbox, to a log."""

    def send(self, message: Message) -> None:
        """Send the message; what it raises lets the message wait for another attempt.

        Returning means that it was taken. The same ``message.id`` again is the same notice, whose words may be newer:
        whoever can tells it once (R-82). It is called on a thread of its own, never inside a transaction of the
        storage, by several threads at once, and is given up when it takes longer than `Settings.notifier_seconds`.
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
