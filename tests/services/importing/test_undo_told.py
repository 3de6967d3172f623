"""What people were told because of an import is listed when it is undone (R-45)."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from attrs import evolve

from certcore.ports import Storage
from certcore.services.importing import Duplicates, ImportReport, ImportRequest, UndoReport, told
from tests.services.importing.test_importing import ana, csv_of
from tests.services.notifying.desk import Desk, Mail, desk_over, raising
from tests.services.platform import ADMIN

NAMES = ("ana", "bo", "cy")
YEAR = timedelta(365)


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
def desk(new_storage: Callable[[], Storage], mail: Mail) -> Desk:
    """Ana and Bo hold SAFE-1 and were told of it."""
    desk = desk_over(new_storage(), mail, batch=2)
    desk.certification("SAFE-1", items=["course:C-1"])
    desk.rule("issued", "new")
    desk.rule("30 days before", "soon")
    desk.award("ana", "bo", issued_on=date(2026, 3, 1))
    desk.deliver()
    assert len(mail.taken) == 2
    return desk


def imported(desk: Desk, duplicates: Duplicates, names: tuple[str, ...] = NAMES) -> ImportReport:
    rows = (ana(username=name, certification_issue_date="2026-03-01") for name in names)
    request = ImportRequest(zone="Europe/Rome", duplicates=duplicates, allow_shorten=True)
    desk.now += timedelta(1)
    return desk.registrar.importing.run(io.BytesIO(csv_of(*rows)), request, actor=ADMIN)


def undone(desk: Desk, report: ImportReport) -> UndoReport:
    return desk.registrar.importing.undo(report.import_id or "", actor=ADMIN)


@pytest.mark.parametrize("batch", [1, 2, 10_000])
def test_what_was_delivered_is_listed_and_what_waits_is_cancelled(
    desk: Desk, mail: Mail, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Of new awards and renewals each message, under its id; undone again it says the same, and nobody is told more."""
    monkeypatch.setattr(told, "_PAGE", batch)
    before = len(mail.taken)
    report = imported(desk, Duplicates.RENEW)
    assert (report.new, report.renewed) == (1, 2)
    mail.before = lambda message: (
        raising(ConnectionError("no"))(message) if message.recipient.username == "bo" else None
    )
    desk.deliver()
    sent = mail.taken[before:]
    assert {message.recipient.username for message in sent} == {"ana", "cy"}
    undo = undone(desk, report)
    assert undo.delivered_total == len(undo.delivered) == 2
    assert {(each.id, each.number, each.recipient_id, each.rule, each.kind) for each in undo.delivered} == {
        (message.id, message.number, message.recipient.id, "new", "issued") for message in sent
    }
    assert {each.at for each in undo.delivered} == {message.at for message in sent}
    assert undone(desk, report) == evolve(undo, undone=0, restored=0, reverted=0)
    mail.before = lambda _message: None
    desk.deliver(timedelta(hours=1))
    assert mail.taken[before:] == sent, "what had not gone out is cancelled"


def test_of_an_award_that_was_only_edited_what_came_later_is_listed(desk: Desk, mail: Mail) -> None:
    """What was told of it before the import stays true."""
    report = imported(desk, Duplicates.ERROR, ("ana", "bo"))
    assert report.updated == 2
    assert undone(desk, report).delivered == ()
    report = imported(desk, Duplicates.ERROR, ("ana", "bo"))
    desk.now += 2 * YEAR
    (ended,) = {each.award.period.expires_on for each in desk.registrar.reporting.search(actor=ADMIN).records}
    assert ended is not None
    desk.now = desk.now.replace(year=ended.year, month=ended.month, day=ended.day) - timedelta(10)
    assert desk.registrar.notifying.run_due().due == 2
    desk.deliver()
    undo = undone(desk, report)
    assert (undo.reverted, undo.delivered_total) == (2, 2)
    assert {(each.rule, each.kind) for each in undo.delivered} == {("soon", "30 days before")}
    assert {each.id for each in undo.delivered} == {message.id for message in mail.taken[-2:]}


def test_each_notifier_that_took_it_is_listed(desk: Desk, mail: Mail) -> None:
    """Where there are several: a message that only one has taken was not delivered by the other."""
    late = Mail(before=raising(ConnectionError("no")))
    desk.notifier = {"mail": mail, "late": late}
    desk.registrar = desk.registrar_with()
    report = imported(desk, Duplicates.RENEW, ("cy",))
    desk.deliver()
    (listed,) = undone(desk, report).delivered
    assert (listed.notifier, listed.id) == ("mail", mail.taken[-1].id)


def test_all_are_counted_and_the_first_are_listed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with an import's errors."""
    monkeypatch.setattr(told, "LISTED", 2)
    report = imported(desk, Duplicates.RENEW)
    desk.deliver()
    undo = undone(desk, report)
    assert (undo.delivered_total, len(undo.delivered)) == (3, 2)
    assert undone(desk, report).delivered == undo.delivered


def test_f29_what_another_release_told_does_not_keep_an_import_from_being_undone(desk: Desk) -> None:
    """It is counted, and what it said is not known here."""
    report = imported(desk, Duplicates.RENEW, ("cy",))
    desk.deliver()
    (delivery,) = desk.deliveries(desk.number_of("cy"))
    with desk.storage.transaction() as tx:
        tx.deliveries.update([evolve(delivery, payload='{"v":2}', version=delivery.version + 1)])
    undo = undone(desk, report)
    assert (undo.undone, undo.delivered_total, undo.delivered) == (1, 1, ())
