"""Many changes of awards at once: the same as one by one."""

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

import pytest
from attrs import evolve

from certcore.domain.awards import Award, Basis, BasisKind, Details, Ending, EndReason
from certcore.domain.certifications import Certification
from certcore.domain.succession import Archived, archive
from certcore.domain.transitions import Change, Context, edit, undo_renewal
from certcore.errors import Conflict, StorageError
from certcore.ports import Storage
from certcore.testing.builders import ACTOR, NOW, ended, make_award, make_entry, make_event, make_period
from certcore.testing.storage.base import StorageCase, all_awards, contents, same, store

_CONTEXT = Context(ACTOR, NOW, job_id=7)
_SALT = bytes(range(16))
_PERIOD = make_period(date(2030, 2, 28), None, "-04:00")
_DETAILS = Details(note="O'\\N \tÉ👩‍🔬\n")


def changes_of(awards: Sequence[Award]) -> list[Change]:
    """One change for each award: every third ended, every third edited, every third another in all that may change."""
    return [(_end, _edit, _rewrite)[number % 3](award) for number, award in enumerate(awards)]


def archived(awards: Sequence[Award]) -> Archived:
    """The awards, each renewed by another that starts now or later."""
    starts = [NOW + timedelta(number % 2) for number in range(len(awards))]
    ids = [award.id + 1 for award in awards]
    return archive(awards, ids, [f"number {award_id}" for award_id in ids], starts, _CONTEXT, os.urandom)


def _end(award: Award) -> Change:
    (change,) = archived([award]).changes()
    return change


def _edit(award: Award) -> Change:
    edited = evolve(award, period=_PERIOD, basis=Basis(BasisKind.COURSE, "C\\N é"), details=_DETAILS)
    return edit(award, edited, _SALT, _CONTEXT)


def _rewrite(award: Award) -> Change:
    after = evolve(
        award,
        learner_name="Someone Else",
        edition=award.edition + 1,
        period=_PERIOD,
        details=_DETAILS,
        renews=3,
        renewed_by=4,
        ending=Ending(EndReason.REVOKED, NOW),
        version=award.version + 1,
        head=b"h" * 32,
    )
    return Change(award, after, make_entry(award, after.version, job_id=7), make_event(award, after.version))


class ChangingContract(StorageCase):
    """`Transaction.change` and `Transaction.archive`."""

    @pytest.mark.parametrize("count", [0, 1, 3, 300])
    def test_changes_are_stored_with_history_and_events(
        self, storage: Storage, certification: Certification, count: int
    ) -> None:
        """I5: whatever changes, whatever the size of the batch; what does not change stays, other awards too."""
        other, *awards = (make_award(certification) for _ in range(count + 1))
        store(storage, other, *awards)
        changes = changes_of(awards)
        with storage.transaction() as tx:
            tx.change(changes)
        after = [other, *(change.after for change in changes)]
        assert same(all_awards(storage), sorted(after, key=lambda award: award.id))
        with storage.reading() as tx:
            ids = [award.id for award in awards]
            assert same(tx.history.of(ids), {change.after.id: [change.entry] for change in changes})
            assert same(tx.outbox.of(ids), {change.after.id: [change.event] for change in changes})

    @pytest.mark.parametrize("count", [0, 1, 3, 300])
    def test_archived_columns_are_stored_as_changes_would_be(
        self, storage: Storage, certification: Certification, count: int
    ) -> None:
        """R-60: the ends, the history and the events of awards that others renew; other awards stay as they are."""
        other, *awards = (make_award(certification) for _ in range(count + 1))
        store(storage, other, *awards)
        renewed = archived(awards)
        with storage.transaction() as tx:
            tx.archive(renewed)
        changes = list(renewed.changes())
        after = [other, *(change.after for change in changes)]
        assert same(all_awards(storage), sorted(after, key=lambda award: award.id))
        with storage.reading() as tx:
            ids = [award.id for award in awards]
            assert same(tx.history.of(ids), {change.after.id: [change.entry] for change in changes})
            assert same(tx.outbox.of(ids), {change.after.id: [change.event] for change in changes})

    @pytest.mark.parametrize("why", ["version", "not there", "history", "event"])
    @pytest.mark.parametrize("count", [1, 3, 300])
    def test_one_award_that_is_not_as_it_was_read_keeps_all_from_being_archived(
        self, storage: Storage, certification: Certification, why: str, count: int
    ) -> None:
        """`Conflict`, and the store is as it was (I12), also for who goes on after it."""
        awards = [make_award(certification) for _ in range(count)]
        last = awards[-1]
        store(storage, *(awards[:-1] if why == "not there" else awards))
        match why:
            case "version":
                store_next_version(storage, last)
            case "history":
                store(storage, make_entry(last, 2))
            case "event":
                store(storage, make_event(last, 2))
        before = contents(storage)
        with storage.transaction(), pytest.raises(Conflict), storage.transaction() as inner:
            inner.archive(archived(awards))
        assert same(contents(storage), before)
        with suppress(StorageError), storage.transaction() as tx, suppress(Conflict):
            tx.archive(archived(awards))
        assert same(contents(storage), before)

    @pytest.mark.parametrize("count", [1, 3, 300])
    def test_holdings_pass_from_one_award_to_another(
        self, storage: Storage, certification: Certification, count: int
    ) -> None:
        """In the order given: what ends makes room for what comes back (I1)."""
        awards = [make_award(certification) for _ in range(count)]
        earlier = [ended(make_award(certification, award.learner_id)) for award in awards]
        store(storage, *awards, *earlier)
        changes = [*map(_end, awards), *(undo_renewal(award, _SALT, _CONTEXT) for award in earlier)]
        with storage.transaction() as tx:
            tx.change(changes)
        assert same(all_awards(storage), sorted((change.after for change in changes), key=lambda award: award.id))

    @pytest.mark.parametrize("why", ["version", "not there", "live holding", "history", "event"])
    @pytest.mark.parametrize("count", [1, 3, 300])
    def test_one_change_that_does_not_fit_stores_none_of_a_batch(
        self, storage: Storage, certification: Certification, why: str, count: int
    ) -> None:
        """`Conflict`, and the store is as it was (I12), also for who goes on after it."""
        awards = [make_award(certification) for _ in range(count)]
        last = awards[-1]
        store(storage, *(awards[:-1] if why == "not there" else awards))
        changes = changes_of(awards)
        match why:
            case "version":
                store_next_version(storage, last)
            case "live holding":
                back = ended(make_award(certification, last.learner_id))
                store(storage, back)
                changes = [*changes_of(awards[:-1]), undo_renewal(back, _SALT, _CONTEXT)]
            case "history":
                store(storage, make_entry(last, 2))
            case "event":
                store(storage, make_event(last, 2))
        before = contents(storage)
        with storage.transaction(), pytest.raises(Conflict), storage.transaction() as inner:
            inner.change(changes)
        assert same(contents(storage), before)
        with suppress(StorageError), storage.transaction() as tx, suppress(Conflict):
            tx.change(changes)
        assert same(contents(storage), before)


def store_next_version(storage: Storage, award: Award) -> None:
    """Somebody else changes the award."""
    with storage.transaction() as tx:
        tx.awards.update([evolve(award, learner_name="Other", version=award.version + 1)])
