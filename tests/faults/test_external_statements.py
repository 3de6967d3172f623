"""Uploads and verdicts with a fault at every statement and commit they make (f36, f37, f38, I5, I9)."""

import math
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from attrs import evolve, frozen

from certcore.adapters.memory import MemoryDocuments
from certcore.adapters.sql.units import Unit
from certcore.domain.people import Actor
from certcore.errors import Retryable, StorageError
from certcore.ports import ExternalQuery
from certcore.registrar import Registrar
from tests.faults.conftest import Copies
from tests.faults.injecting import FULL, THOROUGH, Injecting, Injector, LostCommit, faults_at
from tests.faults.office import CODES, open_office, submitted
from tests.faults.world import ACTOR, NOW, Site, awards_of, check_invariants, site_at

KEY = "once"


@frozen
class Desk:
    """A site with its office, a certificate that waits, and where the bytes are."""

    site: Site
    registrar: Registrar
    documents: MemoryDocuments
    ref: str


Act = Callable[[Desk], object]


def upload(desk: Desk) -> object:
    return submitted(desk.registrar, key=KEY)


def decide(desk: Desk) -> object:
    mia = Actor("id-mia")
    desk.registrar.reviewing.validate(desk.ref, actor=mia, title="First aid I", equivalence=CODES[0], key=KEY)
    return desk.ref


ACTS = {"upload": upload, "verdict": decide}


def desk_at(site: Site) -> Desk:
    registrar, documents = open_office(site)
    return Desk(site, registrar, documents, submitted(registrar))


def state(desk: Desk) -> list[str]:
    """All that is stored of certificates and awards, without what chance gave."""
    with desk.site.storage.reading() as tx:
        certificates = tx.externals.search(ExternalQuery(limit=100))
        awards = list(awards_of(desk.site.storage))
        ids = [*(each.id for each in certificates), *(each.id for each in awards)]
        acts = {each: [entry.act for entry in entries] for each, entries in tx.history.of(ids).items()}
        events = {each: [event.kind for event in of] for each, of in tx.outbox.of(ids).items()}
        told = {each: sorted((one.kind, one.state) for one in of) for each, of in tx.deliveries.of(ids).items()}
    shown = [
        (
            evolve(each.claim, equivalence=None),
            each.claim.equivalence is None,
            each.state,
            each.submitted,
            each.version,
            each.equated and each.equated.outcome,
            acts[each.id],
            events[each.id],
            told.get(each.id),
        )
        for each in certificates
    ]
    shown += [(each.period, each.basis.kind, each.version, acts[each.id], events[each.id]) for each in awards]  # type: ignore[misc]
    return sorted(map(repr, shown))


def check(desk: Desk) -> None:
    """No certificate without its bytes, and no bytes without a certificate that cannot be collected (I9)."""
    check_invariants(desk.site.storage)
    with desk.site.storage.reading() as tx:
        pointed_to = {each.document_ref for each in tx.externals.search(ExternalQuery(limit=100))}
    assert desk.documents.exists(pointed_to) == pointed_to
    desk.registrar.reviewing.collect_orphans(actor=ACTOR, older_than=timedelta(0))
    assert set(desk.documents.put_before(NOW, None, 100)) == pointed_to


@frozen
class Calm:
    """What an act leaves when nothing goes wrong, and how many statements it makes."""

    before: list[str]
    after: list[str]
    statements: int


@pytest.fixture(params=ACTS)
def act(request: pytest.FixtureRequest) -> Act:
    return ACTS[request.param]


@pytest.fixture
def calm(copies: Copies, act: Act, injecting: Injecting) -> Calm:
    counting = Injector(lambda _connection: None)
    with copies(0) as url, site_at(url) as site:
        desk = desk_at(site)
        before = state(desk)
        injecting(counting)
        act(desk)
        injecting(None)
        return Calm(before, state(desk), counting.seen)


def test_f36_a_passing_fault_at_any_statement_changes_nothing(
    copies: Copies, backend: str, act: Act, calm: Calm, injecting: Injecting
) -> None:
    """The unit runs again as a whole; where a reading passes the error on, the same act again ends the same."""
    for at in range(1, calm.statements + 1):
        for name, fault in faults_at(backend, at):
            with copies(0) as url, site_at(url) as site:
                desk = desk_at(site)
                injector = Injector(fault, at, at)
                injecting(injector)
                try:
                    act(desk)
                except Retryable:
                    assert injector.in_reading, f"{name} at statement {at}"
                    act(desk)
                injecting(None)
                assert injector.raised == [at]
                assert state(desk) == calm.after, f"{name} at statement {at}"
                check(desk)


def test_f36_a_lasting_fault_from_any_statement_on_leaves_all_or_nothing(
    copies: Copies, backend: str, act: Act, calm: Calm, injecting: Injecting
) -> None:
    """A typed error, no half of the act, and the same storage goes on afterwards."""
    for at in range(1, calm.statements + 1, 1 if THOROUGH else 3):
        for name, fault in faults_at(backend, at // 3):
            with copies(0) as url, site_at(url) as site:
                desk = desk_at(site)
                injecting(Injector(fault, at, math.inf))
                with pytest.raises(Retryable):
                    act(desk)
                injecting(None)
                assert state(desk) in (calm.before, calm.after), f"{name} from statement {at}"
                act(desk)
                assert state(desk) == calm.after, f"{name} from statement {at}"
                check(desk)


def test_f38_a_disk_that_is_full_at_any_statement_leaves_no_row_without_bytes(
    copies: Copies, backend: str, act: Act, calm: Calm, injecting: Injecting
) -> None:
    """A typed error that no repetition mends, nothing of the act, bytes that are collected; with room it goes on."""
    for at in range(1, calm.statements + 1, 1 if THOROUGH else 4):
        with copies(0) as url, site_at(url) as site:
            desk = desk_at(site)
            injector = Injector(FULL[backend], at, at)
            injecting(injector)
            error = error_of(desk, act)
            injecting(None)
            assert error is not None
            assert not isinstance(error, Retryable)
            found = state(desk)
            assert found == calm.before or (found == calm.after and injector.in_reading)  # of what was done already
            check(desk)
            act(desk)
            assert state(desk) == calm.after


@pytest.mark.parametrize("committed", [False, True], ids=["rolled back", "committed"])
def test_f37_a_commit_of_which_nobody_knows_is_found_out_by_running_again(
    copies: Copies, backend: str, act: Act, calm: Calm, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """The same act under its key has one effect; bytes of the lost one are collected, those of the other stay."""
    commit = Unit.commit
    for at in count(1):
        with copies(0) as url, site_at(url) as site:
            desk = desk_at(site)
            lost = LostCommit(at, committed, backend)
            monkeypatch.setattr(Unit, "commit", lambda unit, lost=lost: lost.commit(unit, commit))
            error = error_of(desk, act)
            monkeypatch.setattr(Unit, "commit", commit)
            if error is None:
                assert lost.seen < at
                break
            assert type(error) is StorageError
            assert state(desk) == (calm.after if committed else calm.before)
            act(desk)
            assert state(desk) == calm.after
            check(desk)
    assert at > 1


def error_of(desk: Desk, act: Act) -> StorageError | None:
    try:
        act(desk)
    except StorageError as error:
        return error
    return None
