"""What happens to awards over time: completions, renewals, deliveries."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from attrs import evolve

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import DeliveryState
from certcore.domain.policy import RenewalPolicy
from certcore.domain.renewals import RenewalState
from certcore.errors import Conflict, StorageError
from certcore.ports import Storage
from certcore.testing.builders import (
    COURSE,
    NOW,
    make_award,
    make_certification,
    make_completion,
    make_delivery,
    make_renewal,
)
from certcore.testing.storage.base import StorageCase, same, store
from certcore.testing.storage.ledgers import LedgerCase
from certcore.testing.values import assert_same

_TICK: Final = timedelta(microseconds=1)

COMPLETIONS: Final[dict[str, dict[str, Any]]] = {
    "an instant": {"at": NOW.replace(microsecond=1)},
    "a day": {"at": datetime(2026, 6, 14, 22, tzinfo=UTC), "exact": False},
    "long ago": {"at": datetime(1901, 1, 1, tzinfo=UTC), "on": date(1901, 1, 1), "zone": "UTC", "exact": False},
    "fixed offset": {"zone": "-04:00"},
    "amounts": {"score": Decimal("99.50"), "credits": Decimal("0.1")},
    "odd names": {"learner_id": "ID/é 1", "item": ItemRef(ItemKind.EXTERNAL_ACTIVITY, 'É "1" \\ % _')},
}
"""Completions that must come back as they went in, by what is special about them."""

RENEWALS: Final[dict[str, dict[str, Any]]] = {
    "open": {},
    "fulfilled": {"state": RenewalState.FULFILLED, "version": 7},
    "cancelled": {"state": RenewalState.CANCELLED, "allow_retake": False},
    "no items": {"items": ()},
    "several items": {"items": (ItemRef(ItemKind.LEARNING_PLAN, "ü,:"), COURSE, ItemRef(ItemKind.COURSE, "0012"))},
    "a policy of its own": {
        "policy": RenewalPolicy.from_data({"validity": {"years": 2}, "warning": {"days": 30}}),
        "started_at": NOW.replace(microsecond=999_999),
    },
}
"""Renewals that must come back as they went in."""

DELIVERIES: Final[dict[str, dict[str, Any]]] = {
    "waiting": {},
    "failed": {"attempts": 3, "error": "first line\nsecond ü", "due_at": NOW.replace(microsecond=1)},
    "dead": {"state": DeliveryState.DEAD, "attempts": 12, "error": "\0 x\ud800" + "y" * 5_000, "version": 13},
    "a long payload": {"payload": '{"ü":"' + "x" * 50_000 + '"}'},
}
"""Deliveries that must come back as they went in."""


class CompletionContract(StorageCase):
    """The completions' repository."""

    @pytest.mark.parametrize("changes", COMPLETIONS.values(), ids=COMPLETIONS)
    def test_a_completion_comes_back_as_it_was(self, storage: Storage, changes: dict[str, Any]) -> None:
        """Every value is equal and of its kind, stored alone and among others."""
        completion = make_completion(**changes)
        among = [completion._replace(learner_id=f"other-{n}") for n in range(3)]
        store(storage, completion)
        store(storage, *among)
        with storage.reading() as tx:
            for each in (completion, *among):
                (found,) = tx.completions.of([each.learner_id], [each.item]).values()
                assert_same(found[0], each)

    def test_completions_are_found_by_learner_and_item(self, storage: Storage) -> None:
        """All pairs of the two lists, ascending by instant; kind, code and learner are told apart by code point."""
        plan, lower = ItemRef(ItemKind.LEARNING_PLAN, "C-1"), ItemRef(ItemKind.COURSE, "c-1")
        times = [make_completion("ada", at=NOW + n * _TICK) for n in range(4)]
        others = [make_completion("ada", plan), make_completion("Ada"), make_completion("ada", lower)]
        store(storage, *reversed(times[2:]), *others)
        store(storage, *times[:2])
        with storage.reading() as tx:
            assert tx.completions.of(["ada", "ada", "bob"], [COURSE, plan, COURSE]) == {
                ("ada", COURSE): times,
                ("ada", plan): others[:1],
            }
            assert tx.completions.of(["Ada"], [COURSE, lower]) == {("Ada", COURSE): [others[1]]}
            assert tx.completions.of([], [COURSE]) == tx.completions.of(["ada"], []) == {}

    def test_completions_are_found_from_an_instant_on(self, storage: Storage) -> None:
        """That instant included; pairs without any later one are absent."""
        times = [make_completion("ada", at=NOW + n * _TICK) for n in range(4)]
        store(storage, *times, make_completion("bob"))
        with storage.reading() as tx:
            found = tx.completions.of(["ada", "bob"], [COURSE], NOW + 2 * _TICK)
            assert found == {("ada", COURSE): times[2:]}
            assert tx.completions.of(["ada"], [COURSE], NOW + 4 * _TICK) == {}

    def test_f16_the_same_completion_again_changes_nothing(self, storage: Storage) -> None:
        """R-23: learner, item and instant tell them apart; the answer says which were new, in the order given."""
        first = make_completion(score=Decimal(1))
        again = first._replace(score=Decimal(2), zone="UTC")
        later = make_completion(at=NOW + _TICK)
        with storage.transaction() as tx:
            assert tx.completions.add([]) == []
            assert tx.completions.add([first]) == [True]
            assert tx.completions.add([later, again, later, make_completion("bob")]) == [True, False, False, True]
            assert tx.completions.add([again, later]) == [False, False]
        with storage.reading() as tx:
            assert tx.completions.of([first.learner_id], [COURSE]) == {first.key[:2]: [first, later]}

    def test_learners_who_completed_something_come_in_pages(self, storage: Storage) -> None:
        """Each once, ascending by code point, after the one given; of the items asked for only."""
        plan = ItemRef(ItemKind.LEARNING_PLAN, "C-1")
        names = ["Ada", "ada", "adä", "bob", "\U0001f600", "éva"]
        ordered = sorted(names)
        store(
            storage,
            *(make_completion(name) for name in names),
            make_completion("ada", plan),
            make_completion("cy", plan),
        )
        store(storage, make_completion("ada", at=NOW + _TICK))
        with storage.reading() as tx:
            assert list(tx.completions.learners([COURSE], None, 99)) == ordered
            assert list(tx.completions.learners([COURSE], None, 4)) == ordered[:4]
            assert list(tx.completions.learners([COURSE, COURSE], ordered[3], 4)) == ordered[4:]
            assert list(tx.completions.learners([COURSE, plan], None, 99)) == sorted([*names, "cy"])
            assert list(tx.completions.learners([COURSE], ordered[-1], 4)) == []
            assert list(tx.completions.learners([], None, 4)) == []

    def test_many_completions_may_come_at_once(self, storage: Storage) -> None:
        """Ten thousand to write, tens of thousands to ask for; those that were there are told apart."""
        completions = [make_completion(f"learner-{n}") for n in range(10_000)]
        store(storage, *completions[::3])
        with storage.transaction() as tx:
            assert same(tx.completions.add(completions), [bool(n % 3) for n in range(10_000)])
            learners = [f"learner-{n}" for n in range(40_000)]
            found = tx.completions.of(learners, [COURSE, *(ItemRef(ItemKind.COURSE, f"{n}") for n in range(1_000))])
            assert same(found, {each.key[:2]: [each] for each in completions})

    def test_completions_that_were_undone_are_new_again(self, storage: Storage) -> None:
        """A rollback takes them back, also that of an inner transaction."""
        completion: Completion = make_completion()
        with storage.transaction() as outer:
            with pytest.raises(ValueError, match="stop"), storage.transaction() as inner:
                assert inner.completions.add([completion]) == [True]
                raise ValueError("stop")
            assert outer.completions.of([completion.learner_id], [COURSE]) == {}
            assert outer.completions.add([completion]) == [True]


class RenewalContract(LedgerCase):
    """The renewals' repository."""

    @pytest.mark.parametrize("changes", RENEWALS.values(), ids=RENEWALS)
    def test_a_renewal_comes_back_as_it_was(
        self, storage: Storage, certification: Certification, award: Award, changes: dict[str, Any]
    ) -> None:
        """Every value is equal and of its kind, also after a change."""
        other = make_award(certification)
        renewal, plain = make_renewal(award, **changes), make_renewal(other)
        changed = make_renewal(other, **{**changes, "version": 2})
        store(storage, other, renewal, plain)
        with storage.transaction() as tx:
            tx.renewals.update([changed])
        with storage.reading() as tx:
            assert_same(tx.renewals.of([award.id])[award.id], renewal)
            assert_same(tx.renewals.of([other.id])[other.id], changed)

    def test_renewals_are_found_by_award(self, storage: Storage, award: Award) -> None:
        """Awards without one, and those that are not there, are absent; nothing asked for gives nothing."""
        renewal = make_renewal(award)
        store(storage, renewal)
        with storage.transaction() as tx:
            tx.renewals.add([])
            tx.renewals.update([])
            assert tx.renewals.of([1, award.id, award.id, 2]) == {award.id: renewal}
            assert tx.renewals.of([]) == {}

    def test_an_award_has_one_renewal(self, storage: Storage, certification: Certification, award: Award) -> None:
        """R-52: `Conflict` for a second one, whatever the state of the first, and none of the batch is stored."""
        other = make_award(certification)
        store(storage, other, make_renewal(award, state=RenewalState.CANCELLED))
        for batch in ([make_renewal(award)], [make_renewal(other), make_renewal(award)], [make_renewal(other)] * 2):
            with storage.transaction() as tx, pytest.raises(Conflict):
                tx.renewals.add(batch)
        with storage.reading() as tx:
            assert tx.renewals.of([other.id]) == {}

    @pytest.mark.parametrize("version", [0, 1, 3], ids=["older", "same", "skipping one"])
    def test_an_update_of_a_renewal_needs_the_next_version(
        self, storage: Storage, certification: Certification, award: Award, version: int
    ) -> None:
        """Compare-and-set, all or none: any other version is a `Conflict`, as is a renewal that is not there."""
        other = make_award(certification)
        renewal, good = make_renewal(award), make_renewal(other)
        store(storage, other, renewal, good)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.renewals.update([evolve(good, version=2), evolve(renewal, version=version)])
            with pytest.raises(Conflict):
                tx.renewals.update([make_renewal(make_award(certification), version=2)])
            assert tx.renewals.of([award.id, other.id]) == {award.id: renewal, other.id: good}

    @pytest.mark.parametrize("count", [0, 1, 3, 300])
    def test_renewals_are_closed_as_they_were_read(
        self, storage: Storage, certification: Certification, award: Award, count: int
    ) -> None:
        """R-52: in their next version, whatever the size of the batch; nothing else of them changes, nor do others."""
        awards = [make_award(certification) for _ in range(count)]
        other, renewals = make_renewal(award), [make_renewal(each, version=3) for each in awards]
        store(storage, *awards, other, *renewals)
        with storage.transaction() as tx:
            tx.renewals.close(renewals, RenewalState.FULFILLED)
        expected = {each.award_id: evolve(each, state=RenewalState.FULFILLED, version=4) for each in renewals}
        with storage.reading() as tx:
            assert same(tx.renewals.of([award.id, *expected]), {award.id: other, **expected})

    @pytest.mark.parametrize("count", [1, 3, 300])
    @pytest.mark.parametrize("why", ["version", "not there"])
    def test_one_renewal_that_is_not_as_it_was_read_keeps_all_from_being_closed(
        self, storage: Storage, certification: Certification, why: str, count: int
    ) -> None:
        """`Conflict`, and none is closed (I12), also for who goes on after it."""
        awards = [make_award(certification) for _ in range(count)]
        renewals = [make_renewal(each) for each in awards]
        store(storage, *awards, *(renewals[:-1] if why == "not there" else renewals))
        if why == "version":
            with storage.transaction() as tx:
                tx.renewals.update([evolve(renewals[-1], state=RenewalState.CANCELLED, version=2)])
        ids = [each.id for each in awards]
        with storage.reading() as tx:
            before = tx.renewals.of(ids)
        with storage.transaction(), pytest.raises(Conflict), storage.transaction() as inner:
            inner.renewals.close(renewals, RenewalState.FULFILLED)
        with suppress(StorageError), storage.transaction() as tx, suppress(Conflict):
            tx.renewals.close(renewals, RenewalState.FULFILLED)
        with storage.reading() as tx:
            assert same(tx.renewals.of(ids), before)


class DeliveryContract(LedgerCase):
    """The deliveries' repository."""

    @pytest.mark.parametrize("changes", DELIVERIES.values(), ids=DELIVERIES)
    def test_a_delivery_comes_back_as_it_was(self, storage: Storage, award: Award, changes: dict[str, Any]) -> None:
        """Every value is equal and of its kind, also after a change."""
        delivery, plain = make_delivery(award, **changes), make_delivery(award)
        changed = evolve(plain, **{**changes, "version": 2})
        store(storage, delivery, plain)
        with storage.transaction() as tx:
            tx.deliveries.update([changed])
        with storage.reading() as tx:
            stored = {each.id: each for each in tx.deliveries.of([award.id])[award.id]}
            assert_same(stored[delivery.id], delivery)
            assert_same(stored[plain.id], changed)

    def test_deliveries_are_found_by_award(self, storage: Storage, certification: Certification, award: Award) -> None:
        """By (due at, id), whatever their state; awards without any are absent."""
        other = make_award(certification)
        deliveries = [
            make_delivery(award, due_at=NOW + n * _TICK, state=state) for n, state in enumerate(DeliveryState)
        ]
        deliveries += sorted((make_delivery(award, due_at=NOW + timedelta(1)) for _ in range(3)), key=lambda it: it.id)
        store(storage, other, *reversed(deliveries))
        with storage.reading() as tx:
            assert tx.deliveries.of([award.id, other.id, 1, award.id]) == {award.id: deliveries}
            assert tx.deliveries.of([]) == {}

    def test_the_same_thing_is_told_once(self, storage: Storage, award: Award) -> None:
        """R-82: an id that is there already, or comes twice, changes nothing; the others are stored."""
        first, second = make_delivery(award), make_delivery(award, due_at=NOW + _TICK)
        done = evolve(first, state=DeliveryState.DONE, version=2)
        with storage.transaction() as tx:
            tx.deliveries.add([])
            tx.deliveries.add([first])
            tx.deliveries.update([done])
            tx.deliveries.add([evolve(first, payload="{}"), second, evolve(second, payload="{}")])
        with storage.reading() as tx:
            assert tx.deliveries.of([award.id]) == {award.id: [done, second]}

    def test_what_is_due_comes_oldest_first(self, storage: Storage, award: Award) -> None:
        """Up to the limit: those that wait, of the kinds asked for, due at the instant itself and before."""
        due = [make_delivery(award, due_at=NOW - n * _TICK) for n in range(5)]
        others = [make_delivery(award, state=state) for state in DeliveryState if state is not DeliveryState.WAITING]
        notice, later = make_delivery(award, kind="notice"), make_delivery(award, due_at=NOW + _TICK)
        store(storage, *due, *others, notice, later)
        for opened in (storage.reading, storage.transaction):
            with opened() as tx:
                assert list(tx.deliveries.due(NOW, 100, ["retake"])) == due[::-1]
                assert list(tx.deliveries.due(NOW, 2, ["retake", "retake", "none"])) == due[:2:-1]
                assert list(tx.deliveries.due(NOW, 100, ["notice"])) == [notice]
                assert len(tx.deliveries.due(NOW + _TICK, 100, ["notice", "retake"])) == 7
                assert list(tx.deliveries.due(NOW, 100, [])) == []

    def test_a_delivery_that_is_put_off_waits_again(self, storage: Storage, award: Award) -> None:
        """R-83: with another due moment, and with the attempts it took."""
        delivery = make_delivery(award)
        later = evolve(delivery, attempts=1, error="the host raised", due_at=NOW + timedelta(minutes=1), version=2)
        store(storage, delivery)
        with storage.transaction() as tx:
            tx.deliveries.update([later])
        with storage.reading() as tx:
            assert list(tx.deliveries.due(NOW, 10, ["retake"])) == []
            assert list(tx.deliveries.due(later.due_at, 10, ["retake"])) == [later]

    @pytest.mark.parametrize("version", [0, 1, 3], ids=["older", "same", "skipping one"])
    def test_an_update_of_a_delivery_needs_the_next_version(self, storage: Storage, award: Award, version: int) -> None:
        """Compare-and-set, all or none: any other version is a `Conflict`, as is a delivery that is not there."""
        good, stale = sorted((make_delivery(award) for _ in range(2)), key=lambda each: each.id)
        store(storage, good, stale)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.deliveries.update([evolve(good, version=2), evolve(stale, version=version)])
            with pytest.raises(Conflict):
                tx.deliveries.update([make_delivery(award, version=2)])
            assert tx.deliveries.of([award.id]) == {award.id: [good, stale]}

    def test_deliveries_may_be_many(self, storage: Storage) -> None:
        """Thousands to write, to find, and to mark."""
        certification = make_certification()
        awards = [make_award(certification) for _ in range(3_000)]
        deliveries = [make_delivery(award) for award in awards]
        store(storage, certification, *awards, *deliveries)
        with storage.transaction() as tx:
            due = tx.deliveries.due(NOW, 10_000, ["retake"])
            assert list(due) == sorted(deliveries, key=lambda each: each.id)
            tx.deliveries.update([evolve(each, state=DeliveryState.DONE, version=2) for each in due])
            assert list(tx.deliveries.due(NOW, 10_000, ["retake"])) == []
            assert len(tx.deliveries.of([award.id for award in awards])) == len(awards)
