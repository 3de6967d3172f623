"""What a policy asks to know about a learner, so that nobody looks up more than that."""

from collections.abc import Iterator
from functools import lru_cache

from attrs import frozen

from certcore.domain.policy.conditions import When
from certcore.domain.policy.model import RenewalPolicy, replaced
from certcore.domain.policy.requirements import Item, LearnerMonthStart
from certcore.domain.policy.terms import ToLearnerMonth


@frozen
class Asked:
    """What the terms of a policy, its variants and routes included, look at.

    ``items`` are the names of items that have to be done, on any path; ``aged`` are those among them that count for as
    long as a ``max_age`` says, also when they were done before a renewal was started. ``any_item``: whatever was done
    counts (anchor ``earliest_item_completion`` without a list). ``credits`` and ``learner``: whether credits, and the
    learner's attributes, are in question.
    """

    items: frozenset[str] = frozenset()
    aged: frozenset[str] = frozenset()
    any_item: bool = False
    credits: bool = False
    learner: bool = False

    @property
    def completions(self) -> bool:
        """Whether it matters which items were completed, or for how many credits."""
        return bool(self.items) or self.any_item or self.credits


@lru_cache(maxsize=1_024)
def asked(policy: RenewalPolicy) -> Asked:
    """What ``policy`` asks to know (R-54)."""
    changes = [*(each.set for each in policy.variants), *(each.set for each in policy.routes)]
    terms = [policy, *(replaced(policy, change) for change in changes)]
    items = [item for each in terms for item in _items(each)]
    return Asked(
        frozenset(each.item for each in items),
        frozenset(each.item for each in items if each.max_age is not None),
        any(each.anchor.kind == "earliest_item_completion" for each in terms),
        any(each.credits is not None for each in terms),
        any(map(_of_learner, (each.when for each in policy.variants))) or any(map(_asks_learner, terms)),
    )


def _items(terms: RenewalPolicy) -> Iterator[Item]:
    if terms.items is not None:
        listed = terms.items
        yield from (*listed.renewal, *listed.after_expiry, *listed.reinstate_in_grace, *listed.full)
        yield from (item for each in listed.renewal_when for item in each.add)
    if terms.credits is not None:
        yield from (item for way in terms.credits.any_of for item in way.items)


def _asks_learner(terms: RenewalPolicy) -> bool:
    period = terms.credits.period if terms.credits else None
    return (
        terms.cap is not None
        or isinstance(terms.round, ToLearnerMonth)
        or (period is not None and isinstance(period.starts, LearnerMonthStart))
        or any(_of_learner(each.when) for each in (terms.items.renewal_when if terms.items else ()))
    )


def _of_learner(when: When) -> bool:
    return any(each.test in {"equals", "lt", "ge", "age_lt", "age_ge"} for each in when.conditions)
