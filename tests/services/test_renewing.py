"""Renewals: asked for, started, fulfilled, cancelled; what the catalog is told, and what comes at once or half-way."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from certcore.domain.awards import Award, Status, status
from certcore.domain.certifications import Item
from certcore.domain.decisions import Held
from certcore.domain.deliveries import LEASE, Delivery, DeliveryState
from certcore.domain.history import verifies
from certcore.domain.people import Actor
from certcore.domain.policy import Facts, RenewalPolicy
from certcore.domain.renewability import ItemProgress, ItemStatus, PlanValidity, Renewability
from certcore.domain.renewals import RETAKE, Renewal, RenewalState
from certcore.errors import IdempotencyConflict, InTransaction, InvalidValue, NotFound, NotRenewable, StorageError
from certcore.ports import Storage
from certcore.services.completing import Completed
from certcore.services.importing import ImportRequest
from certcore.services.renewing import DeliveryReport
from certcore.testing.threads import at_once
from tests.services.host import C1, C2, C3, P1, Host, host_over
from tests.services.lost_commits import LosesTheNextCommit
from tests.services.platform import ADMIN
from tests.services.test_invariants import check_invariants

ANA = Actor("id-ana")
EARNED = datetime(2026, 3, 2, 12, tzinfo=UTC)
STARTED = datetime(2026, 9, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def holder(host: Host, **parts: Any) -> str:
    """The number of Ana's award by C-1, half a year old, which C-2 may renew too."""
    parts.setdefault("allow_retake", True)
    host.certification(items=["course:C-1", "course:C-2"], **parts)
    host.completes("ana", C1, EARNED)
    host.now = STARTED
    return str(host.live("ana").number)


def start(host: Host, number: str, **parts: Any) -> Renewal:
    """Start to renew, as the admin."""
    return host.registrar.renewing.start(number, actor=ADMIN, **parts)


def codes(found: Renewability | NotRenewable) -> list[str]:
    """The codes of all reasons."""
    return [each.code for each in found.reasons]


def orders(host: Host, award_id: int) -> list[Delivery]:
    """What waits for the catalog, or went there."""
    with host.storage.reading() as tx:
        return tx.deliveries.of([award_id]).get(award_id, [])


def acts(host: Host, award: Award) -> list[str]:
    """What happened to an award; its history verifies."""
    with host.storage.reading() as tx:
        entries = tx.history.of([award.id])[award.id]
    previous = b""
    for entry in entries:
        assert verifies(previous, entry)
        previous = entry.hash
    return [entry.act for entry in entries]


def test_checked_started_and_fulfilled(host: Host) -> None:
    """R-51, R-52, R-60: the old award stays valid meanwhile, and is archived with the chain linked both ways."""
    number = holder(host)
    found = host.registrar.renewing.check(number, actor=ANA)
    assert (found.renewable, codes(found)) == (True, ["through_retake", "through_completion", "valid", "path"])
    renewal = host.registrar.renewing.start(number, actor=ANA)
    assert (renewal.items, renewal.started_at, renewal.state) == ((C1, C2), STARTED, RenewalState.OPEN)
    assert status(host.live("ana"), host.now) is Status.ACTIVE
    assert codes(host.registrar.renewing.check(number, actor=ANA))[0] == "renewal_open"
    host.now += 3 * DAY
    report = host.record(Completed(username="ana", item=C1, at=host.now))
    assert report.outcomes[0].reason == "from_completion"
    old, new = host.held("ana")
    assert (old.number, new.number, new.renews, old.renewed_by) == (number, report.outcomes[0].number, old.id, new.id)
    assert (old.ending.at, old.period.expires_on, new.period.issued_on) == (
        new.period.issued_at,
        date(2027, 3, 2),
        date(2026, 9, 4),
    )
    assert acts(host, old) == ["issued", "renewal_started", "renewed"]
    with host.storage.reading() as tx:
        assert tx.renewals.of([old.id])[old.id].state is RenewalState.FULFILLED
        assert [event.kind for event in tx.outbox.of([old.id])[old.id]] == [
            "award.issued",
            "award.renewal_started",
            "award.renewed",
        ]
    assert host.completes("ana", C1, host.now + DAY) == ("already_held", "renewal_not_started")
    check_invariants(host)


def test_starting_twice_is_the_same_renewal(host: Host) -> None:
    """R-52: from any place that shows the link; nothing is written the second time."""
    number = holder(host)
    first = start(host, number)
    host.now += DAY
    assert start(host, number.lower().replace("-", " ")) == first
    award = host.live("ana")
    assert (acts(host, award), len(orders(host, award.id))) == (["issued", "renewal_started"], 1)


def test_what_the_catalog_says_counts_and_else_what_was_recorded(host: Host) -> None:
    """R-51: status, validity and use as the catalog has them; a plan's validity outranks its courses'."""
    number = holder(host, allow_retake=False)
    check = host.registrar.renewing.check
    assert codes(check(number, actor=ADMIN))[:1] == ["through_completion"]
    host.catalog.known["id-ana", C1] = ItemProgress(C1, ItemStatus.IN_PROGRESS)
    assert codes(check(number, actor=ADMIN)) == ["item_not_complete"]
    host.catalog.known["id-ana", C1] = ItemProgress(C1, ItemStatus.COMPLETE)
    host.catalog.known["id-ana", C2] = ItemProgress(C2, plan=PlanValidity(P1, date(2026, 8, 31)))
    assert codes(check(number, actor=ADMIN)) == ["retake_not_allowed", "plan_validity_over"]
    host.catalog.known.clear()
    host.catalog._items[C2] = Item(C2, usable=False)
    assert codes(check(number, actor=ADMIN)) == ["retake_not_allowed", "item_decommissioned"]
    with pytest.raises(NotRenewable) as refusal:
        start(host, number)
    assert codes(refusal.value) == ["retake_not_allowed", "item_decommissioned"]
    assert acts(host, host.live("ana")) == ["issued"]


def test_without_retake_what_was_complete_at_the_start_does_not_renew(host: Host) -> None:
    """R-51: only linked items not yet completed; with none left it cannot be renewed."""
    number = holder(host, allow_retake=False)
    assert start(host, number).items == (C2,)
    assert orders(host, host.live("ana").id) == []
    host.now += DAY
    assert host.completes("ana", C1) == ("already_held", "not_a_way")
    assert host.completes("ana", C2)[0] == "renewed"
    with pytest.raises(NotRenewable) as refusal:
        start(host, host.live("ana").number)
    assert codes(refusal.value) == ["retake_not_allowed", "retake_not_allowed"]


def test_only_what_is_done_from_the_start_on_counts(host: Host) -> None:
    """R-52: what comes late is judged by when it was done."""
    number = holder(host)
    start(host, number)
    host.now += DAY
    assert host.completes("ana", C1, STARTED - timedelta(microseconds=1)) == ("already_held", "before_renewal")
    assert host.completes("ana", C2, date(2026, 8, 31)) == ("already_held", "before_renewal")
    assert host.completes("ana", C2, date(2026, 9, 1)) == ("renewed", "from_completion")


def test_an_edit_changes_no_renewal_that_is_open(host: Host) -> None:
    """R-3: a renewal uses the policy in force when it starts."""
    number = holder(host)
    start(host, number)
    policy = RenewalPolicy.from_data({"validity": {"months": 1}})
    host.registrar.defining.edit("SAFE-1", actor=ADMIN, policy=policy, allow_retake=False)
    host.now += DAY
    assert host.completes("ana", C1)[0] == "renewed"
    assert host.live("ana").period.expires_on == date(2027, 9, 2)


def test_a_cancelled_renewal_is_over_and_may_start_again(host: Host) -> None:
    """R-52: what the catalog has not got yet is dropped; cancelling again changes nothing."""
    number = holder(host)
    with pytest.raises(NotFound, match="renewal"):
        host.registrar.renewing.cancel(number, actor=ADMIN)
    start(host, number)
    cancelled = host.registrar.renewing.cancel(number, actor=ANA, reason="on leave")
    assert cancelled.state is RenewalState.CANCELLED
    assert host.registrar.renewing.cancel(number, actor=ANA) == cancelled
    award = host.live("ana")
    assert [each.state for each in orders(host, award.id)] == [DeliveryState.DROPPED]
    assert host.completes("ana", C1, host.now + DAY) == ("already_held", "renewal_not_started")
    host.now += 5 * DAY
    assert start(host, number).version == 3
    assert acts(host, award) == ["issued", "renewal_started", "renewal_cancelled", "renewal_started"]
    assert [each.state for each in orders(host, award.id)] == [DeliveryState.DROPPED, DeliveryState.WAITING]
    assert host.completes("ana", C1)[0] == "renewed"
    assert host.registrar.renewing.cancel(number, actor=ADMIN).state is RenewalState.FULFILLED


def test_which_items_are_taken_again(host: Host) -> None:
    """R-51: the one that earned the award; on request another one; all of them where none earned it."""
    number = holder(host)
    host.completes("ana", C2, EARNED)
    start(host, number)
    assert host.registrar.renewing.deliver() == DeliveryReport(delivered=1)
    host.registrar.renewing.cancel(number, actor=ADMIN)
    start(host, number, again=[C2])
    host.registrar.renewing.deliver()
    assert [order.item for order in host.catalog.orders] == [C1, C2]
    host.registrar.renewing.cancel(number, actor=ADMIN)
    with pytest.raises(InvalidValue, match="course:C-3"):
        start(host, number, again=[C3])
    host.award("bo", issued_on=date(2026, 3, 1))
    for item in (C1, C2):
        host.catalog.known["id-bo", item] = ItemProgress(item, ItemStatus.COMPLETE)
    start(host, host.live("bo").number)
    host.registrar.renewing.deliver()
    assert sorted(order.item for order in host.catalog.orders[2:]) == [C1, C2]


def test_items_that_the_policy_asks_for_are_taken_again_too(host: Host) -> None:
    """R-51, R-54: besides the one that earned the award."""
    policy = RenewalPolicy.from_data({"validity": {"years": 1}, "items": {"renewal": ["C-2", "C-1"]}})
    number = holder(host, policy=policy)
    host.completes("ana", C2, EARNED)
    start(host, number)
    host.registrar.renewing.deliver()
    assert sorted(order.item for order in host.catalog.orders) == [C1, C2]
    host.now += DAY
    assert host.completes("ana", C2) == ("recorded", "item_missing")
    assert host.completes("ana", C1)[0] == "renewed"


def test_an_imported_award_renews_through_any_item(host: Host) -> None:
    """R-51: also where the item that its row names is not complete."""
    host.certification(items=["course:C-1", "course:C-2"])
    columns = "username,certification_code,certification_issue_date,always_valid,certification_expire_date,type,code"
    row = "ana,SAFE-1,2026-03-01,0,2027-03-01,course,C-1"
    host.registrar.importing.run(io.BytesIO(f"{columns}\n{row}\n".encode()), ImportRequest(zone="UTC"), actor=ADMIN)
    host.catalog.known["id-ana", C1] = ItemProgress(C1, ItemStatus.NOT_STARTED)
    start(host, host.live("ana").number)
    assert host.completes("ana", C2)[0] == "renewed"


def test_a_never_expiring_award_is_renewed_only_when_asked_for(host: Host) -> None:
    """R-52: and stays one that never expires."""
    number = holder(host, policy=RenewalPolicy())
    assert codes(host.registrar.renewing.check(number, actor=ADMIN)) == ["never_expires"]
    with pytest.raises(NotRenewable):
        start(host, number)
    start(host, number, never_expiring=True)
    assert host.registrar.renewing.check(number, actor=ADMIN).renewable
    assert host.completes("ana", C1)[0] == "renewed"
    assert host.live("ana").period.expires_on is None


def test_what_nobody_says_is_a_reason_and_no_error(host: Host) -> None:
    """R-50, R-54: with the fact it is answered."""
    policy = RenewalPolicy.from_data({"validity": {"years": 1}})
    number = holder(host, policy=policy)
    varied = {"validity": {"years": 1}, "variants": [{"when": {"ward": "icu"}, "set": {"validity": {"years": 2}}}]}
    host.registrar.defining.edit("SAFE-1", actor=ADMIN, policy=RenewalPolicy.from_data(varied))
    assert codes(host.registrar.renewing.check(number, actor=ADMIN)) == ["undecidable"]
    assert start(host, number, facts=Facts(learner={"ward": "icu"})).state is RenewalState.OPEN


def test_somebody_deactivated_starts_nothing(host: Host) -> None:
    """R-24: nor does one who is not there any more."""
    number = holder(host)
    people = host.directory.people
    host.directory.people = lambda ids: {key: evolve(each, active=False) for key, each in people(ids).items()}  # type: ignore[method-assign]
    assert codes(host.registrar.renewing.check(number, actor=ADMIN)) == ["deactivated_user"]
    with pytest.raises(NotRenewable):
        start(host, number)


def test_a_learner_renews_their_own_only(host: Host) -> None:
    """R-114: a manager may look, and start nothing for others; another learner sees nothing."""
    number = holder(host)
    boss, bo = Actor("id-boss"), Actor("id-bo")
    assert host.registrar.renewing.check(number, actor=boss).renewable
    for act in (
        lambda: host.registrar.renewing.start(number, actor=boss),
        lambda: host.registrar.renewing.start(number, actor=bo),
        lambda: host.registrar.renewing.cancel(number, actor=bo),
        lambda: host.registrar.renewing.check(number, actor=bo),
        lambda: host.registrar.renewing.check("44RF-NDCD-4BPS-T", actor=ADMIN),
    ):
        with pytest.raises(NotFound, match="award"):
            act()


def renewed_meanwhile(host: Host) -> tuple[str, str]:
    """Ana's award, renewed by a file while its renewal was open; the number of the new one, and the import's id."""
    file = b"username,certification_code,certification_issue_date,always_valid,type\nana,SAFE-1,2026-09-02,1,manual\n"
    request = ImportRequest(zone="UTC", duplicates="renew")
    report = host.registrar.importing.run(io.BytesIO(file), request, actor=ADMIN)
    assert host.registrar.renewing.deliver() == DeliveryReport(dropped=1)
    return host.live("ana").number, str(report.import_id)


@pytest.mark.parametrize("way", ["revoked and restored", "restored", "undone"])
def test_a_renewal_that_is_open_again_has_its_orders_again(host: Host, way: str) -> None:
    """R-45, R-52, R-65: what was dropped while the award was over is handed over after all, under the same id."""
    number = holder(host)
    start(host, number)
    (ordered,) = orders(host, host.live("ana").id)
    host.now += DAY
    renewal, import_id = renewed_meanwhile(host)
    host.now += DAY
    archiving = host.registrar.archiving
    if way == "undone":
        host.registrar.importing.undo(import_id, actor=ADMIN)
    else:
        archiving.revoke(renewal, reason="Fraud", restore=way == "revoked and restored", actor=ADMIN)
        archiving.restore(number, actor=ADMIN)
    assert host.live("ana").number == number
    assert host.registrar.renewing.deliver() == DeliveryReport(delivered=1)
    assert [(order.id, order.at) for order in host.catalog.orders] == [(ordered.id, STARTED)]
    assert host.registrar.renewing.deliver() == DeliveryReport()
    check_invariants(host)


def test_orders_of_a_cancelled_renewal_stay_dropped(host: Host) -> None:
    """R-52: also when its award is live again."""
    number = holder(host)
    start(host, number)
    host.registrar.renewing.cancel(number, actor=ADMIN)
    host.award("ana", issued_on=date(2026, 9, 1), always_valid=True, held=Held.RENEW)
    host.registrar.archiving.revoke(host.live("ana").number, reason="Fraud", restore=True, actor=ADMIN)
    assert host.registrar.renewing.deliver() == DeliveryReport()


# At once, twice, half-way


def test_f14_many_threads_start_one_renewal(host: Host) -> None:
    """R-52: a double click; one entry in the history, one order."""
    number = holder(host)
    found: list[Renewal] = []
    assert at_once([lambda: found.append(start(host, number))] * 6) == [None] * 6
    assert len(set(map(repr, found))) == 1
    award = host.live("ana")
    assert (acts(host, award), len(orders(host, award.id))) == (["issued", "renewal_started"], 1)


def test_f14_many_threads_fulfil_one_renewal(host: Host) -> None:
    """R-52, I1: one archived, one new, exactly one more period."""
    number = holder(host)
    start(host, number)
    host.now += DAY
    given = [Completed(username="ana", item=item, at=host.now) for item in (C1, C2)]
    acts_ = [lambda each=each: host.record(each) for each in given * 3]
    assert at_once(acts_) == [None] * 6
    old, new = host.held("ana")
    assert (old.number, old.renewed_by, new.live) == (number, new.id, True)
    assert acts(host, old) == ["issued", "renewal_started", "renewed"]
    check_invariants(host)


@pytest.mark.parametrize("round_", range(4))
def test_f15_a_revocation_and_a_renewal_end_in_one_serial_order(host: Host, round_: int) -> None:
    """R-65: never live after a later revocation; the history tells the order."""
    number = holder(host)
    start(host, number)
    host.now += DAY
    at_once(
        [
            lambda: host.record(Completed(username="ana", item=C1, at=host.now)),
            lambda: host.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN),
        ][:: 1 if round_ % 2 else -1]
    )
    first, *rest = host.held("ana")
    told = acts(host, first)
    if told == ["issued", "renewal_started", "renewed"]:
        assert [award.live for award in rest] == [True]
    else:
        assert told == ["issued", "renewal_started", "revoked"]
        assert rest == []
    check_invariants(host)


def test_f15_a_start_and_a_revocation_end_in_one_serial_order(host: Host) -> None:
    """R-65: what is revoked cannot be started any more, and an open renewal ends with its award."""
    number = holder(host)
    at_once(
        [
            lambda: start(host, number),
            lambda: host.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN),
        ]
    )
    (award,) = host.held("ana")
    assert acts(host, award) in (["issued", "renewal_started", "revoked"], ["issued", "revoked"])
    with pytest.raises(NotRenewable) as refusal:
        start(host, number)
    assert "award_revoked" in codes(refusal.value)
    assert host.registrar.renewing.deliver().delivered == 0
    assert host.completes("ana", C1, host.now) == ("rejected", "revoked")


@pytest.mark.parametrize("committed", [True, False])
def test_f37_a_start_of_which_nobody_knows_is_found_out_by_the_key(host: Host, committed: bool) -> None:
    """R-34: the same key gives the same answer, another act under it a conflict; exactly one effect."""
    number = holder(host)
    losing = evolve(host, storage=LosesTheNextCommit(host.storage, committed=committed), now=host.now)
    with pytest.raises(StorageError):
        losing.registrar.renewing.start(number, actor=ANA, key="k-1")
    renewal = losing.registrar.renewing.start(number, actor=ANA, key="k-1")
    host.registrar.renewing.cancel(number, actor=ADMIN)
    assert losing.registrar.renewing.start(number, actor=ANA, key="k-1") == renewal
    with pytest.raises(IdempotencyConflict):
        losing.registrar.renewing.start(number, actor=ANA, key="k-1", never_expiring=True)
    assert acts(host, host.live("ana")) == ["issued", "renewal_started", "renewal_cancelled"]


# What the catalog is told


def test_an_order_is_repeated_until_the_catalog_takes_it(host: Host) -> None:
    """R-52: later each time, under the same id; what went wrong stands beside it."""
    number = holder(host)
    start(host, number)
    host.catalog.failure = RuntimeError("the LMS is down")
    assert host.registrar.renewing.deliver() == DeliveryReport(failed=1)
    (order,) = orders(host, host.live("ana").id)
    assert (order.state, order.attempts, order.error) == (DeliveryState.WAITING, 1, "RuntimeError: the LMS is down")
    assert host.registrar.renewing.deliver() == DeliveryReport()
    host.now = order.due_at
    host.catalog.failure = None
    assert host.registrar.renewing.deliver() == DeliveryReport(delivered=1)
    (told,) = host.catalog.orders
    assert (told.id, told.learner_id, told.item, told.at) == (order.id, "id-ana", C1, STARTED)
    host.now += 30 * DAY
    assert host.registrar.renewing.deliver() == DeliveryReport()
    order, _enrolled_again = sorted(orders(host, host.live("ana").id), key=lambda each: each.kind != RETAKE)
    assert (order.state, order.error) == (DeliveryState.DONE, None)


def test_an_order_of_a_worker_that_died_is_taken_up_again(host: Host) -> None:
    """R-52: not before its time is over; the catalog is told under the same id."""
    start(host, holder(host))
    host.catalog.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        host.registrar.renewing.deliver()
    host.catalog.failure = None
    assert host.registrar.renewing.deliver() == DeliveryReport()
    host.now += LEASE
    assert host.registrar.renewing.deliver() == DeliveryReport(delivered=1)


def test_one_that_fails_holds_up_no_other(host: Host) -> None:
    """R-83: each order by itself; as many as asked for."""
    host.certification(items=["course:C-1"], allow_retake=True)
    for name in ("ana", "bo", "cy"):
        host.completes(name, C1, EARNED)
    host.now = STARTED
    for name in ("ana", "bo", "cy"):
        start(host, host.live(name).number)
    take = host.catalog.retake

    def fussy(order: object) -> None:
        if getattr(order, "learner_id", "") == "id-bo":
            raise ValueError("no such enrolment")
        take(order)  # type: ignore[arg-type]

    host.catalog.retake = fussy  # type: ignore[method-assign]
    assert host.registrar.renewing.deliver(limit=1).failed + len(host.catalog.orders) == 1
    host.registrar.renewing.deliver()
    assert sorted(order.learner_id for order in host.catalog.orders) == ["id-ana", "id-cy"]


@pytest.mark.parametrize("over", ["revoked", "renewed by hand", "unassigned"])
def test_orders_of_a_renewal_that_is_over_are_dropped(host: Host, over: str) -> None:
    """R-65: nobody's course is reset for an award that is no longer live."""
    number = holder(host)
    start(host, number)
    if over == "revoked":
        host.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN)
    elif over == "unassigned":
        host.registrar.correcting.unassign(number, actor=ADMIN)
    else:
        host.award("ana", issued_on=date(2026, 9, 1), held=Held.RENEW)
    assert host.registrar.renewing.deliver() == DeliveryReport(dropped=1)
    assert host.catalog.orders == []


def test_workers_at_once_hand_over_each_order_once(new_storage: Callable[[], Storage]) -> None:
    """R-52: what one has in hand, another leaves alone."""
    people = [f"user-{n}" for n in range(12)]
    host = host_over(new_storage(), people=people)
    host.certification(items=["course:C-1"], allow_retake=True)
    host.record(*(Completed(username=name, item=C1, at=EARNED) for name in people))
    host.now = STARTED
    for name in people:
        start(host, host.live(name).number)

    def work() -> None:
        while host.registrar.renewing.deliver(limit=3) != DeliveryReport():
            pass

    assert at_once([work] * 4) == [None] * 4
    assert sorted(order.learner_id for order in host.catalog.orders) == sorted(f"id-{name}" for name in people)


def test_nothing_is_handed_over_inside_a_transaction(host: Host) -> None:
    """DESIGN: what cannot be rolled back is not done where it may have to be."""
    start(host, holder(host))
    with host.storage.transaction(), pytest.raises(InTransaction):
        host.registrar.renewing.deliver()
    assert host.catalog.orders == []
