"""Awards and people from CSV files (R-40 to R-46)."""

from certcore.services.importing.carrying import Progress
from certcore.services.importing.header import TableFormat
from certcore.services.importing.request import JOB_KIND, Duplicates, ImportReport, ImportRequest, Mode, RowError
from certcore.services.importing.service import Importing
from certcore.services.importing.told import DeliveredNotice
from certcore.services.importing.undoing import UndoReport

__all__ = [
    "JOB_KIND",
    "DeliveredNotice",
    "Duplicates",
    "ImportReport",
    "ImportRequest",
    "Importing",
    "Mode",
    "Progress",
    "RowError",
    "TableFormat",
    "UndoReport",
]
