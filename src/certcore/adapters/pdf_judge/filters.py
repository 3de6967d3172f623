"""PDF's stream filters as pipes: a piece at a time, every byte that comes out paid for before the next one is made."""

import re
import zlib
from base64 import a85decode
from binascii import unhexlify
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from certcore.adapters.pdf_judge.budget import Budget

_PIECE: Final = 2**16
_NO_HEX: Final = re.compile(rb"[^0-9A-Fa-f]+")
_NO_BASE_85: Final = re.compile(rb"[^!-uz]+")
_SINGLES: Final = (*(bytes([each]) for each in range(256)), b"", b"")
_CLEAR, _END, _LONGEST_CODE = 256, 257, 12
_RUNS_END: Final = 128
_PNG, _WIDEST = 10, 2**16
PICTURE_FILTERS: Final = frozenset({"DCTDecode", "DCT", "JPXDecode", "CCITTFaxDecode", "CCF", "JBIG2Decode"})
"""What only makes pictures: it is not undone here, since no object can hide behind it."""

Pieces = Iterator[bytes]


class Undecodable(Exception):  # noqa: N818 - an answer about the bytes, not an error
    """The bytes are not what the filter gives; what came before this is what a reader has."""


def decoded(raw: bytes, filters: Iterable[str], parameters: Iterable[Mapping[str, Any]], budget: Budget) -> Pieces:
    """What comes out of the chain of filters, in pieces; pictures stay as they are from their own filter on.

    Raises `Undecodable` where a filter cannot go on or is not known, and `Stopped` where the budget ends.
    """
    pieces = _cut(raw)
    for name, given in zip(filters, parameters, strict=True):
        if name in PICTURE_FILTERS:
            return pieces
        if name == "Crypt" and given.get("Name", "Identity") == "Identity":
            continue
        if name not in _FILTERS:
            return _unknown()
        pieces = _paid(_FILTERS[name](pieces, given), budget)
    return pieces


def _cut(raw: bytes) -> Pieces:
    return (raw[at : at + _PIECE] for at in range(0, len(raw), _PIECE))


def _unknown() -> Pieces:
    raise Undecodable
    yield b""


def _paid(pieces: Pieces, budget: Budget) -> Pieces:
    for piece in pieces:
        budget.inflated(len(piece))
        yield piece


def _flate(pieces: Pieces, _given: Mapping[str, Any]) -> Pieces:
    engine = zlib.decompressobj()
    try:
        for piece in pieces:
            out = engine.decompress(piece, _PIECE)
            while out:
                yield out
                out = engine.decompress(engine.unconsumed_tail, _PIECE)
            if engine.eof:
                return
    except zlib.error:
        raise Undecodable from None


def _lzw(pieces: Pieces, given: Mapping[str, Any]) -> Pieces:
    early = 0 if given.get("EarlyChange", 1) == 0 else 1
    table, before = list(_SINGLES), b""
    width, held, bits = 9, 0, 0
    out = bytearray()
    for byte in (byte for piece in pieces for byte in piece):
        held = held << 8 | byte
        bits += 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits
        held &= (1 << bits) - 1
        if code == _CLEAR:
            table, before, width = list(_SINGLES), b"", 9
            continue
        if code == _END:
            break
        if code > len(table) or (code == len(table) and not before):
            yield bytes(out)
            raise Undecodable
        text = table[code] if code < len(table) else before + before[:1]
        out += text
        if len(out) >= _PIECE:
            yield bytes(out)
            out.clear()
        if before and len(table) < 1 << _LONGEST_CODE:
            table.append(before + text[:1])
        before = text
        width = min(max(9, (len(table) + early).bit_length()), _LONGEST_CODE)
    yield bytes(out)


def _run_length(pieces: Pieces, _given: Mapping[str, Any]) -> Pieces:
    bytes_in = (byte for piece in pieces for byte in piece)
    out = bytearray()
    for length in bytes_in:
        if length == _RUNS_END:
            break
        if length < _RUNS_END:
            out += bytes(islice(bytes_in, length + 1))
        else:
            out += bytes(islice(bytes_in, 1)) * (257 - length)
        if len(out) >= _PIECE:
            yield bytes(out)
            out.clear()
    yield bytes(out)


def _ascii_hex(pieces: Pieces, _given: Mapping[str, Any]) -> Pieces:
    left = b""
    for piece in pieces:
        text, end, _ = piece.partition(b">")
        digits = left + _NO_HEX.sub(b"", text)
        even = len(digits) if end else len(digits) // 2 * 2
        left = digits[even:]
        yield unhexlify(digits[:even] + b"0" * (even % 2))
        if end:
            return
    yield unhexlify(left + b"0") if left else b""


def _ascii_85(pieces: Pieces, _given: Mapping[str, Any]) -> Pieces:
    left = b""
    try:
        for piece in pieces:
            text, end, _ = piece.partition(b"~")
            digits = left + _NO_BASE_85.sub(b"", text).replace(b"z", b"!!!!!")
            whole = len(digits) if end else len(digits) // 5 * 5
            left = digits[whole:]
            yield a85decode(digits[:whole])
            if end:
                return
        yield a85decode(left)
    except ValueError:
        raise Undecodable from None


def unpredicted(data: bytes, given: Mapping[str, Any]) -> bytes:
    """What a predictor made of neighbours put back; raises `Undecodable` for one that is not known."""
    predictor = given.get("Predictor", 1)
    if predictor == 1:
        return data
    colors, bits, columns = given.get("Colors", 1), given.get("BitsPerComponent", 8), given.get("Columns", 1)
    numbers = (predictor, colors, bits, columns)
    if not all(isinstance(each, int) and 0 < each <= _WIDEST for each in numbers) or predictor < _PNG:
        raise Undecodable
    pixel = max(1, colors * bits // 8)
    row = (columns * colors * bits + 7) // 8
    above = bytearray(row)
    out = bytearray()
    for at in range(0, len(data), row + 1):
        line = bytearray(data[at + 1 : at + 1 + row].ljust(row, b"\0"))
        _png_row(data[at], line, above, pixel)
        out += line
        above = line
    return bytes(out)


def _png_row(kind: int, line: bytearray, above: bytearray, pixel: int) -> None:
    if kind not in range(5):
        raise Undecodable
    for at in range(len(line) if kind else 0):
        left, corner = (line[at - pixel], above[at - pixel]) if at >= pixel else (0, 0)
        up = above[at]
        guess = (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]
        line[at] = line[at] + guess & 255


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))


_FILTERS: Final[Mapping[str, Callable[[Pieces, Mapping[str, Any]], Pieces]]] = {
    "FlateDecode": _flate,
    "Fl": _flate,
    "LZWDecode": _lzw,
    "LZW": _lzw,
    "RunLengthDecode": _run_length,
    "RL": _run_length,
    "ASCIIHexDecode": _ascii_hex,
    "AHx": _ascii_hex,
    "ASCII85Decode": _ascii_85,
    "A85": _ascii_85,
}
