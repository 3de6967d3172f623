"""The PostgreSQL of the tests keeps its promises."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests import postgres

REPOSITORY = Path(__file__).parents[1]
PROBE = """
import os, pathlib, signal, time

def test_probe(postgres_server):
    folder = pathlib.Path(__file__).parent
    assert list(folder.glob("certcore-pg-*/data/postmaster.pid"))
    (folder / "ran").touch()
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(1)
"""


def database_of(url: str) -> str:
    engine = create_engine(url)
    with engine.connect() as connection:
        name = str(connection.execute(text("SELECT current_database()")).scalar_one())
    engine.dispose()
    return name


def test_a_worker_and_a_test_have_databases_of_their_own(postgres_url: str, fresh_postgres_url: str) -> None:
    assert database_of(postgres_url) == make_url(postgres_url).database
    assert database_of(fresh_postgres_url) == make_url(fresh_postgres_url).database
    assert database_of(postgres_url) != database_of(fresh_postgres_url)


def test_a_new_database_is_gone_afterwards_even_with_a_connection_left_open(postgres_server: str) -> None:
    with postgres.new_database(postgres_server) as url:
        engine = create_engine(url)
        connection = engine.connect()
    known = create_engine(postgres_server)
    with known.connect() as admin:
        names = admin.execute(text("SELECT datname FROM pg_database")).scalars().all()
    connection.invalidate()
    engine.dispose()
    known.dispose()
    assert make_url(url).database not in names


def test_without_a_postgresql_the_run_fails_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(postgres.ENV, raising=False)
    monkeypatch.setattr(postgres, "find_spec", lambda _: None)
    monkeypatch.setattr(postgres, "_system_binaries", lambda: None)
    with pytest.raises(postgres.NoPostgresError, match=postgres.ENV):
        postgres.ensure_server(tmp_path)


def test_a_url_in_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: str
) -> None:
    monkeypatch.setenv(postgres.ENV, postgres_server.replace("+psycopg", ""))
    assert postgres.ensure_server(tmp_path).url == postgres_server
    assert postgres.ensure_server(tmp_path).source == postgres.ENV


def test_a_killed_run_leaves_no_server_behind() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server's user must get through
        probe = folder / "test_probe.py"
        probe.write_text(PROBE, encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-n1", "-c", REPOSITORY / "pyproject.toml", "-p", "tests.conftest", probe],
            cwd=REPOSITORY,
            env={**os.environ, "TMPDIR": name},
            stdout=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert (folder / "ran").exists()
        assert run.returncode == pytest.ExitCode.INTERRUPTED
        assert list(folder.glob("certcore-pg-*")) == []  # which goes only after the server
