"""Languages: tags as directories give them, and dates as people write them."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from certcore.domain.time import spelled_date
from certcore.errors import InvalidValue

_TAG: Final = re.compile("[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")


def language_tag(text: str) -> str:
    """A language tag in its usual spelling, such as `pt-BR` for `PT_br`; raises `InvalidValue` for anything else."""
    if not isinstance(text, str) or _TAG.fullmatch(text) is None:
        raise InvalidValue("language", text, "a language tag such as en, pt-BR or zh-Hant")
    first, *rest = re.split("[-_]", text)
    return "-".join([first.lower(), *map(_subtag, rest)])


def _subtag(text: str) -> str:
    if len(text) == 2:
        return text.upper()
    return text.capitalize() if len(text) == 4 else text.lower()


def nearest_tags(language: str | None) -> Iterator[str]:
    """The tags that serve whoever reads ``language``, nearest first: `pt-BR`, then `pt`; none for what is no tag."""
    if not isinstance(language, str) or _TAG.fullmatch(language) is None:
        return
    parts = language_tag(language).split("-")
    while parts:
        yield "-".join(parts)
        parts.pop()


def written_date(day: date, language: str) -> str:
    """``day`` as people write it: `March 1, 2026`, `1 marzo 2026`; `2026-03-01` in a language that is not known."""
    for each in nearest_tags(language):
        found = spelled_date(day, each)
        if found is not None:
            return found
    return day.isoformat()
