"""``certcore report``: tables, JSON and CSV."""

import csv
import json
from datetime import date
from typing import Any

import pytest

from tests.cli.running import CommandLine

NOW = ("--now", "2026-03-15T12:00:00Z")
GIVE = ("award", "--issued-on", "2026-03-01")
REPORT_KEYS = {
    "number",
    "username",
    "certification",
    "status",
    "issued_at",
    "issued_on",
    "expires_at",
    "expires_on",
    "last_valid_day",
    "zone",
    "basis",
    "renews",
    "renewed_by",
    "first_name",
    "last_name",
    "title",
    "days_left",
    "completed_on",
    "earlier_completed_on",
    "renewed",
    "ended",
}
VIEW_KEYS = {
    "number",
    "title",
    "code",
    "description",
    "status",
    "issued_at",
    "issued_on",
    "expires_at",
    "last_valid_day",
    "days_left",
    "basis",
    "links",
    "renewable",
    "reasons",
    "renew_link",
    "renews",
    "earlier_completed_on",
    "renewed_by",
    "renewed",
}


@pytest.fixture
def chained(loaded: CommandLine) -> CommandLine:
    """Ana renewed SAFE-1 late, bo holds it, and boss holds EVER-1."""
    loaded.json("award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "2025-02-01")
    loaded.json(
        *("award", "--certification", "SAFE-1", "--user", "ana", "--user", "bo", "--issued-on", "2026-03-01"),
        *("--held", "renew"),
    )
    loaded.json(*GIVE, "--certification", "EVER-1", "--user", "boss")
    return loaded


def reported(certcore: CommandLine, *arguments: str) -> list[dict[str, Any]]:
    """The rows of a report as JSON."""
    document = certcore.json("report", *arguments, *NOW)
    assert set(document) == {"at", "zone", "awards"}
    return list(document["awards"])


def test_users_and_certifications_are_reported_with_their_chains(chained: CommandLine) -> None:
    """R-60, R-92: both orders, archived awards, what renewed what and when."""
    users = reported(chained, "users")
    assert all(set(row) == REPORT_KEYS for row in users)
    assert [(row["username"], row["certification"], row["status"]) for row in users] == [
        ("ana", "SAFE-1", "archived"),
        ("ana", "SAFE-1", "active"),
        ("bo", "SAFE-1", "active"),
        ("boss", "EVER-1", "active"),
    ]
    old, new, *_ = users
    assert (old["renewed_by"], new["renews"]) == (new["number"], old["number"])
    assert (old["renewed"], old["ended"], new["earlier_completed_on"]) == ("after_expiry", "renewed", "2025-02-01")
    assert (new["first_name"], new["last_name"], new["title"], new["days_left"]) == ("Ana", "Rossi", "Safety", 350)
    certifications = reported(chained, "certifications")
    assert sorted(map(str, certifications)) == sorted(map(str, users))
    assert [row["certification"] for row in certifications] == ["EVER-1", "SAFE-1", "SAFE-1", "SAFE-1"]


def test_reports_are_as_of_any_instant(chained: CommandLine) -> None:
    """R-14: --at, which the answer names."""
    document = chained.json("report", "users", "--at", "2025-06-01T02:00:00+02:00", "--zone", "Europe/Rome")
    assert (document["at"], document["zone"]) == ("2025-06-01T00:00:00Z", "Europe/Rome")
    assert [row["status"] for row in document["awards"]] == ["active", "upcoming", "upcoming", "upcoming"]
    assert chained("report", "users", "--at", "June").code == 2
    assert chained("report", "users", "--zone", "Mars", "--json").error == (1, "unknown_zone")


def test_the_awarded_are_listed(chained: CommandLine) -> None:
    """R-35: those who hold it now; a certification that is not there is not found."""
    assert [row["username"] for row in reported(chained, "awarded", "SAFE-1")] == ["ana", "bo"]
    assert reported(chained, "awarded", "SAFE-1", "--at", "2024-01-01T00:00:00Z")
    assert chained("report", "awarded", "NOPE", "--json").error == (1, "not_found")
    out = chained("report", "awarded", "SAFE-1", *NOW).out
    assert "Ana Rossi" in out
    assert "2027-02-28" in out


def test_a_learners_view_is_shown(chained: CommandLine) -> None:
    """R-96: in the learner's zone, which is named, with why what can be renewed."""
    view = chained.json("report", "learner", "ana", *NOW)
    assert (view["username"], view["at"], view["zone"]) == ("ana", NOW[1], "America/Havana")
    (held,), (earlier,) = view["awards"], view["history"]
    assert set(held) == set(earlier) == VIEW_KEYS
    assert (held["title"], held["code"], held["description"]) == ("Safety", "SAFE-1", "Knows how to stay whole.")
    assert (held["issued_on"], held["last_valid_day"], held["days_left"]) == ("2026-02-28", "2027-02-28", 350)
    assert held["renewable"]
    assert {reason["code"] for reason in held["reasons"]} >= {"through_completion"}
    assert earlier["renewed"] == "after_expiry"
    out = chained("report", "learner", "ana", *NOW).out
    for told in ("Ana Rossi (ana), days in America/Havana", "Safety can be renewed", "Completing course:C-1"):
        assert told in out
    assert "holds no certification" in chained("report", "learner", "gone").out
    assert chained("report", "learner", "nobody", "--json").error == (1, "not_found")


def test_statuses_are_told_for_any_instant(chained: CommandLine) -> None:
    """R-14: of everybody, or of one certification; a human gets the sums as well."""
    document = chained.json("report", "statuses", "--at", "2027-03-01T00:00:00Z")
    assert document["at"] == "2027-03-01T00:00:00Z"
    assert {(row["username"], row["certification"], row["status"]) for row in document["statuses"]} == {
        ("ana", "SAFE-1", "archived"),
        ("ana", "SAFE-1", "expired"),
        ("bo", "SAFE-1", "expired"),
        ("boss", "EVER-1", "active"),
    }
    assert len(chained.json("report", "statuses", "--certification", "EVER-1")["statuses"]) == 1
    out = " ".join(chained("report", "statuses", "--at", "2027-03-01T00:00:00Z").out.split())
    assert "active 1 expired 2 archived 1" in out
    assert chained("report", "statuses", "--certification", "NOPE", "--json").error == (1, "not_found")


@pytest.mark.parametrize(
    ("report", "rows"), [("users", 4), ("certifications", 4), ("awarded SAFE-1", 2), ("statuses", 4)]
)
def test_reports_are_written_to_a_file(chained: CommandLine, report: str, rows: int) -> None:
    """CSV with a heading, of all rows; the answer says how many."""
    done = chained.json("report", *report.split(), "--csv", "report.csv", *NOW)
    assert (done["file"], done["rows"]) == ("report.csv", rows)
    with (chained.folder / "report.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file, strict=True))
    assert len(read) == rows
    assert {"number", "status", "username"} <= set(read[0])
    assert {row["username"] for row in read} >= {"ana", "bo"}
    assert f"{rows} rows in report.csv" in chained("report", *report.split(), "--csv", "report.csv", *NOW).out
    assert chained("report", *report.split(), "--csv", "no/such/folder.csv", "--json").error == (1, "invalid_value")


def test_f11_no_cell_of_a_file_is_run_as_a_formula(chained: CommandLine) -> None:
    """R-93: names come from outside."""
    hostile = b'people = [{username = "=1+1", first_name = "@SUM(A1)", last_name = "+1"}]'
    chained("load", "-", stdin=hostile)
    chained.json(*GIVE, "--certification", "EVER-1", "--user", "=1+1")
    chained.json("report", "users", "--csv", "report.csv")
    with (chained.folder / "report.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert {"'=1+1", "'@SUM(A1)", "'+1"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_an_empty_platform_has_empty_reports(certcore: CommandLine) -> None:
    """As tables, as JSON and as a file with nothing but its heading."""
    for report in ("users", "certifications", "statuses"):
        assert "No awards found" in certcore("report", report).out
        assert certcore.json("report", report).popitem()[1] == []
        assert certcore.json("report", report, "--csv", "empty.csv")["rows"] == 0
        assert len((certcore.folder / "empty.csv").read_text().splitlines()) == 1


def test_a_long_list_shows_its_first_rows_and_gives_all_as_json(chained: CommandLine) -> None:
    """A human is told where the rest is; a document has every row."""
    people = ", ".join(f'{{username = "u{n:03}", groups = ["many"]}}' for n in range(250))
    chained("load", "-", stdin=f"people = [{people}]".encode())
    chained.json(*GIVE, "--certification", "EVER-1", "--group", "many")
    out = chained("report", "users").out
    assert "… and 54 more" in out
    assert "--csv" in out
    document = json.loads(chained("report", "users", "--json").out)
    assert len(document["awards"]) == 254


def test_tables_fit_eighty_columns(loaded: CommandLine) -> None:
    """Long names are broken, numbers never."""
    name = "x" * 200
    loaded("load", "-", stdin=f'people = [{{username = "{name}", first_name = "{name}"}}]'.encode())
    loaded("certification", "add", "Y" * 100, "--code", "y" * 100)
    for day in (1, 2):
        loaded.json(
            *("award", "--certification", "y" * 100, "--user", name, "--issued-on", f"2026-03-0{day}"),
            *("--held", "renew"),
        )
    for report in (("users",), ("certifications",), ("awarded", "y" * 100), ("learner", name), ("statuses",)):
        done = loaded("report", *report, "--now", f"{date(2026, 4, 1)}T00:00:00Z")
        assert done.code == 0, done
        assert max(map(len, done.out.splitlines())) <= 80, done.out
