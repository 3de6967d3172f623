"""The questions that a worked case can ask, and where their answers come from."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Self

from attrs import evolve, frozen

from certcore.domain.policy.account import Account, credit_account, credit_period, running_period
from certcore.domain.policy.counting import Period
from certcore.domain.policy.days import grace_ends, last_valid_day, window_opens
from certcore.domain.policy.ends import due_before
from certcore.domain.policy.facts import Facts, read_day
from certcore.domain.policy.items import all_done_on
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.periods import first_period, next_period
from certcore.domain.policy.resolving import resolve
from certcore.domain.policy.shapes import Data
from certcore.domain.policy.standing import Standing, standing, without_award
from certcore.domain.policy.timing import current_expiry, recent_expiry
from certcore.errors import InvalidValue

_DATES: Final = ("completed", "previous_expiry", "renewal_completed", "on")


@frozen
class Question:
    """The dates and facts of a case. ``held``: there is an award before the renewal, which may never expire."""

    facts: Facts
    completed: date | None = None
    previous_expiry: date | None = None
    renewal_completed: date | None = None
    on: date | None = None
    held: bool = False

    @classmethod
    def from_data(cls, given: Mapping[str, Data]) -> Self:
        """Read a case's ``given``; raises `InvalidValue` with the key that is unknown or wrong."""
        days = {name: read_day(name, given[name]) for name in _DATES if given.get(name) is not None}
        facts = Facts.from_data({name: value for name, value in given.items() if name not in _DATES})
        return cls(facts, held="previous_expiry" in given, **days)


@frozen
class Case:
    """A question under the terms that hold for it: ``new`` is the period that the completion in it gives."""

    policy: RenewalPolicy
    terms: RenewalPolicy
    asked: Question
    new: Period | None

    @classmethod
    def of(cls, policy: RenewalPolicy, asked: Question) -> Self:
        """Apply variants and route, and work out the new period; raises what `next_period` raises."""
        if asked.renewal_completed is not None and asked.completed is not None and not asked.held:
            first = first_period(policy, asked.completed, evolve(asked.facts, route=None))
            asked = evolve(asked, previous_expiry=first.expires, held=True)
        day = asked.renewal_completed or asked.completed
        terms = resolve(policy, asked.facts, completed=day, on=asked.on)
        return cls(policy, terms, asked, _new_period(policy, terms, asked))

    @property
    def renews(self) -> bool:
        """Whether the case is about renewing an award held."""
        return self.asked.held and self.asked.renewal_completed is not None

    @property
    def earned_on(self) -> date | None:
        """When the award that counts in the end was earned."""
        return self.asked.renewal_completed or self.asked.completed

    @property
    def printed(self) -> date | None:
        """The printed expiry of the award that counts in the end."""
        if self.new is not None and (self.renews or not self.asked.held):
            return self.new.expires
        return self.asked.previous_expiry

    @property
    def facts(self) -> Facts:
        """The facts about the award that counts in the end: an extension was the previous one's."""
        return evolve(self.asked.facts, extension=None) if self.renews else self.asked.facts

    @property
    def expires(self) -> date | None:
        """The expiry that counts, after all that changed it."""
        recent = recent_expiry(self.terms, self.asked.facts, self.asked.on)
        if recent is not None and recent[0] is not None and (self.printed is None or recent[0] > self.printed):
            return recent[0]
        known = current_expiry(self.terms, self.printed, self.facts, completed=self.earned_on, on=self.asked.on)
        return known.expires

    @property
    def due(self) -> date | None:
        """The due date of the award that counts in the end."""
        if self.new is not None:
            return self.new.due
        return self.asked.facts.previous_due or due_before(self.terms, self.asked.previous_expiry)

    @property
    def old(self) -> date | None:
        """The expiry of the award held before the renewal, else of the one that counts."""
        return self.asked.previous_expiry if self.asked.held else self.expires


def _new_period(policy: RenewalPolicy, terms: RenewalPolicy, asked: Question) -> Period | None:
    if asked.renewal_completed is not None and asked.held:
        done, first = asked.renewal_completed, asked.completed
        return next_period(policy, asked.previous_expiry, done, asked.facts, anchor_on=first)
    if asked.held:
        return None
    day = asked.renewal_completed or asked.completed
    if terms.anchor.kind == "earliest_item_completion" and asked.facts.item_completions is not None:
        day = all_done_on(terms, asked.facts, day or asked.on)
    elif day is None and terms.anchor.kind == "learner_date":
        day = asked.on
    return None if day is None else first_period(policy, day, asked.facts)


def _on_day(case: Case) -> Standing:
    """How the award that counts stands on the day asked, by default the day it was earned."""
    asked = case.asked
    on = asked.on or case.earned_on or (case.new.start if case.new else None)
    if on is None:
        raise InvalidValue("on", None, "the day that the case asks about")
    if case.renews and asked.renewal_completed is not None and on < asked.renewal_completed:
        return standing(case.policy, asked.previous_expiry, on, asked.facts, due=case.due)
    recent = recent_expiry(case.terms, asked.facts, on)
    if not asked.held and case.new is None and (recent is None or recent[0] is None):
        return without_award(case.terms, on, *([] if recent is None else [recent[1]]))
    expires = case.printed
    if recent is not None and recent[0] is not None:
        expires = case.expires
    return standing(case.policy, expires, on, case.facts, completed=case.earned_on, due=case.due)


def _when_renewing(case: Case) -> Standing:
    """How the award held stands on the day of the renewal in the case; else as on the day asked."""
    asked = case.asked
    if not case.renews or asked.renewal_completed is None:
        return _on_day(case)
    due = asked.facts.previous_due or due_before(case.terms, asked.previous_expiry)
    return standing(case.policy, asked.previous_expiry, asked.renewal_completed, asked.facts, due=due)


def _from(case: Case) -> str | None:
    return None if case.new is None else case.new.counted_from


def _on_expiry(day: Callable[[RenewalPolicy, date], date | None], expires: date | None, case: Case) -> date | None:
    return None if expires is None else day(case.terms, expires)


def _credit_period(case: Case) -> tuple[date, date] | None:
    if case.asked.facts.period is not None:
        return case.asked.facts.period
    if case.new is not None and case.earned_on is not None:
        return credit_period(case.policy, case.new, case.earned_on, case.asked.facts)
    return running_period(case.terms, case.expires)


def _account(case: Case) -> Account:
    """Credits of the period given, else of the one that is renewed, else of the new one."""
    facts, asked = case.asked.facts, case.asked
    period = facts.period or (running_period(case.terms, asked.previous_expiry) if asked.held else _credit_period(case))
    if period is None:
        raise InvalidValue("period", None, "the first and the last day in which the credits count")
    renewed = asked.renewal_completed
    return credit_account(case.policy, period, facts.credits or (), facts, renewed_on=renewed)


ANSWERS: Final[Mapping[str, Callable[[Case], Any]]] = MappingProxyType(
    {
        "expires": lambda case: case.expires,
        "last_valid_day": lambda case: _on_expiry(last_valid_day, case.expires, case),
        "start": lambda case: None if case.new is None else case.new.start,
        "due": lambda case: case.due,
        "credit_period": _credit_period,
        "anchor": _from,
        "window_opens": lambda case: _on_expiry(window_opens, case.old, case),
        "next_window_opens": lambda case: _on_expiry(window_opens, case.expires, case),
        "grace_ends": lambda case: _on_expiry(grace_ends, case.old, case),
        "status": lambda case: _on_day(case).status,
        "label": lambda case: _on_day(case).label,
        "overdue": lambda case: _on_day(case).overdue,
        "renewable": lambda case: _when_renewing(case).renewable,
        "path": lambda case: _when_renewing(case).path,
        "items": lambda case: _when_renewing(case).items,
        "credits_met": lambda case: _account(case).met,
        "carry_over": lambda case: _account(case).carry_over,
    }
)
"""By key of a case's ``expect``: its answer."""
