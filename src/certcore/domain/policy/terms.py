"""The parts of a policy that say when a period ends, when it can be renewed and what happens afterwards."""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal

from attrs import field, frozen

from certcore.domain.policy.shapes import (
    Choice,
    Data,
    Day,
    Flag,
    Listing,
    Shape,
    Span,
    Table,
    Terms,
    Text,
    reads,
    shown,
)
from certcore.domain.time import Length
from certcore.errors import InvalidPolicy

Kind = Literal[
    "completion",
    "previous_expiry",
    "previous_expiry_in_window",
    "fixed",
    "cycle",
    "learner_date",
    "earliest_item_completion",
]
Start = Literal["completion", "day_after_completion", "day_after_previous_expiry"]
Align = Literal["exact", "month"]
ASSIGNMENT_DUE: Final = "assignment due date"

_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
_ALIGN = Choice(("exact", "month"))
_START = Choice(("completion", "day_after_completion", "day_after_previous_expiry"))
_BY_MONTH = "counts whole calendar months here; give months or years, or align exactly"


_PARTS = {"days": 10_000, "weeks": 70_000, "months": 304_369, "years": 12 * 304_369}


def parts_of_days(length: Length) -> int:
    """The mean size of a length in ten-thousandths of a day, to compare lengths of different units."""
    return length.count * _PARTS[length.unit]


@frozen
class MonthDay:
    """A day of every year; 29 February is the 28th in the years that have none."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """That day in ``year``."""
        return date(year, self.month, min(self.day, monthrange(year, self.month)[1]))

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"


@frozen
class YearDay:
    """The shape of a `MonthDay`, written MM-DD."""

    def read(self, data: Data, path: str) -> MonthDay:
        """Read a day that occurs in a leap year."""
        if isinstance(data, str) and _MONTH_DAY.fullmatch(data):
            month, day = int(data[:2]), int(data[3:])
            if 1 <= month <= 12 and 1 <= day <= monthrange(2000, month)[1]:
                return MonthDay(month, day)
        raise InvalidPolicy(path, f"expected a day of the year written MM-DD, such as 03-31; got {shown(data)}")

    def write(self, value: MonthDay) -> Data:
        """Write MM-DD."""
        return str(value)

    def schema(self) -> dict[str, Any]:
        """A string of that form."""
        return {"type": "string", "pattern": "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"}


@frozen
class Either:
    """A plain value of the shape ``plain``, or the first of ``tables`` whose marking key is there."""

    plain: Shape
    tables: dict[str, type[Terms]] = field(hash=False)

    def read(self, data: Data, path: str) -> Any:
        """Read a table when it is one, else the plain shape."""
        if isinstance(data, Mapping):
            marks = [mark for mark in self.tables if mark in data]
            mark = marks[0] if marks else next(iter(self.tables))
            return self.tables[mark].from_data(data, path)
        return self.plain.read(data, path)

    def write(self, value: Any) -> Data:
        """Write whichever it is."""
        return value.to_data() if isinstance(value, Terms) else self.plain.write(value)

    def schema(self) -> dict[str, Any]:
        """Any of them."""
        return {"anyOf": [self.plain.schema(), *(Table(terms).schema() for terms in self.tables.values())]}


@frozen(kw_only=True)
class ToMonthDay(Terms):
    """Rounding up to a day of the year."""

    month_day: MonthDay = field(metadata=reads(YearDay()))


@frozen(kw_only=True)
class ToLearnerMonth(Terms):
    """Rounding to the end of the month of a learner's date, in years odd or even like that of another one."""

    learner_month_end: str = field(metadata=reads(Text()))
    parity: str | None = field(default=None, metadata=reads(Text()))


Plain = Literal["exact", "end_of_month", "end_of_year", "first_of_next_month"]
Rounding = Plain | ToMonthDay | ToLearnerMonth
ROUNDING: Final = Either(
    Choice(("exact", "end_of_month", "end_of_year", "first_of_next_month")),
    {"month_day": ToMonthDay, "learner_month_end": ToLearnerMonth},
)


@frozen
class Validity:
    """The shape of a validity: a length, or the word none."""

    def read(self, data: Data, path: str) -> Length | None:
        """Read a length; None for the word."""
        if isinstance(data, str) and data != "none":
            raise InvalidPolicy(path, f'expected a length such as {{"years": 2}}, or "none"; got {shown(data)}')
        return None if isinstance(data, str) else Span().read(data, path)

    def write(self, value: Length | None) -> Data:
        """Write the length or the word."""
        return "none" if value is None else value.to_data()

    def schema(self) -> dict[str, Any]:
        """Either."""
        return {"anyOf": [{"const": "none"}, Span().schema()]}


@frozen
class _Base:
    """The shape of a fixed base: a date, a day of the year, or the assignment's due date."""

    def read(self, data: Data, path: str) -> date | MonthDay | str:
        if data == ASSIGNMENT_DUE:
            return ASSIGNMENT_DUE
        if isinstance(data, str) and _MONTH_DAY.fullmatch(data):
            return YearDay().read(data, path)
        return Day().read(data, path)

    def write(self, value: date | MonthDay | str) -> Data:
        return value.isoformat() if isinstance(value, date) else str(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Day().schema(), YearDay().schema(), {"const": ASSIGNMENT_DUE}]}


@frozen(kw_only=True)
class Anchor(Terms):
    """What the end of a period counts from (R-53)."""

    kind: Kind = field(
        default="completion",
        metadata=reads(
            Choice(
                (
                    "completion",
                    "previous_expiry",
                    "previous_expiry_in_window",
                    "fixed",
                    "cycle",
                    "learner_date",
                    "earliest_item_completion",
                )
            )
        ),
    )
    base: date | MonthDay | str | None = field(default=None, metadata=reads(_Base()))
    minimum: Length | None = field(default=None, metadata=reads(Span()))
    ends: MonthDay | None = field(default=None, metadata=reads(YearDay()))
    initial: str | None = field(default=None, metadata=reads(Choice(("due_date_else_completion",))))
    start: Start | None = field(default=None, metadata=reads(_START))
    max_postdate: Length | None = field(default=None, metadata=reads(Span()))

    @property
    def keeps_expiry(self) -> bool:
        """Whether a renewal in time may count from the previous expiry."""
        return self.kind in {"previous_expiry", "previous_expiry_in_window"}

    def problems(self) -> Iterator[tuple[str, str]]:
        """Keys that only some kinds use, and keys that a kind needs."""
        for name, kinds in (("base", {"fixed"}), ("minimum", {"fixed"}), ("ends", {"cycle"})):
            if getattr(self, name) is not None and self.kind not in kinds:
                yield name, f"only goes with kind {' or '.join(kinds)}; take it out or change anchor.kind"
        if self.max_postdate is not None and not self.keeps_expiry:
            yield "max_postdate", "only goes with a previous-expiry kind; take it out or change anchor.kind"
        if self.kind == "fixed" and self.base is None:
            yield "base", 'is missing; kind fixed needs a date, MM-DD or "assignment due date"'
        if self.kind == "cycle" and self.ends is None:
            yield "ends", "is missing; kind cycle needs the MM-DD on which every cycle ends"
        if self.initial is not None and self.kind in {"fixed", "cycle", "learner_date", "earliest_item_completion"}:
            yield "initial", f"has no effect with kind {self.kind}; take it out"


def _whole_months(align: Align, length: Length) -> bool:
    return align == "exact" or length.unit in {"years", "months"}


@frozen(kw_only=True)
class Window(Terms):
    """From when a renewal is in time, and what an earlier one does."""

    opens: Length = field(metadata=reads(Span()))
    align: Align = field(default="exact", metadata=reads(_ALIGN))
    early: Literal["completion", "refuse", "no_change"] | None = field(
        default=None, metadata=reads(Choice(("completion", "refuse", "no_change")))
    )
    open_day: Literal["inclusive", "exclusive"] = field(
        default="inclusive", metadata=reads(Choice(("inclusive", "exclusive")))
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Calendar months are counted in months, the expiry's own being the first."""
        if not _whole_months(self.align, self.opens):
            yield "opens", _BY_MONTH
        elif self.align == "month" and self.opens.count < 1:
            yield "opens", "must be at least one month: the expiry's own counts as the first"


@frozen(kw_only=True)
class Grace(Terms):
    """Time after the expiry in which an award is still valid, or only still renewable."""

    length: Length = field(metadata=reads(Span()))
    align: Align = field(default="exact", metadata=reads(_ALIGN))
    valid: bool = field(default=False, metadata=reads(Flag()))
    anchor: Literal["completion", "previous_expiry"] = field(
        default="completion", metadata=reads(Choice(("completion", "previous_expiry")))
    )
    path: str = field(default="renewal", metadata=reads(Text()))
    start: Start | None = field(default=None, metadata=reads(_START))
    label: str | None = field(default=None, metadata=reads(Text()))
    credits_after_expiry: bool = field(default=False, metadata=reads(Flag()))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Calendar months are counted in months."""
        if not _whole_months(self.align, self.length):
            yield "length", _BY_MONTH


@frozen(kw_only=True)
class Step(Terms):
    """What a renewal asks for from ``after`` past the expiry on."""

    after: Length = field(metadata=reads(Span()))
    path: str = field(metadata=reads(Text()))


@frozen(kw_only=True)
class Lapse(Terms):
    """What a renewal asks for when expiry and grace are over."""

    path: str = field(metadata=reads(Text()))
    after: Length | None = field(default=None, metadata=reads(Span()))
    steps: tuple[Step, ...] = field(default=(), metadata=reads(Listing(Table(Step))))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Steps lie before ``after``."""
        if self.after is None:
            if self.steps:
                yield "after", "is missing; steps are what comes before it"
            return
        for number, step in enumerate(self.steps):
            if parts_of_days(step.after) >= parts_of_days(self.after):
                yield f"steps.{number}.after", f"is never reached: {self.path} is asked for from {self.after} on"


@frozen(kw_only=True)
class Due(Terms):
    """A due date beside the expiry."""

    after_validity: Length | None = field(default=None, metadata=reads(Span()))
    next_cycle_end: bool = field(default=False, metadata=reads(Flag(only=True)))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Exactly one of the two."""
        if (self.after_validity is None) != self.next_cycle_end:
            yield "", "give either after_validity or next_cycle_end, and not both"


@frozen(kw_only=True)
class AfterValidity(Terms):
    """An expiry later than base + validity."""

    after_validity: Length = field(metadata=reads(Span()))


@frozen(kw_only=True)
class Extension(Terms):
    """How far an authority may extend an award, case by case."""

    max: Length = field(metadata=reads(Span()))
    by: Literal["authority"] = field(default="authority", metadata=reads(Choice(("authority",))))
