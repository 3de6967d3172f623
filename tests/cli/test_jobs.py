"""jobs and worker: an import that is left to a worker, seen, cancelled, resumed, and done."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import WORLD
from tests.cli.running import CommandLine

Write = Callable[..., str]
KEYS = {"job_id", "kind", "state", "created_at", "actor", "done", "total", "result"}
GOOD = ("ana,SAFE-1,2026-01-31,false,2027-01-31,course,C-1", "bo,SAFE-1,2026-01-31,true,,manual,")
BAD = "nobody,SAFE-1,2026-01-31,true,,manual,"


@pytest.fixture(params=["sqlite", "postgresql"])
def line(request: pytest.FixtureRequest, certcore: CommandLine) -> CommandLine:
    """The command line on each database, with a small world."""
    if request.param == "postgresql":
        certcore = certcore.on(request.getfixturevalue("fresh_postgres_url"))
    certcore.write("world.toml", WORLD)
    assert certcore("load", "world.toml").code == 0
    return certcore


def queued(line: CommandLine, write: Write, *rows: str) -> str:
    write(*rows)
    document = line.json("import", "awards.csv", "--zone", "Europe/Rome", "--queue")
    assert (set(document), document["kind"], document["state"]) == (KEYS, "import", "queued")
    return str(document["job_id"])


def states(line: CommandLine, *options: str) -> dict[str, str]:
    return {job["job_id"]: job["state"] for job in line.json("jobs", "list", *options)["jobs"]}


def test_an_import_is_left_to_a_worker(line: CommandLine, awards_file: Write) -> None:
    """R-41: nothing happens until there is one; then its report and its rejects are there."""
    job_id = queued(line, awards_file, *GOOD, BAD)
    assert states(line) == {job_id: "queued"}
    assert line.json("search")["awards"] == []
    assert line.json("worker", "--once") == {"jobs": {"done": 1}}
    assert (states(line), states(line, "--state", "done")) == ({}, {job_id: "done"})
    shown = line.json("jobs", "show", job_id)
    assert (shown["done"], shown["total"], shown["result"]["new"], shown["result"]["rejected"]) == (3, 3, 2, 1)
    assert line.json("import", "show", job_id)["errors"][0]["code"] == "unknown_user"
    assert line.json("import", "rejects", job_id, "--output", "rejects.csv") == {"import_id": job_id, "rows": 1}
    assert (line.folder / "rejects.csv").read_text().splitlines()[1].startswith("nobody,SAFE-1")
    assert line.json("worker", "--once") == {"jobs": {}}


def test_long_awards_and_revocations_are_left_to_a_worker(loaded: CommandLine) -> None:
    """R-31: more than 100 people; fewer are awarded at once all the same."""
    names = [f"user{number:03}" for number in range(101)]
    loaded.write("people.csv", "username\n" + "\n".join(names) + "\n")
    assert loaded.json("people", "import", "people.csv")["saved"] == 101
    award = ("award", "--certification", "SAFE-1", "--issued-on", "2026-01-31", "--queue")
    assert loaded.json(*award, "--user", "ana")["new"] == 1
    users = [part for name in names for part in ("--user", name)]
    job = loaded.json(*award, *users)
    assert (job["kind"], job["state"], job["total"]) == ("award", "queued", 101)
    assert loaded.json("worker", "--once") == {"jobs": {"done": 1}}
    shown = loaded.json("jobs", "show", job["job_id"])
    assert (shown["done"], shown["result"]["counts"]) == (101, {"new": 101})
    numbers = [each["number"] for each in loaded.json("search", "--limit", "200")["awards"]]
    job = loaded.json("revoke", *numbers, "--reason", "Fraud", "--queue")
    assert (job["kind"], job["state"], job["total"]) == ("revoke", "queued", 102)
    assert loaded.json("worker", "--once") == {"jobs": {"done": 1}}
    assert loaded.json("jobs", "show", job["job_id"])["result"]["counts"] == {"revoked": 102}


def test_a_job_is_cancelled_and_resumed(line: CommandLine, awards_file: Write) -> None:
    """What is cancelled is not run; resumed it waits, and a worker does it."""
    job_id = queued(line, awards_file, *GOOD)
    assert line.json("jobs", "cancel", job_id)["state"] == "cancelled"
    assert line.json("worker", "--once") in ({"jobs": {}}, {"jobs": {"cancelled": 1}})
    assert states(line) == {job_id: "cancelled"}
    assert line.json("jobs", "resume", job_id)["state"] == "queued"
    assert line.json("worker", "--once") == {"jobs": {"done": 1}}
    for act in ("cancel", "resume"):
        assert line("jobs", act, job_id, "--json").error == (1, "wrong_job_state")


def test_what_is_asked_of_no_job_is_refused(certcore: CommandLine) -> None:
    """As everything that is not there."""
    for act in ("show", "cancel", "resume"):
        assert certcore("jobs", act, "0000000000000001", "--json").error == (1, "not_found")
    assert certcore("jobs", "list", "--state", "lost", "--json").error == (2, "wrong_usage")
    awards = ("import", "awards.csv", "--zone", "UTC", "--queue")
    assert certcore(*awards, "--dry-run", "--json").error == (2, "wrong_usage")


def test_tables_for_a_human(loaded: CommandLine, awards_file: Write) -> None:
    """What it is, how far, what it has come to."""
    job_id = queued(loaded, awards_file, *GOOD, BAD)
    assert job_id in loaded("jobs", "list").out
    worked = loaded("worker", "--once").out
    assert f"import {job_id}: done" in worked
    assert "1 jobs were run" in worked
    shown = loaded("jobs", "show", job_id).out
    assert "3 of 3" in shown
    assert "rejected" in shown


def test_sigterm_ends_a_worker_well(line: CommandLine, awards_file: Write) -> None:
    """It has done what waited, says so, and its exit code is 0."""
    with line.started("worker", "--json") as process:
        job_id = queued(line, awards_file, *GOOD)
        until = time.monotonic() + 60
        while states(line, "--state", "done") != {job_id: "done"}:
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert b'"done": 1' in out


def test_a_job_that_fails_says_why(loaded: CommandLine, tmp_path: Path) -> None:
    """The document store is gone: f40; the worker goes on."""
    (tmp_path / "awards.csv").write_text(
        "username,certification_code,certification_issue_date,always_valid,certification_expire_date,type,code\n"
        + "\n".join(GOOD)
        + "\n"
    )
    job_id = loaded.json("import", "awards.csv", "--zone", "UTC", "--queue")["job_id"]
    for part in (tmp_path / "certcore.db.documents").rglob("*-*"):
        part.unlink()
    assert loaded.json("worker", "--once") == {"jobs": {"failed": 1}}
    document: Any = loaded.json("jobs", "show", job_id)
    assert document["result"]["error"]["code"] == "corrupt_document"
    assert "It ended so" in loaded("jobs", "show", job_id).out
