"""The contracts of `certcore.ports.Catalog`, and the items they are tested on."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from typing import Final, Protocol

import pytest

from certcore.domain.certifications import Item, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Retake, delivery_id
from certcore.domain.renewability import ItemProgress, ItemStatus, PlanValidity
from certcore.errors import CertcoreError
from certcore.ports import Catalog
from certcore.testing.builders import NOW, make_completion
from certcore.testing.threads import at_once
from certcore.testing.values import assert_same

ITEMS: Final = (
    Item(ItemRef(ItemKind.COURSE, "C-1"), "First aid"),
    Item(ItemRef(ItemKind.COURSE, "c-1"), "Another one"),
    Item(ItemRef(ItemKind.COURSE, "0012"), "Zoë's course 王", valid_until=date(9999, 12, 31)),
    Item(ItemRef(ItemKind.COURSE, "12"), "", valid_until=date(2026, 1, 1)),
    Item(ItemRef(ItemKind.LEARNING_PLAN, "C-1"), "A plan", courses=("C-1", "0012")),
    Item(ItemRef(ItemKind.EXTERNAL_ACTIVITY, "É 1"), "A talk"),
    Item(ItemRef(ItemKind.COURSE, "gone"), "A course that is no more", usable=False, materials=("old film",)),
    Item(ItemRef(ItemKind.COURSE, "ladders"), materials=("film", "Quiz ü", "quiz"), valid_until=date(2030, 1, 1)),
    Item(ItemRef(ItemKind.COURSE, "roofs"), materials=("film", "slides")),
    Item(ItemRef(ItemKind.LEARNING_PLAN, "heights"), courses=("ladders", "roofs"), valid_until=date(2029, 1, 1)),
    Item(ItemRef(ItemKind.LEARNING_PLAN, "houses"), courses=("roofs", "ladders"), valid_until=date(2031, 1, 1)),
)
"""What a catalog under test holds."""


class CatalogContract:
    """Every promise of the catalog. Subclass it and override the fixture ``catalog``."""

    @pytest.fixture
    def catalog(self) -> Catalog:
        """Override this: a catalog of the adapter under test that holds `ITEMS` and nothing else."""
        raise NotImplementedError("override the fixture `catalog`: return your adapter, filled with ITEMS")

    def test_items_come_back_whole(self, catalog: Catalog) -> None:
        """All at once, with title, courses and validity; kind and code together tell them apart, by code point."""
        assert catalog.items([item.ref for item in ITEMS]) == {item.ref: item for item in ITEMS}

    @pytest.mark.parametrize("item", ITEMS, ids=lambda item: str(item.ref))
    def test_an_item_is_found_alone(self, catalog: Catalog, item: Item) -> None:
        """Asking for one gives that one only."""
        assert catalog.items([item.ref]) == {item.ref: item}

    def test_items_not_there_are_absent(self, catalog: Catalog) -> None:
        """Unknown ones are missing from the answer, repeated ones do no harm, none gives none."""
        first, unknown = ITEMS[0], ItemRef(ItemKind.EXTERNAL_ACTIVITY, "C-1")
        assert catalog.items([first.ref, unknown, first.ref]) == {first.ref: first}
        assert catalog.items([]) == {}

    def test_many_may_be_asked_for(self, catalog: Catalog) -> None:
        """Tens of thousands of items at once."""
        many = [ItemRef(ItemKind.COURSE, f"none-{position}") for position in range(40_000)]
        assert catalog.items([*many, ITEMS[0].ref]) == {ITEMS[0].ref: ITEMS[0]}

    def test_what_the_host_does_not_know_is_absent(self, catalog: Catalog) -> None:
        """Of learners, items and pairs without an enrolment there is no progress and no completion."""
        unknown = ItemRef(ItemKind.COURSE, "none")
        assert catalog.progress(["nobody", "nobody"], [ITEMS[0].ref, unknown]) == {}
        assert catalog.progress([], [ITEMS[0].ref]) == catalog.progress(["nobody"], []) == {}
        assert list(catalog.completions([ITEMS[0].ref, unknown])) == list(catalog.completions([])) == []


class Learning(Protocol):
    """What a test does to a host, so that its catalog has something to tell. The embedded catalogs do it themselves."""

    def enrol(self, learner_ids: Collection[str], item: ItemRef) -> None:
        """Enrol the learners in an item; those enrolled already stay as they are."""

    def complete(self, completions: Iterable[Completion]) -> None:
        """Complete the learners' enrolments, with all the material of the item."""

    def track(self, learner_id: str, item: ItemRef, materials: Collection[str]) -> None:
        """Let the learner do some of the material of an item."""

    def tracked(self, learner_id: str, item: ItemRef) -> frozenset[str]:
        """The material of the item that counts as done."""


_LADDERS: Final = ItemRef(ItemKind.COURSE, "ladders")
_ROOFS: Final = ItemRef(ItemKind.COURSE, "roofs")
_HEIGHTS: Final = ItemRef(ItemKind.LEARNING_PLAN, "heights")
_HOUSES: Final = ItemRef(ItemKind.LEARNING_PLAN, "houses")
_GONE: Final = ItemRef(ItemKind.COURSE, "gone")
_ADA: Final = "id-ada"
_TICK: Final = timedelta(microseconds=1)
_LATER: Final = timedelta(days=30)


def _order(learner_id: str = _ADA, item: ItemRef = _LADDERS, number: int = 1) -> Retake:
    """An order given a month after `NOW`."""
    return Retake(delivery_id("retake", number), learner_id, item, NOW + _LATER)


class EnrolmentContract(CatalogContract):
    """Every promise of a catalog that knows enrolments (R-51). Override the fixtures ``catalog`` and ``learning``."""

    @pytest.fixture
    def learning(self, catalog: Catalog) -> Learning:
        """Override this: what moves learners in the host behind ``catalog``."""
        raise NotImplementedError("override the fixture `learning`: return what enrols learners behind your catalog")

    def _status(self, catalog: Catalog, item: ItemRef = _LADDERS) -> ItemStatus:
        return catalog.progress([_ADA], [item])[_ADA, item].status

    def test_progress_follows_an_enrolment(self, catalog: Catalog, learning: Learning) -> None:
        """Not started, in progress, complete; with the validity of the item and whether it is usable."""
        learning.enrol([_ADA], _LADDERS)
        learning.enrol([_ADA], _GONE)
        found = catalog.progress([_ADA, "id-bob"], [_LADDERS, _ROOFS, _GONE])
        assert_same(
            found,
            {
                (_ADA, _LADDERS): ItemProgress(_LADDERS, valid_until=date(2030, 1, 1)),
                (_ADA, _GONE): ItemProgress(_GONE, usable=False),
            },
        )
        learning.track(_ADA, _LADDERS, ["film"])
        assert self._status(catalog) is ItemStatus.IN_PROGRESS
        learning.complete([make_completion(_ADA, _LADDERS)])
        assert self._status(catalog) is ItemStatus.COMPLETE
        learning.enrol([_ADA, "id-bob"], _LADDERS)
        assert self._status(catalog) is ItemStatus.COMPLETE
        assert catalog.progress(["id-bob"], [_LADDERS])["id-bob", _LADDERS].status is ItemStatus.NOT_STARTED

    def test_the_plan_that_is_valid_longest_comes_with_the_course(self, catalog: Catalog, learning: Learning) -> None:
        """Only plans that the learner is enrolled in, and that have the course."""
        learning.complete([make_completion(_ADA, item) for item in (_LADDERS, _ROOFS, _GONE)])
        learning.enrol(["id-bob"], _HOUSES)
        assert catalog.progress([_ADA], [_LADDERS])[_ADA, _LADDERS].plan is None
        for plan, until in ((_HEIGHTS, date(2029, 1, 1)), (_HOUSES, date(2031, 1, 1))):
            learning.enrol([_ADA], plan)
            found = catalog.progress([_ADA], [_LADDERS, _GONE])
            assert found[_ADA, _LADDERS].plan == PlanValidity(plan, until)
            assert found[_ADA, _GONE].plan is None

    def test_completions_come_back_as_they_were(self, catalog: Catalog, learning: Learning) -> None:
        """R-21: those of the items asked for, each item's and learner's together."""
        given = [
            make_completion(_ADA, _LADDERS, at=NOW.replace(microsecond=1)),
            make_completion("id-bob", _LADDERS, at=NOW - _TICK, exact=False, zone="-04:00"),
            make_completion(_ADA, _HEIGHTS),
        ]
        learning.complete([*given, make_completion(_ADA, _ROOFS)])
        learning.enrol(["id-cy"], _LADDERS)
        found = list(catalog.completions([_HEIGHTS, _LADDERS, _HEIGHTS]))
        by_learner = {(each.learner_id, each.item): each for each in found}
        assert len(found) == 3
        for each in given:
            assert_same(by_learner[each.learner_id, each.item], each)

    def test_a_retake_archives_resets_and_enrols_again(self, catalog: Catalog, learning: Learning) -> None:
        """R-51: the item is not started, its material is to be done again, and what was completed stays known."""
        completion = make_completion(_ADA, _LADDERS)
        learning.complete([completion, make_completion("id-bob", _LADDERS)])
        catalog.retake(_order())
        assert self._status(catalog) is ItemStatus.NOT_STARTED
        assert learning.tracked(_ADA, _LADDERS) == frozenset()
        assert completion in list(catalog.completions([_LADDERS]))
        again = make_completion(_ADA, _LADDERS, at=NOW + 2 * _LATER)
        learning.complete([again])
        assert self._status(catalog) is ItemStatus.COMPLETE
        assert [each for each in catalog.completions([_LADDERS]) if each.learner_id == _ADA] == [completion, again]
        assert catalog.progress(["id-bob"], [_LADDERS])["id-bob", _LADDERS].status is ItemStatus.COMPLETE
        assert learning.tracked("id-bob", _LADDERS) == {"film", "Quiz ü", "quiz"}

    def test_shared_material_is_reset_in_every_course(self, catalog: Catalog, learning: Learning) -> None:
        """R-51: the other course stays complete, and so do its other material and other learners."""
        learning.complete([make_completion(who, item) for who in (_ADA, "id-bob") for item in (_LADDERS, _ROOFS)])
        catalog.retake(_order())
        assert learning.tracked(_ADA, _ROOFS) == {"slides"}
        assert self._status(catalog, _ROOFS) is ItemStatus.COMPLETE
        assert learning.tracked("id-bob", _ROOFS) == {"film", "slides"}

    def test_a_repeated_order_changes_nothing(self, catalog: Catalog, learning: Learning) -> None:
        """R-52: whatever happened in between; another order does."""
        learning.complete([make_completion(_ADA, _LADDERS)])
        catalog.retake(_order())
        learning.track(_ADA, _LADDERS, ["film"])
        catalog.retake(_order())
        assert learning.tracked(_ADA, _LADDERS) == {"film"}
        catalog.retake(_order(number=2))
        assert learning.tracked(_ADA, _LADDERS) == frozenset()
        learning.complete([make_completion(_ADA, _LADDERS, at=NOW + 2 * _LATER)])
        for number in (1, 2):
            catalog.retake(_order(number=number))
        assert self._status(catalog) is ItemStatus.COMPLETE

    def test_an_order_that_comes_late_undoes_no_completion(self, catalog: Catalog, learning: Learning) -> None:
        """R-52: what was completed since the order was given fulfils the renewal and stays."""
        learning.complete([make_completion(_ADA, _LADDERS, at=NOW + _LATER)])
        catalog.retake(_order())
        assert self._status(catalog) is ItemStatus.COMPLETE
        assert learning.tracked(_ADA, _LADDERS) == {"film", "Quiz ü", "quiz"}

    def test_a_completion_from_before_the_order_does_not_complete_it(
        self, catalog: Catalog, learning: Learning
    ) -> None:
        """R-52: it comes late and belongs to the enrolment before."""
        learning.complete([make_completion(_ADA, _LADDERS)])
        catalog.retake(_order())
        learning.complete([make_completion(_ADA, _LADDERS, at=NOW + _LATER - _TICK)])
        assert self._status(catalog) is ItemStatus.NOT_STARTED

    def test_an_order_for_who_is_not_enrolled_enrols(self, catalog: Catalog, learning: Learning) -> None:
        """A manual award renews through any linked item (R-51)."""
        catalog.retake(_order("id-bob"))
        assert catalog.progress(["id-bob"], [_LADDERS])["id-bob", _LADDERS].status is ItemStatus.NOT_STARTED
        assert learning.tracked("id-bob", _LADDERS) == frozenset()

    def test_an_order_for_an_item_that_is_not_there_is_refused(self, catalog: Catalog) -> None:
        """So that it waits, or is seen to be dead, and is not taken for done."""
        with pytest.raises(CertcoreError):
            catalog.retake(_order(item=ItemRef(ItemKind.COURSE, "none")))

    def test_one_order_at_once_is_carried_out_once(self, catalog: Catalog, learning: Learning) -> None:
        """However many workers hand it over."""
        learning.complete([make_completion(_ADA, _LADDERS)])

        def hand_over() -> None:
            catalog.retake(_order())

        acts: list[Callable[[], None]] = [hand_over] * 6
        assert at_once(acts) == [None] * 6
        assert self._status(catalog) is ItemStatus.NOT_STARTED
        learning.complete([make_completion(_ADA, _LADDERS, at=NOW + 2 * _LATER)])
        assert self._status(catalog) is ItemStatus.COMPLETE
        assert len(list(catalog.completions([_LADDERS]))) == 2

    def test_thousands_may_complete(self, catalog: Catalog, learning: Learning) -> None:
        """More than fits a page, of completions and of progress."""
        learners = [f"learner-{n}" for n in range(6_000)]
        learning.complete([make_completion(learner, _ROOFS) for learner in learners])
        assert [each.learner_id for each in catalog.completions([_ROOFS])] == sorted(learners)
        found = catalog.progress([*learners, *(f"none-{n}" for n in range(20_000))], [_ROOFS, _LADDERS])
        assert {each.status for each in found.values()} == {ItemStatus.COMPLETE}
        assert len(found) == len(learners)
