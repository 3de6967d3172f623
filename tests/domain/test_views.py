"""What of an award is shown to whom, and what a chain says of its links."""

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from certcore.domain.awards import Details, Ending, EndReason, days_left, last_day_in
from certcore.domain.people import EVERYONE, NOBODY, Actor, Scope
from certcore.domain.views import Renewed, Viewer, learners_own, renewed
from certcore.testing.builders import NOW, make_award, make_entry, make_period

NOTED = make_award(learner_id="ada", details=Details(note="Only on probation", score=None))
ADA, BOSS = Actor("ada"), Actor("boss")
OWN, TEAM = Scope(learners=frozenset({"ada"})), Scope(learners=frozenset({"ada", "boss"}))
WITHDRAWING = (EndReason.UNASSIGNED, EndReason.UNDONE, EndReason.REVOKED)


def ended_by(reason: EndReason) -> Ending:
    return Ending(reason, NOW)


def test_a_learner_sees_the_award_without_the_note() -> None:
    """R-26: everything but the internal note."""
    seen = Viewer(ADA, OWN).shown(NOTED)
    assert seen == evolve(NOTED, details=Details())
    assert learners_own(seen) is seen


def test_who_looks_after_a_learner_sees_the_note() -> None:
    """R-26: a manager's own award is a learner's award all the same."""
    assert Viewer(BOSS, TEAM).shown(NOTED) == NOTED
    assert Viewer(ADA, EVERYONE).shown(NOTED) == NOTED
    boss = evolve(NOTED, learner_id="boss")
    assert Viewer(BOSS, TEAM).shown(boss) == evolve(boss, details=Details())


@pytest.mark.parametrize("reason", list(EndReason))
def test_what_was_withdrawn_is_in_no_view_of_the_learners(reason: EndReason) -> None:
    """R-33, R-45, R-61: unassigned, undone and revoked ones are gone for the learner, not for others."""
    award = evolve(NOTED, ending=ended_by(reason))
    assert (Viewer(ADA, OWN).shown(award) is None) is (reason in WITHDRAWING)
    assert Viewer(BOSS, TEAM).shown(award) == award


def test_nobody_sees_beyond_their_scope() -> None:
    """R-114: whatever the award, and also where there is none."""
    assert Viewer(ADA, NOBODY).shown(NOTED) is None
    assert Viewer(ADA, OWN).shown(evolve(NOTED, learner_id="boss")) is None
    assert Viewer(ADA, OWN).shown(None) is None


def test_a_learner_reads_the_history_without_names_and_notes() -> None:
    """R-26: an entry's note is as internal as the award's."""
    entry = make_entry(NOTED, personal='{"actor":"boss","note":"Only on probation"}')
    assert Viewer(BOSS, TEAM).entry(entry, NOTED) == entry
    seen = Viewer(ADA, OWN).entry(entry, NOTED)
    assert (seen.personal, seen.salt) == (None, None)
    assert (seen.facts, seen.hash) == (entry.facts, entry.hash)


def test_the_completion_date_is_by_default_the_issue_date() -> None:
    """R-22."""
    award = make_award()
    assert award.earned_on == award.period.issued_on
    assert evolve(award, details=Details(completed_on=date(2025, 1, 2))).earned_on == date(2025, 1, 2)


@pytest.mark.parametrize(
    ("completed", "expected"),
    [
        (date(2027, 1, 30), Renewed.BEFORE_EXPIRY),
        (date(2027, 1, 31), Renewed.AFTER_EXPIRY),
        (date(2028, 1, 1), Renewed.AFTER_EXPIRY),
    ],
)
def test_a_renewal_is_dated_by_its_completion(completed: date, expected: Renewed) -> None:
    """R-60, f32: whenever its period starts; the first day that is no longer valid is after the expiry."""
    award = make_award(period=make_period(date(2026, 1, 31), date(2027, 1, 31)))
    at_old_expiry = make_period(date(2027, 1, 31), date(2028, 1, 31))
    assert renewed(award, make_award(period=at_old_expiry, details=Details(completed_on=completed))) is expected


def test_a_renewal_without_a_completion_date_is_dated_by_its_start() -> None:
    """R-60, f32: one that starts at the very expiry comes after it."""
    award = make_award(period=make_period(date(2026, 1, 31), date(2027, 1, 31)))
    for day, expected in ((30, Renewed.BEFORE_EXPIRY), (31, Renewed.AFTER_EXPIRY)):
        successor = make_award(period=make_period(date(2027, 1, day), date(2028, 1, 31)))
        assert renewed(award, successor) is expected
    assert renewed(make_award(period=make_period(expires_on=None)), award) is Renewed.BEFORE_EXPIRY


def test_the_completions_day_is_read_in_the_renewals_zone() -> None:
    """R-10: on the old award's last evening in Rome it is the next morning in Auckland, and still before the expiry."""
    award = make_award(period=make_period(date(2026, 1, 31), date(2027, 1, 31), "Europe/Rome"))
    successor = make_award(
        period=make_period(date(2027, 2, 1), date(2028, 2, 1), "Pacific/Auckland"),
        details=Details(completed_on=date(2027, 1, 31)),
    )
    assert renewed(award, successor) is Renewed.BEFORE_EXPIRY


def test_a_completion_outside_the_calendar_does_not_stop_a_report() -> None:
    """Where a completion's day has no instant, the start of the period counts."""
    award = make_award(period=make_period(date(2026, 1, 31), date(2027, 1, 31)))
    period = make_period(date(2027, 1, 30), date(2028, 1, 31), "Pacific/Kiritimati")
    assert renewed(award, make_award(period=period, details=Details(completed_on=date.min))) is Renewed.BEFORE_EXPIRY


def test_the_last_day_is_that_of_the_readers_zone() -> None:
    """R-10, R-16: a certificate that ends with Rome's midnight ends on the same evening in Havana."""
    award = make_award(period=make_period(date(2026, 1, 31), date(2027, 1, 31), "Europe/Rome"))
    assert last_day_in("Europe/Rome", award) == date(2027, 1, 30)
    assert last_day_in("Pacific/Auckland", award) == date(2027, 1, 31)
    assert last_day_in("UTC", make_award(period=make_period(expires_on=None))) is None


def test_the_calendars_ends_have_days_left_everywhere() -> None:
    """Where a zone does not reach a day, the award's own counts, and where that does not either, UTC."""
    award = make_award(period=make_period(date(2026, 1, 31), date(9999, 12, 31), "-12:00"))
    assert last_day_in("Pacific/Kiritimati", award) == date(9999, 12, 30)
    last = datetime(9999, 12, 31, 11, tzinfo=UTC)
    assert days_left(award, last, "Pacific/Kiritimati") == 0
    east = make_award(period=make_period(date(2026, 1, 31), date(9999, 12, 31), "+14:00"))
    assert days_left(east, last + timedelta(hours=1)) is None
