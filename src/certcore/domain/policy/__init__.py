"""Renewal policies as data: the vocabulary of POLICY.md, as far as this release understands it.

Every key that is not understood is an error that names it: never ignored.
"""

from certcore.domain.policy.periods import Period, first_period, last_valid_day, warns_from
from certcore.domain.policy.renewal_policy import Boundary, RenewalPolicy

__all__ = [
    "Boundary",
    "Period",
    "RenewalPolicy",
    "first_period",
    "last_valid_day",
    "warns_from",
]
