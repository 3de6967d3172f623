"""How values become JSON and come back: one converter, never cattrs' global one; and the documents that others read."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Protocol

from cattrs import Converter

from certcore.domain.awards import Award, Status
from certcore.domain.certifications import Certification
from certcore.domain.history import HistoryEntry
from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import format_instant, parse_date, parse_instant


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


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
