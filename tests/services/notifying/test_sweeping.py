"""Sweeps: each reminder once and at its time, whatever the clock, the zones' rules and whoever else sweeps."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from certcore.domain.awards import Status, status
from certcore.domain.decisions import Held
from certcore.domain.notices import notice_id
from certcore.ports import Storage
from certcore.services.notifying import SweepReport, sweeping
from certcore.testing.threads import at_once
from tests.services.notifying.desk import Desk, Mail, desk_over
from tests.services.platform import ADMIN

MONTH, TICK = timedelta(30), timedelta(microseconds=1)
EXPIRES_ON = date(2027, 3, 1)
EXPIRY = datetime(2027, 2, 28, 23, tzinfo=UTC)
"""Midnight in Rome."""


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
def desk(new_storage: Callable[[], Storage], mail: Mail) -> Desk:
    """Ana, Bo and Cy are certified in Rome until `EXPIRY`, and there is no rule yet."""
    desk = desk_over(new_storage(), mail)
    desk.certification("SAFE-1")
    desk.award("ana", "bo", "cy", zone="Europe/Rome", notify=False)
    desk.deliver()
    return desk


def sweep(desk: Desk, at: datetime | None = None) -> SweepReport:
    """Let the clock say ``at``, and sweep."""
    desk.now = at or desk.now
    return desk.registrar.notifying.run_due()


def test_a_reminder_is_due_when_its_day_begins(desk: Desk, mail: Mail) -> None:
    """R-13, R-82: in the award's zone, not a moment earlier; its id is what R-82 says; the sweep says what it wrote."""
    desk.rule("30 days before", "month")
    day = EXPIRY - MONTH
    assert sweep(desk, day - TICK) == SweepReport(day - TICK)
    report = sweep(desk, day)
    assert (report.at, report.due, len(report.messages), report.more) == (day, 3, 3, False)
    ana = desk.number_of("ana")
    (told,) = (each for each in report.messages if each.number == ana)
    assert (told.rule, told.kind) == ("month", "30 days before")
    assert told.id == notice_id(desk.storage.tenant, "month", ana, "id-ana", "2027-01-30")
    assert sweep(desk, day) == SweepReport(day)
    assert sweep(desk, day + MONTH).messages == ()
    desk.now = day
    assert desk.deliver().delivered == 3
    assert {message.id for message in mail.taken} == {each.id for each in report.messages}


def test_f32_expired_is_told_at_the_very_instant(desk: Desk) -> None:
    """The sweep and the status agree: not before the expiry, and at it."""
    desk.rule("expired")
    for at, due, stands in ((EXPIRY - TICK, 0, Status.ACTIVE), (EXPIRY, 3, Status.EXPIRED)):
        assert sweep(desk, at).due == due
        assert status(desk.live("ana"), at) is stands


@pytest.mark.parametrize("when", ["12 hours before", "12 hours after"])
def test_hours_are_counted_on_the_instant(desk: Desk, when: str) -> None:
    """R-80: exactly, and not by the day."""
    desk.rule(when)
    at = EXPIRY + timedelta(hours=12 if "after" in when else -12)
    assert [sweep(desk, moment).due for moment in (at - TICK, at, at + TICK)] == [0, 3, 0]


def test_f27_what_was_missed_collapses_into_the_latest(desk: Desk) -> None:
    """R-82: after an outage one reminder of each award, and never one *before* an expiry that has come."""
    for code, when in (("month", "30 days before"), ("week", "7 days before"), ("over", "expired")):
        desk.rule(when, code)
    late = sweep(desk, EXPIRY - timedelta(3))
    assert {each.rule for each in late.messages} == {"week"}
    assert len(late.messages) == 3
    assert {each.rule for each in sweep(desk, EXPIRY + timedelta(9)).messages} == {"over"}


def test_f27_a_rule_looks_only_at_what_comes_after_it(desk: Desk) -> None:
    """R-80: nothing for moments before it was switched on, nor before the award was recorded (customcert #671)."""
    desk.now = EXPIRY - timedelta(10)
    desk.rule("30 days before", "month")
    desk.rule("7 days before", "week")
    desk.now += timedelta(5)
    desk.award(
        "ana", code="SAFE-1", zone="Europe/Rome", expires_on=EXPIRES_ON + timedelta(1), held=Held.RENEW, notify=False
    )
    report = sweep(desk)
    assert sorted(each.number for each in report.messages) == sorted(map(desk.number_of, ("bo", "cy")))
    assert {each.rule for each in report.messages} == {"week"}


def test_f28_historic_awards_are_told_of_never(desk: Desk, mail: Mail) -> None:
    """2,000 awards that expired before they were recorded, with notices off: no message, also later."""
    desk.rule("issued", "new")
    desk.rule("expired", "over")
    desk.rule("30 days before", "month")
    desk.certification("OLD-1")
    for year in range(2015, 2025):
        desk.award(
            "ana",
            "bo",
            "cy",
            code="OLD-1",
            issued_on=date(year, 1, 1),
            expires_on=date(year + 1, 1, 1),
            held=Held.RENEW,
            notify=False,
        )
    for _ in range(400):
        desk.now += timedelta(30)
        if desk.now > EXPIRY - MONTH:
            break
        assert sweep(desk).due == 0
        assert desk.deliver().delivered == 0
    assert mail.tried == []


def test_f31_a_clock_that_goes_back_tells_nothing_twice(desk: Desk) -> None:
    """Back by an hour, by a year, frozen, and forward again: each reminder is one message."""
    desk.rule("7 days before", "week")
    day = EXPIRY - timedelta(7)
    told = [each.id for each in sweep(desk, day).messages]
    for at in (day - timedelta(hours=1), day, day, day - timedelta(365), day - timedelta(1), day + timedelta(1), day):
        report = sweep(desk, at)
        assert report.messages == ()
        assert not report.more
    assert len(set(told)) == 3


def test_f31_a_clock_years_ahead_spoils_nothing_that_comes(desk: Desk) -> None:
    """A sweep in 2106 tells what is due then; the clock back, what is due by the right time is told at its time."""
    desk.rule("7 days before", "week")
    desk.rule("expired", "over")
    far = sweep(desk, datetime(2106, 1, 1, tzinfo=UTC))
    assert [each.rule for each in far.messages] == ["over"] * 3
    desk.now = EXPIRY - MONTH
    assert sweep(desk).due == 0
    assert [each.rule for each in sweep(desk, EXPIRY - timedelta(7)).messages] == ["week"] * 3
    after = sweep(desk, EXPIRY)
    assert after.messages == ()
    assert after.due == 3


def test_f34_other_zone_rules_lose_and_double_no_reminder(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep under another release looks back by what that may have moved; what was told keeps its id."""
    desk.rule("7 days before", "week")
    day = EXPIRY - timedelta(7)
    assert len(sweep(desk, day).messages) == 3
    monkeypatch.setattr(sweeping, "zones_release", lambda: "2099z")
    again = sweep(desk, day + timedelta(hours=3))
    assert (again.due, again.messages) == (3, ())
    assert sweep(desk, day + timedelta(hours=4)).due == 0


def test_an_award_that_is_over_is_told_of_never(desk: Desk) -> None:
    """R-82: renewed, revoked or taken back before its moment."""
    desk.rule("7 days before", "week")
    desk.now = EXPIRY - MONTH
    desk.registrar.archiving.revoke(desk.number_of("ana"), reason="why not", actor=ADMIN)
    desk.registrar.correcting.unassign(desk.number_of("bo"), actor=ADMIN)
    desk.award("cy", expires_on=EXPIRES_ON + timedelta(365), held=Held.RENEW, notify=False)
    assert sweep(desk, EXPIRY - timedelta(7)).due == 0


def test_a_reminder_whose_award_is_renewed_before_it_is_sent_is_dropped(desk: Desk, mail: Mail) -> None:
    """R-82: judged again when it is sent, also where only the expiry was moved."""
    desk.rule("7 days before", "week")
    sweep(desk, EXPIRY - timedelta(7))
    desk.award("cy", expires_on=EXPIRES_ON + timedelta(365), held=Held.RENEW, notify=False)
    desk.registrar.correcting.edit(desk.number_of("bo"), expires_on=EXPIRES_ON + timedelta(60), actor=ADMIN)
    report = desk.deliver()
    assert (report.delivered, report.dropped) == (1, 2)
    assert [message.recipient.username for message in mail.taken] == ["ana"]


def test_a_limit_stops_a_sweep_anywhere(desk: Desk) -> None:
    """It says that there is more, and the next one goes on, though all awards expire at one instant."""
    desk.rule("7 days before", "week")
    desk.now = EXPIRY - timedelta(7)
    reports = [desk.registrar.notifying.run_due(limit=1) for _ in range(5)]
    assert [(len(report.messages), report.more) for report in reports[:3]] == [(1, True), (1, True), (1, False)]
    assert [len(report.messages) for report in reports[3:]] == [0, 0]
    assert len({each.id for report in reports for each in report.messages}) == 3


def test_a_rule_that_is_changed_begins_anew(desk: Desk) -> None:
    """R-80: in the middle of its sweep; what it looked at before is not looked at again."""
    desk.rule("7 days before", "week")
    desk.now = EXPIRY - timedelta(7)
    assert desk.registrar.notifying.run_due(limit=1).more
    desk.rule("3 days before", "week")
    assert sweep(desk).due == 0
    assert len(sweep(desk, EXPIRY - timedelta(3)).messages) == 3


def test_who_looks_after_somebody_is_told_too(desk: Desk, mail: Mail) -> None:
    """R-80: another audience is a rule of its own, and its messages are others."""
    desk.rule("7 days before", "week")
    desk.rule("7 days before", "boss", audience="managers")
    report = sweep(desk, EXPIRY - timedelta(7))
    assert sorted(each.rule for each in report.messages) == ["boss", "week", "week", "week"]
    desk.deliver()
    assert [message.recipient.username for message in mail.taken if message.rule == "boss"] == ["boss"]


def test_f27_sweeps_at_once_write_each_message_once(desk: Desk) -> None:
    """By several threads; together they report each message once."""
    for days in (7, 6, 5):
        desk.rule(f"{days} days before", f"d{days}", audience="learner")
    desk.now = EXPIRY - timedelta(7)
    reports: list[SweepReport] = []
    assert at_once([lambda: reports.append(desk.registrar.notifying.run_due())] * 4) == [None] * 4
    reports.append(desk.registrar.notifying.run_due())
    told = [each.id for report in reports for each in report.messages]
    assert len(told) == len(set(told)) == 3
