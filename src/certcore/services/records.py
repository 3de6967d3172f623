"""Award records: awards with what a reader needs beside them, looked up for many at once."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final, TypeVar

from attrs import frozen

from certcore.domain.awards import Award, Status, days_left, status
from certcore.domain.certifications import Certification
from certcore.domain.people import Person
from certcore.domain.views import Renewed, Viewer, renewed
from certcore.errors import CorruptRecord
from certcore.ports import AwardQuery, Ports, Transaction

K = TypeVar("K")
V = TypeVar("V")

_OVER: Final = (Status.ARCHIVED, Status.REVOKED)
_NO_ID: Final = -1
_log = logging.getLogger(__name__)


@frozen
class AwardRecord:
    """An award as its reader sees it at an instant, with its neighbours in the chain (R-60).

    ``days_left`` is None once the award is archived or revoked; ``person`` when the directory knows the learner no
    more; ``predecessor`` and ``successor`` where there is none that the reader may see.
    """

    award: Award
    status: Status
    days_left: int | None
    certification: Certification
    person: Person | None
    predecessor: Award | None = None
    successor: Award | None = None

    @property
    def username(self) -> str:
        """The learner's username, or their id when the directory knows them no more."""
        return self.person.username if self.person else self.award.learner_id

    @property
    def renews(self) -> str | None:
        """The number of the award that this one renewed."""
        return self.predecessor.number if self.predecessor else None

    @property
    def renewed_by(self) -> str | None:
        """The number of the award that renewed this one."""
        return self.successor.number if self.successor else None

    @property
    def completed_on(self) -> date:
        """The completion date behind it, by default its issue date (R-22)."""
        return self.award.earned_on

    @property
    def earlier_completed_on(self) -> date | None:
        """The completion date behind the award that this one renewed (R-60)."""
        return self.predecessor.earned_on if self.predecessor else None

    @property
    def renewed(self) -> Renewed | None:
        """Whether it was renewed before or after its expiry; None while it is not renewed (R-60)."""
        return renewed(self.award, self.successor) if self.successor else None


def records_of(
    ports: Ports, tx: Transaction, awards: Sequence[Award], viewer: Viewer, now: datetime, *, zone: str | None = None
) -> Iterator[AwardRecord]:
    """A record for each award that ``viewer`` may see, in the order given; statuses are those at ``now``.

    ``zone`` is where days left are counted, by default each award's own (R-15). What cannot be read is logged; an award
    whose certification is that is left out, so that a list goes on (f39).
    """
    shown = [each for each in map(viewer.shown, awards) if each is not None]
    neighbours = {each for award in shown for each in (award.renews, award.renewed_by) if each is not None}
    people = readable(ports.directory.people, {award.learner_id for award in shown})
    certifications = readable(tx.certifications.by_id, {award.certification_id for award in shown})
    chained = readable(tx.awards.by_id, neighbours)
    for award in shown:
        if award.certification_id in certifications:
            stands = status(award, now)
            yield AwardRecord(
                award,
                stands,
                None if stands in _OVER else days_left(award, now, zone),
                certifications[award.certification_id],
                people.get(award.learner_id),
                viewer.shown(chained.get(_NO_ID if award.renews is None else award.renews)),
                viewer.shown(chained.get(_NO_ID if award.renewed_by is None else award.renewed_by)),
            )


def every(tx: Transaction, query: AwardQuery) -> Iterator[Award]:
    """Every award that ``query`` asks for, whatever its limit, which is how many are read at once."""
    while True:
        page = tx.awards.search(query)
        yield from page
        if len(page) < query.limit:
            return
        query = query.behind(page[-1])


def readable(find: Callable[[Collection[K]], Mapping[K, V]], keys: Collection[K]) -> Mapping[K, V]:
    """What ``find`` has of these keys; whatever it cannot read is logged and left out (f39)."""
    try:
        return find(keys)
    except CorruptRecord as corrupt:
        if len(keys) == 1:
            _log.error("%s", corrupt)
            return {}
    every = list(keys)
    half = len(every) // 2
    return {**readable(find, every[:half]), **readable(find, every[half:])}
