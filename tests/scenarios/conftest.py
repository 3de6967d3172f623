"""Scenarios are played on every storage (R-113)."""

from tests.services.conftest import new_storage

__all__ = ["new_storage"]
