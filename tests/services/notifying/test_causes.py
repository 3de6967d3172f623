"""What becomes a message besides what happens to awards: enrolments, external certificates, imports, each once."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from attrs import evolve

from certcore.domain.decisions import Held
from certcore.domain.deliveries import Delivery, DeliveryState
from certcore.domain.people import Actor
from certcore.ports import Storage
from certcore.registrar import Registrar
from certcore.services.importing import ImportRequest
from certcore.services.notifying import DeliverReport
from tests.services.notifying.desk import Desk, Mail, desk_over
from tests.services.platform import ADMIN
from tests.services.reviewing.office import office_over, who

ROWS = "username,certification_code,certification_issue_date,always_valid,certification_expire_date,type,code\n"


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
def desk(new_storage: Callable[[], Storage], mail: Mail) -> Desk:
    desk = desk_over(new_storage(), mail)
    desk.certification("SAFE-1", items=["course:C-1"], allow_retake=True)
    return desk


def told(mail: Mail) -> list[tuple[str, str]]:
    return sorted((message.rule, message.recipient.username) for message in mail.taken)


def test_who_may_take_an_item_again_is_told_when_the_catalog_has_it(desk: Desk, mail: Mail) -> None:
    """R-51, R-80: with the item, once the order is acknowledged, and not before."""
    desk.rule("enrolled_again", "again")
    desk.completes("ana", "course:C-1")
    desk.deliver()
    desk.catalog.failure = OSError("down")
    desk.registrar.renewing.start(desk.number_of("ana"), actor=ADMIN)
    assert desk.deliver().failed == 1
    assert mail.taken == []
    desk.catalog.failure = None
    report = desk.deliver(timedelta(minutes=5))
    assert report.delivered == 2
    (message,) = mail.taken
    assert (message.rule, message.recipient.username) == ("again", "ana")
    assert len(desk.catalog.orders) == 1
    assert desk.deliver(timedelta(1)).idle


def test_an_award_that_renews_is_issued_and_renewed(desk: Desk, mail: Mail) -> None:
    """R-44, R-80: the first is only issued; rules of the certification outrank those for all."""
    desk.rule("issued", "new")
    desk.rule("renewed", "again")
    desk.rule("renewed", "own", certification="SAFE-1")
    desk.award("ana")
    desk.award("ana", issued_on=date(2026, 3, 1), expires_on=date(2028, 1, 1), held=Held.RENEW)
    desk.deliver()
    assert told(mail) == [("new", "ana"), ("own", "ana")]


def test_who_is_revoked_is_told(desk: Desk, mail: Mail) -> None:
    """R-61, R-80."""
    desk.rule("revoked", "gone")
    desk.award("ana")
    desk.registrar.archiving.revoke(desk.number_of("ana"), reason="why not", actor=ADMIN)
    desk.deliver()
    assert told(mail) == [("gone", "ana")]


def test_who_imported_is_told_when_it_is_done(desk: Desk, mail: Mail) -> None:
    """R-80: once, also where the file comes again; programs are nobody, a dry run is none."""
    desk.rule("import_finished", "done")
    boss = Actor("id-boss", ADMIN.roles)
    file = f"{ROWS}ana,SAFE-1,2026-01-01,false,2027-01-01,manual,\n".encode()
    for dry_run in (True, False):
        desk.registrar.importing.run(io.BytesIO(file), ImportRequest(zone="UTC"), actor=boss, dry_run=dry_run)
    desk.registrar.importing.run(io.BytesIO(file), ImportRequest(zone="UTC", notify=False), actor=Actor.program("x"))
    report = desk.deliver()
    assert report.dropped == 1
    assert told(mail) == [("done", "boss")]


def test_f28_an_import_without_notices_tells_nobody(desk: Desk, mail: Mail) -> None:
    """Nor later, nor where a rule comes afterwards."""
    desk.rule("issued", "new")
    rows = "".join(f"{name},SAFE-1,2020-01-01,false,2021-01-01,manual,\n" for name in ("ana", "bo", "cy"))
    request = ImportRequest(zone="UTC", notify=False)
    desk.registrar.importing.run(io.BytesIO(f"{ROWS}{rows}".encode()), request, actor=ADMIN)
    desk.rule("renewed", "late")
    desk.deliver()
    assert desk.deliver(timedelta(400)).idle
    assert mail.tried == []


def test_f29_a_cause_that_cannot_be_read_is_parked(desk: Desk, mail: Mail) -> None:
    """It is a dead letter; the others go on."""
    desk.rule("enrolled_again", "again")
    desk.completes("ana", "course:C-1")
    desk.registrar.renewing.start(desk.number_of("ana"), actor=ADMIN)
    assert desk.registrar.renewing.deliver().delivered == 1
    number = desk.number_of("ana")
    with desk.storage.transaction() as tx:
        (cause,) = (each for each in desk.deliveries(number) if each.kind == "enrolled_again")
        tx.deliveries.update([_with(cause, '{"other":1}')])
    assert desk.deliver().delivered == 0
    (parked,) = desk.dead()
    assert (parked.kind, parked.state) == ("enrolled_again", DeliveryState.DEAD)
    with desk.storage.transaction() as tx:
        tx.deliveries.update([_with(parked, cause.payload)])
    assert desk.registrar.notifying.resend([parked.id], actor=ADMIN) == 1
    assert desk.deliver() == DeliverReport(dispatched=1, delivered=1)
    assert told(mail) == [("again", "ana")]


def _with(delivery: Delivery, payload: str) -> Delivery:
    return evolve(delivery, payload=payload, version=delivery.version + 1)


def test_reviewers_and_learners_are_told_of_external_certificates(
    new_storage: Callable[[], Storage], mail: Mail
) -> None:
    """R-75: whoever may review at that moment of what waits, the learner of the verdict; nobody of what is decided."""
    office = office_over(new_storage())
    registrar = Registrar(
        storage=office.storage,
        directory=office.directory,
        catalog=office.catalog,
        clock=lambda: office.now,
        notifier=mail,
    )
    for when in ("external_submitted", "external_validated", "external_rejected"):
        registrar.notifying.set_rule(when, when, actor=ADMIN)
    told_first, decided = office.pending(), office.pending()
    office.reviewing.reject(decided, actor=who("mia"), comment="not ours")
    registrar.notifying.deliver_due()
    assert told(mail) == [("external_rejected", "ana"), ("external_submitted", "mia")]
    office.reviewing.validate(told_first, actor=who("mia"))
    registrar.notifying.deliver_due()
    assert told(mail)[2:] == [("external_validated", "ana")]
    assert "not ours" in next(message.body for message in mail.taken if message.rule == "external_rejected")
