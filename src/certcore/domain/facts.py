"""What a history entry says of an award's terms, as canonical JSON, written once per distinct terms and read back."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from certcore.domain.awards import Basis, BasisKind, Details, Link, Period
from certcore.domain.history import canonical
from certcore.domain.time import date_text, format_instant, parse_date, parse_instant


def written_terms(period: Period, basis: Basis, details: Details, edition: int) -> str:
    """Everything about an award's terms that is nobody's personal data; so not the note. As `canonical` writes it."""
    text = f'{{"anchor_on":{_day(period.anchor_on)},"basis":"{basis.kind.value}"'
    if basis.code is not None:
        text += f',"code":{encode_basestring(basis.code)}'
    if details.completed_on is not None:
        text += f',"completed_on":{_day(details.completed_on)}'
    if details.credits is not None:
        text += f',"credits":"{details.credits}"'
    text += f',"edition":{edition}{_ends(period)},"issued_at":{_instant(period.issued_at)}'
    text += f',"issued_on":{_day(period.issued_on)}'
    if basis.links:
        text += f',"links":{canonical([[link.provider, link.url] for link in basis.links])}'
    if details.score is not None:
        text += f',"score":"{details.score}"'
    return f'{text},"zone":{encode_basestring(period.zone)}}}'


def _ends(period: Period) -> str:
    if period.expires_at is None:
        return ""
    ends_at = _instant(period.expires_at)
    text = f',"expires_at":{ends_at}'
    if period.expires_on is not None:
        text += f',"expires_on":{_day(period.expires_on)}'
    if period.expiring_at is not None:
        text += f',"expiring_at":{_instant(period.expiring_at)}'
    if period.expiring_on is not None:
        text += f',"expiring_on":{_day(period.expiring_on)}'
    if period.grace_ends_at is not None:
        without_grace = period.grace_ends_at is period.expires_at
        text += f',"grace_ends_at":{ends_at if without_grace else _instant(period.grace_ends_at)}'
    return text


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


def _day(day: date) -> str:
    return f'"{date_text(day)}"'


def _instant(instant: datetime) -> str:
    return f'"{format_instant(instant)}"'
