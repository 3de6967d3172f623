"""Templates: languages, and the words that certcore brings along (R-81)."""

import pytest

from certcore.domain.notices import Template, Text, When, codes_in
from certcore.domain.notices.defaults import DEFAULT_TEMPLATES
from certcore.domain.notices.rules import default_template
from certcore.domain.notices.short_codes import check_codes
from certcore.errors import InvalidValue
from tests.domain.notices.test_rules import OTHERS

ENGLISH = Text("Hello [first_name]", "Expires on [expires_on]")
PORTUGUESE = Text("Olá [first_name]", "Expira em [expires_on]")
BRAZILIAN = Text("Oi [first_name]", "Expira em [expires_on]")


@pytest.mark.parametrize(
    ("reads", "gets"),
    [
        ("pt-BR", "pt-BR"),
        ("PT_br", "pt-BR"),
        ("pt-PT", "pt"),
        ("pt", "pt"),
        ("pt-BR-abl1943", "pt-BR"),
        ("it", "en"),
        ("", "en"),
        (None, "en"),
        ("%s", "en"),
    ],
)
def test_readers_get_the_nearest_language(reads: str | None, gets: str) -> None:
    """R-81: else the one that the template is in first of all."""
    template = Template("mine", {"EN": ENGLISH, "pt": PORTUGUESE, "pt_BR": BRAZILIAN})
    language, text = template.in_language(reads)
    assert language == gets
    assert text is {"en": ENGLISH, "pt": PORTUGUESE, "pt-BR": BRAZILIAN}[gets]


def test_the_first_language_need_not_be_english() -> None:
    """It is one that there is a text in."""
    assert Template("mine", {"pt": PORTUGUESE}, "pt").in_language("ja")[0] == "pt"
    with pytest.raises(InvalidValue, match="one of those that there is a text in: pt"):
        Template("mine", {"pt": PORTUGUESE})
    with pytest.raises(InvalidValue):
        Template("mine", {})


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("", "x"),
        ("a\nb", "x"),
        ("a\rb", "x"),
        ("a", " "),
        ("a" * 256, "x"),
        ("a", "x" * 20_001),
        ("a", "\x00"),
        ("a", 3),
    ],
)
def test_texts_that_no_message_can_have_are_refused(subject: str, body: str) -> None:
    """A subject is a line of at most 255 characters, a body at most 20,000."""
    with pytest.raises(InvalidValue):
        Text(subject, body)


def test_templates_come_back_from_their_data() -> None:
    """As they are stored."""
    template = Template("mine", {"pt": PORTUGUESE, "en": ENGLISH}, "pt", "jinja")
    assert Template.from_data("mine", template.to_data()) == template


@pytest.mark.parametrize("when", [*OTHERS, "1 day before", "expired", "1 day after"])
def test_every_moment_has_words_of_certcores_own(when: str) -> None:
    """With codes that have a value for it."""
    asked = When.parse(when)
    text = DEFAULT_TEMPLATES[default_template(asked)].texts["en"]
    check_codes("default", codes_in(f"{text.subject}\n{text.body}"), asked.trigger)
