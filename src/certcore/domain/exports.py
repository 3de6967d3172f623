"""What an export's files say: two layouts, as columns of cells (R-93)."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from certcore.domain.awards import BasisKind
from certcore.domain.cells import ALWAYS_VALID, CERTIFICATION, CODE, EXPIRES, ISSUED, KIND, USERNAME
from certcore.domain.spreadsheets import guarded, needs_guard


class Layout(StrEnum):
    """``report``: all that people ask of an award; ``import``: live awards as a file that can be imported again."""

    REPORT = "report"
    IMPORT = "import"


class By(StrEnum):
    """With a file for each course, plan or activity behind the awards, or for each branch of the learners."""

    ITEM = "item"
    BRANCH = "branch"


HEADERS: Final[Mapping[Layout, Sequence[str]]] = {
    Layout.REPORT: (
        "certificate_number",
        "username",
        "first_name",
        "last_name",
        "name_on_certificate",
        "certification_code",
        "certification_title",
        "type",
        "code",
        "item_title",
        "completion_date",
        "score",
        "credits",
        "issue_date",
        "expire_date",
        "last_valid_day",
        "zone",
        "status",
    ),
    Layout.IMPORT: (USERNAME, CERTIFICATION, ISSUED, ALWAYS_VALID, EXPIRES, KIND, CODE),
}

Basis = tuple[str, str | None]
"""The kind and the code of what an award rests on."""
MANUAL: Final[Basis] = (BasisKind.MANUAL.value, None)


def cells(*values: str | None) -> str:
    """Values as cells of a CSV file, side by side: None is blank, and nothing is left that a spreadsheet would run."""
    texts = ["" if each is None else each for each in values]
    if _are_plain(texts):
        return ",".join(texts)
    line = io.StringIO(newline="")
    csv.writer(line).writerow(map(guarded, texts))
    return line.getvalue().removesuffix("\r\n")


def column_of_cells(values: Sequence[str]) -> Sequence[str]:
    """Each value as a cell; where nothing is to be done in all of them, nothing is done in any."""
    return values if _are_plain(values) else [cells(each) for each in values]


def _are_plain(texts: Sequence[str]) -> bool:
    return not (_TO_QUOTE.search("".join(texts)) or needs_guard("\n".join(texts)))


_TO_QUOTE: Final = re.compile('[,"\r\n]')


def basis_to_import(basis: Basis, *, carried: bool) -> Basis:
    """As what a file can give the basis: a course or plan that carries the certification, everything else as manual."""
    kind, _ = basis
    return basis if carried and kind in (BasisKind.COURSE, BasisKind.LEARNING_PLAN) else MANUAL
