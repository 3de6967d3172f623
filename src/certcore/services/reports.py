"""The long lists of `Reporting`: awards grouped by learner, and by certification, read in parts (R-35, R-92).

Each part, some learners with all their awards, is read in a transaction of its own, so that a learner's awards belong
together and nobody waits for who reads. Only the order of the learners is worked out before: in it they stand by
username, and those whom the directory knows no more by id.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen

from certcore.domain.awards import Status
from certcore.domain.checks import nfc
from certcore.domain.views import Viewer
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.records import AwardRecord, every, readable, records_of

_LEARNERS_LOOKED_UP: Final = 5_000
_LEARNERS_READ: Final = 200
_AWARDS_READ: Final = 5_000
_BETWEEN: Final = "\0"  # in no username and in no id


@frozen
class Asked:
    """What a list is asked for: by whom, as of which instant, with days left in which zone, and with which statuses.

    No ``statuses`` are all of them.
    """

    viewer: Viewer
    now: datetime
    zone: str | None = None
    statuses: frozenset[Status] = frozenset()

    @property
    def learners(self) -> frozenset[str] | None:
        """The learners who may be in it; None is everybody."""
        return None if self.viewer.scope.everyone else self.viewer.scope.learners


def by_learner(ports: Ports, asked: Asked, certification_id: int | None = None) -> Iterator[AwardRecord]:
    """All awards, or those of a certification: learner by learner, and there by certification and start."""
    certifications = None if certification_id is None else {certification_id}
    with ports.storage.reading() as tx:
        holders = _holders(tx, asked, certifications)
    for learners in _batches(_in_order(ports, holders), _LEARNERS_READ):
        with ports.storage.reading() as tx:
            query = AwardQuery(
                asked.now, frozenset(learners), certifications, statuses=asked.statuses, limit=_AWARDS_READ
            )
            records = list(records_of(ports, tx, list(every(tx, query)), asked.viewer, asked.now, zone=asked.zone))
        place = {learner_id: number for number, learner_id in enumerate(learners)}
        yield from sorted(records, key=lambda each: (place[each.award.learner_id], *_order(each)))


def by_certification(ports: Ports, asked: Asked) -> Iterator[AwardRecord]:
    """All awards: certification by certification in the order of their names, and there learner by learner."""
    with ports.storage.reading() as tx:
        certifications = [each.certification.id for each in tx.certifications.overviews()]
    for each in certifications:
        yield from by_learner(ports, asked, each)


def _holders(tx: Transaction, asked: Asked, certifications: Collection[int] | None) -> set[str]:
    rows = tx.awards.statuses(asked.now, certifications, asked.learners)
    return {learner_id for _, learner_id, _, status, _ in rows if not asked.statuses or status in asked.statuses}


def own_withdrawn(tx: Transaction, asked: Asked) -> frozenset[str]:
    """The numbers of the reader's own awards that were taken from them, which they see nothing of (R-33, R-61)."""
    own = asked.viewer.actor.id
    if not asked.viewer.as_learner(own):
        return frozenset()
    query = AwardQuery(asked.now, frozenset({own}), limit=_AWARDS_READ)
    return frozenset(each.number for each in every(tx, query) if each.withdrawn)


def _in_order(ports: Ports, learner_ids: Collection[str]) -> Iterator[str]:
    """The learners by username; of each no more is kept than one text."""
    keys: list[str] = []
    for batch in _batches(learner_ids, _LEARNERS_LOOKED_UP):
        people = readable(ports.directory.people, batch)
        keys += [f"{nfc(people[each].username) if each in people else each}{_BETWEEN}{each}" for each in batch]
    keys.sort()
    return (key.rpartition(_BETWEEN)[2] for key in keys)


def _batches(texts: Iterable[str], size: int) -> Iterator[Sequence[str]]:
    batch: list[str] = []
    for each in texts:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _order(record: AwardRecord) -> tuple[str, int, datetime, int]:
    return record.certification.name, record.certification.id, record.award.period.issued_at, record.award.id
