"""Uploads are taken only when judge and scanner both said so."""

import io
import time
from threading import Event

import pytest

from certcore.domain.files import FileJudgement, FileLimits, Finding, Verdict
from certcore.ports import FileJudge, FileScanner
from certcore.services.examining import Examiner


class Judge(FileJudge):
    """Finds what it is told to, or raises it."""

    limits = FileLimits(size=10)

    def __init__(self, *found: Finding | Exception) -> None:
        self.found = found

    def judge(self, content: bytes) -> FileJudgement:
        for each in self.found:
            if isinstance(each, Exception):
                raise each
        return FileJudgement.of(content, [each for each in self.found if isinstance(each, Finding)], 3)


class Scanner(FileScanner):
    """Answers what it is told to, or raises it; notes what it was asked."""

    def __init__(self, answer: object = None) -> None:
        self.answer = answer
        self.asked: list[bytes] = []

    def scan(self, content: bytes) -> str | None:
        self.asked.append(content)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[return-value]


class Hanging(FileScanner):
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.go = Event()

    def scan(self, content: bytes) -> str | None:  # noqa: ARG002
        self.go.wait(60)
        return None


def codes(judgement: FileJudgement) -> list[str]:
    return [finding.code for finding in judgement.findings]


def test_a_clean_file_is_taken() -> None:
    """The judge's answer stands, its pages and warnings too."""
    assert Examiner(Judge(), Scanner()).examine(b"x") == FileJudgement.of(b"x", [], 3)
    assert codes(Examiner(Judge(Finding("script")), Scanner()).examine(b"x")) == ["script"]
    assert Examiner(Judge()).examine(b"x").verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Eicar-Signature", "infected"),
        ("", "infected"),
        (False, "scanner_failed"),
        (True, "scanner_failed"),
        (b"", "scanner_failed"),
        (RuntimeError("no connection"), "scanner_failed"),
        (SystemExit(0), "scanner_failed"),
        (MemoryError(), "scanner_failed"),
    ],
    ids=repr,
)
def test_f54_only_a_scanner_that_says_clean_lets_a_file_through(answer: object, code: str) -> None:
    """Infected, raising or answering nonsense: refused, also when the judge only warned."""
    for judge in (Judge(), Judge(Finding("script"))):
        judgement = Examiner(judge, Scanner(answer)).examine(b"x")
        assert judgement.verdict is Verdict.REJECT
        assert codes(judgement)[0] == code


def test_f54_a_hostile_name_is_shown_short_and_plain() -> None:
    """What a scanner calls it may come from the file."""
    text = Examiner(Judge(), Scanner("\x1b[31m\u202eevil\r\n" * 1000)).examine(b"x").findings[0].text
    assert text.isprintable()
    assert len(text) < 250


def test_f54_a_scanner_that_hangs_is_not_waited_for() -> None:
    """The file is refused in time, and so are those behind it when all its threads hang."""
    scanner = Hanging()
    examiner = Examiner(Judge(), scanner, seconds=0.05, at_once=2)
    began = time.monotonic()
    try:
        assert [codes(examiner.examine(b"x")) for _ in range(4)] == [["scanner_failed"]] * 4
        assert time.monotonic() - began < 30
    finally:
        scanner.go.set()


def test_f54_a_scanner_that_recovers_is_asked_again() -> None:
    """Threads that end make room."""
    scanner = Hanging()
    examiner = Examiner(Judge(), scanner, seconds=0.05, at_once=1)
    assert codes(examiner.examine(b"x")) == ["scanner_failed"]
    scanner.go.set()
    patient = 600
    while codes(examiner.examine(b"x")) and (patient := patient - 1):
        time.sleep(0.05)
    assert patient


def test_what_the_judge_refuses_is_not_scanned() -> None:
    """R-71: a bomb need not reach the scanner."""
    scanner = Scanner()
    assert codes(Examiner(Judge(Finding("inflates_too_far", {"bytes": 1})), scanner).examine(b"x")) == [
        "inflates_too_far"
    ]
    assert scanner.asked == []


def test_f54_a_judge_that_raises_refuses() -> None:
    """Nothing is stored because a check broke."""
    assert codes(Examiner(Judge(OSError("no process")), Scanner()).examine(b"x")) == ["checker_failed"]


def test_an_upload_is_read_no_further_than_its_size_needs() -> None:
    """R-71: one byte more than allowed."""
    content, judgement = Examiner(Judge()).read(io.BytesIO(bytes(100)))
    assert len(content) == judgement.size == 11
