"""The repositories that grow with the learners: awards, their history, their events."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    or_,
    select,
)

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.rows import (
    award_from,
    award_row,
    event_from,
    event_row,
    history_from,
    history_row,
    issued_award_rows,
    issued_event_rows,
    issued_history_rows,
)
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, exact, readable
from certcore.domain.awards import STATUS_CONDITIONS, Award, EndReason, Status
from certcore.domain.history import Event, HistoryEntry
from certcore.domain.issuing import Issued
from certcore.domain.time import to_micros
from certcore.ports import AwardQuery, AwardRepository, HistoryRepository, Outbox

T = TypeVar("T", HistoryEntry, Event)

_award = tables.award.c
_history = tables.history.c
_outbox = tables.outbox.c

_ALL_COLUMNS: Final = tables.award.c[1:]
_BY_ID: Final = among(_award.id, "ids", *_ALL_COLUMNS)
_BY_NUMBER: Final = among(_award.number, "numbers", *_ALL_COLUMNS)
_BY_LEARNER: Final = among(_award.learner_id, "learner_ids", *_ALL_COLUMNS)
_ALL: Final = select(*_ALL_COLUMNS).where(_award.tenant == TENANT)
_LIVE: Final = _BY_LEARNER.where(within(_award.certification_id, "certification_ids"), _award.live == 1)
_BEFORE_ALL_IDS: Final = -1

_ended_by_revoking: Final = _award.end_reason == EndReason.REVOKED.value
_MOMENTS: Final[dict[str, ColumnElement[int | None]]] = {
    "issued_at": _award.issued_at,
    "expiring_at": _award.expiring_at,
    "expires_at": _award.expires_at,
    "grace_ends_at": _award.grace_ends_at,
    "archived_at": case((~_ended_by_revoking, _award.ended_at)),
    "revoked_at": case((_ended_by_revoking, _award.ended_at)),
}

_ENTRIES_OF: Final = among(_history.award_id, "award_ids", *tables.history.c[1:]).order_by(
    _history.award_id, _history.seq
)
_ENTRIES_BY_JOB: Final = (
    select(*tables.history.c[1:])
    .where(_history.tenant == TENANT, _history.job_id == bindparam("job_id"))
    .order_by(_history.award_id, _history.seq)
    .limit(bindparam("limit"))
)
_EVENTS_OF: Final = among(_outbox.award_id, "award_ids", *tables.outbox.c[1:]).order_by(_outbox.award_id, _outbox.seq)


class SqlAwards(AwardRepository):
    """Awards in `tables.award`. Lookups raise `CorruptRecord`; `search` reports corrupt rows and leaves them out."""

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report

    def add(self, awards: Sequence[Award]) -> None:
        rows = [award_row(self._tenant, award) for award in awards]
        self._unit.insert(tables.award, rows, _named(awards))

    def issue(self, issued: Issued) -> None:
        """Store new awards from their columns; raises as `add`, and then the transaction has to be left."""
        rows = issued_award_rows(self._tenant, issued)
        self._unit.insert(tables.award, rows, f"one of {len(issued)} awards", undoing=False)

    def update(self, awards: Sequence[Award]) -> None:
        rows = [award_row(self._tenant, award) for award in awards]
        self._unit.replace(tables.award, rows, _named(awards))

    def by_id(self, ids: Collection[int]) -> dict[int, Award]:
        return {award.id: award for award in self._found(_BY_ID, ids, ids=ids)}

    def by_number(self, numbers: Collection[str]) -> dict[str, Award]:
        return {award.number: award for award in self._found(_BY_NUMBER, numbers, numbers=numbers)}

    def live(self, certification_ids: Collection[int], learner_ids: Collection[str]) -> dict[tuple[int, str], Award]:
        found = self._found(
            _LIVE, certification_ids and learner_ids, certification_ids=certification_ids, learner_ids=learner_ids
        )
        return {(award.certification_id, award.learner_id): award for award in found}

    def _found(self, statement: Select[Any], wanted: Collection[object], /, **values: object) -> Iterable[Award]:
        rows = self._unit.rows(statement, tenant=self._tenant, **values) if wanted else ()
        return [exact("award", row[1], award_from, row) for row in rows]

    def search(self, query: AwardQuery) -> Sequence[Award]:
        if query.learner_ids is not None and not query.learner_ids:
            return []
        statement, values = _filtered(query)
        found: list[Award] = []
        after = _BEFORE_ALL_IDS if query.after is None else query.after
        while (wanted := query.limit - len(found)) > 0:  # more than once only to make up for corrupt rows
            rows = self._unit.rows(statement, tenant=self._tenant, after=after, limit=wanted, **values)
            found += readable("award", award_from, ((row[1], row) for row in rows), self._report)
            if len(rows) < wanted:
                break
            after = rows[-1][0]
        return found


def _named(awards: Sequence[Award]) -> str:
    return f"award {awards[0].number}" if len(awards) == 1 else f"one of {len(awards)} awards"


def _filtered(query: AwardQuery) -> tuple[Select[Any], dict[str, object]]:
    """The statement for a page behind the parameter ``after``, and its other parameters."""
    values: dict[str, object] = {}
    statement = _ALL
    if query.number is not None:
        statement, values["numbers"] = _BY_NUMBER, [query.number]
        if query.learner_ids is not None:
            statement = statement.where(within(_award.learner_id, "learner_ids"))
    elif query.learner_ids is not None:
        statement = _BY_LEARNER
    if query.learner_ids is not None:
        values["learner_ids"] = query.learner_ids
    if query.certification_id is not None:
        statement = statement.where(_award.certification_id == query.certification_id)
    if query.statuses:
        statement = statement.where(or_(*map(_in_status, sorted(query.statuses))))
        values["now"] = to_micros(query.now)
    # Where few rows are found by another key, SQLite must not think that it finds fewer by their id.
    position = _award.id if statement is _ALL or not values.keys() & {"numbers", "learner_ids"} else _award.id + 0
    return statement.where(position > bindparam("after")).order_by(_award.id).limit(bindparam("limit")), values


def _in_status(status: Status) -> ColumnElement[bool]:
    return and_(*(_passed(_MOMENTS[name], wanted) for name, wanted in STATUS_CONDITIONS[status].items()))


def _passed(moment: ColumnElement[int | None], wanted: bool) -> ColumnElement[bool]:
    now: ColumnElement[int] = bindparam("now")
    return moment <= now if wanted else or_(moment.is_(None), moment > now)


class SqlHistory(HistoryRepository):
    """Entries in `tables.history`, which only grows; `by_job` reports corrupt rows and leaves them out."""

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report

    def append(self, entries: Sequence[HistoryEntry]) -> None:
        rows = [history_row(self._tenant, entry) for entry in entries]
        self._unit.insert(tables.history, rows, _numbered("history entry", entries))

    def issue(self, issued: Issued) -> None:
        """Store the first entries of new awards; raises as `append`, and then the transaction has to be left."""
        rows = issued_history_rows(self._tenant, issued)
        self._unit.insert(tables.history, rows, f"one of {len(issued)} entries", undoing=False)

    def of(self, award_ids: Collection[int]) -> dict[int, list[HistoryEntry]]:
        rows = self._unit.rows(_ENTRIES_OF, tenant=self._tenant, award_ids=award_ids) if award_ids else ()
        return _by_award(exact("history entry", _place(row), history_from, row) for row in rows)

    def by_job(self, job_id: int, after: tuple[int, int] | None, limit: int) -> Sequence[HistoryEntry]:
        found: list[HistoryEntry] = []
        while (wanted := limit - len(found)) > 0:
            page = _ENTRIES_BY_JOB if after is None else _ENTRIES_BY_JOB.where(_behind(*after))
            rows = self._unit.rows(page, tenant=self._tenant, job_id=job_id, limit=wanted)
            found += readable("history entry", history_from, ((_place(row), row) for row in rows), self._report)
            if len(rows) < wanted:
                break
            after = (rows[-1][0], rows[-1][1])
        return found


def _behind(award_id: int, seq: int) -> ColumnElement[bool]:
    # Not a comparison of pairs: SQLite goes quadratic there. The first condition is what the index seeks by.
    return and_(_history.award_id >= award_id, or_(_history.award_id > award_id, _history.seq > seq))


class SqlOutbox(Outbox):
    """Events in `tables.outbox`."""

    def __init__(self, unit: Unit, tenant: str) -> None:
        self._unit = unit
        self._tenant = tenant

    def append(self, events: Sequence[Event]) -> None:
        rows = [event_row(self._tenant, event) for event in events]
        self._unit.insert(tables.outbox, rows, _numbered("event", events))

    def issue(self, issued: Issued) -> None:
        """Store the events of new awards; raises as `append`, and then the transaction has to be left."""
        rows = issued_event_rows(self._tenant, issued)
        self._unit.insert(tables.outbox, rows, f"one of {len(issued)} events", undoing=False)

    def silence(self, keys: Sequence[tuple[int, int]]) -> None:
        self._unit.set_each(tables.outbox, "notify", [(0, self._tenant, *key) for key in keys], "an event")

    def of(self, award_ids: Collection[int]) -> dict[int, list[Event]]:
        rows = self._unit.rows(_EVENTS_OF, tenant=self._tenant, award_ids=award_ids) if award_ids else ()
        return _by_award(exact("event", _place(row), event_from, row) for row in rows)


def _numbered(kind: str, kept: Sequence[T]) -> str:
    return f"{kind} {kept[0].seq} of award {kept[0].award_id}" if len(kept) == 1 else f"one of {len(kept)} {kind}s"


def _place(row: Sequence[Any]) -> str:
    return f"{row[1]} of award {row[0]}"


def _by_award(kept: Iterable[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = {}
    for each in kept:
        found.setdefault(each.award_id, []).append(each)
    return found
