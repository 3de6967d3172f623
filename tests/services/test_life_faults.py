"""Faults in the life of an award: several doors at once, people who are gone, reads, clocks, commits nobody saw."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from certcore.domain.awards import Status, days_left
from certcore.domain.decisions import Held, Outcome
from certcore.domain.people import Person
from certcore.domain.policy import RenewalPolicy
from certcore.errors import StorageError
from certcore.ports import Storage
from certcore.registrar import Registrar
from certcore.services.completing import Completed
from certcore.services.importing import ImportReport, ImportRequest
from certcore.testing.storage.base import contents
from certcore.testing.threads import at_once
from tests.services.host import C1, Host, host_over
from tests.services.lost_commits import LosesTheNextCommit
from tests.services.platform import ADMIN, Platform
from tests.services.test_awarding import without_queue
from tests.services.test_invariants import check_invariants

DAY = timedelta(days=1)
HEADER = "username,certification_code,certification_issue_date,always_valid,certification_expire_date,type,code"


def file_of(*usernames: str, issued: date = date(2026, 1, 31)) -> io.BytesIO:
    """A file that gives SAFE-1 to these for ever."""
    rows = [f"{username},SAFE-1,{issued},true,,manual," for username in usernames]
    return io.BytesIO("\n".join((HEADER, *rows, "")).encode())


def imports(host: Platform, *usernames: str, key: str | None = None) -> ImportReport:
    """Import such a file."""
    report: ImportReport = host.registrar.importing.run(
        file_of(*usernames), ImportRequest(zone="UTC"), actor=ADMIN, key=key
    )
    return report


def acts(host: Host, award: Any) -> list[str]:
    """What happened to an award."""
    with host.storage.reading() as tx:
        return [entry.act for entry in tx.history.of([award.id])[award.id]]


def losing(host: Host, *, committed: bool) -> Registrar:
    """A registrar whose connection is lost while its next transaction commits."""
    storage = LosesTheNextCommit(host.storage, committed=committed)
    return Registrar(
        storage=storage, directory=host.directory, catalog=host.catalog, clock=lambda: host.now, settings=host.settings
    )


# At once


def test_f13_by_hand_by_file_and_by_completion_at_once_make_one_award(host: Host) -> None:
    """R-23: whichever door is first; nobody gets an exception."""
    host.certification(items=["course:C-1"])
    doors: list[Callable[[], object]] = [
        lambda: host.award("ana", issued_on=date(2026, 1, 31), always_valid=True),
        lambda: host.record(Completed(username="ana", item=C1, at=host.now)),
        lambda: imports(host, "ana"),
    ]
    assert at_once(doors * 2) == [None] * 6
    (award,) = host.held("ana")
    assert award.live
    assert set(acts(host, award)[1:]) <= {"edited"}
    check_invariants(host)


def test_f14_many_threads_renewing_by_hand_add_one_award(host: Host) -> None:
    """R-30, R-60: a double click on the same renewal: one archived, one new, and the losers name the winner."""
    host.certification()
    host.award("ana", issued_on=date(2025, 6, 1))
    numbers: set[str | None] = set()

    def renew() -> None:
        numbers.add(host.award("ana", issued_on=date(2026, 3, 1), held=Held.RENEW).outcomes[0].number)

    assert at_once([renew] * 6) == [None] * 6
    old, new = host.held("ana")
    assert (old.renewed_by, new.renews, new.live) == (new.id, old.id, True)
    assert (acts(host, old), acts(host, new)) == (["issued", "renewed"], ["issued"])
    assert numbers == {new.number}
    check_invariants(host)


def test_f15_a_revocation_and_an_import_end_in_one_serial_order(host: Host) -> None:
    """R-65: after the revocation nothing of the file brings it back, before it the revocation takes it."""
    host.certification()
    number = str(host.award("ana", issued_on=date(2026, 1, 1)).outcomes[0].number)
    revoke = host.registrar.archiving.revoke
    assert at_once([lambda: imports(host, "ana"), lambda: revoke(number, reason="Fraud", actor=ADMIN)]) == [None] * 2
    (award,) = host.held("ana")
    assert acts(host, award) in (["issued", "edited", "revoked"], ["issued", "revoked"])
    assert imports(host, "ana").errors[0].code == "revoked"
    check_invariants(host)


# Without a right


def test_f18_who_is_unknown_or_deactivated_is_reported_by_every_door_and_the_rest_goes_on(host: Host) -> None:
    """R-24: by hand and by file."""
    host.certification()
    wanted = {"nobody": "unknown_user", "gone": "deactivated_user"}
    told = {each.username: each.reason for each in host.award("nobody", "gone", "ana").outcomes}
    assert told == {**wanted, "ana": None}
    report = imports(host, "nobody", "gone", "bo")
    assert [each.code for each in report.errors] == list(wanted.values())
    assert (report.new, host.live("bo") is not None) == (1, True)
    assert host.held("gone") == []


def test_f18_who_is_deactivated_or_gone_by_the_time_a_job_runs_is_reported_by_it(
    new_storage: Callable[[], Storage],
) -> None:
    """R-24, R-31: the job goes on with the rest."""
    host = host_over(new_storage(), at_once=1)
    host.certification()
    host.registrar = without_queue(host)
    waiting = host.award("ana", "bo", "cy")
    host.directory.put(Person("id-ana", "ana", active=False))
    people = host.directory.people
    host.directory.people = lambda ids: people([each for each in ids if each != "id-bo"])  # type: ignore[method-assign]
    (job,) = host.registrar.running.run_queued()
    assert (job.public_id, job.done) == (waiting.job_id, 3)
    told = {each["username"]: each["reason"] for each in job.result["outcomes"]}  # type: ignore[attr-defined]
    assert told == {"ana": "deactivated_user", "bo": "unknown_user"}
    assert host.live("cy") is not None


# By reading


def test_f22_no_read_changes_anything(host: Host) -> None:
    """I11: lists, filters, previews, dry runs, views and answers; every table is as it was."""
    host.certification(items=["course:C-1"], allow_retake=True)
    host.completes("ana", C1)
    host.completes("bo", C1)
    import_id = str(imports(host, "cy").import_id)
    number = host.live("ana").number
    host.registrar.renewing.start(number, actor=ADMIN)
    longer = RenewalPolicy.from_data({"validity": {"years": 2}})
    registrar = host.registrar
    reads: list[Callable[[], object]] = [
        lambda: [registrar.reporting.search(actor=ADMIN, statuses=[each]) for each in Status],
        lambda: registrar.reporting.show(number, actor=ADMIN),
        lambda: list(registrar.reporting.awarded("SAFE-1", actor=ADMIN)),
        lambda: registrar.viewing.learner("ana", actor=ADMIN),
        lambda: registrar.defining.get("SAFE-1", actor=ADMIN),
        lambda: registrar.defining.overviews(actor=ADMIN),
        lambda: registrar.defining.preview_delete("SAFE-1", actor=ADMIN),
        lambda: registrar.defining.preview_unassign([C1], actor=ADMIN),
        lambda: list(registrar.previewing.policy_change("SAFE-1", longer, actor=ADMIN)),
        lambda: registrar.previewing.edit("SAFE-1", {"policy": longer}, actor=ADMIN),
        lambda: registrar.renewing.check(number, actor=ADMIN),
        lambda: registrar.completing.why_not("SAFE-1", "cy", actor=ADMIN),
        lambda: registrar.completing.retroactive("SAFE-1", actor=ADMIN),
        lambda: registrar.importing.run(file_of("ana"), ImportRequest(zone="UTC"), actor=ADMIN, dry_run=True),
        lambda: registrar.importing.get(import_id, actor=ADMIN),
        lambda: registrar.importing.recent(actor=ADMIN),
        lambda: registrar.archiving.purge_older({"days": 0}, dry_run=True, reason="Over", actor=ADMIN),
        lambda: registrar.reviewing.settings(actor=ADMIN),
        lambda: registrar.reviewing.tasks(actor=ADMIN),
        lambda: registrar.reviewing.search(actor=ADMIN),
    ]
    jobs = [registrar.importing.get(import_id, actor=ADMIN)]
    before = contents(host.storage, jobs=jobs)
    for read in reads:
        read()
        assert contents(host.storage, jobs=jobs) == before


# Time


def test_f31_whatever_the_clock_does_days_left_are_never_negative_and_history_is_in_order(host: Host) -> None:
    """R-15, R-64: back by an hour, the same again, and far ahead, while an award is edited, renewed and taken back."""
    host.certification()
    host.award("ana", issued_on=date(2026, 1, 1))
    number = host.live("ana").number
    for now in (host.now - timedelta(hours=1), host.now - timedelta(hours=1), datetime(2106, 2, 7, 6, 29, tzinfo=UTC)):
        host.now = now
        host.registrar.correcting.edit(number, actor=ADMIN, issued_on=host.live("ana").period.issued_on + DAY)
        left = days_left(host.live("ana"), now)
        assert left is None or left >= 0
    (record,) = host.registrar.reporting.search(actor=ADMIN, username="ana").records
    assert (record.status, record.days_left) == (Status.EXPIRED, None)
    host.now -= 70 * 365 * DAY
    host.registrar.correcting.unassign(number, actor=ADMIN)
    _, history = host.registrar.reporting.show(number, actor=ADMIN)
    assert [entry.act for entry in history] == ["issued", "edited", "edited", "edited", "unassigned"]
    assert [entry.seq for entry in history] == [1, 2, 3, 4, 5]
    check_invariants(host)


@pytest.mark.parametrize("after", [-timedelta(microseconds=1), timedelta()])
def test_f32_at_the_very_instant_a_successor_starts_one_award_is_valid(host: Host, after: timedelta) -> None:
    """R-14: half-open: until then the old one, from then on the new one, and never both or none."""
    host.certification()
    host.award("ana", issued_on=date(2026, 1, 1))
    host.award("ana", issued_on=date(2026, 9, 1), held=Held.RENEW)
    host.now = datetime(2026, 9, 1, tzinfo=UTC) + after
    wanted = (Status.ARCHIVED, Status.ACTIVE) if not after else (Status.ACTIVE, Status.UPCOMING)
    reporting = host.registrar.reporting
    records = sorted(reporting.search(actor=ADMIN).records, key=lambda each: each.award.period.issued_at)
    with reporting.statuses(host.now, actor=ADMIN) as rows:
        streamed = {row[0]: row[3] for row in rows}
    assert tuple(each.status for each in records) == wanted
    assert tuple(streamed[each.award.number] for each in records) == wanted
    (valid,) = reporting.search(actor=ADMIN, statuses=[Status.ACTIVE]).records
    assert valid.award.number == records[not after].award.number


# Half-way


@pytest.mark.parametrize("committed", [True, False])
def test_f37_an_award_of_which_nobody_knows_is_found_out_by_the_key(host: Host, committed: bool) -> None:
    """R-34: exactly one effect, and the answer is the same however often it is asked for."""
    host.certification()
    host.registrar = losing(host, committed=committed)
    with pytest.raises(StorageError):
        host.award("ana", "gone", key="k-1")
    report = host.award("ana", "gone", key="k-1")
    assert report == host.award("ana", "gone", key="k-1")
    assert report.counts == {Outcome.NEW: 1, Outcome.REJECTED: 1}
    (award,) = host.held("ana")
    assert (award.number, acts(host, award)) == (report.outcomes[0].number, ["issued"])


@pytest.mark.parametrize("committed", [True, False])
def test_f37_an_import_and_its_undoing_of_which_nobody_knows_are_found_out_by_doing_them_again(
    host: Host, committed: bool
) -> None:
    """R-41, R-45: the report counts each row once, and undoing it again is a no-op."""
    host.certification()
    host.registrar = losing(host, committed=committed)
    with pytest.raises(StorageError):
        imports(host, "ana", "bo", key="k-1")
    report = imports(host, "ana", "bo", key="k-1")
    assert (report.new, report.rows, len(host.held("ana"))) == (2, 2, 1)
    host.registrar = losing(host, committed=committed)
    with pytest.raises(StorageError):
        host.registrar.importing.undo(str(report.import_id), actor=ADMIN)
    undone = host.registrar.importing.undo(str(report.import_id), actor=ADMIN)
    assert undone.undone == (0 if committed else 2)
    (award,) = host.held("ana")
    assert acts(host, award) == ["issued", "undone"]
    check_invariants(host)
