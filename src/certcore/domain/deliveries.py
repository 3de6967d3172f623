"""What must reach somebody outside: written with the change it follows from, handed over at least once (R-52, R-83)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from re import fullmatch
from typing import Final

from attrs import evolve, field, frozen

from certcore.domain.certifications import ItemRef
from certcore.domain.checks import short_text, storable
from certcore.domain.time import as_instant
from certcore.errors import InvalidValue

LONGEST_ERROR: Final = 2_000
"""How many characters are kept of what went wrong."""


class DeliveryState(StrEnum):
    """Where a delivery stands: to be handed over, acknowledged, given up, or not wanted any more."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"
    DROPPED = "dropped"


def _error(text: str | None) -> str | None:
    return None if text is None else storable(text)[:LONGEST_ERROR]


@frozen
class Delivery:
    """One thing to hand over.

    ``id`` is a function of what it tells (`delivery_id`) and the same over all attempts, so that a receiver can drop a
    repeat (R-82). ``payload`` is canonical JSON. It is not handed over before ``due_at``. ``error`` is why the last
    of the ``attempts`` failed; what no storage can keep of it is replaced.
    """

    id: str = field()
    kind: str = field(validator=short_text(64))
    award_id: int
    learner_id: str = field(validator=short_text(64))
    payload: str
    due_at: datetime = field(converter=as_instant)
    attempts: int = 0
    state: DeliveryState = DeliveryState.WAITING
    error: str | None = field(default=None, converter=_error)
    version: int = 1

    @id.validator
    def _hexadecimal(self, _attribute: object, text: str) -> None:
        if fullmatch("[0-9a-f]{32}", text) is None:
            raise InvalidValue("id", text, "32 hexadecimal digits, as delivery_id gives them")


def delivery_id(kind: str, *told: str | int) -> str:
    """The id of what is told: equal for equal things, 32 hexadecimal digits."""
    return sha256("\x1f".join(map(str, (kind, *told))).encode()).hexdigest()[:32]


@frozen(eq=False)
class NewDeliveries:
    """New deliveries of one kind in columns of one length: a storage takes the columns, or goes through `deliveries`.

    No id stands there twice.
    """

    kind: str
    ids: Sequence[str]
    award_ids: Sequence[int]
    learner_ids: Sequence[str]
    payloads: Sequence[str]
    due_at: Sequence[datetime]

    def __len__(self) -> int:
        return len(self.ids)

    def deliveries(self) -> Iterator[Delivery]:
        """The deliveries, waiting."""
        columns = (self.ids, self.award_ids, self.learner_ids, self.payloads, self.due_at)
        for id_, award_id, learner_id, payload, due_at in zip(*columns, strict=True):
            yield Delivery(id_, self.kind, award_id, learner_id, payload, due_at)


@frozen
class Retake:
    """The order to a catalog to let a learner take an item again (R-51).

    ``id`` is the delivery's: a repeated order has the same one. ``at`` is when the renewal was started.
    """

    id: str
    learner_id: str
    item: ItemRef
    at: datetime = field(converter=as_instant)


LEASE: Final = timedelta(minutes=10)
"""How long whoever takes a delivery has before somebody else may take it."""

_FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=6)
"""How long a delivery that failed waits at most."""


def taken(delivery: Delivery, now: datetime) -> Delivery:
    """The delivery in somebody's hands: nobody else takes it before the lease is over."""
    return evolve(delivery, attempts=delivery.attempts + 1, due_at=now + LEASE, version=delivery.version + 1)


def acknowledged(delivery: Delivery) -> Delivery:
    """The delivery handed over."""
    return evolve(delivery, state=DeliveryState.DONE, error=None, version=delivery.version + 1)


def failed(delivery: Delivery, error: str, now: datetime, *, tries: int | None = None, chance: float = 1.0) -> Delivery:
    """The delivery waiting for another attempt: after 30 seconds, then twice as long each time, 6 hours at most.

    ``chance``, from 0 to 1, says how much of the second half of the pause that is, so that what failed together is not
    tried together. After ``tries`` attempts it is given up (R-83).
    """
    if tries is not None and delivery.attempts >= tries:
        return evolve(delivery, state=DeliveryState.DEAD, due_at=now, error=error, version=delivery.version + 1)
    pause = min(_FIRST_PAUSE * 2 ** min(delivery.attempts - 1, 20), LONGEST_PAUSE) * (0.5 + chance / 2)
    return evolve(delivery, due_at=now + pause, error=error, version=delivery.version + 1)


def put_back(delivery: Delivery, until: datetime) -> Delivery:
    """The taken delivery that nobody tried to hand over, due again at ``until``."""
    return evolve(delivery, attempts=delivery.attempts - 1, due_at=until, version=delivery.version + 1)


def parked(delivery: Delivery, error: str, now: datetime) -> Delivery:
    """The delivery given up at once: trying again would not help (f29)."""
    return failed(delivery, error, now, tries=0)


def resent(delivery: Delivery, now: datetime) -> Delivery:
    """The delivery that was given up, waiting again with all its tries."""
    return evolve(delivery, state=DeliveryState.WAITING, attempts=0, due_at=now, version=delivery.version + 1)


def dropped(delivery: Delivery, reason: str | None = None) -> Delivery:
    """The delivery that nobody wants any more, for a ``reason``."""
    error = delivery.error if reason is None else reason
    return evolve(delivery, state=DeliveryState.DROPPED, error=error, version=delivery.version + 1)


def wanted_again(delivery: Delivery, now: datetime) -> Delivery:
    """The delivery that was dropped, or put back, waiting to be handed over from ``now`` on."""
    return evolve(delivery, state=DeliveryState.WAITING, due_at=now, version=delivery.version + 1)
