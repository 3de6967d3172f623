"""How the preview of a policy looks: as a document, and as tables."""

from collections.abc import Iterator
from datetime import date, datetime

from rich.console import RenderableType

from certcore.cli.output import plain
from certcore.cli.tables import facts, table, titled
from certcore.codec import Document
from certcore.domain.awards import Period
from certcore.domain.differences import Difference
from certcore.domain.time import format_instant
from certcore.services.previewing import Summary

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
