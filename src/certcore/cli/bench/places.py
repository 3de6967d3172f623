"""Where a benchmark keeps its tables: in an SQLite file or a PostgreSQL schema of its own, gone afterwards."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from certcore.adapters.sql.connecting import connections_to
from certcore.errors import InvalidValue

_PREFIX: Final = "certcore-bench-"


@contextmanager
def place_for(url: str | None) -> Iterator[tuple[str, Path]]:
    """The URL of an empty place of the benchmark's own, and a folder for its files.

    Without ``url``, or for one of SQLite, an SQLite file in a folder beside the one that is named; on PostgreSQL a new
    schema of the database. Raises `InvalidValue` for other databases.
    """
    backend = "sqlite" if url is None else url.partition(":")[0].partition("+")[0]
    if backend not in ("sqlite", "postgresql"):
        raise InvalidValue("db", url, "a database of SQLite or PostgreSQL")
    with TemporaryDirectory(prefix=_PREFIX, dir=_beside(url) if backend == "sqlite" else None) as name:
        if url is None or backend == "sqlite":
            yield f"sqlite:///{Path(name, 'bench.db')}", Path(name)
        else:
            with _schema(url) as own:
                yield own, Path(name)


def sqlite_path(url: str) -> str:
    """The file of an SQLite URL."""
    return url.partition("///")[2].partition("?")[0]


def _beside(url: str | None) -> Path | None:
    path = sqlite_path(url or "")
    return Path(path).parent if path and Path(path).parent.is_dir() else None


@contextmanager
def _schema(url: str) -> Iterator[str]:
    name = f"certcore_bench_{secrets.token_hex(4)}"
    with closing(connections_to(url)) as connections:
        with connections.unit(writing=True) as unit:
            unit.control(f"CREATE SCHEMA {name}")
        try:
            yield _in_schema(url, name)
        finally:
            with connections.unit(writing=True) as unit:
                unit.control(f"DROP SCHEMA {name} CASCADE")


def _in_schema(url: str, name: str) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -c search_path={name}".strip()
    before = url.partition("?")[0].partition("#")[0]
    return f"{before}?{urlencode(query, quote_via=quote)}"
