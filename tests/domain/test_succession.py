"""Awards that others renew: in columns, each as it would be by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from certcore.domain.awards import Ending, EndReason
from certcore.domain.history import verifies
from certcore.domain.succession import archive
from certcore.domain.transitions import Context
from certcore.errors import NotLive
from certcore.testing.builders import ACTOR, NOW, ended, make_award

CONTEXT = Context(ACTOR, NOW, job_id=3)
STARTS = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(n) for n in range(3)]


def test_a_renewed_award_keeps_its_dates_and_ends_where_the_next_one_starts() -> None:
    """R-14, R-60: linked to it, with one entry in its chain and an event that tells nobody (I5)."""
    awards = [evolve(make_award(), version=n + 1, head=bytes([n]) * 32) for n in range(3)]
    changes = list(archive(awards, [11, 12, 13], ["A", "B", "C"], STARTS, CONTEXT, bytes).changes())
    assert [change.before for change in changes] == awards
    for change, award, number, start in zip(changes, awards, ("A", "B", "C"), STARTS, strict=True):
        after, entry, event = change.after, change.entry, change.event
        assert evolve(after, ending=None, renewed_by=None, version=award.version, head=award.head) == award
        assert (after.ending, after.renewed_by) == (Ending(EndReason.RENEWED, start), 11 + awards.index(award))
        assert (entry.act, entry.seq, entry.facts) == ("renewed", award.version + 1, f'{{"by":"{number}"}}')
        assert (after.version, after.head, entry.job_id) == (entry.seq, entry.hash, 3)
        assert verifies(award.head, entry)
        assert (event.seq, event.kind, event.payload, event.notify) == (entry.seq, "award.renewed", entry.facts, False)


def test_many_are_archived_as_each_would_be() -> None:
    """The same columns, whether one or three at a time."""
    awards = [make_award() for _ in range(3)]
    together = list(archive(awards, [1, 2, 3], ["A", "B", "C"], STARTS, CONTEXT, bytes).changes())
    alone = [
        next(archive([award], [n + 1], ["ABC"[n]], [STARTS[n]], CONTEXT, bytes).changes())
        for n, award in enumerate(awards)
    ]
    assert together == alone


def test_what_is_over_is_not_renewed() -> None:
    """I8: not even one among many."""
    with pytest.raises(NotLive):
        archive([make_award(), ended(make_award())], [1, 2], ["A", "B"], STARTS[:2], CONTEXT, bytes)
