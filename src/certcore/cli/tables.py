"""How answers look to a human: tables that fit 80 columns."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from certcore.cli.output import plain
from certcore.codec import history_document
from certcore.domain.awards import Award, days_left
from certcore.domain.certifications import Overview
from certcore.domain.decisions import Outcome
from certcore.domain.history import HistoryEntry
from certcore.domain.people import Person
from certcore.domain.time import civil_date, last_day_before, zone_rules
from certcore.errors import DateOutOfRange
from certcore.services.awarding import AwardOutcome
from certcore.services.importing import RowError
from certcore.services.reporting import AwardRecord

MISTAKES_SHOWN = 10
PEOPLE_SHOWN = 20


def table(*columns: str, right: Sequence[str] = (), whole: Sequence[str] = ()) -> Table:
    """A table with these columns; those in ``right`` hold numbers, those in ``whole`` are never broken."""
    made = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        justify = "right" if column in right else "left"
        made.add_column(column, justify=justify, no_wrap=column in whole, overflow="fold")  # type: ignore[arg-type]
    return made


def titled(title: str, made: Table) -> RenderableType:
    """A table below its title, which may be wider."""
    return Group(Text(plain(title), style="bold"), made)


def facts(pairs: Mapping[str, object]) -> Table:
    """Names and values, one pair a line; what is None is left out."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        if value is not None:
            made.add_row(name, plain(str(value)))
    return made


def certifications(overviews: Sequence[Overview]) -> RenderableType:
    """The list of certifications (R-8)."""
    if not overviews:
        return "No certifications yet; add one with certcore certification add."
    made = table("Code", "Name", "Validity", "Live", "Items", "", right=("Live", "Items"), whole=("Validity",))
    for each in overviews:
        it = each.certification
        code = it.code or f"id:{it.id:x}"
        state = "retired" if it.retired else ""
        made.add_row(plain(code), plain(it.name), validity(each), str(each.live_awards), str(len(each.items)), state)
    return made


def validity(overview: Overview) -> str:
    """How long an award of it is valid."""
    length = overview.certification.policy.to_data().get("validity")
    if not isinstance(length, Mapping):
        return "always"
    return ", ".join(f"{count} {unit if count != 1 else unit[:-1]}" for unit, count in length.items())


def certification(overview: Overview) -> RenderableType:
    """One certification in full."""
    it = overview.certification
    return facts(
        {
            "name": it.name,
            "code": it.code or f"none (id:{it.id:x})",
            "description": it.description or None,
            "validity": validity(overview),
            "policy": ", ".join(f"{key}: {value}" for key, value in it.policy.to_data().items()) or "the default",
            "retake": "allowed" if it.allow_retake else "not allowed",
            "template": it.template,
            "credits": it.credits,
            "items": ", ".join(map(str, overview.items)) or "none",
            "live awards": overview.live_awards,
            "state": "retired" if it.retired else "active",
        }
    )


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
            _day(_last_day(each.award, zone)),
            _left(each.award, now, zone),
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
    before, after = known.get("before", {}), known.get("after", {})
    parts = [
        f"{name} {before[name]} → {after.get(name)}" if name in before else f"{name} {value}"
        for name, value in after.items()
        if name not in ("basis", "edition") and before.get(name) != value
    ]
    parts += [f"{name} {value}" for name, value in known.items() if name not in ("before", "after", "number")]
    return "; ".join([*parts, *([entry["note"]] if entry["note"] else [])])


def outcomes(counts: Mapping[str, int], title: str | None = None) -> RenderableType:
    """How many came to which end."""
    made = table("Outcome", "Count", right=("Count",))
    for name, count in counts.items():
        if count:
            made.add_row(name.replace("_", " "), f"{count:,}", style="red" if name == "rejected" else None)
    return made if title is None else titled(title, made)


def people(each: Sequence[AwardOutcome], total: int) -> Iterator[RenderableType]:
    """What became of the people an award was for, those who were refused first."""
    if not each:
        return
    made = table("Learner", "Outcome", "Number", "Reason", whole=("Number",))
    for one in sorted(each, key=lambda one: one.outcome is not Outcome.REJECTED)[:PEOPLE_SHOWN]:
        told = one.outcome.replace("_", " ")
        made.add_row(plain(one.username), told, one.number or "", (one.reason or "").replace("_", " "))
    yield made
    if total > PEOPLE_SHOWN:
        yield f"… of {total:,} people in all."


def mistakes(errors: Sequence[RowError], total: int, more: str) -> Iterator[RenderableType]:
    """The first mistakes of a file, each with its advice; ``more`` says where the others are."""
    if not errors:
        return
    made = table("Line", "What is wrong, and how to mend it", right=("Line",))
    for error in errors[:MISTAKES_SHOWN]:
        where = Text(error.column or "the whole row", style="bold")
        if error.value is not None:
            where.append(f"  {_quoted(error.value)}", style="red")
        made.add_row(str(error.line), Text("\n").join([where, Text(plain(error.message))]))
    yield titled("First mistakes", made)
    if total > MISTAKES_SHOWN:
        yield f"… and {total - MISTAKES_SHOWN:,} more. {more}"


def _quoted(value: str, limit: int = 50) -> str:
    return repr(value if len(value) <= limit else f"{value[:limit]}…")


def _local_start(award: Award, zone: str) -> str:
    try:
        return f"{award.period.issued_at.astimezone(zone_rules(zone)):%Y-%m-%d %H:%M}"
    except OverflowError:  # on the calendar's first or last day
        return award.period.issued_on.isoformat()


def _last_day(award: Award, zone: str) -> date | None:
    if award.period.expires_at is None:
        return None
    try:
        return last_day_before(award.period.expires_at, zone)
    except DateOutOfRange:  # on the calendar's last day
        return award.period.last_valid_day


def _left(award: Award, now: datetime, zone: str) -> str:
    last = _last_day(award, zone)
    if last is None or not award.live:
        return ""
    return str(max((last - civil_date(now, zone)).days, 0)) if days_left(award, now) is not None else ""


def _day(day: date | None) -> str:
    return "always" if day is None else day.isoformat()
