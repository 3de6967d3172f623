"""Whatever a PDF could do beyond showing pages is found, wherever it stands and however it is spelled."""

import pytest

from certcore.domain.files import Verdict
from tests.adapters.pdf_judge.judging import codes, look
from tests.adapters.pdf_judge.pdfs import certificate, object_stream, packed_pdf, pages, stream

SCRIPT = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
LAUNCH = b"<</S/Launch/F(calc.exe)>>"
ACTIVE = {
    "script": [SCRIPT, b"<</S/Rendition/JS 4 0 R>>", b"<</S/JavaScript/JS 4 0 R>>", b"<</Subtype/PS>>"],
    "launches_program": [LAUNCH, b"<</S/Launch/Win<</F(cmd)>>>>"],
    "form_submission": [b"<</S/SubmitForm/F(http://example.org)>>", b"<</S/ImportData/F(x.fdf)>>"],
    "xfa_form": [b"<</XFA 4 0 R>>", b"<</XFA[(template)4 0 R]>>"],
    "embedded_file": [b"<</Type/Filespec/F(a.exe)/EF<</F 4 0 R>>>>", b"<</EmbeddedFiles<</Names[]>>>>"],
    "multimedia": [
        b"<</S/Movie>>",
        b"<</S/Sound>>",
        b"<</S/Rendition>>",
        b"<</S/GoTo3DView>>",
        b"<</Subtype/RichMedia>>",
        b"<</Subtype/3D>>",
        b"<</Subtype/Screen>>",
    ],
    "automatic_action": [b"<</AA<</O<</S/URI/URI(http://example.org)>>>>>>"],
    "other_action": [
        b"<</S/GoToR/F(other.pdf)>>",
        b"<</S/GoToE/T<<>>>>",
        b"<</S/Hide/T(a)>>",
        b"<</S/SetOCGState/State[]>>",
        b"<</S/ResetForm>>",
        b"<</S/Named/N/Print>>",
        b"<</S/Named/N[/NextPage]>>",
    ],
    "unusual_link": [
        b"<</S/URI/URI(javascript:alert\\(1\\))>>",
        b"<</S/URI/URI( FILE:///etc/passwd)>>",
        b"<</S/URI/URI(\\\\\\\\server\\\\share)>>",
        b"<</S/URI/URI<feff0064006100740061003a>>>",
        b"<</S/URI/URI<646174613a>>>",
    ],
    "outside_data": [b"<</Length 0/F(http://example.org/data)>>stream\n\nendstream"],
}
PLACES = {
    "an annotation": lambda body: certificate(page=b"/Annots[<</Subtype/Link/A 6 0 R>>]", more=[body]),
    "nowhere": lambda body: certificate(more=[body]),
    "an object stream": lambda body: packed_pdf({4: pages()[4]}, {**pages(), 6: body}),
    "an older edition": lambda body: certificate(more=[body]) + certificate(more=[b"null"]),
    "inside a stream": lambda body: certificate(more=[stream(b"\n9 0 obj " + body + b" endobj")]),
}


EVERY = [
    (code, body, place)
    for code, bodies in ACTIVE.items()
    for body in bodies
    for place in PLACES
    if b"stream" not in body or place != "an object stream"
]


@pytest.mark.parametrize(("code", "body", "place"), EVERY)
def test_active_content_is_found(code: str, body: bytes, place: str) -> None:
    """R-71: whether or not anything leads to it."""
    content = PLACES[place](body)
    assert code in codes(content)
    assert look(content).verdict is (Verdict.REJECT if code == "launches_program" else Verdict.FLAG)


@pytest.mark.parametrize("body", [b"<</S/GoTo/D[3 0 R/Fit]>>", b"[3 0 R/Fit]", b"null", b"(name)", b"/name"])
def test_opening_at_a_page_is_no_action(body: bytes) -> None:
    """As typesetting programs write it."""
    assert codes(certificate(catalog=b"/OpenAction 6 0 R", more=[body])) == set()
    assert codes(certificate(catalog=b"/OpenAction " + body)) == set()


@pytest.mark.parametrize("body", [b"<</S/URI/URI(http://a.example)>>", b"<</S/GoTo/D[3 0 R]/Next<</S/URI>>>>", b"<<>>"])
def test_opening_with_anything_else_is_automatic(body: bytes) -> None:
    """It happens without being asked for."""
    assert "automatic_action" in codes(certificate(catalog=b"/OpenAction 6 0 R", more=[body]))


@pytest.mark.parametrize(
    "body",
    [
        b"<</S/URI/URI(https://example.org/verify?id=1)>>",
        b"<</S/URI/URI(mailto:a@example.org)>>",
        b"<</S/URI/URI(www.example.org)>>",
        b"<</S/URI/URI()>>",
        b"<</S/URI/URI 4 0 R>>",
        b"<</URI<</Base(http://example.org)>>>>",
        b"<</S/Named/N/NextPage>>",
        b"<</Type/StructElem/S/P/K 1>>",
        b"<</S/Transparency/Type/Group>>",
        b"<</Trans<</S/Dissolve>>>>",
        b"<</AA<<>>>>",
        b"<</FT/Sig/T(Signature)/V<</Filter/Adobe.PPKLite/ByteRange[0 1 2 3]/Contents<00>>>>>",
    ],
)
def test_ordinary_content_is_nothing(body: bytes) -> None:
    """Links to the web, mail, page turning, structure, signatures."""
    assert codes(certificate(more=[body])) == set()


SPELLINGS = {
    "hexadecimal": b"<</#53/J#61v#61Script/#4a#53(x)>>",
    "comments between": b"<<%a\n/S%b\n/JavaScript%c\r/JS%)\n(x)>>",
    "nothing between": b"<</S/JavaScript/JS(x)>>",
    "white of all kinds": b"<<\0/S\f/JavaScript\t/JS\r(x)\n>>",
    "the first of two": b"<</S/JavaScript/JS(x)/S/URI>>",
    "the second of two": b"<</S/URI/S/JavaScript/JS(x)>>",
    "kind elsewhere": b"<</S 7 0 R>>",
    "not closed": b"<</S/JavaScript/JS(x)",
    "string not closed": b"<</S/JavaScript/JS(x",
    "closed too often": b">>]]<</S/JavaScript/JS(x)>>",
    "junk in it": b"<</A junk endobj/S/JavaScript/JS(x)>>",
    "deep down": b"[" * 90 + b"<</S/JavaScript/JS(x)>>" + b"]" * 90,
    "behind a string": b"<</T(\\)>>endobj()(\\\\)/S/JavaScript/JS(x)>>",
    "a key that is none": b"<<1 2/S/JavaScript/JS(x)>>",
}


@pytest.mark.parametrize("body", SPELLINGS.values(), ids=SPELLINGS)
def test_no_spelling_hides_a_script(body: bytes) -> None:
    """What any reader could understand is understood."""
    assert "script" in codes(certificate(more=[body, b"/JavaScript"]))


OBJECTS = {
    "another number": b"07 00000 obj\n%s\nendobj\n",
    "no line end": b"7 0 obj%s endobj ",
    "comment before obj": b"7 0 %% hidden\nobj\n%s endobj\n",
    "comment between numbers": b"7%%\n0%%\nobj %s endobj\n",
    "no end": b"7 0 obj %s ",
    "inside a string": b"7 0 obj (8 0 obj %s endobj) endobj ",
    "inside a comment": b"%% 7 0 obj %s\n",
    "inside an unclosed list": b"7 0 obj [ 8 0 obj %s endobj ",
}


@pytest.mark.parametrize("written", OBJECTS.values(), ids=OBJECTS)
def test_no_way_to_write_an_object_hides_a_script(written: bytes) -> None:
    """A table of offsets can lead anywhere, so everything that might be an object is read as one."""
    content = certificate().replace(b"xref\n0 ", written % SCRIPT + b"xref\n0 ", 1)
    assert "script" in codes(content)


PACKED = {
    "packed": object_stream({20: SCRIPT}),
    "not packed": object_stream({20: SCRIPT}, packed=False),
    "no type": object_stream({20: SCRIPT}, packed=False).replace(b"/Type/ObjStm", b""),
    "numbers elsewhere": object_stream({20: SCRIPT}).replace(b"/N 1", b"/N 6 0 R"),
    "too few told": object_stream({20: SCRIPT, 21: b"1"}, packed=False).replace(b"/N 2", b"/N 1"),
    "too many told": object_stream({20: SCRIPT}, packed=False).replace(b"/N 1", b"/N 999999999"),
    "comments in its header": stream(b"20 %%\n0 %%\n" + SCRIPT, b"/N 1/First 10"),
    "a wrong length": object_stream({20: SCRIPT}).replace(b"/Length ", b"/Length 1"),
}


@pytest.mark.parametrize("body", PACKED.values(), ids=PACKED)
def test_no_object_stream_hides_a_script(body: bytes) -> None:
    """Whatever a reader would take for an object stream is unpacked."""
    assert "script" in codes(certificate(more=[b"1", body]))


def test_an_object_stream_behind_a_predictor_hides_nothing() -> None:
    """Rows of ten bytes, each a difference to the one above."""
    data = b"20 0 " + SCRIPT
    rows = [data[at : at + 10].ljust(10) for at in range(0, len(data), 10)]
    above = bytes(10)
    predicted = b""
    for row in rows:
        predicted += b"\2" + bytes((here - up) & 255 for here, up in zip(row, above, strict=True))
        above = row
    body = stream(predicted, b"/N 1/First 5/DecodeParms<</Predictor 12/Columns 10>>", packed=True)
    assert "script" in codes(certificate(more=[body]))


@pytest.mark.parametrize(
    "body",
    [
        stream(b"not packed at all", b"/N 1/First 4/Filter/FlateDecode"),
        stream(b"20 0 <<>>", b"/N 1/First 5/Filter/UnknownDecode"),
        stream(b"20 0 <<>>", b"/N 1/First 5/Filter/Crypt/DecodeParms<</Name/StdCF>>"),
        stream(b"20 0 <<>>", b"/N(1)/First 5"),
        stream(b"20 0 <<>>", b"/N 1/First -5"),
        stream(b"20 0 <<>>", b"/N 1/First 5/DecodeParms<</Predictor 2>>/Filter/FlateDecode"),
        stream(b"\7 0 <<>>", b"/N 1/First 5/DecodeParms<</Predictor 15>>", packed=True),
    ],
    ids=range(7),
)
def test_an_object_stream_that_cannot_be_read_refuses_the_file(body: bytes) -> None:
    """Nobody could say what it hides."""
    assert codes(certificate(more=[body])) == {"broken"}
