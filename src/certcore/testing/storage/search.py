"""Searching awards: filters, statuses at an instant, and pages."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import product

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certcore.domain.awards import Award, Ending, EndReason, Status, moments, status
from certcore.domain.certifications import Certification
from certcore.ports import AwardQuery, Storage
from certcore.testing import strategies
from certcore.testing.builders import NOW, ended, make_award, make_certification, make_period
from certcore.testing.storage.base import ALL, StorageCase, all_awards, pages_of, store

_TICK = timedelta(microseconds=1)


class SearchContract(StorageCase):
    """`AwardRepository.search`."""

    def test_awards_come_in_ascending_order_of_id(self, storage: Storage, certification: Certification) -> None:
        """Whatever the order and the transactions in which they were stored."""
        awards = [make_award(certification) for _ in range(9)]
        store(storage, *awards[6:], *awards[:3])
        store(storage, *reversed(awards[3:6]))
        assert all_awards(storage) == awards

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
    def test_pages_are_complete_and_without_repeats(
        self, storage: Storage, certification: Certification, limit: int
    ) -> None:
        """Awards that agree in everything but the id come once each, ``limit`` to a page."""
        awards = [make_award(certification) for _ in range(20)]
        store(storage, *awards)
        pages = list(pages_of(storage, AwardQuery(NOW, limit=limit)))
        assert [award for page in pages for award in page] == awards
        assert {len(page) for page in pages[:-1]} <= {limit}

    def test_pages_stay_whole_while_awards_are_added(self, storage: Storage, certification: Certification) -> None:
        """Each award that was there at the start comes exactly once, though others come in before and behind."""
        awards = [make_award(certification) for _ in range(30)]
        store(storage, *awards[::2])
        late = zip(awards[1::2], [make_award(certification) for _ in awards[1::2]], strict=True)
        found: list[Award] = []
        for page in pages_of(storage, AwardQuery(NOW, limit=4)):
            found.extend(page)
            store(storage, *next(late, ()))
        assert [award for award in found if award in awards[::2]] == awards[::2]
        assert len(set(found)) == len(found)
        assert found == sorted(found, key=lambda award: award.id)

    def test_filters_narrow_together(self, storage: Storage, certification: Certification) -> None:
        """Learners, certification, number and statuses, each alone and all combined."""
        other = make_certification()
        awards = [make_award(each, learner) for each, learner in product((certification, other), ("ada", "bob", "eve"))]
        awards += [ended(make_award(certification, "ada")), ended(make_award(other, "eve"), EndReason.REVOKED)]
        store(storage, other, *awards)
        learners = (None, frozenset(["ada"]), frozenset(["eve", "bob", "nobody"]))
        certifications = (None, {certification.id}, {other.id}, {1}, {certification.id, other.id, 1}, set[int]())
        numbers = (None, {awards[0].number}, {awards[-1].number, awards[0].number}, {"no such number"}, set[str]())
        statuses = (frozenset[Status](), frozenset([Status.ACTIVE]), frozenset([Status.ARCHIVED, Status.REVOKED]))
        with storage.reading() as tx:
            for filters in product(learners, certifications, numbers, statuses):
                query = AwardQuery(NOW, *filters, limit=ALL)
                assert tx.awards.search(query) == [award for award in awards if _fits(award, query)], query

    def test_no_learners_match_nobody(self, storage: Storage, certification: Certification) -> None:
        """R-114: an empty set of learners is not the same as no filter."""
        store(storage, make_award(certification))
        with storage.reading() as tx:
            assert tx.awards.search(AwardQuery(NOW, learner_ids=frozenset())) == []

    def test_filters_and_pages_go_together(self, storage: Storage, certification: Certification) -> None:
        """A page is full as long as enough awards that fit are left."""
        other = make_certification()
        awards = [make_award(each) for _ in range(10) for each in (certification, other)]
        store(storage, other, *awards)
        query = AwardQuery(NOW, certification_ids={other.id}, statuses=frozenset([Status.ACTIVE]), limit=3)
        assert [len(page) for page in pages_of(storage, query)] == [3, 3, 3, 1]
        assert [award for page in pages_of(storage, query) for award in page] == awards[1::2]

    def test_statuses_change_at_the_very_instant(self, storage: Storage, certification: Certification) -> None:
        """f32: the filter agrees with `status` a microsecond before, at, and after every moment of an award."""
        period = evolve(
            make_period(),
            expiring_on=NOW.date() + timedelta(days=9),
            expiring_at=NOW + timedelta(days=9),
            grace_ends_at=NOW + timedelta(days=900, microseconds=7),
        )
        endings = [None, *(Ending(reason, NOW + timedelta(days=20)) for reason in EndReason)]
        awards = [make_award(certification, period=period, ending=ending) for ending in endings]
        awards.append(make_award(certification, period=make_period(expires_on=None)))
        store(storage, *awards)
        passing = {moment for award in awards for moment in moments(award).values() if moment is not None}
        for now in sorted(moment + tick for moment in passing for tick in (-_TICK, timedelta(0), _TICK)):
            _assert_statuses(storage, awards, now)

    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(data=st.data(), awards=st.lists(strategies.awards(), min_size=1, max_size=6))
    def test_statuses_are_those_of_the_domain(self, storage: Storage, data: st.DataObject, awards: list[Award]) -> None:
        """For any awards at any instant, each status finds exactly the awards that `status` gives it to (R-14)."""
        certification = make_certification()
        awards = [evolve(each, certification_id=certification.id) for each in sorted(awards, key=lambda each: each.id)]
        store(storage, certification, *awards)
        passing = sorted({moment for award in awards for moment in moments(award).values() if moment is not None})
        for _ in range(3):
            now = data.draw(strategies.instants | st.sampled_from(passing))
            _assert_statuses(storage, awards, now, {certification.id})


def _assert_statuses(
    storage: Storage, awards: Sequence[Award], now: datetime, certification_ids: Collection[int] | None = None
) -> None:
    with storage.reading() as tx:
        for wanted in [*({each} for each in Status), {Status.ACTIVE, Status.GRACE}, set(Status)]:
            query = AwardQuery(now, certification_ids=certification_ids, statuses=frozenset(wanted), limit=ALL)
            assert tx.awards.search(query) == [award for award in awards if status(award, now) in wanted], (wanted, now)


def _fits(award: Award, query: AwardQuery) -> bool:
    return (
        (query.learner_ids is None or award.learner_id in query.learner_ids)
        and (query.certification_ids is None or award.certification_id in query.certification_ids)
        and (query.numbers is None or award.number in query.numbers)
        and (not query.statuses or status(award, query.now) in query.statuses)
    )
