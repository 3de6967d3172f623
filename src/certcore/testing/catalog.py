"""The contract of `certcore.ports.Catalog`, and the items it is tested on."""

from datetime import date
from typing import Final

import pytest

from certcore.domain.certifications import Item, ItemKind, ItemRef
from certcore.ports import Catalog

ITEMS: Final = (
    Item(ItemRef(ItemKind.COURSE, "C-1"), "First aid"),
    Item(ItemRef(ItemKind.COURSE, "c-1"), "Another one"),
    Item(ItemRef(ItemKind.COURSE, "0012"), "Zoë's course 王", valid_until=date(9999, 12, 31)),
    Item(ItemRef(ItemKind.COURSE, "12"), "", valid_until=date(2026, 1, 1)),
    Item(ItemRef(ItemKind.LEARNING_PLAN, "C-1"), "A plan", courses=("C-1", "0012")),
    Item(ItemRef(ItemKind.EXTERNAL_ACTIVITY, "É 1"), "A talk"),
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
