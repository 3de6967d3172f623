"""Awards in columns, as lists of millions have them: read and checked by whole columns."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from certcore.adapters.sql import tables
from certcore.adapters.sql.standing import CORRUPT, PLACE, STATUSES
from certcore.adapters.sql.values import Report, readable
from certcore.domain.awards import Basis, BasisKind
from certcore.domain.time import from_micros, last_day_before, parse_date, zone_rules
from certcore.ports import AwardDays, AwardQuery, AwardRows

_award = tables.award.c
LISTED: Final = (
    _award.number,
    _award.learner_id,
    _award.learner_name,
    _award.certification_id,
    _award.zone,
    _award.issued_on,
    _award.expires_on,
    _award.basis,
    _award.basis_code,
    _award.score,
    _award.completed_on,
    _award.credits,
    PLACE,
    _award.id,
    _award.issued_at,
    _award.expires_at,
)
"""What `listed` takes; the last three say where the award stands in the order of the pages."""
_KINDS: Final = (str, str, str, int, str, str)


def listed(rows: Sequence[Any], query: AwardQuery, report: Report) -> AwardRows:
    """The columns of the rows that a page's statements gave; what cannot be read is reported and left out."""
    following = _behind(rows[-1], query) if len(rows) == query.limit else None
    try:
        return _columns(rows, following)
    except Exception:
        one_by_one = [(row[0], (row,)) for row in rows]
        good = list(readable("award", _checked, one_by_one, report))
        return _columns(good, following)


def _behind(row: Any, query: AwardQuery) -> AwardQuery | None:
    """What asks for the page behind the row; None where its instant is none, for all behind it are none either."""
    award_id, issued_at, expires_at = row[-3:]
    if query.expires is None and query.issued is None:
        return query.behind_place(None, award_id)
    try:
        return query.behind_place(from_micros(issued_at if query.expires is None else expires_at), award_id)
    except (OverflowError, TypeError):
        return None


def _checked(row: Any) -> Any:
    _columns([row], None)
    return row


def _columns(rows: Sequence[Any], following: AwardQuery | None) -> AwardRows:
    if not rows:
        return AwardRows(next=following)
    columns = tuple(zip(*rows, strict=True))
    numbers, learner_ids, names, certification_ids, zones, issued, expires = columns[:7]
    kinds, codes, scores, completed, credits_, places = columns[7:13]
    for kind, column in zip(_KINDS, columns, strict=False):
        if set(map(type, column)) != {kind}:
            raise TypeError(f"a column is not {kind.__name__}")
    if CORRUPT in places:
        raise ValueError("its dates or its end contradict each other")
    _check(parse_date, completed)
    _check(Decimal, scores)
    _check(Decimal, credits_)
    for basis in set(zip(kinds, codes, strict=True)):
        _check_basis(*basis)
    return AwardRows(
        numbers,
        learner_ids,
        names,
        certification_ids,
        tuple(map(_days, zones, issued, expires, columns[-1])),
        kinds,
        codes,
        scores,
        completed,
        credits_,
        tuple(map(STATUSES.__getitem__, places)),
        following,
    )


def _check(read: Any, column: Collection[Any]) -> None:
    for each in set(column) - {None}:
        read(each)


@lru_cache(8_192)
def _check_basis(kind: str, code: str | None) -> None:
    if code is not None or kind != BasisKind.EXTERNAL_CERTIFICATION:  # which has links without one; they are not read
        Basis(kind, code)


@lru_cache(65_536)
def _days(zone: str, issued_on: str, expires_on: str | None, expires_at: int | None) -> AwardDays:
    parse_date(issued_on)
    zone_rules(zone)
    if expires_on is None or expires_at is None:
        if expires_on is not None or expires_at is not None:
            raise ValueError("a date and its instant contradict each other")
        return AwardDays(issued_on, None, None, zone)
    parse_date(expires_on)
    return AwardDays(issued_on, expires_on, last_day_before(from_micros(expires_at), zone).isoformat(), zone)
