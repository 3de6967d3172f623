"""Completing: what the host says was completed earns awards and fulfils renewals (R-20 to R-27, R-52)."""

from certcore.services.completing.credited import settle_credits
from certcore.services.completing.request import Completed, CompletionOutcome, CompletionReport
from certcore.services.completing.service import Completing

__all__ = ["Completed", "Completing", "CompletionOutcome", "CompletionReport", "settle_credits"]
