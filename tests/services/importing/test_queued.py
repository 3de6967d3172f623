"""An import that waits with its file until a worker does it (R-41)."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from certcore.adapters.in_process import InProcessJobs
from certcore.adapters.memory import MemoryDirectory, MemoryDocuments
from certcore.codec import JSON
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Person, Role
from certcore.errors import IdempotencyConflict, NotAllowedHere, UnreadableFile, WrongJobState
from certcore.ports import Storage
from certcore.services.importing import Duplicates, ImportReport, ImportRequest, Mode, keeping
from tests.services.importing.test_importing import ana, csv_of
from tests.services.importing.test_resuming import FILE, NAMES, host, told
from tests.services.importing.test_resuming import run as run_at_once
from tests.services.platform import ADMIN, Platform
from tests.services.test_invariants import check_invariants, dump
from tests.services.workers import Collecting, after

RENEW = ImportRequest(zone="Europe/Rome", duplicates=Duplicates.RENEW)
WHOLE = ImportRequest(zone="Europe/Rome", duplicates=Duplicates.RENEW, mode=Mode.ALL_OR_NOTHING)
GOOD = csv_of(*(ana(username=f"user{n:02}") for n in range(9)))


@pytest.fixture(autouse=True)
def parts_of_two_hundred_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PART_BYTES", 200)


@pytest.fixture
def queue() -> Collecting:
    return Collecting()


@pytest.fixture
def platform(new_storage: Callable[[], Storage], queue: Collecting) -> Platform:
    """Nine people, batches of three, a document store, and workers elsewhere."""
    platform = host(new_storage())
    platform.documents = MemoryDocuments()
    platform.registrar = platform.registrar_with(queue)
    return platform


def queued(platform: Platform, data: bytes = FILE, request: ImportRequest = RENEW, key: str | None = None) -> Job:
    return platform.registrar.importing.queue(io.BytesIO(data), request, actor=ADMIN, key=key)


def run(platform: Platform, job: Job, stopping: Callable[[], bool] = lambda: False) -> Job:
    ran = platform.registrar.running.run(job.id, stopping)
    assert ran is not None
    return ran


def kept(platform: Platform) -> int:
    """How many documents there are."""
    assert platform.documents is not None
    return len(platform.documents.put_before(platform.now + timedelta(days=10_000), None, 1_000))


def report_of(platform: Platform, job: Job) -> ImportReport:
    return JSON.structure(platform.registrar.importing.get(job.public_id, actor=ADMIN).result, ImportReport)


def rejects_of(platform: Platform, job: Job) -> str:
    writer = io.StringIO()
    platform.registrar.importing.rejects(job.public_id, writer, actor=ADMIN)
    return writer.getvalue()


def test_a_queued_import_ends_as_one_that_is_run_at_once(
    new_storage: Callable[[], Storage], platform: Platform, queue: Collecting
) -> None:
    """R-41: same state, same report, same rejects; then the file is not kept any more."""
    calm, calm_rejects = host(new_storage()), io.StringIO()
    calm_report = run_at_once(calm, rejects=calm_rejects)
    job = queued(platform)
    assert (job.state, job.total, queue.ids) == (JobState.QUEUED, None, [job.id])
    assert kept(platform) == len(FILE) // 200 + 1 > 2
    done = run(platform, job)
    assert (done.state, done.done, done.total) == (JobState.DONE, calm_report.rows, calm_report.rows)
    assert told(report_of(platform, done)) == told(calm_report)
    assert rejects_of(platform, done) == calm_rejects.getvalue()
    assert dump(platform) == dump(calm)
    assert kept(platform) == 0
    check_invariants(platform)


def test_it_is_stopped_and_goes_on_where_it_stood(platform: Platform) -> None:
    """R-41: its progress and its report so far can be read meanwhile."""
    job = queued(platform)
    stopped = run(platform, job, after(1))
    assert (stopped.state, stopped.done, stopped.total) == (JobState.QUEUED, 3, 12)
    so_far = report_of(platform, stopped)
    assert (so_far.rows, so_far.errors_total, len(so_far.errors)) == (3, 0, 0)
    done = run(platform, job)
    assert (done.state, report_of(platform, done).rows) == (JobState.DONE, 12)
    check_invariants(platform)


def test_it_is_cancelled_between_two_batches_and_resumed(platform: Platform) -> None:
    """What was committed stays and is told, with the mistakes so far; resumed, it does the rest under its id."""
    job = queued(platform, csv_of(*(ana(username=name) for name in ("nobody", "gone", *NAMES))))
    run(platform, job, after(2))
    running = platform.registrar.running
    cancelled = running.cancel(job.public_id, actor=ADMIN)
    so_far = report_of(platform, cancelled)
    assert (cancelled.state, so_far.rows, so_far.errors_total) == (JobState.CANCELLED, 6, 2)
    assert [error.code for error in so_far.errors] == ["unknown_user", "deactivated_user"]
    assert kept(platform) > 0
    assert run(platform, job).state is JobState.CANCELLED
    running.resume(job.public_id, actor=ADMIN)
    assert run(platform, job).state is JobState.DONE
    assert kept(platform) == 0
    with pytest.raises(WrongJobState):
        running.resume(job.public_id, actor=ADMIN)


def test_cancelled_in_the_middle_by_somebody_else_it_ends_there(platform: Platform) -> None:
    """The worker finds out with its next batch."""
    job = queued(platform)
    stop = after(1)

    def cancelling() -> bool:
        if stop():
            platform.registrar.running.cancel(job.public_id, actor=ADMIN)
        return False

    ended = run(platform, job, cancelling)
    assert (ended.state, report_of(platform, ended).rows) == (JobState.CANCELLED, 3)
    assert len(platform.registrar.reporting.search(actor=ADMIN).records) == 3 + 1, "one was there before"


def test_an_all_or_nothing_import_that_is_stopped_or_cancelled_leaves_nothing(platform: Platform) -> None:
    """R-43: and resumed it does all."""
    before = dump(platform)
    job = queued(platform, GOOD, WHOLE)
    stopped = run(platform, job, after(2))
    assert (stopped.state, stopped.done, dump(platform)) == (JobState.QUEUED, 0, before)
    platform.registrar.running.cancel(job.public_id, actor=ADMIN)
    assert dump(platform) == before
    platform.registrar.running.resume(job.public_id, actor=ADMIN)
    done = run(platform, job)
    assert (done.state, done.done, report_of(platform, done).rows) == (JobState.DONE, 9, 9)
    assert kept(platform) == 0


def test_an_all_or_nothing_import_with_a_bad_row_fails_and_says_which(platform: Platform) -> None:
    """R-43: its rejects are told, its file is not kept, and it cannot be resumed."""
    before = dump(platform)
    job = queued(platform, FILE, WHOLE)
    failed = run(platform, job)
    report = report_of(platform, failed)
    assert (failed.state, report.rejected, report.errors_total) == (JobState.FAILED, 12, 2)
    assert [error.code for error in report.errors] == ["unknown_user", "deactivated_user"]
    assert rejects_of(platform, failed).count("\r\n") == 3
    assert (dump(platform), kept(platform)) == (before, 0)
    with pytest.raises(WrongJobState):
        platform.registrar.running.resume(job.public_id, actor=ADMIN)


@pytest.mark.parametrize("request_", [RENEW, WHOLE])
def test_the_same_import_queued_again_is_that_one(
    platform: Platform, queue: Collecting, request_: ImportRequest
) -> None:
    """R-41: while it is not finished; nothing of the second file is kept."""
    first = queued(platform, GOOD, request_)
    files = kept(platform)
    assert queued(platform, GOOD, request_) == first
    assert (kept(platform), queue.ids) == (files, [first.id])
    assert run(platform, first).state is JobState.DONE
    assert queued(platform, GOOD, request_).id != first.id


@pytest.mark.parametrize("request_", [RENEW, WHOLE])
def test_run_at_once_while_it_waits_it_is_the_same_import(platform: Platform, request_: ImportRequest) -> None:
    """R-41: the job is done by then, and the worker finds nothing to do."""
    job = queued(platform, GOOD, request_)
    report = platform.registrar.importing.run(io.BytesIO(GOOD), request_, actor=ADMIN)
    assert (report.import_id, report.rows) == (job.public_id, 9)
    assert run(platform, job).state is JobState.DONE


def test_an_import_whose_process_was_killed_is_queued_under_its_id(platform: Platform) -> None:
    """R-41: then a worker has the file, and does the rest."""
    with pytest.raises(KeyboardInterrupt):
        platform.registrar.importing.run(io.BytesIO(FILE), RENEW, actor=ADMIN, progress=_interrupt)
    (killed,) = platform.registrar.running.in_state(JobState.RUNNING)
    assert run(platform, killed) == killed, "nobody has its file"
    job = queued(platform)
    assert (job.id, job.state, job.done) == (killed.id, JobState.QUEUED, 3)
    done = run(platform, job)
    assert (done.state, done.done, kept(platform)) == (JobState.DONE, 12, 0)
    check_invariants(platform)


def _interrupt(_done: int, _total: int) -> None:
    raise KeyboardInterrupt


def test_the_same_key_is_the_same_import(platform: Platform) -> None:
    """R-34: also when it is done; another file under it is a conflict, and nothing of that is kept."""
    job = queued(platform, GOOD, key="once")
    done = run(platform, job)
    assert queued(platform, GOOD, key="once") == done
    with pytest.raises(IdempotencyConflict):
        queued(platform, FILE, key="once")
    assert kept(platform) == 0


def test_f18_who_is_deactivated_while_it_waits_is_rejected(platform: Platform) -> None:
    """R-24: the other rows are imported."""
    job = queued(platform, GOOD)
    people = [evolve(each, active=each.id != "id-user03") for each in platform.directory.match(NAMES).values()]
    platform.directory = MemoryDirectory(people)
    ran = platform.registrar_with().running.run(job.id)
    assert ran is not None
    report = report_of(platform, ran)
    assert (ran.state, report.rejected, [each.code for each in report.errors]) == (
        JobState.DONE,
        1,
        ["deactivated_user"],
    )


def test_f30_rights_are_judged_when_it_runs(platform: Platform) -> None:
    """R-34: it fails, keeps its file, and goes on once its actor has the right again."""
    job = queued(platform)
    directory = platform.directory
    platform.directory = MemoryDirectory([Person(ADMIN.id, "admin")], roles={"admin": [Role.LEARNER]})
    failed = platform.registrar_with().running.run(job.id)
    assert failed is not None
    assert (failed.state, failed.result["error"]["code"]) == (JobState.FAILED, "not_found")  # type: ignore[index]
    platform.directory = directory
    platform.registrar.running.resume(job.public_id, actor=ADMIN)
    assert run(platform, job).state is JobState.DONE


def test_undoing_an_import_that_waits_lets_its_file_go(platform: Platform) -> None:
    """R-45: what it has done so far is taken back."""
    job = queued(platform, GOOD)
    run(platform, job, after(2))
    platform.registrar.importing.undo(job.public_id, actor=ADMIN)
    assert (run(platform, job).state, kept(platform)) == (JobState.UNDONE, 0)
    live = [each.award for each in platform.registrar.reporting.search(actor=ADMIN).records if each.award.live]
    assert [award.learner_id for award in live] == ["id-user05"]


def test_the_collection_of_orphans_spares_files_that_wait(platform: Platform) -> None:
    """I9: and takes those that nobody waits for."""
    job = queued(platform)
    files = kept(platform)
    assert platform.documents is not None
    platform.documents.put(b"left behind", job.id)
    platform.documents.put(b"left behind", 5)
    platform.now += timedelta(days=10_000)
    assert platform.registrar.reviewing.collect_orphans(actor=ADMIN) == 2
    assert kept(platform) == files
    assert run(platform, job).state is JobState.DONE


def test_a_lost_part_of_the_file_fails_the_job(platform: Platform) -> None:
    """f40: it is told, and no row of the rest is imported."""
    job = queued(platform)
    assert platform.documents is not None
    platform.documents.delete([keeping.refs_of(job)[1]])
    failed = run(platform, job)
    assert (failed.state, failed.result["error"]["code"], failed.done) == (JobState.FAILED, "corrupt_document", 0)  # type: ignore[index]


def test_what_the_head_of_the_file_tells_is_told_at_once(platform: Platform) -> None:
    """f03, f06: there is no job then, and nothing is kept."""
    with pytest.raises(UnreadableFile):
        queued(platform, b"no,columns,of,ours\n1,2,3,4\n")
    with pytest.raises(UnreadableFile):
        queued(platform, GOOD, ImportRequest(zone="UTC", sha256="0" * 64))
    assert (platform.registrar.running.in_state(JobState.QUEUED), kept(platform)) == ([], 0)


def test_without_a_document_store_nothing_is_queued(platform: Platform) -> None:
    """The error says what is missing."""
    platform.documents = None
    platform.registrar = platform.registrar_with()
    with pytest.raises(NotAllowedHere, match="document store"):
        queued(platform)


def test_a_queue_in_the_process_runs_it_at_once(platform: Platform) -> None:
    """And gives the finished job."""
    platform.registrar = platform.registrar_with(InProcessJobs())
    job = queued(platform)
    assert (job.state, job.done, kept(platform)) == (JobState.DONE, 12, 0)


def test_f29_an_import_of_the_first_release_still_runs(platform: Platform) -> None:
    """Its payload, as it is stored there, is that of the same import today: it is resumed under its id."""
    with pytest.raises(KeyboardInterrupt):
        platform.registrar.importing.run(io.BytesIO(FILE), RENEW, actor=ADMIN, progress=_interrupt)
    (killed,) = platform.registrar.running.in_state(JobState.RUNNING)
    request = {
        "zone": "Europe/Rome", "duplicates": "renew", "mode": "skip_bad_rows",
        "format": {"separator": None, "encoding": None, "columns": {}, "header": True},
        "cells": {
            "yes_no": False, "derive_expiry": False,
            "kinds": {
                "manual": "manual", "course": "course", "learning_plan": "learning_plan", "Course": "course",
                "learning plan": "learning_plan", "lp": "learning_plan", "plan": "learning_plan",
            },
        },
        "allow_shorten": False, "notify": True, "sha256": None,
    }  # fmt: skip
    assert killed.payload == {"sha256": killed.payload["sha256"], "request": request}
