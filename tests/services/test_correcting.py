"""Edits and unassigns: recorded, and only of what is live."""

import json
from datetime import date

import pytest
from attrs import evolve

from certcore.domain.awards import Basis, BasisKind, Details, Status
from certcore.domain.history import verifies
from certcore.domain.policy import RenewalPolicy
from certcore.errors import InvalidValue, NotFound, NotLive
from tests.services.platform import ADMIN, Platform


@pytest.fixture
def number(platform: Platform) -> str:
    """An award of Ana's."""
    platform.certification(items=["course:C-1"])
    platform.award("ana")
    return platform.number_of("ana")


def test_an_edit_keeps_who_when_before_and_after(platform: Platform, number: str) -> None:
    """R-32: dates, always valid, basis; every edit keeps who, when, before and after, in a chain that verifies."""
    platform.registrar.correcting.edit(
        number, actor=ADMIN, issued_on=date(2026, 2, 1), always_valid=True, basis=Basis(BasisKind.COURSE, "C-1")
    )
    record, history = platform.registrar.reporting.show(number, actor=ADMIN)
    assert (record.award.period.issued_on, record.award.period.expires_on) == (date(2026, 2, 1), None)
    facts = json.loads(history[1].facts)
    assert (facts["before"]["issued_on"], facts["after"]["issued_on"]) == ("2026-03-01", "2026-02-01")
    assert json.loads(history[1].personal or "")["actor"] == ADMIN.id
    assert verifies(b"", history[0])
    assert verifies(history[0].hash, history[1])
    assert history[1].hash == record.award.head


def test_an_altered_or_reordered_history_does_not_verify(platform: Platform, number: str) -> None:
    """R-64: the chain shows what was changed in it."""
    platform.registrar.correcting.edit(number, actor=ADMIN, issued_on=date(2026, 2, 1))
    _, (first, second) = platform.registrar.reporting.show(number, actor=ADMIN)
    assert not verifies(b"", second)
    assert not verifies(b"", evolve(first, facts=first.facts.replace("2026", "2025")))
    assert not verifies(b"", evolve(first, personal='{"actor":"mallory","learner":"id-ana"}'))
    assert verifies(b"", evolve(first, personal=None, salt=None))


def test_another_issue_date_leaves_the_day_that_repeats_count_from(platform: Platform) -> None:
    """R-13: no drift; only a typed expiry sets a new anchor."""
    platform.certification(policy=RenewalPolicy.from_data({"validity": {"months": 1}}))
    platform.award("ana", issued_on=date(2026, 1, 31))
    number = platform.number_of("ana")
    moved = platform.registrar.correcting.edit(number, actor=ADMIN, issued_on=date(2026, 1, 30))
    assert (moved.period.expires_on, moved.period.anchor_on) == (date(2026, 2, 28), date(2026, 1, 31))
    typed = platform.registrar.correcting.edit(number, actor=ADMIN, expires_on=date(2026, 3, 15))
    assert typed.period.anchor_on == date(2026, 3, 15)


def test_an_edit_that_changes_nothing_writes_nothing(platform: Platform, number: str) -> None:
    """Doing it twice does nothing the second time."""
    for _ in range(2):
        platform.registrar.correcting.edit(number, actor=ADMIN, expires_on=date(2028, 1, 1))
    assert len(platform.registrar.reporting.show(number, actor=ADMIN)[1]) == 2


def test_a_corrected_name_is_printed_after_an_edit_only(platform: Platform, number: str) -> None:
    """R-28: what a document prints stays as it was at issue until an edit takes over the names of now."""
    person = platform.directory.people(["id-ana"])["id-ana"]
    platform.directory.put(evolve(person, last_name="Bianchi"))
    assert platform.registrar.reporting.show(number, actor=ADMIN)[0].award.learner_name == "Ana Rossi"
    assert platform.registrar.correcting.edit(number, actor=ADMIN, reprint=True).learner_name == "Ana Bianchi"


def test_an_unassigned_award_leaves_the_view_and_the_learner_can_be_awarded_anew(
    platform: Platform, number: str
) -> None:
    """R-33: archived as given by mistake; a new award has a new number."""
    platform.registrar.correcting.unassign(number, actor=ADMIN, reason="wrong Ana")
    assert platform.registrar.reporting.show(number, actor=ADMIN)[0].status is Status.ARCHIVED
    report = platform.award("ana")
    assert report.outcomes[0].number not in (None, number)


def test_what_is_not_live_cannot_be_changed(platform: Platform, number: str) -> None:
    """I2: history is append-only; an ended award is not edited nor unassigned again."""
    platform.registrar.correcting.unassign(number, actor=ADMIN)
    with pytest.raises(NotLive):
        platform.registrar.correcting.edit(number, actor=ADMIN, issued_on=date(2026, 1, 1))
    with pytest.raises(NotLive):
        platform.registrar.correcting.unassign(number, actor=ADMIN)


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_on": date(2026, 3, 1)},
        {"expires_on": date(2027, 1, 1), "always_valid": True},
        {"issued_on": date(2030, 1, 1)},
        {"basis": Basis(BasisKind.COURSE, "C-2")},
    ],
)
def test_impossible_edits_change_nothing(platform: Platform, number: str, changes: dict[str, object]) -> None:
    """I12: an error leaves the store as it was."""
    before = platform.registrar.reporting.show(number, actor=ADMIN)
    with pytest.raises(InvalidValue):
        platform.registrar.correcting.edit(number, actor=ADMIN, **changes)  # type: ignore[arg-type]
    assert platform.registrar.reporting.show(number, actor=ADMIN) == before


@pytest.mark.parametrize("number", ["", "ABCD", "0000-0000-0000-0", "x" * 10_000, "44RF-NDCD-4BPS-T"])
def test_a_number_that_is_none_is_not_found(platform: Platform, number: str) -> None:
    """Wrong, foreign and unreadable numbers all look like not there."""
    with pytest.raises(NotFound):
        platform.registrar.correcting.edit(number, actor=ADMIN, details=Details(note="x"))
