"""Reminders over years: each due one is one message, none is told of what was renewed or revoked (R-82)."""

import os
import random
from collections import Counter
from collections.abc import Callable

from certcore.domain.notices.messages import NOTICE
from certcore.ports import Storage
from tests.services.notifying.reminders import Years

AWARDS = int(os.environ.get("CERTCORE_AWARDS", "150"))
DAYS = int(os.environ.get("CERTCORE_DAYS", "250"))
SEED = int(os.environ.get("CERTCORE_SEED", "20260301"))


def test_f27_each_reminder_is_one_message_over_years_of_sweeps(new_storage: Callable[[], Storage]) -> None:
    """f27: sweeps skipped, doubled, in parallel and stopped by a limit, at random, equal a model that forgets nothing.

    ``CERTCORE_AWARDS`` and ``CERTCORE_DAYS`` say how many awards and days there are.
    """
    years = Years(new_storage(), AWARDS, random.Random(SEED))
    awarded = list(range(AWARDS))
    years.chance.shuffle(awarded)
    share = max(AWARDS // 200, 1)
    for start in range(0, AWARDS, share):
        years.award(awarded[start : start + share], years.chance.randrange(3, DAYS))
    for _ in range(DAYS):
        years.day()
    with years.storage.reading() as tx:
        stored = tx.deliveries.by_id(years.due)
    assert stored.keys() == years.due.keys()
    assert {each.kind for each in stored.values()} == {NOTICE}
    assert Counter(years.reported) == Counter(years.due.keys())
    assert Counter(message.id for message in years.inbox.got) == Counter(years.sent)
    assert len(years.sent) > DAYS // 4
    assert years.due.keys() - years.sent
    print(f"{AWARDS} awards, {DAYS} days: {len(years.due)} reminders, {len(years.sent)} sent")  # noqa: T201
