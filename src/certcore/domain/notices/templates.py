"""Templates: the words of a notice in each language, with short codes (R-81)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from certcore.domain.checks import check_prose, short_text
from certcore.domain.languages import language_tag, nearest_tags
from certcore.domain.notices.rules import check_code
from certcore.domain.notices.short_codes import LONGEST_SUBJECT
from certcore.errors import InvalidValue

SHORT_CODE_ENGINE: Final = "short_codes"
"""The engine that certcore has for bodies; others are the host's (`TemplateEngine`)."""

ENGLISH: Final = "en"


def _body(_instance: object, attribute: Any, text: str) -> None:
    check_prose(attribute.name, text)


@frozen
class Text:
    """The words in one language: a subject of one line and a body."""

    subject: str = field(validator=short_text(LONGEST_SUBJECT))
    body: str = field(validator=_body)


def _texts(texts: Mapping[str, Text]) -> Mapping[str, Text]:
    if not isinstance(texts, Mapping):
        raise InvalidValue("texts", texts, "a Text for each language, such as {'en': Text(subject, body)}")
    return MappingProxyType({language_tag(language): texts[language] for language in sorted(texts)})


@frozen
class Template:
    """The words of a notice by language; ``engine`` is what turns a body into text, subjects have short codes only.

    Whoever reads another language than these gets the ``language`` that the template is in first of all.
    """

    code: str = field()
    texts: Mapping[str, Text] = field(converter=_texts)
    language: str = field(default=ENGLISH, converter=language_tag)
    engine: str = field(default=SHORT_CODE_ENGINE)

    @code.validator
    @engine.validator
    def _written_as_a_code(self, attribute: Any, code: str) -> None:
        check_code(attribute.name, code)

    @language.validator
    def _has_a_text(self, _attribute: object, language: str) -> None:
        if language not in self.texts:
            raise InvalidValue("language", language, f"one of those that there is a text in: {', '.join(self.texts)}")

    def in_language(self, language: str | None) -> tuple[str, Text]:
        """The text for whoever reads ``language`` (`pt-BR`, else `pt`, else the template's own), and its language."""
        for each in nearest_tags(language):
            if each in self.texts:
                return each, self.texts[each]
        return self.language, self.texts[self.language]

    def to_data(self) -> dict[str, object]:
        """The template as JSON has it, without its code."""
        return {
            "language": self.language,
            "engine": self.engine,
            "texts": {each: {"subject": text.subject, "body": text.body} for each, text in self.texts.items()},
        }

    @classmethod
    def from_data(cls, code: str, data: Mapping[str, Any]) -> "Template":
        """Read what `to_data` wrote; raises `InvalidInput`."""
        texts = {language: Text(**text) for language, text in data["texts"].items()}
        return cls(code, texts, data["language"], data["engine"])
