"""award, edit, unassign, search and show: the documents that others build on, and what a human sees."""

from typing import Any

import pytest

from certcore.domain.settings import Settings
from tests.cli.running import CommandLine

AWARD_KEYS = {
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
}
REPORT_KEYS = {"people", "new", "renewed", "already_held", "unchanged", "rejected", "job_id", "outcomes"}
NOW = ("--now", "2026-03-15T12:00:00Z")
GIVE = ("award", "--certification", "SAFE-1", "--issued-on", "2026-03-01")


def given(certcore: CommandLine, *arguments: str) -> str:
    """The number of an award of SAFE-1 to ana, issued on 2026-03-01."""
    report = certcore.json(*GIVE, "--user", "ana", *arguments)
    return str(report["outcomes"][0]["number"])


def found(certcore: CommandLine, *arguments: str) -> list[dict[str, Any]]:
    """What a search gives."""
    awards: list[dict[str, Any]] = certcore.json("search", *arguments)["awards"]
    return awards


# --- award ------------------------------------------------------------------------------------------------------------


def test_awarding_reports_everybody_once(loaded: CommandLine) -> None:
    """Users, groups and branches together, each person once, with the outcome and the number (R-30)."""
    done = loaded(*GIVE, "--group", "nurses", "--branch", "italy", "--user", "gone", "--user", "nobody", "--json")
    report = done.document
    assert (done.code, set(report)) == (1, REPORT_KEYS)
    assert (report["people"], report["new"], report["rejected"], report["job_id"]) == (4, 2, 2, None)
    outcomes = {each.pop("username"): each for each in report["outcomes"]}
    assert outcomes["gone"] == {"outcome": "rejected", "number": None, "reason": "deactivated_user"}
    assert outcomes["nobody"]["reason"] == "unknown_user"
    assert outcomes["ana"]["outcome"] == "new"
    assert {award["number"] for award in found(loaded)} == {outcomes["ana"]["number"], outcomes["bo"]["number"]}
    human = loaded(*GIVE, "--group", "nurses", "--user", "gone")
    assert human.code == 1
    assert human.out.index("deactivated user") < human.out.rindex("already held")


def test_the_award_says_what_was_asked_for(loaded: CommandLine) -> None:
    """Zone, dates, basis and details arrive; the document's instants are in UTC."""
    number = given(
        loaded,
        *("--zone", "America/Havana", "--expires-on", "2027-06-01", "--type", "course", "--code", "C-1"),
        *("--score", "92.5", "--completed-on", "2026-02-28", "--credits", "3", "--note", "By hand", "--no-notify"),
    )
    shown = loaded.json("show", number, *NOW)
    assert set(shown) == AWARD_KEYS | {"history"}
    (entry,) = shown.pop("history")
    assert shown == {
        "number": number,
        "username": "ana",
        "certification": "SAFE-1",
        "status": "active",
        "issued_at": "2026-03-01T05:00:00Z",
        "issued_on": "2026-03-01",
        "expires_at": "2027-06-01T04:00:00Z",
        "expires_on": "2027-06-01",
        "last_valid_day": "2027-05-31",
        "zone": "America/Havana",
        "basis": {"kind": "course", "code": "C-1"},
        "renews": None,
        "renewed_by": None,
    }
    assert (entry["seq"], entry["act"], entry["actor"], entry["note"]) == (
        1,
        "issued",
        "program:command line",
        "By hand",
    )
    assert (entry["facts"]["after"]["score"], entry["facts"]["number"]) == ("92.5", number)
    human = loaded("show", number, *NOW).out
    for told in ("Ana Rossi (ana)", "course C-1", "2027-05-31", "92.5", "By hand", "America/Havana", "History"):
        assert told in human


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ("2026-03-15", "2027-03-15", "UTC")),
        (("--zone", "+14:00"), ("2026-03-16", "2027-03-16", "+14:00")),
        (("--zone", "-12:00"), ("2026-03-15", "2027-03-15", "-12:00")),
        (("--always-valid",), ("2026-03-15", None, "UTC")),
    ],
)
def test_today_is_the_zones(loaded: CommandLine, arguments: tuple[str, ...], expected: tuple[str | None, ...]) -> None:
    """Without a day of issue it is today where the award is; without an expiry, the validity decides."""
    award = ("award", "--certification", "SAFE-1", "--user", "ana", "--now", "2026-03-15T12:30:00Z")
    loaded.json(*award, *arguments)
    (award_given,) = found(loaded)
    assert (award_given["issued_on"], award_given["expires_on"], award_given["zone"]) == expected


def test_who_holds_it_already_keeps_renews_or_is_refused(loaded: CommandLine) -> None:
    """The outcome follows --held, and a renewal is linked both ways."""
    first = given(loaded)
    again = ("award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "2026-09-01")
    assert loaded.json(*again)["already_held"] == 1
    refused = loaded(*again, "--held", "refuse", "--json")
    assert (refused.code, refused.document["outcomes"][0]["reason"]) == (1, "already_held")
    renewed = loaded.json(*again, "--held", "renew")
    second = renewed["outcomes"][0]["number"]
    assert renewed["renewed"] == 1
    assert loaded.json(*again, "--held", "renew")["unchanged"] == 1
    assert loaded.json("show", second)["renews"] == first
    assert loaded.json("show", first)["renewed_by"] == second
    assert f"renewed by      {second}" in loaded("show", first).out


def test_a_key_lets_an_act_happen_once(loaded: CommandLine) -> None:
    """The same act gives the same report; another one with the key is a conflict (R-34)."""
    act = (*GIVE, "--user", "ana", "--key", "k")
    report = loaded.json(*act)
    assert report["job_id"] is not None
    assert loaded.json(*act) == report
    assert loaded(*act, "--user", "bo", "--json").error == (1, "idempotency_conflict")


def test_more_than_a_hundred_people_are_a_job(loaded: CommandLine) -> None:
    """It is done before the command ends, and reported as a whole (R-31)."""
    many = ", ".join(f'{{username = "u{n}", groups = ["many"]}}' for n in range(Settings().at_once + 1))
    loaded.json("load", "-", stdin=f"people = [{many}]".encode())
    report = loaded.json(*GIVE, "--group", "many")
    assert (report["people"], report["new"], report["job_id"] is None) == (101, 101, False)
    assert report["outcomes"] == []
    failed = loaded("award", "--certification", "NOPE", "--group", "many", "--issued-on", "2026-03-01", "--json")
    assert failed.error == (1, "not_found")


def test_a_long_list_of_people_is_cut(loaded: CommandLine) -> None:
    """A human sees the first of them, and how many there were."""
    many = [part for n in range(30) for part in ("--user", f"u{n}")]
    assert "of 30 people in all" in loaded(*GIVE, *many).out


def test_external_certifications_have_links(loaded: CommandLine) -> None:
    """A link alone says what the award rests on (R-20)."""
    number = given(loaded, "--link", "Credly=https://credly.com/badges/1")
    assert loaded.json("show", number)["basis"] == {"kind": "external_certification", "code": None}
    assert "Credly https://credly.com/badges/1" in loaded("show", number).out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--certification", "NOPE", "--user", "ana"], "not_found"),
        (["--certification", "SAFE-1", "--group", "nope"], "not_found"),
        (["--certification", "SAFE-1", "--branch", "nope"], "not_found"),
        (["--certification", "SAFE-1", "--user", "ana", "--zone", "Mars"], "unknown_zone"),
        (["--certification", "SAFE-1", "--user", "ana", "--expires-on", "2026-03-01"], "invalid_value"),
        (
            ["--certification", "SAFE-1", "--user", "ana", "--expires-on", "2027-01-01", "--always-valid"],
            "invalid_value",
        ),
        (["--certification", "SAFE-1", "--user", "ana", "--type", "course"], "invalid_value"),
        (["--certification", "SAFE-1", "--user", "ana", "--code", "C-1"], "invalid_value"),
        (["--certification", "SAFE-1", "--user", "ana", "--note", "\x1b"], "invalid_value"),
        (["--certification", "SAFE-1", "--user", "ana", "--key", "k" * 300], "invalid_value"),
    ],
)
def test_what_is_refused_awards_nobody(loaded: CommandLine, arguments: list[str], code: str) -> None:
    """Names that are not there, zones, dates and bases that make no sense."""
    assert loaded("award", "--issued-on", "2026-03-01", *arguments, "--json").error == (1, code)
    assert found(loaded) == []


def test_a_day_that_never_happened_is_refused(loaded: CommandLine) -> None:
    """R-11."""
    act = ("award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "2011-12-30", "--zone", "Pacific/Apia")
    assert loaded(*act, "--json").error == (1, "skipped_day")


# --- edit and unassign ------------------------------------------------------------------------------------------------


def test_an_edit_keeps_before_and_after(loaded: CommandLine) -> None:
    """Dates in the award's own zone, basis and details; what is not given stays as it is (R-32)."""
    number = given(loaded, "--zone", "America/Havana", "--score", "80", "--note", "first")
    edited = loaded.json(
        "edit", number, "--expires-on", "2028-01-01", "--note", "second", "--type", "course", "--code", "C-1"
    )
    assert (edited["expires_on"], edited["zone"], edited["basis"]["code"]) == ("2028-01-01", "America/Havana", "C-1")
    assert [entry["act"] for entry in edited["history"]] == ["issued", "edited"]
    facts = edited["history"][1]["facts"]
    assert (facts["before"]["expires_on"], facts["after"]["expires_on"]) == ("2027-03-01", "2028-01-01")
    assert facts["after"]["score"] == "80"
    assert "2027-03-01 → 2028-01-01" in " ".join(loaded("show", number).out.split())
    assert loaded.json("edit", number, "--always-valid")["expires_on"] is None
    assert loaded("edit", number, "--no-always-valid", "--json").error == (1, "invalid_value")
    assert len(loaded.json("edit", number, "--always-valid")["history"]) == 3


def test_a_reprint_takes_over_the_names_of_today(loaded: CommandLine) -> None:
    """What documents print is kept as it was until somebody asks (R-28)."""
    number = given(loaded)
    loaded("load", "-", stdin=b'people = [{username = "ana", first_name = "Anna", last_name = "Bianchi"}]')
    assert "Ana Rossi (ana)" in loaded("edit", number, "--note", "x").out
    assert "Anna Bianchi (ana)" in loaded("edit", number, "--reprint").out


def test_what_was_given_by_mistake_is_taken_back(loaded: CommandLine) -> None:
    """Archived with the reason, no longer live, and not to be edited (R-33)."""
    number = given(loaded)
    taken = loaded.json("unassign", number.lower(), "--reason", "The other Ana")
    assert (taken["status"], taken["history"][1]["act"]) == ("archived", "unassigned")
    assert taken["history"][1]["note"] == "The other Ana"
    assert "The other Ana" in loaded("show", number).out
    assert loaded("edit", number, "--always-valid", "--json").error == (1, "not_live")
    assert loaded("unassign", number, "--json").error == (1, "not_live")


@pytest.mark.parametrize("command", ["show", "edit", "unassign"])
def test_a_number_that_is_none_is_not_found(loaded: CommandLine, command: str) -> None:
    """Whatever is typed in place of a number."""
    for number in ("", "nope", "0000-0000-0000-0", "9" * 1_000):
        assert loaded(command, number, "--json").error == (1, "not_found")


# --- search -----------------------------------------------------------------------------------------------------------


def test_filters_must_all_fit(loaded: CommandLine) -> None:
    """By learner, certification, number and status, judged at any instant (R-14, R-90)."""
    number = given(loaded)
    loaded.json("award", "--certification", "EVER-1", "--user", "bo", "--issued-on", "2027-01-01")
    assert {award["username"] for award in found(loaded)} == {"ana", "bo"}
    (award,) = found(loaded, "--learner", " ana ", "--certification", "SAFE-1", "--number", number.replace("-", ""))
    assert (set(award), award["number"]) == (AWARD_KEYS, number)
    assert [each["status"] for each in found(loaded, *NOW)] in (["active", "upcoming"], ["upcoming", "active"])
    assert [each["username"] for each in found(loaded, "--status", "upcoming", *NOW)] == ["bo"]
    assert len(found(loaded, "--status", "upcoming", "--status", "active", *NOW)) == 2
    assert [each["username"] for each in found(loaded, "--status", "expired", "--at", "2027-03-01T00:00:00Z")] == [
        "ana"
    ]
    for nothing in (("--learner", "nobody"), ("--certification", "NOPE"), ("--number", "nope")):
        assert loaded.json("search", *nothing) == {"awards": [], "next": None}
    assert "No awards found" in loaded("search", "--learner", "nobody").out


def test_pages_follow_one_another(loaded: CommandLine) -> None:
    """next is the cursor of the page behind, until there is none."""
    loaded.json(*GIVE, "--group", "nurses", "--user", "boss")
    seen, cursor = [], None
    for _ in range(3):
        page = loaded.json("search", "--limit", "1", *(("--after", cursor) if cursor else ()))
        seen += [award["username"] for award in page["awards"]]
        cursor = page["next"]
    assert (sorted(seen), cursor) == (["ana", "bo", "boss"], None)
    assert "--after" in loaded("search", "--limit", "1").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--limit", "0"],
        ["--limit", "1001"],
        ["--after", "zz"],
        ["--after", "-5"],
        ["--after", "9" * 30],
        ["--after", ""],
    ],
)
def test_pages_that_cannot_be_are_refused(loaded: CommandLine, arguments: list[str]) -> None:
    """Limits out of range and cursors that no page gave."""
    assert loaded("search", *arguments, "--json").error == (1, "invalid_value")


def test_a_learners_awards_are_shown_in_their_own_zone(loaded: CommandLine) -> None:
    """The zone is named; start, last valid day and days left are those of the learner's clock (R-10, R-15, R-16)."""
    given(loaded, "--zone", "Asia/Beirut")
    out = loaded("search", "--learner", "ana", *NOW).out
    assert "Ana Rossi (ana), in America/Havana" in out
    assert "2026-02-28 17:00" in out
    assert "2027-02-28" in out
    assert "350" in out
    several = loaded("search", *NOW).out
    assert "2026-03-01" in several
    assert "Asia/Beirut" in several


def test_the_calendars_ends_can_be_shown(loaded: CommandLine) -> None:
    """Far expiries are printed wherever the reader is, also where their instant is past the year 9999."""
    loaded("load", "-", stdin=b'people = [{username = "far", zone = "Pacific/Kiritimati"}]')
    act = ("award", "--certification", "EVER-1", "--user", "far", "--zone", "-12:00")
    loaded.json(*act, "--issued-on", "1900-01-01", "--expires-on", "9999-12-31")
    out = loaded("search", "--learner", "far", "--now", "9999-12-30T00:00:00Z").out
    assert "9999-12-30" in out


def test_tables_fit_eighty_columns(loaded: CommandLine) -> None:
    """Long usernames and codes are broken, numbers never."""
    name = "x" * 200
    loaded("load", "-", stdin=f'people = [{{username = "{name}"}}]'.encode())
    loaded("certification", "add", "Y", "--code", "y" * 100)
    out = loaded("award", "--certification", "y" * 100, "--user", name, "--note", "n" * 300).out
    number = found(loaded)[0]["number"]
    outputs = [out, *(loaded(*each).out for each in (("search",), ("search", "--learner", name), ("show", number)))]
    for output in outputs:
        assert max(map(len, output.splitlines())) <= 80
        assert number in output
