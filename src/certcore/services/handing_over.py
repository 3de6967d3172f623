"""Handing over: deliveries taken in batches under a lease, tried, and settled one by one (R-52, R-83).

Nothing is handed over inside a transaction. Whoever is killed meanwhile leaves a lease, after which the same delivery
is tried again under the same id.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from attrs import Factory, frozen

from certcore.domain.deliveries import (
    LEASE,
    Delivery,
    DeliveryState,
    acknowledged,
    failed,
    parked,
    put_back,
    taken,
)
from certcore.errors import Undeliverable
from certcore.ports import Ports, Transaction
from certcore.services.units import in_unit

_BATCH: Final = 50
_HANGS: Final = 3
"""After how many attempts in a row that did not end nothing more is tried in a run."""
_STUCK: Final = 8
"""How many threads that never ended a receiver may have before nothing more is tried at all."""
_TICK: Final = timedelta(microseconds=1)
_log = logging.getLogger(__name__)

Act = Callable[[], object]
"""Hands one delivery over; what it raises is why that failed."""


@frozen
class Step:
    """What is to be done with a taken delivery: an act, or what has become of it without one.

    Once a delivery has failed, or is put back, those after it with the same ``key`` are put back too. ``follow`` are
    deliveries written with the acknowledgement.
    """

    delivery: Delivery
    act: Act | None = None
    settled: Delivery | None = None
    key: int | None = None
    follow: Sequence[Delivery] = ()


@frozen(kw_only=True)
class Receiver:
    """Somebody who takes deliveries of some ``kinds``.

    ``steps`` says what is to be done with each of a batch, in the order in which that is done. Each act has so many
    ``seconds``, and then runs on a thread of its own, or all the time it takes. After ``tries`` a delivery is given up,
    and at once where its act raises `Undeliverable`.
    """

    kinds: Sequence[str]
    steps: Callable[[Sequence[Delivery]], Sequence[Step]]
    seconds: float | None = None
    tries: int | None = None
    stuck: list[Thread] = Factory(list)


class _Hung(Exception):  # noqa: N818
    """An act did not end in its time."""


def hand_over(ports: Ports, receiver: Receiver, limit: int) -> Counter[DeliveryState]:
    """Hand up to ``limit`` deliveries over that are due; how many there are now in each state.

    `WAITING` counts those that failed and wait for another attempt.
    """
    told: Counter[DeliveryState] = Counter()
    left = limit
    receiver.stuck[:] = [thread for thread in receiver.stuck if thread.is_alive()]
    while left > 0 and len(receiver.stuck) < _STUCK:
        batch = in_unit(ports.storage, partial(_take, ports, receiver.kinds, min(_BATCH, left)))
        if not batch:
            break
        left -= len(batch)
        if not _batch(ports, receiver, batch, told):
            break
    return told


def _take(ports: Ports, kinds: Sequence[str], limit: int, tx: Transaction) -> list[Delivery]:
    now = ports.now()
    after = [taken(each, now) for each in tx.deliveries.due(now, limit, kinds)]
    tx.deliveries.update(after)
    return after


def _batch(ports: Ports, receiver: Receiver, batch: Sequence[Delivery], told: Counter[DeliveryState]) -> bool:
    """Whether anything more should be tried."""
    lease = time.monotonic() + LEASE.total_seconds()
    held: set[int] = set()
    hangs = 0
    for step in _steps(receiver, batch):
        late = time.monotonic() + (receiver.seconds or 0) > lease
        if hangs >= _HANGS or late or step.key in held:
            settle(ports, put_back(step.delivery, ports.now() + (_TICK if step.key in held else timedelta())))
            continue
        after, hung = _tried(ports, receiver, step)
        hangs = hangs + 1 if hung else 0
        if step.key is not None and after.state in (DeliveryState.WAITING, DeliveryState.DEAD):
            held.add(step.key)
        if settle(ports, after, step.follow) and after.attempts == step.delivery.attempts:
            told[after.state] += 1
    return hangs < _HANGS


def _steps(receiver: Receiver, batch: Sequence[Delivery]) -> Sequence[Step]:
    """What is to be done; where that cannot be said of one, only that one fails."""
    try:
        return receiver.steps(batch)
    except Exception as error:  # of the host's directory, or a record that cannot be read
        if len(batch) == 1:
            _log.exception("delivery %s could not be prepared", batch[0].id)
            return [Step(batch[0], partial(_raise, error))]
        return [step for each in batch for step in _steps(receiver, [each])]


def _tried(ports: Ports, receiver: Receiver, step: Step) -> tuple[Delivery, bool]:
    """What has become of the delivery, and whether the act did not end."""
    if step.act is None:
        return step.settled or step.delivery, False
    error = _within(receiver, step.act)
    if error is None:
        return acknowledged(step.delivery), False
    if isinstance(error, Undeliverable):
        return parked(step.delivery, str(error), ports.now()), False
    text = str(error) if isinstance(error, _Hung) else f"{type(error).__name__}: {error}"
    chance = random.random() if receiver.tries is not None else 1.0
    return failed(step.delivery, text, ports.now(), tries=receiver.tries, chance=chance), isinstance(error, _Hung)


def _within(receiver: Receiver, act: Act) -> BaseException | None:
    """What the act raised; a thread that does not end in time is left to itself."""
    if receiver.seconds is None:
        try:
            act()
        except Exception as error:
            return error
        return None
    answers: SimpleQueue[BaseException | None] = SimpleQueue()

    def run() -> None:
        try:
            act()
        except BaseException as error:
            answers.put(error)
        else:
            answers.put(None)

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        return answers.get(timeout=receiver.seconds)
    except Empty:
        receiver.stuck.append(thread)
        return _Hung(f"no answer within {receiver.seconds:g} seconds")


def _raise(error: Exception) -> None:
    raise error


def settle(ports: Ports, after: Delivery, follow: Sequence[Delivery] = ()) -> bool:
    """Store how a delivery went; False where it was dropped, or taken by somebody else, meanwhile."""

    def work(tx: Transaction) -> bool:
        before = tx.deliveries.by_id([after.id]).get(after.id)
        if before is None or before.version != after.version - 1:
            return False
        tx.deliveries.update([after])
        if after.state is DeliveryState.DONE:
            tx.deliveries.add(follow)
        return True

    return in_unit(ports.storage, work)
