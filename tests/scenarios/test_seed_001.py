"""The help page on awarding by hand, played from its first line to its last (SEED 1)."""

from collections.abc import Callable

from certcore.ports import Storage
from tests.scenarios.by_hand import BY_HAND
from tests.scenarios.facts import play
from tests.scenarios.port import port_over


def test_seed_001_from_its_first_line_to_its_last(new_storage: Callable[[], Storage]) -> None:
    """SEED 1: every fact in the page's order; a failure names the rule."""
    play(BY_HAND, port_over(new_storage()))
