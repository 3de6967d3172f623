"""A process that sweeps and delivers, and stops at one of its steps until it is killed.

Arguments: the url of the storage, the folder where its receivers keep what they take, the number of the step to stop
at, and the present instant. It writes ``stopped`` there, or ``done`` when it comes to its end before. Every beginning
and end of a transaction is a step, also just before it commits, and so is each receiver's taking and having taken.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from threading import Lock

from certcore.adapters.sql import SqlCatalog, SqlDirectory, SqlStorage, SqlTransaction
from certcore.domain.history import Event
from certcore.domain.notices import Message
from certcore.domain.time import parse_instant
from certcore.registrar import Registrar

Step = Callable[[], None]


class SteppedStorage(SqlStorage):
    """A storage that tells of the steps of its transactions."""

    def __init__(self, url: str, step: Step) -> None:
        super().__init__(url)
        self._step = step

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        outermost = not self.in_transaction
        if outermost:
            self._step()
        with super().transaction() as tx:
            yield tx
            if outermost:
                self._step()
        if outermost:
            self._step()


class Taking:
    """Receives messages and events: a line in a file for each."""

    def __init__(self, folder: Path, step: Step = lambda: None) -> None:
        self._folder = folder
        self._step = step

    def send(self, message: Message) -> None:
        self._take("messages", message.id)

    def consume(self, event: Event) -> None:
        self._take("events", json.dumps([event.award_id, event.seq]))

    def _take(self, name: str, line: str) -> None:
        self._step()
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)
        self._step()


def teller(storage: SqlStorage, taking: Taking, now: datetime) -> Registrar:
    """The services with these receivers."""
    return Registrar(
        storage=storage,
        directory=SqlDirectory(storage),
        catalog=SqlCatalog(storage),
        clock=lambda: now,
        notifier=taking,
        subscribers={"feed": taking},
    )


def tell_all(registrar: Registrar) -> None:
    """Sweep, and deliver until nothing is left to do."""
    while registrar.notifying.run_due().more:
        pass
    while not registrar.notifying.deliver_due().idle:
        pass


def main(url: str, folder: str, stop: str, now: str) -> None:
    steps, lock = count(1), Lock()

    def step() -> None:
        with lock:
            if next(steps) == int(stop):
                print("stopped", flush=True)  # noqa: T201
                sys.stdin.readline()

    storage = SteppedStorage(url, step)
    tell_all(teller(storage, Taking(Path(folder), step), parse_instant(now)))
    storage.close()
    print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
