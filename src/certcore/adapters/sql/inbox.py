"""The in-app inbox in a table."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Executable, and_, bindparam, func, or_, select

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among
from certcore.adapters.sql.storage import SqlStorage
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Row, as_text, micros, or_none, readable
from certcore.domain.history import canonical
from certcore.domain.notices import Attachment, InboxEntry, Message
from certcore.domain.time import as_instant, from_micros, to_micros
from certcore.ports import Clock, Inbox
from certcore.services.units import in_unit

_inbox = tables.inbox.c
_OF: Final = (
    select(*tables.inbox.c[1:])
    .where(_inbox.tenant == TENANT, _inbox.recipient_id == bindparam("person_id"))
    .order_by(_inbox.received_at.desc(), _inbox.id.desc())
    .limit(bindparam("limit"))
)
_UNREAD: Final = select(func.count()).where(
    _inbox.tenant == TENANT, _inbox.recipient_id == bindparam("person_id"), _inbox.read_at.is_(None)
)
_TO_READ: Final = among(_inbox.id, "ids", _inbox.id).where(
    _inbox.recipient_id == bindparam("person_id"), _inbox.read_at.is_(None)
)


class SqlInbox(Inbox):
    """Keeps messages in the tables of a `SqlStorage`, which has connections of its own.

    A row that cannot be read is left out and given to the storage's ``on_corrupt`` (f39).
    """

    def __init__(self, storage: SqlStorage, clock: Clock = partial(datetime.now, UTC)) -> None:
        self._storage = storage
        self._clock = clock

    def send(self, message: Message) -> None:
        row = _row(self._storage.tenant, InboxEntry.of(message, as_instant(self._clock())))
        self._write(lambda unit: unit.insert_new(tables.inbox, [row], f"message {message.id}"))

    def of(self, person_id: str, before: tuple[datetime, str] | None, limit: int) -> Sequence[InboxEntry]:
        found: list[InboxEntry] = []
        place = None if before is None else (to_micros(before[0]), before[1])
        while (wanted := limit - len(found)) > 0:  # more than once only to make up for corrupt rows
            page = _OF if place is None else _OF.where(_older(*place))
            rows = self._rows(page, person_id=person_id, limit=wanted)
            found += readable("inbox message", _entry, ((row[0], row) for row in rows), self._storage.on_corrupt)
            if len(rows) < wanted:
                break
            place = (rows[-1].received_at, rows[-1].id)
        return found

    def unread(self, person_id: str) -> int:
        ((count,),) = self._rows(_UNREAD, person_id=person_id)
        return int(count)

    def mark_read(self, person_id: str, ids: Collection[str]) -> None:
        tenant, now = self._storage.tenant, to_micros(self._clock())

        def work(unit: Unit) -> None:
            unread = unit.rows(_TO_READ, tenant=tenant, person_id=person_id, ids=ids)
            rows = sorted((now, tenant, message_id) for (message_id,) in unread)
            unit.set_each(tables.inbox, "read_at", rows, "messages")

        if ids:
            self._write(work)

    def forget(self, person_id: str) -> None:
        def work(unit: Unit) -> None:
            for column in ("recipient_id", "learner_id"):
                unit.delete_each(tables.inbox, column, [(self._storage.tenant, person_id)], "messages")

        self._write(work)

    def _rows(self, statement: Executable, /, **values: object) -> Sequence[Any]:
        with self._storage.reading() as tx:
            return tx.unit.rows(statement, tenant=self._storage.tenant, **values)

    def _write(self, work: Callable[[Unit], object]) -> None:
        def once(_: object) -> None:
            with self._storage.transaction() as tx:
                work(tx.unit)

        in_unit(self._storage, once)


def _older(received_at: int, message_id: str) -> ColumnElement[bool]:
    # Not a comparison of pairs: SQLite goes quadratic there. The first condition is what the index seeks by.
    return and_(_inbox.received_at <= received_at, or_(_inbox.received_at < received_at, _inbox.id < message_id))


def _row(tenant: str, entry: InboxEntry) -> Row:
    files = [[each.name, each.media_type, b64encode(each.content).decode()] for each in entry.attachments]
    return (
        tenant,
        entry.id,
        entry.recipient_id,
        entry.learner_id,
        entry.language,
        entry.subject,
        entry.body,
        entry.rule,
        entry.when,
        to_micros(entry.at),
        to_micros(entry.received_at),
        micros(entry.read_at),
        entry.number,
        canonical(files),
    )


def _entry(*row: Any) -> InboxEntry:
    id_, recipient, learner, language, subject, body, rule, told_when, at, received_at, read_at, number, files = row
    return InboxEntry(
        as_text(id_),
        as_text(recipient),
        as_text(learner),
        as_text(language),
        as_text(subject),
        as_text(body),
        as_text(rule),
        as_text(told_when),
        at=from_micros(at),
        received_at=from_micros(received_at),
        read_at=or_none(from_micros, read_at),
        number=or_none(as_text, number),
        attachments=tuple(
            Attachment(name, media_type, b64decode(content, validate=True))
            for name, media_type, content in json.loads(files)
        ),
    )
