"""What an export is asked for, and what it comes to."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen
from attrs.converters import optional

from certcore.domain.checks import member
from certcore.domain.exports import By, Layout
from certcore.domain.time import as_instant
from certcore.services.finding import Emptied

AS_MANUAL = "as_manual"
NO_USERNAME = "no_username"
NO_CODE = "no_code"


def _layout(layout: Layout | str) -> Layout:
    return member(Layout, "layout", layout)


def _by(by: By | str | None) -> By | None:
    return None if by is None else member(By, "by", by)


@frozen(kw_only=True)
class ExportRequest:
    """What is to be exported and how: the ``filters`` as `document_of` has them, statuses judged ``at`` an instant.

    Without one they are judged as of when it was asked for.
    """

    filters: Mapping[str, Any]
    layout: Layout = field(default=Layout.REPORT, converter=_layout)
    by: By | None = field(default=None, converter=_by)
    at: datetime | None = field(default=None, converter=optional(as_instant))
    bom: bool = False


@frozen
class ExportReport:
    """What a file, or a zip of ``files``, holds: ``awards`` of them, each in one file or, by branches, in several.

    ``left_out`` counts those that a file to import cannot name, by reason: `no_username` where the directory knows the
    learner no more, `no_code` where the certification has none. ``as_manual`` counts those that such a file can only
    give as manual. Where nothing was found, also nothing to leave out, ``emptied`` says why.
    """

    awards: int = 0
    files: int = 1
    left_out: Mapping[str, int] = field(factory=dict)
    as_manual: int = 0
    emptied: Emptied | None = None

    def plus(self, awards: int, told: Counter[str]) -> "ExportReport":
        """With one more page, and what was told of it."""
        told = Counter(told)
        as_manual = told.pop(AS_MANUAL, 0)
        left_out = dict(Counter(self.left_out) + told)
        return evolve(self, awards=self.awards + awards, left_out=left_out, as_manual=self.as_manual + as_manual)
