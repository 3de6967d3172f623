"""Certifications: what they are, and which items carry them."""

from datetime import timedelta

import pytest
from attrs import evolve

from certcore.adapters.memory import MemoryCatalog, MemoryDirectory
from certcore.domain.awards import Basis, BasisKind, EndReason, Status
from certcore.domain.certifications import Assignment, ItemRef
from certcore.domain.decisions import Outcome
from certcore.domain.people import Act, Actor, Person, Scope
from certcore.domain.tombstones import Removal, Tombstone
from certcore.errors import CodeTaken, InvalidValue, ItemTaken, LiveAwards, NotFound, NotTypedBack, Retired
from certcore.ports import AccessPolicy
from certcore.registrar import Registrar
from certcore.services.defining import Unassigned
from certcore.services.removing import Deletion
from tests.services.platform import ADMIN, Platform

LEARNER = Actor("id-ana")


def test_a_code_belongs_to_one_certification(platform: Platform) -> None:
    """R-1: a code is unique when given, whatever its Unicode form."""
    platform.certification("caf\u00e9")
    with pytest.raises(CodeTaken):
        platform.certification("cafe\u0301")


def test_codes_are_optional_and_names_are_not(platform: Platform) -> None:
    """R-1: several certifications without a code; none without a name."""
    for _ in range(2):
        platform.registrar.defining.add("First aid", actor=ADMIN)
    with pytest.raises(InvalidValue):
        platform.registrar.defining.add("  ", actor=ADMIN)


def test_an_item_carries_one_certification_and_the_error_names_it(platform: Platform) -> None:
    """R-5: assigning an item that has another one is an error that names it, and assigns none."""
    platform.certification("SAFE-1", items=["course:C-1"])
    platform.certification("SAFE-2")
    with pytest.raises(ItemTaken, match="SAFE-1"):
        platform.registrar.defining.assign(
            "SAFE-2", [ItemRef.parse("course:C-2"), ItemRef.parse("course:C-1")], actor=ADMIN
        )
    assert platform.registrar.defining.get("SAFE-2", actor=ADMIN).items == ()


def test_assigning_again_changes_nothing(platform: Platform) -> None:
    """R-5: the same assignment twice is one; several items may carry one certification."""
    platform.certification("SAFE-1", items=["course:C-1", "learning_plan:P-1"])
    platform.registrar.defining.assign("SAFE-1", [ItemRef.parse("course:C-1")] * 2, actor=ADMIN)
    items = platform.registrar.defining.get("SAFE-1", actor=ADMIN).items
    assert [str(item) for item in items] == ["course:C-1", "learning_plan:P-1"]


def test_an_item_that_the_catalog_does_not_have_is_refused(platform: Platform) -> None:
    """An unknown item is an error that names it."""
    platform.certification()
    with pytest.raises(NotFound, match="C-99"):
        platform.registrar.defining.assign("SAFE-1", [ItemRef.parse("course:C-99")], actor=ADMIN)


def test_the_list_counts_live_awards_and_items(platform: Platform) -> None:
    """R-8: code, name, description, validity, number of live awards, number of items; by name."""
    platform.certification("B", items=["course:C-1"])
    platform.certification("A")
    platform.award("ana", "bo", code="B")
    platform.registrar.correcting.unassign(platform.number_of("bo"), actor=ADMIN)
    listed = platform.registrar.defining.overviews(actor=ADMIN)
    assert [(each.certification.code, each.live_awards, len(each.items)) for each in listed] == [
        ("A", 0, 0),
        ("B", 1, 1),
    ]


def test_an_edit_leaves_awards_and_their_print_as_they_were(platform: Platform) -> None:
    """R-3, R-28: editing never changes awards already issued, nor what their documents print."""
    platform.certification(description="Old words")
    platform.award("ana")
    before = platform.registrar.reporting.search(actor=ADMIN).records[0].award
    platform.registrar.defining.edit("SAFE-1", actor=ADMIN, description="New words")
    after = platform.registrar.reporting.search(actor=ADMIN).records[0].award
    with platform.storage.reading() as tx:
        prints = tx.certifications.prints([(after.certification_id, after.edition)])
    assert after == before
    assert [each.description for each in prints.values()] == ["Old words"]


def test_an_edit_that_changes_nothing_is_no_new_version(platform: Platform) -> None:
    """Doing the same twice does nothing the second time."""
    platform.certification()
    once = platform.registrar.defining.edit("SAFE-1", actor=ADMIN, name="Other")
    assert platform.registrar.defining.edit("SAFE-1", actor=ADMIN, name="Other") == once


def test_editing_refuses_what_is_not_a_part(platform: Platform) -> None:
    """f48: extra fields by the caller are refused, never written through."""
    platform.certification()
    for name in ("id", "version", "edition", "retired", "issuer"):
        with pytest.raises(InvalidValue):
            platform.registrar.defining.edit("SAFE-1", actor=ADMIN, **{name: 7})


def test_learners_define_nothing_and_cannot_tell_what_exists(platform: Platform) -> None:
    """R-114: not allowed and not there look the same."""
    platform.certification()
    told = []
    for code in ("SAFE-1", "NONE-1"):
        with pytest.raises(NotFound) as refusal:
            platform.registrar.defining.edit(code, actor=LEARNER, name="Mine")
        told.append(str(refusal.value).replace(code, "…"))
    assert told[0] == told[1]


def test_a_retired_certification_can_be_reinstated(platform: Platform) -> None:
    """R-4: the way back; both are the same done twice, and nothing else changes."""
    made = platform.certification()
    for _ in range(2):
        assert platform.registrar.defining.retire("SAFE-1", actor=ADMIN).retired
    with pytest.raises(Retired):
        platform.award("ana")
    for _ in range(2):
        assert platform.registrar.defining.reinstate("SAFE-1", actor=ADMIN) == evolve(made, version=3)
    assert platform.award("ana").counts == {Outcome.NEW: 1}


def test_an_edit_covers_how_it_is_earned_and_renewed(platform: Platform) -> None:
    """R-6, R-9, R-52: how many items, automatically or by hand, renewed without a start."""
    platform.certification()
    edited = platform.registrar.defining.edit(
        "SAFE-1", actor=ADMIN, automatic=False, items_needed=None, auto_renew=True, allow_retake=True
    )
    assert (edited.automatic, edited.items_needed, edited.auto_renew, edited.allow_retake) == (False, None, True, True)
    assert platform.registrar.defining.get("SAFE-1", actor=ADMIN).certification == edited
    for needed in (0, -1, True, "2"):
        with pytest.raises(InvalidValue):
            platform.registrar.defining.edit("SAFE-1", actor=ADMIN, items_needed=needed)


def carried(platform: Platform, item: str) -> Assignment | None:
    """What an item carries."""
    with platform.storage.reading() as tx:
        return tx.certifications.carried_by([ItemRef.parse(item)]).get(ItemRef.parse(item))


def test_an_item_can_say_by_itself_whether_it_issues(platform: Platform) -> None:
    """R-9, R-21: per item; changing that later leaves since when it carries the certification."""
    made = platform.certification()
    items = [ItemRef.parse("course:C-1")]
    platform.registrar.defining.assign("SAFE-1", items, actor=ADMIN, automatic=False)
    first = platform.now
    platform.now += timedelta(days=1)
    platform.registrar.defining.assign("SAFE-1", items, actor=ADMIN)
    assert carried(platform, "course:C-1") == Assignment(items[0], made.id, first, automatic=False)
    for automatic in (True, None):
        platform.registrar.defining.set_automatic(items, automatic, actor=ADMIN)
        assert carried(platform, "course:C-1") == Assignment(items[0], made.id, first, automatic=automatic)
    with pytest.raises(NotFound, match="C-2"):
        platform.registrar.defining.set_automatic([*items, ItemRef.parse("course:C-2")], True, actor=ADMIN)


def earned(platform: Platform) -> None:
    """Ana earned SAFE-1 through C-1, Bo through C-2, and Cy got it by hand; P-1 carries it too."""
    platform.certification("SAFE-1", items=["course:C-1", "course:C-2", "learning_plan:P-1"])
    platform.award("ana", basis=Basis(BasisKind.COURSE, "C-1"))
    platform.award("bo", basis=Basis(BasisKind.COURSE, "C-2"))
    platform.award("cy")


def holders(platform: Platform) -> list[str]:
    """Who holds a live award, by name."""
    records = platform.registrar.reporting.search(actor=ADMIN).records
    return sorted(each.username for each in records if each.award.live)


C_1_AND_P_1 = [ItemRef.parse("learning_plan:P-1"), ItemRef.parse("course:C-1")]


@pytest.mark.parametrize(("awards", "left", "removed"), [("keep", ["ana", "bo", "cy"], 0), ("remove", ["bo", "cy"], 1)])
def test_unassigning_items_keeps_or_removes_what_was_earned_through_them(
    platform: Platform, awards: str, left: list[str], removed: int
) -> None:
    """R-7: as the caller says; the items are free for another certification then, and the rest stays assigned."""
    earned(platform)
    told = platform.registrar.defining.unassign_items(C_1_AND_P_1, awards=awards, actor=ADMIN)
    assert told == Unassigned(tuple(sorted(C_1_AND_P_1)), 1, removed)
    assert holders(platform) == left
    assert [str(item) for item in platform.registrar.defining.get("SAFE-1", actor=ADMIN).items] == ["course:C-2"]
    platform.certification("SAFE-2", items=["course:C-1"])
    again = platform.registrar.defining.unassign_items([C_1_AND_P_1[0]], awards=awards, actor=ADMIN)
    assert again == Unassigned((), 0, 0)


def test_f23_what_was_removed_with_an_item_stays_in_history(platform: Platform) -> None:
    """R-7, R-33: archived as unassigned, with the reason; nothing is erased without a word."""
    earned(platform)
    number = platform.number_of("ana")
    platform.registrar.defining.unassign_items(C_1_AND_P_1, awards="remove", reason="Not the right course", actor=ADMIN)
    record, history = platform.registrar.reporting.show(number, actor=ADMIN)
    assert (record.status, record.award.ending and record.award.ending.reason) == (
        Status.ARCHIVED,
        EndReason.UNASSIGNED,
    )
    assert [entry.act for entry in history] == ["issued", "unassigned"]
    assert "Not the right course" in str(history[1].personal)


def test_f23_there_is_no_default_for_what_becomes_of_the_awards(platform: Platform) -> None:
    """R-7: the caller says which, and only the two are possible."""
    earned(platform)
    with pytest.raises(TypeError):
        platform.registrar.defining.unassign_items(C_1_AND_P_1, actor=ADMIN)  # type: ignore[call-arg]
    for awards in ("", "erase", None):
        with pytest.raises(InvalidValue, match="keep or remove"):
            platform.registrar.defining.unassign_items(C_1_AND_P_1, awards=awards, actor=ADMIN)  # type: ignore[arg-type]
    assert carried(platform, "course:C-1")


def test_unassigning_can_be_looked_at_before(platform: Platform) -> None:
    """R-7: the preview counts what would go and changes nothing; only awards of what the item carries now count."""
    earned(platform)
    platform.certification("OTHER")
    platform.award("ana", code="OTHER", basis=Basis(BasisKind.MANUAL))
    before = platform.registrar.reporting.search(actor=ADMIN).records
    assert platform.registrar.defining.preview_unassign(C_1_AND_P_1, actor=ADMIN) == Unassigned(
        tuple(sorted(C_1_AND_P_1)), 1, 0
    )
    assert platform.registrar.reporting.search(actor=ADMIN).records == before
    with pytest.raises(NotFound, match="C-9"):
        platform.registrar.defining.preview_unassign([ItemRef.parse("course:C-9")], actor=ADMIN)


def test_an_item_that_the_catalog_lost_can_be_unassigned(platform: Platform) -> None:
    """R-7: what is not there any more carries nothing for ever."""
    earned(platform)
    platform.catalog = MemoryCatalog([])
    platform.__attrs_post_init__()
    assert platform.registrar.defining.unassign_items(C_1_AND_P_1, awards="keep", actor=ADMIN).awards == 1
    with pytest.raises(NotFound, match="C-1"):
        platform.registrar.defining.unassign_items(C_1_AND_P_1[1:], awards="keep", actor=ADMIN)


def test_whoever_may_not_unassign_everybodys_awards_removes_none(platform: Platform) -> None:
    """R-114: all or nothing, and it looks like not there; keeping the awards needs no such right."""

    class OnlyBo(AccessPolicy):
        def scope(self, actor: Actor, act: Act) -> Scope:  # noqa: ARG002
            return Scope(learners=frozenset({"id-bo"}))

    earned(platform)
    limited = Registrar(
        storage=platform.storage, directory=platform.directory, catalog=platform.catalog, access=OnlyBo()
    )
    with pytest.raises(NotFound):
        limited.defining.unassign_items(C_1_AND_P_1, awards="remove", actor=LEARNER)
    assert holders(platform) == ["ana", "bo", "cy"]
    assert carried(platform, "course:C-1")
    with pytest.raises(NotFound):
        limited.defining.preview_delete("SAFE-1", actor=LEARNER)
    with pytest.raises(NotFound):
        limited.defining.delete("SAFE-1", typed="SAFE-1", with_live=True, actor=LEARNER)
    assert limited.defining.unassign_items(C_1_AND_P_1, awards="keep", actor=LEARNER).awards == 1


def test_f23_deleting_needs_the_name_typed_back_and_no_live_awards(platform: Platform) -> None:
    """R-4: by default it is refused, and says why and how many; then nothing went."""
    earned(platform)
    for typed in ("", "safe-1", "SAFE-2", "\x00"):
        with pytest.raises(NotTypedBack):
            platform.registrar.defining.delete("SAFE-1", typed=typed, with_live=True, actor=ADMIN)
    with pytest.raises(LiveAwards) as refusal:
        platform.registrar.defining.delete("SAFE-1", typed="SAFE-1", actor=ADMIN)
    assert refusal.value.count == 3
    assert holders(platform) == ["ana", "bo", "cy"]
    assert carried(platform, "course:C-1")


@pytest.mark.parametrize("typed", ["SAFE-1", " Name of SAFE-1 "])
def test_f23_deleting_counts_what_went_and_leaves_tombstones(platform: Platform, typed: str) -> None:
    """R-4, R-64, I3: awards, items and history go, as the preview said; numbers stay taken, and who did it known."""
    earned(platform)
    numbers = {name: platform.number_of(name) for name in ("ana", "bo", "cy")}
    platform.registrar.correcting.unassign(numbers["cy"], actor=ADMIN)
    awards = {each.award.number: each.award for each in platform.registrar.reporting.search(actor=ADMIN).records}
    wanted = Deletion("SAFE-1", items=3, awards=3, live=2, entries=4)
    assert platform.registrar.defining.preview_delete("SAFE-1", actor=ADMIN) == wanted
    told = platform.registrar.defining.delete("SAFE-1", typed=typed, with_live=True, reason="Test data", actor=ADMIN)
    assert told == wanted
    assert platform.registrar.reporting.search(actor=ADMIN).records == []
    assert carried(platform, "course:C-1") is None
    with pytest.raises(NotFound):
        platform.registrar.defining.delete("SAFE-1", typed="SAFE-1", actor=ADMIN)
    with platform.storage.reading() as tx:
        stones = tx.tombstones.of(numbers.values())
        assert tx.history.of([each.id for each in awards.values()]) == {}
    assert stones == {
        number: Tombstone(
            number, award.id, Removal.DELETED, platform.now, ADMIN.id, "Test data", award.version, award.head
        )
        for number, award in awards.items()
    }
    platform.certification("SAFE-1", items=["course:C-1"])
    assert platform.award("ana").counts == {Outcome.NEW: 1}


def test_deleting_goes_batch_by_batch_as_one_act(platform: Platform) -> None:
    """R-4: many awards, in one transaction; those of other certifications stay."""
    platform.settings = evolve(platform.settings, batch=2)
    platform.__attrs_post_init__()
    people = [f"user{n}" for n in range(5)]
    platform.directory = MemoryDirectory([Person(f"id-{name}", name) for name in people])
    platform.__attrs_post_init__()
    platform.certification("SAFE-1")
    platform.certification("SAFE-2")
    platform.award(*people)
    platform.award("user0", code="SAFE-2")
    told = platform.registrar.defining.delete("SAFE-1", typed="SAFE-1", with_live=True, actor=ADMIN)
    assert (told.awards, told.live) == (5, 5)
    assert [each.certification.code for each in platform.registrar.reporting.search(actor=ADMIN).records] == ["SAFE-2"]
