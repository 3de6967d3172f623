"""Databases to break: furnished once, then copied for every attempt."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import make_url

from certcore.adapters.sql import upgrade
from tests.faults.injecting import injecting
from tests.faults.world import furnish, site_at
from tests.postgres import new_database

__all__ = ["injecting"]


class Copies(Protocol):
    """Gives the url of a database furnished for a file of so many rows, the test's own while the block lasts."""

    def __call__(self, rows: int) -> AbstractContextManager[str]: ...


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the two databases."""
    return str(request.param)


@pytest.fixture
def copies(request: pytest.FixtureRequest, backend: str) -> Copies:
    """On each of the two databases."""
    return request.getfixturevalue(f"{backend}_copies")  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def sqlite_copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """Copies of an SQLite file."""
    folder = tmp_path_factory.mktemp("faults")
    templates: dict[int, Path] = {}

    @contextmanager
    def copy(rows: int) -> Iterator[str]:
        if rows not in templates:
            templates[rows] = folder / f"{rows}.db"
            _furnish(f"sqlite:///{templates[rows]}", rows)
        path = Path(shutil.copy(templates[rows], folder / "copy.db"))
        try:
            yield f"sqlite:///{path}"
        finally:
            for each in folder.glob("copy.db*"):
                each.unlink()

    return copy


@pytest.fixture(scope="session")
def postgresql_copies(postgres_server: str, request: pytest.FixtureRequest) -> Copies:
    """Copies of a PostgreSQL database."""
    templates: dict[int, str] = {}

    def template(rows: int) -> str:
        if rows not in templates:
            made = new_database(postgres_server)
            templates[rows] = made.__enter__()
            request.addfinalizer(partial(made.__exit__, None, None, None))
            _furnish(templates[rows], rows)
        return str(make_url(templates[rows]).database)

    return lambda rows: new_database(postgres_server, template=template(rows))


def _furnish(url: str, rows: int) -> None:
    upgrade(url)
    with site_at(url, batch=2_000) as site:
        furnish(site, rows)
        with site.storage.transaction() as tx:
            tx.unit.control("ANALYZE")  # as autovacuum would have done, had the people not come just now
