"""The book of rules and templates: checked as a whole whenever something changes (R-80, R-81)."""

from typing import Any

import pytest

from certcore.domain.history import canonical
from certcore.domain.notices import NoticeBook, Template, Text, Trigger, When
from certcore.domain.notices.book import MOST
from certcore.domain.notices.defaults import DEFAULT_TEMPLATES
from certcore.errors import CorruptRecord, InvalidValue, NotFound, UnknownShortCode
from tests.domain.notices.test_rules import LATER, NOW, rule

EMPTY = NoticeBook()


def words(body: str, subject: str = "Hello", **changes: Any) -> Template:
    return Template(**{"code": "mine", "texts": {"en": Text(subject, body)}, **changes})


def test_a_rule_goes_on_where_it_was() -> None:
    """R-80: saved again it is the same rule; changed it is as new."""
    book = EMPTY.with_rule(rule("a")).with_rule(rule("a", on_since=LATER, template="expired"))
    assert (book.rules["a"].on_since, book.rules["a"].template) == (NOW, "expired")
    assert book.with_rule(rule("a", "expired", on_since=LATER)).rules["a"].on_since == LATER


def test_a_rule_names_a_template_that_is_there() -> None:
    """One of certcore's, or of the platform's own."""
    with pytest.raises(NotFound):
        EMPTY.with_rule(rule(template="mine"))
    book = EMPTY.with_template(words("[days_left]")).with_rule(rule(template="mine"))
    assert book.templates["mine"].texts["en"].body == "[days_left]"
    assert set(book.templates) == {*DEFAULT_TEMPLATES, "mine"}


def test_codes_are_checked_when_the_template_is_saved() -> None:
    """R-81: in subject and body, of every language."""
    for template in (
        words("[expires]"),
        words("x", subject="[expires]"),
        words("x", texts={"en": Text("a", "b"), "it": Text("a", "[expires]")}),
    ):
        with pytest.raises(UnknownShortCode, match="'expires' is not known"):
            EMPTY.with_template(template)


def test_codes_without_a_value_are_an_error_for_template_and_rule() -> None:
    """R-81: whichever of the two is saved last."""
    book = EMPTY.with_template(words("[rows] rows"))
    with pytest.raises(UnknownShortCode, match="when a rule tells of expiry"):
        book.with_rule(rule(template="mine"))
    used = EMPTY.with_template(words("[number]")).with_rule(rule(template="mine"))
    with pytest.raises(UnknownShortCode, match="when a rule tells of expiry"):
        used.with_template(words("[rows] rows"))
    assert book.with_rule(rule("done", "import_finished", template="mine")).rules["done"].template == "mine"


def test_codes_of_another_engine_are_those_it_found() -> None:
    """The subject has short codes whatever the engine."""
    template = words("{{ expires }}", engine="jinja")
    EMPTY.with_template(template, {"mine": ("expires_on",)})
    with pytest.raises(UnknownShortCode):
        EMPTY.with_template(template, {"mine": ("expires",)})
    with pytest.raises(UnknownShortCode):
        EMPTY.with_template(words("{{ expires }}", subject="[expires]", engine="jinja"), {"mine": ()})


def test_a_template_of_certcores_can_be_replaced_and_comes_back() -> None:
    """Under its own code; rules that use it go on."""
    book = EMPTY.with_rule(rule()).with_template(words("Soon over", code="expiring"))
    expiring = When.parse("30 days before")
    assert book.template_of("expiring", expiring).texts["en"].body == "Soon over"
    again = book.without_template("expiring")
    assert again.template_of("expiring", expiring) is DEFAULT_TEMPLATES["expiring"]


def test_a_template_in_use_is_not_removed() -> None:
    """The rules that use it are named."""
    book = EMPTY.with_template(words("x")).with_rule(rule("a", template="mine")).with_rule(rule("b", template="mine"))
    with pytest.raises(InvalidValue, match="a, b must take another one first"):
        book.without_template("mine")
    freed = book.without_rule("a").with_rule(rule("b"))
    assert freed.without_template("mine").own_templates == {}
    for code in ("mine", "expiring"):
        with pytest.raises(NotFound):
            EMPTY.without_template(code)
    with pytest.raises(NotFound):
        EMPTY.without_rule("a")


def test_a_replaced_template_is_not_removed_from_rules_that_certcores_cannot_serve() -> None:
    """R-81: an import has no number."""
    book = EMPTY.with_template(words("[rows]", code="expiring"))
    book = book.with_rule(rule("done", "import_finished", template="expiring"))
    with pytest.raises(UnknownShortCode):
        book.without_template("expiring")


def test_messages_under_way_have_words_though_their_template_is_gone() -> None:
    """Those that certcore has for the moment."""
    assert EMPTY.template_of("gone", When(Trigger.REVOKED)) is DEFAULT_TEMPLATES["revoked"]


def test_the_book_comes_back_from_its_data() -> None:
    """As JSON; nothing stored is an empty book."""
    book = EMPTY.with_template(words("[days_left]")).with_rule(rule(template="mine", certification=7))
    assert NoticeBook.from_data(book.to_data()) == book
    assert canonical(NoticeBook.from_data(book.to_data()).to_data()) == canonical(book.to_data())
    assert NoticeBook.from_data(None) == EMPTY


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"version": 2, "rules": {}, "templates": {}},
        {"version": 1, "rules": {"a": {}}, "templates": {}},
        {"version": 1, "rules": {"a": {**rule().to_data(), "when": "sometimes"}}, "templates": {}},
        {"version": 1, "rules": {"a": {**rule().to_data(), "more": 1}}, "templates": {}},
        {"version": 1, "rules": {}, "templates": {"a": {"texts": {"en": {}}, "language": "en", "engine": "x"}}},
        {"version": 1, "rules": [], "templates": {}},
    ],
)
def test_what_cannot_be_read_is_corrupt(data: dict[str, Any]) -> None:
    """f39: never guessed."""
    with pytest.raises(CorruptRecord):
        NoticeBook.from_data(data)


def test_a_platform_has_a_thousand_rules_at_most() -> None:
    """Every sweep reads them all; changing one is always possible."""
    book = NoticeBook({f"r{at}": rule(f"r{at}") for at in range(MOST)})
    with pytest.raises(InvalidValue, match="at most 1000"):
        book.with_rule(rule("another"))
    assert len(book.with_rule(rule("r7", "expired")).rules) == MOST
