"""revoke, restore, purge and unassign: what takes awards away, looked at first and with a reason."""

import csv
from pathlib import Path
from typing import Any

import pytest

from certcore.domain.settings import Settings
from tests.cli.running import CommandLine

NOW = ("--now", "2026-06-01T12:00:00Z")
OLD = ("--now", "2031-06-01T12:00:00Z")
KEYS = {"awards", "revoked", "unchanged", "rejected", "dry_run", "job_id", "outcomes"}


def given(certcore: CommandLine, username: str = "ana", day: str = "2026-03-01") -> str:
    """The number of an award of SAFE-1, which renews the one before it."""
    act = ("award", "--certification", "SAFE-1", "--user", username, "--issued-on", day, "--held", "renew")
    return str(certcore.json(*act)["outcomes"][0]["number"])


@pytest.fixture
def chain(loaded: CommandLine) -> tuple[str, str]:
    """The numbers of an award of ana's and of the one that renewed it."""
    return given(loaded), given(loaded, day="2026-05-01")


def outcomes(told: Any) -> list[tuple[str, str | None, str | None]]:
    """Outcome, reason and what lives again, of each award."""
    return [(each["outcome"], each["reason"], each["restored"]) for each in told["outcomes"]]


# --- revoke -----------------------------------------------------------------------------------------------------------


def test_one_is_revoked_with_a_reason_that_is_kept(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """R-61: for ever; again it changes nothing, and what it renewed stays archived."""
    first, second = chain
    told = loaded.json("revoke", second, "--reason", "Fraud", *NOW)
    assert (set(told), told["revoked"], outcomes(told)) == (KEYS, 1, [("revoked", None, None)])
    shown = loaded.json("show", second, *NOW)
    assert (shown["status"], shown["history"][-1]["note"]) == ("revoked", "Fraud")
    assert loaded.json("show", first, *NOW)["status"] == "archived"
    assert loaded.json("revoke", second, "--reason", "Other", *NOW)["unchanged"] == 1
    assert "unchanged" in loaded("revoke", second, "--reason", "Other", *NOW).out


def test_a_dry_run_says_what_would_become_and_changes_nothing(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """It needs no reason, and says what would live again."""
    first, second = chain
    done = loaded("revoke", second, first, "--restore", "--dry-run", *NOW, "--json")
    told = done.document
    assert (done.code, told["dry_run"]) == (1, True)
    assert outcomes(told) == [("revoked", None, first), ("rejected", "not_live", None)]
    assert [each["status"] for each in (loaded.json("show", each, *NOW) for each in chain)] == ["archived", "active"]
    human = loaded("revoke", second, "--dry-run", *NOW).out
    assert "what would become of it" in human
    assert "Nothing was changed" in human
    done = loaded("revoke", second, first, "--restore", "--reason", "Fraud", *NOW, "--json")
    assert (done.code, outcomes(done.document)) == (1, outcomes(told))
    assert loaded.json("show", first, *NOW)["status"] == "active"


def test_many_are_revoked_and_each_is_reported(loaded: CommandLine) -> None:
    """What cannot be revoked holds nothing up; exit code 1 says that something was not."""
    numbers = [given(loaded), given(loaded, "bo")]
    done = loaded("revoke", *numbers, "nope", "--reason", "Course withdrawn", *NOW, "--json")
    assert (done.code, done.document["revoked"], done.document["rejected"]) == (1, 2, 1)
    assert outcomes(done.document)[-1] == ("rejected", "not_found", None)
    human = loaded("revoke", *numbers, "nope", "--reason", "x", *NOW)
    assert human.code == 1
    assert human.out.index("not found") < human.out.rindex("unchanged")


def test_a_reports_file_is_revoked(loaded: CommandLine) -> None:
    """The numbers come from a column of a CSV file, such as a report writes; more than a hundred are a job."""
    many = Settings().at_once + 1
    people = ", ".join(f'{{username = "p{place}", groups = ["all"]}}' for place in range(many))
    loaded("load", "-", stdin=f"people = [{people}]".encode())
    loaded.json("award", "--certification", "SAFE-1", "--issued-on", "2026-03-01", "--group", "all")
    loaded.json("report", "awarded", "SAFE-1", "--csv", "awarded.csv", *NOW)
    told = loaded.json("revoke", "--file", "awarded.csv", "--reason", "Course withdrawn", *NOW)
    assert (told["revoked"], told["awards"], told["job_id"] is None) == (many, many, False)
    with Path(loaded.folder, "awarded.csv").open(encoding="utf-8") as file:
        number = next(csv.DictReader(file))["number"]
    assert loaded.json("show", number, *NOW)["status"] == "revoked"


@pytest.mark.parametrize(
    "content",
    ["", "number\n", "username\nana\n", "number,note\n,x\n", "number,note\n1,2,3\n"],
)
def test_a_file_that_names_no_awards_is_refused(loaded: CommandLine, content: str) -> None:
    """As a whole: nothing is revoked by a file that is only partly read."""
    loaded.write("numbers.csv", content)
    assert loaded("revoke", "--file", "numbers.csv", "--reason", "x", "--json").error == (1, "unreadable_file")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("44RF-NDCD-4BPS-T",),
        ("--reason", "x"),
        ("44RF-NDCD-4BPS-T", "--file", "numbers.csv", "--reason", "x"),
    ],
)
def test_a_revocation_needs_awards_and_a_reason(loaded: CommandLine, arguments: tuple[str, ...]) -> None:
    """Exit code 2."""
    assert loaded("revoke", *arguments, "--json").error == (2, "wrong_usage")


def test_what_one_may_not_revoke_is_not_there(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """R-114: only platform admins revoke; a blank reason is none."""
    first, second = chain
    for who in ("ana", "boss", "nobody"):
        assert loaded("revoke", second, "--reason", "x", "--as", who, "--json").error == (1, "not_found")
        assert loaded("revoke", second, "--dry-run", "--as", who, "--json").error == (1, "not_found")
    assert loaded("revoke", second, "--reason", " ", "--json").error == (1, "invalid_value")
    assert loaded("revoke", first, "--reason", "x", "--json").error == (1, "not_live")
    assert loaded("revoke", "nope", "--reason", "x", "--json").error == (1, "not_found")


def test_a_key_revokes_once(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """R-34: the answer of the first time."""
    act = ("revoke", chain[1], "--reason", "Fraud", "--key", "k", *NOW)
    assert loaded.json(*act) == loaded.json(*act)
    assert loaded("revoke", chain[1], "--reason", "Other", "--key", "k", "--json").error == (1, "idempotency_conflict")


# --- restore and unassign ---------------------------------------------------------------------------------------------


def test_what_was_renewed_lives_again_when_the_renewal_is_gone(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """R-65: also later; the history says after which award, for a human too."""
    first, second = chain
    assert loaded("restore", first, "--json").error == (1, "not_restorable")
    loaded.json("revoke", second, "--reason", "Fraud", *NOW)
    restored = loaded.json("restore", first, "--reason", "An appeal", *NOW)
    assert (restored["status"], restored["history"][-1]["note"]) == ("active", "An appeal")
    assert f"after {second}" in " ".join(loaded("restore", first, *NOW).out.split())
    assert loaded("restore", first, "--as", "ana", "--json").error == (1, "not_found")
    assert loaded("restore", "nope", "--json").error == (1, "not_found")


def test_only_who_may_takes_awards_back(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """R-33, R-114: somebody's own mistake is not theirs to take back."""
    assert loaded("unassign", chain[1], "--as", "ana", "--json").error == (1, "not_found")
    loaded("load", "-", stdin=b'people = [{username = "root", roles = ["platform_admin"]}]')
    taken = loaded.json("unassign", chain[1], "--as", "root", "--reason", "The other Ana")
    assert taken["history"][-1]["act"] == "unassigned"
    assert taken["history"][-1]["actor"] != "program:command line"


# --- purge ------------------------------------------------------------------------------------------------------------


def test_one_is_purged_for_good(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """R-61: a dry run counts; then it is gone with its history; again it is nothing."""
    first, second = chain
    told = loaded.json("purge", first, "--dry-run")
    assert told == {"awards": 1, "entries": 2, "numbers": [first], "dry_run": True}
    assert loaded.json("purge", first, "--for-good", "--reason", "Old") == {**told, "dry_run": False}
    assert loaded("show", first, "--json").error == (1, "not_found")
    assert loaded.json("purge", first, "--for-good", "--reason", "Old")["awards"] == 0
    assert loaded("purge", second, "--for-good", "--reason", "Old", "--json").error == (1, "still_live")
    assert loaded("purge", "nope", "--dry-run", "--json").error == (1, "not_found")


def test_what_was_archived_long_ago_is_purged(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """R-63: by age, of one certification or of all; what is live or younger stays."""
    first, second = chain
    age = ("purge", "--older-than", "5 years")
    assert loaded.json(*age, "--dry-run", *NOW)["awards"] == 0
    assert loaded.json(*age, "--certification", "EVER-1", "--dry-run", *OLD)["awards"] == 0
    human = loaded(*age, "--dry-run", *OLD).out
    assert first in human
    assert "--for-good" in human
    told = loaded.json(*age, "--certification", "SAFE-1", "--for-good", "--reason", "Retention", *OLD)
    assert (told["awards"], told["numbers"]) == (1, [first])
    assert "gone" in loaded(*age, "--for-good", "--reason", "Retention", *OLD).out
    assert loaded.json("show", second)["number"] == second


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--dry-run",),
        ("44RF-NDCD-4BPS-T",),
        ("44RF-NDCD-4BPS-T", "--for-good"),
        ("44RF-NDCD-4BPS-T", "--for-good", "--dry-run", "--reason", "x"),
        ("44RF-NDCD-4BPS-T", "--older-than", "1 year", "--dry-run"),
        ("44RF-NDCD-4BPS-T", "--certification", "SAFE-1", "--dry-run"),
        ("--older-than", "none", "--dry-run"),
        ("--older-than", "-1 year", "--dry-run"),
        ("--older-than", "long", "--dry-run"),
    ],
)
def test_a_purge_says_what_and_how(loaded: CommandLine, arguments: tuple[str, ...]) -> None:
    """Exit code 2: nothing is removed by what is not meant."""
    assert loaded("purge", *arguments, "--json").error == (2, "wrong_usage")


def test_only_who_may_purges(loaded: CommandLine, chain: tuple[str, str]) -> None:
    """R-114."""
    for arguments in (("purge", chain[0]), ("purge", "--older-than", "1 year")):
        assert loaded(*arguments, "--dry-run", "--as", "boss", "--json").error == (1, "not_found")
    assert loaded("purge", "--older-than", "1 year", "--certification", "NOPE", "--dry-run", "--json").error == (
        1,
        "not_found",
    )
