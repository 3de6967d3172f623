"""What people type when they look for somebody, and what they find: names and titles as words, and days (R-90).

A text is found by the beginnings of its words, whatever their case and accents: ``jose gar`` finds *José García-López*,
``strasse`` *Straße*, and ``obrien``, ``o'brien`` and ``brien`` *O'Brien*. Scripts that write no spaces between words
are found by any run of their characters. Storages compare by code point only, so that all of them find alike.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from unicodedata import category, normalize

from attrs import field, frozen

from certcore.domain.checks import check_line
from certcore.errors import InvalidValue

_LONGEST_TYPED: Final = 1_000
_VOICED: Final = "\u3099\u309a"  # which tell Japanese syllables apart, and are no accents
_NO_ACCENTS: Final = str.maketrans(
    {"\u0131": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart, as people type them who do not have them."""

_UNSPACED: Final = re.compile(
    "[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Kana, Han and Hangul: each character is taken for a word."""


def searchable(text: str) -> str:
    """What a storage keeps to find ``text`` by: its words, each after a space.

    Words that something joins, such as a hyphen or an apostrophe, are there apart and as one.
    """
    folded = _folded(text)
    if folded.isascii() and folded.replace(" ", "").isalnum():  # what most names are
        return " " + " ".join(folded.split())
    words: list[str] = []
    for chunk in folded.split():
        parts = _words(chunk)
        words += parts if len(parts) == 1 else [*parts, "".join(parts)]
    return "".join(f" {word}" for word in words)


def phrases(name: str, typed: str) -> tuple[str, ...]:
    """What has to be in a `searchable` text so that ``typed`` finds it; all of it, in any order.

    Raises `InvalidValue` over ``name`` for more than a line of 1,000 characters, or none that a word is made of.
    """
    check_line(name, typed, _LONGEST_TYPED)
    found = tuple(dict.fromkeys(f" {word}" for word in _words(_folded(typed))))
    if not found:
        raise InvalidValue(name, typed, "a word, or the beginning of one")
    return found


def _folded(text: str) -> str:
    """``text`` without what people leave out when they type: case, accents, marks that nobody sees."""
    if text.isascii():
        return text.lower()
    apart = normalize("NFKD", normalize("NFKD", text).casefold())
    kept = (each for each in apart if each in _VOICED or category(each) not in ("Mn", "Cf"))
    return normalize("NFC", "".join(kept)).translate(_NO_ACCENTS)


def _words(folded: str) -> list[str]:
    """The words of a folded text: what lies between spaces and punctuation."""
    if folded.isalnum() and folded.isascii():
        return [folded]
    spaced = "".join(each if category(each)[0] in "LMNS" else " " for each in folded)
    return [" ".join(_UNSPACED.sub(r" \g<0> ", word).split()) for word in spaced.split()]


def _days_in_order(days: "Days", _attribute: object, last: date | None) -> None:
    if days.first is not None and last is not None and last < days.first:
        raise InvalidValue("last", last.isoformat(), f"a day that is not before {days.first.isoformat()}")


@frozen
class Days:
    """The civil days from ``first`` to ``last``, both included; None is no limit on that side."""

    first: date | None = None
    last: date | None = field(default=None, validator=_days_in_order)

    def cover(self, day: date | None) -> bool:
        """Whether ``day`` is one of them; None is none."""
        return day is not None and (self.first or date.min) <= day <= (self.last or date.max)

    def around(self) -> tuple[datetime, datetime]:
        """Instants before and behind all at which one of these days can begin, in whatever zone."""
        first, last = self.first or date.min, self.last or date.max
        starts = max(first, date.min + _ANY_ZONE) - _ANY_ZONE, min(last, date.max - _ANY_ZONE) + _ANY_ZONE
        return datetime.combine(starts[0], time.min, UTC), datetime.combine(starts[1], time.min, UTC)


_ANY_ZONE: Final = timedelta(days=2)
