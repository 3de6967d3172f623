"""The service of notices: rules and templates, and what they will tell (R-80 to R-83)."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen

from certcore.domain.history import HistoryEntry
from certcore.domain.notices import Audience, Template, Text, When
from certcore.domain.notices.templates import SHORT_CODE_ENGINE
from certcore.domain.people import Actor
from certcore.ports import Ports
from certcore.services.notifying.previewing import Planned, Preview
from certcore.services.notifying.rules import RuleRecord, Rules
from certcore.services.notifying.templates import Templates, as_template


@frozen
class Notifying:
    """Who is told what, when and in which words."""

    _ports: Ports
    _rules: Rules = field(init=False, repr=False)
    _templates: Templates = field(init=False, repr=False)
    _preview: Preview = field(init=False, repr=False)

    @_rules.default
    def _rules_of(self) -> Rules:
        return Rules(self._ports)

    @_preview.default
    def _preview_of(self) -> Preview:
        return Preview(self._ports)

    @_templates.default
    def _templates_of(self) -> Templates:
        return Templates(self._ports)

    def rules(self, *, actor: Actor) -> Sequence[RuleRecord]:
        """All rules, by code (R-80)."""
        return self._rules.listed(actor)

    def set_rule(
        self,
        code: str,
        when: str | When,
        *,
        actor: Actor,
        certification: str | int | None = None,
        audience: str | Audience | None = None,
        template: str | None = None,
        active: bool = True,
    ) -> RuleRecord:
        """Make a rule, or put this one in the place of the one with that ``code`` (R-80).

        ``when`` is a trigger, or how far from the expiry: `30 days before`, `12 hours before`, `expired`,
        `2 weeks after`. It tells of awards of one ``certification`` (code or id) or of all, to the learner unless
        another ``audience`` is named, in the words of a ``template`` or else of certcore's. It looks only at what
        happens from now on; put again with the same ``when`` and certification it goes on as it was. Raises `NotFound`,
        `InvalidValue`, and `UnknownShortCode` for a template that asks for what there is no value for.
        """
        return self._rules.set(code, when, certification, audience, template, active=active, actor=actor)

    def switch_rule(self, code: str, *, active: bool, actor: Actor) -> RuleRecord:
        """Switch a rule off, or on again from now on: what happened meanwhile is told to nobody (R-80).

        Messages of a rule that is off are dropped, also those that wait already. Raises `NotFound`.
        """
        return self._rules.switch(code, active=active, actor=actor)

    def remove_rule(self, code: str, *, actor: Actor) -> None:
        """Remove a rule; messages that wait are dropped. Raises `NotFound`."""
        self._rules.remove(code, actor)

    def templates(self, *, actor: Actor) -> Mapping[str, Template]:
        """Every template that a rule can name, by code: the platform's own, and certcore's that they do not replace."""
        return self._templates.listed(actor)

    def set_template(
        self,
        code: str,
        texts: Mapping[str, Text | tuple[str, str]],
        *,
        actor: Actor,
        language: str | None = None,
        engine: str = SHORT_CODE_ENGINE,
    ) -> Template:
        """Make a template, or put this one in the place of the one with that ``code``, certcore's own too (R-81).

        ``texts`` are subject and body by language; whoever reads none of these gets the text in ``language``: English,
        or the only one there is. ``engine`` names who reads the bodies, where that is not short codes. Raises
        `UnknownShortCode` for a code that is none, or that a rule using the template has no value for, and
        `InvalidTemplate` and `InvalidValue`.
        """
        return self._templates.set(as_template(code, texts, language, engine), actor)

    def remove_template(self, code: str, *, actor: Actor) -> None:
        """Remove one of the platform's own templates; certcore's of that code counts again, if there is one.

        Raises `NotFound`, and `InvalidValue` while a rule needs it.
        """
        self._templates.remove(code, actor)

    def preview(self, days: int = 30, *, actor: Actor, rule: str | None = None) -> Iterator[Planned]:
        """Who would be told what of expiries in the next ``days``, if nothing changed until then (R-80).

        By rule, all or the one named, and within it by expiry, as it is read: nothing is written. What happens now and
        then (an issue, a revocation) is not foreseen. Raises `NotFound` and `InvalidValue`.
        """
        return self._preview.planned(days, rule, actor)

    def history(self, *, actor: Actor) -> Sequence[HistoryEntry]:
        """Who changed rules and templates when, oldest first, with all of them before and after."""
        return self._rules.history(actor)
