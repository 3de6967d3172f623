"""Language tags and the dates people write."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.languages import language_tag, nearest_tags, written_date
from certcore.errors import InvalidValue

MARCH = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "March 1, 2026"),
        ("en-GB", "1 March 2026"),
        ("de", "1. März 2026"),
        ("de-AT", "1. März 2026"),
        ("it", "1 marzo 2026"),
        ("pt", "1 de março de 2026"),
        ("pt_BR", "1 de março de 2026"),
        ("fr", "1 mars 2026"),
        ("tr", "1 Mart 2026"),
        ("cs", "1. března 2026"),
        ("he", "1 במרץ 2026"),
        ("ja", "2026年3月1日"),
        ("zh-Hans-CN", "2026年3月1日"),
        ("no", "1. mars 2026"),
        ("mt", "2026-03-01"),
        ("", "2026-03-01"),
        ("../../etc", "2026-03-01"),
    ],
)
def test_dates_are_written_as_in_the_language(language: str, written: str) -> None:
    """As CLDR has its long dates without weekday; what is not known gets ISO 8601."""
    assert written_date(MARCH, language) == written


@given(st.dates(), st.text(max_size=12))
def test_whatever_the_language_a_date_is_written(day: date, language: str) -> None:
    """No text from a directory stops a message."""
    assert str(day.year) in written_date(day, language)


@pytest.mark.parametrize(
    ("given", "tag"), [("PT_br", "pt-BR"), ("EN", "en"), ("zh-hant-tw", "zh-Hant-TW"), ("sl-ROZAJ", "sl-rozaj")]
)
def test_tags_have_one_spelling(given: str, tag: str) -> None:
    """Case and underscores are forgiven."""
    assert language_tag(given) == tag


@pytest.mark.parametrize("text", ["", "e", "english language", "en-", "en\n", "1en", None])
def test_what_is_no_tag_is_refused(text: str) -> None:
    """With a typed error; a reader whose language is no tag has none."""
    with pytest.raises(InvalidValue):
        language_tag(text)
    assert list(nearest_tags(text)) == []


def test_the_nearest_language_comes_first() -> None:
    """From the whole tag to its first part."""
    assert list(nearest_tags("zh_Hant_TW")) == ["zh-Hant-TW", "zh-Hant", "zh"]
