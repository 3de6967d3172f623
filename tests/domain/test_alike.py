"""Cases that are alike are decided once, and as each of them would be by itself."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from certcore.domain.alike import Earnings
from certcore.domain.awards import Award, Basis, BasisKind, Details, computed_period
from certcore.domain.certifications import Assignment, Certification
from certcore.domain.completions import Completion
from certcore.domain.earning import Case, Earning, earn
from certcore.domain.policy import Facts
from certcore.domain.renewals import Renewal, RenewalState
from certcore.testing.builders import make_award, make_person
from tests.domain.earning import ASSIGNED, C1, C2, ROME, certified, done

NOW = datetime(2026, 6, 1, tzinfo=UTC)
STARTED = ASSIGNED + timedelta(1)
DAYS = [date(2026, 1, day) for day in (1, 2, 3)]
HOURS = [0, 11, 12, 13, 23]
"""The item was assigned, and renewals were started, at noon: on both sides of it, and on other days elsewhere."""
INSTANTS = [datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for day, hour in product(DAYS, HOURS)]
ZONES = [ROME, "Pacific/Auckland"]
POLICIES: list[dict[str, Any]] = [
    {"validity": {"years": 1}},
    {"validity": "none"},
    {"validity": {"days": 1}, "lapse": {"path": "full"}},
    {"validity": {"months": 3}, "anchor": {"kind": "previous_expiry"}},
]
FLAGS: list[dict[str, Any]] = [
    {},
    {"learner": make_person("ada", active=False)},
    {"known": [done(C2, DAYS[0])]},
    {"repeated": True},
    {"repeated": True, "again": True},
    {"revoked_at": STARTED},
    {"facts": Facts(award="Gold")},
]


def completions() -> Iterator[Completion]:
    """On days and at instants around those that matter, in two zones."""
    for when, zone, score in product([*DAYS, *INSTANTS], ZONES, (None, Decimal(1))):
        yield done(C1, when, zone, score=score)


def standings(certification: Certification) -> Iterator[tuple[Award | None, Renewal | None]]:
    """What somebody may hold, and whether it is being renewed."""
    yield None, None
    for day, zone, code, completed_on in product(DAYS, ZONES, ("C-1", "C-2"), (None, DAYS[1])):
        period = computed_period(certification.policy, day, zone)
        basis, details = Basis(BasisKind.COURSE, code), Details(completed_on=completed_on)
        award = make_award(certification, "id-ada", period=period, basis=basis, details=details)
        yield award, None
        for items, state in (((C1,), RenewalState.OPEN), ((C2,), RenewalState.OPEN), ((C1,), RenewalState.CANCELLED)):
            yield (
                award,
                Renewal(award.id, "id-ada", certification.id, STARTED, certification.policy, False, items, state),
            )


def said(earning: Earning) -> tuple[Any, ...]:
    """All that an earning says: offers are told apart as objects."""
    offer = earning.offer
    terms = None if offer is None else (offer.period, offer.basis, offer.details)
    return (earning.outcome, earning.reasons, terms, earning.ends_at, earning.fulfils)


@pytest.mark.parametrize("retroactive", [False, True])
@pytest.mark.parametrize("auto_renew", [False, True])
@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_cases_that_are_alike_are_decided_as_each_by_itself(
    policy: dict[str, Any], auto_renew: bool, retroactive: bool
) -> None:
    """R-20, R-21, R-27, R-52: whatever a case differs in, ten thousand completions give what one would."""
    certification = certified(policy, auto_renew=auto_renew)
    linked = {item: Assignment(item, certification.id, ASSIGNED, None) for item in (C1, C2)}
    earnings = Earnings()
    person = make_person("ada")
    for place, (standing, completion) in enumerate(product(standings(certification), completions())):
        live, renewal = standing
        case = Case(completion, person, NOW, certification, linked, (), False, live, renewal, retroactive=retroactive)
        for flags in FLAGS if place % 7 == 0 else FLAGS[:1]:
            each = case._replace(**flags)
            assert said(earnings.of(each)) == said(earn(each)), each


def test_learners_who_do_the_same_share_what_it_gives() -> None:
    """One decision, and one offer, for all who complete a course on a day, whatever the minute."""
    certification = certified()
    linked = {C1: Assignment(C1, certification.id, ASSIGNED, None)}
    earnings = Earnings()
    minutes = [done(C1, NOW + timedelta(minutes=minute))._replace(learner_id=f"id-{minute}") for minute in range(9)]
    earned = [earnings.of(Case(each, make_person("ada"), NOW, certification, linked)) for each in minutes]
    assert len({id(each) for each in earned}) == 1
