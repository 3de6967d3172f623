"""Certifications: definitions, prints, counts, and the items that carry them."""

from decimal import Decimal
from typing import Final

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings

from certcore.domain.awards import EndReason
from certcore.domain.certifications import Assignment, Certification, ItemKind, ItemRef, Overview, Print
from certcore.domain.policy import RenewalPolicy
from certcore.errors import Conflict
from certcore.ports import Storage
from certcore.testing import strategies
from certcore.testing.builders import NOW, ended, make_award, make_certification
from certcore.testing.storage.base import StorageCase, contents, store
from certcore.testing.values import assert_same

SHAPES: Final[dict[str, dict[str, object]]] = {
    "the least": {"code": None, "description": ""},
    "words": {"name": 'Zoë 王 عبد 👩‍🔬 "x" \\ % _', "code": "ÄÖ 1/ß", "description": "first\n\tsecond ü" * 1_000},
    "longest": {"name": "n" * 255, "code": "ü" * 255, "template": "t" * 64},
    "switches": {"allow_retake": True, "retired": True, "credits": Decimal("6.5"), "automatic": False},
    "several items": {"items_needed": 3, "auto_renew": True},
    "all items": {"items_needed": None},
}
"""Certifications that must come back as they went in, by what is special about them."""

POLICIES: Final[dict[str, dict[str, object]]] = {
    "default": {},
    "never expires": {"validity": "none"},
    "years": {"validity": {"years": 2}, "warning": {"days": 30}},
    "inclusive": {"validity": {"months": 18}, "boundary": "inclusive", "warning": {"weeks": 6}},
}
"""Renewal policies as data."""

COURSE: Final = ItemRef(ItemKind.COURSE, "1")
PLAN: Final = ItemRef(ItemKind.LEARNING_PLAN, "1")


class CertificationContract(StorageCase):
    """The certifications' repository."""

    @pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
    def test_a_certification_comes_back_as_it_was(self, storage: Storage, changes: dict[str, object]) -> None:
        """Every value is equal and of its kind, by every way to find it, also after a change."""
        added, plain = make_certification(**changes), make_certification()
        edited = plain.edited(**{**changes, "code": None})
        store(storage, added, plain)
        with storage.transaction() as tx:
            tx.certifications.update(edited)
        with storage.reading() as tx:
            assert_same(tx.certifications.by_id([added.id])[added.id], added)
            assert_same(tx.certifications.by_id([edited.id])[edited.id], edited)
            for each in tx.certifications.overviews():
                assert_same(each.certification, added if each.certification.id == added.id else edited)
            if added.code is not None:
                assert_same(tx.certifications.by_code([added.code])[added.code], added)

    @settings(
        max_examples=30,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(certification=strategies.certifications())
    def test_any_certification_comes_back_as_it_was(self, storage: Storage, certification: Certification) -> None:
        """As above, for whatever the strategies find."""
        store(storage, certification)
        with storage.reading() as tx:
            assert_same(tx.certifications.by_id([certification.id])[certification.id], certification)

    @pytest.mark.parametrize("data", POLICIES.values(), ids=POLICIES)
    def test_a_policy_comes_back_as_it_was(self, storage: Storage, data: dict[str, object]) -> None:
        """The renewal policy is part of the definition, whatever it says."""
        certification = make_certification(policy=RenewalPolicy.from_data(data))
        store(storage, certification)
        with storage.reading() as tx:
            assert_same(tx.certifications.by_id([certification.id])[certification.id], certification)

    def test_certifications_not_there_are_absent(self, storage: Storage, certification: Certification) -> None:
        """Unknown keys are missing from the answers, repeated ones do no harm, none gives none."""
        code = certification.code or ""
        with storage.reading() as tx:
            assert tx.certifications.by_id([certification.id, 1, certification.id]) == {certification.id: certification}
            assert tx.certifications.by_code([code, "", code.lower(), f"{code} "]) == {code: certification}
            assert tx.certifications.prints([(certification.id, 2), (1, 1)]) == {}
            assert tx.certifications.carried_by([COURSE]) == {}
            assert tx.certifications.by_id([]) == {}
            assert tx.certifications.by_code([]) == {}
            assert tx.certifications.prints([]) == {}
            assert tx.certifications.carried_by([]) == {}

    def test_ids_and_codes_are_taken_once(self, storage: Storage, certification: Certification) -> None:
        """R-1: `Conflict` for either; any number has no code."""
        store(storage, make_certification(code=None), make_certification(code=None))
        before = contents(storage)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.certifications.add(make_certification(id=certification.id))
            with pytest.raises(Conflict):
                tx.certifications.add(make_certification(code=certification.code))
        assert contents(storage) == before

    @pytest.mark.parametrize(("one", "other"), [("C", "c"), ("C", "C "), ("ß", "ss"), ("É", "E"), ("1", "01")])
    def test_codes_are_told_apart_by_code_point(self, storage: Storage, one: str, other: str) -> None:
        """Codes that fold alike are two codes."""
        first, second = make_certification(code=one), make_certification(code=other)
        store(storage, first, second)
        with storage.reading() as tx:
            assert tx.certifications.by_code([one]) == {one: first}
            assert tx.certifications.by_code([other]) == {other: second}

    @pytest.mark.parametrize("version", [0, 1, 3], ids=["older", "same", "skipping one"])
    def test_an_update_of_a_certification_needs_the_next_version(
        self, storage: Storage, certification: Certification, version: int
    ) -> None:
        """Compare-and-set: any other version is a `Conflict`, as is a certification that is not there."""
        before = contents(storage)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.certifications.update(evolve(certification, name="Edited", edition=2, version=version))
            with pytest.raises(Conflict):
                tx.certifications.update(make_certification(version=2))
        assert contents(storage) == before

    def test_what_is_held_is_as_it_was_read(self, storage: Storage, certification: Certification) -> None:
        """f15: `Conflict` for one that was changed or deleted since; any other, and none, may be held, also twice."""
        gone, after = make_certification(), certification.edited(name="Edited")
        store(storage, gone)
        with storage.transaction() as tx:
            tx.certifications.hold([])
            for _ in range(2):
                tx.certifications.hold([gone, certification])
            tx.certifications.update(after)
            tx.certifications.delete(gone.id)
        before = contents(storage)
        with storage.transaction() as tx:
            tx.certifications.hold([after])
            for outdated in (certification, gone, evolve(after, version=after.version + 1)):
                with pytest.raises(Conflict):
                    tx.certifications.hold([after, outdated])
        assert contents(storage) == before

    def test_a_code_can_change_hands(self, storage: Storage, certification: Certification) -> None:
        """An update to a taken code is a `Conflict`; a code given up is free."""
        other = make_certification(code="other")
        store(storage, other)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.certifications.update(certification.edited(code="other"))
            given_up = other.edited(code=None)
            tx.certifications.update(given_up)
            taken = certification.edited(code="other")
            tx.certifications.update(taken)
            assert tx.certifications.by_code(["other", certification.code or ""]) == {"other": taken}
            assert tx.certifications.by_id([other.id]) == {other.id: given_up}

    def test_every_edition_in_print_is_kept(self, storage: Storage, certification: Certification) -> None:
        """R-28: a new edition adds its words; a change that prints the same changes no print."""
        second = certification.edited(name="Second", description="Other words.")
        silent = second.edited(allow_retake=True)
        with storage.transaction() as tx:
            tx.certifications.update(second)
            tx.certifications.update(silent)
        with storage.reading() as tx:
            editions = [(certification.id, edition) for edition in (1, 2, 3)]
            assert tx.certifications.prints(editions) == {
                editions[0]: Print(certification.id, 1, certification.name, certification.description),
                editions[1]: Print(certification.id, 2, "Second", "Other words."),
            }

    def test_the_list_gives_counts_and_items(self, storage: Storage) -> None:
        """R-8: by name in order of code points, then id; live awards count whatever their dates, ended ones not."""
        names = ["A", "B", "B", "b", "É", "Ω"]
        certifications = [make_certification(name=name) for name in names]
        first, second, *others = certifications
        store(storage, *reversed(certifications))
        store(storage, make_award(first), make_award(first), ended(make_award(first)), make_award(second))
        store(storage, ended(make_award(second), EndReason.REVOKED))
        with storage.transaction() as tx:
            for item in (PLAN, COURSE):
                tx.certifications.assign(Assignment(item, first.id, NOW))
        with storage.reading() as tx:
            assert list(tx.certifications.overviews()) == [
                Overview(first, 2, (COURSE, PLAN)),
                Overview(second, 1, ()),
                *(Overview(each, 0, ()) for each in others),
            ]

    def test_the_list_may_be_empty(self, storage: Storage) -> None:
        """Without certifications there are no overviews."""
        with storage.reading() as tx:
            assert list(tx.certifications.overviews()) == []

    def test_an_item_carries_one_certification(self, storage: Storage, certification: Certification) -> None:
        """R-5: `Conflict` for a second one, and for the same again; kind and code together name an item."""
        other = make_certification()
        store(storage, other)
        lower = ItemRef(ItemKind.COURSE, "a")
        upper = ItemRef(ItemKind.COURSE, "A")
        assigned = [
            Assignment(COURSE, certification.id, NOW),
            Assignment(PLAN, other.id, NOW.replace(microsecond=1), automatic=True),
            Assignment(lower, certification.id, NOW, automatic=False),
            Assignment(upper, other.id, NOW),
        ]
        with storage.transaction() as tx:
            for each in assigned:
                tx.certifications.assign(each)
            for holder in (certification, other):
                with pytest.raises(Conflict):
                    tx.certifications.assign(Assignment(COURSE, holder.id, NOW))
        with storage.reading() as tx:
            found = tx.certifications.carried_by([COURSE, PLAN, lower, upper, COURSE])
            assert_same(found, {each.item: each for each in assigned})
            for each in assigned:
                assert_same(found[each.item], each)

    def test_what_is_assigned_to_certifications(self, storage: Storage, certification: Certification) -> None:
        """Ordered by item; certifications without items, and those that are not there, are absent."""
        other, bare = make_certification(), make_certification()
        store(storage, other, bare)
        items = [PLAN, COURSE, ItemRef(ItemKind.COURSE, "10"), ItemRef(ItemKind.EXTERNAL_ACTIVITY, "ü")]
        assigned = [Assignment(item, certification.id, NOW, automatic=False) for item in items]
        elsewhere = Assignment(ItemRef(ItemKind.COURSE, "2"), other.id, NOW)
        with storage.transaction() as tx:
            for each in [*assigned, elsewhere]:
                tx.certifications.assign(each)
        with storage.reading() as tx:
            assert tx.certifications.assigned_to([]) == {}
            assert tx.certifications.assigned_to([other.id, bare.id, certification.id, other.id, 1]) == {
                certification.id: sorted(assigned, key=lambda each: each.item),
                other.id: [elsewhere],
            }

    def test_unassigned_items_carry_nothing(self, storage: Storage, certification: Certification) -> None:
        """R-7: they may be assigned again; those that carry nothing are passed over, the others stay."""
        course, plan = (Assignment(item, certification.id, NOW) for item in (COURSE, PLAN))
        with storage.transaction() as tx:
            tx.certifications.assign(course)
            tx.certifications.assign(plan)
            tx.certifications.unassign([])
            tx.certifications.unassign([COURSE, ItemRef(ItemKind.COURSE, "none"), COURSE])
            assert tx.certifications.carried_by([COURSE, PLAN]) == {PLAN: plan}
            tx.certifications.assign(course)
            assert tx.certifications.assigned_to([certification.id]) == {certification.id: [course, plan]}

    def test_a_deleted_certification_goes_with_all_it_has(self, storage: Storage, certification: Certification) -> None:
        """R-4: its prints and assignments; its code and items are free again; others stay, and once more is nothing."""
        other = make_certification()
        store(storage, other)
        with storage.transaction() as tx:
            for item, holder in ((COURSE, certification), (PLAN, other)):
                tx.certifications.assign(Assignment(item, holder.id, NOW))
            for _ in range(2):
                tx.certifications.delete(certification.id)
        with storage.transaction() as tx:
            assert tx.certifications.by_id([certification.id]) == {}
            assert tx.certifications.by_code([certification.code or ""]) == {}
            assert [each.certification for each in tx.certifications.overviews()] == [other]
            assert tx.certifications.prints([(certification.id, 1), (other.id, 1)]).keys() == {(other.id, 1)}
            assert tx.certifications.carried_by([COURSE, PLAN]).keys() == {PLAN}
            tx.certifications.add(make_certification(code=certification.code))
            tx.certifications.assign(Assignment(COURSE, other.id, NOW))
