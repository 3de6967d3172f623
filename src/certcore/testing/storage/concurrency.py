"""Threads: what they see of one another, and what happens when they want the same."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from certcore.domain.awards import Award, Details
from certcore.domain.certifications import Assignment, Certification, ItemKind, ItemRef
from certcore.domain.deliveries import DeliveryState
from certcore.errors import Conflict
from certcore.ports import AwardQuery, Storage, Transaction
from certcore.testing.builders import (
    COURSE,
    NOW,
    make_award,
    make_certification,
    make_completion,
    make_delivery,
    make_entry,
    make_job,
    make_renewal,
    make_tombstone,
    new_id,
    number_of,
)
from certcore.testing.storage.base import StorageCase, all_awards, store
from certcore.testing.storage.changing import changes_of
from certcore.testing.storage.issuing import issued_to
from certcore.testing.threads import REPEAT, Running, at_once, in_unit

THREADS = 8
_ITEM = ItemRef(ItemKind.COURSE, "C")
_A_MOMENT = 0.2  # long enough for a thread that does not wait, in seconds

_Race = Callable[[Transaction, Certification, Award, int], None]

RACES: dict[str, _Race] = {
    "live award": lambda tx, certification, _award, _n: tx.awards.add([make_award(certification, "ada")]),
    "number": lambda tx, certification, _award, _n: tx.awards.add([make_award(certification, number=number_of(7))]),
    "token": lambda tx, certification, _award, _n: tx.awards.add([make_award(certification, token=bytes(16))]),
    "award version": lambda tx, _, award, n: tx.awards.update([evolve(award, learner_name=f"{n}", version=2)]),
    "history entry": lambda tx, _, award, n: tx.history.append([make_entry(award, facts=f'{{"n":{n}}}')]),
    "certification code": lambda tx, _certification, _award, _n: tx.certifications.add(make_certification(code="C")),
    "certification version": lambda tx, kept, _award, n: tx.certifications.update(kept.edited(name=f"{n}")),
    "item": lambda tx, certification, _award, _n: tx.certifications.assign(Assignment(_ITEM, certification.id, NOW)),
    "job key": lambda tx, _certification, _award, _n: tx.jobs.add(make_job(key="K")),
    "renewal": lambda tx, _, award, n: tx.renewals.add([make_renewal(award, started_at=NOW + timedelta(n))]),
    "tombstone": lambda tx, _, award, n: tx.tombstones.add([make_tombstone(award, reason=f"{n}")]),
}
"""Writes that only one of many threads can do."""


class ConcurrencyContract(StorageCase):
    """Any number of threads share one storage."""

    @pytest.mark.parametrize("race", RACES.values(), ids=RACES)
    def test_one_thread_wins_and_the_others_get_conflict(
        self, storage: Storage, certification: Certification, race: _Race
    ) -> None:
        """f13: of threads that write under the same unique key, or over the same version, one succeeds."""
        award = make_award(certification)
        store(storage, award)

        def contender(number: int) -> Callable[[], None]:
            return lambda: in_unit(storage, lambda tx: race(tx, certification, award, number))

        errors = at_once([contender(number) for number in range(THREADS)])
        assert [type(error) for error in errors if error is not None] == [Conflict] * (THREADS - 1)

    def test_of_threads_that_change_the_same_awards_one_does(
        self, storage: Storage, certification: Certification
    ) -> None:
        """f13: all of its changes are stored, and none of the others'."""
        awards = [make_award(certification) for _ in range(100)]
        store(storage, *awards)
        changes = changes_of(awards)
        errors = at_once([lambda: in_unit(storage, lambda tx: tx.change(changes))] * THREADS)
        assert [type(error) for error in errors if error is not None] == [Conflict] * (THREADS - 1)
        assert all_awards(storage) == sorted((change.after for change in changes), key=lambda award: award.id)

    def test_losers_find_the_winner(self, storage: Storage, certification: Certification) -> None:
        """f13: after its `Conflict`, every thread reads the same one live award."""
        found: list[Award] = []

        def award_ada() -> None:
            with suppress(Conflict):
                in_unit(storage, lambda tx: tx.awards.add([make_award(certification, "ada")]))
            with storage.reading() as tx:
                found.extend(tx.awards.live([certification.id], ["ada"]).values())

        assert at_once([award_ada] * THREADS) == [None] * THREADS
        assert found == all_awards(storage) * THREADS
        assert len(set(found)) == 1

    def test_threads_that_want_different_things_all_get_them(
        self, storage: Storage, certification: Certification
    ) -> None:
        """No conflict where no key is shared."""
        awards = [make_award(certification) for _ in range(THREADS)]

        def adding(award: Award) -> Callable[[], None]:
            return lambda: in_unit(storage, lambda tx: tx.awards.add([award]))

        assert at_once([adding(award) for award in awards]) == [None] * THREADS
        assert all_awards(storage) == awards

    def test_of_threads_that_report_the_same_completions_each_is_new_to_one(self, storage: Storage) -> None:
        """f16: no `Conflict`, whatever the order in which they come; each completion is new to one thread only."""
        completions = [make_completion(f"learner-{n}") for n in range(60)]
        new: list[bool] = []

        def reporting(position: int) -> Callable[[], None]:
            rotated = completions[position:] + completions[:position]
            return lambda: new.extend(in_unit(storage, lambda tx: tx.completions.add(rotated)))

        assert at_once([reporting(7 * position) for position in range(THREADS)]) == [None] * THREADS
        assert sum(new) == len(completions)

    def test_f17_who_locks_a_learner_sees_what_those_before_have_done(self, storage: Storage) -> None:
        """Threads that count a learner's completions and add one more, under a lock, count each other's."""

        def add_one(tx: Transaction) -> bool:
            tx.completions.lock(["ada", "bob"])
            known = tx.completions.of(["ada"], [COURSE]).get(("ada", COURSE), [])
            return tx.completions.add([make_completion("ada", at=NOW + timedelta(seconds=len(known)))])[0]

        added: list[bool] = []

        def add_five() -> None:
            added.extend([in_unit(storage, add_one) for _ in range(5)])

        assert at_once([add_five] * 4) == [None] * 4
        assert added == [True] * 20

    def test_locks_in_any_order_and_of_thousands_come_to_an_end(self, storage: Storage) -> None:
        """Nobody waits for ever, and nobody is needed to have completed anything."""
        learners = [f"learner-{n}" for n in range(5_000)]

        def lock(position: int) -> Callable[[], None]:
            rotated = learners[position:] + learners[:position]
            return lambda: in_unit(storage, lambda tx: tx.completions.lock(rotated))

        assert at_once([lock(600 * position) for position in range(THREADS)]) == [None] * THREADS

    def test_of_threads_that_tell_the_same_one_is_enough(self, storage: Storage, certification: Certification) -> None:
        """R-82: deliveries with one id are one delivery, and nobody gets a `Conflict`."""
        award = make_award(certification)
        store(storage, award)
        delivery = make_delivery(award)

        def tell() -> None:
            in_unit(storage, lambda tx: tx.deliveries.add([delivery]))

        assert at_once([tell] * THREADS) == [None] * THREADS
        with storage.reading() as tx:
            assert tx.deliveries.of([award.id]) == {award.id: [delivery]}

    def test_what_is_due_is_handed_over_by_one_thread(self, storage: Storage, certification: Certification) -> None:
        """f27: of threads that take what is due and mark it, each delivery is marked by one."""
        award = make_award(certification)
        store(storage, award, *(make_delivery(award) for _ in range(20)))
        done: list[str] = []

        def take_some(tx: Transaction) -> list[str]:
            due = tx.deliveries.due(NOW, 3, ["retake"])
            tx.deliveries.update([evolve(each, state=DeliveryState.DONE, version=each.version + 1) for each in due])
            return [each.id for each in due]

        def take_all() -> None:
            while taken := in_unit(storage, take_some, again=REPEAT):
                done.extend(taken)

        assert at_once([take_all] * THREADS) == [None] * THREADS
        assert len(done) == len(set(done)) == 20

    @pytest.mark.parametrize("first", ["issued", "deleted"])
    def test_what_is_deleted_meanwhile_is_not_given_out(
        self, storage: Storage, certification: Certification, first: str
    ) -> None:
        """R-4, f15: whichever of the two comes first, no award and no item is left of a certification that is gone."""

        def delete(tx: Transaction) -> None:
            tx.certifications.delete(certification.id)
            tx.awards.delete(
                [each.id for each in tx.awards.search(AwardQuery(NOW, certification_ids={certification.id}))]
            )

        def give_out(tx: Transaction) -> None:
            if known := tx.certifications.by_id([certification.id]):
                tx.certifications.hold(known.values())
                tx.issue(issued_to(certification, 3))
                tx.certifications.assign(Assignment(_ITEM, certification.id, NOW))

        early, late = (give_out, delete) if first == "issued" else (delete, give_out)
        with storage.transaction() as tx:
            early(tx)
            other = Running(lambda: in_unit(storage, late, again=REPEAT))
            other.ended_within(_A_MOMENT)
        other.finish()
        assert all_awards(storage) == []
        with storage.reading() as tx:
            assert tx.certifications.carried_by([_ITEM]) == {}

    def test_no_update_is_lost(self, storage: Storage, certification: Certification) -> None:
        """Threads that read, add one, and write back by compare-and-set lose none of their additions."""
        award = make_award(certification, details=Details(score=Decimal(0)))
        store(storage, award)

        def add_one(tx: Transaction) -> None:
            held = tx.awards.by_id([award.id])[award.id]
            score = (held.details.score or 0) + Decimal(1)
            tx.awards.update([evolve(held, details=Details(score=score), version=held.version + 1)])

        def add_five() -> None:
            for _ in range(5):
                in_unit(storage, add_one, again=REPEAT)

        assert at_once([add_five] * 4) == [None] * 4
        (held,) = all_awards(storage)
        assert (held.details.score, held.version) == (Decimal(20), 21)

    @pytest.mark.parametrize("change", ["update", "delete"])
    def test_what_is_held_is_not_changed_meanwhile(
        self, storage: Storage, certification: Certification, change: str
    ) -> None:
        """f15: whoever wants to change or delete it waits until the transaction has ended, and then can."""

        def work(tx: Transaction) -> None:
            if change == "update":
                tx.certifications.update(certification.edited(retired=True))
            else:
                tx.certifications.delete(certification.id)

        with storage.transaction() as tx:
            tx.certifications.hold([certification])
            other = Running(lambda: in_unit(storage, work))
            assert not other.ended_within(_A_MOMENT)
        other.finish()
        with storage.reading() as tx:
            left = tx.certifications.by_id([certification.id])
        assert [each.retired for each in left.values()] == ([True] if change == "update" else [])

    def test_uncommitted_writes_are_invisible_to_other_threads(
        self, storage: Storage, certification: Certification
    ) -> None:
        """A reader elsewhere sees the store as it was, at once or after waiting, and so it is after the rollback."""
        held = make_award(certification)
        store(storage, held)
        seen: list[list[Award]] = []
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.awards.add([make_award(certification)])
            tx.awards.update([evolve(held, learner_name="Edited", version=2)])
            reader = Running(lambda: seen.append(all_awards(storage)))
            reader.ended_within(_A_MOMENT)
            raise ValueError("stop")
        reader.finish()
        assert seen == [[held]]

    def test_a_reading_sees_one_state(self, storage: Storage, certification: Certification) -> None:
        """What another thread commits meanwhile shows in the next reading, not in this one."""
        first, second = make_award(certification), make_award(certification)
        store(storage, first)

        def write() -> None:
            in_unit(storage, lambda tx: tx.awards.add([second]))
            in_unit(storage, lambda tx: tx.awards.update([evolve(first, learner_name="Edited", version=2)]))

        with storage.reading() as tx:
            assert tx.awards.by_id([first.id, second.id]) == {first.id: first}
            writer = Running(write)
            writer.ended_within(_A_MOMENT)
            assert tx.awards.by_id([first.id, second.id]) == {first.id: first}
            assert tx.awards.live([certification.id], [first.learner_id, second.learner_id]).keys() == {
                (certification.id, first.learner_id)
            }
        writer.finish()
        assert [award.learner_name for award in all_awards(storage)] == ["Edited", second.learner_name]

    def test_a_transaction_belongs_to_its_thread(self, storage: Storage, certification: Certification) -> None:
        """One that begins elsewhere meanwhile does not join it: it commits though this one rolls back."""
        award = make_award(certification, f"learner-{new_id()}")
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.awards.add([make_award(certification)])
            other = Running(lambda: in_unit(storage, lambda tx: tx.awards.add([award])))
            other.ended_within(_A_MOMENT)
            raise ValueError("stop")
        other.finish()
        assert all_awards(storage) == [award]
