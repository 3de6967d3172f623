"""Certificate numbers, verification tokens and row ids, all made from random bytes (R-25)."""

import re
from collections.abc import Callable
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXY"
"""31 symbols, a prime; without I, L, O, U and Z, which are misread or misheard."""

_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "Z": "2", "-": None, " ": None})
_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}
_PAIRS: Final = [(one + two, _VALUES[one] + _VALUES[two], _VALUES[two]) for one in ALPHABET for two in ALPHABET]
"""Every two symbols, the sum of their values, and the value of the second: two symbols are made in one step."""
_SYMBOLS: Final = 12
_TOKEN_BYTES: Final = 16
_NUMBER_BYTES: Final = 9
_ID_BITS: Final = 62
_ID_TEXT: Final = re.compile("[0-7][0-9a-f]{15}")

RandomBytes = Callable[[int], bytes]


def new_ids(count: int, random_bytes: RandomBytes) -> range:
    """``count`` consecutive ids from a random start: rows of one batch lie together in the index."""
    start = int.from_bytes(random_bytes(8)) >> (64 - _ID_BITS)
    return range(start, start + count)


def id_text(value: int) -> str:
    """An id as reports, cursors and the command line show it: sixteen hexadecimal digits."""
    return f"{value:016x}"


def id_from(text: str) -> int | None:
    """The id that `id_text` wrote; None for any other text."""
    return int(text, 16) if _ID_TEXT.fullmatch(text) else None


def new_tokens(count: int, random_bytes: RandomBytes) -> list[bytes]:
    """``count`` verification tokens of 128 random bits each."""
    pool = random_bytes(_TOKEN_BYTES * count)
    return [pool[at : at + _TOKEN_BYTES] for at in range(0, len(pool), _TOKEN_BYTES)]


def new_salts(count: int, random_bytes: RandomBytes) -> list[bytes]:
    """``count`` salts for history entries."""
    return new_tokens(count, random_bytes)


def new_numbers(count: int, random_bytes: RandomBytes) -> list[str]:
    """``count`` certificate numbers ``XXXX-XXXX-XXXX-C``: twelve random symbols and a check symbol."""
    pool = random_bytes(_NUMBER_BYTES * count)
    return [_number(int.from_bytes(pool[at : at + _NUMBER_BYTES])) for at in range(0, len(pool), _NUMBER_BYTES)]


def _number(value: int) -> str:
    symbols = ""
    check = 0
    for weight in range(1, _SYMBOLS, 2):
        value, pair = divmod(value, len(_PAIRS))
        text, total, second = _PAIRS[pair]
        symbols += text
        check += weight * total + second
    return _grouped(symbols + ALPHABET[check % len(ALPHABET)])


def _grouped(symbols: str) -> str:
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:12]}-{symbols[12:]}"


def normal_number(text: str) -> str | None:
    """``text`` as a certificate number is written, forgiving case, blanks, dashes and misread symbols.

    None when it is not one: the check symbol catches every single wrong symbol and every swap of two (R-25).
    """
    symbols = text.strip().upper().translate(_MISREAD)
    if len(symbols) != _SYMBOLS + 1 or not all(symbol in _VALUES for symbol in symbols):
        return None
    check = sum(weight * _VALUES[symbol] for weight, symbol in enumerate(symbols[:-1], start=1))
    if check % len(ALPHABET) != _VALUES[symbols[-1]]:
        return None
    return _grouped(symbols)
