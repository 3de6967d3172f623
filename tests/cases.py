"""The cases with independently known answers: a folder beside the repository, not part of it.

Tests that read them take the fixture ``cases``, or stand under ``needs_cases``; without the folder they are skipped and
the summary says so. ``CERTCORE_CASES`` names another folder.
"""

import os
from pathlib import Path

import pytest

ENV = "CERTCORE_CASES"
CASES = Path(os.environ.get(ENV) or Path(__file__).parents[2] / "shared" / "cases")
ABSENT = f"no cases folder at {CASES} (set {ENV} to read them from elsewhere)"

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=ABSENT)
