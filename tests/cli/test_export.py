"""export: files, zips, jobs, and what is said of them."""

import csv
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.running import CommandLine

GIVE = ("award", "--certification", "SAFE-1", "--issued-on", "2026-03-01")
NOW = ("--now", "2026-03-15T12:00:00Z")


@pytest.fixture
def given(loaded: CommandLine) -> CommandLine:
    """Ana and Bo hold SAFE-1."""
    loaded(*GIVE, "--user", "ana", "--user", "bo", *NOW)
    return loaded


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_filters_fit_is_written_to_a_file(given: CommandLine, tmp_path: Path) -> None:
    """R-93: as a document and for a human; the file is whole."""
    target = tmp_path / "awards.csv"
    document = given.json("export", "--output", str(target), "--name", "ros an", *NOW)
    assert document == {
        "output": str(target),
        "awards": 1,
        "files": 1,
        "left_out": {},
        "as_manual": 0,
        "emptied": None,
    }
    assert [(row["username"], row["status"]) for row in rows(target)] == [("ana", "active")]
    done = given("export", "--output", str(target), *NOW)
    assert (done.code, len(rows(target))) == (0, 2)
    assert "2 awards" in done.out


def test_an_export_to_import_can_be_imported(given: CommandLine, tmp_path: Path) -> None:
    """R-93: nothing changes."""
    target = tmp_path / "awards.csv"
    given("export", "--layout", "import", "--output", str(target), *NOW)
    document = given.json("import", str(target), "--zone", "UTC", "--dry-run", *NOW)
    assert (document["rows"], document["rejected"], document["new"]) == (2, 0, 0)


def test_a_file_for_each_branch_goes_into_a_zip(given: CommandLine, tmp_path: Path) -> None:
    """With one for those in none."""
    target = tmp_path / "awards.zip"
    given("export", "--by", "branch", "--output", str(target), *NOW)
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == ["rome.csv", "without branch.csv"]


def test_an_empty_export_says_which_filter_it_was(given: CommandLine, tmp_path: Path) -> None:
    """On standard error, where it does not mix with a file; a search says it too."""
    done = given("export", "--output", str(tmp_path / "none.csv"), "--name", "nobody", *NOW)
    assert done.code == 0
    assert "filter name" in done.err
    assert rows(tmp_path / "none.csv") == []
    search = given("search", "--name", "nobody")
    assert "filter name" in search.out


def test_a_worker_exports_and_the_file_is_fetched(given: CommandLine, tmp_path: Path) -> None:
    """R-94: queued, run, written; before that it is not there."""
    target = tmp_path / "awards.csv"
    job = given.json("export", "--queue", "--key", "march", *NOW)["job_id"]
    assert given("export", "--job", job, "--output", str(target)).code == 1
    assert not target.exists()
    given("worker", "--once", *NOW)
    document = given.json("export", "--job", job, "--output", str(target), *NOW)
    assert (document["awards"], len(rows(target))) == (2, 2)
    assert given.json("export", "--queue", "--key", "march", *NOW)["job_id"] == job


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--output", "a.csv", "--queue"),
        ("--output", "a.csv", "--key", "k"),
        ("--output", "a.csv", "--layout", "pdf"),
        ("--output", "a.csv", "--by", "group"),
        ("--output", "a.csv", "--item", "C-1"),
        ("--output", "a.csv", "--job", "1d0ee1ecc09c2b49", "--status", "active"),
        ("--output", "a.csv", "--job", "1d0ee1ecc09c2b49", "--by", "item"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(given: CommandLine, arguments: tuple[str, ...]) -> None:
    """Exit code 2, nothing written."""
    done = given("export", *arguments)
    assert done.code == 2
    assert not Path("a.csv").exists()


@pytest.mark.parametrize("name", ["no/such/folder/a.csv", "."])
def test_a_place_that_cannot_be_written_is_named(given: CommandLine, name: str) -> None:
    """Exit code 1, with the cause."""
    done = given("export", "--output", name)
    assert done.code == 1
    assert "folder" in done.err


def test_one_sees_what_one_may(given: CommandLine, tmp_path: Path) -> None:
    """R-114: a manager has those they oversee; a learner is refused."""
    target = tmp_path / "awards.csv"
    given("export", "--as", "boss", "--output", str(target), *NOW)
    assert {row["username"] for row in rows(target)} == {"ana", "bo"}
    assert given("export", "--as", "ana", "--output", str(target), *NOW).code == 1
    assert len(rows(target)) == 2


def test_a_dash_is_standard_output(given: CommandLine) -> None:
    """With nothing else there, whatever the locale."""
    command = [sys.executable, "-m", "certcore.cli", "export", "--output", "-", *NOW]
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, cwd=given.folder, env=environment, capture_output=True, check=True)
    assert {row["username"] for row in csv.DictReader(done.stdout.decode("utf-8").splitlines())} == {"ana", "bo"}
    assert given("export", "--output", "-", "--json").code == 2
