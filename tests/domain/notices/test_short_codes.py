"""Short codes: read once, checked when saved, safe whatever the values hold (R-81)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.notices import SHORT_CODES, Trigger, codes_in, render_body, render_subject
from certcore.domain.notices.short_codes import check_codes, codes_for, one_line, some_lines
from certcore.errors import UnknownShortCode

codes = st.sampled_from(sorted(SHORT_CODES))


@pytest.mark.parametrize(
    ("text", "values", "rendered"),
    [
        ("Hello [first_name]!", {"first_name": "Ana"}, "Hello Ana!"),
        ("[[first_name] is [first_name]", {"first_name": "Ana"}, "[first_name] is Ana"),
        ("[[[first_name]]", {"first_name": "Ana"}, "[Ana]"),
        ("[first_name]", {"first_name": "[last_name]", "last_name": "Ray"}, "[last_name]"),
        ("[first_name][last_name]", {"first_name": "[last", "last_name": "_name]"}, "[last_name]"),
        ("[first_name]", {"first_name": r"\1 \g<0> {0} %s {{ 7*7 }}"}, r"\1 \g<0> {0} %s {{ 7*7 }}"),
        ("no codes ] here", {}, "no codes ] here"),
    ],
)
def test_codes_stand_for_their_values(text: str, values: dict[str, str], rendered: str) -> None:
    """In one pass: nothing in a value is read again."""
    assert render_body(text, values) == render_subject(text, values) == rendered


def test_a_line_whose_codes_all_have_no_value_is_left_out() -> None:
    """Where others have one, a dash stands; a subject is never left out."""
    text = "Number: [number]\nScore: [score]\n\nFrom [issued_on] to [expires_on]\nBye"
    values = {"number": "N", "issued_on": "today", "score": ""}
    assert render_body(text, values) == "Number: N\n\nFrom today to \u2013\nBye"
    assert render_subject("[score]", values) == "\u2013"


def test_a_subject_is_one_line() -> None:
    """No value can begin another header."""
    hostile = "Ana\r\nBcc: eve@example.org\n\nBody\u2028x\x85y\x00z"
    assert render_subject("Hi [first_name]", {"first_name": hostile}) == "Hi Ana Bcc: eve@example.org Body x y z"
    assert len(render_subject("[first_name]", {"first_name": "x" * 300})) == 255


@given(st.text(), st.dictionaries(codes, st.text()))
def test_whatever_the_text_and_values_something_is_rendered(text: str, values: dict[str, str]) -> None:
    """A subject has one line of at most 255 characters."""
    render_body(text, values)
    subject = render_subject(text, values)
    assert len(subject) <= 255
    assert len(subject.splitlines()) <= 1


@given(st.lists(st.one_of(codes.map(lambda code: f"[{code}]"), st.sampled_from(["[[", "]", " and "]))))
def test_every_code_of_a_text_is_found(parts: list[str]) -> None:
    """So that none is left to fail when it is sent: what `codes_in` says is all that is looked up."""
    text = "".join(parts)
    asked: list[str] = []

    class Values(dict[str, str]):
        def get(self, key: str, default: object = None) -> str:
            assert default is None
            asked.append(key)
            return "x"

    render_subject(text, Values())
    assert set(asked) == set(codes_in(text))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[frist_name]", "frist_name"),
        ("[First_Name]", "First_Name"),
        ("[first name]", "first name"),
        ("[]", ""),
        ("a [ b", "["),
        ("[first_name", "["),
        ("[a\nb]", "["),
    ],
)
def test_what_is_no_code_is_an_error_that_names_it(text: str, named: str) -> None:
    """R-81: when it is saved, with the codes that there are."""
    with pytest.raises(UnknownShortCode, match=r"write \[\[ for a bracket, or use one of first_name") as caught:
        check_codes("mine", codes_in(text))
    assert caught.value.short_code == named


def test_a_code_without_a_value_for_the_trigger_is_an_error() -> None:
    """R-81: no import has a first invalid day."""
    check_codes("mine", ("rows", "first_name"), Trigger.IMPORT_FINISHED)
    with pytest.raises(UnknownShortCode, match="when a rule tells of import_finished") as caught:
        check_codes("mine", ("expires_on",), Trigger.IMPORT_FINISHED)
    assert set(caught.value.known) == set(codes_for(Trigger.IMPORT_FINISHED))


def test_every_code_is_described() -> None:
    """And has a value for some trigger."""
    assert all(code.description and code.triggers for code in SHORT_CODES.values())
    assert all(codes_in(f"[{name}]") == (name,) for name in SHORT_CODES)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("Ana\nRay", "Ana Ray"),
        ("Ana\r\n\r\nRay", "Ana Ray"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\u2066b\u2069", "ab"),
        ("\x00\x1b[31m", " [31m"),
        ("محمد", "محمد"),
        ("אָדָה", "אָדָה"),
        ("👩🏽\u200d🚀", "👩🏽\u200d🚀"),
        ("\ud800", " "),
    ],
)
def test_values_are_one_line_in_the_direction_they_are_written(value: str, line: str) -> None:
    """Scripts from right to left stay as they are; overrides of direction, controls and line breaks do not."""
    assert one_line(value) == line


def test_a_comment_keeps_its_lines() -> None:
    """And nothing else that is no text."""
    assert some_lines("One\r\ntwo\rthree\x00\u202e") == "One\ntwo\nthree "


def test_the_page_shows_the_codes() -> None:
    """R-81: docs/how-to/notices.md says what the code does; on a difference, copy what is wanted into the page."""
    rows = [f"| `[{each.name}]` | {each.description} | {each.told_of} |" for each in SHORT_CODES.values()]
    wanted = "\n".join(["| short code | stands for | in messages about |", "| --- | --- | --- |", *rows])
    page = Path(__file__).parents[3] / "docs" / "how-to" / "notices.md"
    assert wanted in page.read_text(encoding="utf-8"), f"the page wants this:\n{wanted}"
