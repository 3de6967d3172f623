"""What documents print, and what a template shows of it (R-100)."""

from datetime import date
from decimal import Decimal

import pytest
from attrs import evolve

from certcore.domain.awards import Details, EndReason
from certcore.domain.certifications import Print
from certcore.domain.documents import WORDS, DocumentTemplate, Fact, document_data, facts_of, printout
from certcore.errors import InvalidValue, Withdrawn
from certcore.testing.builders import ended, make_award, make_certification

PRINT = Print(1, 1, "First aid", "Line one\nline two")
AWARD = make_award(make_certification(), details=Details(score=Decimal("92.50"), completed_on=date(2026, 1, 2)))


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Ada \u202e4202-niw\u202c", "Ada 4202-niw"),
        ("\u200fAda\u2067", "Ada"),
        ("  Ada  ", "Ada"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("{{7*7}} #panic()", "{{7*7}} #panic()"),
    ],
)
def test_marks_that_turn_text_round_are_left_out_and_all_else_is_as_it_was(name: str, printed: str) -> None:
    assert printout(evolve(AWARD, learner_name=name), PRINT, None).learner_name == printed


@pytest.mark.parametrize("reason", [EndReason.REVOKED, EndReason.UNASSIGNED, EndReason.UNDONE])
def test_what_was_taken_away_is_not_printed(reason: EndReason) -> None:
    """R-33, R-61; what was renewed or is past was held, and is."""
    with pytest.raises(Withdrawn, match=AWARD.number):
        printout(ended(AWARD, reason), PRINT, None)
    assert printout(ended(AWARD), PRINT, None).number == AWARD.number


def test_a_template_switches_facts_on_and_off() -> None:
    """R-100: labels and values in order, days in the template's language; what is not there is not shown."""
    printed = evolve(printout(AWARD, PRINT, None), issued_on=date(2026, 3, 1), last_valid_day=date(2027, 2, 28))
    full = DocumentTemplate(score=True, completed_on=True, language="it-CH")
    assert facts_of(printed, full) == [
        Fact("Rilasciato il", "1 marzo 2026"),
        Fact("Valido fino al", "28 febbraio 2027"),
        Fact("Completato il", "2 gennaio 2026"),
        Fact("Punteggio", "92.5"),
        Fact("Numero", AWARD.number),
    ]
    bare = DocumentTemplate(expiry=False, number=False)
    assert facts_of(printed, bare) == [Fact("Issued on", "March 1, 2026")]
    for_ever = facts_of(evolve(printed, last_valid_day=None, score=None), DocumentTemplate(score=True))
    assert [each.value for each in for_ever] == ["March 1, 2026", "does not expire", AWARD.number]


def test_words_are_the_templates_own_then_those_of_its_language_then_english() -> None:
    assert DocumentTemplate(language="de", words={"number": "Nr."}).wording == {**WORDS["de"], "number": "Nr."}
    assert DocumentTemplate(language="tlh").wording == WORDS["en"]
    assert {frozenset(each) for each in WORDS.values()} == {frozenset(WORDS["en"])}


def test_a_style_gets_no_link_where_the_code_is_switched_off() -> None:
    printed = printout(AWARD, PRINT, "https://lms.example/verify/x")
    assert document_data(printed, DocumentTemplate())["verify_link"] == "https://lms.example/verify/x"
    assert document_data(printed, DocumentTemplate(qr=False))["verify_link"] is None


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"accent": "red"}, "accent"),
        ({"accent": "#FFFFFF"}, "accent"),
        ({"accent": '#000000")'}, "accent"),
        ({"accent": 7}, "accent"),
        ({"words": {"numbre": "x"}}, "words"),
        ({"style": ""}, "style"),
        ({"language": "en\n"}, "language"),
        ({"issuer": "x" * 256}, "issuer"),
    ],
)
def test_a_template_that_says_something_impossible_is_refused(parts: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        DocumentTemplate(**parts)  # type: ignore[arg-type]
    assert refusal.value.field == named
