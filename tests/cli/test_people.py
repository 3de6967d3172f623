"""people import: every row judged with line and column, the good ones saved."""

from pathlib import Path

import pytest

from tests.cli.running import CommandLine


def test_people_arrive_with_all_their_columns(certcore: CommandLine) -> None:
    """Names, zone, groups and branches, managers in any order, roles, and who has left."""
    certcore.write(
        "people.csv",
        "username,first_name,last_name,email,zone,language,groups,branches,manager,active,roles\n"
        "ana,Ana,Rossi,ana@example.org,Europe/Rome,it,nurses|drivers,rome;italy,boss,yes,\n"
        "boss ,,,,,,,,,1,manager | coach\n"
        "gone,,,,,,nurses,,,no,\n",
    )
    assert certcore.json("people", "import", "people.csv") == {
        "rows": 3,
        "saved": 3,
        "rejected": 0,
        "errors_total": 0,
        "errors": [],
    }
    certcore("certification", "add", "Safety", "--code", "SAFE-1")
    award = ("award", "--certification", "SAFE-1", "--json")
    outcomes = certcore(*award, "--group", "nurses", "--branch", "rome").document["outcomes"]
    assert {(each["username"], each["reason"]) for each in outcomes} == {("ana", None), ("gone", "deactivated_user")}
    assert certcore(*award, "--user", "boss").code == 0
    assert "Ana Rossi (ana), in Europe/Rome" in certcore("search", "--learner", "ana").out


def test_bad_rows_are_told_with_line_column_and_value_and_the_others_saved(certcore: CommandLine) -> None:
    """All that is wrong in a row is told, in the order of the file, and a manager must be somebody."""
    certcore.write(
        "people.csv",
        "username,zone,active,roles,manager,email,colour\n"
        "ana,Mars,maybe,king,,,red\n"
        ",,,,,,\n"
        " ,UTC,,,,,\n"
        "bo,,,,nobody,,\n"
        "under,,,,bo,,\n"
        "twice,,,,,,\n"
        "twice ,,,,,,\n"
        "long,,,,,%s,\n"
        "short,,\n"
        "good,,,,good,,\n" % ("x" * 300),
    )
    done = certcore("people", "import", "people.csv", "--json")
    assert (done.code, done.err) == (1, "note: column 'colour' is not known and was ignored.\n")
    document = done.document
    assert (document["rows"], document["saved"], document["rejected"]) == (9, 1, 8)
    assert [(each["line"], each["column"], each["code"]) for each in document["errors"]] == [
        (2, "active", "unknown_flag"),
        (2, "roles", "unknown_role"),
        (2, "zone", "unknown_zone"),
        (4, "username", "blank_cell"),
        (5, "manager", "unknown_user"),
        (6, "manager", "unknown_user"),
        (7, "username", "duplicate_row"),
        (8, "username", "duplicate_row"),
        (9, "email", "invalid_value"),
        (10, None, "ragged_row"),
    ]
    assert document["errors_total"] == len(document["errors"])
    assert all(each["message"] for each in document["errors"])
    assert document["errors"][2]["value"] == "Mars"
    told = certcore("people", "import", "people.csv")
    assert "Line" in told.out
    assert "zone" in told.out


def test_a_manager_may_be_in_the_directory_already(loaded: CommandLine) -> None:
    """People import after people: those who are there can manage."""
    loaded.write("people.csv", "Login;Boss\nnew;boss\n")
    arguments = ("people", "import", "people.csv", "--map", "username=Login", "--map", "manager=2")
    assert loaded.json(*arguments)["saved"] == 1


def test_the_first_thousand_errors_are_told(certcore: CommandLine) -> None:
    """All are counted."""
    certcore.write("people.csv", "username,zone\n" + "".join(f"u{n},Mars\n" for n in range(1_200)))
    document = certcore("people", "import", "people.csv", "--json").document
    assert (document["rejected"], document["errors_total"], len(document["errors"])) == (1_200, 1_200, 1_000)


@pytest.mark.parametrize("content", [b"", b"name\nana\n", b"\x1f\x8b\x08", b"<html>", b"username,username\na,b\n"])
def test_what_is_no_table_of_people_is_refused(certcore: CommandLine, content: bytes) -> None:
    """Empty files, files without usernames, archives, pages, headers that stand twice."""
    certcore.write("people.csv", content)
    assert certcore("people", "import", "people.csv", "--json").error == (1, "unreadable_file")
    assert certcore("people", "import", "-", "--json", stdin=content).error == (1, "unreadable_file")


def test_every_file_of_the_cases_ends_without_a_traceback(certcore: CommandLine, cases: Path) -> None:
    """The award files of the collection hold usernames too: each is read or refused."""
    for path in sorted((cases / "csv").glob("*/*.csv")):
        done = certcore("people", "import", str(path), "--json")
        assert done.code in (0, 1)
        assert {"saved", "error"} & set(done.document)
