"""The public check: tokens as text, and what is said of an award at an instant (R-101)."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.awards import Ending, EndReason, Status, status
from certcore.domain.certifications import Print
from certcore.domain.verification import (
    Verification,
    VerificationState,
    token_from,
    token_text,
    verification,
    verification_state,
)
from certcore.testing.builders import make_award, make_certification
from certcore.testing.strategies import awards

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PRINT = Print(1, 1, "First aid", "")


@given(st.binary(min_size=16, max_size=32))
def test_a_token_is_read_as_it_is_written(token: bytes) -> None:
    text = token_text(token)
    assert token_from(text) == token
    assert text.replace("-", "").replace("_", "").isalnum()


@given(st.one_of(st.text(), st.text("ABCxyz0189-_", min_size=20, max_size=45)))
def test_any_text_is_a_token_in_its_one_spelling_or_none(text: str) -> None:
    """The last symbol carries two bits: other spellings of the same bytes are refused."""
    token = token_from(text)
    assert token is None or token_text(token) == text


@given(awards(), st.datetimes(timezones=st.just(UTC)))
def test_the_check_agrees_with_the_status(award: object, now: datetime) -> None:
    """R-14: valid is what is active, expiring or in a grace; a renewed award until its successor starts."""
    stands, said = status(award, now), verification_state(award, now)  # type: ignore[arg-type]
    expected = {
        Status.UPCOMING: {VerificationState.UPCOMING},
        Status.ACTIVE: {VerificationState.VALID},
        Status.EXPIRING: {VerificationState.VALID},
        Status.GRACE: {VerificationState.VALID},
        Status.EXPIRED: {VerificationState.EXPIRED},
        Status.ARCHIVED: {VerificationState.RENEWED, VerificationState.EXPIRED, VerificationState.WITHDRAWN},
        Status.REVOKED: {VerificationState.REVOKED},
    }
    if award.never_held:  # type: ignore[attr-defined]
        assert said is VerificationState.WITHDRAWN
    elif said is not VerificationState.REVOKED:
        assert said in expected[stands]


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (EndReason.RENEWED, VerificationState.RENEWED),
        (EndReason.PAST, VerificationState.EXPIRED),
        (EndReason.REVOKED, VerificationState.REVOKED),
        (EndReason.UNASSIGNED, VerificationState.WITHDRAWN),
        (EndReason.UNDONE, VerificationState.WITHDRAWN),
    ],
)
def test_each_end_has_its_answer(reason: EndReason, state: VerificationState) -> None:
    award = evolve(make_award(make_certification()), ending=Ending(reason, NOW))
    assert verification_state(award, NOW) is state
    assert (verification(award, PRINT, None, NOW) == Verification(state)) is (state is VerificationState.WITHDRAWN)


def test_a_renewed_award_names_its_successor_once_that_has_started_and_while_it_counts() -> None:
    """R-101: one that was taken away is not named."""
    certification = make_certification()
    award = evolve(make_award(certification), ending=Ending(EndReason.RENEWED, NOW))
    successor = make_award(certification)
    assert verification(award, PRINT, successor, NOW).renewed_by == successor.number
    assert verification(award, PRINT, successor, NOW - timedelta(microseconds=1)).renewed_by is None
    revoked = evolve(successor, ending=Ending(EndReason.REVOKED, NOW))
    assert verification(award, PRINT, revoked, NOW).renewed_by is None
