"""One decision for a hand, a bulk award and an import row."""

from datetime import date, timedelta

import pytest

from certcore.domain.awards import Award, Basis, BasisKind, Details, Period, typed_period
from certcore.domain.decisions import Decision, Held, Offer, Outcome, decide, revoked_since, shortens
from certcore.domain.policy import RenewalPolicy

POLICY = RenewalPolicy()


def period(expires_on: date | None, issued_on: date = date(2026, 1, 1)) -> Period:
    return typed_period(POLICY, issued_on, "UTC", expires_on)


LIVE = Award(1, "N", b"t", 1, 1, "1", "Ana", period(date(2027, 1, 1)))
LONGER, SHORTER, SAME = Offer(period(date(2028, 1, 1))), Offer(period(date(2026, 6, 1))), Offer(LIVE.period)


@pytest.mark.parametrize("held", list(Held))
def test_without_a_live_award_everybody_gets_a_new_one(held: Held) -> None:
    """R-30, R-44."""
    assert decide(LONGER, None, held).outcome is Outcome.NEW


@pytest.mark.parametrize(
    ("offer", "held", "may_shorten", "outcome", "reason"),
    [
        (LONGER, Held.KEEP, False, Outcome.ALREADY_HELD, None),
        (LONGER, Held.REFUSE, False, Outcome.REJECTED, "already_held"),
        (LONGER, Held.RENEW, False, Outcome.RENEWED, None),
        (SHORTER, Held.RENEW, False, Outcome.REJECTED, "would_shorten"),
        (SHORTER, Held.RENEW, True, Outcome.RENEWED, None),
        (SAME, Held.RENEW, False, Outcome.UNCHANGED, None),
        (LONGER, Held.UPDATE, False, Outcome.UPDATED, None),
        (SHORTER, Held.UPDATE, False, Outcome.REJECTED, "would_shorten"),
        (SHORTER, Held.UPDATE, True, Outcome.UPDATED, None),
        (SAME, Held.UPDATE, False, Outcome.UNCHANGED, None),
        (Offer(LIVE.period, Basis(BasisKind.COURSE, "C-1")), Held.UPDATE, False, Outcome.UPDATED, None),
        (Offer(LIVE.period, details=Details(note="x")), Held.UPDATE, False, Outcome.UPDATED, None),
        (Offer(period(date(2027, 1, 1), date(2026, 1, 2))), Held.UPDATE, False, Outcome.UPDATED, None),
    ],
)
def test_holders(offer: Offer, held: Held, may_shorten: bool, outcome: Outcome, reason: str | None) -> None:
    """R-30, R-44, R-45: the whole table."""
    decision = decide(offer, LIVE, held, may_shorten=may_shorten)
    assert (decision.outcome, decision.reason) == (outcome, reason)


def test_never_ending_lasts_longest() -> None:
    """R-44: from always valid to a date is shortening, the other way is not."""
    assert shortens(period(date(2030, 1, 1)), period(None))
    assert not shortens(period(None), period(date(2030, 1, 1)))
    assert not shortens(period(None), period(None))


@pytest.mark.parametrize("held", list(Held))
def test_only_what_begins_after_the_revocation_is_issued_anew(held: Held) -> None:
    """R-65, f32: at the very instant of the revocation is refused, whatever is held since; what is stored stays."""
    start = LONGER.period.issued_at
    for revoked_at in (start, start + timedelta(days=1)):
        for live in (None, LIVE):
            assert decide(LONGER, live, held, revoked_at=revoked_at) == Decision(Outcome.REJECTED, "revoked")
        assert decide(SAME, LIVE, held, revoked_at=revoked_at) == decide(SAME, LIVE, held)
    before = start - timedelta(microseconds=1)
    assert decide(LONGER, None, held, revoked_at=before).outcome is Outcome.NEW


def test_a_revocation_that_was_known_when_it_was_asked_for_is_no_hindrance() -> None:
    """R-65, f31: by hand, asking after it is issuing anew."""
    earlier, later = LIVE.period.issued_at, LONGER.period.issued_at + timedelta(days=1)
    assert revoked_since(earlier, None)
    assert revoked_since(later, earlier)
    assert not revoked_since(earlier, earlier)
    assert not revoked_since(earlier, later)
