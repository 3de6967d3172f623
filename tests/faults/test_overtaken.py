"""Something else happens to an import between two of its batches."""

import pytest

from tests.faults.conftest import Copies
from tests.faults.world import ACTOR, check_invariants, dump, file_of, imports_of, site_at, told

ROWS = 200
BATCH = 50
DATA = file_of(ROWS)


class Killed(BaseException):
    """The process ends here."""


def test_an_import_that_is_undone_while_it_runs_writes_nothing_more(copies: Copies) -> None:
    """R-45: as one act, also for who is still at it; the file can then be imported anew."""
    with copies(ROWS) as url, site_at(url, batch=BATCH) as site, site_at(url, batch=BATCH) as other:
        before = dump(site.storage, history=False)

        def undone(done: int, _total: int) -> None:
            if BATCH < done <= 2 * BATCH:
                (import_id,) = imports_of(other, DATA)
                other.registrar.importing.undo(import_id, actor=ACTOR)

        report = site.run(DATA, progress=undone)
        assert imports_of(site, DATA) == {report.import_id: "undone"}
        assert dump(site.storage, history=False, undone=False) == before
        assert site.run(DATA).new > 0
        check_invariants(site.storage)


@pytest.mark.parametrize("sizes", [(50, 20), (20, 50)])
def test_f02_processes_with_batches_of_other_sizes_lose_no_row(copies: Copies, sizes: tuple[int, int]) -> None:
    """R-41: a release that changes the size is rolled out; one process does a batch between two of the other."""
    with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
        calm = site.run(DATA)
        end = dump(site.storage, history=False)
    with copies(ROWS) as url, site_at(url, batch=sizes[0]) as site, site_at(url, batch=sizes[1]) as other:
        between = iter(range(3))

        def overtaken(_done: int, _total: int) -> None:
            if next(between, None) is not None:
                with pytest.raises(Killed):
                    other.run(DATA, progress=killed)

        assert told(site.run(DATA, progress=overtaken)) == told(calm)
        assert dump(site.storage, history=False) == end
        check_invariants(site.storage)


def killed(_done: int, _total: int) -> None:
    """Let a process end after its first batch."""
    raise Killed
