"""Awards and people from CSV files (R-40 to R-46)."""

from certcore.services.importing.carrying import Progress
from certcore.services.importing.header import TableFormat
from certcore.services.importing.request import JOB_KIND, Duplicates, ImportReport, ImportRequest, Mode, RowError
from certcore.services.importing.service import Importing

__all__ = [
    "JOB_KIND",
    "Duplicates",
    "ImportReport",
    "ImportRequest",
    "Importing",
    "Mode",
    "Progress",
    "RowError",
    "TableFormat",
]
