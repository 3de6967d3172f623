"""Renewal policies as data, and what follows from them (R-50 to R-55).

A policy is read from TOML- or JSON-shaped data with `RenewalPolicy.from_data`. Everything else is a pure function of
the policy, civil dates and `Facts`: `first_period` and `next_period` give periods, `standing` how an award stands on a
day, `lacking` and `full_requirement` what is still to be done, `credit_account` whether credits are enough, `simulate`
a timeline; the days around an expiry have a function each. `asked` says which facts a policy looks at, `describe` says
a policy in English, `policy_schema` its format; `check_regimes` judges worked cases.
"""

from certcore.domain.policy.account import Account, credit_account, credit_period
from certcore.domain.policy.asking import Asked, asked
from certcore.domain.policy.checking import check_regimes
from certcore.domain.policy.counting import Period
from certcore.domain.policy.days import first_invalid_day, grace_ends, last_valid_day, warns_from, window_opens
from certcore.domain.policy.describing import describe
from certcore.domain.policy.facts import NO_FACTS, Credit, Facts
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.periods import first_period, next_period
from certcore.domain.policy.resolving import resolve
from certcore.domain.policy.schema import policy_schema
from certcore.domain.policy.simulating import Completion, Moment, simulate
from certcore.domain.policy.standing import Standing, full_requirement, lacking, standing, without_award

__all__ = [
    "NO_FACTS",
    "Account",
    "Asked",
    "Completion",
    "Credit",
    "Facts",
    "Moment",
    "Period",
    "RenewalPolicy",
    "Standing",
    "asked",
    "check_regimes",
    "credit_account",
    "credit_period",
    "describe",
    "first_invalid_day",
    "first_period",
    "full_requirement",
    "grace_ends",
    "lacking",
    "last_valid_day",
    "next_period",
    "policy_schema",
    "resolve",
    "simulate",
    "standing",
    "warns_from",
    "window_opens",
    "without_award",
]
