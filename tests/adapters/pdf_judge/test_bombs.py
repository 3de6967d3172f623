"""Bombs are caught however they are dressed: renamed, padded, packed again, or moved elsewhere in the file."""

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from itertools import product

import pytest

from certcore.domain.files import FileLimits, Verdict
from tests.adapters.pdf_judge.judging import codes, look
from tests.adapters.pdf_judge.pdfs import certificate, packed_pdf, pages, pdf, stream
from tests.cases import CASES, needs_cases

MIB = 2**20
BOMBS = {
    "syn_flate_bomb_100MB": "inflates_too_far",
    "syn_flate_bomb_1GB_x3": "inflates_too_far",
    "syn_deep_array_100k": "nested_too_deep",
}


def packed(size: int, times: int) -> bytes:
    """So many zeros, compressed again and again."""
    engine = zlib.compressobj(9)
    data = b"".join(engine.compress(bytes(MIB)) for _ in range(size // MIB)) + engine.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


HUNDRED = packed(100 * MIB, 1)
THOUSAND = packed(1000 * MIB, 3)
FLATE = b"/Filter/FlateDecode"
CHAINED = b"/Filter[/FlateDecode/FlateDecode/FlateDecode]"
EXPLOSIVE = {
    "a page's text": certificate(text=stream(HUNDRED, FLATE)),
    "three filters": certificate(text=stream(THOUSAND, CHAINED)),
    "nothing refers to it": certificate(more=[stream(HUNDRED, FLATE)]),
    "filter elsewhere": certificate(text=stream(HUNDRED, b"/Filter 6 0 R"), more=[b"/FlateDecode"]),
    "filters elsewhere": certificate(
        text=stream(THOUSAND, b"/Filter 6 0 R"), more=[b"[7 0 R 7 0 R 7 0 R]", b"/Fl#61teDecode"]
    ),
    "abbreviated": certificate(text=stream(HUNDRED, b"/Filter/Fl")),
    "spelled otherwise": certificate(text=stream(HUNDRED, b"/F#69lter/#46lateDecode")),
    "as hexadecimal": certificate(text=stream(HUNDRED.hex().encode() + b">", b"/Filter[/ASCIIHexDecode/FlateDecode]")),
    "as base 85": certificate(text=stream(base64.a85encode(HUNDRED) + b"~>", b"/Filter[/ASCII85Decode/FlateDecode]")),
    "runs": certificate(text=stream(zlib.compress(b"\x81\0" * MIB, 9), b"/Filter[/FlateDecode/RunLengthDecode]")),
    "a wrong length": certificate(text=stream(HUNDRED, FLATE).replace(b"/Length ", b"/Length 9")),
    "no length": certificate(text=stream(HUNDRED, FLATE).replace(b"/Length ", b"/Width ")),
    "split": certificate(more=[stream(packed(20 * MIB, 1), FLATE) for _ in range(5)]),
    "an object stream": packed_pdf(pages(), {}, container=stream(HUNDRED, FLATE + b"/Type/ObjStm/N 0/First 0")),
    "a picture": certificate(more=[stream(HUNDRED, FLATE + b"/Subtype/Image/Width 10/Height 10")]),
    "metadata": certificate(catalog=b"/Metadata 6 0 R", more=[stream(HUNDRED, FLATE + b"/Type/Metadata")]),
    "with a predictor": certificate(text=stream(HUNDRED, FLATE + b"/DecodeParms<</Predictor 15/Columns 1000>>")),
    "an identity before it": certificate(text=stream(HUNDRED, b"/Filter[/Crypt/FlateDecode]")),
    "behind blanks": certificate(text=stream(HUNDRED, FLATE).replace(b"stream\n", b"stream  \t\r\n", 1)),
    "behind the rest of a line": certificate(text=stream(HUNDRED, FLATE).replace(b"stream\n", b"stream of it\r", 1)),
    "junk after its end": certificate(text=stream(HUNDRED + b"junk" * 1000, FLATE)),
}


@pytest.mark.parametrize("content", EXPLOSIVE.values(), ids=EXPLOSIVE)
def test_f51_what_unpacks_to_too_much_is_refused(content: bytes) -> None:
    """Wherever it stands and however it says how it is packed."""
    assert codes(content) == {"inflates_too_far"}


def test_f51_limits_are_those_given() -> None:
    """A byte less and a byte more than allowed; every stage of a chain counts."""
    content = certificate(text=stream(packed(MIB, 1), FLATE))
    assert codes(content, FileLimits(inflated=MIB)) == set()
    assert codes(content, FileLimits(inflated=MIB - 1)) == {"inflates_too_far"}


DEEP = b"[" * 5000 + b"]" * 5000
NESTED = {
    "lists": certificate(more=[DEEP]),
    "dictionaries": certificate(more=[b"<</A" * 5000 + b" 1" + b">>" * 5000]),
    "both": certificate(more=[b"[<</A" * 5000 + b" 1" + b">>]" * 5000]),
    "never closed": certificate(more=[b"[" * 5000]),
    "in the catalog": certificate(catalog=b"/A" + DEEP),
    "in the trailer": pdf(pages(), b"/A" + DEEP),
    "in an object stream": packed_pdf({4: pages()[4]}, {**pages(), 6: DEEP}),
    "packed twice": packed_pdf(
        pages(),
        {},
        container=stream(
            zlib.compress(zlib.compress(b"6 0 " + DEEP)), b"/Filter[/FlateDecode/FlateDecode]/Type/ObjStm/N 1/First 4"
        ),
    ),
    "pages of pages": pdf(
        {**pages(), **{number: b"<</Type/Pages/Kids[%d 0 R]>>" % (number + 1) for number in range(2, 500)}}
    ),
    "filters": certificate(text=stream(b"", b"/Filter[" + b"/FlateDecode" * 500 + b"]")),
}


@pytest.mark.parametrize("content", NESTED.values(), ids=NESTED)
def test_f51_what_is_nested_too_deep_is_refused(content: bytes) -> None:
    """No reader should have to recurse through it, nor does the judge."""
    assert codes(content) == {"nested_too_deep"}


COSTLY = {
    "too_many_parts": certificate(more=[b"[" + b"0 " * 600_000 + b"]"]),
    "too_many_pages": pdf({**pages(), 2: b"<</Type/Pages/Kids[" + b"<</Type/Page>>" * 1001 + b"]>>"}),
    "picture_too_large": certificate(more=[b"50000", stream(b"", b"/Subtype/Image/Width 50000/Height 6 0 R")]),
    "too_large": certificate().ljust(10 * MIB + 1),
}


@pytest.mark.parametrize(("code", "content"), COSTLY.items(), ids=COSTLY)
def test_f51_what_is_too_much_is_refused(code: str, content: bytes) -> None:
    """Each limit has a reason of its own."""
    assert codes(content) == {code}


def zipped(content: bytes) -> bytes:
    """An archive with the file in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("certificate.pdf", content)
    return made.getvalue()


DRESSED: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda content: content,
    "padded with zeros": lambda content: content + bytes(100_000),
    "padded with blanks": lambda content: content + b" \r\n" * 100_000,
    "padded at the beginning": lambda content: b"%PDF-1.4\n%" + b"padding " * 100_000 + b"\n" + content,
    "padded before the end": lambda content: content.replace(b"startxref", b"%" + b"-" * 500_000 + b"\nstartxref"),
    "a second end": lambda content: content + b"startxref\n0\n%%EOF\n",
    "data behind it": lambda content: content + b"data",
    "shifted": lambda content: b"\n" + content,
    "gzip": gzip.compress,
    "zip": zipped,
    "zip in its comment": lambda content: content + zipped(content)[:-2] + b"\x1a\0\nstartxref\n0\n%%EOF\n".ljust(28),
    "zlib": zlib.compress,
    "as a file in a PDF": lambda content: certificate(
        catalog=b"/Names<</EmbeddedFiles<</Names[(a)<</EF<</F 6 0 R>>>>]>>>>",
        more=[stream(content, b"/Type/EmbeddedFile", packed=True)],
    ),
}


@needs_cases
@pytest.mark.parametrize(("bomb", "dress"), list(product(BOMBS, DRESSED)))
def test_f51_the_bombs_are_caught_in_every_dress(bomb: str, dress: str) -> None:
    """Padded, packed again or wrapped up, none is accepted; those that are still PDFs are known for what they are."""
    content = (CASES / "pdf" / f"{bomb}.pdf").read_bytes()
    judgement = look(DRESSED[dress](content))
    assert judgement.verdict is not Verdict.ACCEPT
    if "padded" in dress or dress in ("as it is", "a second end"):
        assert {finding.code for finding in judgement.findings} == {BOMBS[bomb]}
