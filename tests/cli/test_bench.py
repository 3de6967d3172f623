"""bench import: what is measured, on both databases; nothing here is timed."""

import gc
import sqlite3
from contextlib import closing

import psycopg
import pytest

from certcore.cli.bench import floors
from certcore.cli.garbage import collection_paused
from tests.cli.running import CommandLine

KEYS = {"rows", "seconds", "cpu_seconds", "floor_cpu_seconds", "ratio", "peak_mib", "peers"}


@pytest.fixture
def here(certcore: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line, whose temporary files are in its folder."""
    monkeypatch.setattr("tempfile.tempdir", str(certcore.folder))
    return certcore


@pytest.mark.parametrize("rows", [1, 11, 120])
def test_an_import_is_measured_beside_its_floor(here: CommandLine, rows: int) -> None:
    """The document has the measures, the ratio is theirs, and nothing is left behind."""
    document = here.json("bench", "import", "--rows", str(rows))
    assert set(document) >= KEYS
    assert (document["rows"], document["database"], document["peers"]) == (rows, "sqlite", {})
    assert document["ratio"] == pytest.approx(document["cpu_seconds"] / document["floor_cpu_seconds"], rel=0.05)
    assert document["seconds"] > 0
    assert document["peak_mib"] is None or 20 < document["peak_mib"] < 500
    assert not list(here.folder.iterdir())


def test_a_named_sqlite_file_is_left_alone(here: CommandLine) -> None:
    """The run is made beside it, on the same disk."""
    here.json("db", "upgrade")
    before = (here.folder / "certcore.db").read_bytes()
    assert here.json("bench", "import", "--rows", "20", "--db", "certcore.db")["rows"] == 20
    assert (here.folder / "certcore.db").read_bytes() == before
    assert not list(here.folder.glob("certcore-bench-*"))


def test_on_postgres_it_is_measured_in_a_schema_of_its_own(here: CommandLine, fresh_postgres_url: str) -> None:
    """The ratio is one of wall time, and the schema is gone afterwards."""
    document = here.on(fresh_postgres_url).json("bench", "import", "--rows", "120", "--runs", "2")
    assert set(document) >= KEYS
    assert (document["rows"], document["database"], document["runs"]) == (120, "postgresql", 2)
    with psycopg.connect(fresh_postgres_url.replace("+psycopg", "")) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'certcore%'").fetchall()
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert (names, tables) == ([], [])


def test_peers_are_told_apart(here: CommandLine) -> None:
    """Each that is installed has its ratio."""
    document = here.json("bench", "import", "--rows", "30", "--peers", "--distinct-dates")
    assert set(document["peers"]) == {"sqlalchemy_orm", "django_bulk_create", "plain_loop"}
    assert all(ratio > 0 for ratio in document["peers"].values())
    done = here("bench", "import", "--rows", "30", "--peers")
    assert "Django, bulk_create" in done.out


def test_what_cannot_be_measured_is_refused(here: CommandLine, fresh_postgres_url: str) -> None:
    """Other databases, peers on a server, no rows."""
    assert here("bench", "import", "--db", "mysql://host/name", "--json").error == (1, "invalid_value")
    assert here.on(fresh_postgres_url)("bench", "import", "--peers", "--json").error == (1, "invalid_value")
    assert here("bench", "import", "--rows", "0", "--json").error == (2, "wrong_usage")


def test_the_floor_leaves_the_same_rows(here: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy has each row that came since, and none of those before."""
    here.write("awards.csv", "a,b\n")
    with closing(sqlite3.connect(here.folder / "source.db")) as source:
        source.executescript("""
            CREATE TABLE certcore_award (id INTEGER, name TEXT);
            CREATE INDEX certcore_award_name ON certcore_award (name);
            INSERT INTO certcore_award VALUES (1, 'before');
        """)
        monkeypatch.setattr(floors, "TABLES", ["certcore_award"])
        floor = floors.floor_of(f"sqlite:///{here.folder / 'source.db'}")
        before = floor.marks()
        source.executemany("INSERT INTO certcore_award VALUES (?, ?)", [(2, "b"), (3, "a")])
        source.commit()
    assert list(floors.gained(str(here.folder / "source.db"), before)) == [("certcore_award", [(2, "b"), (3, "a")])]
    monkeypatch.setattr("pathlib.Path.unlink", lambda _path: None)
    assert floor.measure(here.folder / "awards.csv", before, here.folder).cpu_seconds > 0
    with closing(sqlite3.connect(here.folder / "floor.db")) as copy:
        assert copy.execute("SELECT * FROM certcore_award").fetchall() == [(2, "b"), (3, "a")]
        assert copy.execute("SELECT count(*) FROM sqlite_master WHERE type = 'index'").fetchone() == (1,)


def test_collection_is_paused_and_goes_on_afterwards() -> None:
    """Also when what was loaded failed; one that was off stays off."""
    with pytest.raises(OSError, match="full"), collection_paused():
        assert not gc.isenabled()
        raise OSError("full")
    assert gc.isenabled()
    gc.disable()
    try:
        with collection_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert gc.get_freeze_count() == 0
