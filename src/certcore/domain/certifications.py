"""What a certification is: its definition, the items that earn it, and its editions in print."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from attrs import evolve, field, frozen
from attrs.validators import deep_iterable, instance_of

from certcore.domain.checks import member, nfc, optional_nfc, optional_text, prose, short_text
from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import as_instant
from certcore.errors import InvalidValue


class ItemKind(StrEnum):
    """The kinds of things whose completion can earn a certification."""

    COURSE = "course"
    LEARNING_PLAN = "learning_plan"
    EXTERNAL_ACTIVITY = "external_activity"


def _kind(kind: ItemKind | str) -> ItemKind:
    return member(ItemKind, "kind", kind)


@frozen(order=True, cache_hash=True)
class ItemRef:
    """An item by kind and code, written ``course:C-1``."""

    kind: ItemKind = field(converter=_kind)
    code: str = field(converter=nfc, validator=short_text(255))

    @classmethod
    def parse(cls, text: str) -> "ItemRef":
        """Read ``kind:code``; raises `InvalidValue`."""
        return _parsed(text)

    def __str__(self) -> str:
        return f"{self.kind}:{self.code}"


@lru_cache(maxsize=8_192)
def _parsed(text: str) -> ItemRef:
    kind, _, code = text.partition(":")
    if kind not in set(ItemKind) or not code:
        raise InvalidValue("item", text, "kind:code, such as course:C-1 (or learning_plan:, external_activity:)")
    return ItemRef(ItemKind(kind), code)


def _materials(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(nfc, codes)))


@frozen
class Item:
    """A course, learning plan or external activity as the host's catalog describes it.

    ``courses`` are the codes of a plan's courses, ``materials`` those of the training material in a course, which may
    be part of other courses too. An item that is not ``usable`` is decommissioned: nobody can complete it any more.
    """

    ref: ItemRef
    title: str = field(default="", validator=prose(1_000))
    courses: tuple[str, ...] = ()
    valid_until: date | None = None
    usable: bool = True
    materials: tuple[str, ...] = field(
        default=(), converter=_materials, validator=deep_iterable(short_text(255), instance_of(tuple))
    )


MOST_ITEMS: Final = 10_000
"""The largest number of items that a certification may ask for."""


@frozen
class Certification:
    """The definition of a programme (R-1).

    ``edition`` grows whenever what documents print (name, description) changes, so that an award keeps the words it was
    issued with (R-28); ``version`` counts every change. ``credits`` are what earning it is worth.

    ``automatic`` issues it on completion, where not it is awarded by hand only (R-9). ``items_needed`` is how many
    different items have to be completed, None all that carry it (R-6). With ``auto_renew`` a completion renews also
    where no renewal was started (R-52).
    """

    id: int
    name: str = field(validator=short_text(255))
    code: str | None = field(default=None, converter=optional_nfc, validator=optional_text(255))
    description: str = field(default="", validator=prose())
    policy: RenewalPolicy = RenewalPolicy()
    allow_retake: bool = False
    template: str = field(default="classic", validator=short_text(64))
    credits: Decimal | None = field(default=None)
    retired: bool = False
    automatic: bool = True
    items_needed: int | None = field(default=1)
    auto_renew: bool = False
    edition: int = 1
    version: int = 1

    @items_needed.validator
    def _some_or_all(self, _attribute: object, needed: int | None) -> None:
        if needed is not None and (type(needed) is not int or not 1 <= needed <= MOST_ITEMS):
            raise InvalidValue("items_needed", needed, f"a whole number from 1 to {MOST_ITEMS}, or None for all items")

    @credits.validator
    def _not_negative(self, _attribute: object, credits: Decimal | None) -> None:
        if credits is not None and not (credits.is_finite() and credits >= 0):
            raise InvalidValue("credits", credits, "a decimal number that is not negative")

    def edited(self, **changes: object) -> "Certification":
        """This definition with ``changes``; a new edition when what documents print changes (R-28)."""
        after = evolve(self, **changes)  # type: ignore[arg-type]
        reprint = (after.name, after.description) != (self.name, self.description)
        return evolve(after, edition=self.edition + reprint, version=self.version + 1)

    @property
    def label(self) -> str:
        """The code, or the name where there is none."""
        return self.code or self.name


@frozen
class Assignment:
    """An item that carries a certification, and since when (R-5, R-21).

    ``automatic`` says whether completing this item issues the award, None that the certification decides (R-9).
    """

    item: ItemRef
    certification_id: int
    assigned_at: datetime = field(converter=as_instant)
    automatic: bool | None = None


@frozen
class Print:
    """What documents print of a certification in one edition (R-28)."""

    certification_id: int
    edition: int
    name: str
    description: str


@frozen
class Overview:
    """A certification in a list, with how many live awards and items it has (R-8)."""

    certification: Certification
    live_awards: int
    items: tuple[ItemRef, ...]


def sorted_items(items: Iterable[ItemRef]) -> tuple[ItemRef, ...]:
    """Each item once, in the order lists show them."""
    return tuple(sorted(set(items)))
