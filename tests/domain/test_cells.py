"""The cells of an import file: what each takes, and that a refusal says how to mend it."""

import json
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certcore.domain.cells import (
    EXPIRES,
    ISSUED,
    KINDS,
    REQUIRED,
    SENTENCES,
    CellOptions,
    Problem,
    Terms,
    all_plain,
    read_code,
    read_date,
    read_flag,
    read_kind,
    read_terms,
    read_username,
    username_key,
)

PLAIN = CellOptions()
GOOD = {"issued": "2024-01-31", "always_valid": "false", "expires": "2025-01-31", "kind": "course", "code": "C-1"}
ANY_TEXT = st.text() | st.text("0123456789-/. :", max_size=12) | st.sampled_from(["", "true", "false", *KINDS])


def terms(options: CellOptions = PLAIN, **cells: Any) -> Terms | tuple[Problem, ...]:
    return read_terms(**{**GOOD, **cells}, options=options)


def codes(answer: object) -> list[tuple[str | None, str]]:
    assert isinstance(answer, tuple)
    return [(problem.column, problem.code) for problem in answer]


def refused(answer: object) -> Problem:
    assert isinstance(answer, Problem)
    return answer


def test_f09_every_date_string_of_the_cases_is_judged_as_they_say(cases: Path) -> None:
    """Only YYYY-MM-DD in ASCII digits is a date; spaces around it, which the cases leave open, are refused."""
    for case in json.loads((cases / "csv" / "date_strings.json").read_text(encoding="utf-8"))["cases"]:
        assert isinstance(read_date(case["text"], ISSUED), date) == bool(case["ok"]), case


@pytest.mark.parametrize("text", ["1900-01-01", "2000-02-29", "2021-11-18", "2566-01-31", "9999-12-31"])
def test_a_date_is_read_as_it_stands(text: str) -> None:
    """A real date in the years 1900 to 9999 is that date."""
    assert read_date(text, ISSUED) == date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("", "blank_cell", None),
        ("  ", "blank_cell", None),
        ("2023-02-29", "impossible_date", None),
        ("2024-00-10", "impossible_date", None),
        ("1899-12-31", "year_out_of_range", None),
        ("0000-00-00", "year_out_of_range", None),
        ("07/04/2021", "spreadsheet_date", None),
        ("04/04/2021", "spreadsheet_date", "2021-04-04"),
        ("01/31/2024", "spreadsheet_date", "2024-01-31"),
        ("31/01/2024", "spreadsheet_date", "2024-01-31"),
        ("31.1.2024", "spreadsheet_date", "2024-01-31"),
        ("31-01-2024", "spreadsheet_date", "2024-01-31"),
        ("2/30/2024", "spreadsheet_date", None),
        ("1/31/2024 0:00", "spreadsheet_date", "2024-01-31"),
        ("1/31/2024 12:00 AM", "spreadsheet_date", "2024-01-31"),
        ("01/31/24", "spreadsheet_date", None),
        ("31-Jan-2024", "spreadsheet_date", "2024-01-31"),
        ("31-Jan-24", "spreadsheet_date", None),
        ("2024/1/31", "spreadsheet_date", "2024-01-31"),
        ("2024.01.31", "spreadsheet_date", "2024-01-31"),
        ("44518", "spreadsheet_serial", "2021-11-18"),
        ("44518.5", "spreadsheet_serial", "2021-11-18"),
        ("2958465", "spreadsheet_serial", "9999-12-31"),
        ("2958466", "not_a_date", None),
        ("00000", "not_a_date", None),
        ("2024-01-31 00:00:00", "date_with_time", "2024-01-31"),
        ("2021-11-18T00:00", "date_with_time", "2021-11-18"),
        ("2021-11-18T00:00:00+02:00", "date_with_time", "2021-11-18"),
        ("2021-1-8", "not_a_date", "2021-01-08"),
        (" 2024-01-31", "not_a_date", "2024-01-31"),
        ("2021-13-8", "not_a_date", None),
        ("20211118", "not_a_date", None),
        ("2021-W46-4", "not_a_date", None),
        ("31-Foo-2024", "not_a_date", None),
        ("2024", "not_a_date", None),
        ("now", "not_a_date", None),
        ("٢٠٢١-١١-١٨", "not_a_date", None),
        ("2024-01-31\n", "not_a_date", "2024-01-31"),
    ],
)
def test_f09_other_spellings_are_refused_and_the_day_named_where_only_one_can_be_meant(
    text: str, code: str, named: str | None
) -> None:
    """No spelling is converted; the ISO date is named when both orders of day and month give one real date."""
    problem = refused(read_date(text, EXPIRES))
    assert (problem.column, problem.value, problem.code, problem.params.get("iso")) == (EXPIRES, text, code, named)
    assert named is None or f"Write {named}" in problem.message


def test_the_advice_for_a_date_says_that_a_spreadsheet_reformatted_it() -> None:
    """07/04/2021 gets the spreadsheet advice and the form that is wanted (R-42)."""
    assert refused(read_date("07/04/2021", ISSUED)).message == (
        "'07/04/2021' is a date as a spreadsheet reformats it: format the column as text there. "
        "Write it as YYYY-MM-DD, such as 2024-01-31."
    )


@pytest.mark.parametrize(
    ("text", "flag"),
    [("1", True), ("0", False), ("true", True), ("False", False), ("TRUE", True), ("fAlSe", False)],
)
def test_f09_always_valid_takes_ones_zeros_and_truth_words_in_any_case(text: str, flag: bool) -> None:
    """1/0 and true/false are read in any case."""
    assert read_flag(text, PLAIN) is flag


@pytest.mark.parametrize("text", ["", "yes", "N", "on", "2", " true", "wahr", "\uff11", "True\u0307"])
def test_f09_other_truths_are_refused(text: str) -> None:
    """What is neither true nor false is an error that lists what is."""
    problem = refused(read_flag(text, PLAIN))
    assert problem.code == "unknown_flag"
    assert "write 1, 0, true, false" in problem.message


def test_yes_and_no_are_taken_behind_their_option() -> None:
    """With ``yes_no`` yes/no and y/n are read in any case, and the old spellings still are."""
    answers = [read_flag(text, CellOptions(yes_no=True)) for text in ("yes", "Y", "NO", "n", "1", "false")]
    assert answers == [True, True, False, False, True, False]


@pytest.mark.parametrize(("text", "kind"), list(KINDS.items()))
def test_types_are_read_in_their_spellings(text: str, kind: str) -> None:
    """The three types and their aliases are read; manual, course and learning_plan are what comes out."""
    assert read_kind(text, PLAIN) == kind
    assert kind in ("manual", "course", "learning_plan")


@pytest.mark.parametrize("text", ["", "COURSE", "external", " course", "Plan"])
def test_other_types_are_refused(text: str) -> None:
    """A type is not guessed from something like it."""
    assert refused(read_kind(text, PLAIN)).code == "unknown_type"


def test_aliases_of_types_are_the_callers() -> None:
    """A mapping of one's own replaces the spellings."""
    own = CellOptions(kinds={"Kurs": KINDS["course"]})
    assert read_kind("Kurs", own) == "course"
    assert "write one of Kurs." in refused(read_kind("course", own)).message


def test_a_row_becomes_terms() -> None:
    """A good combination of cells is one value with everything the row says."""
    assert terms() == Terms(date(2024, 1, 31), False, date(2025, 1, 31), KINDS["course"], "C-1")
    assert terms(always_valid="1", expires="", kind="manual", code="") == Terms(
        date(2024, 1, 31), True, None, KINDS["manual"], None
    )


def test_absent_columns_mean_as_it_is() -> None:
    """Without an expire or code column nothing is said about them, and nothing is missing."""
    answer = terms(expires=None, code=None)
    assert isinstance(answer, Terms)
    assert (answer.expires_on, answer.expires_given, answer.code, answer.code_given) == (None, False, None, False)
    assert not answer.derive_expiry


def test_an_expire_date_goes_with_false_and_only_with_false() -> None:
    """The expire date is required when always_valid is false and refused when it is true."""
    assert codes(terms(expires="")) == [(EXPIRES, "expiry_missing")]
    assert codes(terms(always_valid="true")) == [(EXPIRES, "expiry_not_allowed")]
    assert codes(terms(always_valid="true", expires="rubbish")) == [(EXPIRES, "expiry_not_allowed")]


def test_a_blank_expire_date_is_derived_behind_its_option() -> None:
    """With ``derive_expiry`` a blank date asks for the certification's validity, unless the award never expires."""
    derive = CellOptions(derive_expiry=True)
    derived, typed, never = terms(derive, expires=""), terms(derive), terms(derive, always_valid="1", expires="")
    assert [isinstance(each, Terms) and each.derive_expiry for each in (derived, typed, never)] == [True, False, False]


def test_a_code_goes_with_courses_and_plans_and_only_with_them() -> None:
    """manual refuses a code, course and learning_plan require one."""
    assert codes(terms(kind="manual")) == [("code", "code_not_allowed")]
    assert codes(terms(kind="lp", code="")) == [("code", "code_missing")]
    assert codes(terms(code=" ")) == [("code", "code_missing")]


def test_all_problems_of_a_row_are_told_at_once() -> None:
    """Every bad cell is reported, not just the first; what depends on a bad cell is not guessed at."""
    assert codes(terms(issued="1/2/24", always_valid="?", expires="45322", kind="?", code="a\0")) == [
        (ISSUED, "spreadsheet_date"),
        ("always_valid", "unknown_flag"),
        (EXPIRES, "spreadsheet_serial"),
        ("type", "unknown_type"),
        ("code", "control_character"),
    ]
    assert codes(terms(always_valid="?", expires="", kind="?", code="")) == [
        ("always_valid", "unknown_flag"),
        ("type", "unknown_type"),
    ]


def test_f42_one_username_equality(cases: Path) -> None:
    """Two usernames are one learner when they are equal in NFC, apart from spaces around them."""
    for pair in json.loads((cases / "unicode_names.json").read_text(encoding="utf-8"))["pairs"]:
        a, b = pair["a"], pair["b"]
        spaced = (a, b) != (a.strip(), b.strip())
        assert (username_key(a) == username_key(b)) == (pair["equal_nfc"] or (spaced and a.strip() == b.strip())), pair


def test_usernames_are_trimmed_and_case_sensitive() -> None:
    """Spaces around a username fall away, its case counts."""
    assert read_username("\u00a0 Ana \u3000") == "Ana"
    assert username_key("Ana") != username_key("ana")


def test_codes_stand_as_they_are() -> None:
    """Leading zeros and spaces belong to a code; only its Unicode form is normalised."""
    assert [read_code(text) for text in ("0012", "00E5", " x", "E\u0301")] == ["0012", "00E5", " x", "\u00c9"]


@pytest.mark.parametrize("character", ["\0", "\n", "\t", "\x1f", "\x7f", "\x85", "\x9f", "\u2028", "\u2029", "\ud800"])
@pytest.mark.parametrize("read", [read_username, read_code])
def test_f42_characters_that_storages_do_not_keep_alike_are_refused(read: Any, character: str) -> None:
    """Controls, line separators and lone surrogates are refused wherever they stand, with the position."""
    problem = refused(read(f"an{character}a"))
    assert (problem.code, problem.params["position"]) == ("control_character", 3)
    assert f"U+{ord(character):04X}" in problem.message
    assert refused(read(f"ana{character}")).code == "control_character"


def test_f42_long_and_blank_texts_are_refused() -> None:
    """A text has 1 to 255 characters that count; composed characters count once."""
    assert refused(read_username("n" * 256)).params == {"length": 256, "limit": 255}
    assert read_username("  " + "e\u0301" * 255) == "\u00e9" * 255
    assert [refused(read(text)).code for read in (read_username, read_code) for text in ("", " ")] == ["blank_cell"] * 4


def test_every_code_has_a_sentence_that_its_parameters_fill() -> None:
    """Every sentence is one line that ends, and needs only column, value and its own parameters."""
    for code, sentence in SENTENCES.items():
        names = {name for _, name, _, _ in Formatter().parse(sentence) if name} - {"column", "value"}
        message = Problem("username", "a{b}\n", code, dict.fromkeys(names, "x.")).message
        assert message.endswith("."), code
        assert "\n" not in message, code
        assert "{" not in message.replace("a{b}", ""), code


def test_lists_and_long_values_are_shortened_in_sentences() -> None:
    """A message stays short however many lines or characters it is about; the data stays whole."""
    problem = Problem("username", "x" * 9_999, "duplicate_row", {"lines": list(range(2, 1_000))})
    assert "line 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 988 more" in problem.message
    assert len(Problem("username", "x" * 9_999, "unknown_user").message) < 200


@given(st.lists(ANY_TEXT, max_size=5))
def test_a_whole_column_found_plain_needs_no_second_look(texts: list[str]) -> None:
    """What `all_plain` passes, `read_username` and `read_code` give back unchanged."""
    if all_plain(texts):
        assert [read_username(text) for text in texts] == texts == [read_code(text) for text in texts]


def test_plain_columns_are_found() -> None:
    """Ordinary usernames pass; spaces, blanks, other scripts and long ones are looked at one by one."""
    assert all_plain(["ada", "a.b@c", "0012"])
    assert not any(all_plain(["ada", text]) for text in ("", "a b", "zo\u00eb", "a\n", "n" * 256))


@given(ANY_TEXT)
def test_usernames_have_one_key(text: str) -> None:
    """The key of a key is the key."""
    assert username_key(username_key(text)) == username_key(text)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT | st.none(), ANY_TEXT, ANY_TEXT | st.none(), st.booleans())
@example("0000-00-00", "1", "99/99/9999", "lp", "\ud800", True)
def test_any_cells_are_terms_or_problems_with_a_message(
    issued: str, always_valid: str, expires: str | None, kind: str, code: str | None, option: bool
) -> None:
    """No text whatever raises; every problem names its column, keeps the value and has a sentence."""
    answer = read_terms(issued, always_valid, expires, kind, code, CellOptions(yes_no=option, derive_expiry=option))
    if isinstance(answer, Terms):
        assert answer.always_valid <= (answer.expires_on is None)
    else:
        assert answer
        assert all(problem.message and problem.column in (*REQUIRED, EXPIRES, "code") for problem in answer)
