"""What is written beside every change: history, and events for the outbox."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, text

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among
from certcore.adapters.sql.rows import (
    archived_event_rows,
    entry_rows,
    event_from,
    event_row,
    history_from,
    history_row,
)
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, exact, readable
from certcore.domain.history import Entries, Event, HistoryEntry
from certcore.domain.succession import Archived
from certcore.errors import CorruptRecord
from certcore.ports import HistoryRepository, Outbox

T = TypeVar("T", HistoryEntry, Event)

_history = tables.history.c
_outbox = tables.outbox.c

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
_PENDING: Final = (
    select(*tables.outbox.c[1:])
    .where(_outbox.tenant == TENANT, text(tables.PENDING))
    .order_by(_outbox.award_id, _outbox.seq)
    .limit(bindparam("limit"))
)
_CLAIMED: Final = _PENDING.with_for_update(skip_locked=True)
_ALL_PENDING: Final = among(_outbox.award_id, "award_ids", _outbox.award_id, _outbox.seq, only=tables.PENDING).order_by(
    _outbox.award_id, _outbox.seq
)


class SqlHistory(HistoryRepository):
    """Entries in `tables.history`, which only grows; `by_job` reports corrupt rows and leaves them out."""

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report

    def append(self, entries: Sequence[HistoryEntry], *, undoing: bool = True) -> None:
        rows = [history_row(self._tenant, entry) for entry in entries]
        self._unit.insert(tables.history, rows, _numbered("history entry", entries), undoing=undoing)

    def append_all(self, entries: Entries) -> None:
        """Store entries from their columns; raises as `append`, and then the transaction has to be left."""
        rows = entry_rows(self._tenant, entries)
        self._unit.insert(tables.history, rows, f"one of {len(rows)} history entries", undoing=False)

    def of(self, award_ids: Collection[int]) -> dict[int, list[HistoryEntry]]:
        rows = self._unit.rows(_ENTRIES_OF, tenant=self._tenant, award_ids=award_ids) if award_ids else ()
        return _by_award(exact("history entry", _place(row), history_from, row) for row in rows)

    def by_job(
        self, job_id: int, after: tuple[int, int] | None, limit: int, *, act: str | None = None
    ) -> Sequence[HistoryEntry]:
        found: list[HistoryEntry] = []
        wanted_act = {} if act is None else {"act": act}
        entries = _ENTRIES_BY_JOB if act is None else _ENTRIES_BY_JOB.where(_history.act == bindparam("act"))
        while (wanted := limit - len(found)) > 0:
            page = entries if after is None else entries.where(_behind(*after))
            rows = self._unit.rows(page, tenant=self._tenant, job_id=job_id, limit=wanted, **wanted_act)
            found += readable("history entry", history_from, ((_place(row), row) for row in rows), self._report)
            if len(rows) < wanted:
                break
            after = (rows[-1][0], rows[-1][1])
        return found


def _behind(award_id: int, seq: int) -> ColumnElement[bool]:
    # Not a comparison of pairs: SQLite goes quadratic there. The first condition is what the index seeks by.
    return and_(_history.award_id >= award_id, or_(_history.award_id > award_id, _history.seq > seq))


class SqlOutbox(Outbox):
    """Events in `tables.outbox`; `pending` reports corrupt rows and leaves them out, with all that follow them."""

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report

    def append(self, events: Sequence[Event], *, undoing: bool = True) -> None:
        rows = [event_row(self._tenant, event) for event in events]
        self._unit.insert(tables.outbox, rows, _numbered("event", events), undoing=undoing)

    def archive(self, archived: Archived) -> None:
        """Store the events of awards that others renew; as `SqlHistory.append_all`."""
        rows = archived_event_rows(self._tenant, archived)
        self._unit.insert(tables.outbox, rows, f"one of {len(rows)} events", undoing=False)

    def silence(self, keys: Sequence[tuple[int, int]]) -> None:
        rows = [(0, self._tenant, *key, 1) for key in dict.fromkeys(keys)]
        self._unit.amend(tables.outbox, ("notify",), ("tenant", "award_id", "seq", "notify"), rows, "an event")

    def of(self, award_ids: Collection[int]) -> dict[int, list[Event]]:
        rows = self._unit.rows(_EVENTS_OF, tenant=self._tenant, award_ids=award_ids) if award_ids else ()
        return _by_award(exact("event", _place(row), event_from, row) for row in rows)

    def pending(self, limit: int) -> Sequence[Event]:
        if self._unit.dialect == "sqlite" or self._unit.reads_only:  # nobody else writes, or nothing is to be written
            return self._readable(self._unit.rows(_PENDING, tenant=self._tenant, limit=limit))
        rows = self._unit.rows(_CLAIMED, tenant=self._tenant, limit=limit)
        # What others hold was skipped, but what follows it was not; it is still pending for the next statement.
        asked = {row[0] for row in rows}
        known = self._unit.rows(_ALL_PENDING, tenant=self._tenant, award_ids=asked) if asked else ()
        wanted = {award_id: [row[1] for row in of_award] for award_id, of_award in groupby(known, key=itemgetter(0))}
        ours: list[Sequence[Any]] = []
        for award_id, of_award in groupby(rows, key=itemgetter(0)):
            seqs = wanted.get(award_id, ())
            ours += [row for row, _ in takewhile(_first_ones, zip(of_award, seqs, strict=False))]
        return self._readable(ours)

    def _readable(self, rows: Sequence[Sequence[Any]]) -> Sequence[Event]:
        found: list[Event] = []
        blocked = set()
        for row in rows:
            if row[0] not in blocked:
                try:
                    found.append(exact("event", _place(row), event_from, row))
                except CorruptRecord as corrupt:
                    self._report(corrupt)
                    blocked.add(row[0])
        return found

    def dispatched(self, keys: Sequence[tuple[int, int]]) -> None:
        rows = [(None, self._tenant, *key) for key in dict.fromkeys(keys)]
        self._unit.set_each(tables.outbox, "pending", rows, "an event")


def _first_ones(pair: tuple[Sequence[Any], int]) -> bool:
    row, seq = pair
    return bool(row[1] == seq)


def _numbered(kind: str, kept: Sequence[T]) -> str:
    return f"{kind} {kept[0].seq} of award {kept[0].award_id}" if len(kept) == 1 else f"one of {len(kept)} {kind}s"


def _place(row: Sequence[Any]) -> str:
    return f"{row[1]} of award {row[0]}"


def _by_award(kept: Iterable[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = {}
    for each in kept:
        found.setdefault(each.award_id, []).append(each)
    return found
