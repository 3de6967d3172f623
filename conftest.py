"""The examples in README.md and docs/ are tests too."""

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest_collect_file = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["*.md"]).pytest()


class PagesWhole(LoadScopeScheduling):
    """Spread tests one by one, but give a page's examples to one worker: a later one uses what an earlier defined."""

    # Not `--dist loadgroup`: with pytest 9.2, pytest-xdist 3.8 sees no groups.
    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if path.endswith(".md") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> PagesWhole | None:
    return PagesWhole(config, log) if config.getvalue("dist") == "load" else None
