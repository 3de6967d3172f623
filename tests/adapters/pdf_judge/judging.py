"""What tests of the judge share."""

from typing import Final

from certcore.adapters.pdf_judge.checking import inside
from certcore.adapters.pdf_judge.edges import outside
from certcore.domain.files import FileJudgement, FileLimits

LIMITS: Final = FileLimits(seconds=60)
"""The limits there are by default, but for patience: a busy machine is no failure."""


def look(content: bytes, limits: FileLimits = LIMITS) -> FileJudgement:
    """What the judge makes of a file, found in this process."""
    found = outside(content, limits)
    findings, pages = ([found], None) if found else inside(content, limits)
    return FileJudgement.of(content, findings, pages)


def codes(content: bytes, limits: FileLimits = LIMITS) -> set[str]:
    """The codes of what is found in a file."""
    return {finding.code for finding in look(content, limits).findings}
