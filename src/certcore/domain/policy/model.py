"""A renewal policy as a value: every key of the file format, read strictly and written without loss."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, Self

from attrs import evolve, field, fields, frozen

from certcore.domain.policy.conditions import WHEN, When
from certcore.domain.policy.requirements import Cap, Confirmation, Credits, Events, Items, Recency
from certcore.domain.policy.shapes import Choice, Data, Flag, Listing, Span, Table, Terms, Text, dotted, reads
from certcore.domain.policy.terms import (
    ROUNDING,
    AfterValidity,
    Anchor,
    Due,
    Extension,
    Grace,
    Lapse,
    Rounding,
    ToLearnerMonth,
    Validity,
    Window,
    parts_of_days,
)
from certcore.domain.time import Length
from certcore.errors import InvalidPolicy


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

    @classmethod
    def from_data(cls, data: Mapping[str, Data], path: str = "") -> Self:
        """Read a policy; raises `InvalidPolicy` with the dotted key, also for keys that contradict one another."""
        policy = super().from_data(data, path)
        for where, problem in _contradictions(policy):
            raise InvalidPolicy(dotted(path, where), problem)
        return policy


def _contradictions(policy: RenewalPolicy) -> Iterator[tuple[str, str]]:
    """What does not go together, in the policy itself or as one variant or route changes it.

    What a variant or a route puts right is no contradiction: it may always be the one that holds.
    """
    changes = {f"variants.{number}.set": each.set for number, each in enumerate(policy.variants)}
    changes |= {f"routes.{number}.set": each.set for number, each in enumerate(policy.routes)}
    found = [*_clashes(policy), *_pointless(policy)]
    for path, change in changes.items():
        changed = replaced(policy, change)
        clashes = list(_clashes(changed))
        yield from ((f"{path}.{where}", problem) for where, problem in clashes if (where, problem) not in found)
        found = [each for each in found if each in (*clashes, *_pointless(changed))]
    yield from found
    routes = [each.route for each in policy.routes]
    for number, route in enumerate(routes):
        if route in routes[:number]:
            yield f"routes.{number}.route", f"names {route!r} a second time; give every route once"


def replaced(policy: RenewalPolicy, changes: PolicyKeys) -> RenewalPolicy:
    """The policy with the top-level keys that ``changes`` has instead of its own."""
    values = {each.name: getattr(changes, each.name) for each in fields(PolicyKeys) if each.name in changes.written}
    return evolve(policy, **values, written=policy.written | changes.written)


def _clashes(policy: RenewalPolicy) -> Iterator[tuple[str, str]]:
    """Keys that cannot be in force together."""
    anchor, validity = policy.anchor, policy.validity
    if anchor.kind == "learner_date" and not isinstance(policy.round, ToLearnerMonth):
        yield "round", "must be learner_month_end for anchor.kind learner_date, which is that date"
    longest = parts_of_days(validity) if validity is not None and validity.count else None
    if anchor.minimum is not None and longest is not None and parts_of_days(anchor.minimum) > longest:
        yield "anchor.minimum", f"is longer than the validity of {validity}; shorten it"
    if policy.due is not None and policy.due.next_cycle_end and anchor.kind != "cycle":
        yield "due.next_cycle_end", "only goes with anchor.kind cycle; give after_validity instead"


def _pointless(policy: RenewalPolicy) -> Iterator[tuple[str, str]]:
    """Keys that never do anything without another one: fine for one variant, not for the whole policy."""
    if not _can_expire(policy):
        for name in ("window", "grace", "warning"):
            if getattr(policy, name) is not None:
                yield name, "has no effect on an award that never expires; give a validity or take it out"
    if policy.anchor.kind == "fixed" and (policy.validity is None or policy.validity.count == 0):
        yield "validity", "is missing; under anchor.kind fixed the dates lie one validity apart"
    if policy.expiry is not None and policy.validity is None and policy.anchor.kind not in _OWN_END:
        yield "expiry.after_validity", 'adds to a validity; give one, {"days": 0} if it is all there is'


def _can_expire(policy: RenewalPolicy) -> bool:
    parts = (policy.recency, policy.cap, policy.confirmation, policy.events)
    return policy.lasts is not None or policy.anchor.kind in _OWN_END or any(part is not None for part in parts)


_OWN_END: Final = frozenset({"cycle", "learner_date"})
