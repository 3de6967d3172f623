"""The award of an accepted certificate's equivalence, and credits that count in policies (R-71, R-74, R-27, R-52)."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from certcore.adapters.memory import MemoryDirectory
from certcore.domain.awards import Award, BasisKind, EndReason, Status, status
from certcore.domain.certifications import ItemRef
from certcore.domain.decisions import Held
from certcore.domain.external import ExternalCertificate, ExternalState
from certcore.domain.people import Person
from certcore.domain.policy import Credit, Facts, RenewalPolicy
from certcore.errors import InvalidValue, NotEquated, NotFound, NotUndoable
from certcore.ports import AwardQuery, Storage
from certcore.services.completing import Completed
from certcore.services.importing import Duplicates, Mode
from certcore.services.known_facts import external_credits
from tests.services.platform import ADMIN
from tests.services.reviewing.office import Office, office_over, who
from tests.services.test_invariants import check_invariants, dump, imported

C1 = ItemRef.parse("course:C-1")


@pytest.fixture
def office(new_storage: Callable[[], Storage]) -> Office:
    made = office_over(new_storage())
    made.certification()
    return made


def validated(office: Office, username: str = "ana", *, by: str = "mia", **parts: Any) -> ExternalCertificate:
    """A certificate that was uploaded and validated, by default for the certification SAFE-1."""
    equivalence = parts.pop("equivalence", "SAFE-1")
    ref = office.pending(username, **parts)
    record = office.reviewing.validate(ref, actor=who(by), equivalence=equivalence)
    found: ExternalCertificate = record.certificate
    return found


def awards(office: Office, username: str = "ana") -> list[Award]:
    """All awards of a learner by the day they begin, withdrawn ones too."""
    with office.storage.reading() as tx:
        found = tx.awards.search(AwardQuery(office.now, frozenset([f"id-{username}"]), limit=100))
    return sorted(found, key=lambda award: (award.period.issued_at, award.live))


def told_of(office: Office, award: Award) -> list[bool]:
    """Whether each event of an award is one that the learner is told."""
    with office.storage.reading() as tx:
        return [event.notify for event in tx.outbox.of([award.id])[award.id]]


def test_an_equivalence_is_awarded_as_of_the_delivery(office: Office) -> None:
    """R-74: on the external-certification basis, by the certification's validity, one award for the certificate."""
    it = validated(office, credits=Decimal(5))
    (award,) = awards(office)
    assert it.equated is not None
    assert (it.equated.outcome, it.equated.number, it.equated.award_id) == ("new", award.number, award.id)
    assert (award.basis.kind, award.basis.code) == (BasisKind.EXTERNAL_CERTIFICATION, it.ref)
    assert (award.period.issued_on, award.period.expires_on) == (date(2026, 1, 31), date(2027, 1, 31))
    assert (award.period.zone, award.details.credits) == ("Europe/Rome", Decimal(5))
    assert told_of(office, award) == [True]


def test_it_expires_when_the_certificate_does(office: Office) -> None:
    """R-74, R-16: the external expiry comes before the certification's validity."""
    validated(office, expires_on=date(2031, 5, 5))
    (award,) = awards(office)
    assert award.period.expires_on == date(2031, 5, 5)


def test_without_validation_it_is_awarded_at_once(office: Office) -> None:
    """R-73, R-74."""
    office.set(validation=False)
    it = office.submit("ana", equivalence="SAFE-1").certificate
    (award,) = awards(office)
    assert it.equated is not None
    assert (it.state, it.equated.outcome, it.equated.award_id) == (ExternalState.ACCEPTED, "new", award.id)


@pytest.mark.parametrize("validation", [True, False])
def test_what_has_expired_already_goes_to_history_without_a_notice(office: Office, validation: bool) -> None:
    """R-74: in the books from delivery to expiry, and nobody holds it now."""
    office.set(validation=validation)
    if validation:
        it = validated(office, delivered_on=date(2024, 1, 31), expires_on=date(2025, 1, 31))
    else:
        it = office.submit(
            "ana", delivered_on=date(2024, 1, 31), expires_on=date(2025, 1, 31), equivalence="SAFE-1"
        ).certificate
    (award,) = awards(office)
    assert it.equated is not None
    assert (it.equated.outcome, it.equated.award_id) == ("history", award.id)
    assert award.ending is not None
    assert (award.ending.reason, award.ending.at) == (EndReason.PAST, award.period.expires_at)
    assert not any(told_of(office, award))
    assert status(award, office.now) is Status.ARCHIVED
    assert status(award, office.now - timedelta(days=500)) is Status.ACTIVE


def test_the_day_it_expires_by_the_certifications_validity_it_is_over(office: Office) -> None:
    """R-14, f32: valid over [issued, expires): on the very instant it is history, a day before it is not."""
    validated(office, delivered_on=date(2025, 3, 1))
    (over,) = awards(office)
    assert not over.live
    validated(office, "bo", by="max", delivered_on=date(2025, 3, 2))
    (live,) = awards(office, "bo")
    assert live.live


def test_who_holds_a_newer_award_gets_history(office: Office) -> None:
    """R-27: up to the award that followed; it never shortens anything."""
    office.award("ana", issued_on=date(2026, 2, 1))
    it = validated(office, delivered_on=date(2025, 6, 1))
    past, live = awards(office)
    assert it.equated is not None
    assert (it.equated.outcome, it.equated.number, it.equated.award_id) == ("history", past.number, past.id)
    assert past.ending is not None
    assert (past.ending.reason, past.ending.at) == (EndReason.PAST, live.period.issued_at)
    assert live.live
    assert not any(told_of(office, past))


def test_two_that_are_older_do_not_overlap(office: Office) -> None:
    """R-23, R-27: in no order are two held at one time."""
    office.award("ana", issued_on=date(2026, 2, 1))
    validated(office, delivered_on=date(2025, 6, 1))
    between = validated(office, delivered_on=date(2025, 8, 1))
    before = validated(office, delivered_on=date(2025, 4, 1))
    assert between.equated is not None
    assert before.equated is not None
    assert (between.equated.outcome, [each.code for each in between.equated.reasons]) == ("already_held", ["held_then"])
    assert before.equated.outcome == "history"
    first, second, _ = awards(office)
    assert first.ending is not None
    assert first.ending.at == second.period.issued_at


def test_a_holder_who_started_no_renewal_keeps_the_award(office: Office) -> None:
    """R-52: the certificate is validated, and says which award is held and why there is no new one."""
    office.award("ana", issued_on=date(2026, 1, 1))
    it = validated(office)
    (award,) = awards(office)
    assert it.equated is not None
    assert (it.state, it.equated.outcome, it.equated.number) == (
        ExternalState.VALIDATED,
        "already_held",
        award.number,
    )
    assert [each.code for each in it.equated.reasons] == ["renewal_not_started"]
    assert it.equated.award_id is None
    with office.storage.reading() as tx:
        acts = [entry.act for entry in tx.history.of([award.id])[award.id]]
    assert acts == ["issued", "equated"]
    check_invariants(office)


def test_an_import_whose_award_was_equated_since_is_not_undone(office: Office) -> None:
    """R-45: the certificate counts on it; refused with its number."""
    imported(office, [("ana", "SAFE-1", date(2026, 1, 1), None)], Duplicates.ERROR, Mode.SKIP_BAD_ROWS, shorten=False)
    (run,) = office.registrar.importing.recent(actor=ADMIN)
    it = validated(office)
    with pytest.raises(NotUndoable) as caught:
        office.registrar.importing.undo(run.public_id, actor=ADMIN)
    assert it.equated is not None
    assert caught.value.numbers == (it.equated.number,)


def renewing(office: Office, **parts: Any) -> Award:
    """The award of ana, whose renewal is started now; any course renews it."""
    office.certification("AID-1", items=["course:C-1"], **parts)
    office.award("ana", code="AID-1", issued_on=date(2025, 6, 1))
    (award,) = awards(office)
    office.registrar.renewing.start(award.number, actor=who("ana"))
    return award


def test_it_fulfils_an_open_renewal(office: Office) -> None:
    """R-52, R-60: the old award is archived as renewed, linked both ways, in the transaction of the verdict."""
    old = renewing(office)
    office.now += timedelta(days=10)
    it = validated(office, delivered_on=date(2026, 3, 5), equivalence="AID-1")
    archived, new = awards(office)
    assert it.equated is not None
    assert (it.equated.outcome, it.equated.award_id) == ("renewed", new.id)
    assert (archived.id, archived.renewed_by, new.renews) == (old.id, new.id, old.id)
    assert new.period.expires_on == date(2027, 3, 5)
    with office.storage.reading() as tx:
        renewal = tx.renewals.of([old.id])[old.id]
    assert renewal.state == "fulfilled"


def test_what_was_delivered_before_the_renewal_was_started_fulfils_none(office: Office) -> None:
    """R-52: only what is from the start on."""
    renewing(office)
    it = validated(office, delivered_on=date(2026, 2, 28), equivalence="AID-1")
    assert it.equated is not None
    assert [each.code for each in it.equated.reasons] == ["before_renewal"]


def test_a_renewal_is_never_shorter(office: Office) -> None:
    """R-53: the certificate ends sooner than what is held, whose end stays; the answer says so."""
    renewing(office)
    it = validated(office, delivered_on=date(2026, 3, 1), expires_on=date(2026, 4, 1), equivalence="AID-1")
    _, new = awards(office)
    assert it.equated is not None
    assert [each.code for each in it.equated.reasons] == ["not_shortened"]
    assert new.period.expires_on == date(2026, 6, 1)


def test_where_certifications_renew_by_themselves_it_renews(office: Office) -> None:
    """R-52: the policy's switch counts here as well; the same day again does not."""
    office.certification("AUTO-1", auto_renew=True)
    office.award("ana", code="AUTO-1", issued_on=date(2025, 6, 1))
    first = validated(office, equivalence="AUTO-1")
    again = validated(office, equivalence="AUTO-1")
    assert first.equated is not None
    assert again.equated is not None
    assert first.equated.outcome == "renewed"
    assert (again.equated.outcome, again.equated.number) == ("already_held", first.equated.number)
    assert [each.code for each in again.equated.reasons] == ["held_since"]


def refused(office: Office, ref: str, **parts: Any) -> str:
    """The reason why no award can follow; nothing is decided then, and nothing is changed."""
    before = office.reviewing.show(ref, actor=ADMIN), dump(office)
    with pytest.raises(NotEquated) as caught:
        office.reviewing.validate(ref, actor=who("mia"), equivalence="SAFE-1", **parts)
    assert (office.reviewing.show(ref, actor=ADMIN), dump(office)) == before
    return caught.value.reason


def test_f49_validating_what_was_delivered_before_a_revocation_brings_nothing_back(office: Office) -> None:
    """R-65: refused for the certificate that waited meanwhile; one delivered later is issuing anew."""
    waiting = office.pending()
    office.award("ana", issued_on=date(2025, 6, 1))
    office.registrar.archiving.revoke(awards(office)[0].number, reason="fraud", actor=ADMIN)
    assert refused(office, waiting) == "revoked"
    assert refused(office, waiting, delivered_on=date(2026, 3, 1)) == "revoked"
    with pytest.raises(NotEquated, match="was revoked on 2026-03-01"):
        office.reviewing.validate(waiting, actor=who("mia"), equivalence="SAFE-1")
    without = office.reviewing.validate(waiting, actor=who("mia")).certificate
    assert (without.state, without.equated) == (ExternalState.VALIDATED, None)
    office.now += timedelta(days=2)
    later = validated(office, delivered_on=date(2026, 3, 2))
    assert later.equated is not None
    assert later.equated.outcome == "new"


def test_f49_a_certificate_whose_award_was_revoked_brings_it_back_by_no_new_version(office: Office) -> None:
    """R-65, R-73: the correction of a date before the revocation is no issuing anew."""
    first = validated(office)
    office.registrar.archiving.revoke(awards(office)[0].number, reason="fraud", actor=ADMIN)
    second = office.pending(replaces=first.ref, delivered_on=date(2026, 2, 20))
    assert refused(office, second) == "revoked"
    (award,) = awards(office)
    assert award.ending is not None
    assert award.ending.reason is EndReason.REVOKED
    office.reviewing.validate(second, actor=who("mia"), equivalence=None)
    assert awards(office) == [award]


def test_a_new_version_stands_for_what_the_one_before_it_stood_for(office: Office) -> None:
    """R-73: learners, who set no equivalence, correct a date and lose no award by it (R-71)."""
    first = validated(office)
    second = office.pending(replaces=first.ref, delivered_on=date(2026, 1, 15))
    office.reviewing.validate(second, actor=who("mia"))
    (award,) = awards(office)
    assert (award.live, award.period.issued_on) == (True, date(2026, 1, 15))
    office.certification("AID-2")
    third = office.submit("ana", by="mia", replaces=second, equivalence="AID-2")
    assert third.equivalence is not None
    assert third.equivalence.code == "AID-2"


def test_a_new_version_stands_for_nothing_that_is_not_there_any_more(office: Office) -> None:
    """R-4, R-73: a certification that was deleted meanwhile holds no correction up."""
    first = validated(office)
    office.registrar.defining.delete("SAFE-1", typed="SAFE-1", actor=ADMIN, with_live=True)
    second = office.pending(replaces=first.ref)
    assert office.reviewing.validate(second, actor=who("mia")).certificate.claim.equivalence is None


@pytest.mark.parametrize("change", ["retired", "deleted", "deactivated", "gone"])
def test_what_went_meanwhile_is_named(office: Office, change: str) -> None:
    """R-24, R-76: certification or learner are as they are at the verdict; the certificate stays pending."""
    ref = office.pending(by="mia", equivalence="SAFE-1")
    if change == "retired":
        office.registrar.defining.retire("SAFE-1", actor=ADMIN)
    elif change == "deleted":
        office.registrar.defining.delete("SAFE-1", typed="SAFE-1", actor=ADMIN)
    elif change == "deactivated":
        office.directory.put(Person("id-ana", "ana", active=False))
    else:
        vars(office.directory).update(vars(MemoryDirectory([Person("id-mia", "mia")])))
    with pytest.raises(NotEquated) as caught:
        office.reviewing.validate(ref, actor=ADMIN)
    assert (
        caught.value.reason
        == {
            "retired": "certification_retired",
            "deleted": "certification_deleted",
            "deactivated": "deactivated_user",
            "gone": "unknown_user",
        }[change]
    )
    assert office.reviewing.show(ref, actor=ADMIN)[0].certificate.state is ExternalState.PENDING


def test_a_correction_in_a_new_version_corrects_the_award(office: Office) -> None:
    """R-73, R-74: one award per certificate, edited on record and without a notice; its note stays."""
    first = validated(office)
    (award,) = awards(office)
    details = award.details.__class__(note="seen the original")
    office.registrar.correcting.edit(award.number, actor=ADMIN, details=details)
    second = validated(office, replaces=first.ref, delivered_on=date(2026, 1, 1), expires_on=date(2028, 1, 1))
    (corrected,) = awards(office)
    assert second.equated is not None
    assert (second.equated.outcome, second.equated.award_id) == ("updated", award.id)
    assert (corrected.number, corrected.basis.code) == (award.number, second.ref)
    assert (corrected.period.issued_on, corrected.period.expires_on) == (date(2026, 1, 1), date(2028, 1, 1))
    assert corrected.details.note == "seen the original"
    assert told_of(office, corrected) == [True, False, False]


def test_a_correction_of_a_deleted_learners_is_one_too(office: Office) -> None:
    """R-72, R-24: nothing is given, what is there is put right."""
    first = validated(office)
    office.directory.put(Person("id-ana", "ana", active=False))
    second = office.pending(by="admin", replaces=first.ref, delivered_on=date(2026, 1, 1))
    office.reviewing.validate(second, actor=who("mia"), equivalence="SAFE-1")
    (award,) = awards(office)
    assert award.period.issued_on == date(2026, 1, 1)


@pytest.mark.parametrize("other", [None, "AID-2"])
def test_a_version_that_stands_for_something_else_takes_the_award_back(office: Office, other: str | None) -> None:
    """R-73, R-33: as given by mistake; what the other certification gives is given."""
    office.certification("AID-2")
    first = validated(office)
    second = validated(office, replaces=first.ref, equivalence=other)
    found = {award.certification_id: award for award in awards(office)}
    taken = next(award for award in found.values() if award.ending)
    assert taken.ending is not None
    assert (taken.ending.reason, len(found)) == (EndReason.UNASSIGNED, 1 if other is None else 2)
    assert (second.equated is None) is (other is None)
    check_invariants(office)


def test_a_renewal_that_was_a_mistake_leaves_what_was_held_before(office: Office) -> None:
    """R-73: the award that the certificate renewed is live again."""
    old = renewing(office)
    first = validated(office, delivered_on=date(2026, 3, 1), equivalence="AID-1")
    validated(office, replaces=first.ref, delivered_on=date(2026, 3, 1), equivalence=None)
    back, taken = awards(office)
    assert (back.id, back.live, back.renewed_by) == (old.id, True, None)
    assert taken.ending is not None
    assert taken.ending.reason is EndReason.UNASSIGNED
    check_invariants(office)


def test_a_corrected_renewal_stays_a_renewal(office: Office) -> None:
    """R-53, R-73: by the policy from what it renewed; a date before that is refused."""
    old = renewing(office)
    first = validated(office, delivered_on=date(2026, 3, 1), equivalence="AID-1")
    second = validated(office, replaces=first.ref, delivered_on=date(2026, 2, 20), equivalence="AID-1")
    archived, new = awards(office)
    assert second.equated is not None
    assert (second.equated.outcome, archived.id, new.renews) == ("updated", old.id, old.id)
    assert new.period.expires_on == date(2027, 2, 20)
    third = office.pending(replaces=second.ref, delivered_on=date(2025, 6, 1))
    with pytest.raises(NotEquated) as caught:
        office.reviewing.validate(third, actor=who("mia"), equivalence="AID-1")
    assert caught.value.reason == "held_since"


def test_what_was_renewed_since_is_corrected_no_more(office: Office) -> None:
    """I2, R-73: the award of the first version has a successor; the second version changes none of both."""
    first = validated(office)
    office.award("ana", issued_on=date(2026, 2, 20), held=Held.RENEW)
    before = awards(office)
    second = validated(office, replaces=first.ref, delivered_on=date(2026, 1, 1))
    assert second.equated is not None
    assert (second.equated.outcome, second.equated.award_id) == ("unchanged", before[0].id)
    assert awards(office) == before


def test_history_is_corrected_by_another_place_in_history(office: Office) -> None:
    """R-73, R-74: the wrong one is taken back; there is one award per certificate still."""
    first = validated(office, delivered_on=date(2024, 1, 31), expires_on=date(2025, 1, 31))
    second = validated(office, replaces=first.ref, delivered_on=date(2024, 2, 1), expires_on=date(2025, 1, 31))
    wrong, right = awards(office)
    assert wrong.ending is not None
    assert right.ending is not None
    assert (wrong.ending.reason, right.ending.reason) == (EndReason.UNASSIGNED, EndReason.PAST)
    third = validated(office, replaces=second.ref, delivered_on=date(2026, 2, 1))
    assert third.equated is not None
    assert third.equated.outcome == "new"
    assert [award.live for award in awards(office)] == [False, False, True]
    check_invariants(office)


def test_a_version_that_is_rejected_or_waits_leaves_the_award(office: Office) -> None:
    """R-73: the one in force is that which was accepted; the next one takes its place."""
    first = validated(office)
    (award,) = awards(office)
    second = office.pending(replaces=first.ref, delivered_on=date(2026, 1, 1))
    office.reviewing.reject(second, actor=who("mia"), comment="no")
    assert awards(office) == [award]
    third = validated(office, replaces=second, delivered_on=date(2026, 1, 2))
    assert third.equated is not None
    assert third.equated.award_id == award.id


def test_what_cannot_be_a_period_is_said_to_the_reviewer(office: Office) -> None:
    """R-16: an expiry on the day of delivery leaves nothing; neither verdict nor award is written."""
    ref = office.pending(expires_on=date(2026, 1, 31))
    with pytest.raises(InvalidValue) as caught:
        office.reviewing.validate(ref, actor=who("mia"), equivalence="SAFE-1")
    assert caught.value.field == "expires_on"
    assert office.tasks("mia") == [ref]


@pytest.fixture
def points(office: Office) -> Award:
    """An award of ana's under a policy that wants ten credits in the period."""
    policy = RenewalPolicy.from_data({"validity": {"years": 1}, "credits": {"total": 10}})
    office.certification("CPD-1", items=["course:C-1"], policy=policy)
    office.award("ana", code="CPD-1", issued_on=date(2025, 6, 1))
    (award,) = awards(office)
    return award


def completes(office: Office, amount: int) -> tuple[str, list[str]]:
    done = Completed(username="ana", item=C1, at=office.now, credits=Decimal(amount))
    (outcome,) = office.registrar.completing.record([done], actor=ADMIN).outcomes
    return outcome.outcome.value, [each.code for each in outcome.reasons]


@pytest.mark.parametrize(("amount", "outcome"), [(6, "renewed"), (5, "recorded")])
def test_credits_of_validated_certificates_count_when_a_renewal_is_fulfilled(
    office: Office, points: Award, amount: int, outcome: str
) -> None:
    """R-54, R-71: beside those of completions; what waits, was rejected or was delivered before the period does not."""
    validated(office, credits=Decimal(amount), equivalence=None)
    office.pending(credits=Decimal(50))
    office.reviewing.reject(office.pending(credits=Decimal(50)), actor=who("mia"), comment="no")
    validated(office, credits=Decimal(50), delivered_on=date(2025, 5, 1), equivalence=None)
    office.registrar.renewing.start(points.number, actor=who("ana"))
    office.now += timedelta(hours=1)
    assert completes(office, 4)[0] == outcome


def test_the_version_in_force_gives_the_credits(office: Office, points: Award) -> None:
    """R-73: a correction counts in place of what it corrects."""
    first = validated(office, credits=Decimal(9), equivalence=None)
    validated(office, credits=Decimal(3), equivalence=None, replaces=first.ref)
    with office.storage.reading() as tx:
        found = external_credits(tx, ["id-ana", "id-bo"])
    assert found == {"id-ana": (Credit(date(2026, 1, 31), Decimal(3)),)}
    office.registrar.renewing.start(points.number, actor=who("ana"))
    office.now += timedelta(hours=1)
    assert completes(office, 4) == ("recorded", ["credits_total"])


@pytest.mark.parametrize(("amount", "renewable"), [(6, True), (5, False)])
def test_credits_count_in_how_an_award_stands(office: Office, points: Award, amount: int, renewable: bool) -> None:
    """R-50, R-71: on top of those that the host gives; where it gives none, credits are not in question."""
    validated(office, credits=Decimal(amount), equivalence=None)
    given = Facts(credits=(Credit(date(2026, 2, 1), Decimal(4)),))
    check = office.registrar.renewing.check
    assert check(points.number, actor=who("ana"), facts=given).renewable is renewable
    assert check(points.number, actor=who("ana")).renewable


def test_the_equivalent_of_somebody_elses_is_not_there(office: Office) -> None:
    """R-114: nobody learns by it what others hold."""
    it = validated(office)
    with pytest.raises(NotFound):
        office.reviewing.show(it.ref, actor=who("bo"))
    assert awards(office, "bo") == []


@pytest.mark.parametrize("validation", [True, False])
def test_a_renewal_that_only_lacked_credits_is_fulfilled_when_they_come(
    office: Office, points: Award, validation: bool
) -> None:
    """R-54, R-71: nobody has to complete anything again; short of them it stays open, and is told of once."""
    office.registrar.renewing.start(points.number, actor=who("ana"))
    office.now += timedelta(hours=1)
    assert completes(office, 4) == ("recorded", ["credits_total"])
    office.now += timedelta(hours=1)
    validated(office, credits=Decimal(5), equivalence=None)
    assert [award.live for award in awards(office)] == [True]
    office.set(validation=validation)
    if validation:
        validated(office, credits=Decimal(1), equivalence=None)
    else:
        office.submit("ana", credits=Decimal(1))
    old, new = awards(office)
    assert (old.id, old.renewed_by, new.renews) == (points.id, new.id, points.id)
    assert (new.basis.item, new.period.issued_on) == (C1, date(2026, 3, 1))
    with office.storage.reading() as tx:
        assert tx.renewals.of([old.id])[old.id].state == "fulfilled"
        assert len(tx.completions.of(["id-ana"], [C1])["id-ana", C1]) == 1
    assert told_of(office, new) == [True]
    validated_again = office.submit("ana", credits=Decimal(9)).certificate
    assert awards(office) == [old, new], validated_again
    check_invariants(office)


def test_without_a_start_credits_renew_where_the_certification_does(office: Office) -> None:
    """R-52: the switch of the certification; another item than the one that earned it."""
    policy = RenewalPolicy.from_data({"validity": {"years": 1}, "credits": {"total": 10}})
    office.certification("CPD-2", items=["course:C-1"], policy=policy, auto_renew=True)
    office.award("ana", code="CPD-2", issued_on=date(2025, 6, 1))
    assert completes(office, 4) == ("recorded", ["credits_total"])
    validated(office, credits=Decimal(6), equivalence=None)
    assert [award.live for award in awards(office)] == [False, True]


def test_credits_that_come_renew_nothing_for_who_completed_nothing(office: Office, points: Award) -> None:
    """R-52: it is a completion that fulfils; nor anything for who has left."""
    office.registrar.renewing.start(points.number, actor=who("ana"))
    validated(office, credits=Decimal(50), equivalence=None)
    assert awards(office) == [evolve(points, version=2, head=awards(office)[0].head)]


@pytest.mark.parametrize("taken", ["revoked", "unassigned"])
def test_a_learner_is_not_told_the_number_of_what_was_taken_from_them(office: Office, taken: str) -> None:
    """R-33, R-61: in no list, nor in the history; who looks after them sees it still."""
    first = validated(office)
    second = validated(office, replaces=first.ref, delivered_on=date(2026, 1, 15))
    (award,) = awards(office)
    see = office.reviewing

    def seen_by(name: str) -> str:
        shown = [see.show(each.ref, actor=who(name)) for each in (first, second)]
        return repr((shown, see.search(actor=who(name)).records))

    assert award.number in seen_by("ana")
    if taken == "revoked":
        office.registrar.archiving.revoke(award.number, reason="fraud", actor=ADMIN)
    else:
        office.registrar.correcting.unassign(award.number, actor=ADMIN)
    assert award.number not in seen_by("ana")
    assert award.number in seen_by("mia")
    assert award.number not in repr(office.registrar.viewing.learner(actor=who("mia"), username="ana").externals)
