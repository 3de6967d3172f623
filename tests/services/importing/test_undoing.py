"""An import taken back as one act, all or none."""

import io
from collections.abc import Callable
from datetime import date

import pytest

from certcore.domain.awards import EndReason, Status
from certcore.domain.jobs import JobState
from certcore.domain.people import Actor
from certcore.errors import NotFound, NotUndoable
from certcore.ports import Storage
from certcore.services.importing import Duplicates, ImportReport, ImportRequest
from tests.services.importing.test_importing import ana, csv_of
from tests.services.platform import ADMIN, Platform, platform_over
from tests.services.test_invariants import awards_of, check_invariants


@pytest.fixture
def platform(new_storage: Callable[[], Storage]) -> Platform:
    """Ana and Bo hold SAFE-1; batches are small."""
    platform = platform_over(new_storage(), batch=2)
    platform.certification("SAFE-1", items=["course:C-1"])
    platform.award("ana", "bo", issued_on=date(2025, 5, 1))
    return platform


def run(platform: Platform, duplicates: Duplicates = Duplicates.RENEW) -> ImportReport:
    file = csv_of(*(ana(username=name) for name in ("ana", "bo", "cy")))
    request = ImportRequest(zone="Europe/Rome", duplicates=duplicates, allow_shorten=True)
    return platform.registrar.importing.run(io.BytesIO(file), request, actor=ADMIN)


def live_terms(platform: Platform) -> list[tuple[object, ...]]:
    """What everybody holds, all of it but the history that an undo leaves behind."""
    return sorted(
        (award.learner_id, award.number, repr(award.period), repr(award.basis), award.renews, award.renewed_by)
        for award in awards_of(platform)
        if award.live
    )


@pytest.mark.parametrize(("duplicates", "counts"), [(Duplicates.RENEW, (3, 2, 0)), (Duplicates.ERROR, (1, 0, 2))])
def test_everything_is_as_before_but_for_history(
    platform: Platform, duplicates: Duplicates, counts: tuple[int, int, int]
) -> None:
    """R-45: new awards archived as undone, predecessors live again, updated ones reverted; nobody is told any more."""
    before = live_terms(platform)
    report = run(platform, duplicates)
    undone = platform.registrar.importing.undo(report.import_id or "", actor=ADMIN)
    assert (undone.undone, undone.restored, undone.reverted) == counts
    assert live_terms(platform) == before
    ended = [award for award in awards_of(platform) if award.ending is not None]
    assert {award.ending.reason for award in ended if award.ending} == {EndReason.UNDONE}
    with platform.storage.reading() as tx:
        events = tx.outbox.of([award.id for award in ended])
    assert not any(event.notify for each in events.values() for event in each)
    check_invariants(platform)


def test_an_undone_award_is_archived_at_every_instant(platform: Platform) -> None:
    """R-45: as if it had never been."""
    report = run(platform)
    number = next(
        record.award.number for record in platform.registrar.reporting.search(actor=ADMIN, username="cy").records
    )
    platform.registrar.importing.undo(report.import_id or "", actor=ADMIN)
    assert platform.registrar.reporting.show(number, actor=ADMIN)[0].status is Status.ARCHIVED


def test_undoing_again_is_a_no_op_and_the_file_can_be_imported_again(platform: Platform) -> None:
    """R-45: twice is once; a new run is a new import."""
    report = run(platform)
    platform.registrar.importing.undo(report.import_id or "", actor=ADMIN)
    again = platform.registrar.importing.undo(report.import_id or "", actor=ADMIN)
    assert (again.undone, again.restored, again.reverted) == (0, 0, 0)
    second = run(platform)
    assert (second.new, second.renewed) == (1, 2)
    assert second.import_id != report.import_id
    check_invariants(platform)


def test_one_award_changed_since_refuses_the_whole_undo_and_names_it(platform: Platform) -> None:
    """R-45: all or none."""
    report = run(platform)
    (cy,) = [record.award.number for record in platform.registrar.reporting.search(actor=ADMIN, username="cy").records]
    platform.registrar.correcting.edit(cy, actor=ADMIN, issued_on=date(2026, 1, 1))
    before = sorted(map(repr, awards_of(platform)))
    with pytest.raises(NotUndoable) as refusal:
        platform.registrar.importing.undo(report.import_id or "", actor=ADMIN)
    assert refusal.value.numbers == (cy,)
    assert sorted(map(repr, awards_of(platform))) == before


@pytest.mark.parametrize("anew", [False, True])
def test_a_renewal_that_was_taken_back_and_purged_refuses_the_undo(platform: Platform, anew: bool) -> None:
    """R-45, R-65: what it renewed does not live again because nothing is left of the revocation."""
    report = run(platform)
    renewal = next(award.number for award in awards_of(platform) if award.live and award.learner_id == "id-ana")
    platform.registrar.archiving.revoke(renewal, reason="Fraud", actor=ADMIN)
    platform.registrar.archiving.purge(renewal, reason="Over", actor=ADMIN)
    if anew:
        platform.award("ana", issued_on=date(2026, 2, 1))
    before = sorted(map(repr, awards_of(platform)))
    with pytest.raises(NotUndoable) as refusal:
        platform.registrar.importing.undo(report.import_id or "", actor=ADMIN)
    assert refusal.value.numbers == (renewal,)
    assert sorted(map(repr, awards_of(platform))) == before


def test_imports_are_listed_newest_first_with_their_state(platform: Platform) -> None:
    """What was imported, and what was taken back."""
    first = run(platform)
    second = run(platform, Duplicates.ERROR)
    platform.registrar.importing.undo(first.import_id or "", actor=ADMIN)
    listed = platform.registrar.importing.recent(actor=ADMIN)
    assert {job.public_id: job.state for job in listed} == {
        first.import_id: JobState.UNDONE,
        second.import_id: JobState.DONE,
    }
    assert platform.registrar.importing.get(first.import_id or "", actor=ADMIN).result["new"] == 1


@pytest.mark.parametrize("import_id", ["", "zz", "0000000000000000", "ffff" * 8])
def test_an_import_that_does_not_exist_is_not_found(platform: Platform, import_id: str) -> None:
    """Typed; and the same for those who may not import."""
    with pytest.raises(NotFound):
        platform.registrar.importing.undo(import_id, actor=ADMIN)
    with pytest.raises(NotFound):
        platform.registrar.importing.undo(run(platform).import_id or "", actor=Actor("id-ana"))
