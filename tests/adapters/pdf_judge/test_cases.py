"""The judge against real and hostile PDFs with known verdicts."""

import json

import pytest

from certcore.adapters.pdf_judge import PdfJudge
from certcore.domain.files import Verdict
from tests.cases import CASES, needs_cases

FOLDER = CASES / "pdf"
MANIFEST = json.loads((FOLDER / "manifest.json").read_bytes())["files"] if FOLDER.is_dir() else []


@needs_cases
@pytest.mark.parametrize("case", MANIFEST, ids=lambda case: str(case["file"]))
def test_f51_every_case_gets_its_verdict(judge: PdfJudge, case: dict[str, str]) -> None:
    """`either` is answered; the judgement names the bytes that were given."""
    judgement = judge.judge((FOLDER / case["file"]).read_bytes())
    assert judgement.sha256 == case["sha256"]
    assert case["verdict"] in ("either", judgement.verdict), judgement.findings
    assert (judgement.verdict is Verdict.ACCEPT) == (judgement.findings == ())


@needs_cases
def test_f51_verdicts_are_the_same_in_any_order(judge: PdfJudge) -> None:
    """No file leaves anything behind in the process that changes what the next one gets."""
    files = [(FOLDER / case["file"]).read_bytes() for case in MANIFEST]
    told = [judge.judge(content) for content in files]
    assert [judge.judge(content) for content in reversed(files)] == told[::-1]
