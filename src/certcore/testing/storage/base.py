"""What the parts of the storage contract share."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pytest

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Delivery
from certcore.domain.history import Event, HistoryEntry
from certcore.domain.jobs import Job, JobState
from certcore.domain.renewals import Renewal
from certcore.domain.tombstones import Tombstone
from certcore.ports import AwardQuery, Storage, Transaction
from certcore.testing.builders import COURSE, NOW, make_certification

ALL = 1_000_000
"""A page that holds everything a test stores."""
LONGEST_WALK = 1_000
"""More pages than a test has."""

Stored = Certification | Award | HistoryEntry | Event | Job | Completion | Renewal | Delivery | Tombstone
"""What can be added to a storage."""


class StorageCase:
    """The fixtures: an adapter overrides ``storage``, the rest stands on it."""

    @pytest.fixture
    def storage(self) -> Storage:
        """Override this: an empty storage of the adapter under test, new for every test."""
        raise NotImplementedError("override the fixture `storage`: return an empty storage of your adapter")

    @pytest.fixture
    def certification(self, storage: Storage) -> Certification:
        """A stored certification without awards."""
        certification = make_certification()
        store(storage, certification)
        return certification


def write(tx: Transaction, *values: Stored) -> None:
    """Add the values, each to its repository, in an order that suits foreign keys."""
    for certification in _of(Certification, values):
        tx.certifications.add(certification)
    for job in _of(Job, values):
        tx.jobs.add(job)
    tx.awards.add(_of(Award, values))
    tx.history.append(_of(HistoryEntry, values))
    tx.outbox.append(_of(Event, values))
    tx.completions.add(_of(Completion, values))
    tx.renewals.add(_of(Renewal, values))
    tx.deliveries.add(_of(Delivery, values))
    tx.tombstones.add(_of(Tombstone, values))


def store(storage: Storage, *values: Stored) -> None:
    """Add the values in a transaction of their own."""
    with storage.transaction() as tx:
        write(tx, *values)


def _of(kind: type[Any], values: Collection[object]) -> list[Any]:
    return [value for value in values if isinstance(value, kind)]


def all_awards(storage: Storage) -> list[Award]:
    """Every award, read in a transaction of its own."""
    with storage.reading() as tx:
        return list(tx.awards.search(AwardQuery(NOW, limit=ALL)))


def contents(storage: Storage, *, jobs: Collection[Job] = ()) -> dict[str, object]:
    """All that a reader can find; of jobs, those named."""
    with storage.reading() as tx:
        awards = tx.awards.search(AwardQuery(NOW, limit=ALL))
        ids = [award.id for award in awards]
        overviews = tx.certifications.overviews()
        certification_ids = [each.certification.id for each in overviews]
        editions = [(each.certification.id, edition) for each in overviews for edition in range(1, 4)]
        return {
            "awards": list(awards),
            "certifications": list(overviews),
            "prints": tx.certifications.prints(editions),
            "history": tx.history.of(ids),
            "events": tx.outbox.of(ids),
            "assignments": tx.certifications.assigned_to(certification_ids),
            "completions": tx.completions.of({award.learner_id for award in awards}, [COURSE]),
            "renewals": tx.renewals.of(ids),
            "deliveries": tx.deliveries.of(ids),
            "tombstones": tx.tombstones.of([award.number for award in awards]),
            "job states": {state: list(tx.jobs.in_state(state, ALL)) for state in JobState},
            "jobs": [tx.jobs.get(job.id) for job in jobs],
        }


def same(found: object, expected: object) -> bool:
    """Whether both are equal; of thousands of rows without a difference of their lines, which would take hours."""
    return found == expected


def pages_of(storage: Storage, query: AwardQuery) -> Iterator[Sequence[Award]]:
    """The pages one after the other, each in a reading of its own."""
    for _ in range(LONGEST_WALK):
        with storage.reading() as tx:
            page = tx.awards.search(query)
        if not page:
            return
        yield page
        query = query.behind(page[-1])
    pytest.fail("the pages never end")
