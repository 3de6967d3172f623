"""What deleting an award takes with it, and what stays: the tombstone, and the number that it keeps."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from attrs import evolve

from certcore.domain.awards import EndReason
from certcore.domain.certifications import Certification
from certcore.domain.tombstones import Removal
from certcore.errors import Conflict
from certcore.ports import Storage
from certcore.testing.builders import (
    NOW,
    ended,
    make_award,
    make_completion,
    make_delivery,
    make_entry,
    make_event,
    make_job,
    make_renewal,
    make_tombstone,
    number_of,
)
from certcore.testing.storage.base import StorageCase, all_awards, contents, store
from certcore.testing.storage.issuing import awards_of, issued_to
from certcore.testing.values import assert_same

TOMBSTONES: Final[dict[str, dict[str, Any]]] = {
    "deleted": {},
    "purged": {"act": Removal.PURGED, "at": NOW.replace(microsecond=1), "length": 2**31},
    "no reason": {"reason": None, "head": b""},
    "words": {"reason": "first line\n\tsecond ü 王", "actor_id": "ID/é 1"},
}
"""Tombstones that must come back as they went in."""


class RemovalContract(StorageCase):
    """`AwardRepository.delete` and the tombstones' repository."""

    def test_a_deleted_award_takes_all_that_is_its_own(self, storage: Storage, certification: Certification) -> None:
        """R-4, R-61: history, events, renewal and deliveries; completions, other awards and jobs stay."""
        job = make_job()
        gone, kept = (make_award(certification) for _ in range(2))
        store(storage, job, kept, make_entry(kept, job_id=job.id), make_event(kept), make_renewal(kept))
        store(storage, make_delivery(kept), *(make_completion(each.learner_id) for each in (gone, kept)))
        before = contents(storage, jobs=[job])
        store(storage, gone, *(make_entry(gone, seq, job_id=job.id) for seq in (1, 2)), make_event(gone))
        store(storage, make_renewal(gone), *(make_delivery(gone) for _ in range(2)))
        with storage.transaction() as tx:
            tx.awards.delete([gone.id])
        assert contents(storage, jobs=[job]) == before
        with storage.reading() as tx:
            left: list[Mapping[Any, Any]] = [tx.awards.by_id([gone.id]), tx.awards.by_number([gone.number])]
            left += [tx.awards.live([certification.id], [gone.learner_id]), tx.history.of([gone.id])]
            left += [tx.outbox.of([gone.id]), tx.renewals.of([gone.id]), tx.deliveries.of([gone.id])]
            assert left == [{}] * 7
            assert [each.award_id for each in tx.history.by_job(job.id, None, 10)] == [kept.id]
            assert [each.award_id for each in tx.deliveries.due(NOW, 10, ["retake"])] == [kept.id]

    def test_deleting_what_is_not_there_changes_nothing(self, storage: Storage, certification: Certification) -> None:
        """Unknown ids are passed over, repeated ones do no harm, none deletes none."""
        kept, gone = make_award(certification), make_award(certification)
        store(storage, kept, gone)
        with storage.transaction() as tx:
            tx.awards.delete([])
            tx.awards.delete([1, gone.id, gone.id, 2])
            tx.awards.delete([gone.id])
        assert all_awards(storage) == [kept]

    def test_what_was_deleted_takes_no_keys(self, storage: Storage, certification: Certification) -> None:
        """Id, number, token, live holding, renewal and the sequence of its history are free again."""
        award = make_award(certification)
        whole = (award, make_entry(award), make_event(award), make_renewal(award))
        store(storage, *whole)
        with storage.transaction() as tx:
            tx.awards.delete([award.id])
        store(storage, *whole)
        assert all_awards(storage) == [award]

    def test_deleting_can_be_undone(self, storage: Storage, certification: Certification) -> None:
        """A rollback brings back all that went, though it was looked for in between."""
        award, revoked = make_award(certification), ended(make_award(certification), EndReason.REVOKED)
        store(storage, award, make_entry(award), make_event(award), make_renewal(award), make_delivery(award), revoked)
        before = contents(storage)
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.awards.delete([award.id, revoked.id])
            assert all_awards(storage) == []
            assert tx.awards.latest_revocations([certification.id], [revoked.learner_id]) == {}
            raise ValueError("stop")
        assert contents(storage) == before
        with storage.reading() as tx:
            assert len(tx.awards.latest_revocations([certification.id], [revoked.learner_id])) == 1

    def test_thousands_may_be_deleted(self, storage: Storage, certification: Certification) -> None:
        """No limit of a driver shows, also among tens of thousands that are not there."""
        awards = [make_award(certification) for _ in range(3_000)]
        store(storage, *awards, *map(make_entry, awards), *map(make_tombstone, awards))
        with storage.transaction() as tx:
            tx.awards.delete([*range(20_000), *(award.id for award in awards[:-1])])
        assert all_awards(storage) == [] if awards[-1].id < 20_000 else awards[-1:]

    @pytest.mark.parametrize("changes", TOMBSTONES.values(), ids=TOMBSTONES)
    def test_a_tombstone_comes_back_as_it_was(self, storage: Storage, changes: dict[str, Any]) -> None:
        """Every value is equal and of its kind; numbers without one are absent."""
        stone = evolve(make_tombstone(make_award()), **changes)
        store(storage, stone)
        with storage.reading() as tx:
            assert_same(tx.tombstones.of([stone.number])[stone.number], stone)
            assert tx.tombstones.of([stone.number, number_of(3), "", stone.number]) == {stone.number: stone}
            assert tx.tombstones.of([]) == {}

    def test_a_number_has_one_tombstone(self, storage: Storage) -> None:
        """`Conflict` for a second one, and none of the batch is stored."""
        first, other = make_tombstone(make_award()), make_tombstone(make_award())
        store(storage, first)
        for batch in ([evolve(first, act=Removal.PURGED)], [other, first], [other, other]):
            with storage.transaction() as tx, pytest.raises(Conflict):
                tx.tombstones.add(batch)
        with storage.transaction() as tx:
            tx.tombstones.add([])
            assert tx.tombstones.of([first.number, other.number]) == {first.number: first}

    @pytest.mark.parametrize("count", [1, 3, 300])
    def test_the_number_of_a_tombstone_stays_taken(
        self, storage: Storage, certification: Certification, count: int
    ) -> None:
        """I3: `Conflict` for awards with such a number, one by one and in columns, and none of the batch is stored."""
        parts = issued_to(certification, count)
        awards = awards_of(parts)
        gone = make_award(certification, number=awards[-1].number)
        store(storage, gone)
        with storage.transaction() as tx:
            tx.tombstones.add([make_tombstone(gone)])
            tx.awards.delete([gone.id])
        before = contents(storage)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.awards.add(awards)
            with pytest.raises(Conflict), storage.transaction() as inner:
                inner.issue(parts)
            tx.awards.add([])
        assert contents(storage) == before
