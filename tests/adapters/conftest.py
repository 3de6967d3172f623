"""Databases with certcore's tables, migrated once for each worker."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from certcore.adapters.sql import SqlStorage, upgrade
from tests.postgres import new_database


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """A database to copy, or to share by tenants."""
    with new_database(postgres_server) as url:
        upgrade(url)
        yield url


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite file of the test's own, with empty tables."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'certcore.db')}"


@pytest.fixture
def postgres_copy(postgres_server: str, migrated_postgres: str) -> Iterator[str]:
    """A PostgreSQL database of the test's own, with empty tables."""
    with new_database(postgres_server, template=str(make_url(migrated_postgres).database)) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def sql_url(request: pytest.FixtureRequest) -> str:
    """A database of the test's own, with empty tables, on each of the two."""
    return str(request.getfixturevalue({"sqlite": "sqlite_url", "postgres": "postgres_copy"}[request.param]))


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[SqlStorage]:
    """An empty storage on a SQLite file."""
    storage = SqlStorage(sqlite_url)
    yield storage
    storage.close()


@pytest.fixture
def on_postgres(postgres_copy: str) -> Iterator[SqlStorage]:
    """An empty storage on PostgreSQL."""
    storage = SqlStorage(postgres_copy)
    yield storage
    storage.close()


@pytest.fixture
def sql_storage(sql_url: str) -> Iterator[SqlStorage]:
    """An empty storage on each of the two."""
    storage = SqlStorage(sql_url)
    yield storage
    storage.close()
