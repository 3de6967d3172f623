"""Floors: the file through `csv.reader`, then the rows that an import left, replayed by the driver alone."""

import csv
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

from certcore.adapters.sql.columns import PREFIX, metadata
from certcore.adapters.sql.connecting import connections_to
from certcore.cli.bench.places import sqlite_path
from certcore.cli.bench.timed import Cost
from certcore.cli.garbage import collection_paused

TABLES: Final[Sequence[str]] = sorted(metadata.tables)

_OURS: Final = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name LIKE ? ORDER BY rowid"
_CHUNK: Final = 10_000
_BLOCK: Final = 1 << 16

Marks = Mapping[str, int]
"""For each table how far it was filled, so that later rows can be told from earlier ones."""


class Floor(ABC):
    """The floor of an import: `marks` are taken before it, the least work is measured after it."""

    @abstractmethod
    def marks(self) -> Marks:
        """How far the tables are filled."""

    @abstractmethod
    def measure(self, file: Path, before: Marks, folder: Path) -> Cost:
        """What it takes to read the file and to store all rows that came since, in copies of their tables."""


def floor_of(url: str) -> Floor:
    """The floor on SQLite or on PostgreSQL."""
    return SqliteFloor(sqlite_path(url)) if url.startswith("sqlite") else PostgresFloor(url)


class SqliteFloor(Floor):
    """`executemany` of the rows in their order, in one transaction, with the pragmas of `SqlStorage`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def marks(self) -> Marks:
        """See `Floor.marks`."""
        with closing(sqlite3.connect(self._path)) as source:
            return {name: source.execute(f"SELECT max(rowid) FROM {name}").fetchone()[0] or 0 for name in TABLES}

    def measure(self, file: Path, before: Marks, folder: Path) -> Cost:
        """See `Floor.measure`."""
        path = empty_copy(self._path, folder / "floor.db")
        clock = _Clock()
        with closing(connections_to(f"sqlite:///{path}")) as connections, collection_paused():
            with connections.unit(writing=True) as unit:
                target = unit.connection.connection.cursor()
                clock.start()
                _read(file)
                clock.stop()
                for table, rows in gained(self._path, before):
                    statement = insert_into(table, rows[0])
                    clock.start()
                    target.executemany(statement, rows)
                    clock.stop()
                clock.start()
            clock.stop()
        path.unlink()
        return clock.cost()


def empty_copy(path: str, to: Path) -> Path:
    """A database with the same tables and indexes and no rows."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        for (sql,) in source.execute(_OURS, (f"{PREFIX}%",)):
            target.execute(sql)
    return to


def gained(path: str, before: Marks, limit: int = -1) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """The rows that came since, at most ``limit`` of a table, in parts, in the order in which they came."""
    with closing(sqlite3.connect(path)) as source:
        for table, last in before.items():
            found = source.execute(f"SELECT * FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?", (last, limit))
            while rows := found.fetchmany(_CHUNK):
                yield table, rows


def insert_into(table: str, row: Sequence[object]) -> str:
    """The INSERT of a whole row."""
    return f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})"


class PostgresFloor(Floor):
    """COPY of the rows as the text in which the server itself gives them out, in one transaction."""

    def __init__(self, url: str) -> None:
        self._url = url

    def marks(self) -> Marks:
        """See `Floor.marks`."""
        with closing(connections_to(self._url)) as connections, connections.unit(writing=False) as unit:
            count = unit.connection.exec_driver_sql
            return {name: int(count(f"SELECT count(*) FROM {name}").scalar_one()) for name in TABLES}

    def measure(self, file: Path, before: Marks, folder: Path) -> Cost:
        """See `Floor.measure`."""
        tables = [name for name, count in self.marks().items() if count > before[name]]
        clock = _Clock()
        with closing(connections_to(self._url)) as connections:
            with connections.unit(writing=True) as unit:
                for name in tables:
                    self._copy_out(unit.connection, f"SELECT * FROM {name} OFFSET {before[name]}", folder / name)
                    unit.control(f"CREATE TABLE {_twin(name)} (LIKE {name} INCLUDING ALL)")
            clock.start()
            with connections.unit(writing=True) as unit:
                _read(file)
                for name in tables:
                    self._copy_in(unit.connection, _twin(name), folder / name)
            clock.stop()
            with connections.unit(writing=True) as unit:
                for name in tables:
                    unit.control(f"DROP TABLE {_twin(name)}")
                    (folder / name).unlink()
        return clock.cost()

    def _copy_out(self, connection: Any, query: str, path: Path) -> None:
        cursor = connection.connection.cursor()
        with path.open("wb") as kept, cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as blocks:
            kept.writelines(blocks)

    def _copy_in(self, connection: Any, table: str, path: Path) -> None:
        cursor = connection.connection.cursor()
        with path.open("rb") as kept, cursor, cursor.copy(f"COPY {table} FROM STDIN") as target:
            for block in iter(partial(kept.read, _BLOCK), b""):
                target.write(block)


def _twin(table: str) -> str:
    return f"bench_{table.removeprefix(PREFIX)}"


def _read(file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as source:
        for _ in csv.reader(source):
            pass


class _Clock:
    """The time between starts and stops, of the wall and of this process."""

    def __init__(self) -> None:
        self._seconds = self._cpu_seconds = 0.0

    def start(self) -> None:
        self._seconds -= time.perf_counter()
        self._cpu_seconds -= time.process_time()

    def stop(self) -> None:
        self._seconds += time.perf_counter()
        self._cpu_seconds += time.process_time()

    def cost(self) -> Cost:
        return Cost(self._seconds, self._cpu_seconds)
