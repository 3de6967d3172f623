"""An import that meets thousands of awards, taken back: all is as it was, but for history (R-45).

``CERTCORE_UNDO_ROWS`` says how many.
"""

import os
import time

import pytest

from certcore.domain.jobs import JobState
from certcore.services.importing import ImportRequest
from tests.faults.conftest import Copies
from tests.faults.world import (
    ACTOR,
    IN_PLACE,
    RENEW,
    check_invariants,
    dump,
    file_of,
    imports_of,
    renewals_of,
    site_at,
)

ROWS = int(os.environ.get("CERTCORE_UNDO_ROWS", "2000"))
DATA = renewals_of(ROWS)


@pytest.mark.parametrize("request_", [RENEW, IN_PLACE], ids=["renewed", "updated"])
def test_an_undone_import_leaves_what_was_before_it_but_for_history(copies: Copies, request_: ImportRequest) -> None:
    """R-45: the same awards, byte for byte; new ones are archived as undone."""
    with copies(ROWS) as url, site_at(url, batch=2_000) as site:
        site.run(file_of(ROWS, bad=False))
        before = dump(site.storage, history=False)
        began = time.monotonic()
        report = site.run(DATA, request_)
        imported = time.monotonic()
        assert report.renewed + report.updated == report.rows == ROWS
        undone = site.registrar.importing.undo(report.import_id or "", actor=ACTOR)
        ended = time.monotonic()
        print(f"{ROWS} rows: import {imported - began:.1f} s, undo {ended - imported:.1f} s")  # noqa: T201
        assert (undone.undone, undone.restored, undone.reverted) == (report.renewed, report.renewed, report.updated)
        assert dump(site.storage, history=False, undone=False) == before
        assert imports_of(site, DATA) == {report.import_id: JobState.UNDONE}
        check_invariants(site.storage)
