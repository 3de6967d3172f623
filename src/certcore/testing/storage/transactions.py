"""Transactions: who commits, what is undone, what is left after an error."""

from collections.abc import Callable
from typing import Final

import pytest
from attrs import evolve

from certcore.domain.awards import Award
from certcore.domain.certifications import Assignment, Certification, ItemKind, ItemRef
from certcore.errors import Conflict, StorageError
from certcore.ports import Storage, Transaction
from certcore.testing.builders import (
    COURSE,
    NOW,
    make_award,
    make_certification,
    make_completion,
    make_delivery,
    make_entry,
    make_event,
    make_job,
    make_renewal,
    make_tombstone,
    new_id,
)
from certcore.testing.storage.base import StorageCase, all_awards, contents, store, write
from certcore.testing.threads import elsewhere


class _Halt(BaseException):
    """Not an `Exception`: as when a thread is stopped."""


class TransactionContract(StorageCase):
    """``with storage.transaction() as tx``: leaving commits, an exception undoes, an inner one joins."""

    def test_leaving_commits(self, storage: Storage, certification: Certification) -> None:
        """What was written is there for every later transaction, reading and thread."""
        award = make_award(certification)
        store(storage, award)
        with storage.transaction() as tx:
            assert tx.awards.by_id([award.id]) == {award.id: award}
        assert all_awards(storage) == [award]
        assert elsewhere(lambda: all_awards(storage)) == [award]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, _Halt, StopIteration])
    def test_an_exception_undoes_everything(
        self, storage: Storage, certification: Certification, error: type[BaseException]
    ) -> None:
        """Nothing written in any repository is left, whatever the exception, and it passes on as it is."""
        held = make_award(certification)
        store(storage, held, make_entry(held), make_event(held))
        job = make_job()
        before = contents(storage, jobs=[job])
        raised = error("stop")
        with pytest.raises(error) as caught, storage.transaction() as tx:
            _write_everywhere(tx, certification, held)
            tx.jobs.add(job)
            raise raised
        assert caught.value is raised
        assert contents(storage, jobs=[job]) == before

    def test_a_transaction_sees_its_own_writes(self, storage: Storage) -> None:
        """Every repository shows what was written a moment ago in the same transaction."""
        certification, item = make_certification(), ItemRef(ItemKind.COURSE, f"C-{new_id()}")
        award, job = make_award(certification), make_job(key=f"key-{new_id()}")
        with storage.transaction() as tx:
            write(tx, certification, award, make_entry(award), make_event(award), job)
            tx.certifications.assign(Assignment(item, certification.id, NOW))
            assert tx.certifications.by_code([certification.code or ""]) == {certification.code: certification}
            assert tx.certifications.carried_by([item]).keys() == {item}
            assert [each.live_awards for each in tx.certifications.overviews()] == [1]
            assert tx.awards.by_number([award.number]) == {award.number: award}
            assert tx.history.of([award.id]) == {award.id: [make_entry(award)]}
            assert tx.outbox.of([award.id]) == {award.id: [make_event(award)]}
            assert tx.jobs.by_key(job.key or "") == job
            told = (make_completion(award.learner_id), make_renewal(award), make_delivery(award), make_tombstone(award))
            write(tx, *told)
            assert tx.completions.of([award.learner_id], [COURSE]) == {(award.learner_id, COURSE): [told[0]]}
            assert tx.renewals.of([award.id]) == {award.id: told[1]}
            assert tx.deliveries.of([award.id]) == {award.id: [told[2]]}
            assert tx.tombstones.of([award.number]) == {award.number: told[3]}

    def test_a_transaction_after_a_failed_one_works(self, storage: Storage, certification: Certification) -> None:
        """A rollback leaves the storage usable."""
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.awards.add([make_award(certification)])
            raise ValueError("stop")
        award = make_award(certification)
        store(storage, award)
        assert all_awards(storage) == [award]

    def test_in_transaction_tells_whether_this_thread_is_in_one(self, storage: Storage) -> None:
        """True from the outermost beginning to the outermost end, in this thread only."""
        assert not storage.in_transaction
        with storage.transaction():
            assert storage.in_transaction
            with storage.transaction():
                assert storage.in_transaction
            assert storage.in_transaction
            assert not elsewhere(lambda: storage.in_transaction)
        assert not storage.in_transaction
        with pytest.raises(ValueError, match="stop"), storage.transaction():
            raise ValueError("stop")
        assert not storage.in_transaction

    def test_reading_changes_nothing(self, storage: Storage, certification: Certification) -> None:
        """I11: two readings of everything are equal."""
        held = make_award(certification)
        store(storage, held, make_entry(held), make_event(held))
        assert contents(storage) == contents(storage)


class NestingContract(StorageCase):
    """A transaction inside another one of the same thread."""

    def test_an_inner_transaction_joins(self, storage: Storage, certification: Certification) -> None:
        """The inner one sees the outer one's writes, and the outer one the inner one's; all is committed together."""
        first, second = make_award(certification), make_award(certification)
        with storage.transaction() as outer:
            outer.awards.add([first])
            with storage.transaction() as inner:
                assert inner.awards.by_id([first.id]) == {first.id: first}
                inner.awards.add([second])
            assert outer.awards.by_id([second.id]) == {second.id: second}
        assert all_awards(storage) == [first, second]

    def test_only_the_outermost_commits(self, storage: Storage, certification: Certification) -> None:
        """What an inner transaction wrote goes when the outer one fails."""
        with pytest.raises(ValueError, match="stop"), storage.transaction():
            with storage.transaction() as inner:
                inner.awards.add([make_award(certification)])
            raise ValueError("stop")
        assert all_awards(storage) == []

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, _Halt])
    def test_an_exception_undoes_the_inner_part_only(
        self, storage: Storage, certification: Certification, error: type[BaseException]
    ) -> None:
        """The outer transaction goes on with what it had before, and commits that."""
        first, second, third = (make_award(certification) for _ in range(3))
        store(storage, first)
        edited = evolve(first, learner_name="Edited", version=2)
        with storage.transaction() as outer:
            outer.awards.update([edited])
            outer.awards.add([second])
            with pytest.raises(error, match="stop"), storage.transaction() as inner:
                inner.awards.update([evolve(edited, learner_name="Undone", version=3)])
                inner.awards.add([make_award(certification)])
                inner.certifications.update(certification.edited(name="Undone"))
                raise error("stop")
            assert outer.awards.by_id([first.id]) == {first.id: edited}
            outer.awards.add([third])
        assert all_awards(storage) == [edited, second, third]
        with storage.reading() as tx:
            assert tx.certifications.by_id([certification.id]) == {certification.id: certification}

    def test_what_was_undone_takes_no_keys(self, storage: Storage, certification: Certification) -> None:
        """Id, number, token and live holding of an undone award are free again."""
        award = make_award(certification)
        with storage.transaction() as outer:
            with pytest.raises(ValueError, match="stop"), storage.transaction() as inner:
                inner.awards.add([award])
                raise ValueError("stop")
            outer.awards.add([award])
        assert all_awards(storage) == [award]

    def test_a_failure_in_the_middle_of_three(self, storage: Storage, certification: Certification) -> None:
        """The middle one takes its own inner one with it, though that had ended well."""
        first, second = make_award(certification), make_award(certification)
        with storage.transaction() as outermost:
            outermost.awards.add([first])
            with pytest.raises(ValueError, match="stop"), storage.transaction() as middle:
                middle.awards.add([make_award(certification)])
                with storage.transaction() as innermost:
                    innermost.awards.add([make_award(certification)])
                raise ValueError("stop")
            with storage.transaction() as inner:
                inner.awards.add([second])
        assert all_awards(storage) == [first, second]

    def test_a_reading_inside_a_transaction_joins_it(self, storage: Storage, certification: Certification) -> None:
        """It sees what was written and not yet committed, and does not end the transaction."""
        award = make_award(certification)
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.awards.add([award])
            with storage.reading() as reading:
                assert reading.awards.by_id([award.id]) == {award.id: award}
            assert storage.in_transaction
            raise ValueError("stop")
        assert all_awards(storage) == []

    def test_a_transaction_inside_a_reading_is_refused(self, storage: Storage, certification: Certification) -> None:
        """Nothing is written from within a state that only reads; the reading goes on."""
        award = make_award(certification)
        with storage.reading() as tx:
            with pytest.raises(StorageError), storage.transaction() as inner:
                inner.awards.add([award])
            assert tx.certifications.by_id([certification.id]) == {certification.id: certification}
        assert all_awards(storage) == []
        store(storage, award)


ITEM: Final = ItemRef(ItemKind.COURSE, "C-1")
_BURIED: Final = make_award()
"""An award that is no more."""

_Breaker = Callable[[Transaction, Certification, Award], None]

CONFLICTS: dict[str, _Breaker] = {
    "certification": lambda tx, certification, _: tx.certifications.add(evolve(certification, code="another")),
    "code": lambda tx, certification, _: tx.certifications.add(evolve(certification, id=new_id())),
    "certification version": lambda tx, certification, _: tx.certifications.update(certification),
    "item": lambda tx, certification, _: tx.certifications.assign(Assignment(ITEM, certification.id, NOW)),
    "award": lambda tx, certification, award: tx.awards.add([make_award(certification), award]),
    "award version": lambda tx, _, award: tx.awards.update([award]),
    "history": lambda tx, _, award: tx.history.append([make_entry(award, 2), make_entry(award, 1)]),
    "event": lambda tx, _, award: tx.outbox.append([make_event(award, 2), make_event(award, 1)]),
    "job key": lambda tx, _certification, _award: tx.jobs.add(make_job(key="the key")),
    "job version": lambda tx, _certification, _award: tx.jobs.update(make_job()),
    "renewal": lambda tx, _, award: tx.renewals.add([make_renewal(make_award()), make_renewal(award)]),
    "renewal version": lambda tx, _, award: tx.renewals.update([make_renewal(award)]),
    "delivery version": lambda tx, _, award: tx.deliveries.update([make_delivery(award, version=2)]),
    "tombstone": lambda tx, _, __: tx.tombstones.add([make_tombstone(make_award()), make_tombstone(_BURIED)]),
    "buried number": lambda tx, certification, _: tx.awards.add(
        [make_award(certification), make_award(certification, number=_BURIED.number)]
    ),
    "buried number alone": lambda tx, certification, _: tx.awards.add(
        [make_award(certification, number=_BURIED.number)]
    ),
}
"""Calls that must raise `Conflict` on what `ConflictContract` stores."""


class ConflictContract(StorageCase):
    """What is left after a `Conflict`: the transaction as it was before the failing call (I12)."""

    @pytest.fixture
    def kept(self, storage: Storage, certification: Certification) -> Award:
        """A stored award with history, event, item, job and renewal beside it, and a tombstone."""
        kept = make_award(certification)
        store(storage, kept, make_entry(kept), make_event(kept), make_job(key="the key"))
        store(storage, make_renewal(kept), make_tombstone(_BURIED))
        with storage.transaction() as tx:
            tx.certifications.assign(Assignment(ITEM, certification.id, NOW))
        return kept

    @pytest.mark.parametrize("conflict", CONFLICTS.values(), ids=CONFLICTS)
    def test_a_transaction_is_usable_after_a_conflict(
        self, storage: Storage, certification: Certification, kept: Award, conflict: _Breaker
    ) -> None:
        """What was written before and after the failing call is committed; the failing call did nothing."""
        first, second = make_award(certification), make_award(certification)
        with storage.transaction() as tx:
            tx.awards.add([first])
            with pytest.raises(Conflict):
                conflict(tx, certification, kept)
            assert tx.awards.by_id([kept.id, first.id]) == {kept.id: kept, first.id: first}
            tx.awards.add([second])
            tx.history.append([make_entry(second)])
        assert all_awards(storage) == [kept, first, second]
        with storage.reading() as tx:
            assert tx.history.of([kept.id, second.id]) == {
                kept.id: [make_entry(kept)],
                second.id: [make_entry(second)],
            }
            assert tx.outbox.of([kept.id]) == {kept.id: [make_event(kept)]}
            assert tx.renewals.of([kept.id]) == {kept.id: make_renewal(kept)}

    @pytest.mark.parametrize("conflict", CONFLICTS.values(), ids=CONFLICTS)
    def test_a_conflict_that_leaves_the_transaction_changes_nothing(
        self, storage: Storage, certification: Certification, kept: Award, conflict: _Breaker
    ) -> None:
        """I12: the store is as it was before the transaction."""
        before = contents(storage)
        with pytest.raises(Conflict), storage.transaction() as tx:
            tx.awards.add([make_award(certification)])
            conflict(tx, certification, kept)
        assert contents(storage) == before


def _write_everywhere(tx: Transaction, certification: Certification, held: Award) -> None:
    other = make_certification()
    added = make_award(other)
    write(tx, other, added, make_entry(added), make_event(added), make_job())
    tx.certifications.assign(Assignment(ITEM, other.id, NOW))
    tx.certifications.update(certification.edited(name="Edited", code="edited"))
    tx.awards.update([evolve(held, learner_name="Edited", version=2)])
    tx.history.append([make_entry(held, 2)])
    tx.outbox.append([make_event(held, 2)])
    tx.completions.add([make_completion(held.learner_id)])
    tx.renewals.add([make_renewal(held)])
    tx.deliveries.add([make_delivery(held)])
    tx.tombstones.add([make_tombstone(make_award())])
