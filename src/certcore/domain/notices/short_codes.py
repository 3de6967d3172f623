"""Short codes: ``[first_name]`` in a text stands for a value (R-81).

``[[`` writes a bracket. A text is read once: what a value holds is never read again for codes. A line whose codes all
have no value is left out, so that a template may say ``Renew: [renew_link]`` where a host has no such link.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from attrs import frozen

from certcore.domain.notices.triggers import OF_AWARDS, OF_EXTERNALS, Trigger
from certcore.errors import UnknownShortCode

MISSING: Final = "\u2013"
"""What stands in a line for a value that is not there, where others are."""

LONGEST_SUBJECT: Final = 255
_TOKEN: Final = re.compile(r"\[\[|\[([^\[\]\n]*)\]|\[")
_UNWRITABLE: Final = "\x7f-\x9f\u2028\u2029\ud800-\udfff"
_ANY_CONTROLS: Final = re.compile(f"[\x00-\x1f{_UNWRITABLE}]+")
_CONTROLS: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_UNWRITABLE}]+")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ALL: Final = frozenset(Trigger)


@frozen
class ShortCode:
    """A code: what it stands for, and the triggers for which it has a value."""

    name: str
    description: str
    triggers: frozenset[Trigger]

    @property
    def told_of(self) -> str:
        """What messages are about in which it has a value, in words."""
        if self.triggers == _ALL:
            return "everything"
        kinds = {OF_AWARDS: "awards", OF_EXTERNALS: "external certificates"}
        named = [name for kind, name in kinds.items() if kind <= self.triggers]
        return " and ".join(named) or ", ".join(sorted(self.triggers))


def _codes() -> Iterator[ShortCode]:
    dated = OF_AWARDS | OF_EXTERNALS
    verdicts = frozenset({Trigger.EXTERNAL_VALIDATED, Trigger.EXTERNAL_REJECTED})
    finished = frozenset({Trigger.IMPORT_FINISHED})
    yield ShortCode("first_name", "the first name of whoever reads the message", _ALL)
    yield ShortCode("last_name", "their last name", _ALL)
    yield ShortCode("full_name", "their first and last name, or the username where both are blank", _ALL)
    yield ShortCode("username", "their username", _ALL)
    yield ShortCode("learner", "the learner's full name", dated)
    yield ShortCode("learner_username", "the learner's username", dated)
    yield ShortCode("certification", "the name of the certification; of an external one, what it stands for", dated)
    yield ShortCode("code", "the certification's code", dated)
    yield ShortCode("number", "the number of the award", OF_AWARDS)
    yield ShortCode("issued_on", "the day on which the award begins", OF_AWARDS)
    yield ShortCode("expires_on", "the expiry as documents print it", dated)
    yield ShortCode("last_valid_day", "the last day on which the award is valid", OF_AWARDS)
    yield ShortCode("days_left", "how many days are left until that day, 0 on it", OF_AWARDS)
    yield ShortCode("zone", "the time zone that these dates are read in", dated)
    yield ShortCode("score", "the score", OF_AWARDS)
    yield ShortCode("renew_link", "where the learner renews the award (Settings.renew_link)", OF_AWARDS)
    yield ShortCode("document_link", "where the document is (Settings.document_link)", OF_AWARDS)
    yield ShortCode("verify_link", "where anybody can check the award (Settings.verify_link)", OF_AWARDS)
    yield ShortCode("item", "the title of what is to be taken again", frozenset({Trigger.ENROLLED_AGAIN}))
    yield ShortCode("title", "the title of the external certificate", OF_EXTERNALS)
    yield ShortCode("delivered_on", "the day on which it was delivered", OF_EXTERNALS)
    yield ShortCode("comment", "what the reviewer wrote", verdicts)
    yield ShortCode("import_id", "the id of the import", finished)
    yield ShortCode("rows", "how many rows the file has", finished)
    for name in ("new", "renewed", "updated", "unchanged", "superseded", "rejected"):
        yield ShortCode(name, f"how many of them were {name}", finished)


SHORT_CODES: Final[Mapping[str, ShortCode]] = MappingProxyType({each.name: each for each in _codes()})
"""Every short code by its name."""


def codes_for(trigger: Trigger) -> tuple[str, ...]:
    """The codes that have a value for a trigger."""
    return tuple(name for name, code in SHORT_CODES.items() if trigger in code.triggers)


def codes_in(text: str) -> tuple[str, ...]:
    """The codes that a text uses, each once in the order of their first use, known or not.

    A single ``[`` that begins no code is given as it stands.
    """
    found = (match for match in _TOKEN.finditer(text) if match[0] != "[[")
    return tuple(dict.fromkeys(match[1] if match[1] is not None else match[0] for match in found))


def check_codes(template: str, used: Iterable[str], trigger: Trigger | None = None) -> None:
    """Raise `UnknownShortCode` for a code that is none, or that has no value for the ``trigger``."""
    known = tuple(SHORT_CODES) if trigger is None else codes_for(trigger)
    for code in used:
        if code not in known:
            raise UnknownShortCode(template, code, known, trigger.value if trigger else None)


def render_subject(text: str, values: Mapping[str, str]) -> str:
    """One line with the values: their line breaks are blanks, since a subject becomes a header; 255 characters."""
    line = " ".join(_ANY_CONTROLS.sub(" ", _filled(text, values)).split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def render_body(text: str, values: Mapping[str, str]) -> str:
    """The text with the values, without the lines whose codes all have none."""
    return "\n".join(_filled(line, values) for line in text.splitlines() if _says_something(line, values))


def one_line(value: str) -> str:
    """A value that belongs into a line: no line breaks, no controls, nothing that turns the direction of writing."""
    return _DIRECTIONS.sub("", _ANY_CONTROLS.sub(" ", value))


def some_lines(value: str) -> str:
    """A value that may have several lines, such as a comment."""
    return _DIRECTIONS.sub("", _CONTROLS.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n")))


def _says_something(line: str, values: Mapping[str, str]) -> bool:
    codes = codes_in(line)
    return not codes or any(values.get(code) for code in codes)


def _filled(text: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return "[" if match[1] is None else values.get(match[1]) or MISSING

    return _TOKEN.sub(value, text)
