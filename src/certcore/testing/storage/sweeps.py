"""Sweeps, and the expiries that they go through (R-80, R-82)."""

from datetime import date, timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.sweeps import Sweep
from certcore.errors import Conflict
from certcore.ports import ExpiryRow, Storage, Transaction
from certcore.testing.builders import (
    NOW,
    ended,
    make_award,
    make_certification,
    make_entry,
    make_period,
)
from certcore.testing.storage.base import ALL, StorageCase, store
from certcore.testing.threads import REPEAT, Running, at_once, elsewhere, in_unit
from certcore.testing.values import assert_same

_TICK: Final = timedelta(microseconds=1)
_A_MOMENT: Final = 0.2  # long enough for a thread that does not wait, in seconds

SWEEPS: Final[dict[str, dict[str, Any]]] = {
    "finished": {},
    "under way": {"target": NOW + _TICK, "cursor": (NOW.replace(year=2106, microsecond=1), 2**62 - 1)},
    "before its first page": {"target": NOW, "version": 2**31},
    "odd names": {"rule": "30-days_before", "zones": "2026b +é"},
}
"""Sweeps that must come back as they went in."""


def make_sweep(**changes: Any) -> Sweep:
    """The sweep of a rule that was switched on a day before `NOW`."""
    return evolve(Sweep("expiring", NOW - timedelta(1), NOW, "2026a"), **changes)


class SweepContract(StorageCase):
    """The sweeps' repository."""

    @pytest.mark.parametrize("changes", SWEEPS.values(), ids=SWEEPS)
    def test_a_sweep_comes_back_as_it_was(self, storage: Storage, changes: dict[str, Any]) -> None:
        """As it was begun, as it was changed, and whatever somebody would begin later."""
        begun = make_sweep(**changes)
        after = make_sweep(rule=begun.rule, target=NOW, cursor=(NOW, 7), version=begun.version + 1)
        with storage.transaction() as tx:
            assert_same(tx.sweeps.take(begun), begun)
        with storage.transaction() as tx:
            assert_same(tx.sweeps.take(make_sweep(rule=begun.rule, until=NOW - _TICK)), begun)
            tx.sweeps.update(after)
            assert_same(tx.sweeps.take(begun), after)
            other = make_sweep(rule="another")
            assert_same(tx.sweeps.take(other), other)

    @pytest.mark.parametrize("version", [0, 1, 3], ids=["older", "same", "skipping one"])
    def test_an_update_of_a_sweep_needs_the_next_version(self, storage: Storage, version: int) -> None:
        """Compare-and-set: any other version is a `Conflict`, as is a rule that was never swept."""
        with storage.transaction() as tx:
            begun = tx.sweeps.take(make_sweep())
            with pytest.raises(Conflict):
                tx.sweeps.update(make_sweep(target=NOW, version=version))
            with pytest.raises(Conflict):
                tx.sweeps.update(make_sweep(rule="another", version=2))
            assert tx.sweeps.take(make_sweep()) == begun

    def test_a_sweep_is_moved_on_by_one_thread_at_a_time(self, storage: Storage) -> None:
        """f27: of threads that take it and move it on, none loses what another did."""

        def move(tx: Transaction) -> bool:
            sweep = tx.sweeps.take(make_sweep())
            if sweep is not None:
                tx.sweeps.update(sweep.moved(until=sweep.until + _TICK))
            return sweep is not None

        def move_five() -> None:
            for _ in range(5):
                while not in_unit(storage, move, again=REPEAT):
                    pass

        assert at_once([move_five] * 4) == [None] * 4
        with storage.transaction() as tx:
            assert tx.sweeps.take(make_sweep()) == make_sweep(until=NOW + 20 * _TICK, version=21)

    def test_who_cannot_take_a_sweep_takes_another(self, storage: Storage) -> None:
        """f27: nobody waits for ever for one that is taken, and others can be taken meanwhile or afterwards."""
        with storage.transaction() as tx:
            tx.sweeps.take(make_sweep())
        with storage.transaction() as tx:
            tx.sweeps.take(make_sweep())
            other = Running(lambda: in_unit(storage, lambda tx: tx.sweeps.take(make_sweep(rule="another"))))
            other.ended_within(_A_MOMENT)
        other.finish()
        assert elsewhere(lambda: in_unit(storage, lambda tx: tx.sweeps.take(make_sweep()))) == make_sweep()


class ExpiryContract(StorageCase):
    """`AwardRepository.expiring`."""

    def test_expiries_are_found_between_two_instants(self, storage: Storage, certification: Certification) -> None:
        """Both included, live awards only, with when they were recorded; those without history are left out."""
        days = [date(2027, 1, 31) + timedelta(n) for n in range(5)]
        awards = [make_award(certification, period=make_period(expires_on=day, zone="-04:00")) for day in days]
        over = make_award(certification, period=make_period(expires_on=days[2], zone="-04:00"))
        never = make_award(certification, period=make_period(expires_on=None))
        unrecorded = make_award(certification, period=awards[2].period)
        recorded = [*awards, over, never]
        store(
            storage, *recorded, unrecorded, *(make_entry(each, at=NOW - n * _TICK) for n, each in enumerate(recorded))
        )
        store(storage, *(make_entry(each, 2, at=NOW + timedelta(1)) for each in recorded))
        with storage.transaction() as tx:
            tx.awards.update([ended(over)])
        rows = [_row(each, n) for n, each in enumerate(awards)]
        since, until = (_expiry(awards[at]) for at in (1, 3))
        with storage.reading() as tx:
            assert_same(list(tx.awards.expiring(since, until, None, ALL)), rows[1:4])
            assert list(tx.awards.expiring(since + _TICK, until - _TICK, None, ALL)) == rows[2:3]
            assert list(tx.awards.expiring(since, until, None, 2)) == rows[1:3]
            assert list(tx.awards.expiring(since, until, (since - timedelta(9), 2**62), ALL)) == rows[1:4]
            assert list(tx.awards.expiring(until, since, None, ALL)) == []

    def test_expiries_come_in_pages_whatever_their_instants(
        self, storage: Storage, certification: Certification
    ) -> None:
        """Many at one instant, few, and none: by (expiry, id), complete and without repeats."""
        days = [date(2027, 1, 31)] * 11 + [date(2027, 2, 1)] * 2 + [date(2027, 3, 1)] * 7
        awards = [make_award(certification, period=make_period(expires_on=day)) for day in days]
        store(storage, *reversed(awards), *map(make_entry, awards))
        rows = [_row(each) for each in awards]
        since, until = _expiry(awards[0]), _expiry(awards[-1])
        for size in (1, 3, 5, 11, 100):
            found: list[ExpiryRow] = []
            after = None
            with storage.reading() as tx:
                while page := list(tx.awards.expiring(since, until, after, size)):
                    found += page
                    after = page[-1][4], page[-1][0]
            assert found == rows, size

    def test_an_expiry_that_is_moved_is_found_where_it_is_then(
        self, storage: Storage, certification: Certification
    ) -> None:
        """Also where the move is taken back."""
        award = make_award(certification)
        moved = evolve(award, period=make_period(expires_on=date(2028, 2, 1)), version=2)
        store(storage, award, make_entry(award))
        everything = (NOW - timedelta(9_999), NOW + timedelta(9_999), None, 9)
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.awards.update([moved])
            assert list(tx.awards.expiring(*everything)) == [_row(moved)]
            raise ValueError("stop")
        with storage.reading() as tx:
            assert list(tx.awards.expiring(*everything)) == [_row(award)]
        with storage.transaction() as tx:
            tx.awards.update([moved])
        with storage.reading() as tx:
            assert list(tx.awards.expiring(*everything)) == [_row(moved)]

    def test_thousands_expire_at_one_instant(self, storage: Storage) -> None:
        """A page is not dearer for those before it."""
        certification = make_certification()
        awards = [make_award(certification) for _ in range(3_000)]
        store(storage, certification, *awards, *map(make_entry, awards))
        at = _expiry(awards[0])
        with storage.reading() as tx:
            assert [row[0] for row in tx.awards.expiring(at, at, (at, awards[2_989].id), 100)] == [
                each.id for each in awards[2_990:]
            ]


def _expiry(award: Award) -> Any:
    return award.period.expires_at


def _row(award: Award, place: int = 0) -> ExpiryRow:
    period = award.period
    assert period.expires_at is not None
    assert period.expires_on is not None
    ends = (period.expires_at, period.expires_on, period.zone)
    return award.id, award.number, award.learner_id, award.certification_id, *ends, NOW - place * _TICK
