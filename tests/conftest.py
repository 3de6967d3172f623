"""What every test can ask for: a PostgreSQL, a fresh database in it, and the folder of cases."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from xdist.workermanage import WorkerController

from tests.cases import ABSENT, CASES
from tests.postgres import ensure_server, new_database, server_folder, used_server

POSTGRES_FOLDER = pytest.StashKey[Path]()

hypothesis.settings.register_profile("certcore", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("certcore")


def pytest_configure(config: pytest.Config) -> None:
    """One folder, and so one server, for the whole run: made and removed by the process that starts the workers."""
    if worker_input := getattr(config, "workerinput", None):
        config.stash[POSTGRES_FOLDER] = Path(worker_input["postgres_folder"])
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up after `kill` as after Ctrl-C
    cleanup = ExitStack()
    config.add_cleanup(cleanup.close)
    config.stash[POSTGRES_FOLDER] = cleanup.enter_context(server_folder())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker the folder."""
    node.workerinput["postgres_folder"] = str(node.config.stash[POSTGRES_FOLDER])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    server = used_server(config.stash[POSTGRES_FOLDER])
    terminalreporter.write_line(f"postgres: {server or 'no test asked for it'}")
    terminalreporter.write_line(f"cases: {CASES if CASES.is_dir() else ABSENT}")


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> str:
    """The url of the run's PostgreSQL: its maintenance database, for those who make databases of their own."""
    return ensure_server(pytestconfig.stash[POSTGRES_FOLDER]).url


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A database of this worker's own; what a test leaves there, the next one finds."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture
def fresh_postgres_url(postgres_server: str) -> Iterator[str]:
    """A new empty database for one test (about 30 ms)."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of cases; skips where there is none."""
    if not CASES.is_dir():
        pytest.skip(ABSENT)
    return CASES
