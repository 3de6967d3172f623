"""How answers look to a human: tables that fit 80 columns."""

from collections.abc import Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from certcore.cli.output import plain
from certcore.domain.certifications import Certification, Overview
from certcore.domain.decisions import Outcome
from certcore.domain.jobs import Job
from certcore.services.awarding import AwardOutcome
from certcore.services.importing import RowError

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


def needed(certification: Certification) -> int | str:
    """How many of its items earn it: any, all, or a number of them, as a world file says it."""
    count = certification.items_needed
    return "all" if count is None else "any" if count == 1 else count


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
            "earned by": f"{needed(it)} of the items" + ("" if it.automatic else ", by hand only"),
            "renewed": "by a completion" if it.auto_renew else "by a completion once a renewal is started",
            "live awards": overview.live_awards,
            "state": "retired" if it.retired else "active",
        }
    )


def outcomes(counts: Mapping[str, int], title: str | None = None) -> RenderableType:
    """How many came to which end."""
    made = table("Outcome", "Count", right=("Count",))
    for name, count in counts.items():
        if count:
            made.add_row(name.replace("_", " "), f"{count:,}", style="red" if name == "rejected" else None)
    return made if title is None else titled(title, made)


def imports(jobs: Sequence[Job]) -> RenderableType:
    """Imports with their states and counts."""
    made = table("Import", "When (UTC)", "State", "Rows", "New", "Rejected", right=("Rows", "New", "Rejected"))
    for job in jobs:
        counts = [f"{job.result.get(name, 0):,}" for name in ("rows", "new", "rejected")]
        made.add_row(job.public_id, f"{job.created_at:%Y-%m-%d %H:%M}", job.state.value, *counts)
    return made


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
