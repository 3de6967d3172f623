"""The help page on managing learner certificates, played from its first line to its last (SEED 0)."""

from collections.abc import Callable

from certcore.ports import Storage
from tests.scenarios.facts import play
from tests.scenarios.managing import MANAGING, administration_over


def test_seed_000_from_its_first_line_to_its_last(new_storage: Callable[[], Storage]) -> None:
    """SEED 0: every fact in the page's order; a failure names the rule."""
    play(MANAGING, administration_over(new_storage()))
