"""Whether an award can be renewed: SEED 4's sentences one by one, and what holds for all answers (R-50 to R-53)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.awards import MANUAL, Award, Basis, BasisKind, EndReason, Link, typed_period
from certcore.domain.certifications import Certification, ItemRef
from certcore.domain.policy import Facts, RenewalPolicy
from certcore.domain.renewability import ItemProgress, ItemStatus, PlanValidity, Progress, Renewability, renewability
from certcore.errors import InvalidValue, NaiveDatetime
from certcore.testing.builders import ended, make_award, make_certification

COMPLETE, STARTED, NEW = ItemStatus.COMPLETE, ItemStatus.IN_PROGRESS, ItemStatus.NOT_STARTED
C1, C2, P1 = (ItemRef.parse(item) for item in ("course:C-1", "course:C-2", "learning_plan:P-1"))
ONE_YEAR = {"validity": {"years": 1}}
BY_C1 = Basis(BasisKind.COURSE, "C-1")
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DONE = Progress([ItemProgress(C1, COMPLETE)])
EXPIRES = date(2026, 9, 1)


def certified(policy: dict[str, Any] | None = None, *, retake: bool = True, **parts: Any) -> Certification:
    """A certification with this policy, by default of one year."""
    return make_certification(policy=RenewalPolicy.from_data(policy or ONE_YEAR), allow_retake=retake, **parts)


def awarded(expires_on: date | None = EXPIRES, basis: Basis = BY_C1, zone: str = "Europe/Rome") -> Award:
    """An award of 2025-09-01 by the course C-1."""
    return make_award(period=typed_period(RenewalPolicy(), date(2025, 9, 1), zone, expires_on), basis=basis)


def asked(
    progress: Progress = DONE,
    award: Award | None = None,
    certification: Certification | None = None,
    now: datetime = NOW,
    **more: Any,
) -> Renewability:
    """The answer for an award by C-1 that ends on 2026-09-01, in the middle of June."""
    return renewability(award or awarded(), certification or certified(), progress, now, **more)


def told(answer: Renewability) -> tuple[bool, list[str]]:
    """Yes or no, and the codes of the reasons."""
    return answer.renewable, [each.code for each in answer.reasons]


@pytest.mark.parametrize("now", [NOW, datetime(2025, 9, 2, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)])
def test_any_time_expired_or_not(now: datetime) -> None:
    """R-51, SEED 4: "at any time, independently of whether the certification has expired or not"."""
    assert asked(now=now).renewable


@pytest.mark.parametrize("status", [STARTED, NEW])
def test_the_course_that_awarded_it_has_to_be_complete(status: ItemStatus) -> None:
    """R-51, SEED 4: "as long as their status in the course awarding the certification is Complete"."""
    answer = asked(Progress([ItemProgress(C1, status), ItemProgress(C2)]))
    assert told(answer) == (False, ["item_not_complete"])
    assert answer.reasons[0].params == {"item": "course:C-1", "status": status.value}
    assert answer.reasons[0].text == f"course:C-1, which earned the award, is not complete yet ({status.value})."


def test_an_open_renewal_is_looked_at_first() -> None:
    """R-51: starting one un-completes the course, so its status says nothing any more."""
    reset = Progress([ItemProgress(C1, NEW)])
    assert not asked(reset).renewable
    answer = asked(evolve(reset, renewal_started_at=datetime(2026, 6, 1, 22, tzinfo=UTC)))
    assert told(answer) == (True, ["renewal_open", "through_completion", "valid", "path"])
    assert answer.reasons[0].params == {"on": "2026-06-02"}  # the civil day in Rome


def test_an_open_renewal_is_judged_by_the_day_it_was_started() -> None:
    """R-52: what was in time at the start does not become late while the learner works."""
    strict = certified({**ONE_YEAR, "lapse": {"path": "full"}})
    late = datetime(2026, 10, 1, tzinfo=UTC)
    reset = Progress([ItemProgress(C1, STARTED)])
    assert told(asked(DONE, certification=strict, now=late)) == (False, ["not_renewable"])
    started = evolve(reset, renewal_started_at=datetime(2026, 8, 1, tzinfo=UTC))
    assert asked(started, certification=strict, now=late).renewable


def test_with_retake_the_same_course_renews() -> None:
    """R-51, SEED 4: "Allow users to retake the same course or learning plan to renew their certification"."""
    answer = asked(Progress([ItemProgress(C1, COMPLETE), ItemProgress(C2)]))
    assert told(answer) == (True, ["through_retake", "through_completion", "valid", "path"])
    assert answer.reasons[0].text == "Taking course:C-1 again renews the award."


def test_without_retake_only_what_is_not_yet_completed_renews() -> None:
    """R-51, SEED 4: "only by completing the courses and/or the learning plans … that they have not yet completed"."""
    progress = Progress([ItemProgress(C1, COMPLETE), ItemProgress(C2, STARTED), ItemProgress(P1)])
    answer = asked(progress, certification=certified(retake=False))
    assert told(answer)[1][:2] == ["through_completion", "through_completion"]
    assert [each.params["item"] for each in answer.reasons[:2]] == ["course:C-2", "learning_plan:P-1"]


def test_without_retake_nothing_is_left_once_all_is_completed() -> None:
    """R-51, SEED 4: "If they have already completed all … the Renew now button will not be shown"."""
    progress = Progress([ItemProgress(C1, COMPLETE), ItemProgress(C2, COMPLETE)])
    answer = asked(progress, certification=certified(retake=False))
    assert told(answer) == (False, ["retake_not_allowed", "retake_not_allowed"])
    assert [each.params["item"] for each in answer.reasons] == ["course:C-1", "course:C-2"]


def test_nothing_linked_nothing_renews() -> None:
    """R-51: a renewal goes through a linked item."""
    assert told(asked(Progress(), award=awarded(basis=MANUAL))) == (False, ["no_linked_items"])


@pytest.mark.parametrize(("day", "renewable"), [(14, False), (15, True), (16, True)])
def test_a_course_whose_validity_is_over_cannot_renew(day: int, renewable: bool) -> None:
    """R-51, SEED 4: "cannot renew their certifications if the course validity period is over"; its last day counts."""
    answer = asked(Progress([ItemProgress(C1, COMPLETE, valid_until=date(2026, 6, day))]))
    assert answer.renewable is renewable
    if not renewable:
        assert told(answer)[1] == ["item_validity_over"]
        assert answer.reasons[0].params == {"item": "course:C-1", "until": "2026-06-14"}


def test_validity_is_read_in_the_awards_zone() -> None:
    """R-10: at noon in UTC it is the 16th already in Kiritimati."""
    progress = Progress([ItemProgress(C1, COMPLETE, valid_until=date(2026, 6, 15))])
    assert not asked(progress, award=awarded(zone="Pacific/Kiritimati")).renewable


def test_a_plans_validity_outranks_that_of_its_courses() -> None:
    """R-51, SEED 4: over with the plan although the course goes on, and the other way round."""
    over, ahead = date(2026, 1, 1), date(2027, 1, 1)
    plan_over = ItemProgress(C1, COMPLETE, ahead, plan=PlanValidity(P1, over))
    answer = asked(Progress([plan_over]))
    assert told(answer) == (False, ["plan_validity_over"])
    assert answer.reasons[0].params == {"item": "course:C-1", "plan": "learning_plan:P-1", "until": "2026-01-01"}
    assert asked(Progress([ItemProgress(C1, COMPLETE, over, plan=PlanValidity(P1, ahead))])).renewable
    assert not asked(Progress([ItemProgress(C1, COMPLETE, over, plan=PlanValidity(P1))])).renewable


@pytest.mark.parametrize("basis", [MANUAL, Basis(BasisKind.EXTERNAL_CERTIFICATION, links=[Link("C", "https://c.org")])])
def test_a_manual_award_renews_through_any_linked_item(basis: Basis) -> None:
    """R-51: nothing has to be complete before, since nothing earned it."""
    answer = asked(Progress([ItemProgress(C2)]), award=awarded(basis=basis))
    assert told(answer)[1][0] == "through_completion"


def test_an_imported_award_renews_through_any_linked_item() -> None:
    """R-51: the course that its row names may never have been taken here."""
    assert not asked(Progress([ItemProgress(C1)])).renewable
    assert asked(Progress([ItemProgress(C1)]), imported=True).renewable


def test_a_course_that_is_linked_no_more_has_to_be_nothing() -> None:
    """R-7, R-51: an award that was kept renews through what is linked now."""
    assert asked(Progress([ItemProgress(C2)])).renewable


def test_what_is_decommissioned_is_named() -> None:
    """R-51, SEED 4: nobody is sent to "training material that is no longer active in the platform"."""
    answer = asked(Progress([ItemProgress(C1, COMPLETE, usable=False)]))
    assert told(answer) == (False, ["item_decommissioned"])
    assert answer.reasons[0].text == "course:C-1 is decommissioned and can no longer be completed."
    assert asked(Progress([ItemProgress(C1, COMPLETE, usable=False), ItemProgress(C2)])).renewable


def test_window_and_grace_follow_the_policy() -> None:
    """R-54: not before the window, not after the grace, and in between yes."""
    policy = {
        **ONE_YEAR,
        "window": {"opens": {"months": 2}, "early": "refuse"},
        "grace": {"length": {"days": 30}},
        "lapse": {"path": "full"},
    }
    certification = certified(policy)
    answers = {
        (month, day): told(asked(certification=certification, now=datetime(2026, month, day, 12, tzinfo=UTC)))
        for month, day in ((6, 30), (7, 1), (9, 1), (10, 1), (10, 2))
    }
    assert answers[6, 30] == (False, ["too_early_refused"])
    assert answers[7, 1] == (True, ["through_retake", "valid", "path"])
    assert answers[9, 1] == (True, ["through_retake", "in_grace", "path"])
    assert answers[10, 1][0] is True
    assert answers[10, 2] == (False, ["not_renewable"])


def test_what_never_expires_is_renewed_only_when_asked_for() -> None:
    """R-52: "a never-expiring award is not renewable unless asked for"."""
    always = awarded(expires_on=None)
    assert told(asked(award=always)) == (False, ["never_expires"])
    assert asked(award=always, never_expiring=True).renewable


@pytest.mark.parametrize("reason", EndReason)
def test_only_a_live_award_renews(reason: EndReason) -> None:
    """R-61, R-65: not a revoked, renewed, unassigned or undone one, also while a renewal is open."""
    answer = asked(evolve(DONE, renewal_started_at=NOW), award=ended(awarded(), reason))
    assert not answer.renewable
    code = "award_revoked" if reason is EndReason.REVOKED else "award_archived"
    assert told(answer)[1] == [code]


def test_a_retired_certification_gives_no_new_awards() -> None:
    """R-4: a renewal would be one."""
    assert told(asked(certification=certified(retired=True))) == (False, ["certification_retired"])


def test_every_reason_is_told_at_once() -> None:
    """R-50: "yes or no with every reason"."""
    certification = certified({**ONE_YEAR, "lapse": {"path": "no_renewal"}}, retake=False, retired=True)
    progress = Progress([ItemProgress(C1, STARTED, date(2026, 1, 1)), ItemProgress(C2, COMPLETE, usable=False)])
    answer = asked(progress, ended(awarded(), EndReason.REVOKED), certification, datetime(2027, 1, 1, tzinfo=UTC))
    assert told(answer) == (
        False,
        [
            "award_revoked",
            "certification_retired",
            "item_not_complete",
            "item_validity_over",
            "item_decommissioned",
            "retake_not_allowed",
            "not_renewable",
        ],
    )
    assert all(each.text.endswith(".") for each in answer.reasons)


def test_confirmations_count_from_the_completion_of_the_award() -> None:
    """R-54: a missed one ended the award."""
    certification = certified(
        {"validity": {"years": 3}, "confirmation": {"every": {"months": 6}}, "lapse": {"path": "full"}}
    )
    award = awarded(date(2028, 9, 1))
    assert asked(award=award, certification=certification, facts=Facts(confirmations=[date(2026, 2, 1)])).renewable
    late = asked(award=award, certification=certification, facts=Facts(confirmations=[]))
    assert told(late) == (False, ["not_renewable"])
    early = datetime(2025, 1, 1, tzinfo=UTC)
    assert not asked(award=award, certification=certification, now=early).renewable


def test_naive_instants_and_missing_facts_are_refused() -> None:
    """R-10, R-54: nothing is guessed."""
    with pytest.raises(NaiveDatetime):
        asked(now=datetime(2026, 6, 15))  # noqa: DTZ001
    with pytest.raises(NaiveDatetime):
        Progress(renewal_started_at=datetime(2026, 6, 15))  # noqa: DTZ001
    varied = certified({**ONE_YEAR, "variants": [{"when": {"grade": 1}, "set": {"validity": {"years": 2}}}]})
    with pytest.raises(InvalidValue, match=r"learner\.grade"):
        asked(certification=varied)


DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
ITEMS = st.builds(
    ItemProgress,
    st.sampled_from([C1, C2, P1]),
    st.sampled_from(ItemStatus),
    st.none() | DAYS,
    st.booleans(),
    st.none() | st.builds(PlanValidity, st.just(P1), st.none() | DAYS),
)
PROGRESS = st.builds(
    Progress,
    st.lists(ITEMS, max_size=3, unique_by=lambda each: each.item),
    st.none() | st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)


@given(PROGRESS, st.sampled_from([BY_C1, MANUAL]), st.booleans())
def test_answers_hold_together(progress: Progress, basis: Basis, retake: bool) -> None:
    """R-50, R-51: reasons always, a way for every yes; allowing retakes or more items never takes a yes away."""
    award = awarded(basis=basis)
    answer = asked(progress, award, certified(retake=retake))
    ways = [each for each in answer.reasons if each.code.startswith("through_")]
    assert bool(ways) is answer.renewable
    assert answer.reasons
    if answer.renewable:
        assert asked(progress, award, certified(retake=True)).renewable
        more = evolve(progress, items=[*progress.items, ItemProgress(ItemRef.parse("course:C-9"))])
        assert asked(more, award, certified(retake=retake)).renewable
    broken = evolve(progress, items=[evolve(each, usable=False) for each in progress.items])
    assert not asked(broken, award, certified(retake=retake)).renewable
