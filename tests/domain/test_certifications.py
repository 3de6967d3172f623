"""Certifications and items: what they may say about earning and training material."""

from datetime import datetime
from typing import Any

import pytest

from certcore.domain.certifications import MOST_ITEMS, Assignment, Certification, Item, ItemKind, ItemRef
from certcore.domain.renewability import ItemProgress, ItemStatus
from certcore.errors import InvalidValue, NaiveDatetime
from certcore.testing.builders import COURSE


def test_by_default_any_item_earns_it_by_itself_and_a_renewal_is_started() -> None:
    """R-6, R-9, R-52."""
    certification = Certification(1, "Safety")
    assert (certification.automatic, certification.items_needed, certification.auto_renew) == (True, 1, False)


@pytest.mark.parametrize("needed", [1, 2, MOST_ITEMS, None])
def test_any_some_or_all_items_may_be_needed(needed: int | None) -> None:
    """R-6; how many is no matter of what documents print."""
    certification = Certification(1, "Safety").edited(items_needed=needed)
    assert (certification.items_needed, certification.edition, certification.version) == (needed, 1, 2)


@pytest.mark.parametrize("needed", [0, -1, MOST_ITEMS + 1, True, 1.0, "all"])
def test_another_number_of_items_is_refused(needed: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        Certification(1, "Safety", items_needed=needed)
    assert caught.value.field == "items_needed"


def test_what_a_host_says_of_an_item_in_words_is_that_and_never_guessed() -> None:
    """R-22, R-51: an activity named by text is one, and a status given as text is that status."""
    activity = ItemRef("external_activity", "X-1")
    assert activity == ItemRef.parse("external_activity:X-1")
    assert activity.kind is ItemKind.EXTERNAL_ACTIVITY
    assert ItemProgress(activity, "complete").status is ItemStatus.COMPLETE
    with pytest.raises(InvalidValue, match="kind"):
        ItemRef("seminar", "X-1")
    with pytest.raises(InvalidValue, match="status"):
        ItemProgress(activity, "done")


def test_material_is_listed_once_and_in_nfc() -> None:
    """f42: codes are compared by code point, so they have one spelling."""
    assert Item(COURSE, materials=("quiz", "zoe\u0308", "quiz", "zoë")).materials == ("quiz", "zoë")


@pytest.mark.parametrize("code", ["", " ", "a\0b", "x" * 256, "\u2028"])
def test_material_without_a_code_is_refused(code: str) -> None:
    with pytest.raises(InvalidValue):
        Item(COURSE, materials=("film", code))


def test_an_item_is_assigned_at_an_instant() -> None:
    """R-10, R-21."""
    with pytest.raises(NaiveDatetime):
        Assignment(COURSE, 1, datetime(2026, 6, 15))  # noqa: DTZ001
