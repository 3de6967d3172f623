"""complete and why-not: one completion, many from a file, and the reasons why nothing follows."""

from typing import Any

import pytest

from tests.cli.running import CommandLine

REPORT_KEYS = {
    "rows",
    "new",
    "renewed",
    "history",
    "already_held",
    "recorded",
    "unchanged",
    "rejected",
    "errors_total",
    "errors",
    "outcomes",
}
NOW = ("--now", "2026-03-01T10:00:00Z")
LATER = ("--now", "2027-02-01T10:00:00Z")


def outcome(told: Any) -> tuple[str, list[str]]:
    """What came of the one completion, and the codes of its reasons."""
    (one,) = told["outcomes"]
    return one["outcome"], [reason["code"] for reason in one["reasons"]]


def test_a_completion_earns_the_award(school: CommandLine) -> None:
    """R-13, R-21: as of the learner's own day; score and credits arrive."""
    told = school.json("complete", "ana", "course:C-1", "--score", "92.5", "--now", "2026-03-01T03:00:00Z")
    assert (set(told), told["rows"], told["new"], outcome(told)) == (REPORT_KEYS, 1, 1, ("new", []))
    shown = school.json("show", told["outcomes"][0]["number"])
    assert (shown["issued_on"], shown["expires_on"], shown["zone"]) == ("2026-02-28", "2027-02-28", "America/Havana")
    assert shown["basis"] == {"kind": "course", "code": "C-1"}
    assert shown["history"][0]["facts"]["after"]["score"] == "92.5"


def test_the_same_completion_again_changes_nothing(school: CommandLine) -> None:
    """R-23: delivered twice, it is one award."""
    first = school.json("complete", "ana", "course:C-1", "--at", "2026-03-01T09:00:00Z", *NOW)
    again = school.json("complete", "ana", "course:C-1", "--at", "2026-03-01T10:00:00+01:00", *NOW)
    assert outcome(again)[0] == "unchanged"
    assert again["outcomes"][0]["number"] == first["outcomes"][0]["number"]
    human = school("complete", "ana", "course:C-1", *NOW)
    assert (human.code, "already held" in human.out) == (0, True)
    assert "no renewal was started" in " ".join(human.out.split())


def test_the_embedded_catalog_is_told_too(school: CommandLine) -> None:
    """R-51: what was completed renews the award, and is complete for who asks."""
    number = school.json("complete", "ana", "course:C-1", *NOW)["outcomes"][0]["number"]
    reasons = school.json("renew", "check", number, *LATER)["reasons"]
    assert [(each["code"], each["params"].get("item")) for each in reasons][:2] == [
        ("through_retake", "course:C-1"),
        ("through_completion", "learning_plan:P-1"),
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("nobody", "course:C-1"), ("rejected", ["unknown_user"])),
        (("gone", "course:C-1"), ("rejected", ["deactivated_user"])),
        (("ana", "course:C-9"), ("rejected", ["unknown_item"])),
        (("ana", "course:C-1", "--on", "2011-12-30", "--zone", "Pacific/Apia"), ("rejected", ["undecidable"])),
    ],
)
def test_what_is_rejected_says_why_and_may_be_sent_again(
    school: CommandLine, arguments: tuple[str, ...], expected: tuple[str, list[str]]
) -> None:
    """Exit code 1; nothing of it is kept, in the catalog neither."""
    done = school("complete", *arguments, *NOW, "--json")
    assert (done.code, outcome(done.document)) == (1, expected)
    assert school("complete", *arguments, *NOW).code == 1
    assert school.json("search")["awards"] == []


def test_what_counts_and_gives_nothing_yet_is_recorded(school: CommandLine) -> None:
    """R-21: done before the item carried the certification; exit code 0."""
    told = school.json("complete", "ana", "course:C-1", "--on", "2025-12-30", *NOW)
    assert outcome(told) == ("recorded", ["before_assignment"])


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ana",),
        ("ana", "course:C-1", "--on", "2026-03-01", "--at", "2026-03-01T00:00:00Z"),
        ("ana", "course:C-1", "--at", "2026-03-01T00:00:00"),
        ("ana", "course:C-1", "--on", "01/03/2026"),
        ("ana", "--file", "done.csv"),
        ("--file", "done.csv", "--on", "2026-03-01"),
        ("--file", "done.csv", "--score", "1"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(school: CommandLine, arguments: tuple[str, ...]) -> None:
    """Exit code 2, before any file is opened."""
    assert school("complete", *arguments, "--json").error == (2, "wrong_usage")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ana", "C-1"), "invalid_value"),
        (("ana", "course:C-1", "--zone", "Mars"), "unknown_zone"),
        (("ana", "course:C-1", "--credits", "-1"), "invalid_value"),
        (("ana", "course:C-1", "--facts", "none.toml"), "unreadable_file"),
        (("ana", "course:C-1", "--as", "nobody"), "not_found"),
        (("ana", "course:C-1", "--as", "ana"), "not_found"),
        (("--file", "none.csv"), "unreadable_file"),
    ],
)
def test_what_is_refused_has_a_code(school: CommandLine, arguments: tuple[str, ...], code: str) -> None:
    """Exit code 1; learners do not report their own completions (R-114)."""
    assert school("complete", *arguments, "--json").error == (1, code)


def test_many_from_a_file(school: CommandLine) -> None:
    """Each row has its outcome with its line; bad rows hold nothing up; the same file again changes nothing."""
    rows = [
        "username;item;completed;score",
        "bo;course:C-1;2026-02-01;70",
        "ana;course:C-1;2026-02-28T22:00:00-05:00;",
        "nobody;course:C-1;2026-02-01;",
        "boss;C-1;05/03/2026;x",
        "",
        "boss;course:C-1",
    ]
    school.write("done.csv", "\n".join(rows))
    done = school("complete", "--file", "done.csv", *NOW, "--json")
    told = done.document
    assert (done.code, told["rows"], told["new"], told["rejected"], told["errors_total"]) == (1, 5, 2, 3, 4)
    assert [(each["line"], each["username"], each["outcome"]) for each in told["outcomes"]] == [
        (2, "bo", "new"),
        (3, "ana", "new"),
        (4, "nobody", "rejected"),
    ]
    assert [(each["line"], each["column"], each["code"]) for each in told["errors"]] == [
        (5, "completed", "spreadsheet_date"),
        (5, "item", "invalid_value"),
        (5, "score", "invalid_value"),
        (7, None, "ragged_row"),
    ]
    again = school("complete", "--file", "-", *NOW, "--json", stdin="\n".join(rows).encode()).document
    assert (again["unchanged"], again["new"], again["rejected"]) == (2, 0, 3)
    issued = {each["username"]: each["issued_on"] for each in school.json("search")["awards"]}
    assert issued == {"bo": "2026-02-01", "ana": "2026-02-28"}
    human = school("complete", "--file", "done.csv", *NOW).out
    assert "5 rows" in human
    assert "spreadsheet" in human
    assert all(len(line) <= 80 for line in human.splitlines())


def test_a_file_is_read_as_any_other(school: CommandLine) -> None:
    """Columns are mapped, cells are guarded; a file without its columns is refused as a whole."""
    school.write("done.csv", "who,what,when\n'bo,course:C-1,2026-02-01\nana,course:C-1,2026-02-01\n")
    maps = ("--map", "username=who", "--map", "item=what", "--map", "completed=when")
    told = school("complete", "--file", "done.csv", *maps, *NOW, "--json").document
    assert (told["new"], told["rejected"]) == (1, 1)
    assert school("complete", "--file", "done.csv", "--json").error == (1, "unreadable_file")
    assert school("complete", "--file", "-", "--json").error == (1, "unreadable_file")


def test_a_thousand_are_shown_in_part(school: CommandLine) -> None:
    """A human sees the first ones, a program all."""
    rows = "\n".join(f"bo,course:C-1,2026-02-01T00:00:{second:02}Z" for second in range(30))
    school.write("done.csv", f"username,item,completed\n{rows}\n")
    assert "of 30 completions" in school("complete", "--file", "done.csv", *NOW).out
    assert len(school.json("complete", "--file", "done.csv", *NOW)["outcomes"]) == 30


def test_facts_decide_where_the_policy_asks(school: CommandLine) -> None:
    """R-54: what the directory does not know is said with the completion."""
    policy = '{"validity": {"years": 2}, "variants": [{"when": {"role": "pilot"}, "set": {"validity": {"months": 6}}}]}'
    school.json("certification", "edit", "SAFE-1", "--policy", "-", stdin=policy.encode())
    school.write("facts.toml", '[learner]\nrole = "pilot"\n')
    assert outcome(school("complete", "bo", "course:C-1", *NOW, "--json").document) == ("rejected", ["undecidable"])
    number = school.json("complete", "bo", "course:C-1", "--facts", "facts.toml", *NOW)["outcomes"][0]["number"]
    assert school.json("show", number)["expires_on"] == "2026-09-01"
    school.write("facts.toml", "colour = 1\n")
    assert school("complete", "ana", "course:C-1", "--facts", "facts.toml", "--json").error == (1, "invalid_value")


# --- why-not ----------------------------------------------------------------------------------------------------------


def test_why_somebody_has_none(school: CommandLine) -> None:
    """R-21: every reason, item by item; and that they have one, where they do."""
    told = school.json("why-not", "bo", "SAFE-1")
    assert set(told) == {"username", "certification", "reasons"}
    assert [each["code"] for each in told["reasons"]] == ["not_completed", "not_completed"]
    school.json("complete", "bo", "course:C-1", "--on", "2025-01-01", *NOW)
    assert school.json("why-not", "bo", "SAFE-1")["reasons"][0]["code"] == "before_assignment"
    number = school.json("complete", "ana", "course:C-1", *NOW)["outcomes"][0]["number"]
    assert school.json("why-not", "ana", "SAFE-1")["reasons"][0]["params"] == {"number": number}
    assert "before it carried" in " ".join(school("why-not", "bo", "SAFE-1").out.split())


@pytest.mark.parametrize("arguments", [("nobody", "SAFE-1"), ("bo", "NOPE"), ("bo", "SAFE-1", "--as", "ana")])
def test_why_not_tells_nothing_of_what_one_may_not_see(school: CommandLine, arguments: tuple[str, ...]) -> None:
    """R-114: not there and not allowed look the same."""
    assert school("why-not", *arguments, "--json").error == (1, "not_found")


def test_a_coach_may_ask_why(school: CommandLine) -> None:
    """R-114: boss coaches bo."""
    assert school.json("why-not", "bo", "SAFE-1", "--as", "boss")["reasons"]
