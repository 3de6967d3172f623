"""Values come out as PDF's syntax has them."""

from typing import Any

import pytest

from certcore.adapters.pdf_judge.budget import Budget
from certcore.adapters.pdf_judge.tokens import Parser, Ref
from tests.adapters.pdf_judge.judging import LIMITS


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b"12", 12),
        (b"+12", 12),
        (b"-0", 0),
        (b"1.5", 0.0),
        (b"-.5", 0.0),
        (b"true", True),
        (b"null", None),
        (b"/Name", "Name"),
        (b"/", ""),
        (b"/A#42#zz", "AB#zz"),
        (b"(a(b)c)", b"a(b)c"),
        (b"(\\(\\101\\7\\n\\\r\nx\\q\\\\)", b"(A\7\nxq\\"),
        (b"(\\400)", b"\0"),
        (b"(open", b"open"),
        (b"(open\\", b"open\\"),
        (b"<4 1\n4>", b"A@"),
        (b"<>", b""),
        (b"<41", b"A"),
        (b"[1 [2 3] 4 0 R]", [1, [2, 3], Ref(4, 0)]),
        (b"[0 R 1 R]", [0, None, 1, None]),
        (b"[1 1 0 R 0 R]", [1, Ref(1, 0), 0, None]),
        (b"<</A 1/B[/C]/D<</E 2 0 R>>>>", {"A": 1, "B": ["C"], "D": {"E": Ref(2, 0)}}),
        (b"<</A/B/C>>", {"A": "B", "C": None}),
        (b"<</A 1/A 2>>", {"A": 2}),
        (b"<<1 2/A 3>>", {"A": 3}),
        (b"<</A [1 2", {"A": [1, 2]}),
        (b"%c\n[%]\r1%\n]", [1]),
        (b"{/A}", "A"),
    ],
)
def test_a_value_is_read(written: bytes, value: Any) -> None:
    """Whole ones, and what is left of broken ones; the size of a real number is of no interest."""
    parser = Parser(Budget(LIMITS))
    assert parser.parse(written, 0).values == [value]


def test_reading_ends_at_a_keyword() -> None:
    """It is named, with the place behind it."""
    parsed = Parser(Budget(LIMITS)).parse(b"x 1 <</A endobj>> 2 endobj 3", 1)
    assert parsed == ([1, {"A": None}, 2], b"endobj", 27 - 1)


@pytest.mark.parametrize(("written", "value"), [(b"5 6 7", 5), (b"5 0 R 7", Ref(5, 0)), (b"[1] [2]", [1]), (b"5", 5)])
def test_one_value_is_read_alone(written: bytes, value: Any) -> None:
    """What follows it is another object's."""
    assert Parser(Budget(LIMITS)).parse(written, 0, one=True).values[0] == value


def test_everything_that_was_seen_is_kept() -> None:
    """Dictionaries within dictionaries, both values of a key, names of all kinds."""
    parser = Parser(Budget(LIMITS))
    parser.parse(b"[<</A<</B 1>>/A/C>>] /D", 0)
    assert parser.dictionaries == [{"B": 1}, {"A": {"B": 1}}, {"A": "C"}]
    assert parser.names == {"A", "B", "C", "D"}
