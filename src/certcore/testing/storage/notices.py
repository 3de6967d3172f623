"""What notices need of a storage: events to dispatch, messages told in columns, dead letters."""

from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.deliveries import Delivery, DeliveryState, NewDeliveries, delivery_id
from certcore.domain.history import Event, canonical
from certcore.domain.notices import Notice, When
from certcore.ports import Storage, Transaction
from certcore.testing.builders import (
    NOW,
    make_award,
    make_delivery,
    make_event,
)
from certcore.testing.storage.base import ALL, same, store
from certcore.testing.storage.issuing import issued_to
from certcore.testing.storage.ledgers import LedgerCase
from certcore.testing.threads import REPEAT, at_once, in_unit

THREADS: Final = 6
_TICK: Final = timedelta(microseconds=1)


def told(award: Award, count: int, first: int = 0) -> NewDeliveries:
    """New messages about the award, in columns."""
    numbers = range(first, first + count)
    return NewDeliveries(
        "notice.mail",
        [delivery_id("notice", n) for n in numbers],
        [award.id] * count,
        [award.learner_id] * count,
        [f'{{"n":"{n} \\\\ ü\\t"}}' for n in numbers],
        [NOW + n % 3 * _TICK for n in numbers],
    )


class DispatchContract(LedgerCase):
    """Events that are pending."""

    def test_events_are_pending_in_the_order_of_each_award(self, storage: Storage, award: Award, other: Award) -> None:
        """By (award id, seq), told or not and whenever due, up to the limit; asking changes nothing."""
        events = [make_event(award, seq, notify=seq > 1, due_at=NOW - seq * timedelta(1)) for seq in (1, 2, 10)]
        events += [make_event(other, seq, due_at=NOW + timedelta(9_999)) for seq in (1, 2)]
        store(storage, *reversed(events))
        for opened in (storage.reading, storage.transaction):
            with opened() as tx:
                assert list(tx.outbox.pending(ALL)) == list(tx.outbox.pending(ALL)) == events
                assert list(tx.outbox.pending(2)) == events[:2]

    def test_what_is_dispatched_is_pending_no_more(self, storage: Storage, award: Award, other: Award) -> None:
        """Only those named, and all else of them stays; what is not there is passed over."""
        events = [make_event(award, 1), make_event(award, 2), make_event(other, 1)]
        store(storage, *events)
        with storage.transaction() as tx:
            tx.outbox.dispatched([(award.id, 1), (award.id, 9), (1, 1), (award.id, 1)])
            tx.outbox.dispatched([])
            assert list(tx.outbox.pending(ALL)) == events[1:]
        with storage.transaction() as tx:
            tx.outbox.silence([(award.id, 1), (award.id, 2)])
            quiet = evolve(events[1], notify=False)
            assert list(tx.outbox.pending(ALL)) == [quiet, events[2]]
            assert tx.outbox.of([award.id]) == {award.id: [evolve(events[0], notify=False), quiet]}

    def test_whatever_is_written_is_pending(self, storage: Storage, certification: Certification) -> None:
        """Columns of new awards too, by the thousand; what is rolled back is not, and what is deleted goes."""
        parts = issued_to(certification, 3_000)
        events = [event for issued in parts for event in issued.events()]
        ids = [event.award_id for event in events]
        with storage.transaction() as tx:
            tx.issue(parts)
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.issue(issued_to(certification, 3, first=5_000))
            tx.outbox.dispatched([(award_id, 1) for award_id in ids])
            raise ValueError("stop")
        with storage.transaction() as tx:
            assert same(list(tx.outbox.pending(ALL)), sorted(events, key=lambda event: event.award_id))
            tx.outbox.dispatched([(award_id, 1) for award_id in ids[:2_000]])
            tx.awards.delete(ids[2_000:2_999])
            assert [event.award_id for event in tx.outbox.pending(ALL)] == ids[2_999:]

    def test_events_are_dispatched_by_one_thread_in_order(self, storage: Storage, certification: Certification) -> None:
        """f27: of threads that dispatch what is pending, each event is dispatched by one, after those before it."""
        awards = [make_award(certification) for _ in range(3)]
        store(storage, *awards, *(make_event(award, seq) for award in awards for seq in range(1, 11)))
        done: list[Event] = []

        def take_some(tx: Transaction) -> list[Event]:
            pending = list(tx.outbox.pending(4))
            tx.outbox.dispatched([(event.award_id, event.seq) for event in pending])
            orders = [make_delivery(awards[0], id=delivery_id("of", each.award_id, each.seq)) for each in pending]
            earlier = [delivery_id("of", each.award_id, seq) for each in pending for seq in range(1, each.seq)]
            tx.deliveries.add(orders)
            assert set(earlier) <= tx.deliveries.by_id(earlier).keys()
            return pending

        def take_all() -> None:
            while _pending(storage):
                done.extend(in_unit(storage, take_some, again=REPEAT))

        assert at_once([take_all] * THREADS) == [None] * THREADS
        assert len(done) == len({(event.award_id, event.seq) for event in done}) == 30


def _pending(storage: Storage) -> bool:
    with storage.reading() as tx:
        return bool(tx.outbox.pending(1))


class TellingContract(LedgerCase):
    """`Transaction.tell`, and deliveries that are found by id or were given up."""

    @pytest.mark.parametrize("count", [0, 1, 3, 3_000])
    def test_messages_in_columns_are_stored_as_rows_would_be(self, storage: Storage, award: Award, count: int) -> None:
        """Whatever the size of the batch and the text in it."""
        new = told(award, count)
        with storage.transaction() as tx:
            assert list(tx.tell(new)) == []
        expected = {each.id: each for each in new.deliveries()}
        with storage.reading() as tx:
            assert same(tx.deliveries.by_id([*new.ids, "0" * 32]), expected)
            assert len(tx.deliveries.due(NOW + timedelta(1), ALL, ["notice.mail"])) == count

    @pytest.mark.parametrize("count", [1, 3, 300])
    def test_what_was_told_is_not_told_again(self, storage: Storage, award: Award, count: int) -> None:
        """R-82: it stays as it became, its ids are given back, and those that are new are stored."""
        with storage.transaction() as tx:
            tx.tell(told(award, count))
            done = [evolve(each, state=DeliveryState.DONE, version=2) for each in told(award, count).deliveries()]
            tx.deliveries.update(done)
        both = told(award, count + 2)
        with storage.transaction() as tx:
            assert set(tx.tell(both)) == {each.id for each in done}
            stored = tx.deliveries.by_id(both.ids)
            assert same([stored[each] for each in both.ids[:count]], done)
            assert len(stored) == count + 2

    def test_of_threads_that_tell_the_same_each_message_is_new_to_one(self, storage: Storage, award: Award) -> None:
        """R-82, f27: nobody gets a `Conflict`, and nothing is there twice."""
        new = told(award, 60)
        fresh: list[str] = []

        def tell() -> None:
            known = in_unit(storage, lambda tx: tx.tell(new))
            fresh.extend(set(new.ids) - set(known))

        assert at_once([tell] * THREADS) == [None] * THREADS
        with storage.reading() as tx:
            assert len(tx.deliveries.of([award.id])[award.id]) == 60
        assert set(fresh) == set(new.ids)

    def test_what_was_given_up_comes_in_pages(self, storage: Storage, award: Award) -> None:
        """R-83: by (due at, id), all behind the pair given, whatever its kind; nothing that is not dead."""
        dead = [make_delivery(award, state=DeliveryState.DEAD, due_at=NOW + n // 4 * _TICK) for n in range(9)]
        others = [make_delivery(award, state=state) for state in DeliveryState if state is not DeliveryState.DEAD]
        dead[0] = evolve(dead[0], kind="notice.mail")
        store(storage, *dead, *others)
        dead.sort(key=lambda each: (each.due_at, each.id))
        for size in (1, 4, 100):
            found, after = [], None
            with storage.reading() as tx:
                while page := list(tx.deliveries.dead(after, size)):
                    assert len(page) <= size
                    found += page
                    after = page[-1].due_at, page[-1].id
            assert found == dead

    def test_what_was_handed_over_comes_in_pages(self, storage: Storage, award: Award, other: Award) -> None:
        """R-45: by (award id, id), all behind the pair given; of one family of kinds, these awards, acknowledged."""
        kinds = ("notice", "notice.mail", "notice.inbox")
        awards = sorted((award, other), key=lambda each: each.id)
        done = [
            make_delivery(each, kind=kinds[n % 3], state=DeliveryState.DONE, due_at=NOW - n * _TICK)
            for each in awards
            for n in range(7)
        ]
        strange = ("noticed", "notic", "Notice.mail", "event.notice", "notice_mail")
        others = [make_delivery(award, kind=kind, state=DeliveryState.DONE) for kind in strange]
        others += [make_delivery(award, kind="notice", state=each) for each in DeliveryState if each.value != "done"]
        store(storage, *done, *others)
        done.sort(key=lambda each: (each.award_id, each.id))
        ids = [other.id, award.id, 1, award.id]
        for size in (1, 3, 7, 100):
            found, after = [], None
            with storage.reading() as tx:
                while page := list(tx.deliveries.handed_over("notice", ids, after, size)):
                    assert len(page) <= size
                    found += page
                    after = page[-1].award_id, page[-1].id
            assert found == done, size
        with storage.reading() as tx:
            assert list(tx.deliveries.handed_over("notice", [awards[1].id], None, ALL)) == done[7:]
            assert list(tx.deliveries.handed_over("notice.mail", ids, None, ALL)) == [
                each for each in done if each.kind == "notice.mail"
            ]
            assert list(tx.deliveries.handed_over("notice", [], None, ALL)) == []
            assert (
                list(tx.deliveries.handed_over("notice", [*range(-40_000, 0), award.id], None, 1))
                == [each for each in done if each.award_id == award.id][:1]
            )

    @pytest.mark.parametrize("name", ["ada", "a%a", "a_a", 'a"\\/a', "ä字"])
    def test_f50_the_erased_are_in_no_delivery(self, storage: Storage, award: Award, other: Award, name: str) -> None:
        """R-62: what is about them, and notices to them about others, in any state; a second time does nothing."""
        about = [evolve(make_delivery(award, state=state), learner_id=name) for state in DeliveryState]
        to_them = [_notice_to(name, other, state=state) for state in DeliveryState]
        alike = [_notice_to(each, other) for each in (name.upper() + "x", "A" + name[1:], f"x{name}", "axa", "a", "x")]
        spoken_of = make_delivery(other, payload=canonical({"recipients": name, "rule": name, "subject": name}))
        odd = [make_delivery(other, payload=payload) for payload in ("", "[]", f'"recipient":{canonical([name])}')]
        kept = [*alike, spoken_of, *odd, make_delivery(other)]
        store(storage, *about, *to_them, *kept)
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.deliveries.erase(name)
            raise ValueError("stop")
        with storage.reading() as tx:
            assert len(tx.deliveries.of([award.id])[award.id]) == len(about)
        for _ in range(2):
            with storage.transaction() as tx:
                tx.deliveries.erase(name)
            with storage.reading() as tx:
                assert tx.deliveries.of([award.id]) == {}
                assert {each.id for each in tx.deliveries.of([other.id])[other.id]} == {each.id for each in kept}
                assert {each.id for each in tx.deliveries.due(NOW, ALL, ["notice"])} == {each.id for each in alike}

    def test_f50_of_many_deliveries_the_erased_are_in_none(self, storage: Storage, award: Award) -> None:
        """R-62: by the thousand, to them and to others."""
        to_them = [_notice_to("ada", award) for _ in range(5_500)]
        to_others = [_notice_to("Ada", award) for _ in range(5_500)]
        store(storage, *to_them, *to_others)
        with storage.transaction() as tx:
            tx.deliveries.erase("ada")
        with storage.reading() as tx:
            assert {each.id for each in tx.deliveries.of([award.id])[award.id]} == {each.id for each in to_others}


def _notice_to(recipient_id: str, award: Award, **changes: Any) -> Delivery:
    notice = Notice("rule", When.parse("issued"), award.number, recipient_id, award.learner_id, "1", NOW)
    return make_delivery(award, kind="notice", payload=notice.payload(), **changes)
