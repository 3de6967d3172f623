"""The terms that hold for one learner on one day: a policy with its variants and the chosen route applied."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from certcore.domain.policy.conditions import Condition, When
from certcore.domain.policy.facts import NO_FACTS, Facts
from certcore.domain.policy.model import RenewalPolicy, Route, replaced
from certcore.domain.time import Length, add_length
from certcore.errors import InvalidValue


def resolve(
    policy: RenewalPolicy, facts: Facts = NO_FACTS, *, completed: date | None = None, on: date | None = None
) -> RenewalPolicy:
    """The policy with every variant that holds, later ones first, and then the route chosen (R-54).

    Ages and days are judged on the completion or renewal, else ``on``. A condition on an attribute that is missing
    raises `InvalidValue`, unless another condition beside it already fails; so does a route the policy does not have.
    """
    if not policy.variants and facts.route is None:
        return policy
    held = tuple(
        number for number, each in enumerate(policy.variants) if holds(each.when, facts, completed=completed, on=on)
    )
    route = chosen_route(policy, facts, held)
    return _merged(policy, held, None if route is None else route.route) if held or route else policy


def chosen_route(policy: RenewalPolicy, facts: Facts, held: tuple[int, ...] = ()) -> Route | None:
    """The route that the facts name; None without one, and `InvalidValue` for one that the policy lacks."""
    if facts.route is None:
        return None
    routes = _merged(policy, held, None).routes
    for each in routes:
        if each.route == facts.route:
            return each
    known = ", ".join(each.route for each in routes) or "none, since this policy has no routes"
    raise InvalidValue("route", facts.route, f"one of the policy's routes: {known}")


@lru_cache(maxsize=4_096)
def _merged(policy: RenewalPolicy, held: tuple[int, ...], route: str | None) -> RenewalPolicy:
    for number in held:
        policy = replaced(policy, policy.variants[number].set)
    for each in policy.routes:
        if each.route == route:
            policy = replaced(policy, each.set)
    return policy


def holds(when: When, facts: Facts, *, completed: date | None = None, on: date | None = None) -> bool:
    """Whether all conditions hold; raises `InvalidValue` when what is missing decides."""
    missing: list[Condition] = []
    for condition in when.conditions:
        held = _holds(condition, facts, completed, on)
        if held is False:
            return False
        if held is None:
            missing.append(condition)
    if missing:
        raise InvalidValue(_asked(missing[0]), None, f"a value, which the policy's condition {missing[0].key} asks for")
    return True


def _asked(condition: Condition) -> str:
    return "result" if condition.test == "result" else f"learner.{condition.attribute}"


def _holds(condition: Condition, facts: Facts, completed: date | None, on: date | None) -> bool | None:
    """Whether it holds; None when the value it asks for is missing."""
    day = completed or on
    value: Any = condition.value
    match condition.test:
        case "from":
            return day is not None and day >= value
        case "until":
            return day is not None and day <= value
        case "age_lt" | "age_ge":
            return _of_age(condition, facts, day)
        case "result":
            given = facts.result
            return (None if completed else False) if given is None else _same(given, value)
        case "equals":
            attribute = facts.learner.get(condition.attribute)
            return None if attribute is None else _same(attribute, value)
    return _compared(condition, facts)


def _same(given: object, value: object) -> bool:
    return type(given) is type(value) and given == value


def _of_age(condition: Condition, facts: Facts, day: date | None) -> bool | None:
    if day is None:
        return False
    if condition.attribute not in facts.learner:
        return None
    birthday = add_length(facts.learner_date(condition.attribute), Length(int(str(condition.value)), "years"))
    return (day >= birthday) == (condition.test == "age_ge")


def _compared(condition: Condition, facts: Facts) -> bool | None:
    given, limit = facts.learner.get(condition.attribute), condition.value
    if given is None:
        return None
    if not isinstance(given, Decimal) or not isinstance(limit, Decimal):
        raise InvalidValue(f"learner.{condition.attribute}", given, "a number, to compare with")
    return given >= limit if condition.test == "ge" else given < limit
