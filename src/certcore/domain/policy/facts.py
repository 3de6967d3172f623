"""What is known about a learner and an award when a policy is asked: everything but the dates of the question."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Self

from attrs import field, frozen

from certcore.domain.policy.conditions import Scalar, scalar
from certcore.domain.policy.shapes import Amount, Data, Span
from certcore.domain.time import Length, parse_date
from certcore.errors import InvalidPolicy, InvalidValue


@frozen
class Credit:
    """Credits earned on a day, perhaps in a category; ``amount`` is an exact decimal."""

    on: date
    amount: Decimal
    category: str | None = None


def _learner(attributes: Mapping[str, Data]) -> Mapping[str, Scalar]:
    known = {name: (scalar(value), value) for name, value in attributes.items()}
    for name, (usable, value) in known.items():
        if usable is None:
            raise InvalidValue(f"learner.{name}", value, "a text, a number, true, false or a date")
    return MappingProxyType({name: usable for name, (usable, _) in known.items() if usable is not None})


def _dates(each: date | Iterable[date]) -> tuple[date, ...]:
    return (each,) if isinstance(each, date) else tuple(sorted(each))


def _by_name(dates: Mapping[str, date | Iterable[date]]) -> Mapping[str, tuple[date, ...]]:
    return MappingProxyType({name: _dates(each) for name, each in dates.items()})


def _optional_by_name(dates: Mapping[str, date | Iterable[date]] | None) -> Mapping[str, tuple[date, ...]] | None:
    return None if dates is None else _by_name(dates)


def _sorted(dates: Iterable[date] | None) -> tuple[date, ...] | None:
    return None if dates is None else tuple(sorted(dates))


def _strict(value: Scalar | None) -> object:
    """How an attribute compares: true is not 1."""
    return type(value), value


def _each_strict(attributes: Mapping[str, Scalar]) -> object:
    return frozenset((name, _strict(value)) for name, value in attributes.items())


def _pairs(dates: Mapping[str, tuple[date, ...]] | None) -> object:
    return None if dates is None else frozenset(dates.items())


@frozen(kw_only=True, cache_hash=True)
class Facts:
    """What a policy may ask about besides dates (R-54).

    ``item_completions`` and ``confirmations`` left out (None) are not in question; given, they are all there is.
    ``previous_due`` is the due date of the current period. An attribute that a policy asks for and that ``learner``
    lacks is an `InvalidValue` when it is asked.
    """

    learner: Mapping[str, Scalar] = field(factory=dict, converter=_learner, eq=_each_strict)
    result: Scalar | None = field(default=None, eq=_strict)
    award: str | None = None
    route: str | None = None
    previous_route: str | None = None
    assignment_due: date | None = None
    previous_due: date | None = None
    item_completions: Mapping[str, tuple[date, ...]] | None = field(
        default=None, converter=_optional_by_name, eq=_pairs
    )
    events: Mapping[str, tuple[date, ...]] = field(factory=dict, converter=_by_name, eq=_pairs)
    confirmations: tuple[date, ...] | None = field(default=None, converter=_sorted)
    extension: Length | None = None
    other_award_completed: Mapping[str, tuple[date, ...]] = field(factory=dict, converter=_by_name, eq=_pairs)
    period: tuple[date, date] | None = None
    credits: tuple[Credit, ...] | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Data]) -> Self:
        """Read the facts among a case's ``given``; raises `InvalidValue` with the key for any other shape."""
        for name in data:
            if name not in _READERS:
                raise InvalidValue(str(name), data[name], f"one of the facts {', '.join(_READERS)}")
        return cls(**{name: _READERS[name](name, value) for name, value in data.items() if value is not None})

    def attribute(self, name: str) -> Scalar:
        """The learner's attribute; raises `InvalidValue` when it is missing."""
        value = self.learner.get(name)
        if value is None:
            raise InvalidValue(f"learner.{name}", None, "the learner's value, which the policy asks for")
        return value

    def learner_date(self, name: str) -> date:
        """The learner's attribute as a date; raises `InvalidValue` when it is missing or none."""
        value = self.attribute(name)
        try:
            return parse_date(value)  # type: ignore[arg-type]  # it refuses whatever is no text
        except InvalidValue as error:
            raise InvalidValue(f"learner.{name}", value, error.expected) from None


def read_day(name: str, data: Data) -> date:
    """A civil date, as text or as TOML has it; raises `InvalidValue` with the key."""
    if type(data) is date:
        return data
    try:
        return parse_date(data)
    except InvalidValue as error:
        raise InvalidValue(name, data, error.expected) from None


def _table(name: str, data: Data) -> Mapping[str, Data]:
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise InvalidValue(name, data, "a table of names")
    return data


def _scalar(name: str, data: Data) -> Scalar:
    value = scalar(data)
    if value is None:
        raise InvalidValue(name, data, "a text, a number, true or false")
    return value


def _text(name: str, data: Data) -> str:
    if not isinstance(data, str):
        raise InvalidValue(name, data, "a text")
    return data


def _days(name: str, data: Data) -> tuple[date, ...]:
    if not isinstance(data, list | tuple):
        raise InvalidValue(name, data, "a list of dates")
    return tuple(read_day(f"{name}.{number}", each) for number, each in enumerate(data))


def _some_days(name: str, data: Data) -> tuple[date, ...]:
    return _days(name, data) if isinstance(data, list | tuple) else (read_day(name, data),)


def _days_by_name(name: str, data: Data) -> Mapping[str, tuple[date, ...]]:
    return {key: _some_days(f"{name}.{key}", value) for key, value in _table(name, data).items()}


def _length(name: str, data: Data) -> Length:
    try:
        return Span().read(data, name)
    except InvalidPolicy as error:
        raise InvalidValue(name, data, error.problem.split(";")[0].removeprefix("expected ")) from None


def _period(name: str, data: Data) -> tuple[date, date]:
    days = _days(name, data)
    if len(days) != 2 or days[0] > days[1]:
        raise InvalidValue(name, data, "the first and the last day of a period")
    return days[0], days[1]


def _credits(name: str, data: Data) -> tuple[Credit, ...]:
    if not isinstance(data, list | tuple):
        raise InvalidValue(name, data, "a list of [date, amount] or [date, amount, category]")
    return tuple(_credit(f"{name}.{number}", each) for number, each in enumerate(data))


def _credit(name: str, data: Data) -> Credit:
    if not isinstance(data, list | tuple) or len(data) not in {2, 3}:
        raise InvalidValue(name, data, "[date, amount] or [date, amount, category]")
    try:
        amount = Amount().read(data[1], name)
    except InvalidPolicy:
        raise InvalidValue(name, data[1], "a number from 0 up, such as 20 or 6.5") from None
    category = data[2] if len(data) == 3 else None
    return Credit(read_day(name, data[0]), amount, None if category is None else _text(name, category))


_READERS: Final[dict[str, Any]] = {
    "learner": _table,
    "result": _scalar,
    "award": _text,
    "route": _text,
    "previous_route": _text,
    "assignment_due": read_day,
    "previous_due": read_day,
    "item_completions": _days_by_name,
    "events": _days_by_name,
    "confirmations": _days,
    "extension": _length,
    "other_award_completed": _days_by_name,
    "period": _period,
    "credits": _credits,
}

FACTS: Final = tuple(_READERS)
"""The names of the facts."""

NO_FACTS: Final = Facts()
"""Nothing is known but the dates."""
