"""How awards look to a human."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rich.console import RenderableType

from certcore.cli.output import plain
from certcore.cli.tables import facts, table, titled
from certcore.codec import history_document
from certcore.domain.awards import Award, Status, days_left, last_day_in
from certcore.domain.history import HistoryEntry
from certcore.domain.people import Person
from certcore.domain.time import zone_rules
from certcore.services.records import AwardRecord


def awards(records: Sequence[AwardRecord]) -> Iterator[RenderableType]:
    """Awards of several learners, each with the days of its own zone (R-10, R-16)."""
    if not records:
        yield "No awards found."
        return
    fixed = ("Number", "Status", "Issued", "Last valid")
    made = table("Number", "Learner", "Certification", *fixed[1:], whole=fixed)
    for each in records:
        period = each.award.period
        made.add_row(
            each.award.number,
            plain(each.username),
            plain(each.certification.label),
            each.status,
            period.issued_on.isoformat(),
            _day(period.last_valid_day),
        )
    yield made
    zones = sorted({each.award.period.zone for each in records})
    yield f"Each award's days are those of its own zone: {', '.join(zones[:5])}{' …' if zones[5:] else ''}."


def learners_awards(person: Person, records: Sequence[AwardRecord], now: datetime) -> Iterator[RenderableType]:
    """One learner's awards as their own zone has them, which is named (R-10, R-15)."""
    zone = person.zone or "UTC"
    made = table(
        "Number",
        "Certification",
        "Status",
        "Starts",
        "Last valid",
        "Left",
        right=("Left",),
        whole=("Number", "Status", "Starts", "Last valid"),
    )
    for each in records:
        made.add_row(
            each.award.number,
            plain(each.certification.label),
            each.status,
            _local_start(each.award, zone),
            _day(last_day_in(zone, each.award)),
            _left(each, now, zone),
        )
    yield titled(f"{person.full_name} ({person.username}), in {zone}", made)


def award(record: AwardRecord, history: Sequence[HistoryEntry]) -> Iterator[RenderableType]:
    """One award in full with its history (R-91)."""
    it, period, details = record.award, record.award.period, record.award.details
    basis = f"{it.basis.kind} {it.basis.code or ''}".replace("_", " ").strip()
    yield facts(
        {
            "number": it.number,
            "learner": f"{it.learner_name} ({record.username})",
            "certification": f"{record.certification.name} ({record.certification.label})",
            "status": record.status,
            "basis": ", ".join([basis, *(f"{link.provider} {link.url}" for link in it.basis.links)]),
            "issued on": f"{period.issued_on} in {period.zone}: {period.issued_at:%Y-%m-%d %H:%M} UTC",
            "last valid day": period.last_valid_day or "always valid",
            "expires": period.expires_at and f"{period.expires_at:%Y-%m-%d %H:%M} UTC",
            "days left": record.days_left,
            "renews": record.renews,
            "renewed by": record.renewed_by,
            "score": details.score,
            "completed on": details.completed_on,
            "credits": details.credits,
            "note": details.note,
        }
    )
    made = table("", "When (UTC)", "What", "Who", "Facts", right=("",), whole=("When (UTC)",))
    for entry in history:
        told = history_document(entry)
        who = plain(told["actor"] or "(erased)")
        made.add_row(str(entry.seq), f"{entry.at:%Y-%m-%d %H:%M}", entry.act, who, plain(_told(told)))
    yield titled("History", made)


def _told(entry: Mapping[str, Any]) -> str:
    """What changed, in few words."""
    known: dict[str, Any] = entry["facts"]
    terms = {name: known[name] for name in ("before", "after") if isinstance(known.get(name), dict)}
    before, after = terms.get("before", {}), terms.get("after", {})
    parts = [
        f"{name} {before[name]} → {after.get(name)}" if name in before else f"{name} {value}"
        for name, value in after.items()
        if name not in ("basis", "edition") and before.get(name) != value
    ]
    parts += [f"{name} {_listed(value)}" for name, value in known.items() if name not in (*terms, "number")]
    return "; ".join([*parts, *([entry["note"]] if entry["note"] else [])])


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else str(value)


def _local_start(award: Award, zone: str) -> str:
    try:
        return f"{award.period.issued_at.astimezone(zone_rules(zone)):%Y-%m-%d %H:%M}"
    except OverflowError:
        return award.period.issued_on.isoformat()


def _left(record: AwardRecord, now: datetime, zone: str) -> str:
    over = record.status in (Status.ARCHIVED, Status.REVOKED)
    left = None if over else days_left(record.award, now, zone)
    return "" if left is None else str(left)


def _day(day: date | None) -> str:
    return "always" if day is None else day.isoformat()
