"""Templates: listed, set, removed; checked when they are saved, not when they are sent (R-81)."""

from collections.abc import Mapping

from attrs import frozen

from certcore.domain.notices import Template, Text
from certcore.domain.notices.templates import SHORT_CODE_ENGINE
from certcore.domain.people import Actor
from certcore.errors import InvalidTemplate, InvalidValue
from certcore.ports import Ports, TemplateEngine
from certcore.services.notifying.book import change_book, may_set, notice_book


@frozen
class Templates:
    """Which words there are."""

    _ports: Ports

    def listed(self, actor: Actor) -> Mapping[str, Template]:
        """Every template that a rule can name, by code: the platform's own, and certcore's that they do not replace."""
        may_set(self._ports, actor)
        with self._ports.storage.reading() as tx:
            return notice_book(tx).templates

    def set(self, template: Template, actor: Actor) -> Template:
        """Store the template, new or in the place of the one with its code."""
        may_set(self._ports, actor)
        codes = codes_of_bodies(self._ports, template)
        change_book(self._ports, actor, lambda _tx, book: book.with_template(template, codes))
        return template

    def remove(self, code: str, actor: Actor) -> None:
        """Remove the platform's own template."""
        change_book(self._ports, actor, lambda _tx, book: book.without_template(code))


def engine_of(ports: Ports, template: Template) -> TemplateEngine | None:
    """What turns the template's bodies into text, None for short codes; raises `InvalidTemplate` for one not here."""
    if template.engine == SHORT_CODE_ENGINE:
        return None
    engine = ports.template_engines.get(template.engine)
    if engine is None:
        known = ", ".join([SHORT_CODE_ENGINE, *ports.template_engines])
        problem = f"its engine {template.engine!r} is not one of this platform's: {known}."
        raise InvalidTemplate(template.code, problem)
    return engine


def codes_of_bodies(ports: Ports, template: Template) -> Mapping[str, tuple[str, ...]]:
    """The short codes that the bodies ask for where another engine reads them; raises `InvalidTemplate`."""
    engine = engine_of(ports, template)
    if engine is None:
        return {}
    used: list[str] = []
    for language, text in template.texts.items():
        try:
            used.extend(sorted(engine.codes(text.body)))
        except InvalidTemplate as error:
            raise InvalidTemplate(template.code, f"{language}: {error.problem}") from error
    return {template.code: tuple(dict.fromkeys(used))}


def as_template(code: str, texts: Mapping[str, Text | tuple[str, str]], language: str | None, engine: str) -> Template:
    """The template with these texts, pairs of subject and body; in the only language there is, unless one is named."""
    if not isinstance(texts, Mapping):
        raise InvalidValue("texts", texts, "a subject and body for each language, such as {'en': ('Hello', 'Bye')}")
    read = {each: text if isinstance(text, Text) else _text(text) for each, text in texts.items()}
    if language is None:
        language = next(iter(read)) if len(read) == 1 else "en"
    return Template(code, read, language, engine)


def _text(pair: object) -> Text:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise InvalidValue("texts", pair, "a subject and a body for each language")
    return Text(*pair)
