"""An import with a fault at every statement it makes, one after the other.

By default a fault at each statement, of one kind after the other; with ``CERTCORE_KILLS`` set, of every kind.
"""

import math
from itertools import count

import pytest
from attrs import define

from certcore.adapters.sql.units import Unit
from certcore.errors import Retryable, StorageError
from tests.faults.conftest import Copies
from tests.faults.injecting import THOROUGH, Injecting, Injector, LostCommit, faults_at
from tests.faults.world import Site, check_invariants, dump, file_of, imports_of, site_at, told

ROWS = 60
BATCH = 60  # enough for COPY
DATA = file_of(ROWS)
KEY = "once"


@define
class Calm:
    """An import without faults: what it told and left, and how many statements it made."""

    told: dict[str, object]
    after: str
    awards: list[str]
    statements: int


@pytest.fixture
def calm(copies: Copies, injecting: Injecting) -> Calm:
    """``awards`` are the states that a caller can see: before the import and after each batch."""
    counting = Injector(lambda _connection: None)
    with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
        injecting(counting)
        site.run(DATA, key=KEY)
        injecting(None)
    with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
        awards = [dump(site.storage, history=False)]
        report = site.run(
            DATA, key=KEY, progress=lambda _done, _total: awards.append(dump(site.storage, history=False))
        )
        return Calm(told(report), dump(site.storage), awards, counting.seen)


def test_f36_a_passing_fault_at_any_statement_changes_nothing(
    copies: Copies, backend: str, calm: Calm, injecting: Injecting
) -> None:
    """The unit runs again as a whole: the same report, the same rows, each event once.

    A reading outside of units (the roles of the actor, the people in the first pass) is the directory's own and passes
    the error on: run again, the import ends the same.
    """
    passed_on = 0
    for at in range(1, calm.statements + 1):
        for name, fault in faults_at(backend, at):
            with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
                injector = Injector(fault, at, at)
                injecting(injector)
                try:
                    report = site.run(DATA, key=KEY)
                except Retryable:
                    assert injector.in_reading, f"{name} at statement {at}"
                    passed_on += 1
                    report = site.run(DATA, key=KEY)
                injecting(None)
                assert injector.raised == [at]
                assert told(report) == calm.told, f"{name} at statement {at}"
                assert dump(site.storage) == calm.after, f"{name} at statement {at}"
                check_invariants(site.storage)
    assert passed_on < calm.statements / 2


def test_f36_a_lasting_fault_from_any_statement_on_is_a_typed_error(
    copies: Copies, backend: str, calm: Calm, injecting: Injecting
) -> None:
    """No half batch is left, the same storage works afterwards, and the import goes on to the same end."""
    for at in range(1, calm.statements + 1, 1 if THOROUGH else 4):
        for name, fault in faults_at(backend, at // 4):
            with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
                injecting(Injector(fault, at, math.inf))
                with pytest.raises(Retryable):
                    site.run(DATA, key=KEY)
                injecting(None)
                assert dump(site.storage, history=False) in calm.awards
                check_invariants(site.storage)
                assert told(site.run(DATA, key=KEY)) == calm.told, f"{name} from statement {at}"
                assert dump(site.storage) == calm.after, f"{name} from statement {at}"


@pytest.mark.parametrize("committed", [False, True], ids=["rolled back", "committed"])
def test_f37_a_commit_of_which_nobody_knows_is_found_out_by_running_again(
    copies: Copies, backend: str, calm: Calm, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """The error is typed and not retried blindly; the next run under the key finds out: one effect, one report."""
    commit = Unit.commit
    for at in count(1):
        with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
            lost = LostCommit(at, committed, backend)
            monkeypatch.setattr(Unit, "commit", lambda unit, lost=lost: lost.commit(unit, commit))
            error = error_of(site)
            monkeypatch.setattr(Unit, "commit", commit)
            if error is None:
                assert lost.seen < at
                break
            assert type(error) is StorageError
            before = imports_of(site, DATA)
            report = site.run(DATA, key=KEY)
            assert told(report) == calm.told
            assert {report.import_id} == {*imports_of(site, DATA)} >= {*before}
            assert dump(site.storage) == calm.after
            check_invariants(site.storage)
    assert at > 3


def error_of(site: Site) -> StorageError | None:
    try:
        site.run(DATA, key=KEY)
    except StorageError as error:
        return error
    return None
