"""What is said of uploaded files: findings, verdicts, limits, names of documents."""

import io
import re
import string
from typing import Any

import pytest

from certcore.domain.files import SENTENCES, WARNINGS, DocumentRef, FileJudgement, FileLimits, Finding, Verdict
from certcore.errors import FileRefused, InvalidValue

SCRIPT, EMPTY = Finding("script"), Finding("empty")


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], Verdict.ACCEPT),
        ([SCRIPT], Verdict.FLAG),
        ([EMPTY], Verdict.REJECT),
        ([SCRIPT, EMPTY], Verdict.REJECT),
        ([EMPTY, SCRIPT], Verdict.REJECT),
    ],
)
def test_the_worst_finding_decides(findings: list[Finding], verdict: Verdict) -> None:
    """R-71: accepted without any."""
    assert FileJudgement.of(b"", findings).verdict is verdict


def test_a_finding_is_told_once() -> None:
    """The same code with other parameters is another finding."""
    links = [Finding("unusual_link", {"scheme": scheme}) for scheme in ("file", "data", "file")]
    assert FileJudgement.of(b"", links).findings == (links[0], links[1])


def test_a_judgement_knows_its_bytes() -> None:
    """By their SHA-256 and number."""
    judgement = FileJudgement.of(b"abc", [], 2)
    assert judgement.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (judgement.size, judgement.pages) == (3, 2)


@pytest.mark.parametrize("code", SENTENCES)
def test_every_finding_says_what_to_do(code: str) -> None:
    """R-71: one sentence, in which every parameter has a place."""
    names = [name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name]
    finding = Finding(code, dict.fromkeys(names, "SHOWN"))
    assert finding.text.count("SHOWN") == len(names)
    assert re.fullmatch(r"[A-Z][^\n{}]+[;,] [^\n{}]+\.", finding.text)
    assert finding.to_data() == {"code": code, "params": dict(finding.params), "text": finding.text}
    assert (finding.verdict is Verdict.FLAG) == (code in WARNINGS) == ("reviewer" in finding.text)


def test_warnings_are_codes_that_exist() -> None:
    """None is left over from a code that was renamed."""
    assert set(SENTENCES) > WARNINGS


def test_an_unknown_code_is_refused() -> None:
    """It would have no sentence."""
    with pytest.raises(InvalidValue):
        Finding("looks_odd")


def test_a_refused_file_raises_with_its_reasons() -> None:
    """R-73: a file with a warning is refused only where nobody would look at it."""
    FileJudgement.of(b"", []).check(held=False)
    held = FileJudgement.of(b"", [SCRIPT])
    held.check(held=True)
    with pytest.raises(FileRefused) as caught:
        held.check(held=False)
    assert caught.value.codes == ("script",)
    for may_be_held in (True, False):
        with pytest.raises(FileRefused) as caught:
            FileJudgement.of(b"", [SCRIPT, EMPTY]).check(held=may_be_held)
        assert caught.value.codes == ("script", "empty")
        assert str(caught.value) == f"the file was not taken: {SCRIPT.text} {EMPTY.text}"


class Drip(io.RawIOBase):
    """Endless zeros, at most three at a time; it counts what it gave."""

    given = 0

    def read(self, size: int = -1) -> bytes:
        self.given += min(size, 3)
        return b"\0" * min(size, 3)


def test_an_endless_upload_is_read_just_far_enough() -> None:
    """R-71: one byte more than allowed shows that it is too large."""
    endless: Any = Drip()
    assert len(FileLimits(size=1000).read(endless)) == endless.given == 1001


def test_a_stream_that_gives_more_than_is_asked_for_does_not_keep_us() -> None:
    """It is over when there is enough, whatever `read` thinks of its argument."""

    class Gushing:
        def read(self, _wanted: int = -1) -> bytes:
            return b"%PDF" * 1_000

    assert len(FileLimits(size=1000).read(Gushing())) == 4_000  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 5000])
def test_an_upload_is_read_whole_when_it_may_be(size: int) -> None:
    """Empty, just small enough, just too large, much too large."""
    assert len(FileLimits(size=1000).read(io.BytesIO(bytes(size)))) == min(size, 1001)


@pytest.mark.parametrize("name", ["size", "pages", "parts", "pixels", "inflated", "depth", "seconds", "memory"])
@pytest.mark.parametrize("value", [0, -1])
def test_limits_allow_something(name: str, value: int) -> None:
    """A limit of nothing is a mistake."""
    with pytest.raises(InvalidValue, match=name):
        FileLimits(**{name: value})


@pytest.mark.parametrize("holder", [-1, 2**63])
def test_a_holder_is_an_id(holder: int) -> None:
    """One that every storage can keep."""
    with pytest.raises(InvalidValue):
        DocumentRef("0" * 64, holder)
