"""When expiries are told of: what is due depends on award, rules and instant alone (R-82)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.notices import Audience, Expiry, Moment, NoticeRule, Timetable, When
from certcore.domain.time import first_instant
from certcore.testing.strategies import zones
from tests.domain.notices.test_rules import rule

START = datetime(2026, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def reminders(*whens: str, audience: str = "learner") -> list[NoticeRule]:
    return [rule(f"{audience}-{at}", when, audience=audience, on_since=START) for at, when in enumerate(whens)]


def expiry(day: str = "2026-07-01", zone: str = "UTC", recorded_at: datetime = START) -> Expiry:
    expires_on = date.fromisoformat(day)
    return Expiry(first_instant(expires_on, zone), expires_on, zone, recorded_at)


def latest(rules: Sequence[NoticeRule], of: Expiry, now: str) -> list[tuple[str, str]]:
    due = Timetable.of(rules, 7).latest_due(of, utc(now))
    return [(str(each.rule.when), each.key) for each in due]


RULES = reminders("30 days before", "7 days before", "expired", "2 weeks after")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-05-31T23:59:59.999999Z", []),
        ("2026-06-01T00:00:00Z", [("30 days before", "2026-06-01")]),
        ("2026-06-23T23:59:59.999999Z", [("30 days before", "2026-06-01")]),
        ("2026-06-24T00:00:00Z", [("7 days before", "2026-06-24")]),
        ("2026-07-01T00:00:00Z", [("expired", "2026-07-01")]),
        ("2026-07-14T23:00:00Z", [("expired", "2026-07-01")]),
        ("2026-07-15T00:00:00Z", [("2 weeks after", "2026-07-15")]),
        ("2106-01-01T00:00:00Z", [("2 weeks after", "2026-07-15")]),
    ],
)
def test_overdue_reminders_collapse_into_the_latest(now: str, expected: list[tuple[str, str]]) -> None:
    """R-82, f27: after an outage of whatever length, or a clock years ahead, one is due."""
    assert latest(RULES, expiry(), now) == expected


def test_a_reminder_before_an_expiry_that_has_come_is_due_no_more() -> None:
    """Nobody is told that something will expire which has expired."""
    assert latest(reminders("30 days before"), expiry(), "2026-06-30T23:59:59Z") == [("30 days before", "2026-06-01")]
    assert latest(reminders("30 days before"), expiry(), "2026-07-01T00:00:00Z") == []


def test_reminders_collapse_for_each_audience_apart() -> None:
    """What a manager is told later takes nothing from what the learner was to be told."""
    rules = reminders("30 days before") + reminders("7 days before", audience="managers")
    due = Timetable.of(rules, None).latest_due(expiry(), utc("2026-06-25T00:00:00Z"))
    assert [(each.rule.audience, each.key) for each in due] == [
        (Audience.LEARNER, "2026-06-01"),
        (Audience.MANAGERS, "2026-06-24"),
    ]


def test_rules_with_the_same_moment_are_all_due() -> None:
    """Two rules are two notices."""
    rules = [rule("a", "7 days before", on_since=START), rule("b", "1 week before", on_since=START)]
    due = Timetable.of(rules, None).latest_due(expiry(), utc("2026-06-25T00:00:00Z"))
    assert [each.rule.code for each in due] == ["a", "b"]


def test_nothing_is_due_that_lies_before_the_award_was_recorded() -> None:
    """f28: historic awards that are imported are told of at no moment of their past."""
    recorded = utc("2026-06-10T00:00:00Z")
    assert latest(RULES, expiry(recorded_at=recorded), "2026-06-20T00:00:00Z") == []
    assert latest(RULES, expiry(recorded_at=recorded), "2026-06-24T00:00:00Z") == [("7 days before", "2026-06-24")]
    assert latest(RULES, expiry("2020-01-01", recorded_at=recorded), "2026-06-24T00:00:00Z") == []


def test_nothing_is_due_that_lies_before_its_rule_was_switched_on() -> None:
    """R-80; the very instant counts."""
    switched = utc("2026-06-24T00:00:00Z")
    late = [rule("a", "7 days before", on_since=switched), rule("b", "30 days before", on_since=switched)]
    assert latest(late, expiry(), "2026-06-25T00:00:00Z") == [("7 days before", "2026-06-24")]


def test_the_day_begins_where_the_award_is() -> None:
    """R-10: not where the server is, nor in UTC."""
    kiritimati = expiry(zone="Pacific/Kiritimati")
    assert latest(RULES, kiritimati, "2026-05-31T10:00:00Z") == [("30 days before", "2026-06-01")]
    assert latest(RULES, kiritimati, "2026-05-31T09:59:59Z") == []


def test_a_moment_outside_the_calendar_never_comes() -> None:
    """R-13: other rules of that award do."""
    rules = reminders("10 days after", "5 days before")
    moments = Timetable.of(rules, None).moments(datetime.max.replace(tzinfo=UTC), date.max, "UTC")
    assert [each.key for each in moments] == ["9999-12-26"]


def test_moments_of_a_window_are_those_after_its_start_up_to_its_end() -> None:
    """Two windows that meet hold each moment once."""
    timetable, middle = Timetable.of(RULES, None), utc("2026-06-24T00:00:00Z")
    first = timetable.due_moments(expiry(), START, middle)
    second = timetable.due_moments(expiry(), middle, utc("2027-01-01T00:00:00Z"))
    assert [[each.key for each in found] for found in (first, second)] == [
        ["2026-06-01", "2026-06-24"],
        ["2026-07-01", "2026-07-15"],
    ]


whens = st.sampled_from(
    ["30 days before", "7 days before", "36 hours before", "expired", "1 hour after", "2 weeks after", "1 day before"]
).map(When.parse)
timetables = st.lists(st.tuples(whens, st.sampled_from(["learner", "managers"]), st.integers(0, 500)), max_size=6)
days = st.dates(date(2026, 1, 1), date(2028, 1, 1))


@given(timetables, days, zones, st.integers(0, 400), st.lists(st.integers(0, 24_000), min_size=1, max_size=12))
def test_whenever_one_looks_each_moment_is_told_once_and_in_order(
    given: list[tuple[When, str, int]], day: date, zone: str, recorded: int, looks: list[int]
) -> None:
    """R-82, f27: late, doubled and skipped looks tell nothing twice, and nothing that a nightly look would not."""
    rules = [
        NoticeRule(code=f"r{at}", when=when, audience=audience, on_since=START + timedelta(days=since))
        for at, (when, audience, since) in enumerate(given)
    ]
    of = Expiry(first_instant(day, zone), day, zone, START + timedelta(days=recorded))
    timetable = Timetable.of(rules, None)
    told: dict[tuple[str, str], Moment] = {}
    for hours in sorted(looks):
        now = START + timedelta(hours=hours)
        due = timetable.latest_due(of, now)
        assert due == Timetable.of(rules[::-1], None).latest_due(of, now)
        for each in due:
            assert each.at <= now
            assert each.at >= max(of.recorded_at, each.rule.on_since)
            told[each.rule.code, each.key] = each
    assert len({code for code, _ in told}) == len(told)  # one moment of a rule in an award's life
    possible = timetable.due_moments(of, START - timedelta(1), START + timedelta(days=3_650))
    assert set(told.values()) <= set(possible)


@given(timetables, days, zones)
def test_who_looks_all_the_time_is_told_of_every_moment(
    given: list[tuple[When, str, int]], day: date, zone: str
) -> None:
    """Collapsing takes something away only after an outage: at its own instant each moment is due."""
    rules = [
        NoticeRule(code=f"r{at}", when=when, audience=audience, on_since=START)
        for at, (when, audience, _) in enumerate(given)
    ]
    of = Expiry(first_instant(day, zone), day, zone, START - timedelta(days=60))
    timetable = Timetable.of(rules, None)
    for moment in timetable.moments(of.expires_at, of.expires_on, of.zone):
        assert moment in timetable.latest_due(of, moment.at)
