"""How compliance and its forecast look to a human, and which columns their files have."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType

from certcore.cli.listing import Listing
from certcore.cli.output import plain
from certcore.cli.tables import table
from certcore.codec import Document
from certcore.domain.awards import Status

_NOTHING: Final = "No awards found."
_COUNTS: Final = ("valid", "expiring", "grace", "expired", "upcoming")


def _compliance(rows: Sequence[Document]) -> Iterator[RenderableType]:
    if not rows:
        yield _NOTHING
        return
    grouped = any(row["group"] is not None for row in rows)
    titles = [each.title() for each in _COUNTS] + (["Members", "Missing"] if grouped else [])
    made = table("Certification", *(["Group"] if grouped else []), *titles, right=titles, whole=titles)
    for row in rows:
        cells = [plain(row["certification"]), *([plain(row["group"] or "")] if grouped else [])]
        names = [*_COUNTS, *(["members", "missing"] if grouped else [])]
        made.add_row(*cells, *(f"{row[name]:,}" for name in names))
    yield made


def _forecast(rows: Sequence[Document]) -> Iterator[RenderableType]:
    lapsing = [row for row in rows if row["lapses"]]
    if not lapsing:
        yield "Nothing lapses in these months."
        return
    grouped = any(row["group"] is not None for row in rows)
    made = table("Certification", *(["Group"] if grouped else []), "Month", "Lapses", "Left", right=("Lapses", "Left"))
    above = None
    for row in lapsing:
        shared = (row["certification"], row["group"])
        cells = ["" if shared == above else plain(each or "") for each in (shared if grouped else shared[:1])]
        made.add_row(*cells, row["month"], f"{row['lapses']:,}", f"{row['left']:,}")
        above = shared
    yield made
    yield "Left are those that are valid after the month if nobody renews; months without a lapse are left out."


COMPLIANCE: Final = Listing(
    "certifications",
    ("certification", "group", *(each.value for each in Status), "valid", "members", "missing"),
    _compliance,
)
FORECAST: Final = Listing("months", ("certification", "group", "month", "lapses", "left", "always"), _forecast)
