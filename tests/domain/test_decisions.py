"""One decision for a hand, a bulk award and an import row."""

from datetime import date

import pytest

from certcore.domain.awards import Award, Basis, BasisKind, Details, Period, typed_period
from certcore.domain.decisions import Held, Offer, Outcome, decide, shortens
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
