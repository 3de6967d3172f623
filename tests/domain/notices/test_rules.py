"""Rules: what they may say, since when they look, and which of them outrank others (R-80)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.notices import Audience, NoticeRule, Trigger, When
from certcore.domain.notices.rules import applying, succeeding
from certcore.errors import InvalidValue

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


def rule(code: str = "reminder", when: str = "30 days before", **changes: Any) -> NoticeRule:
    return NoticeRule(code=code, when=When.parse(when), **{"on_since": NOW, **changes})


def test_a_rule_needs_only_a_code_and_a_moment() -> None:
    """It tells the learner in certcore's words, from now on, of awards of all certifications."""
    made = rule()
    assert (made.audience, made.template, made.certification, made.active) == (Audience.LEARNER, "expiring", None, True)
    assert rule(when="expired").template == rule(when="2 weeks after").template == "expired"
    assert rule(when="external_submitted").audience is Audience.REVIEWERS
    assert rule(when="import_finished").audience is Audience.ACTOR


@pytest.mark.parametrize(
    "changes",
    [
        {"code": ""},
        {"code": "Reminder"},
        {"code": "a" * 65},
        {"code": "a b"},
        {"code": "a\n"},
        {"template": "../x"},
        {"audience": "everybody"},
        {"audience": "reviewers"},
        {"audience": "actor"},
        {"when": "external_submitted", "audience": "learner"},
        {"when": "import_finished", "audience": "managers"},
        {"when": "import_finished", "certification": 7},
        {"certification": -1},
        {"certification": "CERT"},
        {"active": "yes"},
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    """With a typed error that names the field."""
    with pytest.raises(InvalidValue):
        rule(**changes)


@pytest.mark.parametrize(
    ("changes", "since"),
    [
        ({}, NOW),
        ({"template": "expired"}, NOW),
        ({"audience": "managers"}, NOW),
        ({"when": "20 days before"}, LATER),
        ({"when": "issued"}, LATER),
        ({"certification": 7}, LATER),
    ],
)
def test_a_rule_that_looks_at_something_else_is_as_new(changes: dict[str, Any], since: datetime) -> None:
    """R-80: it looks at no moment before that; other words or readers change nothing of it."""
    assert succeeding(rule(**{"on_since": LATER, **changes}), rule()).on_since == since


def test_switched_off_and_on_again_a_rule_is_as_new() -> None:
    """R-80: what happened meanwhile is told to nobody."""
    off = succeeding(rule(on_since=LATER, active=False), rule())
    assert not off.looks_at(LATER)
    on = succeeding(rule(on_since=LATER + timedelta(1)), off)
    assert [on.looks_at(LATER), on.looks_at(LATER + timedelta(1))] == [False, True]


def test_rules_of_a_certification_outrank_those_for_all() -> None:
    """R-80: of the same trigger, every offset being one; switched off they outrank nothing."""
    rules = [
        rule("all-30"),
        rule("all-expired", "expired"),
        rule("all-issued", "issued"),
        rule("own-7", "7 days before", certification=7),
        rule("own-off", "issued", certification=7, active=False),
    ]
    assert [each.code for each in applying(rules, Trigger.EXPIRY, 7)] == ["own-7"]
    assert [each.code for each in applying(rules, Trigger.EXPIRY, 8)] == ["all-30", "all-expired"]
    assert [each.code for each in applying(rules, Trigger.ISSUED, 7)] == ["all-issued"]
    assert applying(rules, Trigger.REVOKED, 7) == ()
    assert [each.code for each in applying(rules, Trigger.ISSUED, None)] == ["all-issued"]


OTHERS = [trigger for trigger in Trigger if trigger is not Trigger.EXPIRY]
whens = st.sampled_from([*OTHERS, "30 days before", "12 hours after", "expired"]).map(When.parse)
rules = st.builds(
    NoticeRule,
    code=st.from_regex("[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True),
    when=whens.filter(lambda when: when.trigger is not Trigger.IMPORT_FINISHED),
    on_since=st.datetimes(timezones=st.just(UTC)),
    certification=st.none() | st.integers(0, 2**62),
    template=st.from_regex("[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True),
    active=st.booleans(),
)


@given(rules)
def test_rules_come_back_from_their_data(made: NoticeRule) -> None:
    """As they are stored."""
    assert NoticeRule.from_data(made.code, made.to_data()) == made


@given(st.lists(rules), st.sampled_from(Trigger), st.none() | st.integers(0, 5))
def test_the_order_of_rules_means_nothing(made: list[NoticeRule], trigger: Trigger, certification: int | None) -> None:
    """Whoever asks in whatever order gets the same."""
    by_code = list({each.code: each for each in made}.values())
    assert applying(by_code, trigger, certification) == applying(by_code[::-1], trigger, certification)
