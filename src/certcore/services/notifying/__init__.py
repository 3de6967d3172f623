"""Notifying: rules and templates of notices (R-80, R-81)."""

from certcore.services.notifying.previewing import Planned
from certcore.services.notifying.rules import RuleRecord
from certcore.services.notifying.service import Notifying

__all__ = ["Notifying", "Planned", "RuleRecord"]
