"""What a history entry says of an award's terms, as canonical JSON, written once per distinct terms and read back."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from certcore.domain.awards import Basis, BasisKind, Details, Link, Period
from certcore.domain.history import canonical
from certcore.domain.time import format_instant, parse_date, parse_instant


@lru_cache(maxsize=8_192)
def written_terms(period: Period, basis: Basis, details: Details, edition: int) -> str:
    """Everything about an award's terms that is nobody's personal data; so not the note. As `canonical` writes it."""
    members = {
        "anchor_on": _day(period.anchor_on),
        "basis": f'"{basis.kind.value}"',
        "code": None if basis.code is None else encode_basestring(basis.code),
        "completed_on": _day(details.completed_on),
        "credits": _amount(details.credits),
        "edition": edition,
        "expires_at": _instant(period.expires_at),
        "expires_on": _day(period.expires_on),
        "expiring_at": _instant(period.expiring_at),
        "expiring_on": _day(period.expiring_on),
        "grace_ends_at": _instant(period.grace_ends_at),
        "issued_at": _instant(period.issued_at),
        "issued_on": _day(period.issued_on),
        "links": canonical([[link.provider, link.url] for link in basis.links]) if basis.links else None,
        "score": _amount(details.score),
        "zone": encode_basestring(period.zone),
    }
    return "{" + ",".join([f'"{name}":{text}' for name, text in members.items() if text is not None]) + "}"


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
    return None if day is None else f'"{day.isoformat()}"'


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else f'"{format_instant(instant)}"'


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f'"{amount}"'
