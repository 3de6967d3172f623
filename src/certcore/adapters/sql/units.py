"""One transaction on one connection: statements, savepoints and bulk writes, with errors translated."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection, Executable, Table

from certcore.adapters.sql import bulk, merging
from certcore.adapters.sql.behind import one_after_another
from certcore.adapters.sql.drivers import inside_transaction
from certcore.adapters.sql.failures import translated
from certcore.errors import Conflict, StorageError

BEHIND_FROM = 1_000
"""The number of rows from which a thread is worth its while."""

Rows = Sequence[tuple[object, ...]]

_ENDED = "the transaction has ended; open a new one."
_HALF_DONE = "an act in it was done in part; leave it, and repeat it from the start."
_LOST = "the database has rolled the whole transaction back; leave it and repeat the act."


class Unit:
    """A transaction's connection. All reads and writes of the repositories go through here."""

    def __init__(self, connection: Connection, *, reads_only: bool) -> None:
        self.connection = connection
        self.reads_only = reads_only
        self._dialect = connection.dialect.name
        self._savepoints = 0
        self._unusable: str | None = None

    @property
    def dialect(self) -> str:
        """The name of the database's kind."""
        return self._dialect

    def rows(self, statement: Executable, /, **parameters: object) -> Sequence[Any]:
        """All rows of a query; a list given for a parameter of `among` is one parameter."""
        with self._statement("row"):
            return self.connection.execute(statement, parameters).all()

    def pages(self, statement: Executable, size: int, /, **parameters: object) -> Iterator[Sequence[Any]]:
        """The rows of a query, ``size`` at a time, the others staying with the database.

        They come from the driver itself, which is up to half the cost where rows come by the million. The first one is
        SQLAlchemy's: of a result that streams it has read that and no more.
        """
        with self._statement("row"):
            result = self.connection.execute(statement, parameters, execution_options={"stream_results": True})
        with closing(result):
            page: Sequence[Any] = result.fetchmany(1)
            while page:
                yield page
                with self._statement("row"):
                    page = result.cursor.fetchmany(size)

    def insert(self, table: Table, rows: Rows, what: str, *, undoing: bool = True) -> None:
        """Insert rows with a value for each column of the table, all or none; `Conflict` over ``what``.

        Without ``undoing`` rows stay behind an error, and the transaction, or the part that began with a savepoint, can
        only be left. It spares SQLite a copy of every page that it changes after a savepoint.
        """
        if not rows:
            return
        statement = bulk.insert_unless_taken(table, self.connection.dialect) if len(rows) == 1 else None
        # One row raises no error that would spoil the transaction, hence needs no savepoint.
        with self.leaving() if not undoing else nullcontext() if statement else self.savepoint():
            if statement is None:
                self._insert_all(table, rows, what)
            elif self._count(statement, rows, what) == 0:
                raise Conflict(what)

    def _insert_all(self, table: Table, rows: Rows, what: str) -> None:
        if self._dialect == "postgresql" and len(rows) >= bulk.COPY_FROM:
            with self._statement(what):
                bulk.copy(self.connection, table, rows)
            return
        rows = self._by_the_fifty(bulk.insert_together, table, rows, what)
        if rows:
            self._count(bulk.insert(table, self.connection.dialect), rows, what)

    @contextmanager
    def filling(self) -> Iterator[Callable[[Table, Rows, str], None]]:
        """A way to `insert` many parts in turn without ``undoing``; the block does nothing else with the transaction.

        On PostgreSQL a large part is stored while the block makes the next: a thread has the connection until it ends.
        """
        with self.leaving(), one_after_another(self._cancel) as give:
            given = False

            def fill(table: Table, rows: Rows, what: str) -> None:
                nonlocal given
                given = given or (self._dialect == "postgresql" and len(rows) >= BEHIND_FROM)
                work = partial(self.insert, table, rows, what, undoing=False)
                give(work) if given else work()

            yield fill

    def _cancel(self) -> None:
        """Cut short the statement that another thread waits for."""
        driver: Any = self.connection.connection.dbapi_connection
        driver.cancel()

    def insert_new(self, table: Table, rows: Rows, what: str) -> set[tuple[object, ...]]:
        """Insert the rows whose primary key is free; the keys of those, without the tenant.

        One statement, so that of two transactions at once each row is new to one. Sort the rows, or those two may wait
        for each other.
        """
        if not rows:
            return set()
        dialect = self.connection.dialect
        with self._statement(what):
            inserted = self.connection.exec_driver_sql(
                merging.statement(table, dialect.name), merging.parameters(rows, dialect)
            )
            return set(map(tuple, inserted.all()))

    def upsert(self, table: Table, rows: Rows, what: str) -> None:
        """Insert rows, or replace those that have the same primary key, all or none."""
        if not rows:
            return
        with self.savepoint():
            if self._dialect == "postgresql" and len(rows) >= bulk.COPY_FROM:
                self._count(bulk.upsert_all(table), [tuple(map(list, zip(*rows, strict=True)))], what)
                return
            rows = self._by_the_fifty(bulk.upsert_together, table, rows, what)
            if rows:
                self._count(bulk.upsert(table, self.connection.dialect), rows, what)

    def set_each(self, table: Table, column: str, rows: Rows, what: str) -> None:
        """Set one column in many rows: the new value and the primary key of each, no key twice."""
        self.amend(table, (column,), tuple(table.primary_key.columns.keys()), rows, what)

    def amend(self, table: Table, changed: bulk.Names, found_by: bulk.Names, rows: Rows, what: str) -> int:
        """Give rows the first values of each of ``rows`` where they have the others; how many were found.

        No row may be found twice.
        """
        if not rows:
            return 0
        if self._dialect == "postgresql" and len(rows) >= bulk.COPY_FROM:
            columns = tuple(map(list, zip(*rows, strict=True)))
            return self._count(bulk.amend_all(table, changed, found_by), [columns], what)
        amended = 0
        if self._dialect == "sqlite" and len(rows) >= bulk.TOGETHER:
            fifties, rows = bulk.together(rows)
            amended = self._count_all(bulk.amend_together(table, changed, found_by), fifties, what)
        return amended + (
            self._count(bulk.amend(table, changed, found_by, self.connection.dialect), rows, what) if rows else 0
        )

    def delete_each(
        self, table: Table, columns: str | tuple[str, ...], keys: Sequence[tuple[object, ...]], what: str
    ) -> None:
        """Delete the rows with each tenant and value of the column, or the columns."""
        if keys:
            columns = (columns,) if isinstance(columns, str) else columns
            self._count(bulk.delete(table, columns, self.connection.dialect), keys, what)

    def replace(self, table: Table, rows: Rows, what: str) -> None:
        """Replace each row whose stored version is one less, all or none; else `Conflict` over ``what``.

        The rows are as for `insert`, of a table with a column version.
        """
        if rows:
            with self.savepoint():
                changed = bulk.changing(table)
                statement = bulk.amend(table, changed, bulk.before(table), self.connection.dialect)
                if self._count(statement, bulk.next_versions(table, changed, rows), what) != len(rows):
                    raise Conflict(what)

    def advance(self, table: Table, changed: bulk.Names, rows: Rows, what: str) -> None:
        """`replace` of some columns only, of no row twice; after a `Conflict` the transaction can only be left.

        Each of the rows has the new values of these columns, then those of `bulk.before`.
        """
        with self.leaving():
            if self.amend(table, changed, bulk.before(table), rows, what) != len(rows):
                raise Conflict(what)

    def _count(self, sql: str, rows: Rows, what: str) -> int:
        with self._statement(what):
            parameters = rows[0] if len(rows) == 1 else list(rows)
            return self.connection.exec_driver_sql(sql, parameters).rowcount

    def _by_the_fifty(self, statement: Callable[[Table], str], table: Table, rows: Rows, what: str) -> Rows:
        """Store what SQLite takes with whole statements of `bulk.TOGETHER` rows; the rows that are left."""
        if self._dialect != "sqlite" or len(rows) < bulk.TOGETHER:
            return rows
        fifties, rows = bulk.together(rows)
        self._count_all(statement(table), fifties, what)
        return rows

    def _count_all(self, sql: str, rows: Rows, what: str) -> int:
        """`_count` of rows in a list, however few they are."""
        with self._statement(what):
            return self.connection.exec_driver_sql(sql, list(rows)).rowcount

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is done inside is undone when an exception leaves; the transaction goes on as it was."""
        self._savepoints += 1
        name = f"certcore_{self._savepoints}"
        self.control(f"SAVEPOINT {name}")
        try:
            yield
            self._check()
        except BaseException:
            self._undo_to(name)
            raise
        self.control(f"RELEASE SAVEPOINT {name}")

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """Nothing but leaving is possible after an exception inside."""
        try:
            yield
        except BaseException:
            self._unusable = self._unusable or _HALF_DONE
            raise

    def _undo_to(self, name: str) -> None:
        if self._unusable in (None, _HALF_DONE):
            self._unusable = None
            try:
                self.control(f"ROLLBACK TO SAVEPOINT {name}")
                self.control(f"RELEASE SAVEPOINT {name}")
            except StorageError:  # the exception that undoes this part is the one to tell of
                self._unusable = _LOST

    @contextmanager
    def whole_transaction(self) -> Iterator[None]:
        """A transaction on a connection that commits by itself."""
        self.begin(immediately=not self.reads_only)
        try:
            yield
            self.control("COMMIT")
        except BaseException:
            self._unusable = None
            with suppress(StorageError):
                self.control("ROLLBACK")
            raise

    def begin(self, *, immediately: bool) -> None:
        """Say BEGIN; ``immediately`` takes SQLite's write lock at once, since taking it later does not wait."""
        self.control("BEGIN IMMEDIATE" if immediately and self._dialect == "sqlite" else "BEGIN")

    def control(self, command: str) -> None:
        """Run a command that steers the transaction."""
        with self._statement("transaction"):
            self.connection.exec_driver_sql(command)

    def commit(self) -> None:
        """Commit what this unit began."""
        self._check()
        with translated(self.connection, "transaction"):
            self.connection.commit()

    def roll_back(self) -> None:
        """Roll back what this unit began; where not even that works, the connection is given up."""
        try:
            with translated(self.connection, "transaction"):
                self.connection.rollback()
        except StorageError:
            with suppress(Exception):
                self.connection.invalidate()

    def end(self) -> None:
        """Let no repository that somebody has kept work on a connection that goes to others."""
        self._unusable = _ENDED

    @contextmanager
    def _statement(self, what: str) -> Iterator[None]:
        self._check()
        try:
            with translated(self.connection, what):
                yield
        except StorageError:
            # SQLite ends a transaction by itself when its disk is full, and would then commit every statement alone.
            if self.connection.invalidated or not inside_transaction(self.connection):
                self._unusable = _LOST
            raise

    def _check(self) -> None:
        if self._unusable is not None:
            raise StorageError(self._unusable)
