"""Delivering: messages to notifiers, events to subscribers, until they are taken or given up (R-82, R-83, R-115)."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from typing import Final

from attrs import asdict, field, frozen

from certcore.domain.deliveries import (
    LONGEST_PAUSE,
    Delivery,
    DeliveryState,
    NewDeliveries,
    delivery_id,
    dropped,
    parked,
    put_back,
    resent,
    wanted_again,
)
from certcore.domain.notices import Message, Notice
from certcore.domain.notices.messages import NOTICE
from certcore.errors import InTransaction, InvalidValue
from certcore.ports import Notifier, Ports, Subscriber, Transaction
from certcore.services.handing_over import Receiver, Step, hand_over
from certcore.services.notifying.dispatching import EVENT, dispatch
from certcore.services.notifying.rendering import prepared
from certcore.services.renewing import Renewing
from certcore.services.units import in_unit

_SPLIT: Final = 1_000
_TICK: Final = timedelta(microseconds=1)
_MOMENT: Final = timedelta(seconds=1)


@frozen
class DeliverReport:
    """What was dispatched, and of what was to be handed over, how much was taken, failed, was given up or dropped.

    What failed waits for another attempt.
    """

    dispatched: int = 0
    delivered: int = 0
    failed: int = 0
    dead: int = 0
    dropped: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return self == DeliverReport()


@frozen
class Delivering:
    """Hands over what is due."""

    _ports: Ports
    _stuck: dict[str, list[Thread]] = field(factory=dict, init=False, repr=False)

    def deliver_due(self, limit: int) -> DeliverReport:
        """See `Notifying.deliver_due`."""
        if self._ports.storage.in_transaction:
            raise InTransaction("delivering")
        dispatched = dispatch(self._ports, limit)
        told: Counter[DeliveryState] = Counter()
        orders = Renewing(self._ports).deliver(limit)
        dispatched += dispatch(self._ports, limit) if orders.delivered else 0
        if len(self._ports.notifiers) > 1:
            self._split(limit)
        for receiver in self._receivers():
            told += hand_over(self._ports, receiver, limit)
        return DeliverReport(
            dispatched,
            told[DeliveryState.DONE] + orders.delivered,
            told[DeliveryState.WAITING] + orders.failed,
            told[DeliveryState.DEAD],
            told[DeliveryState.DROPPED] + orders.dropped,
        )

    def _receivers(self) -> list[Receiver]:
        settings = self._ports.settings
        only = len(self._ports.notifiers) == 1
        found = [
            ([f"{NOTICE}.{name}", *([NOTICE] if only else [])], partial(self._messages, notifier))
            for name, notifier in self._ports.notifiers.items()
        ]
        found += [
            ([f"{EVENT}{name}"], partial(self._events, subscriber))
            for name, subscriber in self._ports.subscribers.items()
        ]
        return [
            Receiver(
                kinds=kinds,
                steps=steps,
                seconds=settings.notifier_seconds,
                tries=settings.notifier_tries,
                stuck=self._stuck.setdefault(kinds[0], []),
            )
            for kinds, steps in found
        ]

    def _split(self, limit: int) -> None:
        """Put a delivery for each of several notifiers in the place of every message: none waits for another."""

        def work(tx: Transaction) -> int:
            now = self._ports.now()
            due = tx.deliveries.due(now, min(_SPLIT, limit), [NOTICE])
            for name in self._ports.notifiers:
                kind = f"{NOTICE}.{name}"
                tx.tell(
                    NewDeliveries(
                        kind,
                        [delivery_id(kind, each.id) for each in due],
                        [each.award_id for each in due],
                        [each.learner_id for each in due],
                        [each.payload for each in due],
                        [each.due_at for each in due],
                    )
                )
            tx.deliveries.update([dropped(each, "split") for each in due])
            return len(due)

        done = 0
        while done < limit and (found := in_unit(self._ports.storage, work)):
            done += found

    def _messages(self, notifier: Notifier, batch: Sequence[Delivery]) -> Sequence[Step]:
        notices: dict[str, Notice] = {}
        unknown: dict[str, str] = {}
        for each in batch:
            try:
                notices[each.id] = Notice.from_payload(each.payload, each.learner_id)
            except InvalidValue as error:
                unknown[each.id] = str(error)
        found = prepared(self._ports, notices)
        now = self._ports.now()
        steps = []
        for each in batch:
            message = found.get(each.id, "")
            if each.id in unknown:
                steps.append(Step(each, settled=parked(each, unknown[each.id], now)))
            elif isinstance(message, str):
                steps.append(Step(each, settled=dropped(each, message)))
            else:
                steps.append(Step(each, partial(_send, notifier, message)))
        return steps

    def _events(self, subscriber: Subscriber, batch: Sequence[Delivery]) -> Sequence[Step]:
        now = self._ports.now()
        award_ids = {each.award_id for each in batch}
        with self._ports.storage.reading() as tx:
            known = tx.deliveries.of(award_ids)
            events = {(event.award_id, event.seq): event for kept in tx.outbox.of(award_ids).values() for event in kept}
        ours = {each.id for each in batch}
        steps = []
        for each in sorted(batch, key=lambda each: (each.award_id, _seq(each))):
            earlier = [it for it in known.get(each.award_id, ()) if _holds_back(it, each) and it.id not in ours]
            event = events.get((each.award_id, _seq(each)))
            if earlier:
                until = max(_until(it, now) for it in earlier)
                steps.append(Step(each, settled=put_back(each, until), key=each.award_id))
            elif event is None:
                steps.append(Step(each, settled=dropped(each, "not_there")))
            else:
                steps.append(Step(each, partial(subscriber.consume, event), key=each.award_id))
        return steps


def _send(notifier: Notifier, make: Callable[[], Message]) -> None:
    notifier.send(make())


def _seq(delivery: Delivery) -> int:
    return int(json.loads(delivery.payload)["seq"])


def _holds_back(earlier: Delivery, delivery: Delivery) -> bool:
    """Whether a delivery of the same award has to be consumed first."""
    unfinished = earlier.state in (DeliveryState.WAITING, DeliveryState.DEAD)
    return unfinished and earlier.kind == delivery.kind and _seq(earlier) < _seq(delivery)


def _until(earlier: Delivery, now: datetime) -> datetime:
    """When to look again whether an earlier one was consumed."""
    if earlier.state is DeliveryState.DEAD:
        return now + LONGEST_PAUSE
    in_hands = earlier.attempts > 0 and earlier.error is None
    return now + _MOMENT if in_hands else max(now, earlier.due_at) + _TICK


def dead_letters(tx: Transaction, after: str | None, limit: int) -> Sequence[Delivery]:
    """A page of what was given up, behind the delivery with the id ``after``."""
    place = None if after is None else tx.deliveries.by_id([after]).get(after)
    return tx.deliveries.dead(None if place is None else (place.due_at, place.id), limit)


def resend(ports: Ports, ids: Collection[str]) -> int:
    """Let those of the deliveries that were given up wait again; how many these were."""

    def work(tx: Transaction) -> int:
        now = ports.now()
        again = [each for each in tx.deliveries.by_id(ids).values() if each.state is DeliveryState.DEAD]
        tx.deliveries.update([resent(each, now) for each in again])
        behind = {
            each.id: each
            for kept in tx.deliveries.of({it.award_id for it in again if it.kind.startswith(EVENT)}).values()
            for each in kept
            if each.state is DeliveryState.WAITING and any(_holds_back(it, each) for it in again)
        }
        tx.deliveries.update([wanted_again(each, now + _TICK) for each in behind.values()])
        return len(again)

    return in_unit(ports.storage, work)
