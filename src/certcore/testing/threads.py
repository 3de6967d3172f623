"""Acts done at the same time, and units repeated as a service repeats them."""

import time
from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import TypeVar

import pytest

from certcore.errors import Conflict, Retryable
from certcore.ports import Storage, Transaction

T = TypeVar("T")

REPEAT = (Retryable, Conflict)
"""For `in_unit`: repeat also when somebody else was first."""

PATIENCE = 60.0
"""Seconds after which an act that has not ended counts as hanging."""


class Running:
    """An act on a thread of its own; what it raises is kept."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self.error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._act()
        except BaseException as error:
            self.error = error

    def ended_within(self, seconds: float) -> bool:
        """Whether the act has ended, waiting for it this long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def finish(self) -> None:
        """Wait for the act and raise what it raised; fail when it hangs."""
        if not self.ended_within(PATIENCE):
            pytest.fail(f"a thread was still waiting after {PATIENCE:.0f} seconds")
        if self.error is not None:
            raise self.error


def elsewhere(act: Callable[[], T]) -> T:
    """What the act gives when another thread does it."""
    answers: list[T] = []
    Running(lambda: answers.append(act())).finish()
    return answers[0]


def at_once(acts: Sequence[Callable[[], object]]) -> list[BaseException | None]:
    """Do all acts at the same time, each on a thread of its own: what each one raised."""
    start = Barrier(len(acts))

    def started(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            start.wait(PATIENCE)
            act()

        return run

    running = [Running(started(act)) for act in acts]
    for each in running:
        if not each.ended_within(PATIENCE):
            pytest.fail(f"a thread was still waiting after {PATIENCE:.0f} seconds")
    return [each.error for each in running]


def in_unit(
    storage: Storage, work: Callable[[Transaction], T], *, again: tuple[type[Exception], ...] = (Retryable,)
) -> T:
    """What ``work`` gives in a transaction, run again from the start after a `Retryable`, or what ``again`` names."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            with storage.transaction() as tx:
                return work(tx)
        except again:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
