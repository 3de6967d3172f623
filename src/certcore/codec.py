"""How values become JSON and come back: one converter, never cattrs' global one; and the documents that others read."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Protocol

from cattrs import Converter

from certcore.domain.awards import Award, Status
from certcore.domain.certifications import Certification
from certcore.domain.external import Claim, ExternalCertificate
from certcore.domain.history import HistoryEntry
from certcore.domain.jobs import Job
from certcore.domain.numbers import id_text
from certcore.domain.people import Person
from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import format_instant, parse_date, parse_instant
from certcore.domain.views import Renewed


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, prefer_attrib_converters=False)
    converter.register_unstructure_hook(datetime, format_instant)
    converter.register_structure_hook(datetime, lambda text, _: parse_instant(text))
    converter.register_unstructure_hook_func(lambda kind: kind is date, date.isoformat)
    converter.register_structure_hook_func(lambda kind: kind is date, lambda text, _: parse_date(text))
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    converter.register_structure_hook(str | int, lambda value, _: value)
    converter.register_unstructure_hook(RenewalPolicy, RenewalPolicy.to_data)
    converter.register_structure_hook(RenewalPolicy, lambda data, _: RenewalPolicy.from_data(data))
    return converter


JSON = _converter()
"""Values to JSON-shaped data and back: instants with Z, civil dates as YYYY-MM-DD, amounts as text."""

Document = dict[str, Any]
"""A JSON object whose keys others rely on."""


class Described(Protocol):
    """An award with what a document says of it besides; numbers of its neighbours in the chain."""

    @property
    def award(self) -> Award:
        """The award."""

    @property
    def status(self) -> Status:
        """Its status at the instant asked for."""

    @property
    def certification(self) -> Certification:
        """What it certifies."""

    @property
    def username(self) -> str:
        """Who holds it."""

    @property
    def renews(self) -> str | None:
        """The number of the award before it."""

    @property
    def renewed_by(self) -> str | None:
        """The number of the award after it."""


class Reported(Described, Protocol):
    """An award with what a report says of it besides."""

    @property
    def person(self) -> Person | None:
        """The learner, if the directory knows them."""

    @property
    def days_left(self) -> int | None:
        """Civil days to its last valid day."""

    @property
    def completed_on(self) -> date:
        """The completion date behind it."""

    @property
    def earlier_completed_on(self) -> date | None:
        """The completion date behind the award before it."""

    @property
    def renewed(self) -> Renewed | None:
        """Whether it was renewed before its expiry or after."""


def award_document(record: Described) -> Document:
    """One award as lists and searches give it: dates in its own zone, instants in UTC."""
    period, basis = record.award.period, record.award.basis
    return {
        "number": record.award.number,
        "username": record.username,
        "certification": record.certification.label,
        "status": record.status.value,
        "issued_at": _instant(period.issued_at),
        "issued_on": _day(period.issued_on),
        "expires_at": _instant(period.expires_at),
        "expires_on": _day(period.expires_on),
        "last_valid_day": _day(period.last_valid_day),
        "zone": period.zone,
        "basis": {"kind": basis.kind.value, "code": basis.code},
        "renews": record.renews,
        "renewed_by": record.renewed_by,
    }


def report_document(record: Reported) -> Document:
    """One award as reports give it: dates in its own zone, the learner's name, what the chain says (R-35, R-92)."""
    person, ending = record.person, record.award.ending
    return {
        **award_document(record),
        "first_name": person.first_name if person else "",
        "last_name": person.last_name if person else "",
        "title": record.certification.name,
        "days_left": record.days_left,
        "completed_on": _day(record.completed_on),
        "earlier_completed_on": _day(record.earlier_completed_on),
        "renewed": record.renewed and record.renewed.value,
        "ended": ending and ending.reason.value,
    }


def history_document(entry: HistoryEntry) -> Document:
    """One entry of an award's history; actor and note are None once the person has been erased (R-62)."""
    personal = json.loads(entry.personal) if entry.personal is not None else {}
    return {
        "seq": entry.seq,
        "at": _instant(entry.at),
        "act": entry.act,
        "actor": personal.get("actor"),
        "note": personal.get("note"),
        "facts": json.loads(entry.facts),
        "job_id": None if entry.job_id is None else f"{entry.job_id:016x}",
    }


class DescribedExternal(Protocol):
    """An external certificate with what a document says of it besides."""

    @property
    def certificate(self) -> ExternalCertificate:
        """The certificate."""

    @property
    def username(self) -> str:
        """Whose it is."""

    @property
    def uploader(self) -> Person | None:
        """Who uploaded it, if the directory knows them."""

    @property
    def reviewer(self) -> Person | None:
        """Who decided, if anybody did and the directory knows them."""

    @property
    def equivalence(self) -> Certification | None:
        """The certification it stands for."""

    @property
    def replaced_by(self) -> ExternalCertificate | None:
        """The version that took its place."""


def external_document(record: DescribedExternal) -> Document:
    """One external certificate as lists give it: dates in its own zone, instants in UTC, people by username."""
    it = record.certificate
    review, equated = it.review, it.equated
    return {
        "id": it.ref,
        "username": record.username,
        "state": it.state.value,
        **_claimed(it.claim),
        "equivalence": record.equivalence and record.equivalence.label,
        "submitted": None if it.submitted is None else _claimed(it.submitted),
        "file": {"name": it.document.name, "size": it.document.size, "sha256": it.document.digest},
        "warnings": [finding.to_data() for finding in it.document.findings],
        "submitted_at": _instant(it.submitted_at),
        "submitted_by": record.uploader.username if record.uploader else it.uploaded_by,
        "reviewer": None if review is None else record.reviewer.username if record.reviewer else review.reviewer_id,
        "decided_at": None if review is None else _instant(review.at),
        "comment": None if review is None else review.comment,
        "outcome": None if equated is None else equated.outcome.value,
        "reasons": [] if equated is None else [reason.to_data() for reason in equated.reasons],
        "award": None if equated is None else equated.number,
        "revision": it.revision,
        "replaces": None if it.previous is None else id_text(it.previous),
        "replaced_by": record.replaced_by and record.replaced_by.ref,
        "version": it.version,
    }


def _claimed(claim: Claim) -> Document:
    return {
        "title": claim.title,
        "delivered_on": _day(claim.delivered_on),
        "expires_on": _day(claim.expires_on),
        "zone": claim.zone,
        "credits": None if claim.credits is None else str(claim.credits),
    }


_IMPORT_KEYS: Final = (
    "rows",
    "new",
    "renewed",
    "updated",
    "unchanged",
    "superseded",
    "rejected",
    "dry_run",
    "import_id",
    "errors_total",
    "errors",
)


def import_document(report: object) -> Document:
    """What became of the rows of a file, from an import's report."""
    data = JSON.unstructure(report)
    return {key: data[key] for key in _IMPORT_KEYS}


def import_job_document(job: Job) -> Document:
    """An import as a job: when, by whom, how far, and what its report counts (0 while it has none)."""
    report = {key: job.result.get(key, 0) for key in _IMPORT_KEYS[:7]}
    return {
        "import_id": job.public_id,
        "state": job.state.value,
        "created_at": _instant(job.created_at),
        "actor": job.actor.id,
        "sha256": job.payload["sha256"],
        "done": job.done,
        "total": job.total,
        **report,
        "errors": job.result.get("errors", []),
    }


def job_document(job: Job) -> Document:
    """A job: what it is, whose, how far it came, and its result so far."""
    return {
        "job_id": job.public_id,
        "kind": job.kind,
        "state": job.state.value,
        "created_at": _instant(job.created_at),
        "actor": job.actor.id,
        "done": job.done,
        "total": job.total,
        "result": dict(job.result),
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
