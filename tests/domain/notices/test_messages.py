"""Notices on their way: ids that stay, payloads that come back, and when nobody wants them any more (R-82)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.awards import Award, EndReason
from certcore.domain.external import ExternalState
from certcore.domain.notices import Notice, NoticeBook, Trigger, When, notice_id, unwanted
from certcore.errors import InvalidValue
from certcore.testing.builders import ended, make_award, make_external, make_period
from certcore.testing.strategies import instants, texts
from tests.domain.notices.test_rules import NOW, OTHERS, rule

AWARD = make_award(period=make_period(date(2026, 1, 1), date(2026, 8, 1), "UTC"))
EXPIRES = datetime.fromisoformat("2026-08-01T00:00:00Z")


def notice(when: str = "30 days before", **changes: Any) -> Notice:
    asked = When.parse(when)
    moment, at = "3", NOW
    if asked.offset is not None:
        moment, at = asked.offset.key(date(2026, 8, 1)), asked.offset.at(EXPIRES, date(2026, 8, 1), "UTC")
    return evolve(Notice("reminder", asked, AWARD.number, "id-ana", "id-ana", moment, at), **changes)


def judged(told: Notice, about: Any = AWARD, now: datetime = NOW, **changes: Any) -> str | None:
    book = NoticeBook().with_rule(rule(when=str(told.when), **changes))
    return unwanted(told, book, now, about)


def test_the_id_is_a_function_of_what_it_names() -> None:
    """R-82: each of the five counts; the same five give the same for ever."""
    told = ("tenant", "rule", "number", "recipient", "moment")
    assert notice_id(*told) == "b537075fe40781194425472df96148c3"  # as every release has it
    others = {notice_id(*(*told[:at], "other", *told[at + 1 :])) for at in range(5)}
    assert len(others | {notice_id(*told)}) == 6
    assert notice().id("") == notice_id("", "reminder", AWARD.number, "id-ana", "2026-07-02")


@given(
    st.builds(
        Notice,
        st.just("reminder"),
        st.sampled_from([*OTHERS, "30 days before", "expired"]).map(When.parse),
        texts(),
        texts(64),
        texts(64),
        texts(),
        instants,
        st.none() | texts(),
    )
)
def test_notices_come_back_from_their_payload(told: Notice) -> None:
    """Whom it is about stands in the delivery."""
    assert Notice.from_payload(told.payload(), told.learner_id) == told


@pytest.mark.parametrize("payload", ["", "{}", "[]", '{"v":2}', '{"v":1}', "null", '{"v":1,"when":"sometimes"}'])
def test_a_payload_of_another_release_is_a_typed_error(payload: str) -> None:
    """f29: whoever delivers parks it; nothing is lost."""
    with pytest.raises(InvalidValue):
        Notice.from_payload(payload, "id-ana")


@pytest.mark.parametrize("when", ["issued", "renewed", "enrolled_again", "30 days before", "expired", "1 day after"])
@pytest.mark.parametrize("reason", EndReason)
def test_nobody_is_told_of_an_award_that_is_over(when: str, reason: EndReason) -> None:
    """R-82: renewed, archived or revoked meanwhile."""
    now = EXPIRES + timedelta(2) if when in ("expired", "1 day after") else NOW
    assert judged(notice(when), now=now) is None
    assert judged(notice(when), ended(AWARD, reason), now=now) == "over"
    assert judged(notice(when), None, now=now) == "not_there"


def test_a_revocation_is_told_while_it_stands() -> None:
    """Of an award that is live again nobody is told that it was revoked."""
    assert judged(notice("revoked"), ended(AWARD, EndReason.REVOKED)) is None
    assert judged(notice("revoked"), AWARD) == "over"
    assert judged(notice("revoked"), ended(AWARD, EndReason.RENEWED)) == "over"


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        (make_period(date(2026, 1, 1), date(2026, 8, 1), "UTC"), None),
        (make_period(date(2026, 1, 1), date(2026, 8, 2), "UTC"), "moved"),
        (make_period(date(2026, 1, 1), date(2027, 8, 1), "UTC"), "moved"),
        (make_period(date(2026, 1, 1), None, "UTC"), "moved"),
    ],
)
def test_a_reminder_of_an_expiry_that_was_edited_is_dropped(period: Any, reason: str | None) -> None:
    """The new expiry has its own reminders."""
    assert judged(notice(), evolve(AWARD, period=period)) == reason


def test_zone_rules_that_change_drop_no_reminder() -> None:
    """f34: the stored instant is an hour off the midnight of today's rules."""
    moved = evolve(AWARD.period, expires_at=EXPIRES + timedelta(hours=1))
    assert judged(notice(), evolve(AWARD, period=moved)) is None


def test_a_reminder_is_not_told_after_the_expiry() -> None:
    """However late it is delivered; what is told after an expiry is."""
    assert judged(notice(), now=EXPIRES - timedelta(microseconds=1)) is None
    assert judged(notice(), now=EXPIRES) == "expired"
    assert judged(notice("expired"), now=EXPIRES) is None


def test_a_rule_that_was_switched_off_tells_nobody() -> None:
    """Nor one that was switched on after the moment, or that waits for something else now."""
    assert judged(notice(), active=False) == "rule_off"
    assert judged(notice("issued"), on_since=NOW + timedelta(1)) == "rule_off"
    assert unwanted(notice(), NoticeBook(), NOW, AWARD) == "rule_off"
    assert unwanted(notice(), NoticeBook().with_rule(rule(when="issued")), NOW, AWARD) == "rule_off"


@pytest.mark.parametrize("state", ExternalState)
def test_reviewers_are_asked_while_something_is_left_to_review(state: ExternalState) -> None:
    """R-75: a verdict is told whatever happens after it."""
    external = make_external(state=state)
    pending = state is ExternalState.PENDING
    assert judged(notice("external_submitted"), external) == (None if pending else "decided")
    assert judged(notice("external_validated"), external) is None
    assert judged(notice("external_rejected"), None) == "not_there"


def test_an_import_that_finished_has_finished() -> None:
    """Whatever became of its awards."""
    assert judged(notice("import_finished"), None) is None


@given(st.sampled_from(OTHERS))
def test_whatever_is_told_is_judged(trigger: Trigger) -> None:
    """No trigger is without an answer."""
    about: Award = AWARD
    assert judged(notice(trigger.value), about) in (None, "over")
