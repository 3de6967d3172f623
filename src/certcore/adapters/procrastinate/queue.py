"""Handing jobs to procrastinate, as a part of the transaction that stores them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol, runtime_checkable

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector, sql
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager

from certcore.domain.jobs import Job
from certcore.errors import NotSupported, Retryable, StorageError
from certcore.ports import JobQueue, Transaction

TASK: Final = "certcore.run"
"""The name under which jobs wait, with their public id as ``job_id``."""
_RETRYABLE: Final = ("40001", "40P01")
_FUNCTION: Final = re.compile(r"procrastinate_\w+_v[0-9]+(?=\()")
_LOCK: Final = "SELECT pg_advisory_xact_lock(5129373805134417201)"  # any number, always the same


@runtime_checkable
class OnPsycopg(Protocol):
    """A transaction that lends its driver's connection, as that of `SqlStorage` does."""

    @property
    def driver_connection(self) -> object:
        """The connection that the transaction is on."""


class ProcrastinateJobs(JobQueue):
    """Hands jobs to procrastinate in the database of the storage, inside the transaction that stores them.

    So a job is there if and only if its transaction commits, also where that is the host's own. `Worker` runs them.
    ``url`` is that of the database, as SQLAlchemy or libpq has it; procrastinate's tables must be there (`install`).
    ``queue`` is the name under which these jobs wait; tenants in one database need one each.
    """

    def __init__(self, url: str, *, queue: str = "certcore") -> None:
        self.queue = queue
        self._conninfo = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._app = App(connector=SyncPsycopgConnector())

    def enqueue(self, job: Job, tx: Transaction) -> None:
        """Let the job wait. Handed over twice it waits twice: one after the other, and the second finds nothing to do.

        Raises `NotSupported` for a transaction that is not on psycopg, `Retryable`, and `StorageError`, also where
        procrastinate's tables are not there.
        """
        connection = tx.driver_connection if isinstance(tx, OnPsycopg) else None
        if not isinstance(connection, psycopg.Connection):
            raise NotSupported("handing jobs to procrastinate from a storage that is not on PostgreSQL with psycopg")
        # No queueing lock: while one runs and another waits, procrastinate could not let the first one wait again.
        deferring = self._app.configure_task(TASK, queue=self.queue, lock=self.lock_of(job), connection=connection)
        with translated("take the job"), connection.transaction():  # a savepoint, so that an error spoils nothing
            deferring.defer(job_id=job.public_id)

    def lock_of(self, job: Job) -> str:
        """What lets no two workers at the job."""
        return f"{self.queue}/{job.public_id}"

    def committed(self, run: Callable[[int], object]) -> None:
        """The workers do it."""

    def install(self) -> None:
        """Create procrastinate's tables where there are none, one process at a time; `StorageError` as from `check`."""
        with self._connected() as connection:
            connection.execute(_LOCK)
            if not _is_there(connection):
                connection.execute(SchemaManager.get_schema())
            _check(connection)

    def check(self) -> None:
        """Raise `StorageError` unless the tables are there and those of the procrastinate that is installed."""
        with self._connected() as connection:
            _check(connection)

    def app(self) -> App:
        """A procrastinate app on the database, not opened yet and without tasks, for a worker."""
        return App(connector=PsycopgConnector(conninfo=self._conninfo))

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        with translated("work"), psycopg.connect(self._conninfo) as connection:
            yield connection


def _is_there(connection: psycopg.Connection) -> bool:
    return connection.execute(sql.queries["check_connection"]).fetchone() != (None,)


def _check(connection: psycopg.Connection) -> None:
    if not _is_there(connection):
        raise StorageError("there are no tables of procrastinate; run ProcrastinateJobs(url).install().")
    needed = {name for query in sql.queries.values() for name in _FUNCTION.findall(query)}
    found = connection.execute("SELECT proname FROM pg_proc WHERE proname = ANY(%s)", [list(needed)])
    if missing := ", ".join(sorted(needed - {name for (name,) in found})):
        raise StorageError(
            f"procrastinate's tables are of another version ({missing} missing); run its migrations, or install the "
            "version that they are of."
        )


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Procrastinate's errors as certcore's."""
    try:
        yield
    except (ConnectorException, psycopg.Error) as error:
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if isinstance(cause, psycopg.Error) and cause.sqlstate in _RETRYABLE:
            raise Retryable(str(cause)) from error
        why = str(cause or error).splitlines()[0]
        raise StorageError(
            f"procrastinate could not {what} ({why}); see to the database and repeat the act."
        ) from error
