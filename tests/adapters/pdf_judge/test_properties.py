"""Whatever the bytes are, there is a verdict: nothing is raised, nothing hangs, nothing is accepted by mistake."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certcore.adapters.pdf_judge import PdfJudge
from certcore.adapters.pdf_judge.budget import Budget, Stopped
from certcore.adapters.pdf_judge.tokens import Parser
from certcore.domain.files import MIB, FileLimits, Verdict
from tests.adapters.pdf_judge.judging import look
from tests.adapters.pdf_judge.pdfs import certificate, packed_pdf, pages, pdf

TIGHT = FileLimits(parts=20_000, inflated=MIB, seconds=30)
GOOD = certificate(
    catalog=b"/OpenAction[3 0 R/Fit]/Metadata 6 0 R",
    page=b"/Annots[<</Subtype/Link/A<</S/URI/URI(http://example.org)>>>>]",
    more=[b"<</Length 2/Type/Metadata>>\nstream\n<>\nendstream"],
)
SEEDS = [GOOD, packed_pdf({4: pages()[4]}, pages()), pdf(pages(), b"/Encrypt<</Filter/Standard/V 1/R 2>>/ID[<00><00>]")]
WORDS = [
    b"obj", b"endobj", b"stream", b"endstream", b"xref", b"trailer", b"startxref", b"%%EOF", b"<<", b">>", b"[", b"]",
    b"(", b")", b"<", b">", b"/", b"#", b"%", b"R", b"1 0 R", b"7 0 obj", b"/Length", b"/Filter/FlateDecode", b"\\",
    b"/Type/ObjStm/N 1/First 4", b"/Root 1 0 R", b"/Kids[2 0 R]", b"/Encrypt<<>>", b"-1", b"9" * 30, b"\0", b"\xff" * 9,
]  # fmt: skip
BYTES = st.binary(max_size=300) | st.lists(st.sampled_from(WORDS), max_size=60).map(b" ".join)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file with parts cut out, doubled, moved, or replaced."""
    content = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        at, to = sorted(draw(st.tuples(st.integers(0, len(content)), st.integers(0, len(content)))))
        to = draw(st.sampled_from([at, min(at + 1, len(content)), to]))
        put = draw(BYTES | st.just(content[at:to] * 2))
        content = content[:at] + put + content[to:]
    return content


def rejoined(inner: bytes) -> bytes:
    """Any bytes between the edges of a PDF."""
    return b"%PDF-1.7\n" + inner + b"\nstartxref\n9\n%%EOF"


@settings(max_examples=300)
@given(st.binary() | BYTES | BYTES.map(rejoined))
def test_f51_any_bytes_get_a_verdict(content: bytes) -> None:
    """And none of them is accepted."""
    assert look(content, TIGHT).verdict is not Verdict.ACCEPT


@settings(max_examples=400)
@given(mutated())
def test_f51_a_mutated_file_gets_a_verdict(content: bytes) -> None:
    """With findings where it is not accepted, and pages where it is."""
    judgement = look(content, TIGHT)
    assert judgement.findings or judgement.pages
    assert judgement.size == len(content)
    assert all(finding.text for finding in judgement.findings)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=mutated() | BYTES.map(rejoined))
def test_f51_the_process_says_what_the_checks_say(judge: PdfJudge, content: bytes) -> None:
    """Across the connection, one file after another; no file ends it."""
    told = judge.judge(content)
    assert told == look(content)
    assert {finding.code for finding in told.findings}.isdisjoint({"took_too_long", "checker_stopped"})


@given(BYTES)
def test_any_bytes_are_parsed_to_their_end(content: bytes) -> None:
    """Each call goes on, so that a loop over keywords ends."""
    parser = Parser(Budget(TIGHT))
    at = 0
    try:
        while at < len(content):
            parsed = parser.parse(content, at)
            assert parsed.end > at or not parsed.keyword
            if not parsed.keyword:
                return
            at = parsed.end
    except Stopped:
        pytest.fail("these are too few bytes to exceed a limit")
