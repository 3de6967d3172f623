"""A platform whose messages and events go to receivers that do as they are told."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from attrs import define, field

from certcore.domain.deliveries import Delivery
from certcore.domain.history import Event
from certcore.domain.notices import Message
from certcore.ports import Notifier, Storage, Subscriber
from certcore.services.notifying import DeliverReport
from tests.services.host import Host, host_over
from tests.services.platform import ADMIN

Fault = Callable[[Message], object]


@define
class Mail:
    """Keeps what it takes. ``before`` and ``after`` it is taken faults may come."""

    before: Fault = lambda _message: None
    after: Fault = lambda _message: None
    taken: list[Message] = field(factory=list)
    tried: list[str] = field(factory=list)

    def send(self, message: Message) -> None:
        self.tried.append(message.id)
        self.before(message)
        self.taken.append(message)
        self.after(message)


@define
class Feed:
    """Consumes events; ``fault`` may refuse some."""

    fault: Callable[[Event], object] = lambda _event: None
    consumed: list[Event] = field(factory=list)

    def consume(self, event: Event) -> None:
        self.fault(event)
        self.consumed.append(event)


def raising(error: BaseException) -> Callable[[object], None]:
    """A fault that raises."""

    def fault(_given: object) -> None:
        raise error

    return fault


def hanging(released: threading.Event) -> Callable[[object], None]:
    """A fault that lasts until it is released."""

    def fault(_given: object) -> None:
        released.wait(60)

    return fault


@define
class Desk(Host):
    """A host that delivers."""

    def deliver(self, after: timedelta = timedelta(), limit: int = 1_000) -> DeliverReport:
        """Deliver some time later."""
        self.now += after
        return self.registrar.notifying.deliver_due(limit)

    def rule(self, when: str, code: str = "told", **parts: object) -> None:
        """Set a rule."""
        self.registrar.notifying.set_rule(code, when, actor=ADMIN, **parts)  # type: ignore[arg-type]

    def deliveries(self, number: str) -> list[Delivery]:
        """All deliveries about an award."""
        with self.storage.reading() as tx:
            award = tx.awards.by_number([number])[number]
            return tx.deliveries.of([award.id]).get(award.id, [])

    def dead(self) -> list[Delivery]:
        """The dead letters."""
        return list(self.registrar.notifying.dead(actor=ADMIN))


def desk_over(
    storage: Storage,
    notifier: Notifier | Mapping[str, Notifier] | None = None,
    subscribers: Mapping[str, Subscriber] | None = None,
    now: datetime | None = None,
    **settings: object,
) -> Desk:
    """A host over a storage with these receivers."""
    known = host_over(storage, **settings)
    desk = Desk(storage, known.directory, settings=known.settings, notifier=notifier, subscribers=subscribers or {})
    if now is not None:
        desk.now = now
    return desk
