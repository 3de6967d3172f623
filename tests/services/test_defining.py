"""Certifications: what they are, and which items carry them."""

import pytest

from certcore.domain.certifications import ItemRef
from certcore.domain.people import Actor
from certcore.errors import CodeTaken, InvalidValue, ItemTaken, NotFound
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
