"""What a history entry says of an award's terms, as canonical JSON, written once per distinct terms and read back."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from certcore.domain.awards import Basis, BasisKind, Details, Link, Period
from certcore.domain.history import canonical
from certcore.domain.time import format_instant, parse_date, parse_instant


@lru_cache(maxsize=4_096)
def written_terms(period: Period, basis: Basis, details: Details, edition: int) -> str:
    """Everything about an award's terms that is nobody's personal data; so not the note."""
    shown: dict[str, object] = {
        "zone": period.zone,
        "issued_on": _day(period.issued_on),
        "issued_at": _instant(period.issued_at),
        "anchor_on": _day(period.anchor_on),
        "expires_on": _day(period.expires_on),
        "expires_at": _instant(period.expires_at),
        "expiring_on": _day(period.expiring_on),
        "expiring_at": _instant(period.expiring_at),
        "grace_ends_at": _instant(period.grace_ends_at),
        "basis": basis.kind.value,
        "code": basis.code,
        "links": [[link.provider, link.url] for link in basis.links] or None,
        "score": None if details.score is None else str(details.score),
        "completed_on": _day(details.completed_on),
        "credits": None if details.credits is None else str(details.credits),
        "edition": edition,
    }
    return canonical({key: value for key, value in shown.items() if value is not None})


def before_of(facts: str) -> tuple[Period, Basis, Details]:
    """The terms before an edit, from the facts of its entry."""
    terms: Mapping[str, Any] = json.loads(facts)["before"]

    def day(key: str) -> date | None:
        return parse_date(terms[key]) if key in terms else None

    def instant(key: str) -> datetime | None:
        return parse_instant(terms[key]) if key in terms else None

    def amount(key: str) -> Decimal | None:
        return Decimal(terms[key]) if key in terms else None

    return (
        Period(
            zone=terms["zone"],
            issued_on=parse_date(terms["issued_on"]),
            issued_at=parse_instant(terms["issued_at"]),
            anchor_on=parse_date(terms["anchor_on"]),
            expires_on=day("expires_on"),
            expires_at=instant("expires_at"),
            expiring_on=day("expiring_on"),
            expiring_at=instant("expiring_at"),
            grace_ends_at=instant("grace_ends_at"),
        ),
        Basis(BasisKind(terms["basis"]), terms.get("code"), [Link(*link) for link in terms.get("links", ())]),
        Details(score=amount("score"), completed_on=day("completed_on"), credits=amount("credits")),
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
