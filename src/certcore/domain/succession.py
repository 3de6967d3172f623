"""How awards make way for those that renew them: in columns, one award or ten thousand (R-60)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from certcore.domain.awards import Award, Ending, EndReason
from certcore.domain.history import EVENT_VERSION, Entries, Event, chained_all, personal
from certcore.domain.numbers import RandomBytes, new_salts
from certcore.domain.transitions import TRANSITIONS, Change, Context
from certcore.errors import NotLive

ACT: Final = "renewed"
EVENT: Final = TRANSITIONS[ACT].event
END: Final = EndReason.RENEWED


@frozen(eq=False)
class Archived:
    """Awards that others renew, in columns of one length: archived, dates kept, valid until those start (R-14).

    ``awards`` are as they were before. A storage takes the columns as they are, or goes through `changes`.
    """

    awards: Sequence[Award]
    renewed_by: Sequence[int]
    ends: Sequence[datetime]
    history: Entries

    def __len__(self) -> int:
        return len(self.awards)

    def changes(self) -> Iterator[Change]:
        """The changes one by one; nobody is told of them."""
        columns = (self.awards, self.renewed_by, self.ends, self.history)
        for award, renewed_by, end, entry in zip(*columns, strict=True):
            after = evolve(award, renewed_by=renewed_by, ending=Ending(END, end), version=entry.seq, head=entry.hash)
            event = Event(award.id, entry.seq, EVENT, EVENT_VERSION, entry.facts, entry.at, notify=False)
            yield Change(award, after, entry, event)


def archive(
    awards: Sequence[Award],
    renewed_by: Sequence[int],
    numbers: Sequence[str],
    starts: Sequence[datetime],
    context: Context,
    random_bytes: RandomBytes,
) -> Archived:
    """Live awards archived, each renewed by the one with this id and number, which starts at that instant.

    Raises `NotLive`.
    """
    for award in awards:
        if award.ending is not None:
            raise NotLive(award.number)
    history = chained_all(
        [award.head for award in awards],
        award_ids=[award.id for award in awards],
        seqs=[award.version + 1 for award in awards],
        at=context.now,
        act=ACT,
        facts=[f'{{"by":"{number}"}}' for number in numbers],
        personal=personal(context.actor.id, [(award.learner_id, None) for award in awards]),
        salts=new_salts(len(awards), random_bytes),
        job_id=context.job_id,
    )
    return Archived(awards, renewed_by, starts, history)
