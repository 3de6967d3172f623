"""PDF's tokens and values, read from any bytes: without recursion, within a budget, and keeping what is malformed.

What is not closed is closed where the bytes end. Names are decoded (``/J#53`` is ``/JS``), so that no spelling hides
one. Of a key that a dictionary has twice both values are kept, since readers disagree on which of them counts.
"""

import re
from typing import Any, Final, NamedTuple

from attrs import define, field

from certcore.adapters.pdf_judge.budget import Budget

WHITE: Final = rb"[\0\t\n\f\r ]"
REGULAR: Final = rb"[^\0\t\n\f\r ()<>\[\]{}/%]"
SKIPPED: Final = rb"(?:%b++|%%[^\r\n]*+)*+" % WHITE
_TOKEN: Final = re.compile(rb"%b(?:(<<|>>|[\[\]{}()<>])|/(%b*+)|(%b++))" % (SKIPPED, REGULAR, REGULAR))
_INTEGER: Final = re.compile(rb"[+-]?[0-9]{1,18}")
_REAL: Final = re.compile(rb"[+-]*[0-9.]+(?:-[0-9]*)?")
_HASH: Final = re.compile(r"#([0-9A-Fa-f]{2})")
_NO_HEX: Final = re.compile(rb"[^0-9A-Fa-f]+")
_STRING_PART: Final = re.compile(rb"[^()\\]*+(?:\\.[^()\\]*+)*+", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED: Final = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
    b"\n": b"",
    b"\r": b"",
    b"\r\n": b"",
}
_WORDS: Final = {b"true": True, b"false": False, b"null": None}
_DELIMITER, _NAME, _WORD = 1, 2, 3  # the groups of _TOKEN
_COUNTED: Final = 1024

Dictionary = dict[str, Any]


class Name(str):
    """A name without its slash."""

    __slots__ = ()


class Ref(NamedTuple):
    """A reference to an object by its number."""

    number: int
    generation: int


class Parsed(NamedTuple):
    """The values up to the keyword that ended them; that is empty at the end of the bytes."""

    values: list[Any]
    keyword: bytes
    end: int


@define
class Parser:
    """Reads values, and keeps every dictionary and every name that it came across, wherever they stood."""

    budget: Budget
    dictionaries: list[Dictionary] = field(factory=list)
    names: set[str] = field(factory=set)

    def parse(self, data: bytes, at: int, *, one: bool = False) -> Parsed:
        """The values from ``at`` to the first keyword outside all brackets; only the first value with ``one``."""
        values: list[Any] = []
        outer: list[tuple[bool, list[Any]]] = []
        count = 0
        while found := _TOKEN.match(data, at):
            at = found.end()
            count += 1
            if count % _COUNTED == 0:
                self.budget.parts(_COUNTED)
            if found.lastindex == _NAME:
                values.append(self._name(found[_NAME]))
            elif found.lastindex == _DELIMITER:
                values, at = self._delimited(found[_DELIMITER], data, at, outer, values)
            elif not _took_word(found[_WORD], values):
                if not outer:
                    break
                values.append(None)
            if one and not outer and values and (type(values[-1]) is not int or len(values) > 2):
                break
        self.budget.parts(count % _COUNTED)
        while outer:
            values = self._closed(outer, values)
        keyword = found[_WORD] if found and found.lastindex == _WORD else b""
        return Parsed(values, keyword, at)

    def _delimited(
        self, text: bytes, data: bytes, at: int, outer: list[tuple[bool, list[Any]]], values: list[Any]
    ) -> tuple[list[Any], int]:
        """The values of the innermost open bracket, and where to go on, after a delimiter."""
        if text in (b"<<", b"["):
            outer.append((text == b"<<", values))
            self.budget.depth(len(outer))
            return [], at
        if text in (b">>", b"]"):
            return self._closed(outer, values), at
        if text in (b"(", b"<"):
            string, at = _string(data, at) if text == b"(" else _hex_string(data, at)
            values.append(string)
        return values, at

    def _name(self, raw: bytes) -> Name:
        text = raw.decode("latin-1")
        if "#" in text:
            text = _HASH.sub(lambda found: chr(int(found[1], 16)), text)
        self.names.add(text)
        return Name(text)

    def _closed(self, outer: list[tuple[bool, list[Any]]], values: list[Any]) -> list[Any]:
        """The values around the innermost bracket, which is now one of them; ``values`` where none is open."""
        if not outer:
            return values
        is_dictionary, around = outer.pop()
        around.append(self._dictionary(values) if is_dictionary else values)
        return around

    def _dictionary(self, values: list[Any]) -> Dictionary:
        made: Dictionary = {}
        at = 0
        while at < len(values):
            key = values[at]
            at += 1
            if isinstance(key, Name):
                value = values[at] if at < len(values) else None
                at += 1
                if key in made:
                    self.dictionaries.append({key: made[key]})
                made[key] = value
        self.dictionaries.append(made)
        return made


def _took_word(word: bytes, values: list[Any]) -> bool:
    """Whether a word is a value, or ends a reference, and was added; else it is a keyword."""
    if _INTEGER.fullmatch(word):
        values.append(int(word))
    elif word == b"R" and len(values) > 1 and type(values[-1]) is type(values[-2]) is int:
        generation = values.pop()
        values[-1] = Ref(values[-1], generation)
    elif word in _WORDS:
        values.append(_WORDS[word])
    elif _REAL.fullmatch(word):
        values.append(0.0)
    else:
        return False
    return True


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    """What stands between balanced parentheses, escapes decoded, and where it ends."""
    start, depth = at, 1
    while depth:
        part = _STRING_PART.match(data, at)
        at = part.end() if part else len(data)
        if at >= len(data) or data[at] == ord("\\"):
            return _unescaped(data[start:]), len(data)
        depth += 1 if data[at] == ord("(") else -1
        at += 1
    return _unescaped(data[start : at - 1]), at


def _unescaped(raw: bytes) -> bytes:
    return _ESCAPE.sub(_escaped, raw) if b"\\" in raw else raw


def _escaped(found: re.Match[bytes]) -> bytes:
    text = found[1]
    return bytes([int(text, 8) & 255]) if text[:1].isdigit() and text[0] < ord("8") else _ESCAPED.get(text, text)


def _hex_string(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b">", at)
    digits = _NO_HEX.sub(b"", data[at:] if end < 0 else data[at:end])
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()), len(data) if end < 0 else end + 1
