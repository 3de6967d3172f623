"""Delivering: whatever a notifier does, no change is lost, nobody else waits, and the same message has the same id."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from attrs import evolve

from certcore.domain.deliveries import DeliveryState
from certcore.domain.history import Event
from certcore.domain.notices import Message
from certcore.domain.people import Actor
from certcore.errors import InTransaction, NotFound, Undeliverable
from certcore.ports import Storage
from certcore.services.notifying import DeliverReport
from tests.services.notifying.desk import Desk, Feed, Mail, desk_over, hanging, raising
from tests.services.platform import ADMIN

SOON = timedelta(minutes=1)
LONG = timedelta(days=1)


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
def desk(new_storage: Callable[[], Storage], mail: Mail) -> Desk:
    """A desk with a rule on what is issued."""
    desk = desk_over(new_storage(), mail, notifier_seconds=5.0, notifier_tries=3)
    desk.certification("SAFE-1")
    desk.rule("issued")
    desk.deliver()  # the event of the rule itself
    return desk


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Lets what hangs go on at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_what_happened_is_told_once(desk: Desk, mail: Mail) -> None:
    """R-80, R-83: to the learner, in a message with the award's number; delivering again tells nothing."""
    desk.award("ana", "bo")
    assert desk.deliver() == DeliverReport(dispatched=2, delivered=2)
    assert desk.deliver() == DeliverReport()
    assert desk.deliver(LONG).idle
    assert {message.recipient.username: message.number for message in mail.taken} == {
        name: desk.number_of(name) for name in ("ana", "bo")
    }


def test_who_cannot_be_reached_is_given_up_at_once(desk: Desk, mail: Mail) -> None:
    """R-83: no attempt more until somebody asks for it; others are told."""

    def without_address(message: Message) -> None:
        if message.recipient.username == "ana":
            raise Undeliverable("ana", "'' is no mail address")

    mail.before = without_address
    desk.award("ana", "bo")
    assert desk.deliver() == DeliverReport(dispatched=2, delivered=1, dead=1)
    assert desk.deliver(LONG).idle
    (letter,) = desk.dead()
    assert letter.error == "'ana' cannot be reached: '' is no mail address; correct that and send the message again."
    mail.before = lambda _message: None
    assert desk.registrar.notifying.resend([letter.id], actor=ADMIN) == 1
    assert desk.deliver().delivered == 1


def test_f26_what_is_rolled_back_is_told_to_nobody(desk: Desk, mail: Mail) -> None:
    """I7: no message without a committed cause; and nothing is delivered inside a transaction."""
    with pytest.raises(LookupError), desk.storage.transaction():
        desk.award("ana")
        with pytest.raises(InTransaction):
            desk.deliver()
        raise LookupError
    assert desk.deliver().idle
    assert mail.tried == []


@pytest.mark.parametrize(
    "error",
    [OSError("no route"), KeyboardInterrupt(), SystemExit(1), GeneratorExit()],
    ids=lambda it: type(it).__name__,
)
def test_f24_a_notifier_that_raises_is_asked_again(desk: Desk, mail: Mail, error: BaseException) -> None:
    """Whatever it raises: later each time, under the same id; the award stays, and other messages go on."""
    desk.award("ana", "bo")
    ana = desk.number_of("ana")

    def refuse_ana(message: Message) -> None:
        if message.number == ana:
            raise error

    mail.before = refuse_ana
    assert desk.deliver() == DeliverReport(dispatched=2, delivered=1, failed=1)
    assert desk.deliver().idle
    (waiting,) = desk.deliveries(ana)
    assert (waiting.attempts, waiting.state) == (1, DeliveryState.WAITING)
    assert waiting.error == f"{type(error).__name__}: {error}"
    assert timedelta(seconds=15) <= waiting.due_at - desk.now <= timedelta(seconds=30)
    assert desk.deliver(SOON).failed == 1
    (waiting,) = desk.deliveries(ana)
    assert timedelta(seconds=30) <= waiting.due_at - desk.now <= timedelta(seconds=60)
    mail.before = lambda _message: None
    assert desk.deliver(SOON).delivered == 1
    assert desk.live("ana") is not None
    tried = Counter(mail.tried)
    assert sorted(tried.values()) == [1, 3]
    assert len({message.id for message in mail.taken}) == 2


def test_f24_a_notifier_that_accepts_and_then_raises_gets_the_same_id_again(desk: Desk, mail: Mail) -> None:
    """f25: so that it can drop the repeat."""
    mail.after = raising(ConnectionResetError())
    desk.award("ana")
    assert desk.deliver().failed == 1
    mail.after = lambda _message: None
    assert desk.deliver(SOON).delivered == 1
    assert len(mail.taken) == 2
    assert len({message.id for message in mail.taken}) == 1


def test_f24_a_notifier_that_hangs_is_left(new_storage: Callable[[], Storage], released: threading.Event) -> None:
    """R-83: after its time the message has failed; others of the same notifier go on, and other notifiers too."""
    slow, quick = Mail(), Mail()
    desk = desk_over(new_storage(), {"slow": slow, "quick": quick}, notifier_seconds=0.2)
    desk.certification("SAFE-1")
    desk.rule("issued")
    desk.award("ana", "bo")
    ana = desk.number_of("ana")
    slow.before = lambda message: hanging(released)(message) if message.number == ana else None
    report = desk.deliver()
    assert (report.delivered, report.failed) == (3, 1)
    assert {message.number for message in quick.taken} == {ana, desk.number_of("bo")}
    assert {message.id for message in slow.taken} < {message.id for message in quick.taken}
    assert {each.error for each in desk.deliveries(ana)} == {"split", None, "no answer within 0.2 seconds"}
    slow.before = lambda _message: None
    assert desk.deliver(SOON).delivered == 1
    assert {message.id for message in slow.taken} == {message.id for message in quick.taken}


def test_f24_a_notifier_that_hangs_for_ever_costs_a_bounded_time(
    new_storage: Callable[[], Storage], released: threading.Event
) -> None:
    """After three in a row nothing more is tried in that run; what was not tried keeps its tries."""
    slow = Mail(before=hanging(released))
    desk = desk_over(new_storage(), slow, notifier_seconds=0.1)
    desk.rule("issued")
    for code in ("SAFE-1", "SAFE-2"):
        desk.certification(code)
        desk.award("ana", "bo", "cy", code=code)
    assert desk.deliver().failed == 3
    assert len(slow.tried) == 3
    held = [award.number for name in ("ana", "bo", "cy") for award in desk.held(name)]
    assert sorted(each.attempts for number in held for each in desk.deliveries(number)) == [0, 0, 0, 1, 1, 1]


def test_f24_what_fails_for_long_becomes_a_dead_letter(desk: Desk, mail: Mail) -> None:
    """R-83: listed for admins only, resent with all its tries; a second resend of it finds nothing."""
    mail.before = raising(ValueError("refused"))
    desk.award("ana", "bo")
    reports = [desk.deliver(LONG) for _ in range(4)]
    assert [(report.failed, report.dead) for report in reports] == [(2, 0), (2, 0), (0, 2), (0, 0)]
    dead = desk.dead()
    assert [(each.attempts, each.error) for each in dead] == [(3, "ValueError: refused")] * 2
    assert list(desk.registrar.notifying.dead(dead[0].id, 1, actor=ADMIN)) == dead[1:]
    for refused in (desk.registrar.notifying.dead, lambda actor: desk.registrar.notifying.resend([], actor=actor)):
        with pytest.raises(NotFound):
            refused(actor=Actor("id-ana"))
    mail.before = lambda _message: None
    assert desk.registrar.notifying.resend([dead[0].id, "0" * 32], actor=ADMIN) == 1
    assert desk.registrar.notifying.resend([dead[0].id], actor=ADMIN) == 0
    assert desk.deliver().delivered == 1
    assert desk.dead() == dead[1:]
    assert mail.taken[0].id in mail.tried[:2]


def test_f18_what_reaches_nobody_is_given_up_at_once(desk: Desk, mail: Mail) -> None:
    """R-83: a dead letter without further attempts; it can be resent when the address is right."""
    mail.before = raising(Undeliverable("ana", "no address"))
    desk.award("ana")
    assert desk.deliver() == DeliverReport(dispatched=1, dead=1)
    mail.before = lambda _message: None
    assert desk.registrar.notifying.resend([each.id for each in desk.dead()], actor=ADMIN) == 1
    assert desk.deliver().delivered == 1


def test_f18_who_cannot_be_told_holds_up_nobody(desk: Desk, mail: Mail) -> None:
    """Deactivated or unknown when it is sent: dropped, with the reason."""
    desk.award("ana", "bo", "cy")
    numbers = {name: desk.number_of(name) for name in ("ana", "bo", "cy")}
    ana = desk.directory.people(["id-ana"])["id-ana"]
    desk.directory.put(evolve(ana, active=False))
    assert desk.deliver() == DeliverReport(dispatched=3, delivered=2, dropped=1)
    reasons = {name: desk.deliveries(number)[0].error for name, number in numbers.items()}
    assert reasons == {"ana": "deactivated_user", "bo": None, "cy": None}
    assert len(mail.taken) == 2


def test_f15_what_is_over_by_then_is_not_told(desk: Desk, mail: Mail) -> None:
    """R-82: an award revoked after it was issued, and before anybody was told."""
    desk.award("ana")
    number = desk.number_of("ana")
    desk.registrar.archiving.revoke(number, reason="a mistake", actor=ADMIN)
    assert desk.deliver() == DeliverReport(dispatched=2, dropped=1)
    assert mail.tried == []


def test_f29_a_message_of_another_release_is_parked(desk: Desk, mail: Mail) -> None:
    """Not lost: it is a dead letter, which the release that knows it can resend."""
    desk.award("ana", "bo")
    desk.registrar.notifying.run_due()
    mail.before = raising(OSError())
    desk.deliver()
    number = desk.number_of("ana")
    with desk.storage.transaction() as tx:
        (waiting,) = desk.deliveries(number)
        tx.deliveries.update([evolve(waiting, payload='{"v":99}', version=waiting.version + 1)])
    mail.before = lambda _message: None
    assert desk.deliver(SOON) == DeliverReport(delivered=1, dead=1)
    (parked,) = desk.dead()
    assert parked.payload == '{"v":99}'
    assert parked.error is not None
    assert "version 1" in parked.error


def test_a_message_waits_until_the_award_starts(desk: Desk, mail: Mail) -> None:
    """R-30: who is awarded from next month on is told then, unless it was taken back."""
    desk.award("ana", "bo", issued_on=desk.now.date() + timedelta(30))
    assert desk.deliver() == DeliverReport(dispatched=2)
    assert desk.deliver(timedelta(20)).idle
    desk.registrar.correcting.unassign(desk.number_of("bo"), actor=ADMIN)
    desk.deliver()
    report = desk.deliver(timedelta(20))
    assert (report.dispatched, report.delivered, report.dropped) == (2, 1, 1)
    assert [message.recipient.username for message in mail.taken] == ["ana"]


class TestSubscribers:
    """R-115: in the order of each award, at least once."""

    def test_events_come_in_the_order_of_their_award(self, new_storage: Callable[[], Storage]) -> None:
        """Told to people or not; every subscriber gets all of them."""
        feeds = {"search": Feed(), "audit": Feed()}
        desk = desk_over(new_storage(), None, feeds)
        desk.certification("SAFE-1")
        desk.award("ana", "bo", notify=False)
        desk.registrar.archiving.revoke(desk.number_of("ana"), reason="why not", actor=ADMIN)
        desk.deliver(limit=2)
        while not desk.deliver(limit=2).idle:
            pass
        for feed in feeds.values():
            kinds = [event.kind for event in feed.consumed]
            assert Counter(kinds) == Counter({"award.issued": 2, "award.revoked": 1})
            assert _in_order(feed.consumed)

    def test_one_that_fails_holds_back_only_later_events_of_its_award(self, new_storage: Callable[[], Storage]) -> None:
        """And nothing of other subscribers; when it can, it gets them in order."""
        feed, other = Feed(), Feed()
        desk = desk_over(new_storage(), None, {"feed": feed, "other": other}, notifier_tries=2)
        desk.certification("SAFE-1")
        desk.award("ana", "bo")
        number = desk.number_of("ana")
        award = desk.live("ana")
        desk.registrar.archiving.revoke(number, reason="why not", actor=ADMIN)
        feed.fault = lambda event: raising(OSError())(event) if (event.award_id, event.seq) == (award.id, 1) else None
        desk.deliver()
        desk.deliver(SOON)
        desk.deliver(LONG)
        assert award.id not in {event.award_id for event in feed.consumed}
        assert len(feed.consumed) == 1
        assert len(other.consumed) == 3
        (dead,) = desk.dead()
        feed.fault = lambda _event: None
        assert desk.registrar.notifying.resend([dead.id], actor=ADMIN) == 1
        desk.deliver()
        desk.deliver(SOON)
        assert [(event.award_id == award.id, event.seq) for event in feed.consumed] == [
            (False, 1),
            (True, 1),
            (True, 2),
        ]


def _in_order(events: list[Event]) -> bool:
    seen: dict[int, int] = {}
    for event in events:
        if seen.get(event.award_id, 0) >= event.seq:
            return False
        seen[event.award_id] = event.seq
    return True
