"""`kill -9` of a process that sweeps and delivers, between every two of its steps, and another that takes over.

``CERTCORE_EVERY_STEP`` says at each how many steps it is killed; 1 is at every one.
"""

import json
import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from certcore.adapters.sql import SqlStorage
from certcore.domain.deliveries import LEASE
from certcore.domain.time import format_instant
from certcore.services.awarding import AwardRequest
from tests.faults.conftest import Copies
from tests.faults.processes import started
from tests.faults.teller import Taking, tell_all, teller
from tests.faults.test_kills import wait_for_the_server
from tests.faults.world import ACTOR, check_invariants, site_at, user

EVERY = int(os.environ.get("CERTCORE_EVERY_STEP", "15"))
ROWS = 6
EXPIRES_ON = date(2027, 5, 1)
SWEPT = datetime(2027, 4, 24, 12, tzinfo=UTC)


def furnish(url: str) -> None:
    """Rules, and three awards of which everything is to be told."""
    with site_at(url) as site:
        for code, when in (("new", "issued"), ("gone", "revoked"), ("week", "7 days before")):
            site.registrar.notifying.set_rule(code, when, actor=ACTOR)
        names = [user(n) for n in (1, 2, 4)]
        request = AwardRequest(
            certification="SAFE-2", usernames=names, issued_on=date(2026, 3, 1), expires_on=EXPIRES_ON, zone="UTC"
        )
        site.registrar.awarding.award(request, actor=ACTOR)


def left(url: str) -> tuple[int, int]:
    """How many events are pending, and how many deliveries wait or are dead."""
    storage = SqlStorage(url)
    with storage.reading() as tx:
        waiting = text("SELECT count(*) FROM certcore_delivery WHERE state IN ('waiting', 'dead')")
        found = len(tx.outbox.pending(999)), tx.unit.rows(waiting)[0][0]
    storage.close()
    return found


def lines(folder: Path, name: str) -> list[str]:
    file = folder / name
    return file.read_text().splitlines() if file.exists() else []


def test_f25_f27_killed_between_any_two_steps_each_message_goes_out(copies: Copies, tmp_path: Path) -> None:
    """R-82, R-83: at least once, under one id; twice only where it was on its way; events in order; nothing waits."""
    with copies(ROWS) as url:
        expected = in_peace(url, tmp_path)
    assert expected >= 6
    stop, ended, repeated = 1, False, Counter[int]()
    while not ended:
        folder = tmp_path / str(stop)
        folder.mkdir()
        with copies(ROWS) as url:
            furnish(url)
            with started("teller.py", url, str(folder), str(stop), format_instant(SWEPT)) as process:
                ended = next(process.lines()) == "done"
                process.kill()
            wait_for_the_server(url)
            storage = SqlStorage(url)
            tell_all(teller(storage, Taking(folder), SWEPT + LEASE + timedelta(minutes=1)))
            messages = Counter(lines(folder, "messages"))
            assert len(messages) == expected, stop
            assert sum(messages.values()) <= expected + 1, stop
            repeated[sum(messages.values()) - expected] += 1
            check_events(storage, lines(folder, "events"), stop)
            check_invariants(storage)
            storage.close()
            assert left(url) == (0, 0), stop
        stop += EVERY
    print(f"{stop // EVERY} kills: {dict(repeated)} messages repeated")  # noqa: T201


def in_peace(url: str, folder: Path) -> int:
    """How many messages go out where nobody is killed."""
    furnish(url)
    storage = SqlStorage(url)
    tell_all(teller(storage, Taking(folder), SWEPT))
    storage.close()
    messages = lines(folder, "messages")
    assert len(messages) == len(set(messages))
    return len(messages)


def check_events(storage: SqlStorage, consumed: list[str], stop: int) -> None:
    """Every event of every award, in order; at most one of them twice."""
    seen: dict[int, list[int]] = {}
    for award_id, seq in map(json.loads, consumed):
        of_award = seen.setdefault(award_id, [])
        if not of_award or of_award[-1] != seq:
            of_award.append(seq)
    with storage.reading() as tx:
        stored = {award_id: [event.seq for event in events] for award_id, events in tx.outbox.of(list(seen)).items()}
        everything = tx.unit.rows(text("SELECT count(*) FROM certcore_outbox"))[0][0]
    assert seen == stored, stop
    assert sum(map(len, seen.values())) == everything, stop
    assert len(consumed) <= everything + 1, stop
