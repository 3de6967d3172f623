"""Reviewing: external certificates, from upload to verdict (R-70 to R-76)."""

from certcore.services.reviewing.records import ExternalPage, ExternalRecord
from certcore.services.reviewing.service import ExternalDocument, Reviewing
from certcore.services.reviewing.uploading import ExternalUpload

__all__ = ["ExternalDocument", "ExternalPage", "ExternalRecord", "ExternalUpload", "Reviewing"]
