"""demo: the main job on a made-up file, told to a human."""

import pytest

from tests.cli.running import CommandLine


def test_the_demo_tells_the_main_job(certcore: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """World, file, dry run, import, the first mistakes, the same again, a learner and an award; nothing is left."""
    monkeypatch.setenv("TMPDIR", str(certcore.folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    done = certcore("demo", "--rows", "1000")
    assert (done.code, done.err) == (0, "")
    steps = (
        "A world",
        "A file of 1,000 rows",
        "Dry run",
        "Import ",
        "First mistakes",
        "The same file again",
        "One learner",
    )
    places = [done.out.index(step) for step in steps]
    assert places == sorted(places)
    for told in ("'07/04/2021'", "spreadsheet's number", "is deactivated", "is retired", "unchanged", "America/Havana"):
        assert told in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert not list(certcore.folder.iterdir())


def test_the_demo_is_the_same_every_time(certcore: CommandLine) -> None:
    """People, rows and numbers come from one seed, and the clock is stopped."""
    document = certcore.json("demo", "--rows", "400")
    assert certcore.json("demo", "--rows", "400") == document
    assert document["import"]["rows"] == 400
    assert document["dry_run"]["new"] == document["import"]["new"] == document["again"]["unchanged"]
    assert document["import"]["rejected"] == document["again"]["rejected"] > 10
    codes = {error["code"] for error in document["import"]["errors"]}
    assert codes >= {"spreadsheet_date", "spreadsheet_serial", "duplicate_row", "unknown_user", "retired_certification"}
    assert document["award"]["issued_at"].endswith("T22:00:00Z")


def test_the_demo_shows_what_it_says_on_a_named_database(certcore: CommandLine, fresh_postgres_url: str) -> None:
    """With --db it stays there, on PostgreSQL too, and again it changes nothing."""
    here = certcore.on(fresh_postgres_url)
    first = here.json("demo", "--rows", "300")
    assert first["import"]["new"] > 250
    assert here.json("demo", "--rows", "300")["import"]["unchanged"] == first["import"]["new"]
    assert len(here.json("search", "--limit", "1000")["awards"]) == first["import"]["new"]


def test_the_demo_can_leave_its_files(certcore: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --keep the file and the database are there to look at."""
    monkeypatch.setattr("tempfile.tempdir", str(certcore.folder))
    assert "look around" in certcore("demo", "--rows", "100", "--keep").out
    (folder,) = certcore.folder.glob("certcore-demo-*")
    assert (folder / "awards.csv").read_text(encoding="utf-8").count("\n") == 101
    assert certcore.on(str(folder / "demo.db")).json("search")["awards"]


@pytest.mark.parametrize("rows", ["1", "2", "26"])
def test_the_smallest_files_will_do(certcore: CommandLine, rows: str) -> None:
    """The story holds with a row or two."""
    assert certcore.json("demo", "--rows", rows)["import"]["rows"] == int(rows)
