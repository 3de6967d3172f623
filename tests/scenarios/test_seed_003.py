"""The help page on issuing by hand, played from its first line to its last (SEED 3)."""

from collections.abc import Callable

from certcore.ports import Storage
from tests.scenarios.facts import play
from tests.scenarios.issuing import ISSUING, workspace_over


def test_seed_003_from_its_first_line_to_its_last(new_storage: Callable[[], Storage]) -> None:
    """SEED 3: every fact in the page's order; a failure names the rule."""
    play(ISSUING, workspace_over(new_storage()))
