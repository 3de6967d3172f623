"""Compliance and forecast over awards as services made them, on every storage (R-92, R-95)."""

from datetime import UTC, date, datetime

import pytest

from certcore.domain.awards import Status
from certcore.domain.decisions import Held
from certcore.domain.people import Actor
from certcore.domain.policy import RenewalPolicy
from certcore.errors import NaiveDatetime, NotFound
from tests.services.platform import ADMIN, Platform


@pytest.fixture
def held(platform: Platform) -> Platform:
    """Ana, Bo and Cy hold SAFE-1 of one year in Rome, from three months of 2026; Ana also EVER-1, for ever."""
    platform.certification("SAFE-1")
    platform.certification("EVER-1", policy=RenewalPolicy())
    for name, month in (("ana", 1), ("bo", 2), ("cy", 2)):
        platform.award(name, issued_on=date(2026, month, 10), zone="Europe/Rome")
    platform.award("ana", code="EVER-1")
    return platform


def test_how_many_lapse_in_each_month_if_nobody_renews(held: Platform) -> None:
    """R-95: by name, from this month on; what never expires stays."""
    ever, safe = held.registrar.forecasting.forecast(actor=ADMIN, months=12)
    assert (ever.certification.code, ever.held, ever.always, ever.later) == ("EVER-1", 1, 1, 0)
    assert [each.first for each in safe.months][::11] == [date(2026, 3, 1), date(2027, 2, 1)]
    assert {each.first: each.lapses for each in safe.months if each.lapses} == {
        date(2027, 1, 1): 1,
        date(2027, 2, 1): 2,
    }
    assert (safe.held, safe.months[-1].left, safe.later) == (3, 0, 0)


def test_who_renewed_ahead_lapses_only_with_what_follows(held: Platform) -> None:
    """R-14: the archived award that still runs is not counted, the upcoming one is."""
    held.award("ana", held=Held.RENEW, issued_on=date(2027, 1, 9), zone="Europe/Rome")
    (safe,) = held.registrar.forecasting.forecast(actor=ADMIN, months=24, certification="SAFE-1")
    lapses = {each.first: each.lapses for each in safe.months if each.lapses}
    assert lapses == {date(2027, 2, 1): 2, date(2028, 1, 1): 1}


def test_revoked_and_expired_awards_do_not_lapse_again(held: Platform) -> None:
    held.registrar.archiving.revoke(held.number_of("bo"), reason="Fraud", actor=ADMIN)
    held.now = datetime(2027, 1, 20, tzinfo=UTC)
    (safe,) = held.registrar.forecasting.forecast(actor=ADMIN, months=1, certification="SAFE-1")
    assert (safe.held, safe.months[0].lapses, safe.later) == (1, 0, 1)


def test_compliance_at_any_instant(held: Platform) -> None:
    """R-14: past, present and future, by what is known today."""

    def counts(at: datetime | None = None) -> dict[Status, int]:
        (found,) = held.registrar.forecasting.compliance(actor=ADMIN, at=at, certification="SAFE-1")
        return {status: count for status, count in found.counts.items() if count}

    assert counts() == {Status.ACTIVE: 3}
    assert counts(datetime(2026, 1, 20, tzinfo=UTC)) == {Status.ACTIVE: 1, Status.UPCOMING: 2}
    assert counts(datetime(2027, 1, 9, 23, tzinfo=UTC)) == {Status.EXPIRED: 1, Status.ACTIVE: 2}
    assert counts(datetime(2027, 1, 9, 22, 59, 59, tzinfo=UTC)) == {Status.ACTIVE: 3}


def test_groups_are_counted_apart_with_who_has_nothing(held: Platform) -> None:
    """R-95: members by the directory of now; Ana is a nurse, as is Bo."""
    held.registrar.archiving.revoke(held.number_of("bo"), reason="Fraud", actor=ADMIN)
    found = held.registrar.forecasting.compliance(actor=ADMIN, certification="SAFE-1", groups=["nurses"])
    assert [(each.group, each.members, each.valid, each.missing) for each in found] == [("nurses", 2, 1, 1)]
    (ahead,) = held.registrar.forecasting.forecast(actor=ADMIN, certification="SAFE-1", groups=["nurses", "nurses"])
    assert (ahead.group, ahead.held) == ("nurses", 1)


def test_a_certification_that_is_named_is_there_without_awards(held: Platform) -> None:
    held.certification("NEW-1")
    (found,) = held.registrar.forecasting.compliance(actor=ADMIN, certification="NEW-1")
    assert found.valid == sum(found.counts.values()) == 0
    assert [each.certification.code for each in held.registrar.forecasting.compliance(actor=ADMIN)] == [
        "EVER-1",
        "SAFE-1",
    ]


def test_everybody_counts_whom_they_see(held: Platform) -> None:
    """R-114: a learner their own, a manager those they manage."""
    for actor, count in ((Actor("id-ana"), 1), (Actor("id-boss"), 1), (Actor("nobody"), 0)):
        (found,) = held.registrar.forecasting.forecast(actor=actor, certification="SAFE-1")
        assert found.held == count


def test_what_is_not_there_is_said(held: Platform) -> None:
    with pytest.raises(NotFound):
        held.registrar.forecasting.compliance(actor=ADMIN, certification="NONE-1")
    with pytest.raises(NotFound):
        held.registrar.forecasting.forecast(actor=ADMIN, groups=["doctors"])
    with pytest.raises(NaiveDatetime):
        held.registrar.forecasting.compliance(actor=ADMIN, at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_nothing_awarded_is_nothing_to_forecast(platform: Platform) -> None:
    assert platform.registrar.forecasting.forecast(actor=ADMIN) == []
    assert platform.registrar.forecasting.compliance(actor=ADMIN) == []
