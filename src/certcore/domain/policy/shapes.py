"""How the parts of a policy are read from TOML- or JSON-shaped data and written back, with the dotted key in errors.

A shape reads one kind of value, writes it back and says in JSON Schema what it takes. A `Terms` class is a table of
keys: each attribute carries its shape, so reading, writing and the schema come from the same place.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final, Protocol, Self

from attrs import NOTHING, field, fields, frozen

from certcore.domain.time import UNITS, Length, parse_date
from certcore.errors import InvalidPolicy, InvalidValue

Data = Any  # what a TOML or JSON reader gives
_MOST_DIGITS = 15  # what a JSON number keeps exactly


class Shape(Protocol):
    """One kind of value in a policy's data."""

    def read(self, data: Data, path: str) -> Any:
        """The value; raises `InvalidPolicy` at ``path``."""

    def write(self, value: Any) -> Data:
        """The data that `read` takes."""

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the data."""


def reads(shape: Shape, name: str | None = None) -> dict[str, Any]:
    """The metadata of a key in a `Terms` class: its shape, and its name in the data when that is another one."""
    return {"shape": shape, "name": name}


@frozen(kw_only=True)
class Terms:
    """A table of keys. ``written`` are the keys that the data had: those left out stay out when it is written."""

    written: frozenset[str] = field(default=frozenset(), eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for where, problem in self.problems():
            raise InvalidPolicy(where, problem)

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the keys together: each the key and what to do about it."""
        yield from ()

    @classmethod
    def from_data(cls, data: Mapping[str, Data], path: str = "") -> Self:
        """Read a table; raises `InvalidPolicy` with the dotted key that is unknown, missing or wrong."""
        keys = _keys(cls)
        if not isinstance(data, Mapping):
            raise InvalidPolicy(path, f"expected a table with keys among {', '.join(keys)}; got {shown(data)}")
        for name in data:
            if name not in keys:
                raise InvalidPolicy(dotted(path, name), _unknown(name, keys))
        for name, (_, _, required) in keys.items():
            if required and name not in data:
                raise InvalidPolicy(dotted(path, name), "is missing; it is required here")
        read = {keys[name][0]: keys[name][1].read(value, dotted(path, name)) for name, value in data.items()}
        try:
            return cls(**read, written=frozenset(data))
        except InvalidPolicy as error:
            raise InvalidPolicy(dotted(path, error.path), error.problem) from None

    def to_data(self) -> dict[str, Data]:
        """Write the table as `from_data` reads it: keys given, or other than the default."""
        written: dict[str, Data] = {}
        for name, (attribute, shape, _) in _keys(type(self)).items():
            value = getattr(self, attribute)
            if name in self.written or value != getattr(fields(type(self)), attribute).default:
                written[name] = shape.write(value)
        return written


_KEYS: Final[dict[type[Any], dict[str, tuple[str, Shape, bool]]]] = {}


def _keys(cls: type[Terms]) -> dict[str, tuple[str, Shape, bool]]:
    """By key: the attribute, its shape, and whether it is required; made once per class."""
    if cls not in _KEYS:
        _KEYS[cls] = {
            each.metadata["name"] or each.name: (each.name, each.metadata["shape"], each.default is NOTHING)
            for each in fields(cls)
            if "shape" in each.metadata
        }
    return _KEYS[cls]


def dotted(path: str, name: object) -> str:
    """The dotted key of ``name`` under ``path``; either may be empty."""
    return ".".join(part for part in (path, str(name)) if part)


def shown(data: Data) -> str:
    """A value as an error quotes it, cut to 60 characters."""
    text = repr(data[:61] if isinstance(data, str | bytes) else data)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _unknown(name: object, keys: Mapping[str, object]) -> str:
    close = get_close_matches(str(name), keys, n=1)
    hint = f"did you mean {close[0]}?" if close else f"use one of {', '.join(keys)}"
    return f"unknown key; {hint}"


@frozen
class Table:
    """A nested `Terms` class."""

    terms: type[Terms]

    def read(self, data: Data, path: str) -> Terms:
        """Read the table."""
        return self.terms.from_data(data, path)

    def write(self, value: Terms) -> Data:
        """Write the table."""
        return value.to_data()

    def schema(self) -> dict[str, Any]:
        """An object that takes the class's keys and no other."""
        keys = _keys(self.terms)
        required = [name for name, (_, _, needed) in keys.items() if needed]
        properties = {name: shape.schema() for name, (_, shape, _) in keys.items()}
        table: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
        return table | ({"required": required} if required else {})


@frozen
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, data: Data, path: str) -> str:
        """Read one of the words."""
        if isinstance(data, str) and data in self.words:
            return data
        raise InvalidPolicy(path, f"expected {' or '.join(map(repr, self.words))}; got {shown(data)}")

    def write(self, value: str) -> Data:
        """Write the word."""
        return value

    def schema(self) -> dict[str, Any]:
        """An enumeration."""
        return {"enum": list(self.words)}


@frozen
class Text:
    """Any text but an empty one."""

    def read(self, data: Data, path: str) -> str:
        """Read a text."""
        if isinstance(data, str) and data.strip():
            return data
        raise InvalidPolicy(path, f"expected a text that is not empty; got {shown(data)}")

    def write(self, value: str) -> Data:
        """Write the text."""
        return value

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"type": "string", "minLength": 1}


@frozen
class Flag:
    """True or false; with ``only``, that one."""

    only: bool | None = None

    def read(self, data: Data, path: str) -> bool:
        """Read a boolean."""
        if isinstance(data, bool) and self.only in {None, data}:
            return data
        wanted = "true or false" if self.only is None else str(self.only).lower()
        raise InvalidPolicy(path, f"expected {wanted}; got {shown(data)}")

    def write(self, value: bool) -> Data:
        """Write the boolean."""
        return value

    def schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"} if self.only is None else {"const": self.only}


@frozen
class Whole:
    """A whole number of at least ``least``."""

    least: int = 1

    def read(self, data: Data, path: str) -> int:
        """Read a whole number."""
        if isinstance(data, int) and not isinstance(data, bool) and data >= self.least:
            return data
        raise InvalidPolicy(path, f"expected a whole number from {self.least} up; got {shown(data)}")

    def write(self, value: int) -> Data:
        """Write the number."""
        return value

    def schema(self) -> dict[str, Any]:
        """An integer with its minimum."""
        return {"type": "integer", "minimum": self.least}


@frozen
class Amount:
    """A decimal number from zero up, kept as `Decimal`: 6.5 occurs, and is exactly 6.5."""

    def read(self, data: Data, path: str) -> Decimal:
        """Read a number of at most 15 digits, so that it goes back into JSON unchanged."""
        amount = decimal(data)
        if amount is None or amount < 0:
            raise InvalidPolicy(path, f"expected a number from 0 up, such as 20 or 6.5; got {shown(data)}")
        return amount

    def write(self, value: Decimal) -> Data:
        """Write a whole number as such, and any other as JSON has it."""
        return int(value) if value == value.to_integral_value() else float(value)

    def schema(self) -> dict[str, Any]:
        """A number."""
        return {"type": "number", "minimum": 0}


def decimal(data: Data) -> Decimal | None:
    """A TOML or JSON number as an exact decimal of at most 15 digits; None for anything else."""
    if isinstance(data, bool) or not isinstance(data, int | float | Decimal):
        return None
    amount = Decimal(repr(data)) if isinstance(data, float) else Decimal(data)
    if not amount.is_finite() or len(amount.as_tuple().digits) > _MOST_DIGITS or abs(amount.adjusted()) > _MOST_DIGITS:
        return None
    return amount


@frozen
class Span:
    """A length; with ``positive``, longer than zero."""

    positive: bool = False

    def read(self, data: Data, path: str) -> Length:
        """Read one whole number of one unit."""
        try:
            length = Length.from_data(data)
        except InvalidValue as error:
            raise InvalidPolicy(path, f"expected {error.expected}; got {shown(data)}") from None
        if length.count < (1 if self.positive else 0):
            least = "longer than zero" if self.positive else "zero or more"
            raise InvalidPolicy(path, f"expected a length of {least}; got {shown(data)}")
        return length

    def write(self, value: Length) -> Data:
        """Write the length."""
        return value.to_data()

    def schema(self) -> dict[str, Any]:
        """An object with one unit."""
        count = {"type": "integer", "minimum": int(self.positive)}
        units = dict.fromkeys(UNITS, count)
        one = {"minProperties": 1, "maxProperties": 1}
        return {"type": "object", "additionalProperties": False, "properties": units} | one


@frozen
class Day:
    """A civil date, written YYYY-MM-DD; TOML's own dates are read too."""

    def read(self, data: Data, path: str) -> date:
        """Read a date."""
        if isinstance(data, date) and not isinstance(data, datetime):
            return data
        try:
            return parse_date(data)
        except InvalidValue as error:
            raise InvalidPolicy(path, f"expected {error.expected}; got {shown(data)}") from None

    def write(self, value: date) -> Data:
        """Write the date as text."""
        return value.isoformat()

    def schema(self) -> dict[str, Any]:
        """A string that is a date."""
        return {"type": "string", "format": "date"}


@frozen
class Listing:
    """A list of one shape with at least one entry."""

    each: Shape

    def read(self, data: Data, path: str) -> tuple[Any, ...]:
        """Read the entries, each under its number from 0."""
        if isinstance(data, str | bytes) or not isinstance(data, Sequence) or not data:
            raise InvalidPolicy(path, f"expected a list with at least one entry; got {shown(data)}")
        return tuple(self.each.read(entry, dotted(path, number)) for number, entry in enumerate(data))

    def write(self, value: tuple[Any, ...]) -> Data:
        """Write a list."""
        return [self.each.write(entry) for entry in value]

    def schema(self) -> dict[str, Any]:
        """An array."""
        return {"type": "array", "minItems": 1, "items": self.each.schema()}
