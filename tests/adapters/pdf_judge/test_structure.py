"""What a file has to be: its edges, its pages, its encryption, and a structure that readers agree on."""

import io
import zipfile
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import EncodedStreamObject

from certcore.domain.files import FileLimits, Verdict
from tests.adapters.pdf_judge.judging import codes, look
from tests.adapters.pdf_judge.pdfs import certificate, object_stream, packed_pdf, pages, pdf, stream

GOOD = certificate()


@pytest.mark.parametrize("content", [GOOD, packed_pdf({4: pages()[4]}, pages())], ids=["table", "stream"])
def test_an_ordinary_file_is_accepted(content: bytes) -> None:
    """With a table of offsets, or packed as newer programs write it."""
    judgement = look(content)
    assert (judgement.findings, judgement.pages) == ((), 1)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b" \t\f\r\n\0" * 100, b"\n%%EOF", b"\n%%EOF\n%%EOF\r\n"])
def test_white_space_may_follow_the_end(end: bytes) -> None:
    """Mail programs and block devices add it; some programs write the end twice."""
    assert codes(GOOD.rstrip() + end) == set()


def archive(comment: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("a.txt", "text")
        opened.comment = comment
    return made.getvalue()


EDGES = {
    "nothing": (b"", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + GOOD, "not_a_pdf"),
    "a blank before it": (b"\n" + GOOD, "not_a_pdf"),
    "a mark before it": (b"\xef\xbb\xbf" + GOOD, "not_a_pdf"),
    "another case": (GOOD.replace(b"%PDF", b"%pdf", 1), "not_a_pdf"),
    "the beginning only": (b"%PDF-1.7\n", "cut_short"),
    "half of it": (GOOD[: len(GOOD) // 2], "cut_short"),
    "all but the last byte": (GOOD.rstrip()[:-1], "cut_short"),
    "half of a second edition": (GOOD + GOOD[:-10], "cut_short"),
    "text behind it": (GOOD + b"x", "data_after_end"),
    "an archive behind it": (GOOD + archive(), "data_after_end"),
    "an archive that ends like a PDF": (GOOD + archive(b"\nstartxref\n0\n%%EOF\n"), "data_after_end"),
    "no place of the table": (GOOD.replace(b"startxref", b"endhere"), "broken"),
    "a place that is no number": (GOOD[: GOOD.rindex(b"startxref")] + b"startxref\nhere\n%%EOF", "broken"),
}


@pytest.mark.parametrize(("content", "code"), EDGES.values(), ids=EDGES)
def test_the_edges_of_a_file(content: bytes, code: str) -> None:
    """R-71: by its first and last bytes, whatever is in between."""
    judgement = look(content)
    assert [finding.code for finding in judgement.findings] == [code]
    assert judgement.verdict is Verdict.REJECT


def test_size_is_looked_at_first() -> None:
    """A byte too many, whatever else is wrong with it."""
    assert codes(GOOD, FileLimits(size=len(GOOD))) == set()
    assert codes(GOOD, FileLimits(size=len(GOOD) - 1)) == {"too_large"}
    assert codes(bytes(11), FileLimits(size=10)) == {"too_large"}


PAGES = {
    "none": (pdf({**pages(), 2: b"<</Type/Pages/Kids[]/Count 0>>"}), "no_pages"),
    "a list that is none": (pdf({**pages(), 2: b"<</Type/Pages/Kids 3>>"}), "no_pages"),
    "going round": (pdf({**pages(), 2: b"<</Type/Pages/Kids[2 0 R]>>"}), "no_pages"),
    "no list of pages": (pdf({**pages(), 1: b"<</Type/Catalog>>"}), "no_pages"),
    "no catalog": (pdf({**pages(), 1: b"null"}), "broken"),
    "a catalog that leads to itself": (pdf({**pages(), 1: b"1 0 R"}), "broken"),
}


@pytest.mark.parametrize(("content", "code"), PAGES.values(), ids=PAGES)
def test_a_file_without_a_page_is_refused(content: bytes, code: str) -> None:
    """However it comes to have none."""
    assert codes(content) == {code}


def test_pages_are_counted_not_believed() -> None:
    """A tree with branches, and a number that lies."""
    objects = pages()
    objects[2] = b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2147483647>>"
    objects[6] = b"<</Type/Pages/Kids[7 0 R 8 0 R]/Count -1>>"
    objects[7] = objects[8] = b"<</Type/Page/MediaBox[0 0 9 9]>>"
    assert look(pdf(objects)).pages == 3
    assert codes(pdf(objects), FileLimits(pages=2)) == {"too_many_pages"}


def test_a_newer_edition_counts() -> None:
    """What was appended replaces what it names."""
    objects = {**pages(), 2: b"<</Type/Pages/Kids[]>>"}
    newer = GOOD + pdf(objects)
    assert codes(newer) == {"no_pages"}


def test_a_table_that_does_not_fit_is_a_warning() -> None:
    """Most programs put up with it, and each repairs it in its own way."""
    judgement = look(GOOD.replace(b"startxref\n", b"startxref\n1"))
    assert [finding.code for finding in judgement.findings] == ["repaired"]
    assert (judgement.verdict, judgement.pages) == (Verdict.FLAG, 1)


def test_what_pypdf_cannot_open_is_refused() -> None:
    """Its second opinion is asked after all other checks."""
    content = pdf({**pages(), 2: b"<</Type/Pages/Kids[3 0 R 9 0 R 7]/Count 1>>"})
    assert look(content).verdict is not Verdict.ACCEPT


def encrypted(user: str, algorithm: str = "AES-256", content: bytes = GOOD) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(user, "owner", algorithm=algorithm)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


ALGORITHMS = ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_file_with_a_password_is_refused(algorithm: str) -> None:
    """It cannot be looked at."""
    assert codes(encrypted("secret", algorithm)) == {"password"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_file_that_opens_without_its_password_is_held(algorithm: str) -> None:
    """Printing may be forbidden; a person can read it."""
    judgement = look(encrypted("", algorithm))
    assert [finding.code for finding in judgement.findings] == ["opens_without_password"]
    assert judgement.pages == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_encryption_hides_nothing(algorithm: str) -> None:
    """A bomb in an encrypted stream, and a program started from an encrypted object stream, are found."""
    bomb = encrypted("", algorithm, certificate(text=stream(bytes(2_000_000), packed=True)))
    assert codes(bomb, FileLimits(inflated=1_000_000)) == {"opens_without_password", "inflates_too_far"}
    assert codes(with_encrypted_objects(algorithm)) == {"opens_without_password", "launches_program"}


def with_encrypted_objects(algorithm: str) -> bytes:
    """A file whose object stream is encrypted, and has an action in it that starts a program."""
    reader: Any = PdfReader(io.BytesIO(encrypted("", algorithm)))
    encryption = reader._encryption
    made = io.BytesIO()
    reader.trailer["/Encrypt"].get_object().write_to_stream(made)
    first, second = (each.original_bytes.hex().encode() for each in reader.trailer["/ID"])
    container = object_stream({6: b"<</S/Launch/F(calc.exe)>>"})
    head, _, rest = container.partition(b"stream\n")
    secret = EncodedStreamObject()
    secret._data = rest.removesuffix(b"\nendstream")
    number = 8
    secret = encryption.encrypt_object(secret, number, 0)
    dictionary = head.strip()[2:].partition(b"/Length")[0]
    return packed_pdf(
        {**pages(), 7: made.getvalue()},
        {6: b""},
        container=stream(secret._data, dictionary),
        extra=b"/Encrypt 7 0 R/ID[<%s><%s>]" % (first, second),
    )


def test_a_handler_that_nobody_has_is_a_password() -> None:
    """Encryption by certificates, or by a shop's program."""
    content = pdf(pages(), b"/Encrypt<</Filter/Adobe.PubSec/V 4>>/ID[<00><00>]")
    assert codes(content) == {"password"}


def test_links_of_an_encrypted_file_are_not_judged() -> None:
    """Its strings are secret."""
    linking = certificate(more=[b"<</S/URI/URI(javascript:x)>>"])
    assert codes(linking) == {"unusual_link"}
    assert "unusual_link" not in codes(
        pdf({**pages(), 6: b"<</S/URI/URI(javascript:x)>>"}, b"/Encrypt<</Filter/Standard/V 5>>")
    )
