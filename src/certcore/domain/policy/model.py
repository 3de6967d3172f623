"""A renewal policy as a value: every key of the file format, read strictly and written without loss."""

from collections.abc import Iterator
from typing import Any, Final, Literal

from attrs import field, frozen

from certcore.domain.policy.conditions import WHEN, When
from certcore.domain.policy.requirements import Cap, Confirmation, Credits, Events, Items, Recency
from certcore.domain.policy.shapes import Choice, Data, Flag, Listing, Span, Table, Terms, Text, reads
from certcore.domain.policy.terms import (
    ROUNDING,
    AfterValidity,
    Anchor,
    Due,
    Extension,
    Grace,
    Lapse,
    Rounding,
    Validity,
    Window,
)
from certcore.domain.time import Length

_NO_EXPIRY: Final = "has no effect on an award that never expires; give a validity or take it out"


@frozen
class _Set:
    """The shape of the keys that a variant or a route replaces."""

    def read(self, data: Data, path: str) -> "PolicyKeys":
        return PolicyKeys.from_data(data, path)

    def write(self, value: "PolicyKeys") -> Data:
        return value.to_data()

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/set"}


@frozen(kw_only=True)
class Route(Terms):
    """A way to renew that changes the terms, and may be refused after another one."""

    route: str = field(metadata=reads(Text()))
    set: "PolicyKeys" = field(metadata=reads(_Set()))
    not_after_route: str | None = field(default=None, metadata=reads(Text()))


@frozen(kw_only=True)
class Variant(Terms):
    """Top-level keys that are replaced where all conditions hold."""

    when: When = field(metadata=reads(WHEN))
    set: "PolicyKeys" = field(metadata=reads(_Set()))


@frozen(kw_only=True)
class PolicyKeys(Terms):
    """The top-level keys that a variant or a route may replace."""

    validity: Length | None = field(default=None, metadata=reads(Validity()))
    round: Rounding = field(default="exact", metadata=reads(ROUNDING))
    last_day: Literal["anniversary", "day_before"] = field(
        default="anniversary", metadata=reads(Choice(("anniversary", "day_before")))
    )
    boundary: Literal["exclusive", "inclusive"] = field(
        default="exclusive", metadata=reads(Choice(("exclusive", "inclusive")))
    )
    shorten: bool = field(default=False, metadata=reads(Flag()))
    anchor: Anchor = field(default=Anchor(), metadata=reads(Table(Anchor)))
    window: Window | None = field(default=None, metadata=reads(Table(Window)))
    grace: Grace | None = field(default=None, metadata=reads(Table(Grace)))
    lapse: Lapse | None = field(default=None, metadata=reads(Table(Lapse)))
    items: Items | None = field(default=None, metadata=reads(Table(Items)))
    credits: Credits | None = field(default=None, metadata=reads(Table(Credits)))
    cap: Cap | None = field(default=None, metadata=reads(Table(Cap)))
    due: Due | None = field(default=None, metadata=reads(Table(Due)))
    expiry: AfterValidity | None = field(default=None, metadata=reads(Table(AfterValidity)))
    warning: Length | None = field(default=None, metadata=reads(Span()))
    extension: Extension | None = field(default=None, metadata=reads(Table(Extension)))
    recency: Recency | None = field(default=None, metadata=reads(Table(Recency)))
    confirmation: Confirmation | None = field(default=None, metadata=reads(Table(Confirmation)))
    events: Events | None = field(default=None, metadata=reads(Table(Events)))
    also_extended_by: tuple[str, ...] = field(default=(), metadata=reads(Listing(Text())))


@frozen(kw_only=True, cache_hash=True)
class RenewalPolicy(PolicyKeys):
    """When awards end, and how they are renewed (R-53, R-54): all of POLICY.md as one value.

    ``RenewalPolicy()`` never expires. Lengths are whole years, months, weeks or days. Read one with `from_data`, which
    names the dotted key of whatever it cannot use; `to_data` gives the same data back.
    """

    variants: tuple[Variant, ...] = field(default=(), metadata=reads(Listing(Table(Variant))))
    routes: tuple[Route, ...] = field(default=(), metadata=reads(Listing(Table(Route))))

    @property
    def grace_is_valid(self) -> bool:
        """Whether an award in its grace still counts as valid."""
        return self.grace is not None and self.grace.valid

    @property
    def lasts(self) -> Length | None:
        """The validity that counts; None for none, and for zero unless ``expiry`` adds to it (R-2)."""
        if self.validity is not None and self.validity.count == 0 and self.expiry is None:
            return None
        return self.validity

    @property
    def can_expire(self) -> bool:
        """Whether anything in the policy itself, leaving variants and routes aside, gives a period an end."""
        by_anchor = self.anchor.kind in {"cycle", "learner_date"}
        return self.lasts is not None or by_anchor or self.recency is not None or self.cap is not None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Keys that contradict one another."""
        changes: list[PolicyKeys] = [each.set for each in self.variants] + [each.set for each in self.routes]
        if not self.can_expire and not any(each.written & _GIVE_AN_END for each in changes):
            for name in ("window", "grace", "lapse", "warning", "extension", "shorten"):
                if getattr(self, name):
                    yield name, _NO_EXPIRY
        routes = [each.route for each in self.routes]
        for number, route in enumerate(routes):
            if route in routes[:number]:
                yield f"routes.{number}.route", f"names {route!r} a second time; give every route once"


_GIVE_AN_END: Final = frozenset({"validity", "anchor", "recency", "cap", "expiry"})
