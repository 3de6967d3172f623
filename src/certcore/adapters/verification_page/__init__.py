"""The public check of awards as a small WSGI application that a host mounts (R-101)."""

from certcore.adapters.verification_page.page import VerificationPage

__all__ = ["VerificationPage"]
