"""Notifying: rules and templates of notices, sweeping for reminders, delivering (R-80 to R-83, R-115)."""

from certcore.services.notifying.delivering import DeliverReport
from certcore.services.notifying.previewing import Planned
from certcore.services.notifying.rules import RuleRecord
from certcore.services.notifying.service import Notifying
from certcore.services.notifying.sweeping import Reminded, SweepReport

__all__ = ["DeliverReport", "Notifying", "Planned", "Reminded", "RuleRecord", "SweepReport"]
