"""Items: what has to be done on a path, what of it is open, and when the oldest of them was done."""

from datetime import date
from typing import Final

from certcore.domain.policy.facts import Facts
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.requirements import Item
from certcore.domain.policy.resolving import holds
from certcore.domain.policy.timing import Timing
from certcore.domain.reasons import Reason
from certcore.domain.time import add_length
from certcore.errors import InvalidValue

RENEWAL: Final = "renewal"
FULL: Final = "full"
NO_RENEWAL: Final = "no_renewal"


def items_on(terms: RenewalPolicy, path: str, when: Timing, facts: Facts) -> tuple[Item, ...]:
    """What has to be done on that path that day, in the policy's order (R-54)."""
    items = terms.items
    if items is None or path == NO_RENEWAL:
        return ()
    if path == FULL and items.full:
        return items.full
    if path in {"after_expiry", "reinstate_in_grace"} and getattr(items, path):
        return tuple(getattr(items, path))
    if when.in_grace and items.reinstate_in_grace:
        return items.reinstate_in_grace
    if when.late and items.after_expiry:
        return items.after_expiry
    added = [each.add for each in items.renewal_when if holds(each.when, facts, on=when.on)]
    return sum(added, items.renewal)


def undone(items: tuple[Item, ...], facts: Facts, on: date) -> tuple[Reason, ...]:
    """Which of the items are not done, not recently enough or not often enough for a renewal on ``on``.

    Empty where items are not in question.
    """
    done = facts.item_completions
    found = [] if done is None else [_undone(each, done.get(each.item, ()), on) for each in items]
    return tuple(reason for reason in found if reason is not None)


def _undone(item: Item, done: tuple[date, ...], on: date) -> Reason | None:
    known = [day for day in done if day <= on]
    if not known:
        return Reason("item_missing", {"item": item.item})
    since = date.min if item.max_age is None else add_length(on, item.max_age.times(-1))
    fresh = [day for day in known if day >= since]
    if not fresh:
        return Reason("item_too_old", {"item": item.item, "since": since})
    if len(fresh) < item.count:
        return Reason("item_too_few", {"item": item.item, "needed": item.count, "found": len(fresh)})
    return None


def all_done_on(terms: RenewalPolicy, facts: Facts, on: date | None = None) -> date | None:
    """The day on which the last of ``items.full`` was done, by ``on``; None while one of them is open."""
    dates = facts.item_completions or {}
    known = [day for name, days in dates.items() if _counts(terms, name) for day in days if on is None or day <= on]
    return None if not known or undone(full_items(terms), facts, max(known)) else max(known)


def oldest_item(terms: RenewalPolicy, facts: Facts, on: date) -> date | None:
    """When the one of the items was last done that was so the longest time ago; None where they are not in question.

    Raises `InvalidValue` while one of ``items.full`` is still to be done by ``on``.
    """
    dates = facts.item_completions
    if dates is None:
        return None
    for each in undone(full_items(terms), facts, on):
        raise InvalidValue("item_completions", sorted(dates), f"more: {each.text}")
    latest = [[day for day in days if day <= on] for name, days in dates.items() if _counts(terms, name)]
    return min((days[-1] for days in latest if days), default=None)


def full_items(terms: RenewalPolicy) -> tuple[Item, ...]:
    """What the full requirement asks for."""
    return terms.items.full if terms.items else ()


def _counts(terms: RenewalPolicy, name: str) -> bool:
    """Whether an item decides: those of ``items.full``, or every one where none are listed."""
    full = full_items(terms)
    return not full or any(name == each.item for each in full)
