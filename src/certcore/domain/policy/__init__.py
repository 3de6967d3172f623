"""Renewal policies as data, and what follows from them (R-50 to R-54)."""

from certcore.domain.policy.days import grace_ends, last_valid_day, warns_from, window_opens
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.periods import Period, first_period

__all__ = ["Period", "RenewalPolicy", "first_period", "grace_ends", "last_valid_day", "warns_from", "window_opens"]
