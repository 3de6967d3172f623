"""Filters undo what encoders did, whatever the pieces; what they cannot undo they say."""

import base64
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.adapters.pdf_judge.budget import Budget, Stopped
from certcore.adapters.pdf_judge.filters import Undecodable, decoded, unpredicted
from certcore.domain.files import FileLimits
from tests.adapters.pdf_judge.judging import LIMITS

ANY = st.binary(max_size=2000) | st.builds(
    lambda part, times: part * times, st.binary(max_size=20), st.integers(0, 9000)
)


def undone(raw: bytes, *filters: str, **given_parameters: object) -> bytes:
    """What comes out of the filters."""
    parameters = [given_parameters for _ in filters]
    return b"".join(decoded(raw, filters, parameters, Budget(LIMITS)))


def lzw(content: bytes, early: int = 1) -> bytes:
    """Codes of 9 to 12 bits, which get longer ``early`` one code before they have to."""
    bits = f"{256:09b}"
    known = {bytes([each]): each for each in range(256)}
    count, width, text = 258, 9, b""
    for byte in content:
        longer = text + bytes([byte])
        if longer in known:
            text = longer
            continue
        bits += f"{known[text]:0{width}b}"
        known[longer] = count
        count += 1
        width = (count - 1 + early).bit_length()
        if count == 4095:
            bits += f"{256:0{width}b}"
            known = {bytes([each]): each for each in range(256)}
            count, width = 258, 9
        text = bytes([byte])
    if text:
        bits += f"{known[text]:0{width}b}"
        width = max(9, min(12, (count + early).bit_length()))
    bits += f"{257:0{width}b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


def run_lengths(content: bytes) -> bytes:
    """Runs of one where that is shorter, and as they are else."""
    out = b""
    for at in range(0, len(content), 100):
        part = content[at : at + 100]
        single = len(set(part)) == 1 and len(part) > 1
        out += bytes([257 - len(part)]) + part[:1] if single else bytes([len(part) - 1]) + part
    return out + b"\x80"


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "FlateDecode": zlib.compress,
    "LZWDecode": lzw,
    "RunLengthDecode": run_lengths,
    "ASCIIHexDecode": lambda content: content.hex(" ").encode() + b">",
    "ASCII85Decode": lambda content: base64.a85encode(content, wrapcol=60) + b"~>",
}


@pytest.mark.parametrize("name", ENCODERS)
@given(content=ANY)
def test_a_filter_undoes_its_encoder(name: str, content: bytes) -> None:
    """Also twice, and behind another one."""
    raw = ENCODERS[name](content)
    assert undone(raw, name) == content
    assert undone(zlib.compress(raw), "FlateDecode", name) == content
    assert undone(ENCODERS[name](raw), name, name) == content


@pytest.mark.parametrize(
    ("raw", "name", "content"),
    [
        (b"61 6\n2 7>ignored", "ASCIIHexDecode", b"abp"),
        (b"6162", "AHx", b"ab"),
        (b"616", "AHx", b"a`"),
        (b"", "AHx", b""),
        (b"z", "A85", bytes(4)),
        (b"87cUR", "A85", b"Hell"),
        (b"87cUR~ignored", "A85", b"Hell"),
        (b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", "LZW", b"-----A---B"),
        (b"\x02abc\xfed\x80ignored", "RL", b"abcddd"),
        (b"\x05ab", "RL", b"ab"),
        (b"\xfe", "RL", b""),
        (zlib.compress(b"abc") + b"ignored", "Fl", b"abc"),
        (zlib.compress(b"abc")[:-3], "Fl", b"abc"),
    ],
)
def test_known_answers(raw: bytes, name: str, content: bytes) -> None:
    """Examples of the standard, ends that are missing, and what follows an end."""
    assert undone(raw, name) == content


@given(content=ANY)
def test_lzw_with_a_late_change_of_width(content: bytes) -> None:
    """As `/EarlyChange 0` asks for."""
    assert undone(lzw(content, early=0), "LZWDecode", EarlyChange=0) == content


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"abc", "FlateDecode"),
        (b"\xff\xff", "LZWDecode"),
        (b"uuuuu", "ASCII85Decode"),
        (b"", "NoSuchDecode"),
        (b"", ""),
    ],
)
def test_what_cannot_be_undone_says_so(raw: bytes, name: str) -> None:
    """Wrong bytes, and filters that nobody knows."""
    with pytest.raises(Undecodable):
        undone(raw, name)


def test_pictures_stay_as_they_are() -> None:
    """Their filters are the last that count."""
    assert undone(zlib.compress(b"jpeg"), "FlateDecode", "DCTDecode", "FlateDecode") == b"jpeg"


def test_a_crypt_filter_that_does_nothing_is_passed_over() -> None:
    """Any other one is a secret."""
    assert undone(b"as it is", "Crypt") == b"as it is"
    assert undone(b"as it is", "Crypt", Name="Identity") == b"as it is"
    with pytest.raises(Undecodable):
        undone(b"secret", "Crypt", Name="StdCF")


@pytest.mark.parametrize("name", ENCODERS)
@given(raw=st.binary(max_size=3000))
def test_any_bytes_are_undone_or_not(name: str, raw: bytes) -> None:
    """Nothing else is ever raised, and no more comes out than was paid for."""
    try:
        out = b"".join(decoded(raw, [name], [{}], Budget(FileLimits(inflated=10_000))))
    except (Undecodable, Stopped):
        return
    assert len(out) <= 10_000


ROWS = [bytes(range(10, 22)), bytes(range(200, 212)), bytes([255, 0] * 6), bytes(12)]


@pytest.mark.parametrize("kind", range(5))
def test_png_predictors_are_undone(kind: int) -> None:
    """Each kind of row, three bytes to a pixel, as the PNG specification defines the guess."""
    above = bytes(12)
    data = b""
    for row in ROWS:
        data += bytes([kind])
        for at, value in enumerate(row):
            left, corner = (row[at - 3], above[at - 3]) if at > 2 else (0, 0)
            guess = left + above[at] - corner
            distances = {each: abs(guess - each) for each in (left, above[at], corner)}
            paeth = min(distances, key=distances.__getitem__)
            data += bytes([value - (0, left, above[at], (left + above[at]) // 2, paeth)[kind] & 255])
        above = row
    assert unpredicted(data, {"Predictor": 15, "Colors": 3, "Columns": 4}) == b"".join(ROWS)


@pytest.mark.parametrize(
    "parameters",
    [
        {"Predictor": 2},
        {"Predictor": 0},
        {"Predictor": "x"},
        {"Predictor": 15, "Columns": 0},
        {"Predictor": 15, "Columns": 10**9},
        {"Predictor": 15, "Colors": None},
    ],
)
def test_other_predictors_cannot_be_undone(parameters: dict[str, object]) -> None:
    """Unknown kinds, and rows of no width or of any."""
    with pytest.raises(Undecodable):
        unpredicted(b"\0abc", parameters)


def test_no_predictor_changes_nothing() -> None:
    """The first kind is none."""
    assert unpredicted(b"abc", {}) == unpredicted(b"abc", {"Predictor": 1}) == b"abc"
