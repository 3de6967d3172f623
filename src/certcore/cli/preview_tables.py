"""How the preview of a policy looks: as a document, and as tables."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from rich.console import RenderableType

from certcore.cli.output import plain
from certcore.cli.tables import facts, table, titled
from certcore.codec import Document
from certcore.domain.awards import Period
from certcore.domain.differences import Difference
from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import format_instant
from certcore.services.previewing import EditPreview, Summary

SHOWN = 20
COUNTS = ("awards", "differ", "sooner", "later", "expired", "undecided")


def preview_document(summary: Summary) -> Document:
    """The counts, and the first differences with their periods before and after."""
    counts = {name: getattr(summary, name) for name in COUNTS}
    return {**counts, "differences": [_difference(each) for each in summary.first]}


def preview_tables(summary: Summary) -> Iterator[RenderableType]:
    """The same for a human."""
    yield facts(
        {
            "live awards": f"{summary.awards:,}",
            "would differ": f"{summary.differ:,}",
            "end sooner": f"{summary.sooner:,}",
            "end later": f"{summary.later:,}",
            "be expired now": f"{summary.expired:,}",
            "not to be judged": f"{summary.undecided:,}" if summary.undecided else None,
        }
    )
    if not summary.first:
        return
    made = table("Number", "Learner", "Issued", "Valid to", "Would be", whole=("Number", "Issued", "Valid to"))
    for each in summary.first:
        after = plain(each.problem.message) if each.after is None and each.problem else _last(each.after)
        made.add_row(
            each.award.number, plain(each.username), each.before.issued_on.isoformat(), _last(each.before), after
        )
    yield made if len(summary.first) == summary.differ + summary.undecided else titled("The first of them", made)


def edit_document(preview: EditPreview) -> Document:
    """What an edit would change, and what would differ if live awards followed; None where the policy stays."""
    changes = [
        {"name": each.name, "before": _plain(each.before), "after": _plain(each.after)} for each in preview.changes
    ]
    awards = None if preview.awards is None else preview_document(preview.awards)
    return {"changes": changes, "reprint": preview.reprint, "awards": awards}


def edit_tables(preview: EditPreview) -> Iterator[RenderableType]:
    """The same for a human."""
    if not preview.changes:
        yield "Nothing would change."
        return
    made = table("What", "Before", "After")
    for each in preview.changes:
        nothing = "all" if each.name == "items_needed" else ""
        told = (plain(_told(value) or nothing) for value in (each.before, each.after))
        made.add_row(each.name.replace("_", " "), *told)
    yield made
    if preview.reprint:
        yield "Documents of new awards would print other words; those of awards already issued stay."
    if preview.awards is not None:
        yield "Awards already issued stay as they are. If the live ones followed the policy:"
        yield from preview_tables(preview.awards)


def _plain(value: object) -> object:
    """A part of a definition as JSON has it."""
    if isinstance(value, RenewalPolicy):
        return value.to_data()
    return str(value) if isinstance(value, Decimal) else value


def _told(value: object) -> str:
    if isinstance(value, RenewalPolicy):
        return ", ".join(f"{key}: {each}" for key, each in value.to_data().items()) or "the default"
    return "" if value is None else str(value)


def _difference(each: Difference) -> Document:
    return {
        "number": each.award.number,
        "username": each.username,
        "issued_on": each.before.issued_on.isoformat(),
        "before": _period(each.before),
        "after": None if each.after is None else _period(each.after),
        "problem": None if each.problem is None else {"code": each.problem.code, "message": each.problem.message},
    }


def _period(period: Period) -> Document:
    return {
        "expires_on": _day(period.expires_on),
        "expires_at": _instant(period.expires_at),
        "last_valid_day": _day(period.last_valid_day),
        "expiring_at": _instant(period.expiring_at),
        "grace_ends_at": _instant(period.grace_ends_at),
    }


def _last(period: Period | None) -> str:
    return "always" if period is None or period.last_valid_day is None else period.last_valid_day.isoformat()


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
