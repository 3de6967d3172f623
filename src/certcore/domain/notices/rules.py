"""Rules: what is told to whom, for one certification or for all (R-80)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import evolve, field, frozen
from attrs.converters import optional

from certcore.domain.checks import member
from certcore.domain.notices.triggers import OF_AWARDS, OF_EXTERNALS, Audience, Offset, Trigger, When, audiences
from certcore.domain.numbers import id_from, id_text
from certcore.domain.time import as_instant, format_instant, parse_instant
from certcore.errors import InvalidValue

CODE: Final = re.compile("[a-z0-9][a-z0-9_-]{0,63}")
"""How the codes of rules and templates are written."""


def check_code(name: str, code: object) -> None:
    """Raise `InvalidValue` unless ``code`` is written as `CODE` says."""
    if not isinstance(code, str) or CODE.fullmatch(code) is None:
        raise InvalidValue(name, code, "at most 64 small letters, digits, - and _, such as 30-days-before")


def _audience(audience: Audience | str) -> Audience:
    return member(Audience, "audience", audience)


def default_template(when: When) -> str:
    """The code of the template that a rule has unless another is named; certcore brings it along."""
    if when.offset is None:
        return when.trigger.value
    return "expiring" if when.offset.before else "expired"


@frozen(kw_only=True)
class NoticeRule:
    """One rule; ``code`` is its name for ever, and part of every notice's id (R-82).

    It tells of awards of one ``certification`` (its id), or of all; so of external certificates by their equivalence.
    It looks only at moments from ``on_since`` on, and at none while it is not ``active``.
    """

    code: str = field()
    when: When = field()
    on_since: datetime = field(converter=as_instant)
    certification: int | None = field(default=None)
    audience: Audience = field(converter=_audience)
    template: str = field()
    active: bool = field(default=True)

    @audience.default
    def _whoever_it_concerns(self) -> Audience:
        return audiences(self.when.trigger)[0]

    @template.default
    def _the_one_for_it(self) -> str:
        return default_template(self.when)

    @code.validator
    @template.validator
    def _written_as_a_code(self, attribute: Any, code: str) -> None:
        check_code(attribute.name, code)

    @certification.validator
    def _of_something_certified(self, _attribute: object, certification: int | None) -> None:
        if certification is None:
            return
        if type(certification) is not int or not 0 <= certification < 2**63:
            raise InvalidValue("certification", certification, "the id of a certification")
        if self.when.trigger not in OF_AWARDS | OF_EXTERNALS:
            raise InvalidValue(
                "certification", certification, f"none, for {self.when.trigger} tells of no certification"
            )

    @audience.validator
    def _somebody_it_concerns(self, _attribute: object, audience: Audience) -> None:
        possible = audiences(self.when.trigger)
        if audience not in possible:
            raise InvalidValue("audience", audience.value, f"one of {', '.join(possible)} for {self.when.trigger}")

    @active.validator
    def _on_or_off(self, _attribute: object, active: bool) -> None:
        if not isinstance(active, bool):
            raise InvalidValue("active", active, "true or false")

    @property
    def trigger(self) -> Trigger:
        """What it waits for."""
        return self.when.trigger

    @property
    def offset(self) -> Offset | None:
        """How far from the expiry, for that trigger."""
        return self.when.offset

    def looks_at(self, moment: datetime) -> bool:
        """Whether it is switched on and was so at that moment already (R-80)."""
        return self.active and moment >= self.on_since

    def to_data(self) -> dict[str, object]:
        """The rule as JSON has it, without its code."""
        return {
            "when": str(self.when),
            "on_since": format_instant(self.on_since),
            "certification": None if self.certification is None else id_text(self.certification),
            "audience": self.audience.value,
            "template": self.template,
            "active": self.active,
        }

    @classmethod
    def from_data(cls, code: str, data: Mapping[str, Any]) -> "NoticeRule":
        """Read what `to_data` wrote; raises `InvalidInput`."""
        read = {
            **data,
            "when": When.parse(data["when"]),
            "on_since": parse_instant(data["on_since"]),
            "certification": optional(id_from)(data["certification"]),
        }
        return cls(code=code, **read)


def succeeding(rule: NoticeRule, before: NoticeRule | None) -> NoticeRule:
    """``rule`` in the place of ``before``: it goes on where that one was, unless it looks at something else now.

    Switched on again, or with another trigger, offset or certification, it is as new (R-80).
    """
    same = (
        before is not None and before.active and (before.when, before.certification) == (rule.when, rule.certification)
    )
    return evolve(rule, on_since=before.on_since) if before is not None and same else rule


def applying(rules: Iterable[NoticeRule], trigger: Trigger, certification: int | None) -> tuple[NoticeRule, ...]:
    """The rules that look at what happens with a certification, ordered by code.

    Where it has rules of its own for the trigger, switched on, these outrank those for all, which then look away
    (R-80). Every offset from the expiry is the same trigger.
    """
    on = sorted((each for each in rules if each.active and each.trigger is trigger), key=lambda each: each.code)
    own = tuple(each for each in on if certification is not None and each.certification == certification)
    return own or tuple(each for each in on if each.certification is None)
