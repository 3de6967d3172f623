"""Exporting awards as CSV files (R-93, R-94)."""

from certcore.services.exporting.request import ExportReport, ExportRequest
from certcore.services.exporting.service import JOB_KIND, Exporting

__all__ = ["JOB_KIND", "ExportReport", "ExportRequest", "Exporting"]
