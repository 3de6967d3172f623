"""One judge for all tests of a worker."""

from collections.abc import Iterator

import pytest

from certcore.adapters.pdf_judge import PdfJudge
from tests.adapters.pdf_judge.judging import LIMITS


@pytest.fixture(scope="session")
def judge() -> Iterator[PdfJudge]:
    """The judge with its process."""
    with PdfJudge(LIMITS) as made:
        yield made
