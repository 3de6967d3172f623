"""What was revoked stays so, whatever file comes again (R-65, f49)."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from certcore.domain.awards import Status
from certcore.domain.decisions import NEW, UNCHANGED, Held, Offer
from certcore.errors import Conflict
from certcore.ports import Storage
from certcore.registrar import Registrar
from certcore.services.importing import Duplicates, ImportReport, ImportRequest, Mode
from certcore.services.units import Candidate, check_not_revoked_since
from certcore.testing.builders import make_period
from certcore.testing.threads import elsewhere
from tests.services.importing.test_importing import ana, csv_of
from tests.services.platform import ADMIN, Platform, platform_over

NUMBER_BYTES = 12
"""How many random bytes the number of one new award takes."""


@pytest.fixture
def platform(platform: Platform) -> Platform:
    """With SAFE-1, which C-1 carries; it is noon of 1 March 2026 in UTC."""
    platform.certification("SAFE-1", items=["course:C-1"])
    return platform


def run(platform: Platform, *rows: tuple[str, ...], zone: str = "UTC", **parts: object) -> ImportReport:
    request = ImportRequest(zone=zone, **parts)  # type: ignore[arg-type]
    return platform.registrar.importing.run(io.BytesIO(csv_of(*rows)), request, actor=ADMIN)


def revoke(platform: Platform) -> str:
    """Revoke Ana's live award; its number."""
    records = platform.registrar.reporting.search(actor=ADMIN, username="ana").records
    (number,) = [each.award.number for each in records if each.award.live]
    platform.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN)
    return number


def issued(on: str, **cells: str) -> tuple[str, ...]:
    return ana(certification_issue_date=on, certification_expire_date="2028-01-01", **cells)


@pytest.mark.parametrize("duplicates", list(Duplicates))
def test_f49_importing_the_same_file_again_leaves_it_revoked(platform: Platform, duplicates: Duplicates) -> None:
    """R-65: the row is refused with a code of its own, in the dry run too; the other rows go on."""
    rows = ana(), ana(username="bo")
    assert run(platform, *rows, duplicates=duplicates).new == 2
    number = revoke(platform)
    platform.now += timedelta(days=30)
    request = ImportRequest(zone="UTC", duplicates=duplicates)
    dry = platform.registrar.importing.run(io.BytesIO(csv_of(*rows)), request, actor=ADMIN, dry_run=True)
    told = run(platform, *rows, duplicates=duplicates)
    for report in (dry, told):
        assert (report.rejected, report.unchanged) == (1, 1)
        (error,) = report.errors
        assert (error.line, error.column, error.value, error.code) == (
            2,
            "certification_issue_date",
            "2026-01-31",
            "revoked",
        )
        assert "2026-03-01" in error.message
    records = platform.registrar.reporting.search(actor=ADMIN, username="ana").records
    assert [(each.award.number, each.status) for each in records] == [(number, Status.REVOKED)]


@pytest.mark.parametrize(
    ("zone", "day", "outcome"),
    [
        ("UTC", "2026-02-28", "revoked"),
        ("UTC", "2026-03-01", "revoked"),
        ("UTC", "2026-03-02", None),
        ("Pacific/Kiritimati", "2026-03-02", "revoked"),
        ("Pacific/Kiritimati", "2026-03-03", None),
        ("Pacific/Pago_Pago", "2026-03-01", "revoked"),
        ("Pacific/Pago_Pago", "2026-03-02", None),
    ],
)
def test_f49_a_later_day_than_that_of_the_revocation_issues_anew(
    platform: Platform, zone: str, day: str, outcome: str | None
) -> None:
    """R-65: dated after it is a later civil day in the uploader's zone; it is 2 March in Kiritimati at that noon."""
    run(platform, ana())
    number = revoke(platform)
    report = run(platform, issued(day), zone=zone)
    assert [error.code for error in report.errors] == ([] if outcome is None else [outcome])
    assert report.new == (outcome is None)
    records = platform.registrar.reporting.search(actor=ADMIN, username="ana").records
    assert [each.award.renews for each in records if each.award.live] == ([None] if outcome is None else [])
    assert platform.registrar.reporting.show(number, actor=ADMIN)[0].status is Status.REVOKED


def test_f49_the_last_of_several_revocations_counts(platform: Platform) -> None:
    """R-65: issued anew and revoked again."""
    run(platform, ana())
    revoke(platform)
    run(platform, issued("2026-03-02"))
    platform.now += timedelta(days=9)
    revoke(platform)
    assert [error.code for error in run(platform, issued("2026-03-10")).errors] == ["revoked"]
    assert run(platform, issued("2026-03-11")).new == 1


@pytest.mark.parametrize("duplicates", list(Duplicates))
def test_f49_an_old_row_neither_renews_nor_changes_what_was_issued_anew(
    platform: Platform, duplicates: Duplicates
) -> None:
    """R-65: not even where a live award is there again; that very award's row still changes nothing."""
    run(platform, ana())
    revoke(platform)
    platform.award("ana", issued_on=date(2026, 3, 1), expires_on=date(2026, 12, 1), zone="UTC")
    assert [error.code for error in run(platform, ana(), duplicates=duplicates).errors] == ["revoked"]
    same = ana(certification_issue_date="2026-03-01", certification_expire_date="2026-12-01", type="manual", code="")
    assert run(platform, same, duplicates=duplicates).unchanged == 1


def test_f49_a_restored_award_is_unchanged_by_its_row(platform: Platform) -> None:
    """R-45, R-65: what the caller let live again is not refused when its file comes again."""
    run(platform, ana())
    platform.award("ana", issued_on=date(2026, 2, 10), expires_on=date(2029, 1, 1), held=Held.RENEW)
    records = platform.registrar.reporting.search(actor=ADMIN, username="ana").records
    (number,) = [each.award.number for each in records if each.award.live]
    platform.registrar.archiving.revoke(number, reason="Fraud", restore=True, actor=ADMIN)
    assert run(platform, ana(), zone="Europe/Rome").rejected == 1  # its dates are of another zone
    assert run(platform, ana()).unchanged == 1


def test_f49_all_or_nothing_imports_nothing_beside_a_revoked_row(platform: Platform) -> None:
    """R-43, R-65."""
    run(platform, ana())
    revoke(platform)
    report = run(platform, ana(), ana(username="bo"), mode=Mode.ALL_OR_NOTHING)
    assert (report.new, report.rejected, report.errors[0].code) == (0, 2, "revoked")


def test_f49_another_certification_or_another_learner_is_not_concerned(platform: Platform) -> None:
    """R-65: it is that learner's certification which was revoked."""
    platform.certification("SAFE-2", items=["course:C-2"])
    run(platform, ana())
    revoke(platform)
    report = run(platform, ana(certification_code="SAFE-2", code="C-2"), ana(username="bo"))
    assert (report.new, report.rejected) == (2, 0)


def test_f49_a_killed_import_that_goes_on_does_not_bring_back_what_was_revoked(
    new_storage: Callable[[], Storage],
) -> None:
    """f01, R-65: neither the rows that were done, nor those that were not."""
    platform = platform_over(new_storage(), batch=1)
    platform.certification("SAFE-1", items=["course:C-1"])
    platform.award("cy", issued_on=date(2026, 1, 31))
    rows = [ana(username=name) for name in ("ana", "bo", "cy")]

    def dying(done: int, _total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        platform.registrar.importing.run(
            io.BytesIO(csv_of(*rows)), ImportRequest(zone="UTC"), actor=ADMIN, progress=dying
        )
    for name in ("ana", "cy"):
        (record,) = platform.registrar.reporting.search(actor=ADMIN, username=name).records
        platform.registrar.archiving.revoke(record.award.number, reason="Fraud", actor=ADMIN)
    report = run(platform, *rows)
    assert (report.new, report.rejected, [error.code for error in report.errors]) == (2, 1, ["revoked"])
    live = [each.username for each in platform.registrar.reporting.search(actor=ADMIN).records if each.award.live]
    assert live == ["bo"]


def test_f15_what_was_issued_and_revoked_since_it_was_read_is_found_out(platform: Platform) -> None:
    """R-65: asked again once the new awards are written; the unit then runs anew."""
    made = platform.registrar.defining.get("SAFE-1", actor=ADMIN).certification
    run(platform, ana())
    revoke(platform)
    person = platform.directory.people(["id-ana"])["id-ana"]
    offer = Offer(make_period())
    with platform.storage.reading() as tx:
        ((_, at),) = tx.awards.latest_revocations([made.id], [person.id]).items()
        for known, clashes in ((at, False), (None, True), (at - timedelta(days=1), True)):
            candidates = [Candidate(made, person, offer, None, known)]
            if clashes:
                with pytest.raises(Conflict):
                    check_not_revoked_since(tx, candidates, [NEW])
            else:
                check_not_revoked_since(tx, candidates, [NEW])
            check_not_revoked_since(tx, candidates, [UNCHANGED])


@pytest.mark.parametrize("new_storage", ["postgres"], indirect=True)  # the others have one writer at a time
def test_f15_an_import_that_was_overtaken_by_award_and_revocation_is_refused(
    new_storage: Callable[[], Storage],
) -> None:
    """R-65: one serial order, never active after a later revocation."""
    platform = platform_over(new_storage())
    platform.certification("SAFE-1", items=["course:C-1"])
    plain = platform.registrar
    overtaken: list[str] = []

    def award_and_revoke() -> None:
        platform.award("ana")
        overtaken.append(revoke(platform))

    def random_bytes(count: int) -> bytes:
        if count == NUMBER_BYTES and not overtaken:  # decided, and not written yet
            elsewhere(award_and_revoke)
        return plain.importing._ports.random_bytes(count)

    ports = plain.importing._ports
    slow = Registrar(
        storage=platform.storage,
        directory=ports.directory,
        catalog=ports.catalog,
        clock=ports.clock,
        random_bytes=random_bytes,
    )
    report = slow.importing.run(io.BytesIO(csv_of(ana())), ImportRequest(zone="UTC"), actor=ADMIN)
    assert len(overtaken) == 1
    assert [error.code for error in report.errors] == ["revoked"]
    assert [each.status for each in platform.registrar.reporting.search(actor=ADMIN).records] == [Status.REVOKED]
