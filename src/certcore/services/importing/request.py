"""What an import is asked to do, and what it reports (R-41 to R-44)."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import evolve, field, frozen

from certcore.codec import JSON
from certcore.domain.cells import CellOptions, Problem
from certcore.domain.checks import member
from certcore.domain.decisions import Held, Outcome
from certcore.domain.jobs import Job
from certcore.domain.people import Actor
from certcore.domain.time import zone_rules
from certcore.ports import Ports
from certcore.services.importing.header import TableFormat
from certcore.services.jobs import new_job

JOB_KIND = "import"
ERRORS_REPORTED = 1_000


class Duplicates(StrEnum):
    """What rows of the same learner and certification mean (R-44)."""

    ERROR = "error"
    RENEW = "renew"


class Mode(StrEnum):
    """What bad rows do to the good ones (R-43)."""

    SKIP_BAD_ROWS = "skip_bad_rows"
    ALL_OR_NOTHING = "all_or_nothing"


def _duplicates(duplicates: Duplicates | str) -> Duplicates:
    return member(Duplicates, "duplicates", duplicates)


def _mode(mode: Mode | str) -> Mode:
    return member(Mode, "mode", mode)


@frozen(kw_only=True)
class ImportRequest:
    """How to read a file of awards, and what to do with it; dates are read in ``zone``, the uploader's (R-46).

    ``sha256`` demands the bytes of an earlier dry run. ``allow_shorten`` lets a row end an award earlier;
    without ``notify`` nobody is told of what a historic file brings (f28).
    """

    zone: str = field()
    duplicates: Duplicates = field(default=Duplicates.ERROR, converter=_duplicates)
    mode: Mode = field(default=Mode.SKIP_BAD_ROWS, converter=_mode)
    format: TableFormat = field(factory=TableFormat)
    cells: CellOptions = field(factory=CellOptions)
    allow_shorten: bool = False
    notify: bool = True
    sha256: str | None = None

    @zone.validator
    def _known(self, _attribute: object, zone: str) -> None:
        zone_rules(zone)

    @property
    def may_shorten(self) -> bool:
        """Whether a row may end an award earlier: renewals are imported without any check of dates (R-44)."""
        return self.allow_shorten or self.duplicates is Duplicates.RENEW

    @property
    def held(self) -> Held:
        """What happens to a live award that a row meets (R-44)."""
        return Held.RENEW if self.duplicates is Duplicates.RENEW else Held.UPDATE


@frozen
class Asked:
    """The payload of an import's job: equal for the same bytes and options (R-41)."""

    sha256: str
    request: ImportRequest


def import_job(ports: Ports, request: ImportRequest, sha256: str, actor: Actor, key: str | None) -> Job:
    """The job of an import of those bytes, queued and not stored yet."""
    asked = Asked(sha256, evolve(request, sha256=None))
    return new_job(ports, JOB_KIND, JSON.unstructure(asked), actor, key=key)


@frozen
class RowError:
    """One mistake in a row: the line an editor shows, column and value, a stable code, how to mend it (R-42)."""

    line: int
    column: str | None
    value: str | None
    code: str
    message: str

    @classmethod
    def of(cls, line: int, problem: Problem) -> "RowError":
        """The problem of a row, with its sentence."""
        return cls(line, problem.column, problem.value, problem.code, problem.message)


@frozen
class ImportReport:
    """What became of every row: the counts add up to ``rows``, and are what happened (I10).

    ``errors`` are the first 1,000 of ``errors_total``. After a dry run nothing was written and there is no
    ``import_id``; ``sha256`` is of the file's bytes.
    """

    rows: int
    new: int = 0
    renewed: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0
    rejected: int = 0
    dry_run: bool = False
    import_id: str | None = None
    errors_total: int = 0
    errors: tuple[RowError, ...] = ()
    warnings: tuple[str, ...] = ()
    sha256: str = ""

    @classmethod
    def counted(cls, counts: Mapping[Outcome, int], **rest: object) -> "ImportReport":
        """A report with these counts."""
        named = {outcome.value: counts.get(outcome, 0) for outcome in _COUNTED}
        return cls(rows=sum(named.values()), **named, **rest)  # type: ignore[arg-type]


_COUNTED = (
    Outcome.NEW,
    Outcome.RENEWED,
    Outcome.UPDATED,
    Outcome.UNCHANGED,
    Outcome.SUPERSEDED,
    Outcome.REJECTED,
)
