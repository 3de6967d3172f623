"""Real PDFs by typst: every script shaped right or refused, all texts as they are, the same bytes each time (R-100)."""

import io
import json
import struct
import zlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Thread
from unicodedata import normalize

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from certcore.adapters.pdf_printer import TypstPrinter
from certcore.adapters.pdf_printer.fonts import Fonts
from certcore.domain.certifications import Print
from certcore.domain.documents import DocumentTemplate, Printout, printout
from certcore.errors import InvalidValue, Unprintable
from certcore.testing.builders import make_award, make_certification
from tests.adapters.pdf_printer.glyphs import alike, drawn, shaped

ANA = Printout(
    "First aid at work",
    "Recognises an emergency,\nand calls for help.",
    "Ana Rossi",
    "8M33-NE4Q-JVXW-7",
    date(2024, 2, 29),
    date(2025, 2, 27),
    date(2024, 2, 28),
    Decimal("92.50"),
    "https://lms.example/verify/h10UTlUmXhe4T7VvsbevYA",
)
PRINT = Print(1, 1, "First aid at work", "")
ALL = DocumentTemplate(score=True, completed_on=True, issuer="Example Ltd")

SCRIPTS = {
    "Ana Rossi": "NotoSerif[",
    "Nguyễn Thị Ánh": "NotoSerif[",
    "Αλέξανδρος": "NotoSerif[",
    "Владимир": "NotoSerif[",
    "محمد عبد الله": "NotoSansArabic",
    "שָׁלוֹם": "NotoSansHebrew",
    "क्षत्रिय": "NotoSans[",
    "প্রিয়াঙ্কা": "NotoSansBengali",
    "தமிழ்": "NotoSansTamil",
    "สมชาย ใจดี": "NotoSansThai",
    "ທ້າວ": "NotoSansLao",
    "မြန်မာ": "NotoSansMyanmar",
    "ខ្មែរ": "NotoSansKhmer",
    "ኢትዮጵያ": "NotoSansEthiopic",
    "王小明": "NotoSansSC",
    "김철수": "NotoSansKR",
    "さくら": "NotoSansJP",
}


@pytest.fixture(scope="module")
def printer() -> TypstPrinter:
    return TypstPrinter(
        {
            "all": ALL,
            "ja": DocumentTemplate(language="ja"),
            "bare": DocumentTemplate(number=False, expiry=False, qr=False),
        }
    )


def text_of(pdf: bytes) -> str:
    """All text of a PDF, a line for each that is drawn."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def png(side: int = 8) -> bytes:
    """A small red picture."""
    rows = zlib.compress((b"\0" + b"\xff\0\0" * side) * side)
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@pytest.mark.parametrize("style", ["classic", "modern"])
def test_a_document_shows_what_there_is_to_show(printer: TypstPrinter, style: str) -> None:
    """R-100: name, title, description, the days, the number; one page."""
    pdf = printer.pdf(ANA, style)
    text = text_of(pdf)
    for part in (ANA.learner_name, ANA.title, "Recognises an emergency,", "February 29, 2024", "February 27, 2025"):
        assert part in text
    assert ANA.number in text
    assert "92.5" not in text
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1


def test_switches_show_score_and_completion_and_hide_number_and_expiry(printer: TypstPrinter) -> None:
    """R-100: what is switched off is not there, and what the award has not has no label."""
    full, bare = text_of(printer.pdf(ANA, "all")), text_of(printer.pdf(ANA, "bare"))
    assert {"92.5", "February 28, 2024", "Example Ltd", "Score"} <= set(full.splitlines())
    assert ANA.number not in bare
    assert "Valid until" not in bare
    without = text_of(printer.pdf(evolve(ANA, score=None, last_valid_day=None), "all"))
    assert "Score" not in without
    assert "does not expire" in without


def test_the_link_to_the_check_is_in_the_document_and_on_its_code(printer: TypstPrinter) -> None:
    """R-101: as a link that can be followed, where the template shows the code."""

    def links(pdf: bytes) -> list[str]:
        (page,) = PdfReader(io.BytesIO(pdf)).pages
        return [each.get_object()["/A"]["/URI"] for each in page.get("/Annots", ())]

    assert links(printer.pdf(ANA, "classic")) == [ANA.verify_link]
    assert links(printer.pdf(ANA, "bare")) == links(printer.pdf(evolve(ANA, verify_link=None), "classic")) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_shaped_as_harfbuzz_shapes_it(printer: TypstPrinter, name: str) -> None:
    """R-100: the glyphs in the file have the outlines of HarfBuzz's own, none is missing."""
    (file,) = (each for each in Fonts.of(()).files if each.name.startswith(SCRIPTS[name]))
    template = "ja" if "JP" in file.name else "classic"
    found, expected = drawn(printer.pdf(evolve(ANA, learner_name=name), template)), shaped(name, file)
    assert alike(found, expected), (found - expected, expected - found)


@pytest.mark.parametrize("name", ["გიორგი", "Ana 😀", "Ada\ue000", "\U00012000"])
def test_f55_what_no_font_has_is_refused_by_its_code_point(printer: TypstPrinter, name: str) -> None:
    """R-100: never a box in its place."""
    missing = next(each for each in name if not each.isascii())
    with pytest.raises(Unprintable, match=rf"learner name has U\+{ord(missing):04X}"):
        printer.pdf(evolve(ANA, learner_name=name), "classic")


@pytest.mark.parametrize("name", ["", " ", "\u3000"])
def test_a_name_of_which_nothing_can_be_seen_is_refused(printer: TypstPrinter, name: str) -> None:
    with pytest.raises(Unprintable, match="nothing that can be seen"):
        printer.pdf(evolve(ANA, learner_name=name), "classic")


def test_f55_every_name_of_the_cases_is_printed_as_it_is_or_refused(printer: TypstPrinter, cases: Path) -> None:
    """R-100: no markup is run, no path is read, marks that turn text round are left out, the text is in the file."""
    table = json.loads((cases / "unicode_names.json").read_text(encoding="utf-8"))["names"]
    printed, refused = {}, set()
    for case in table:
        award = evolve(make_award(make_certification()), learner_name=case["name"])
        try:
            printed[case["id"]] = "".join(text_of(printer.pdf(printout(award, PRINT, None), "classic")).split())
        except Unprintable:
            refused.add(case["id"])
    assert refused == {"RLM only", "empty", "ideographic space", "lone surrogate", "private use", "georgian"}
    for case in table:
        plain = "".join(normalize("NFC", case["name"]).split())
        if case["id"] in printed and plain.isascii() and plain.isprintable():
            assert plain in printed[case["id"]]
    assert "Ada2024-niw" in printed["bidi override"] or "Ada4202-niw" in printed["bidi override"]


@pytest.mark.parametrize(
    "hostile",
    [
        "#panic()",
        '#image("/etc/passwd")',
        "$ x^2 $",
        "*bold* _slanted_",
        "= Heading",
        "`raw` @ref <label>",
        "\\ // /* */",
    ],
)
def test_f55_markup_in_a_text_is_text(printer: TypstPrinter, hostile: str) -> None:
    """R-100: in the name, the title and the description."""
    plain = "".join(hostile.split())
    for printed in (
        evolve(ANA, learner_name=hostile),
        evolve(ANA, title=hostile),
        evolve(ANA, description=hostile),
    ):
        assert plain in "".join(text_of(printer.pdf(printed, "classic")).split())


def test_an_award_has_one_document(printer: TypstPrinter) -> None:
    """R-100: the same bytes, also from another printer."""
    assert printer.pdf(ANA, "all") == printer.pdf(ANA, "all") == TypstPrinter({"all": ALL}).pdf(ANA, "all")


@pytest.mark.parametrize("name", ["N" * 300, "a" + "\u0301" * 200, "Maria " * 40, "x" * 59 + "y"])
def test_a_long_name_stays_on_the_page(printer: TypstPrinter, name: str) -> None:
    """R-100: smaller, then on several lines; nothing is cut off."""
    for style in ("classic", "modern"):
        pdf = printer.pdf(evolve(ANA, learner_name=name.strip()), style)
        assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
        if name.isascii():
            assert "".join(name.split()) in "".join(text_of(pdf).split())


def test_a_description_of_any_length_goes_on_over_pages(printer: TypstPrinter) -> None:
    """R-1: 20,000 characters, of which the last is there."""
    pdf = printer.pdf(evolve(ANA, description="word " * 3_990 + "the end."), "modern")
    assert "the end." in text_of(pdf)


def test_threads_share_a_printer(printer: TypstPrinter) -> None:
    """They take turns, and each gets its own document."""
    found: dict[str, str] = {}

    def make(name: str) -> None:
        found[name] = text_of(printer.pdf(evolve(ANA, learner_name=name), "classic"))

    threads = [Thread(target=make, args=(f"Learner {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(name in text for name, text in found.items())
    assert len(found) == 8


def test_a_host_has_styles_of_its_own() -> None:
    """R-100: a typst source that imports what the styles share, a logo, words in another language."""
    source = '#import "certcore.typ": *\n#show: setup\n#logo(1cm)\n#words.certificate: #certificate.name'
    template = DocumentTemplate(source=source, logo=png(), language="nl", words={"certificate": "Diploma"})
    assert "Diploma: Ana Rossi" in text_of(TypstPrinter({"own": template}).pdf(ANA, "own"))


@pytest.mark.parametrize(
    ("template", "named"),
    [
        (DocumentTemplate(style="gothic"), "style"),
        (DocumentTemplate(source="#panic()"), "template"),
        (DocumentTemplate(source='#import "@preview/cetz:0.1.0"'), "template"),
        (DocumentTemplate(source='#read("/etc/passwd")'), "template"),
        (DocumentTemplate(logo=b"GIF89a"), "logo"),
        (DocumentTemplate(logo=png()[:40]), "template"),
    ],
)
def test_a_template_that_cannot_be_set_is_refused_when_the_printer_is_made(
    template: DocumentTemplate, named: str
) -> None:
    """A host learns it at its start, not when a learner asks for a document; nothing outside is read or fetched."""
    with pytest.raises(InvalidValue) as refusal:
        TypstPrinter({"own": template})
    assert refusal.value.field == named


def test_what_a_hosts_source_cannot_set_is_a_typed_error() -> None:
    """A source that fails for one award, and a link too long for a code: others are printed all the same."""
    source = (
        '#import "certcore.typ": *\n#show: setup\n#if certificate.name == "Bo" { panic("no Bo") }\n#certificate.name'
    )
    printer = TypstPrinter({"own": DocumentTemplate(source=source)})
    with pytest.raises(InvalidValue, match="no Bo"):
        printer.pdf(evolve(ANA, learner_name="Bo"), "own")
    with pytest.raises(InvalidValue, match="QR code"):
        printer.pdf(evolve(ANA, verify_link="https://lms.example/" + "x" * 5_000), "classic")
    assert printer.pdf(ANA, "own").startswith(b"%PDF-")


def test_an_unknown_template_is_named(printer: TypstPrinter) -> None:
    with pytest.raises(InvalidValue, match="all, bare, classic, ja, modern"):
        printer.pdf(ANA, "gothic")


def test_a_hosts_fonts_come_before_those_that_are_installed(tmp_path: Path) -> None:
    """R-100: a folder of the host's, looked through with those within."""
    (file,) = (each for each in Fonts.of(()).files if each.name.startswith("NotoSansThai"))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "own.ttf").write_bytes(file.read_bytes())
    assert Fonts.of([tmp_path]).families[0] == "Noto Sans Thai"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40))
def test_f55_any_name_is_printed_or_refused(printer: TypstPrinter, name: str) -> None:
    try:
        found = printer.pdf(evolve(ANA, learner_name=name), "classic")[:5].decode()
    except Unprintable as refusal:
        found = refusal.field
    assert found in {"%PDF-", "learner name"}
