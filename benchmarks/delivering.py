"""Measure how fast one process and two deliver mail on PostgreSQL, to a real SMTP server that answers slowly.

    python benchmarks/delivering.py --db URL         # an empty PostgreSQL database
    python benchmarks/delivering.py --db URL --messages 1000 --pause 0.05

The server is on this machine and takes each mail after a pause. Mails are counted by their Message-ID: nothing may come
twice, nothing may be lost. It needs ``pip install -e '.[test]'``.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import date
from email import message_from_bytes
from statistics import median
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from certcore import Actor, AwardRequest, Person, Registrar, Settings
from certcore.adapters.memory import MemoryCatalog, MemoryDirectory
from certcore.adapters.smtp import SmtpNotifier
from certcore.adapters.sql import SqlStorage
from certcore.ports import Notifier

ACTOR: Final = Actor.program("benchmark")
HOST: Final = "127.0.0.1"
PORT: Final = 8825
_MAIL: Final = SmtpNotifier(HOST, PORT, sender="Academy <noreply@lms.example>", security="none")


class _SlowMailbox:
    """Takes every mail after a pause, and keeps its Message-ID."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.ids: Counter[str] = Counter()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.pause)
        content = envelope.content
        assert isinstance(content, bytes)
        self.ids[str(message_from_bytes(content)["Message-ID"])] += 1
        return "250 OK"


def main() -> None:
    """Measure and print, or be one of the workers."""
    parser = argparse.ArgumentParser(description="Measure delivering by one process and by two.")
    parser.add_argument("--db", metavar="URL", required=True, help="an empty PostgreSQL database")
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--pause", type=float, default=0.05, help="how long the server takes for a mail, in seconds")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    (_work if options.worker else _measure)(options)


def _measure(options: argparse.Namespace) -> None:
    mailbox = _SlowMailbox(options.pause)
    server = Controller(mailbox, hostname=HOST, port=PORT)
    server.start()
    storage = SqlStorage(options.db)
    storage.upgrade()
    seconds: dict[int, list[float]] = {1: [], 2: []}
    with closing(storage):
        registrar = _registrar(storage, options.messages)
        registrar.notifying.set_rule("new", "issued", actor=ACTOR)
        dispatching = _registrar(
            storage, options.messages, notifier=None
        ).notifying  # it writes messages and sends none
        for run in range(options.runs):
            for workers in (1, 2):
                _award(registrar, f"C-{run}-{workers}", options.messages)
                assert dispatching.deliver_due(10 * options.messages).dispatched >= options.messages
                mailbox.ids.clear()
                seconds[workers].append(_delivered(options, workers))
                assert len(mailbox.ids) == options.messages, "something was lost"
                assert set(mailbox.ids.values()) == {1}, "something came twice"
    server.stop()
    one, two = median(seconds[1]), median(seconds[2])
    lines = [
        f"{options.messages} mails, {options.pause:g} s each, medians of {options.runs}, load {os.getloadavg()[0]:.1f}",
        f"one process {one:.1f} s, two {two:.1f} s: {one / two:.2f} times as fast; nothing lost, nothing twice",
    ]
    sys.stdout.write("\n".join((*lines, "")))


def _delivered(options: argparse.Namespace, workers: int) -> float:
    """How long so many processes take from the first mail on, each ready before."""
    command = [sys.executable, __file__, "--worker", "--db", options.db, "--messages", str(options.messages)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(workers)
    ]
    for process in processes:
        assert _pipe(process.stdout).readline() == "ready\n"
    began = time.perf_counter()
    for process in processes:
        _pipe(process.stdin).write("go\n")
        _pipe(process.stdin).flush()
    for process in processes:
        assert process.wait() == 0
    return time.perf_counter() - began


def _pipe(pipe: Any) -> Any:
    assert pipe is not None
    return pipe


def _work(options: argparse.Namespace) -> None:
    storage = SqlStorage(options.db)
    with closing(storage):
        registrar = _registrar(storage, options.messages)
        with storage.reading() as tx:
            tx.deliveries.by_id(["0" * 32])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        while not registrar.notifying.deliver_due(limit=200).idle:
            pass


def _registrar(storage: SqlStorage, people: int, notifier: Notifier | None = _MAIL) -> Registrar:
    everybody = [Person(f"id-{n}", f"user{n}", "Ada", "Example", f"user{n}@lms.example") for n in range(people)]
    return Registrar(
        storage=storage,
        directory=MemoryDirectory(everybody),
        catalog=MemoryCatalog(),
        settings=Settings(at_once=people),
        notifier=notifier,
    )


def _award(registrar: Registrar, code: str, people: int) -> None:
    registrar.defining.add(code, code=code, actor=ACTOR)
    names = [f"user{n}" for n in range(people)]
    request = AwardRequest(certification=code, usernames=names, issued_on=date(2026, 3, 1))
    registrar.awarding.award(request, actor=ACTOR)


if __name__ == "__main__":
    main()
