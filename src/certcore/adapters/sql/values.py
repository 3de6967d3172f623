"""How single values become columns and are read back; a reader never guesses (f39).

What is not exactly what was written raises `CorruptRecord`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from certcore.domain.time import date_text, to_micros
from certcore.errors import CorruptRecord, InvalidInput

T = TypeVar("T")
Row = tuple[object, ...]
Report = Callable[[CorruptRecord], None]


_UNREADABLE: Final = (InvalidInput, ValueError, TypeError, ArithmeticError, AttributeError, LookupError)


def exact(kind: str, ref: object, read: Callable[..., T], row: Iterable[object]) -> T:
    """``read(*row)``; `CorruptRecord` where the row is not what was once written."""
    try:
        return read(*row)
    except _UNREADABLE as error:
        raise CorruptRecord(kind, str(ref), str(error) or type(error).__name__) from error


def all_exact(kind: str, ref: Callable[[Any], object], read: Callable[..., T], rows: Sequence[Any]) -> list[T]:
    """`exact` of each of the rows, ``ref`` giving the reference of one."""
    try:
        return [read(*row) for row in rows]
    except _UNREADABLE:
        return [exact(kind, ref(row), read, row) for row in rows]  # which of them it was


def readable(
    kind: str, read: Callable[..., T], rows: Iterable[tuple[object, Iterable[object]]], report: Report
) -> Iterator[T]:
    """What can be read of ``rows``, pairs of a reference and the columns; the others are reported and left out."""
    for ref, row in rows:
        try:
            value = exact(kind, ref, read, row)
        except CorruptRecord as corrupt:
            report(corrupt)
        else:
            yield value


def all_readable(
    kind: str, ref: Callable[[Any], object], read: Callable[..., T], rows: Sequence[Any], report: Report
) -> list[T]:
    """`readable`, ``ref`` giving the reference of a row; as a rule all can be read."""
    try:
        return [read(*row) for row in rows]
    except _UNREADABLE:
        return list(readable(kind, read, ((ref(row), row) for row in rows), report))


def micros(instant: datetime | None) -> int | None:
    """An instant as it is stored."""
    return None if instant is None else to_micros(instant)


def day_text(day: date | None) -> str | None:
    """A civil date as it is stored."""
    return None if day is None else date_text(day)


def amount_text(amount: Decimal | None) -> str | None:
    """A decimal as it is stored."""
    return None if amount is None else str(amount)


def or_none(read: Callable[[Any], T], value: object) -> T | None:
    """What ``read`` makes of ``value``; None stays None."""
    return None if value is None else read(value)


def as_text(value: object) -> str:
    """``value``, if it is text."""
    return _of_type(str, value)


def as_whole(value: object) -> int:
    """``value``, if it is a whole number."""
    return _of_type(int, value)


def as_bytes(value: object) -> bytes:
    """``value``, if it is bytes."""
    return _of_type(bytes, value)


def check_types(values: Row, kinds: tuple[type, ...]) -> None:
    """Raise `ValueError` unless each of the values is of its kind."""
    if tuple(map(type, values)) != kinds:
        for kind, value in zip(kinds, values, strict=True):
            _of_type(kind, value)


def as_flag(value: object) -> bool:
    """The flag that is stored as 0 or 1."""
    return _FLAGS[as_whole(value)]


_FLAGS: Final = {0: False, 1: True}


def _of_type(kind: type[T], value: object) -> T:
    if type(value) is not kind:
        raise ValueError(f"{type(value).__name__} where {kind.__name__} belongs")
    return value
