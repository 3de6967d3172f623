"""What a completion gives, rule by rule, and what holds however completions come in (R-20 to R-27, R-52, R-65)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.awards import Award, Basis, BasisKind, Details, typed_period
from certcore.domain.certifications import ItemRef
from certcore.domain.completions import Completion
from certcore.domain.decisions import shortens
from certcore.domain.policy import Facts, RenewalPolicy
from certcore.testing.builders import make_award, make_person
from tests.domain.earning import ASSIGNED, C1, C2, C3, P1, ROME, X1, Learner, certified, done, told

MAY = date(2026, 5, 10)
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)
ONE_YEAR = {"validity": {"years": 1}}


def test_completing_an_item_awards_its_certification() -> None:
    """R-20, R-21, R-26: issued on the day of the completion, resting on the item, with score, credits and date."""
    learner = Learner()
    assert told(learner.completes(C1, MAY, score=Decimal(92), credits=Decimal("2.5"))) == ("new", [])
    assert learner.live is not None
    assert learner.live.basis == Basis(BasisKind.COURSE, "C-1")
    assert learner.live.details == Details(Decimal(92), MAY, Decimal("2.5"))
    assert (learner.period.issued_on, learner.period.expires_on, learner.period.zone) == (MAY, date(2027, 5, 10), ROME)


def test_the_day_of_a_completion_is_read_in_its_zone() -> None:
    """R-13: 22:30 UTC is the next day in Rome already; the award begins with that day."""
    learner = Learner()
    learner.completes(C1, datetime(2026, 5, 9, 22, 30, tzinfo=UTC))
    assert (learner.period.issued_on, learner.period.issued_at) == (MAY, datetime(2026, 5, 9, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    ("when", "outcome"),
    [
        (ASSIGNED - timedelta(microseconds=1), "recorded"),
        (ASSIGNED, "new"),
        (date(2025, 12, 31), "recorded"),
        (date(2026, 1, 1), "new"),
    ],
)
@pytest.mark.parametrize("item", [C1, P1])
def test_f17_a_completion_before_the_assignment_awards_nothing(
    item: ItemRef, when: datetime | date, outcome: str
) -> None:
    """R-21: by the instant where that is known, else by the day, which then counts as a whole."""
    earning = Learner(items=[C1, P1]).completes(item, when)
    assert earning.outcome == outcome
    if outcome == "recorded":
        assert earning.reasons[0].text.startswith(f"{item} was completed on 202")


def test_an_external_activity_counts_however_old() -> None:
    """R-22: it is reported with its certification; its date is the issue date."""
    learner = Learner(items=[X1])
    assert learner.completes(X1, date(2019, 2, 28)).outcome == "new"
    assert learner.period.issued_on == date(2019, 2, 28)


def test_an_item_without_certification_is_kept_and_awards_nothing() -> None:
    """R-5: what it may count for later, a policy says."""
    learner = Learner()
    assert told(learner.completes(C3, MAY)) == ("recorded", ["not_assigned"])
    assert told(learner.completes(C3, MAY)) == ("unchanged", [])


def test_f18_a_deactivated_learner_gets_nothing() -> None:
    """R-24: and it may be sent again once they are active."""
    learner = Learner(person=make_person("ada", active=False))
    assert told(learner.completes(C1, MAY)) == ("rejected", ["deactivated_user"])
    learner.person = make_person("ada")
    assert learner.completes(C1, MAY).outcome == "new"


def test_a_retired_certification_gives_no_new_awards() -> None:
    """R-4: neither first ones nor renewals."""
    learner = Learner(evolve(certified(), retired=True))
    assert told(learner.completes(C1, MAY)) == ("rejected", ["certification_retired"])


@pytest.mark.parametrize(
    ("of_certification", "of_item", "outcome"),
    [
        (True, None, "new"),
        (False, None, "recorded"),
        (True, False, "recorded"),
        (False, True, "new"),
    ],
)
def test_issued_by_hand_only_where_certification_or_item_say_so(
    of_certification: bool, of_item: bool | None, outcome: str
) -> None:
    """R-9: the item outranks the certification."""
    learner = Learner(certified(automatic=of_certification), automatic=of_item)
    assert learner.completes(C1, MAY).outcome == outcome


@pytest.mark.parametrize("needed", [2, 3, None])
def test_several_items_may_be_needed(needed: int | None) -> None:
    """R-6: at least so many different items, or all; the same one twice is one."""
    learner = Learner(certified(items_needed=needed), items=[C1, C2, C3])
    first = learner.completes(C1, MAY)
    assert told(first) == ("recorded", ["items_missing"])
    assert first.reasons[0].params == {"needed": needed or 3, "found": 1}
    assert learner.completes(C1, date(2026, 5, 11)).outcome == "recorded"
    second = learner.completes(C2, date(2026, 5, 12))
    assert second.outcome == ("new" if needed == 2 else "recorded")
    if needed != 2:
        assert learner.completes(C3, date(2026, 5, 13)).outcome == "new"
    assert learner.period.issued_on == date(2026, 5, 12 if needed == 2 else 13)


def test_what_is_reported_late_does_not_move_the_day_on_which_all_was_done() -> None:
    """R-6: the last of the needed items decides, in whatever order they are reported."""
    learner = Learner(certified(items_needed=None))
    learner.completes(C1, date(2026, 5, 20), score=Decimal(7))
    assert learner.completes(C2, date(2026, 5, 4)).outcome == "new"
    assert learner.live is not None
    assert learner.live.details == Details(Decimal(7), date(2026, 5, 20))
    assert learner.live.basis.code == "C-1"


def test_what_was_done_before_the_assignment_or_a_revocation_does_not_count_either() -> None:
    """R-6, R-21, R-65: every needed item has to count by itself."""
    learner = Learner(certified(items_needed=None))
    learner.completes(C2, date(2025, 6, 1))
    assert learner.completes(C1, MAY).outcome == "recorded"
    learner.completes(C2, MAY)
    learner.revoked(NOON)
    assert told(learner.completes(C1, date(2026, 6, 1))) == ("recorded", ["items_missing"])
    assert learner.completes(C2, date(2026, 6, 2)).outcome == "new"


@pytest.mark.parametrize("name", ["C-1", "course:C-1"])
def test_a_policy_may_ask_for_items_by_code_or_by_kind_and_code(name: str) -> None:
    """R-54: the full requirement, whichever item carries the certification."""
    learner = Learner(certified({**ONE_YEAR, "items": {"full": [name, "essay"]}}), items=[C2])
    assert told(learner.completes(C1, MAY)) == ("recorded", ["not_assigned"])
    assert told(learner.completes(C2, date(2026, 5, 11))) == ("recorded", ["item_missing"])
    facts = Facts(item_completions={"essay": date(2026, 5, 12)})
    assert learner.completes(C2, date(2026, 5, 12), facts).outcome == "new"


def test_a_period_may_count_from_the_oldest_item() -> None:
    """R-53: anchor earliest_item_completion, over the items completed."""
    policy = {**ONE_YEAR, "anchor": {"kind": "earliest_item_completion"}, "items": {"full": ["C-1", "C-2"]}}
    learner = Learner(certified(policy))
    assert told(learner.completes(C1, date(2026, 2, 1))) == ("recorded", ["item_missing"])
    assert learner.completes(C2, MAY).outcome == "new"
    assert learner.period.expires_on == date(2027, 2, 1)


def test_what_the_policy_asks_for_and_nobody_says_is_refused_and_can_be_sent_again() -> None:
    """R-54: nothing is guessed; with the fact it is judged."""
    learner = Learner(certified({**ONE_YEAR, "cap": {"age": 40}}))
    refused = learner.completes(C1, MAY)
    assert told(refused) == ("rejected", ["undecidable"])
    assert refused.reasons[0].params["code"] == "invalid_value"
    assert "learner.birth_date" in refused.reasons[0].text
    assert learner.completes(C1, MAY, Facts(learner={"birth_date": "1990-01-01"})).outcome == "new"


@pytest.mark.parametrize(
    ("policy", "when", "expires"),
    [
        ({"validity": {"months": 1}}, date(2027, 1, 31), date(2027, 2, 28)),
        ({"validity": {"years": 1}}, date(2028, 2, 29), date(2029, 2, 28)),
        ({"validity": {"months": 1188}}, MAY, date(2125, 5, 10)),
        ({"validity": {"years": 9000}}, MAY, None),
    ],
)
def test_f33_month_ends_leap_days_and_years_beyond_the_calendar(
    policy: dict[str, Any], when: date, expires: date | None
) -> None:
    """R-13: clamped to the month's end; beyond the year 9999 a reason, not an exception."""
    learner = Learner(certified(policy))
    earning = learner.completes(C1, when)
    if expires is None:
        assert told(earning) == ("rejected", ["undecidable"])
        assert earning.reasons[0].params["code"] == "date_out_of_range"
    else:
        assert learner.period.expires_on == expires


def test_the_policy_may_let_a_period_start_later() -> None:
    """R-53: anchor.start; the award is upcoming until then."""
    learner = Learner(certified({**ONE_YEAR, "anchor": {"kind": "completion", "start": "day_after_completion"}}))
    learner.completes(C1, MAY)
    assert (learner.period.issued_on, learner.live and learner.live.earned_on) == (date(2026, 5, 11), MAY)


# A retake


def test_f17_a_retake_without_a_start_renews_nothing() -> None:
    """R-52: of the same item or of another one, whether the award has expired or not."""
    learner = Learner()
    learner.completes(C1, MAY)
    for item, day in ((C1, date(2026, 9, 1)), (C2, MAY), (C2, date(2028, 1, 1))):
        assert told(learner.completes(item, day)) == ("already_held", ["renewal_not_started"])
    assert learner.period.issued_on == MAY


def test_f16_the_same_completion_again_changes_nothing() -> None:
    """R-23: however often."""
    learner = Learner()
    outcomes = [learner.completes(C1, NOON).outcome for _ in range(10)]
    assert outcomes == ["new", *["unchanged"] * 9]


def test_what_is_lapsed_for_good_is_earned_anew() -> None:
    """R-54: after the lapse limit the full requirement applies again, with what was done since."""
    learner = Learner(certified({**ONE_YEAR, "lapse": {"after": {"months": 6}, "path": "full"}}, items_needed=None))
    learner.completes(C1, MAY)
    learner.completes(C2, MAY)
    assert told(learner.completes(C1, date(2027, 11, 9))) == ("already_held", ["renewal_not_started"])
    assert told(learner.completes(C1, date(2027, 11, 10))) == ("recorded", ["items_missing"])
    assert told(learner.completes(C2, date(2027, 12, 1))) == ("renewed", [])
    assert (learner.period.issued_on, learner.period.expires_on) == (date(2027, 12, 1), date(2028, 12, 1))


# A renewal


def started(at: datetime = NOON, *items: ItemRef, **parts: Any) -> Learner:
    """Somebody with an award of 2026-02-01, who started to renew it, by default at noon of 2026-05-10."""
    learner = Learner(certified(parts.pop("policy", None), allow_retake=True, **parts))
    learner.completes(C1, date(2026, 2, 1))
    learner.starts(at, *items)
    return learner


@pytest.mark.parametrize(
    ("when", "outcome"),
    [
        (NOON - timedelta(microseconds=1), "already_held"),
        (NOON, "renewed"),
        (date(2026, 5, 9), "already_held"),
        (MAY, "renewed"),
    ],
)
def test_only_what_is_completed_from_the_start_on_fulfils_a_renewal(when: datetime | date, outcome: str) -> None:
    """R-52: by the instant where that is known, else the day of the start counts."""
    learner = started()
    earning = learner.completes(C1, when)
    assert (earning.outcome, earning.fulfils) == (outcome, outcome == "renewed")
    if outcome == "already_held":
        assert told(earning)[1] == ["before_renewal"]


def test_the_new_period_counts_from_the_completion_and_the_old_one_is_linked() -> None:
    """R-53: the default; the reasons say so."""
    learner = started()
    assert told(learner.completes(C1, MAY)) == ("renewed", ["from_completion"])
    assert (learner.period.issued_on, learner.period.expires_on) == (MAY, date(2027, 5, 10))


def test_the_policy_in_force_at_the_start_holds() -> None:
    """R-3, R-52: an edit while the renewal is open changes nothing."""
    learner = started()
    learner.certification = evolve(learner.certification, policy=RenewalPolicy.from_data({"validity": {"years": 3}}))
    learner.completes(C1, MAY)
    assert learner.period.expires_on == date(2027, 5, 10)


def test_late_renewals_under_previous_expiry_count_from_the_completion() -> None:
    """R-53: in time from the previous expiry, late from the completion."""
    policy = {**ONE_YEAR, "anchor": {"kind": "previous_expiry"}}
    in_time, late = started(policy=policy), started(policy=policy)
    in_time.completes(C1, MAY)
    late.completes(C1, date(2027, 3, 1))
    assert (in_time.period.issued_on, in_time.period.expires_on) == (date(2027, 2, 1), date(2028, 2, 1))
    assert (late.period.issued_on, late.period.expires_on) == (date(2027, 3, 1), date(2028, 3, 1))


def test_what_was_in_time_at_the_start_stays_renewable() -> None:
    """R-52: the day of the start decides what is asked for."""
    learner = started(policy={**ONE_YEAR, "lapse": {"path": "full"}})
    learner.certification = evolve(learner.certification, items_needed=None)
    assert learner.completes(C1, date(2027, 8, 1)).outcome == "renewed"


def test_without_retake_only_the_ways_at_the_start_renew() -> None:
    """R-51: what was complete at the start does not, what was linked since does."""
    learner = Learner(items=[C1, C2, C3])
    learner.completes(C1, date(2026, 2, 1))
    learner.starts(NOON, C2)
    assert told(learner.completes(C1, MAY)) == ("already_held", ["not_a_way"])
    assert learner.completes(C2, date(2026, 5, 12)).outcome == "renewed"
    later = Learner(items=[C1, C2, C3], assigned_at=NOON + timedelta(1))
    later.live = make_award(later.certification, "id-ada", period=learner.period)
    later.starts(NOON, C2)
    assert later.completes(C3, date(2026, 6, 1)).outcome == "renewed"


def test_a_renewal_asks_for_the_items_of_its_path_done_since_the_start() -> None:
    """R-52, R-54: in any order; the last of them fulfils it."""
    learner = started(policy={**ONE_YEAR, "items": {"renewal": ["C-1", "C-2"]}})
    assert told(learner.completes(C2, date(2026, 6, 2))) == ("recorded", ["item_missing"])
    assert learner.completes(C1, date(2026, 6, 1)).outcome == "renewed"
    assert learner.period.issued_on == date(2026, 6, 2)


def test_what_a_policy_lets_be_old_counts_from_before_the_start() -> None:
    """R-54: an item with max_age counts back from the renewal."""
    aged = {**ONE_YEAR, "items": {"renewal": ["C-1", {"item": "C-2", "max_age": {"months": 6}}]}}
    learner = started(policy=aged)
    learner.renewal = None
    learner.completes(C2, date(2026, 4, 1))
    learner.starts(NOON)
    assert learner.completes(C1, date(2026, 6, 1)).outcome == "renewed"
    late = started(policy=aged)
    late.known.append(done(C2, date(2026, 4, 1)))
    assert told(late.completes(C1, date(2026, 12, 1))) == ("recorded", ["item_too_old"])


def test_credits_of_completions_and_those_given_besides_are_collected() -> None:
    """R-54: enough in the running period, or the renewal waits."""
    policy = {**ONE_YEAR, "credits": {"total": 10}}
    learner = started(policy=policy)
    few = learner.completes(C1, MAY, credits=Decimal(4))
    assert told(few) == ("recorded", ["credits_total"])
    assert few.reasons[0].params == {"counted": Decimal(4), "needed": Decimal(10)}
    facts = Facts.from_data({"credits": [["2026-03-01", 2]]})
    assert learner.completes(C2, date(2026, 5, 11), facts, credits=Decimal(3)).outcome == "recorded"
    assert learner.completes(C1, date(2026, 5, 12), facts, credits=Decimal(1)).outcome == "renewed"


def test_a_renewal_that_the_policy_refuses_leaves_the_award() -> None:
    """R-54: before the window opens nothing is granted."""
    learner = started(policy={**ONE_YEAR, "window": {"opens": {"months": 2}, "early": "refuse"}})
    assert told(learner.completes(C1, MAY)) == ("already_held", ["too_early_refused"])
    assert learner.completes(C1, date(2026, 12, 1)).outcome == "renewed"


@pytest.mark.parametrize(
    ("policy", "zone"),
    [
        ({"validity": {"days": 3}}, ROME),
        ({"validity": {"days": 1}, "anchor": {"kind": "fixed", "base": "02-01"}}, "Pacific/Kiritimati"),
        ({"validity": {"days": 266}}, "Pacific/Kiritimati"),
        ({"validity": {"days": 266}, "boundary": "inclusive"}, "Pacific/Kiritimati"),
    ],
)
def test_a_renewal_never_ends_earlier_not_even_by_an_hour(policy: dict[str, Any], zone: str) -> None:
    """R-53: also where the learner has moved to a zone whose days end sooner."""
    learner = started()
    before = learner.period
    learner.certification = certified(policy, allow_retake=True)
    learner.starts(NOON)
    assert learner.completes(C1, date(2026, 5, 11), zone=zone).outcome == "renewed"
    assert not shortens(learner.period, before)


def test_a_policy_may_shorten() -> None:
    """R-53: shorten is true."""
    learner = started()
    learner.certification = certified({"validity": {"days": 3}, "shorten": True}, allow_retake=True)
    learner.starts(NOON)
    learner.completes(C1, MAY)
    assert learner.period.expires_on == date(2026, 5, 13)


# Renewal without a start


def automatic(policy: dict[str, Any] | None = None, *, retake: bool = True) -> Learner:
    """Somebody with an award of 2026-02-01 by C-1 that completions renew."""
    learner = Learner(certified(policy, allow_retake=retake, auto_renew=True))
    learner.completes(C1, date(2026, 2, 1))
    return learner


def test_a_certification_may_be_renewed_without_a_start() -> None:
    """R-52: the switch; what is done on the day it was earned renews nothing."""
    learner = automatic()
    assert told(learner.completes(C2, date(2026, 2, 1))) == ("already_held", ["held_since"])
    earning = learner.completes(C1, MAY)
    assert (earning.outcome, earning.fulfils) == ("renewed", False)
    assert learner.period.expires_on == date(2027, 5, 10)


def test_without_retake_only_another_item_renews_at_once() -> None:
    """R-51: an item not completed before."""
    learner = automatic(retake=False)
    assert told(learner.completes(C1, MAY)) == ("already_held", ["retake_not_allowed"])
    assert learner.completes(C2, MAY).outcome == "renewed"


@pytest.mark.parametrize(
    ("policy", "day", "expected"),
    [
        ({}, MAY, ("already_held", ["never_expires"])),
        ({**ONE_YEAR, "items": {"renewal": ["C-1", "C-2"]}}, MAY, ("recorded", ["item_missing"])),
        ({**ONE_YEAR, "lapse": {"path": "full"}}, date(2027, 2, 1), ("renewed", [])),
        ({**ONE_YEAR, "lapse": {"path": "no_renewal"}}, date(2027, 2, 1), ("recorded", ["not_renewable"])),
    ],
)
def test_a_renewal_at_once_asks_for_what_a_started_one_does(
    policy: dict[str, Any], day: date, expected: tuple[str, list[str]]
) -> None:
    """R-52, R-54: a never-ending award is not renewed; items, lapse and windows hold."""
    assert told(automatic(policy or {"validity": "none"}).completes(C2, day)) == expected


# Late, and revoked


def test_f16_what_is_older_than_the_award_held_goes_to_history() -> None:
    """R-27: it ends where the award held begins, which stays as it is."""
    learner = Learner()
    learner.completes(C1, MAY)
    earning = learner.completes(C2, date(2026, 3, 1))
    assert told(earning) == ("history", [])
    assert earning.offer is not None
    assert (earning.offer.period.issued_on, earning.ends_at) == (date(2026, 3, 1), learner.period.issued_at)
    assert learner.period.issued_on == MAY


def test_history_ends_with_its_own_expiry_where_that_is_earlier() -> None:
    """R-27: what had expired before the later award began."""
    learner = Learner(certified({"validity": {"days": 10}}))
    learner.completes(C1, MAY)
    earning = learner.completes(C2, date(2026, 3, 1))
    assert earning.offer is not None
    assert earning.ends_at == earning.offer.period.expires_at


def test_what_was_done_while_another_award_was_held_gives_no_place_in_history() -> None:
    """R-27: it would have been a retake without a start."""
    learner = Learner()
    learner.completes(C1, MAY)
    learner.completes(C2, date(2026, 3, 1))
    assert told(learner.completes(C1, date(2026, 4, 1))) == ("already_held", ["held_then"])
    assert told(learner.completes(C1, date(2026, 2, 1))) == ("history", [])


def test_an_award_by_hand_with_a_later_date_is_followed_back_too() -> None:
    """R-27: whatever the live award rests on."""
    learner = Learner()
    period = typed_period(RenewalPolicy(), date(2026, 9, 1), ROME, None)
    learner.live = make_award(learner.certification, "id-ada", period=period)
    assert told(learner.completes(C1, MAY)) == ("history", [])


def test_what_is_late_needs_what_a_first_award_needs() -> None:
    """R-6, R-27: too few items give no history."""
    learner = Learner(certified(items_needed=2))
    learner.completes(C1, MAY)
    learner.completes(C2, MAY)
    assert told(learner.completes(C1, date(2026, 3, 1))) == ("already_held", ["held_then"])
    assert told(learner.completes(C2, date(2026, 3, 2))) == ("history", [])


@pytest.mark.parametrize(
    ("when", "outcome"),
    [
        (NOON - timedelta(1), "rejected"),
        (NOON, "rejected"),
        (NOON + timedelta(microseconds=1), "new"),
        (MAY, "rejected"),
        (date(2026, 5, 11), "new"),
    ],
)
def test_f49_only_what_is_completed_after_a_revocation_gives_it_back(when: datetime | date, outcome: str) -> None:
    """R-65: by the instant where that is known, else by the day, which is then not after it."""
    learner = Learner()
    learner.completes(C1, date(2026, 2, 1))
    learner.revoked(NOON)
    assert told(learner.completes(C1, date(2026, 2, 1))) == ("rejected", ["revoked"])
    assert learner.completes(C2, when).outcome == outcome


def test_what_came_between_a_revocation_and_a_new_award_goes_to_history() -> None:
    """R-27, R-65: awards before the revocation are not held any more."""
    learner = started()
    learner.completes(C1, MAY)
    learner.revoked(NOON + timedelta(30))
    learner.completes(C1, date(2026, 9, 1))
    assert told(learner.completes(C1, date(2026, 8, 1))) == ("history", [])
    assert told(learner.completes(C1, date(2026, 5, 15))) == ("rejected", ["revoked"])


def test_on_request_awards_are_given_for_what_was_done_before() -> None:
    """R-21: retroactively, what was recorded before and what is issued by hand only included."""
    learner = Learner(certified(automatic=False))
    completion = done(C1, date(2025, 6, 1))
    learner.does(completion)
    assert told(learner.told(completion)) == ("unchanged", [])
    earning = learner.told(completion, retroactive=True)
    assert earning.outcome == "new"
    assert earning.offer is not None
    assert earning.offer.period.issued_on == date(2025, 6, 1)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_f16_of_two_completions_at_one_instant_the_earliest_day_counts(order: slice) -> None:
    """R-6: whichever is reported first; it is the 1st in Rome and the 2nd in Apia."""
    learner = Learner(certified(items_needed=None))
    at = datetime(2026, 3, 1, 11, tzinfo=UTC)
    for each in [done(C1, at), done(C2, at, "Pacific/Apia")][order]:
        learner.does(each)
    assert learner.period.issued_on == date(2026, 3, 1)


# However completions come in

completions = st.lists(
    st.builds(
        done,
        st.sampled_from([C1, C2, C3, X1]),
        st.dates(date(2025, 12, 1), date(2028, 12, 31))
        | st.datetimes(datetime(2025, 12, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
        st.sampled_from([ROME, "America/Havana", "Pacific/Apia"]),
    ),
    max_size=8,
)
certifications = st.builds(
    certified,
    st.sampled_from(
        [
            {"validity": {"years": 1}},
            {"validity": "none"},
            {"validity": {"months": 3}, "anchor": {"kind": "previous_expiry"}},
            {"validity": {"months": 2}, "lapse": {"path": "full"}},
            {"validity": {"years": 1}, "items": {"full": ["C-1"], "renewal": ["C-2"]}},
        ]
    ),
    items_needed=st.sampled_from([1, 2, None]),
    auto_renew=st.booleans(),
    allow_retake=st.booleans(),
)


def spans(learner: Learner) -> list[tuple[datetime, datetime | None]]:
    """From when to when each award was held, in order; the live one without an end."""
    awards: Sequence[Award] = [*learner.past, *([learner.live] if learner.live else [])]
    return sorted(
        ((each.period.issued_at, each.ending.at if each.ending else None) for each in awards), key=lambda span: span[0]
    )


@given(certifications, completions)
def test_f16_at_no_time_are_two_awards_held_and_nothing_is_ever_shortened(
    certification: Any, reported: list[Completion]
) -> None:
    """I1, R-27, R-53: whatever comes in whatever order, delivered twice."""
    learner = Learner(certification, items=[C1, C2, X1])
    for each in [*reported, *reported]:
        before = learner.live
        earning = learner.does(each)
        if before is not None:
            assert learner.live is not None
            assert not shortens(learner.period, before.period) or earning.outcome == "renewed"
        held = spans(learner)
        assert all(end is not None and end <= start for (_, end), (start, _) in pairwise(held))


def one_day_an_instant(reported: list[Completion]) -> bool:
    """Whether nothing was completed at one instant on two days (in two zones): there the first to come counts."""
    return len({each.at for each in reported}) == len({(each.at, each.on) for each in reported})


@given(
    certifications,
    completions.filter(one_day_an_instant).flatmap(
        lambda reported: st.tuples(st.just(reported), st.permutations(reported))
    ),
)
def test_f16_the_first_day_of_all_that_was_held_is_the_same_in_any_order(
    certification: Any, orders: tuple[list[Completion], list[Completion]]
) -> None:
    """R-6, R-27: late ones find their place."""
    firsts = []
    for order in orders:
        learner = Learner(evolve(certification, auto_renew=False), items=[C1, C2, X1])
        for each in order:
            learner.does(each)
        held = [*learner.past, *([learner.live] if learner.live else [])]
        firsts.append(min((each.earned_on for each in held), default=None))
    assert firsts[0] == firsts[1]


@given(certifications, completions)
def test_f16_the_same_completions_again_change_nothing(certification: Any, reported: list[Completion]) -> None:
    """R-23: delivered twice, all of them."""
    learner = Learner(certification, items=[C1, C2, X1])
    for each in reported:
        learner.does(each)
    before = (learner.live, list(learner.past), list(learner.known))
    assert {learner.does(each).outcome for each in reported} <= {"unchanged", "rejected"}
    assert (learner.live, learner.past, learner.known) == before
