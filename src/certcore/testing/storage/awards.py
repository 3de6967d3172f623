"""Awards: what comes back, what is unique, what changes."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings

from certcore.domain.awards import Award, Basis, BasisKind, Details, Ending, EndReason, Link, Period
from certcore.domain.certifications import Certification
from certcore.errors import Conflict
from certcore.ports import AwardQuery, Storage
from certcore.testing import strategies
from certcore.testing.builders import NOW, ended, make_award, make_certification, make_period, number_of
from certcore.testing.storage.base import StorageCase, all_awards, store
from certcore.testing.values import assert_same

_LAST = datetime.max.replace(tzinfo=UTC)
_FIRST = datetime(1901, 1, 1, tzinfo=UTC)

SHAPES: Final[dict[str, dict[str, Any]]] = {
    "the least": {"period": Period("UTC", date(2026, 1, 1), NOW, date(2026, 1, 1)), "head": b"", "learner_name": ""},
    "microseconds": {
        "period": evolve(make_period(), issued_at=NOW.replace(microsecond=1), expiring_on=NOW.date(), expiring_at=NOW)
    },
    "last instant": {
        "period": evolve(
            make_period(),
            expires_on=date.max,
            expires_at=_LAST,
            expiring_on=date.max,
            expiring_at=_LAST,
            grace_ends_at=_LAST,
        )
    },
    "long ago": {"period": evolve(make_period(), issued_on=_FIRST.date(), issued_at=_FIRST, anchor_on=_FIRST.date())},
    "fixed offset": {"period": make_period(zone="-04:00")},
    "all of a period": {
        "period": evolve(
            make_period(),
            anchor_on=date(2025, 2, 28),
            expiring_on=date(2026, 12, 1),
            expiring_at=NOW,
            grace_ends_at=NOW.replace(year=2030),
        )
    },
    "names": {"learner_name": "Zoë 王小明 عبد الله Ἀριστ 👩‍🔬 e\u0301 O'Neil \\ % _ ;", "learner_id": "ID/é 1"},
    "amounts": {"details": Details(Decimal("6.5"), date(2026, 1, 30), Decimal("0.1"))},
    "large amounts": {"details": Details(Decimal("1234567.25"), None, Decimal(0))},
    "long note": {"details": Details(note="§ line\n\ttab\n" + "ü" * 19_900)},
    "course": {"basis": Basis(BasisKind.COURSE, "C-1 é")},
    "learning plan": {"basis": Basis(BasisKind.LEARNING_PLAN, "0012")},
    "activity": {"basis": Basis(BasisKind.EXTERNAL_ACTIVITY, "c-1")},
    "links": {
        "basis": Basis(
            BasisKind.EXTERNAL_CERTIFICATION,
            "code",
            (Link("Credly", "https://example.org/b?x=1&y=ü"), Link('A | "C"', "https://example.org/" + "a" * 1_900)),
        )
    },
    "one link": {
        "basis": Basis(BasisKind.EXTERNAL_CERTIFICATION, links=(Link("Accredible", "https://example.org/1"),))
    },
    "renewed": {"ending": Ending(EndReason.RENEWED, NOW), "version": 3},
    "unassigned": {"ending": Ending(EndReason.UNASSIGNED, NOW.replace(microsecond=999_999))},
    "revoked": {"ending": Ending(EndReason.REVOKED, _LAST)},
    "largest id": {"id": 2**62 - 1, "number": number_of(31), "version": 2**31 - 1},
    "bytes": {"token": bytes(range(240, 256)), "head": bytes(32)},
}
"""Awards that must come back as they went in, by what is special about them."""

CONFUSABLE: Final = (
    ("ada", "Ada"),
    ("ada", "ada "),
    ("ada", " ada"),
    ("ada", "a\u00adda"),
    ("ada", "ada\u200b"),
    ("ada", "\u202eada"),
    ("zoë", "zoe\u0308"),
    ("zoë", "zoe"),
    ("Straße", "Strasse"),
    ("fiona", "\ufb01ona"),
    ("paypal", "\u0440\u0430\u0443\u0440\u0430l"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("ｱ", "ア"),
    ("x²", "x2"),
)
"""Pairs of texts that databases like to call equal, and certcore does not (f42)."""

_Taker = Callable[[Award], Award]

TAKEN: Final[dict[str, _Taker]] = {
    "id": lambda award: make_award(id=award.id, number=number_of(77), token=b"another", certification_id=0),
    "number": lambda award: make_award(number=award.number),
    "token": lambda award: make_award(token=award.token),
    "live holding": lambda award: make_award(learner_id=award.learner_id),
}
"""For an award, another one that cannot stand beside it."""


class AwardContract(StorageCase):
    """The awards' repository, but for its search."""

    @pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
    def test_an_award_comes_back_as_it_was(
        self, storage: Storage, certification: Certification, changes: dict[str, Any]
    ) -> None:
        """f35: every value is equal and of its kind, by every way to find it, also after a change."""
        award = make_award(certification, **changes)
        successor = make_award(certification, renews=award.id)
        plain = make_award(certification, award.learner_id)
        store(storage, ended(plain))
        store(storage, award, successor)
        with storage.transaction() as tx:
            changed = evolve(plain, **{**changes, "id": plain.id, "number": plain.number, "token": plain.token})
            changed = evolve(changed, learner_id=plain.learner_id, version=3, ending=Ending(EndReason.REVOKED, NOW))
            tx.awards.update([evolve(changed, renewed_by=successor.id)])
        with storage.reading() as tx:
            assert_same(tx.awards.by_id([award.id])[award.id], award)
            assert_same(tx.awards.by_number([award.number])[award.number], award)
            assert_same(tx.awards.by_token(award.token), award)
            assert_same(tx.awards.search(AwardQuery(NOW, numbers={award.number}))[0], award)
            assert_same(tx.awards.by_id([successor.id])[successor.id], successor)
            assert_same(tx.awards.by_id([plain.id])[plain.id], evolve(changed, renewed_by=successor.id))
            if award.live:
                held = (certification.id, award.learner_id)
                assert_same(tx.awards.live([certification.id], [award.learner_id])[held], award)

    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(award=strategies.awards())
    def test_any_award_comes_back_as_it_was(self, storage: Storage, award: Award) -> None:
        """f35: as above, for whatever the strategies find."""
        certification = make_certification()
        award = evolve(award, certification_id=certification.id)
        store(storage, certification, award)
        with storage.reading() as tx:
            assert_same(tx.awards.by_id([award.id])[award.id], award)

    def test_awards_not_there_are_absent(self, storage: Storage, certification: Certification) -> None:
        """Unknown ids, numbers and holdings are missing from the answers; nothing raises."""
        award = make_award(certification)
        store(storage, award)
        with storage.reading() as tx:
            assert tx.awards.by_id([award.id, 1]) == {award.id: award}
            assert tx.awards.by_number(["", award.number, award.number.lower() + " "]) == {award.number: award}
            assert tx.awards.by_token(b"") is tx.awards.by_token(award.token[:-1]) is None
            assert tx.awards.live([certification.id, 1], ["nobody"]) == {}

    def test_empty_batches_of_awards_do_nothing(self, storage: Storage) -> None:
        """Asking for nothing gives nothing, and writing nothing writes nothing."""
        with storage.transaction() as tx:
            tx.awards.add([])
            tx.awards.update([])
            assert tx.awards.by_id([]) == {}
            assert tx.awards.by_number([]) == {}
            assert tx.awards.live([], []) == tx.awards.live([1], []) == tx.awards.live([], ["ada"]) == {}
        assert all_awards(storage) == []

    def test_asking_twice_for_an_award_gives_it_once(self, storage: Storage, certification: Certification) -> None:
        """Repeated keys in a question do no harm."""
        award = make_award(certification)
        store(storage, award)
        held = {(certification.id, award.learner_id): award}
        with storage.reading() as tx:
            assert tx.awards.by_id([award.id] * 3) == {award.id: award}
            assert tx.awards.by_number([award.number] * 3) == {award.number: award}
            assert tx.awards.live([certification.id] * 3, [award.learner_id] * 3) == held

    def test_batches_of_awards_may_be_large(self, storage: Storage, certification: Certification) -> None:
        """Thousands to write, tens of thousands to ask for: no limit of a driver shows."""
        period = make_period()
        awards = [make_award(certification, period=period) for _ in range(3_000)]
        learners = {award.learner_id for award in awards}
        many = range(40_000)
        store(storage, *awards)
        edited = [evolve(award, learner_name="Edited", version=2) for award in awards]
        with storage.transaction() as tx:
            tx.awards.update(edited)
            wanted = {award.id: award for award in edited}
            assert tx.awards.by_id([*many, *wanted]) == wanted | tx.awards.by_id(many)
            assert len(tx.awards.by_number([*map(str, many), *(award.number for award in awards)])) == len(awards)
            assert len(tx.awards.live([certification.id], [*map(str, many), *learners])) == len(awards)
            everybody = frozenset({*map(str, many), *learners})
            assert tx.awards.search(AwardQuery(NOW, learner_ids=everybody, limit=2)) == edited[:2]

    @pytest.mark.parametrize("taker", TAKEN.values(), ids=TAKEN)
    def test_what_is_unique_to_an_award_is_taken_once(
        self, storage: Storage, certification: Certification, taker: _Taker
    ) -> None:
        """R-23, R-25: `Conflict`, and none of the batch is stored."""
        award = make_award(certification)
        rival = _in(certification, taker(award))
        store(storage, award)
        with storage.transaction() as tx, pytest.raises(Conflict):
            tx.awards.add([make_award(certification), rival, make_award(certification)])
        assert all_awards(storage) == [award]

    @pytest.mark.parametrize("taker", TAKEN.values(), ids=TAKEN)
    def test_what_is_unique_to_an_award_is_unique_within_a_batch(
        self, storage: Storage, certification: Certification, taker: _Taker
    ) -> None:
        """`Conflict` also when both stand in the same batch."""
        award = make_award(certification)
        with storage.transaction() as tx, pytest.raises(Conflict):
            tx.awards.add([award, _in(certification, taker(award))])
        assert all_awards(storage) == []

    @pytest.mark.parametrize("part", ["number", "token"])
    def test_an_ended_award_keeps_its_number_and_token(
        self, storage: Storage, certification: Certification, part: str
    ) -> None:
        """R-25: unique for ever, not only while the award is live."""
        award = ended(make_award(certification))
        store(storage, award)
        with storage.transaction() as tx, pytest.raises(Conflict):
            tx.awards.add([make_award(certification, **{part: getattr(award, part)})])

    def test_one_live_award_per_learner_and_certification(self, storage: Storage, certification: Certification) -> None:
        """R-23: ended ones beside it, other learners and other certifications are no obstacle."""
        other = make_certification()
        awards = [
            ended(make_award(certification, "ada")),
            ended(make_award(certification, "ada"), EndReason.REVOKED),
            make_award(certification, "ada"),
            make_award(certification, "bob"),
            make_award(other, "ada"),
        ]
        store(storage, other, *awards)
        assert all_awards(storage) == awards

    @pytest.mark.parametrize(("one", "other"), CONFUSABLE)
    def test_learners_are_told_apart_by_code_point(
        self, storage: Storage, certification: Certification, one: str, other: str
    ) -> None:
        """f42: ids that look or fold alike are two learners."""
        first, second = make_award(certification, one), make_award(certification, other)
        store(storage, first)
        store(storage, second)
        with storage.reading() as tx:
            assert tx.awards.live([certification.id], [one]) == {(certification.id, one): first}
            assert tx.awards.live([certification.id], [other]) == {(certification.id, other): second}
            assert tx.awards.search(AwardQuery(NOW, learner_ids=frozenset([other]))) == [second]

    def test_live_gives_every_live_holding_asked_for(self, storage: Storage, certification: Certification) -> None:
        """All pairs of the two lists, whether valid now, in the future or no more, and never an ended one."""
        other = make_certification()
        upcoming = make_award(certification, "ada", period=make_period(date(2030, 1, 1), None))
        expired = make_award(other, "ada", period=make_period(date(2020, 1, 1), date(2021, 1, 1)))
        elsewhere = make_award(other, "eve")
        archived = ended(make_award(certification, "bob"))
        revoked = ended(make_award(other, "bob"), EndReason.REVOKED)
        store(storage, other, upcoming, expired, elsewhere, archived, revoked)
        with storage.reading() as tx:
            assert tx.awards.live([certification.id, other.id], ["ada", "bob"]) == {
                (certification.id, "ada"): upcoming,
                (other.id, "ada"): expired,
            }

    @pytest.mark.parametrize("version", [0, 1, 3], ids=["older", "same", "skipping one"])
    def test_an_update_of_an_award_needs_the_next_version(
        self, storage: Storage, certification: Certification, version: int
    ) -> None:
        """Compare-and-set: any other version is a `Conflict`, and the stored award stays."""
        award = make_award(certification)
        store(storage, award)
        with storage.transaction() as tx, pytest.raises(Conflict):
            tx.awards.update([evolve(award, learner_name="Edited", version=version)])
        assert all_awards(storage) == [award]

    def test_an_update_of_an_award_not_there_is_a_conflict(
        self, storage: Storage, certification: Certification
    ) -> None:
        """Nothing is added by an update."""
        with storage.transaction() as tx, pytest.raises(Conflict):
            tx.awards.update([make_award(certification, version=2)])
        assert all_awards(storage) == []

    def test_updates_of_awards_are_all_or_none(self, storage: Storage, certification: Certification) -> None:
        """One stale award in the batch leaves the others as they were."""
        awards = [make_award(certification) for _ in range(3)]
        store(storage, *awards)
        edited = [evolve(award, learner_name="Edited", version=2) for award in awards]
        with storage.transaction() as tx, pytest.raises(Conflict):
            tx.awards.update([edited[0], awards[1], edited[2]])
        assert all_awards(storage) == awards

    def test_an_ended_award_makes_room_for_its_successor(self, storage: Storage, certification: Certification) -> None:
        """R-60: archive first, then add, in one transaction."""
        award = make_award(certification, "ada")
        successor = make_award(certification, "ada", renews=award.id)
        store(storage, award)
        with storage.transaction() as tx:
            tx.awards.update([ended(award)])
            tx.awards.add([successor])
            assert tx.awards.live([certification.id], ["ada"]) == {(certification.id, "ada"): successor}
        assert all_awards(storage) == [ended(award), successor]

    def test_an_ended_award_cannot_come_back_beside_a_live_one(
        self, storage: Storage, certification: Certification
    ) -> None:
        """R-23 holds for updates too; once the other has ended, before it in the same batch, it may."""
        award, successor = ended(make_award(certification, "ada")), make_award(certification, "ada")
        again = evolve(award, ending=None, version=award.version + 1)
        store(storage, award, successor)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.awards.update([again])
            tx.awards.update([ended(successor), again])
            assert tx.awards.live([certification.id], ["ada"]) == {(certification.id, "ada"): again}


def _in(certification: Certification, award: Award) -> Award:
    return evolve(award, certification_id=certification.id)
