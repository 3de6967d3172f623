"""How single values become columns and are read back; a reader never guesses (f39).

What is not exactly what was written raises `CorruptRecord`.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from certcore.domain.time import to_micros
from certcore.errors import CorruptRecord, InvalidInput

T = TypeVar("T")
Row = tuple[object, ...]
Report = Callable[[CorruptRecord], None]


def exact(kind: str, ref: object, read: Callable[..., T], row: Iterable[object]) -> T:
    """``read(*row)``; `CorruptRecord` where the row is not what was once written."""
    try:
        return read(*row)
    except (InvalidInput, ValueError, TypeError, ArithmeticError, AttributeError, LookupError) as error:
        raise CorruptRecord(kind, str(ref), str(error) or type(error).__name__) from error


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


def micros(instant: datetime | None) -> int | None:
    """An instant as it is stored."""
    return None if instant is None else to_micros(instant)


def day_text(day: date | None) -> str | None:
    """A civil date as it is stored."""
    return None if day is None else day.isoformat()


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


def as_flag(value: object) -> bool:
    """The flag that is stored as 0 or 1."""
    return {0: False, 1: True}[as_whole(value)]


def _of_type(kind: type[T], value: object) -> T:
    if type(value) is not kind:
        raise ValueError(f"{type(value).__name__} where {kind.__name__} belongs")
    return value
