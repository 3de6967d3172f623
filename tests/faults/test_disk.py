"""A disk that is full or cannot be written, in the middle of an import."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import Engine, create_engine, event, make_url

from certcore.adapters.sql.connecting import own_engine
from certcore.errors import Retryable, StorageError
from tests.faults.conftest import Copies
from tests.faults.world import check_invariants, dump, file_of, imports_of, site_at, told

ROWS = 1_000
BATCH = 200
DATA = file_of(ROWS)


@contextmanager
def quota(url: str, pages: int) -> Iterator[Engine]:
    """An engine whose database may have so many pages more than it has."""
    engine = own_engine(url)

    @event.listens_for(engine, "connect")
    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most}").close()

    with closing(sqlite3.connect(str(make_url(url).database))) as connection:
        most = connection.execute("PRAGMA page_count").fetchone()[0] + pages
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def calm(sqlite_copies: Copies) -> tuple[list[str], dict[str, object], str]:
    """With room: the awards before and after each batch, the report, and all that is stored at the end."""
    with sqlite_copies(ROWS) as url, site_at(url, batch=BATCH) as site:
        seen = [dump(site.storage, history=False)]
        report = site.run(DATA, progress=lambda _done, _total: seen.append(dump(site.storage, history=False)))
        return seen, told(report), dump(site.storage)


@pytest.mark.parametrize("pages", [1, 40, 80, 120])
def test_f38_a_full_disk_leaves_whole_batches_and_the_import_goes_on_when_there_is_room(
    sqlite_copies: Copies, calm: tuple[list[str], dict[str, object], str], pages: int
) -> None:
    """SQLITE_FULL within a batch: a typed error and no half of it, however often; then the same end."""
    states, report, end = calm
    with sqlite_copies(ROWS) as url:
        with quota(url, pages) as engine, site_at(engine, batch=BATCH) as site:
            for _ in range(2):
                with pytest.raises(StorageError, match="full") as error:
                    site.run(DATA)
                assert not isinstance(error.value, Retryable)
                done = states.index(dump(site.storage, history=False))
                assert done > 0 or pages < 100
                check_invariants(site.storage)
            before = imports_of(site, DATA)
        with site_at(url, batch=BATCH) as site:
            again = site.run(DATA)
            assert {again.import_id} == {*imports_of(site, DATA)} >= {*before}
            assert told(again) == report
            assert dump(site.storage) == end
            check_invariants(site.storage)


@pytest.mark.parametrize("how", ["mode=ro", "immutable=1"])
def test_f38_a_read_only_database_is_a_typed_error(sqlite_copies: Copies, how: str) -> None:
    """Nothing changes, and a dry run still tells all of it."""
    with sqlite_copies(ROWS) as url:
        with site_at(url, batch=BATCH) as site:
            before = dump(site.storage)
        engine = create_engine(f"sqlite:///file:{make_url(url).database}?{how}&uri=true")
        with site_at(engine, batch=BATCH) as site:
            with pytest.raises(StorageError, match="readonly") as error:
                site.run(DATA)
            assert not isinstance(error.value, Retryable)
            assert dump(site.storage) == before
        engine.dispose()
