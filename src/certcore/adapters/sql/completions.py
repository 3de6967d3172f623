"""Completions as the host reported them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, TypeVar
from zlib import crc32

from sqlalchemy import ARRAY, BigInteger, Integer, bindparam, select, text

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Row, all_exact, amount_text, as_flag, as_text, or_none
from certcore.domain.certifications import ItemRef
from certcore.domain.completions import Completion
from certcore.domain.issuing import each_once
from certcore.domain.time import from_micros, parse_date, to_micros
from certcore.errors import Conflict
from certcore.ports import CompletionRepository

T = TypeVar("T")

_completion = tables.completion.c
_OF: Final = (
    among(_completion.learner_id, "learner_ids", *tables.completion.c[1:])
    .where(within(_completion.code.concat(""), "codes"))  # whatever a learner has is read: items may be thousands
    .order_by(_completion.at)
)
_OF_LATE: Final = _OF.where(_completion.at >= bindparam("since", type_=BigInteger))

_TURNS: Final = text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS keys(key)").bindparams(
    bindparam("keys", type_=ARRAY(BigInteger))
)
_WHAT: Final = "a completion"
_MOST_TURNS: Final = 64  # a server has room for some thousand locks of all its clients
_LEARNERS: Final = (
    select(_completion.learner_id)
    .distinct()
    .where(
        _completion.tenant == TENANT,
        _completion.learner_id > bindparam("after"),
        within(_completion.kind + ":" + _completion.code, "items"),
    )
    .order_by(_completion.learner_id)
    .limit(bindparam("limit", type_=Integer))
)


class SqlCompletions(CompletionRepository):
    """Completions in `tables.completion`."""

    def __init__(self, unit: Unit, tenant: str) -> None:
        self._unit = unit
        self._tenant = tenant

    def add(self, completions: Sequence[Completion]) -> list[bool]:
        rows = completion_rows(self._tenant, completions)
        different = set(map(_key, rows))
        repeats = len(different) < len(rows)
        first = dict(zip(map(_key, reversed(rows)), reversed(rows), strict=True)).values() if repeats else rows
        ordered = sorted(first, key=_key)  # or two who write the same ones may wait for each other
        try:
            self._unit.insert(tables.completion, ordered, _WHAT)
            if not repeats:
                return [True] * len(rows)
            new = different
        except Conflict:  # rare, and then some may be new
            new = self._unit.insert_new(tables.completion, ordered, _WHAT)
        return [_took(new, _key(row)) for row in rows]

    def of(
        self, learner_ids: Collection[str], items: Collection[ItemRef], since: datetime | None = None
    ) -> dict[tuple[str, ItemRef], list[Completion]]:
        wanted = set(items)
        if not wanted or not learner_ids:
            return {}
        codes = {item.code for item in wanted}
        asked = {"tenant": self._tenant, "learner_ids": learner_ids, "codes": codes}
        if since is None:
            rows = self._unit.rows(_OF, **asked)
        else:
            rows = self._unit.rows(_OF_LATE, **asked, since=to_micros(since))
        found: dict[tuple[str, ItemRef], list[Completion]] = {}
        for each in all_exact("completion", _said, completion_from, rows):
            if each.item in wanted:
                found.setdefault((each.learner_id, each.item), []).append(each)
        return found

    def lock(self, learner_ids: Collection[str]) -> None:
        if learner_ids and self._unit.dialect == "postgresql":
            self._unit.rows(_TURNS, keys=sorted({_turn(self._tenant, each) for each in learner_ids}))

    def learners(self, items: Collection[ItemRef], after: str | None, limit: int) -> Sequence[str]:
        wanted = list(map(str, items))
        rows = self._unit.rows(_LEARNERS, tenant=self._tenant, items=wanted, after=after or "", limit=limit)
        return [as_text(learner_id) for (learner_id,) in rows] if wanted else []


def _turn(tenant: str, learner_id: str) -> int:
    """A lock that the learner shares with some others of the tenant."""
    share = crc32(learner_id.encode()) % _MOST_TURNS
    return int.from_bytes(sha256(f"certcore/{tenant}/{share}".encode()).digest()[:8], signed=True)


_key: Final = itemgetter(1, 3, 2, 4)
"""The primary key of a row, but for its tenant."""


def _took(keys: set[T], key: T) -> bool:
    """Whether ``key`` was among the keys, which it leaves."""
    found = key in keys
    keys.discard(key)
    return found


def completion_rows(tenant: str, completions: Sequence[Completion]) -> list[Row]:
    """The rows of `tables.completion`."""
    if not completions:
        return []
    learner_ids, items, ats, days, zones, exact, scores, credits_ = zip(*completions, strict=True)
    rows = zip(
        repeat(tenant),
        learner_ids,
        each_once(lambda item: item.kind.value, items),
        each_once(lambda item: item.code, items),
        map(to_micros, ats),
        map(date.isoformat, days),
        zones,
        map(int, exact),
        map(amount_text, scores),
        map(amount_text, credits_),
        strict=False,
    )
    return list(rows)


def _said(row: Any) -> str:
    """What a row is about."""
    return f"{row[1]}:{row[2]} by learner {row[0]}"


def completion_from(*row: Any) -> Completion:
    """The completion of a row of `tables.completion` without its tenant."""
    learner_id, kind, code, at, day, zone, is_exact, score, credits_ = row
    return Completion(
        as_text(learner_id),
        ItemRef.parse(f"{kind}:{code}"),
        from_micros(at),
        parse_date(day),
        zone,
        as_flag(is_exact),
        or_none(Decimal, score),
        or_none(Decimal, credits_),
    )
