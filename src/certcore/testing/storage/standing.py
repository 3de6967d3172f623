"""How awards stand: everyone's status at an instant, and who was revoked when."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import product

from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certcore.domain.awards import Award, Basis, BasisKind, Ending, EndReason, Status, moments, status
from certcore.domain.certifications import Certification, ItemKind, ItemRef
from certcore.ports import AwardQuery, Lapse, StatusRow, Storage, Tally
from certcore.testing import strategies
from certcore.testing.builders import NOW, ended, make_award, make_certification, make_period
from certcore.testing.storage.base import ALL, StorageCase, store

_TICK = timedelta(microseconds=1)


class StatusContract(StorageCase):
    """`AwardRepository.statuses`."""

    def test_statuses_come_in_ascending_order_of_id(self, storage: Storage, certification: Certification) -> None:
        """Each award once, with number, learner, certification and expiry, whatever the order in which it came."""
        awards = [make_award(certification) for _ in range(9)]
        awards.append(make_award(certification, period=make_period(expires_on=None)))
        store(storage, *awards[5:])
        store(storage, *reversed(awards[:5]))
        with storage.reading() as tx:
            assert list(tx.awards.statuses(NOW)) == _rows(awards, NOW)

    def test_filters_of_statuses_narrow_together(self, storage: Storage, certification: Certification) -> None:
        """Certifications and learners, each alone and both; None does not filter, empty ones match nothing."""
        other = make_certification()
        awards = [make_award(each, learner) for each, learner in product((certification, other), ("ada", "bob", "eve"))]
        store(storage, other, *awards)
        certifications: list[list[int] | None] = [None, [], [other.id], [1], [other.id, certification.id, other.id]]
        learners: list[list[str] | None] = [None, [], ["ada"], ["eve", "bob", "nobody", "eve"]]
        with storage.reading() as tx:
            for wanted, people in product(certifications, learners):
                fitting = [
                    award
                    for award in awards
                    if (wanted is None or award.certification_id in wanted)
                    and (people is None or award.learner_id in people)
                ]
                found = list(tx.awards.statuses(NOW, certification_ids=wanted, learner_ids=people))
                assert found == _rows(fitting, NOW), (wanted, people)

    def test_f32_everybodys_status_changes_at_the_very_instant(
        self, storage: Storage, certification: Certification
    ) -> None:
        """R-14: a microsecond before, at, and after every moment of an award, whatever its end."""
        period = evolve(
            make_period(),
            expiring_on=NOW.date() + timedelta(days=9),
            expiring_at=NOW + timedelta(days=9),
            grace_ends_at=NOW + timedelta(days=900, microseconds=7),
        )
        endings = [None, *(Ending(reason, NOW + timedelta(days=20)) for reason in EndReason)]
        awards = [make_award(certification, period=period, ending=ending) for ending in endings]
        store(storage, *awards)
        passing = {moment for award in awards for moment in moments(award).values() if moment is not None}
        with storage.reading() as tx:
            for now in sorted(moment + tick for moment in passing for tick in (-_TICK, timedelta(0), _TICK)):
                assert list(tx.awards.statuses(now)) == _rows(awards, now), now

    @settings(
        max_examples=30,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(now=strategies.instants, awards=st.lists(strategies.awards(), min_size=1, max_size=6))
    def test_everybodys_status_is_that_of_the_domain(
        self, storage: Storage, now: datetime, awards: list[Award]
    ) -> None:
        """For any awards at any instant, past or future (R-14)."""
        certification = make_certification()
        awards = [evolve(each, certification_id=certification.id) for each in sorted(awards, key=lambda each: each.id)]
        store(storage, certification, *awards)
        with storage.reading() as tx:
            assert list(tx.awards.statuses(now, [certification.id])) == _rows(awards, now)

    def test_statuses_are_streamed(self, storage: Storage, certification: Certification) -> None:
        """More than fits a page; who stops early, or reads other things in between, does no harm."""
        awards = [make_award(certification, period=_PERIOD) for _ in range(12_000)]
        store(storage, *awards)
        expected = _rows(awards, NOW)
        with storage.transaction() as tx:
            early = tx.awards.statuses(NOW)
            assert next(early) == expected[0]
            found = []
            for place, each in enumerate(tx.awards.statuses(NOW)):
                found.append(each)
                if place % 4_000 == 0:
                    assert len(tx.awards.by_id([awards[place].id])) == 1
            assert found == expected
            tx.awards.update([ended(awards[0])])


class TallyContract(StorageCase):
    """`AwardRepository.tallies` and `lapses`."""

    def test_f32_tallies_change_at_the_very_instant(self, storage: Storage, certification: Certification) -> None:
        """R-14, R-95: live and ended, with and without an expiry or a grace, in two zones."""
        period = evolve(make_period(), grace_ends_at=NOW + timedelta(days=900, microseconds=7))
        periods = [period, period, make_period(expires_on=None), evolve(make_period(), zone="Asia/Tokyo")]
        endings = [None, *(Ending(reason, NOW + timedelta(days=20)) for reason in EndReason)]
        awards = [make_award(certification, period=each, ending=ending) for each in periods for ending in endings]
        store(storage, *awards)
        passing = {moment for award in awards for moment in moments(award).values() if moment is not None}
        with storage.reading() as tx:
            for now in sorted(moment + tick for moment in passing for tick in (-_TICK, timedelta(0), _TICK)):
                assert Counter(tx.awards.tallies(now)) == Counter(_tallies(awards, now)), now
                assert Counter(tx.awards.lapses(now)) == Counter(_lapses(awards, now)), now

    def test_filters_of_tallies_narrow_together(self, storage: Storage, certification: Certification) -> None:
        """Certifications and learners, each alone and both; None does not filter, empty ones match nothing."""
        other = make_certification()
        awards = [make_award(each, learner) for each, learner in product((certification, other), ("ada", "bob", "eve"))]
        store(storage, other, *awards)
        certifications: list[list[int] | None] = [None, [], [other.id], [1], [other.id, certification.id, other.id]]
        learners: list[list[str] | None] = [None, [], ["ada"], ["eve", "bob", "nobody", "eve"]]
        with storage.reading() as tx:
            for wanted, people in product(certifications, learners):
                fitting = [
                    award
                    for award in awards
                    if (wanted is None or award.certification_id in wanted)
                    and (people is None or award.learner_id in people)
                ]
                found = tx.awards.tallies(NOW, certification_ids=wanted, learner_ids=people)
                assert Counter(found) == Counter(_tallies(fitting, NOW)), (wanted, people)
                ends = tx.awards.lapses(NOW, certification_ids=wanted, learner_ids=people)
                assert Counter(ends) == Counter(_lapses(fitting, NOW)), (wanted, people)


_PERIOD = make_period()


def _rows(awards: Iterable[Award], now: datetime) -> list[StatusRow]:
    return [
        (award.number, award.learner_id, award.certification_id, status(award, now), award.period.expires_at)
        for award in awards
    ]


def _tallies(awards: Iterable[Award], now: datetime) -> list[Tally]:
    counts = Counter((each.certification_id, status(each, now)) for each in awards if not each.never_held)
    return [(*alike, count) for alike, count in counts.items()]


def _lapses(awards: Iterable[Award], now: datetime) -> list[Lapse]:
    over = {Status.EXPIRED, Status.ARCHIVED, Status.REVOKED}
    counts = Counter(
        (each.certification_id, each.period.grace_ends_at or each.period.expires_at, each.period.zone)
        for each in awards
        if each.live and status(each, now) not in over
    )
    return [(*alike, count) for alike, count in counts.items()]


class RevocationContract(StorageCase):
    """`AwardRepository.latest_revocations`, and the filters for awards by their basis and their end."""

    def test_the_latest_revocation_of_each_learner(self, storage: Storage, certification: Certification) -> None:
        """R-65: per certification and learner; other ends and live awards do not count."""
        other = make_certification()
        revoked = [
            ended(make_award(each, learner), EndReason.REVOKED, NOW + n * _TICK)
            for n, (each, learner) in enumerate(product((certification, other), ("ada", "ada", "bob")))
        ]
        others = [ended(make_award(certification, "eve"), reason) for reason in EndReason if reason != "revoked"]
        store(storage, other, *reversed(revoked), *others, make_award(certification, "ada"))
        with storage.reading() as tx:
            found = tx.awards.latest_revocations([certification.id, certification.id], ["ada", "eve", "ada", "fay"])
            assert found == {(certification.id, "ada"): NOW + _TICK}
            everybody = tx.awards.latest_revocations([certification.id, other.id], ["ada", "bob"])
            assert everybody == {
                (certification.id, "ada"): NOW + _TICK,
                (certification.id, "bob"): NOW + 2 * _TICK,
                (other.id, "ada"): NOW + 4 * _TICK,
                (other.id, "bob"): NOW + 5 * _TICK,
            }

    def test_who_was_never_revoked_is_absent(self, storage: Storage, certification: Certification) -> None:
        """Also where nobody was, among tens of thousands, and where nothing is asked for."""
        award = make_award(certification, "ada")
        store(storage, award)
        many = [f"learner-{n}" for n in range(40_000)]
        with storage.transaction() as tx:
            assert tx.awards.latest_revocations([certification.id], [*many, "ada"]) == {}
            tx.awards.update([ended(award, EndReason.REVOKED)])
            assert tx.awards.latest_revocations([certification.id], [*many, "ada"]) == {(certification.id, "ada"): NOW}
            assert tx.awards.latest_revocations([1], ["ada"]) == {}
            assert tx.awards.latest_revocations([], ["ada"]) == {}
            assert tx.awards.latest_revocations([certification.id], []) == {}

    def test_awards_are_found_by_the_items_that_earned_them(
        self, storage: Storage, certification: Certification
    ) -> None:
        """R-7: by kind and code; manual and external bases rest on no item, and no items match nothing."""
        bases = [Basis(), *(Basis(kind, code) for kind, code in product(_KINDS, ("C-1", "c-1", "0012")))]
        awards = [make_award(certification, basis=basis) for basis in bases]
        store(storage, *awards)
        course, plan = ItemRef(ItemKind.COURSE, "C-1"), ItemRef(ItemKind.LEARNING_PLAN, "0012")
        none: list[ItemRef] = []
        wanted = (none, [course], [course, plan], [ItemRef(ItemKind.EXTERNAL_ACTIVITY, "12")])
        with storage.reading() as tx:
            for items in map(frozenset, wanted):
                expected = [award for award in awards if award.basis.item in items]
                assert tx.awards.search(AwardQuery(NOW, basis_items=items, limit=ALL)) == expected
                query = AwardQuery(NOW, certification_ids={certification.id}, basis_items=items, limit=1)
                assert tx.awards.search(query) == expected[:1]

    def test_awards_are_found_by_their_end(self, storage: Storage, certification: Certification) -> None:
        """R-63: live or not, and ended before an instant, each alone and both."""
        awards = [make_award(certification)]
        awards += [ended(make_award(certification), reason, NOW + n * _TICK) for n, reason in enumerate(EndReason)]
        store(storage, *awards)
        with storage.reading() as tx:
            for live, before in product((None, True, False), (None, NOW, NOW + 2 * _TICK, NOW + timedelta(1))):
                fitting = [
                    award
                    for award in awards
                    if (live is None or award.live is live)
                    and (before is None or (award.ending is not None and award.ending.at < before))
                ]
                query = AwardQuery(NOW, live=live, ended_before=before, limit=ALL)
                assert tx.awards.search(query) == fitting, (live, before)


_KINDS = (BasisKind.COURSE, BasisKind.LEARNING_PLAN, BasisKind.EXTERNAL_ACTIVITY)
