"""New awards in columns: the same as one by one."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from certcore.domain.awards import Award, Basis, BasisKind, Details, typed_period
from certcore.domain.certifications import Certification
from certcore.domain.decisions import Offer
from certcore.domain.issuing import Issue, Issued
from certcore.domain.policy import RenewalPolicy
from certcore.domain.transitions import Context
from certcore.errors import Conflict, StorageError
from certcore.ports import Storage
from certcore.testing.builders import ACTOR, NOW, make_award, make_person
from certcore.testing.storage.base import StorageCase, all_awards, contents, store

_OFFERS = (
    Offer(typed_period(RenewalPolicy(), date(2026, 1, 31), "Europe/Rome", date(2027, 1, 31))),
    Offer(
        typed_period(RenewalPolicy(), date(2030, 1, 31), "-04:00", None),
        Basis(BasisKind.COURSE, "C\\N é"),
        Details(Decimal("6.5"), date(2026, 1, 30), Decimal(2), 'note "x"\n\\N\ttab'),
    ),
)


def issued_to(certification: Certification, count: int, first: int = 0) -> list[Issued]:
    """Awards to ``count`` people, in parts; a name is hard to write into text formats."""
    people = [make_person(f"user{n}", last_name="O'\\N É👩‍🔬") for n in range(first, first + count)]
    offers = [_OFFERS[n % 2] for n in range(count)]
    context = Context(ACTOR, NOW, job_id=7)
    issue = Issue.drawn(context, [certification] * count, people, offers, [None] * count, os.urandom)
    return list(issue.parts(os.urandom))


def awards_of(parts: Iterable[Issued]) -> list[Award]:
    """All awards of the parts."""
    return [award for issued in parts for award in issued.awards()]


class IssuingContract(StorageCase):
    """`Transaction.issue`."""

    @pytest.mark.parametrize("count", [0, 1, 3, 77, 3_000])
    def test_columns_are_stored_as_rows_would_be(
        self, storage: Storage, certification: Certification, count: int
    ) -> None:
        """Awards, history and events, whatever the size of the batch and the text in it."""
        parts = issued_to(certification, count)
        with storage.transaction() as tx:
            tx.issue(iter(parts))
        awards = sorted(awards_of(parts), key=lambda award: award.id)
        ids = [award.id for award in awards]
        assert all_awards(storage) == awards
        with storage.reading() as tx:
            assert tx.history.of(ids) == {entry.award_id: [entry] for part in parts for entry in part.history}
            assert tx.outbox.of(ids) == {event.award_id: [event] for part in parts for event in part.events()}
            assert len(tx.history.by_job(7, None, count + 1)) == count

    @pytest.mark.parametrize("taken", ["id", "number", "token", "live holding"])
    @pytest.mark.parametrize("count", [1, 3, 77, 300, 3_000])
    def test_one_taken_key_stores_none_of_a_batch(
        self, storage: Storage, certification: Certification, taken: str, count: int
    ) -> None:
        """`Conflict`, and the store is as it was (I12)."""
        parts = issued_to(certification, count)
        last = awards_of(parts)[-1]
        same: dict[str, dict[str, Any]] = {
            "id": {"id": last.id},
            "number": {"number": last.number},
            "token": {"token": last.token},
            "live holding": {"certification_id": last.certification_id, "learner_id": last.learner_id},
        }
        store(storage, evolve(make_award(certification), **same[taken]))
        before = contents(storage)
        with storage.transaction() as tx:
            with pytest.raises(Conflict), storage.transaction() as inner:
                inner.issue(parts)
            assert len(tx.history.by_job(7, None, 10)) == 0
        assert contents(storage) == before

    @pytest.mark.parametrize("count", [1, 3, 77, 300, 3_000])
    def test_who_goes_on_after_a_conflict_commits_no_part(
        self, storage: Storage, certification: Certification, count: int
    ) -> None:
        """I12: nothing of the batch is there, whether the storage commits the transaction or refuses to."""
        parts = issued_to(certification, count)
        last = awards_of(parts)[-1]
        store(storage, evolve(make_award(certification), number=last.number))
        before = contents(storage)
        with suppress(StorageError), storage.transaction() as tx, suppress(Conflict):
            tx.issue(parts)
        assert contents(storage) == before
        with suppress(StorageError), storage.transaction() as tx:
            with suppress(StorageError), storage.transaction() as inner, suppress(Conflict):
                inner.issue(parts)
            tx.awards.add([make_award(certification)])
        assert len(all_awards(storage)) == 2

    def test_what_fails_while_it_is_made_stores_nothing(self, storage: Storage, certification: Certification) -> None:
        """I12: the error passes on as it is, though parts were given before it."""

        def broken() -> Iterator[Issued]:
            yield from issued_to(certification, 3_000)
            raise LookupError("broken")

        before = contents(storage)
        with pytest.raises(LookupError, match="broken"), storage.transaction() as tx:
            tx.issue(broken())
        with suppress(StorageError), storage.transaction() as tx, suppress(LookupError):
            tx.issue(broken())
        assert contents(storage) == before
