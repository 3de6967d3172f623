"""Certificate numbers, verification tokens and row ids, all made from random bytes (R-25)."""

import re
from collections.abc import Callable
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXY"
"""31 symbols, a prime; without I, L, O, U and Z, which are misread or misheard."""

_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "Z": "2", "-": None, " ": None})
_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}
_SYMBOLS: Final = 12
_DRAWN: Final = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
"""The symbol that each random byte stands for; 31 does not divide 256, which costs a number 0.02 of its 59 bits."""
_WEIGHTED: Final = [
    bytes(weight * (byte % len(ALPHABET)) % len(ALPHABET) for byte in range(256)) for weight in range(1, _SYMBOLS + 1)
]
"""What each random byte adds to the check symbol, for each place."""
_TOKEN_BYTES: Final = 21
"""Of their 168 bits 128 and more stay unknown to whoever knows the neighbours of a token in an ascending batch."""
_SALT_BYTES: Final = 16
_ID_BITS: Final = 62
_ID_TEXT: Final = re.compile("[0-7][0-9a-f]{15}")

RandomBytes = Callable[[int], bytes]


def new_ids(count: int, random_bytes: RandomBytes) -> range:
    """``count`` consecutive ids from a random start: rows of one batch lie together in the index."""
    start = int.from_bytes(random_bytes(8)) >> (64 - _ID_BITS)
    return range(start, start + count)


def is_id(value: int) -> bool:
    """Whether a row can have this id: it is one of 63 bits."""
    return 0 <= value < 2**63


def id_text(value: int) -> str:
    """An id as reports, cursors and the command line show it: sixteen hexadecimal digits."""
    return f"{value:016x}"


def id_from(text: str) -> int | None:
    """The id that `id_text` wrote; None for any other text."""
    return int(text, 16) if _ID_TEXT.fullmatch(text) else None


def new_tokens(count: int, random_bytes: RandomBytes) -> list[bytes]:
    """``count`` verification tokens of 168 random bits each."""
    return _drawn(_TOKEN_BYTES, count, random_bytes)


def new_salts(count: int, random_bytes: RandomBytes) -> list[bytes]:
    """``count`` salts of 128 random bits for history entries."""
    return _drawn(_SALT_BYTES, count, random_bytes)


def _drawn(size: int, count: int, random_bytes: RandomBytes) -> list[bytes]:
    pool = random_bytes(size * count)
    return [pool[at : at + size] for at in range(0, len(pool), size)]


def new_numbers(count: int, random_bytes: RandomBytes) -> list[str]:
    """``count`` certificate numbers ``XXXX-XXXX-XXXX-C``: twelve random symbols and a check symbol."""
    pool = random_bytes(_SYMBOLS * count)
    symbols = pool.translate(_DRAWN).decode("ascii")
    weighted = [pool[place::_SYMBOLS].translate(weights) for place, weights in enumerate(_WEIGHTED)]
    checks = [ALPHABET[sum(weights) % len(ALPHABET)] for weights in zip(*weighted, strict=True)]
    return [
        f"{symbols[at : at + 4]}-{symbols[at + 4 : at + 8]}-{symbols[at + 8 : at + 12]}-{check}"
        for at, check in zip(range(0, len(symbols), _SYMBOLS), checks, strict=True)
    ]


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
