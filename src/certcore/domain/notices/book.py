"""All rules and templates of a platform: one value, stored as one setting with a history (R-64, R-80)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import evolve, field, frozen

from certcore.domain.notices.defaults import DEFAULT_TEMPLATES
from certcore.domain.notices.rules import NoticeRule, applying, default_template, succeeding
from certcore.domain.notices.short_codes import check_codes, codes_in
from certcore.domain.notices.templates import SHORT_CODE_ENGINE, Template
from certcore.domain.notices.timetable import Timetable
from certcore.domain.notices.triggers import Trigger, When
from certcore.errors import CertcoreError, CorruptRecord, InvalidValue, NotFound

NOTICES_SETTING: Final = "notices"
"""The name of the setting that holds the book."""

MOST: Final = 1_000
"""How many rules a platform may have, and how many templates."""


def _by_code(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType({code: values[code] for code in sorted(values)})


@frozen
class NoticeBook:
    """The rules and the platform's own templates, by code."""

    rules: Mapping[str, NoticeRule] = field(factory=dict, converter=_by_code)
    own_templates: Mapping[str, Template] = field(factory=dict, converter=_by_code)

    @property
    def templates(self) -> Mapping[str, Template]:
        """Every template that a rule can name: the platform's own, and those of certcore which they do not replace."""
        return _by_code({**DEFAULT_TEMPLATES, **self.own_templates})

    def template_of(self, code: str, when: When) -> Template:
        """The template with that code; where it is gone meanwhile, the one that certcore has for the moment."""
        return self.own_templates.get(code) or DEFAULT_TEMPLATES.get(code) or DEFAULT_TEMPLATES[default_template(when)]

    def looking_at(self, trigger: Trigger, certification: int | None) -> tuple[NoticeRule, ...]:
        """The rules that look at what happens with a certification (`applying`)."""
        return applying(self.rules.values(), trigger, certification)

    def timetable(self, certification: int | None) -> Timetable:
        """When expiries of a certification are told of."""
        return Timetable.of(self.rules.values(), certification)

    def with_rule(self, rule: NoticeRule, used: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> "NoticeBook":
        """The book with a rule, new or in the place of the one with its code, whose time it takes over (`succeeding`).

        ``used`` are the codes that bodies of other engines use, by template. Raises `NotFound` for a template that is
        not there, and `UnknownShortCode` for one that needs what the rule's trigger has no value for.
        """
        if rule.template not in self.templates:
            raise NotFound("template", rule.template)
        self._check_size(self.rules, rule.code)
        self._check(self.templates[rule.template], rule, used)
        return evolve(self, rules={**self.rules, rule.code: succeeding(rule, self.rules.get(rule.code))})

    def without_rule(self, code: str) -> "NoticeBook":
        """The book without a rule; raises `NotFound`."""
        if code not in self.rules:
            raise NotFound("rule", code)
        return evolve(self, rules={each: rule for each, rule in self.rules.items() if each != code})

    def with_template(
        self, template: Template, used: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> "NoticeBook":
        """The book with a template, new or in the place of the one with its code.

        Raises `UnknownShortCode` for a code that is none, or that a rule using the template has no value for (R-81).
        """
        self._check_size(self.own_templates, template.code)
        check_codes(template.code, used_codes(template, used))
        for rule in self.rules.values():
            if rule.template == template.code:
                self._check(template, rule, used)
        return evolve(self, own_templates={**self.own_templates, template.code: template})

    def without_template(self, code: str) -> "NoticeBook":
        """The book without one of its own templates; certcore's of that code counts again.

        Raises `NotFound`, and `InvalidValue` while a rule uses it and certcore has none of that code.
        """
        if code not in self.own_templates:
            raise NotFound("template", code)
        users = [rule.code for rule in self.rules.values() if rule.template == code]
        if users and code not in DEFAULT_TEMPLATES:
            raise InvalidValue(
                "template", code, f"one that no rule uses; {', '.join(users)} must take another one first"
            )
        after = evolve(self, own_templates={each: it for each, it in self.own_templates.items() if each != code})
        for user in users:
            after._check(DEFAULT_TEMPLATES[code], self.rules[user], {})
        return after

    def to_data(self) -> dict[str, object]:
        """The book as the setting has it."""
        return {
            "version": 1,
            "rules": {code: rule.to_data() for code, rule in self.rules.items()},
            "templates": {code: template.to_data() for code, template in self.own_templates.items()},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any] | None) -> "NoticeBook":
        """Read what `to_data` wrote, None where nothing was; raises `CorruptRecord`."""
        if data is None:
            return cls()
        try:
            if data["version"] != 1:
                raise CorruptRecord("setting", NOTICES_SETTING, f"version {data['version']} is unknown")
            return cls(
                {code: NoticeRule.from_data(code, rule) for code, rule in data["rules"].items()},
                {code: Template.from_data(code, template) for code, template in data["templates"].items()},
            )
        except CorruptRecord:
            raise
        except (CertcoreError, KeyError, TypeError, AttributeError) as error:
            raise CorruptRecord("setting", NOTICES_SETTING, str(error)) from error

    def _check(self, template: Template, rule: NoticeRule, used: Mapping[str, tuple[str, ...]]) -> None:
        check_codes(template.code, used_codes(template, used), rule.trigger)

    def _check_size(self, values: Mapping[str, object], code: str) -> None:
        if code not in values and len(values) >= MOST:
            raise InvalidValue("code", code, f"one of those there are: a platform has at most {MOST}")


def used_codes(template: Template, used: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The codes that a template's texts use; ``used`` says it of bodies that another engine reads."""
    subjects = [code for text in template.texts.values() for code in codes_in(text.subject)]
    if template.engine == SHORT_CODE_ENGINE:
        bodies = [code for text in template.texts.values() for code in codes_in(text.body)]
    else:
        bodies = list(used.get(template.code, ()))
    return tuple(dict.fromkeys([*subjects, *bodies]))
