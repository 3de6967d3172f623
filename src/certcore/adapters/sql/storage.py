"""The storage on SQLite and PostgreSQL: on its own connections, or inside a transaction that the host owns."""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import local

from certcore.adapters.sql import schema, tables
from certcore.adapters.sql.awards import SqlAwards
from certcore.adapters.sql.completions import SqlCompletions
from certcore.adapters.sql.connecting import connections_to
from certcore.adapters.sql.definitions import SqlCertifications, SqlJobs
from certcore.adapters.sql.deliveries import SqlDeliveries
from certcore.adapters.sql.drivers import driver_connection
from certcore.adapters.sql.externals import SqlExternals, SqlSettings
from certcore.adapters.sql.indexes import SqlIndex
from certcore.adapters.sql.ledgers import SqlHistory, SqlOutbox
from certcore.adapters.sql.renewals import SqlRenewals
from certcore.adapters.sql.rows import entry_rows, issued_award_rows, issued_event_rows
from certcore.adapters.sql.sweeps import SqlSweeps
from certcore.adapters.sql.tombstones import SqlTombstones
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report
from certcore.domain.deliveries import NewDeliveries
from certcore.domain.issuing import Issued
from certcore.domain.succession import Archived
from certcore.domain.transitions import Change
from certcore.errors import CorruptRecord, InvalidValue, StorageError
from certcore.ports import Storage, Transaction

_LONGEST_TENANT = 64
_log = logging.getLogger(__name__)


def log_corrupt(record: CorruptRecord) -> None:
    """Log a row that cannot be read, as an error."""
    _log.error("%s", record)


class SqlTransaction(Transaction):
    """The repositories of one tenant over one unit."""

    awards: SqlAwards
    history: SqlHistory
    outbox: SqlOutbox
    deliveries: SqlDeliveries

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self.unit = unit
        self.tenant = tenant
        self.certifications = SqlCertifications(unit, tenant, report)
        self.tombstones = SqlTombstones(unit, tenant)
        self.awards = SqlAwards(unit, tenant, report, self.tombstones)
        self.history = SqlHistory(unit, tenant, report)
        self.outbox = SqlOutbox(unit, tenant, report)
        self.jobs = SqlJobs(unit, tenant, report)
        self.completions = SqlCompletions(unit, tenant)
        self.renewals = SqlRenewals(unit, tenant)
        self.deliveries = SqlDeliveries(unit, tenant, report)
        self.externals = SqlExternals(unit, tenant, report)
        self.settings = SqlSettings(unit, tenant)
        self.sweeps = SqlSweeps(unit, tenant)
        self.index = SqlIndex(unit, tenant)

    @property
    def driver_connection(self) -> object:
        """The driver's connection, for what a host or a queue writes in the same transaction and does not end."""
        return driver_connection(self.unit.connection)

    def issue(self, parts: Iterable[Issued]) -> None:
        """Store the columns as they are, without a value object for each row."""
        numbers: list[str] = []
        with self.unit.leaving():
            with self.unit.filling() as fill:
                for issued in parts:
                    numbers += issued.numbers
                    fill(tables.award, issued_award_rows(self.tenant, issued), f"one of {len(issued)} awards")
                    fill(tables.history, entry_rows(self.tenant, issued.history), f"one of {len(issued)} entries")
                    fill(tables.outbox, issued_event_rows(self.tenant, issued), f"one of {len(issued)} events")
            self.awards.refuse_buried(numbers)

    def change(self, changes: Sequence[Change]) -> None:
        """Store only what changes in the awards."""
        self.awards.change(changes)
        self.history.append([change.entry for change in changes], undoing=False)
        self.outbox.append([change.event for change in changes], undoing=False)

    def archive(self, archived: Archived) -> None:
        """Store the columns as they are."""
        self.awards.archive(archived)
        self.history.append_all(archived.history)
        self.outbox.archive(archived)

    def tell(self, new: NewDeliveries) -> Collection[str]:
        """Store the columns as they are."""
        return self.deliveries.tell(new)


class _Current(local):
    transaction: SqlTransaction | None = None


class SqlStorage(Storage):
    """Certcore's state in SQL tables beside the host's own.

    ``target`` is a URL or an SQLAlchemy Engine, and each transaction then has a connection of its own; or a connection
    the host owns: an SQLAlchemy Connection or Session, a sqlite3 or psycopg connection (Django's
    ``connection.connection``). Inside a host's transaction the storage works in savepoints, commits nothing, rolls back
    nothing of the host's and retries nothing; `HostConnections` says what happens where the host has none open.

    The tables must be there (`upgrade`); the first transaction raises `SchemaMismatch` when they are not those of this
    release. Lookups of single records raise `CorruptRecord`; searches and lists go on without what cannot be read, and
    give it to ``on_corrupt``, which logs by default (f39).
    """

    def __init__(self, target: object, *, tenant: str = "default", on_corrupt: Report = log_corrupt) -> None:
        if not 0 < len(tenant) <= _LONGEST_TENANT:
            raise InvalidValue("tenant", tenant, f"1 to {_LONGEST_TENANT} characters")
        self._tenant = tenant
        self.on_corrupt = on_corrupt
        self._connections = connections_to(target)
        self._current = _Current()
        self._checked = False

    @property
    def tenant(self) -> str:
        return self._tenant

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        current = self._current.transaction
        if current is None:
            with self._outermost(writing=True) as current:
                yield current
        elif current.unit.reads_only:
            raise StorageError("a transaction cannot begin inside reading(); leave that first.")
        else:
            with current.unit.savepoint():
                yield current

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        current = self._current.transaction
        if current is None:
            with self._outermost(writing=False) as current:
                yield current
        else:
            yield current

    @contextmanager
    def _outermost(self, *, writing: bool) -> Iterator[SqlTransaction]:
        with self._connections.unit(writing=writing) as unit:
            if not self._checked:
                schema.demand(unit)
                self._checked = True
            self._current.transaction = SqlTransaction(unit, self._tenant, self.on_corrupt)
            try:
                yield self._current.transaction
            finally:
                self._current.transaction = None

    @property
    def in_transaction(self) -> bool:
        return self._current.transaction is not None or self._connections.host_is_inside()

    def upgrade(self) -> None:
        """Create the tables, or migrate them to this release; tables of other names are not touched.

        Raises `SchemaMismatch` when a newer release has made them.
        """
        with self._connections.unit(writing=True) as unit:
            schema.migrate(unit)

    def close(self) -> None:
        """Close the connections that the storage opened itself; it can be used again and opens new ones."""
        self._connections.close()
