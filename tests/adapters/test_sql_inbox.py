"""The inbox in a table keeps every promise, on SQLite and PostgreSQL."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from certcore.adapters.sql import SqlInbox, SqlStorage
from certcore.domain.notices import InboxEntry
from certcore.errors import CorruptRecord
from certcore.ports import Inbox, Notifier
from certcore.testing import InboxContract
from certcore.testing.builders import NOW, make_message, make_person
from certcore.testing.notifiers import Received

ALL = "SELECT DISTINCT recipient_id FROM certcore_inbox WHERE tenant = :tenant"


@pytest.fixture
def storage(sql_url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(sql_url, tenant=uuid4().hex)
    yield storage
    storage.close()


class TestSqlInbox(InboxContract):
    @pytest.fixture
    def notifier(self, storage: SqlStorage) -> SqlInbox:
        self.storage = storage
        return SqlInbox(storage)

    def received(self, notifier: Notifier) -> Sequence[Received]:
        assert isinstance(notifier, Inbox)
        with self.storage.reading() as tx:
            people = [row[0] for row in tx.unit.rows(text(ALL), tenant=self.storage.tenant)]
        found = [each for person in people for each in notifier.of(person, None, 100)]
        return [Received.of(each) for each in sorted(found, key=lambda each: each.received_at)]


def test_f31_a_clock_that_stands_still_loses_no_page(storage: SqlStorage) -> None:
    """Ties are in the order of their ids."""
    inbox, reader = SqlInbox(storage, lambda: NOW), make_person()
    for _ in range(5):
        inbox.send(make_message(reader))
    found: list[InboxEntry] = []
    while page := inbox.of(reader.id, (found[-1].received_at, found[-1].id) if found else None, 2):
        found += page
    assert len({each.id for each in found}) == len(found) == 5


def test_tenants_have_their_own(sql_url: str) -> None:
    """R-116: the same message of another tenant is another one."""
    message = make_message()
    first, second = (SqlInbox(SqlStorage(sql_url, tenant=uuid4().hex)) for _ in range(2))
    first.send(message)
    assert list(second.of(message.recipient.id, None, 9)) == []
    second.send(message)
    second.forget(message.recipient.id)
    assert first.unread(message.recipient.id) == 1
    for inbox in (first, second):
        inbox._storage.close()


def test_f39_a_row_that_cannot_be_read_hides_no_other(sql_url: str) -> None:
    """It is reported and left out, and the page is as long as it was to be."""
    corrupt: list[CorruptRecord] = []
    storage = SqlStorage(sql_url, tenant=uuid4().hex, on_corrupt=corrupt.append)
    ticks = iter(range(9))
    inbox, reader = SqlInbox(storage, lambda: datetime(2026, 6, 15, 12, next(ticks), tzinfo=UTC)), make_person()
    first, torn, last = (make_message(reader) for _ in range(3))
    for message in (first, torn, last):
        inbox.send(message)
    engine = create_engine(sql_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE certcore_inbox SET attachments = '{' WHERE id = :id"), {"id": torn.id})
    engine.dispose()
    assert [each.id for each in inbox.of(reader.id, None, 2)] == [last.id, first.id]
    assert [each.ref for each in corrupt] == [torn.id]
    storage.close()
