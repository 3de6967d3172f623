"""Checks on text that the domain's values share: what every storage keeps alike (f42)."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar
from unicodedata import normalize

from certcore.errors import InvalidValue

E = TypeVar("E", bound=StrEnum)

UNSTORABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Characters no storage keeps alike or no line of a file can hold: controls, line separators, lone surrogates."""

_UNSTORABLE_IN_PROSE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def nfc(text: str) -> str:
    """``text`` in Unicode NFC: the one spelling under which codes and usernames are compared."""
    return text if text.isascii() else normalize("NFC", text)


def optional_nfc(text: str | None) -> str | None:
    """``None``, or ``text`` as `nfc` has it."""
    return None if text is None else nfc(text)


def storable(text: str) -> str:
    """``text`` with a replacement for each character that no storage keeps: for what others wrote, such as errors."""
    return _UNSTORABLE_IN_PROSE.sub("\ufffd", text)


def member(choices: type[E], name: str, value: str) -> E:
    """The one of ``choices`` that ``value`` is, or is the text of; raises `InvalidValue` for anything else."""
    if type(value) is choices:
        return value
    try:
        return choices(value)
    except ValueError:
        raise InvalidValue(name, value, f"one of {', '.join(choices)}") from None


def short_text(longest: int, *, blank: bool = False) -> Callable[[Any, Any, Any], None]:
    """An attrs validator: text of one line, at most ``longest`` characters, not blank unless ``blank``."""

    def check(_instance: Any, attribute: Any, value: object) -> None:
        # What is nearly always so, and asked for with every learner of a batch.
        if not (type(value) is str and 0 < len(value) <= longest and value.isprintable() and not value.isspace()):
            check_line(attribute.name, value, longest, blank=blank)

    return check


def check_line(name: str, text: object, longest: int, *, blank: bool = False) -> None:
    """Raise `InvalidValue` unless ``text`` is what `short_text` accepts."""
    # What is nearly always so, and asked for with every learner and completion of a batch.
    if not (type(text) is str and 0 < len(text) <= longest and text.isprintable() and not text.isspace()):
        _check(name, text, longest, blank, UNSTORABLE)


def prose(longest: int = 20_000) -> Callable[[Any, Any, Any], None]:
    """An attrs validator: text of any number of lines, or none, at most ``longest`` characters."""

    def check(_instance: Any, attribute: Any, value: object) -> None:
        if value is not None:
            _check(attribute.name, value, longest, True, _UNSTORABLE_IN_PROSE)

    return check


def check_prose(name: str, text: object, longest: int = 20_000) -> None:
    """Raise `InvalidValue` unless ``text`` is text of any number of lines that is not blank."""
    _check(name, text, longest, False, _UNSTORABLE_IN_PROSE)


def optional_text(longest: int) -> Callable[[Any, Any, Any], None]:
    """An attrs validator: ``None``, or what `short_text` accepts."""
    required = short_text(longest)

    def check(instance: Any, attribute: Any, value: object) -> None:
        if value is not None:
            required(instance, attribute, value)

    return check


def _check(name: str, value: object, longest: int, blank: bool, unstorable: re.Pattern[str]) -> None:
    if not isinstance(value, str):
        raise InvalidValue(name, value, "text")
    if not blank and not value.strip():
        raise InvalidValue(name, value, "text that is not blank")
    if len(value) > longest:
        raise InvalidValue(name, value, f"at most {longest} characters")
    if not value.isprintable() and unstorable.search(value):
        raise InvalidValue(name, value, "text without control characters")
