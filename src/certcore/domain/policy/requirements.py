"""The parts of a policy that say what a renewal asks for: items, credits, confirmations, recent events."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from attrs import field, frozen

from certcore.domain.policy.conditions import WHEN, When
from certcore.domain.policy.shapes import Amount, Choice, Data, Flag, Listing, Span, Table, Terms, Text, Whole, reads
from certcore.domain.policy.terms import Align, Either, MonthDay, YearDay
from certcore.domain.time import Length


@frozen(kw_only=True)
class Item(Terms):
    """Something to be done: how often, and how long before the renewal at most."""

    item: str = field(metadata=reads(Text()))
    max_age: Length | None = field(default=None, metadata=reads(Span()))
    count: int = field(default=1, metadata=reads(Whole()))


@frozen
class _Item:
    """The shape of an `Item`: its name, or a table with more."""

    def read(self, data: Data, path: str) -> Item:
        return Item(item=Text().read(data, path)) if isinstance(data, str) else Item.from_data(data, path)

    def write(self, value: Item) -> Data:
        return value.to_data() if value.written else value.item

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Text().schema(), Table(Item).schema()]}


ITEMS = Listing(_Item())


@frozen(kw_only=True)
class Addition(Terms):
    """Items that a renewal asks for besides, of some learners."""

    when: When = field(metadata=reads(WHEN))
    add: tuple[Item, ...] = field(metadata=reads(ITEMS))


@frozen(kw_only=True)
class Items(Terms):
    """What has to be done, by path."""

    renewal: tuple[Item, ...] = field(default=(), metadata=reads(ITEMS))
    after_expiry: tuple[Item, ...] = field(default=(), metadata=reads(ITEMS))
    reinstate_in_grace: tuple[Item, ...] = field(default=(), metadata=reads(ITEMS))
    full: tuple[Item, ...] = field(default=(), metadata=reads(ITEMS))
    renewal_when: tuple[Addition, ...] = field(default=(), metadata=reads(Listing(Table(Addition))))


@frozen(kw_only=True)
class Category(Terms):
    """How much must, and how much can at most, come from some categories together."""

    categories: tuple[str, ...] = field(metadata=reads(Listing(Text()), "in"))
    min: Decimal | None = field(default=None, metadata=reads(Amount()))
    max: Decimal | None = field(default=None, metadata=reads(Amount()))

    def problems(self) -> Iterator[tuple[str, str]]:
        """At least one limit, and a minimum that the maximum allows."""
        if self.min is None and self.max is None:
            yield "", "limits nothing; give min or max"
        elif self.min is not None and self.max is not None and self.min > self.max:
            yield "min", f"is {self.min}, above the max of {self.max}; lower it"


@frozen(kw_only=True)
class PerYear(Terms):
    """What every whole year of the period needs."""

    min: Decimal | None = field(default=None, metadata=reads(Amount()))
    year: Literal["of_period", "calendar"] = field(
        default="of_period", metadata=reads(Choice(("of_period", "calendar")))
    )
    categories: tuple[Category, ...] = field(default=(), metadata=reads(Listing(Table(Category))))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Something must be asked for."""
        if self.min is None and not self.categories:
            yield "min", "is missing; give min or categories"


@frozen(kw_only=True)
class Rolling(Terms):
    """What any so many consecutive years need; also together with the years before the period."""

    years: int = field(metadata=reads(Whole()))
    min: Decimal = field(metadata=reads(Amount()))
    across_periods: bool = field(default=False, metadata=reads(Flag()))


@frozen(kw_only=True)
class CarryOver(Terms):
    """What goes into the next period."""

    max: Decimal = field(metadata=reads(Amount()))
    earned_in_last: Length | None = field(default=None, metadata=reads(Span()))
    categories: tuple[str, ...] = field(default=(), metadata=reads(Listing(Text()), "in"))


@frozen(kw_only=True)
class LearnerMonthStart(Terms):
    """The first day of the month of a learner's date."""

    learner_month_start: str = field(metadata=reads(Text()))


@frozen(kw_only=True)
class CreditPeriod(Terms):
    """A period of its own in which credits count."""

    years: int = field(metadata=reads(Whole()))
    starts: MonthDay | LearnerMonthStart = field(
        metadata=reads(Either(YearDay(), {"learner_month_start": LearnerMonthStart}))
    )


@frozen(kw_only=True)
class Alternative(Terms):
    """One of several ways to have enough."""

    total: Decimal = field(metadata=reads(Amount()))
    items: tuple[Item, ...] = field(default=(), metadata=reads(ITEMS))


@frozen(kw_only=True)
class Credits(Terms):
    """The credits that a period needs."""

    total: Decimal | None = field(default=None, metadata=reads(Amount()))
    categories: tuple[Category, ...] = field(default=(), metadata=reads(Listing(Table(Category))))
    per_year: PerYear | None = field(default=None, metadata=reads(Table(PerYear)))
    rolling: Rolling | None = field(default=None, metadata=reads(Table(Rolling)))
    carry_over: CarryOver | None = field(default=None, metadata=reads(Table(CarryOver)))
    no_carry: bool = field(default=False, metadata=reads(Flag()))
    min_block: Decimal | None = field(default=None, metadata=reads(Amount()))
    max_age: Length | None = field(default=None, metadata=reads(Span()))
    count_from: Literal["day_after_completion"] | None = field(
        default=None, metadata=reads(Choice(("day_after_completion",)))
    )
    period: CreditPeriod | None = field(default=None, metadata=reads(Table(CreditPeriod)))
    any_of: tuple[Alternative, ...] = field(default=(), metadata=reads(Listing(Table(Alternative))))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Nothing is carried over where nothing may be, or where nothing can be too much."""
        if self.no_carry and self.carry_over is not None:
            yield "no_carry", "contradicts carry_over; take one of them out"
        if self.carry_over is not None and self.total is None and not self.any_of:
            yield "carry_over", "needs a total, since only what is above it is carried over"


@frozen(kw_only=True)
class Recency(Terms):
    """An expiry that follows the latest events: ``within`` after the ``count``-th latest one."""

    count: int = field(metadata=reads(Whole()))
    of: str = field(metadata=reads(Text()))
    within: Length = field(metadata=reads(Span(positive=True)))
    align: Align = field(default="exact", metadata=reads(Choice(("exact", "month"))))


@frozen(kw_only=True)
class Confirmation(Terms):
    """A confirmation that is due again and again; a missed one ends the award."""

    every: Length = field(metadata=reads(Span(positive=True)))
    missed: Literal["lapse"] = field(default="lapse", metadata=reads(Choice(("lapse",))))


@frozen(kw_only=True)
class Events(Terms):
    """Events that end validity on their day."""

    ends_validity: tuple[str, ...] = field(metadata=reads(Listing(Text())))


@frozen(kw_only=True)
class Cap(Terms):
    """The age beyond whose birthday no award reaches."""

    age: int = field(metadata=reads(Whole()))
