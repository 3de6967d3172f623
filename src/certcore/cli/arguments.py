"""Kinds of arguments that several commands take, and how their text is read."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeVar

from attrs import frozen
from cyclopts import Parameter, Token

from certcore.domain.awards import Basis, BasisKind, Link
from certcore.domain.certifications import ItemRef
from certcore.domain.time import UNITS, parse_date, parse_instant
from certcore.errors import CertcoreError, InvalidValue
from certcore.services.importing import TableFormat

T = TypeVar("T")

STDIN: Final = "-"
DASH: Final = "<standard input>"
"""What stands for a lone dash while the parser, which would take that for an option, is at work."""
_LENGTH: Final = re.compile(r"([0-9]{1,6}) ?(days?|weeks?|months?|years?)")
_SEPARATOR_NAMES: Final = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "space": " ",
    DASH: "-",
}


def _read_by(read: Callable[[str], T]) -> Callable[[Any, Sequence[Token]], T]:
    """A converter whose refusals are wrong usage."""

    def convert(_type: Any, tokens: Sequence[Token]) -> T:
        try:
            return read(tokens[0].value)
        except CertcoreError as error:
            raise ValueError(error.message) from None

    return convert


def _read_each_by(read: Callable[[str], T]) -> Callable[[Any, Sequence[Token]], tuple[T, ...]]:
    """The same for an option that may be given several times."""
    one = _read_by(read)
    return lambda kind, tokens: tuple(one(kind, [token]) for token in tokens)


def decimal_of(text: str) -> Decimal:
    """The decimal number; raises `InvalidValue`."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite() or "_" in text or not text.isascii():
        raise InvalidValue("amount", text, "a decimal number, such as 92.5")
    return amount


def _length(text: str) -> Mapping[str, int] | str:
    if text == "none":
        return text
    if found := _LENGTH.fullmatch(text):
        return {next(unit for unit in UNITS if unit.startswith(found[2].rstrip("s"))): int(found[1])}
    raise InvalidValue("validity", text, "none, or a whole number of days, weeks, months or years, such as '2 years'")


def _needed(text: str) -> int | str:
    if text == "all" or (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        return text if text == "all" else int(text[:9])
    if text == "any":
        return 1
    raise InvalidValue("items_needed", text, "any, all, or how many different items")


def _mapping(text: str) -> tuple[str, str | int]:
    column, equals, target = text.partition("=")
    if not equals or not column or not target:
        raise InvalidValue("map", text, "column=Header or column=N, such as username=Login")
    return column, int(target) if target.isascii() and target.isdigit() and len(target) < 10 else target


def _link(text: str) -> Link:
    provider, equals, url = text.partition("=")
    if not equals:
        raise InvalidValue("link", text, "provider=https://..., such as Credly=https://credly.com/badges/1")
    return Link(provider, url)


Day = Annotated[date, Parameter(converter=_read_by(parse_date))]
Instant = Annotated[datetime, Parameter(converter=_read_by(parse_instant))]
Amount = Annotated[Decimal, Parameter(converter=_read_by(decimal_of))]
Length = Annotated[Mapping[str, int] | str, Parameter(converter=_read_by(_length), n_tokens=1, metavar="LENGTH")]
Needed = Annotated[int | str, Parameter(converter=_read_by(_needed), n_tokens=1, metavar="any|all|N")]
"""How many different items earn a certification: a number of them, or all."""
Links = Annotated[
    tuple[Link, ...], Parameter(name="--link", converter=_read_each_by(_link), n_tokens=1, metavar="PROVIDER=URL")
]
Mapped = Annotated[
    tuple[tuple[str, str | int], ...], Parameter(converter=_read_each_by(_mapping), n_tokens=1, metavar="COLUMN=HEADER")
]
File = str
"""A file's path, or a dash for standard input."""

Items = Annotated[
    tuple[ItemRef, ...],
    Parameter(name="--item", converter=_read_each_by(ItemRef.parse), n_tokens=1, metavar="KIND:CODE"),
]
Several = tuple[str, ...]
"""An option that may be given several times."""

Choice = Parameter(name_transform=str.lower)
Kind = Annotated[BasisKind, Parameter(name="--type", name_transform=str.lower)]


def dashed(tokens: Sequence[str]) -> list[str]:
    """The tokens of a command line as the parser can read them."""
    return [DASH if token == STDIN else token for token in tokens]


def undashed(value: Any) -> Any:
    """An argument as it was before `dashed`."""
    if isinstance(value, tuple):
        return tuple(map(undashed, value))
    return STDIN if value == DASH else value


def certification_ref(text: str) -> str | int:
    """What names a certification: its code, or ``id:`` and its id for one without a code."""
    if re.fullmatch(r"id:[0-7]?[0-9a-f]{1,15}", text):
        return int(text[3:], 16)
    return text


def basis_of(kind: BasisKind | None, code: str | None, links: Sequence[Link]) -> Basis | None:
    """The basis that the options say; None when they say nothing."""
    if kind is None and code is None and not links:
        return None
    return Basis(kind or (BasisKind.EXTERNAL_CERTIFICATION if links else BasisKind.MANUAL), code, tuple(links))


@Parameter(name="*")
@frozen(kw_only=True)
class FormatOptions:
    """How a CSV file is to be read; what is not given is found out.

    Parameters
    ----------
    map
        column=Header, or column=N for the N-th one: where a column of ours stands in the file.
    no_header
        The first row is data; every column that is needed is mapped by position.
    separator
        What stands between cells: a character, or one of tab, comma, semicolon, pipe and space.
    encoding
        The text's encoding, such as utf-8 or cp1252.
    """

    map: Mapped = ()
    no_header: bool = False
    separator: str | None = None
    encoding: str | None = None

    def read(self) -> TableFormat:
        """The format; raises `InvalidValue` for a column that is mapped twice."""
        columns = dict(self.map)
        if len(columns) < len(self.map):
            raise InvalidValue("map", [column for column, _ in self.map], "each column once")
        separator = None if self.separator is None else _SEPARATOR_NAMES.get(self.separator, self.separator)
        return TableFormat(separator, self.encoding, columns, not self.no_header)


FORMAT: Final = FormatOptions()
