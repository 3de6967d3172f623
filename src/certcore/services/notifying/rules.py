"""Rules: listed, set, switched on and off, removed (R-80)."""

from collections.abc import Callable, Iterable, Sequence

from attrs import evolve, frozen

from certcore.domain.certifications import Certification
from certcore.domain.history import HistoryEntry
from certcore.domain.notices import NOTICES_SETTING, Audience, NoticeBook, NoticeRule, When
from certcore.domain.people import Actor
from certcore.errors import NotFound
from certcore.ports import Ports, Transaction
from certcore.services.defining import find_certification
from certcore.services.notifying.book import change_book, may_set, notice_book
from certcore.services.notifying.templates import codes_of_bodies


@frozen
class RuleRecord:
    """A rule with the certification it is for: None for all of them, and for one that was deleted since."""

    rule: NoticeRule
    certification: Certification | None


@frozen
class Rules:
    """Which rules there are."""

    _ports: Ports

    def listed(self, actor: Actor) -> Sequence[RuleRecord]:
        """All rules, by code."""
        may_set(self._ports, actor)
        with self._ports.storage.reading() as tx:
            return self._records(tx, notice_book(tx).rules.values())

    def set(
        self,
        code: str,
        when: str | When,
        certification: str | int | None,
        audience: str | Audience | None,
        template: str | None,
        *,
        active: bool,
        actor: Actor,
    ) -> RuleRecord:
        """Make the rule, or put this one in the place of the one with that code."""

        def change(tx: Transaction, book: NoticeBook) -> NoticeBook:
            asked = {"audience": audience, "template": template}
            rule = NoticeRule(
                code=code,
                when=when if isinstance(when, When) else When.parse(when),
                on_since=self._ports.now(),
                certification=None if certification is None else find_certification(tx, certification).id,
                active=active,
                **{name: value for name, value in asked.items() if value is not None},
            )
            return self._with(book, rule)

        return self._changed(code, actor, change)

    def switch(self, code: str, *, active: bool, actor: Actor) -> RuleRecord:
        """Switch the rule on, from now on, or off."""

        def change(_tx: Transaction, book: NoticeBook) -> NoticeBook:
            if code not in book.rules:
                raise NotFound("rule", code)
            return self._with(book, evolve(book.rules[code], active=active, on_since=self._ports.now()))

        return self._changed(code, actor, change)

    def remove(self, code: str, actor: Actor) -> None:
        """Remove the rule."""
        change_book(self._ports, actor, lambda _tx, book: book.without_rule(code))

    def history(self, actor: Actor) -> Sequence[HistoryEntry]:
        """Who changed rules and templates when, oldest first, with all of them before and after."""
        may_set(self._ports, actor)
        with self._ports.storage.reading() as tx:
            setting = tx.settings.get(NOTICES_SETTING)
            return [] if setting is None else tx.history.of([setting.id])[setting.id]

    def _with(self, book: NoticeBook, rule: NoticeRule) -> NoticeBook:
        template = book.templates.get(rule.template)
        return book.with_rule(rule, {} if template is None else codes_of_bodies(self._ports, template))

    def _changed(self, code: str, actor: Actor, change: Callable[[Transaction, NoticeBook], NoticeBook]) -> RuleRecord:
        book = change_book(self._ports, actor, change)
        with self._ports.storage.reading() as tx:
            (record,) = self._records(tx, [book.rules[code]])
            return record

    def _records(self, tx: Transaction, rules: Iterable[NoticeRule]) -> list[RuleRecord]:
        found = list(rules)
        certifications = tx.certifications.by_id(
            {each.certification for each in found if each.certification is not None}
        )
        return [
            RuleRecord(each, certifications.get(-1 if each.certification is None else each.certification))
            for each in found
        ]
