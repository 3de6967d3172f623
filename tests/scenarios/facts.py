"""A help page as a list of facts, each shown by a step, all of them played on one platform in the page's order."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from attrs import frozen

S = TypeVar("S")


@frozen
class Fact(Generic[S]):
    """What a page says, the rule that carries it, and the step that shows it."""

    rule: str
    says: str
    show: Callable[[S], None]


def play(facts: Iterable[Fact[S]], story: S) -> None:
    """Show every fact in order; a failure names the rule."""
    for fact in facts:
        try:
            fact.show(story)
        except BaseException as error:
            error.add_note(f"{fact.rule}: {fact.says}")
            raise
