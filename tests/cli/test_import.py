"""import: the fixed document, every option, every file of the cases, and the same on both databases."""

import csv
import gzip
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certcore.domain.cells import REQUIRED
from tests.cli.conftest import AWARDS, WORLD
from tests.cli.running import CommandLine

KEYS = {
    "rows",
    "new",
    "renewed",
    "updated",
    "unchanged",
    "superseded",
    "rejected",
    "dry_run",
    "import_id",
    "errors_total",
    "errors",
}
GOOD = (
    "ana,SAFE-1,2026-01-31,false,2027-01-31,course,C-1",
    "bo,SAFE-1,2026-01-31,true,,manual,",
    "boss,SAFE-1,2026-01-31,false,2027-02-28,learning_plan,P-1",
)
BAD = (
    "gone,SAFE-1,2026-01-31,true,,manual,",
    "nobody,NOPE,07/04/2021,maybe,,book,",
)
RUN = ("import", "awards.csv", "--zone", "America/Havana")

Write = Callable[..., str]


def counts(document: dict[str, Any]) -> dict[str, int]:
    """The outcomes that came at all."""
    return {name: count for name, count in document.items() if type(count) is int and count and name != "errors_total"}


def test_the_document_is_to_the_letter(loaded: CommandLine, awards_file: Write) -> None:
    """Counts, and each mistake with line, column, value, code and advice; exit 1 for bad rows (R-42)."""
    awards_file(*GOOD, *BAD)
    done = loaded(*RUN, "--json")
    document = done.document
    assert (done.code, done.err, set(document)) == (1, "", KEYS)
    assert counts(document) == {"rows": 5, "new": 3, "rejected": 2}
    assert (document["dry_run"], document["errors_total"]) == (False, 6)
    assert isinstance(document["import_id"], str)
    assert {frozenset(error) for error in document["errors"]} == {
        frozenset({"line", "column", "value", "code", "message"})
    }
    assert [(each["line"], each["column"], each["value"], each["code"]) for each in document["errors"]] == [
        (5, "username", "gone", "deactivated_user"),
        (6, "username", "nobody", "unknown_user"),
        (6, "certification_code", "NOPE", "unknown_certification"),
        (6, "certification_issue_date", "07/04/2021", "spreadsheet_date"),
        (6, "always_valid", "maybe", "unknown_flag"),
        (6, "type", "book", "unknown_type"),
    ]


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_load_and_import_on_a_fresh_database(
    certcore: CommandLine, awards_file: Write, request: pytest.FixtureRequest, where: str
) -> None:
    """The same documents on SQLite and PostgreSQL, save ids; the same file again is all unchanged (R-45)."""
    url = "fresh.db" if where == "sqlite" else request.getfixturevalue("fresh_postgres_url")
    certcore.write("world.toml", WORLD)
    awards_file(*GOOD, *BAD)
    here = certcore.on(url)
    assert here.json("load", "world.toml")["people"] == 4
    first = here(*RUN, "--json").document
    assert len(first.pop("import_id")) == 16
    errors = first.pop("errors")
    assert [error["line"] for error in errors] == [5, 6, 6, 6, 6, 6]
    expected = {"renewed": 0, "updated": 0, "superseded": 0, "rejected": 2, "dry_run": False, "errors_total": 6}
    assert first == {"rows": 5, "new": 3, "unchanged": 0, **expected}
    again = here(*RUN, "--json").document
    assert again.pop("errors") == errors
    del again["import_id"]
    assert again == {"rows": 5, "new": 0, "unchanged": 3, **expected}
    awards = here.json("search", "--now", "2026-06-01T00:00:00Z")["awards"]
    told = {(each["username"], each["status"], each["issued_at"], each["last_valid_day"]) for each in awards}
    assert told == {
        ("ana", "active", "2026-01-31T05:00:00Z", "2027-01-30"),
        ("bo", "active", "2026-01-31T05:00:00Z", None),
        ("boss", "active", "2026-01-31T05:00:00Z", "2027-02-27"),
    }


def test_a_dry_run_writes_nothing_and_can_be_demanded(loaded: CommandLine, awards_file: Write) -> None:
    """The full outcome without an id; the import can demand the bytes of the dry run (R-43)."""
    awards_file(*GOOD)
    assert counts(loaded.json(*RUN, "--dry-run")) == {"rows": 3, "new": 3}
    document = loaded.json(*RUN, "--dry-run")
    assert (document["dry_run"], document["import_id"]) == (True, None)
    assert loaded.json("search")["awards"] == []
    human = loaded(*RUN, "--dry-run").out
    assert "Nothing was written" in human
    digest = human.split("--expect-sha256")[1].split()[0]
    assert loaded.json(*RUN, "--expect-sha256", digest)["new"] == 3
    awards_file(*GOOD, GOOD[0])
    assert loaded(*RUN, "--expect-sha256", digest, "--json").error == (1, "unreadable_file")


def test_a_human_sees_outcomes_then_mistakes_with_advice(loaded: CommandLine, awards_file: Write) -> None:
    """Line, column, value and how to mend it; the rest is counted; all in 80 columns and without a progress bar."""
    awards_file(*GOOD, *BAD, *(f"nobody{n},SAFE-1,2026-01-31,true,,manual," for n in range(10)))
    done = loaded(*RUN)
    assert (done.code, done.err) == (1, "")
    assert max(map(len, done.out.splitlines())) <= 80
    for told in (
        "15 rows",
        "rejected     12",
        "'07/04/2021'",
        "spreadsheet",
        "and 6 more",
        "--rejects FILE",
        "Import ",
    ):
        assert told in done.out
    assert done.out.index("rejected") < done.out.index("First mistakes")


def test_rejects_are_written_to_correct_and_import_again(loaded: CommandLine, awards_file: Write) -> None:
    """The original cells with line and reason; corrected, they go in, the added columns ignored (R-43)."""
    awards_file(*GOOD, *BAD)
    assert loaded(*RUN, "--rejects", "rejects.csv").code == 1
    text = Path("rejects.csv").read_text(encoding="utf-8")
    header, gone, nobody = csv.reader(io.StringIO(text))
    assert header == [*AWARDS.split(","), "certcore_line", "certcore_error"]
    assert (gone[0], gone[-2], nobody[0], nobody[-2]) == ("gone", "5", "nobody", "6")
    lines = text.splitlines()
    loaded.write("awards.csv", "\n".join([lines[0], lines[1].replace("gone,SAFE-1", "ana,EVER-1")]) + "\n")
    done = loaded(*RUN, "--json")
    assert (done.code, done.err, counts(done.document)) == (0, "", {"rows": 1, "new": 1})


def test_rejects_must_be_another_file_that_can_be_written(loaded: CommandLine, awards_file: Write) -> None:
    """Nothing is imported otherwise, and the file that is imported stays as it is."""
    awards_file(*GOOD)
    for name in ("awards.csv", "./awards.csv", ".", "no/such/folder.csv"):
        assert loaded(*RUN, "--rejects", name, "--json").error == (1, "invalid_value")
    assert Path("awards.csv").read_text().count("\n") == 4
    assert loaded.json("search")["awards"] == []


def test_an_earlier_file_of_rejects_outlives_a_file_that_cannot_be_read(loaded: CommandLine) -> None:
    """It is replaced when there is something to replace it with."""
    loaded.write("rejects.csv", "kept")
    loaded.write("awards.csv", b"\x1f\x8b")
    assert loaded(*RUN, "--rejects", "rejects.csv").code == 1
    assert Path("rejects.csv").read_text() == "kept"


def test_standard_input_is_a_file(loaded: CommandLine) -> None:
    """A dash stands for it, before or after the options."""
    data = "\n".join([AWARDS, *GOOD]).encode()
    assert loaded.json("import", "-", "--zone", "UTC", stdin=data)["new"] == 3
    assert loaded.json("import", "--zone", "UTC", "--dry-run", "-", stdin=data)["unchanged"] == 3
    assert loaded("import", "-", "--zone", "UTC", "--json").error == (1, "unreadable_file")


def test_a_pipe_is_read_like_a_file(loaded: CommandLine) -> None:
    """What cannot be read twice is kept aside first."""
    os.mkfifo("pipe")
    process = loaded.started("import", "pipe", "--zone", "UTC", "--json")
    Path("pipe").write_text("\n".join([AWARDS, *GOOD]))
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["new"]) == (0, 3)


# --- options ----------------------------------------------------------------------------------------------------------


def test_duplicates_are_errors_or_renewals(loaded: CommandLine, awards_file: Write) -> None:
    """Off, both rows are refused; on, the last one counts and renews what is there (R-44)."""
    awards_file(GOOD[0], "ana ,SAFE-1,2026-06-30,false,2027-06-30,manual,")
    assert counts(loaded(*RUN, "--json").document) == {"rows": 2, "rejected": 2}
    renew = (*RUN, "--duplicates", "renew")
    assert counts(loaded(*renew, "--json").document) == {"rows": 2, "new": 1, "superseded": 1}
    awards_file("ana,SAFE-1,2027-06-30,false,2028-06-30,manual,")
    assert counts(loaded.json(*renew)) == {"rows": 1, "renewed": 1}


def test_all_or_nothing(loaded: CommandLine, awards_file: Write) -> None:
    """One bad row leaves nothing (R-43)."""
    awards_file(*GOOD, *BAD)
    document = loaded(*RUN, "--mode", "all_or_nothing", "--json").document
    assert counts(document) == {"rows": 5, "rejected": 5}
    assert loaded.json("search")["awards"] == []
    awards_file(*GOOD)
    assert loaded.json(*RUN, "--mode", "all_or_nothing")["new"] == 3


def test_an_award_is_updated_and_shortened_only_when_allowed(loaded: CommandLine, awards_file: Write) -> None:
    """R-44."""
    awards_file(GOOD[0])
    loaded.json(*RUN)
    awards_file("ana,SAFE-1,2026-01-31,false,2026-06-30,course,C-1")
    assert loaded(*RUN, "--json").document["errors"][0]["code"] == "would_shorten"
    assert counts(loaded.json(*RUN, "--allow-shorten")) == {"rows": 1, "updated": 1}


def test_cells_are_read_as_the_options_say(loaded: CommandLine, awards_file: Write) -> None:
    """yes and no, and blank expiries that the validity fills."""
    awards_file("ana,SAFE-1,2026-01-31,no,,manual,", "bo,SAFE-1,2026-01-31,yes,,manual,")
    assert loaded(*RUN, "--json").document["rejected"] == 2
    assert loaded.json(*RUN, "--yes-no", "--derive-expiry")["new"] == 2
    expiries = {award["username"]: award["expires_on"] for award in loaded.json("search")["awards"]}
    assert expiries == {"ana": "2027-01-31", "bo": None}


@pytest.mark.parametrize(
    ("given", "separator"),
    [("tab", "\t"), ("\\t", "\t"), ("\t", "\t"), (";", ";"), ("semicolon", ";"), ("pipe", "|"), ("~", "~")],
)
def test_names_separators_and_encodings_can_be_given(loaded: CommandLine, given: str, separator: str) -> None:
    """Columns by header or position, and one character or its name."""
    rows = [["L\u00f6gin", *AWARDS.split(",")[1:4], "kind"], ["ana", "SAFE-1", "2026-01-31", "true", "manual"]]
    loaded.write("awards.csv", "\n".join(separator.join(row) for row in rows).encode("latin-1"))
    options = ("--separator", given, "--encoding", "latin-1", "--map", "username=L\u00f6gin", "--map", "type=5")
    assert loaded.json(*RUN, *options)["new"] == 1


def test_a_dash_can_separate(loaded: CommandLine) -> None:
    """As an option's value it stands for itself."""
    loaded.write("awards.csv", AWARDS.replace(",", "-") + "\n")
    assert loaded.json(*RUN, "--separator", "-")["rows"] == 0


def test_a_file_without_a_header_is_read_by_position(loaded: CommandLine) -> None:
    """Every column that is needed has its number."""
    loaded.write("awards.csv", GOOD[1] + "\n")
    mapped = [part for place, name in enumerate(REQUIRED[:4], 1) for part in ("--map", f"{name}={place}")]
    options = (*mapped, "--map", "type=6", "--no-header")
    assert loaded.json(*RUN, *options)["new"] == 1


def test_unknown_columns_are_noted_on_standard_error(loaded: CommandLine) -> None:
    """With --json too, where standard output holds the document alone."""
    loaded.write("awards.csv", f"{AWARDS},colour\n{GOOD[1]},red\n")
    done = loaded(*RUN, "--json")
    assert (done.code, done.document["new"]) == (0, 1)
    assert done.err == "note: column 'colour' is not known and was ignored.\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--zone", "Mars/Base"], "unknown_zone"),
        (["--zone", ""], "unknown_zone"),
        (["--zone", "local"], "unknown_zone"),
        (["--zone", "UTC", "--map", "colour=red"], "invalid_value"),
        (["--zone", "UTC", "--map", "username=a", "--map", "username=b"], "invalid_value"),
        (["--zone", "UTC", "--map", "username=0"], "invalid_value"),
        (["--zone", "UTC", "--map", "username=99"], "unreadable_file"),
        (["--zone", "UTC", "--map", "username=99999999999999999999"], "unreadable_file"),
        (["--zone", "UTC", "--map", "username=Nobody"], "unreadable_file"),
        (["--zone", "UTC", "--separator", "::"], "invalid_value"),
        (["--zone", "UTC", "--separator", ""], "invalid_value"),
        (["--zone", "UTC", "--encoding", "klingon"], "invalid_value"),
        (["--zone", "UTC", "--no-header"], "invalid_value"),
        (["--zone", "UTC", "--expect-sha256", "0"], "unreadable_file"),
    ],
)
def test_options_that_cannot_be_are_refused(
    loaded: CommandLine, awards_file: Write, arguments: list[str], code: str
) -> None:
    """Zones, mappings, separators, encodings: a typed error, and nothing is imported."""
    awards_file(*GOOD)
    assert loaded("import", "awards.csv", *arguments, "--json").error == (1, code)
    human = loaded("import", "awards.csv", *arguments)
    assert (human.code, human.out, human.err.startswith("certcore: ")) == (1, "", True)
    assert loaded.json("search")["awards"] == []


# --- hostile files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf",
        b"\n\n\n",
        gzip.compress(AWARDS.encode(), mtime=0),
        b"<!DOCTYPE html><html><body>Not found</body></html>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        AWARDS.encode("utf-16-le"),
        bytes(10_000),
        b"\xff" * 100,
        (AWARDS + "\n" + '"' + "x" * 2_000_000).encode(),
        b"{}",
    ],
)
def test_what_is_no_award_file_is_refused(loaded: CommandLine, content: bytes) -> None:
    """Empty, compressed, pages, workbooks, other encodings, noise, an endless cell: one typed error."""
    loaded.write("awards.csv", content)
    assert loaded(*RUN, "--json").error == (1, "unreadable_file")


def test_files_that_are_not_there_are_refused(loaded: CommandLine) -> None:
    """A missing file, a folder, a name no system takes."""
    for name in ("nowhere.csv", ".", "x" * 5_000, "a\0b", ""):
        assert loaded("import", name, "--zone", "UTC", "--json").error == (1, "unreadable_file")


def test_every_file_of_the_cases_is_read_or_refused(loaded: CommandLine, cases: Path) -> None:
    """Named or not, each encoding and shape gives a document whose counts add up, or one error."""
    expectations = json.loads((cases / "csv" / "expectations.json").read_text(encoding="utf-8"))
    for path in sorted((cases / "csv").glob("*/*.csv")):
        encoding = expectations.get(path.relative_to(cases / "csv").as_posix(), {}).get("encoding", "utf-8")
        for options in ((), ("--encoding", encoding)):
            done = loaded("import", str(path), "--zone", "UTC", *options, "--json")
            document = done.document
            if "error" in document:
                assert done.error == (1, "unreadable_file")
            else:
                outcomes = ("new", "renewed", "updated", "unchanged", "superseded", "rejected")
                assert sum(document[name] for name in outcomes) == document["rows"]
                assert done.code == (document["rejected"] > 0)
        assert loaded("import", str(path), "--zone", "UTC", "--encoding", encoding).code == done.code


def test_f09_every_date_of_the_cases_is_right_or_told_with_its_line(loaded: CommandLine, cases: Path) -> None:
    """A row for each: those that are dates are new awards, the others are told; nothing is guessed."""
    dates = json.loads((cases / "csv" / "date_strings.json").read_text(encoding="utf-8"))["cases"]
    dates = [date for date in dates if date["ok"] is not None and "\n" not in date["text"]]
    loaded("load", "-", stdin=json.dumps({"people": [{"username": f"u{n}"} for n in range(len(dates))]}).encode())
    buffer = io.StringIO()
    rows = [[f"u{n}", "SAFE-1", date["text"], "true", "", "manual", ""] for n, date in enumerate(dates)]
    csv.writer(buffer).writerows([AWARDS.split(","), *rows])
    loaded.write("awards.csv", buffer.getvalue())
    document = loaded(*RUN, "--json").document
    assert [error["line"] - 2 for error in document["errors"]] == [n for n, date in enumerate(dates) if not date["ok"]]
    assert document["new"] == sum(date["ok"] for date in dates)


def test_spaces_that_were_taken_off_are_noted(loaded: CommandLine, awards_file: Write) -> None:
    """The first on standard error, with how many more there are."""
    loaded("load", "-", stdin=json.dumps({"people": [{"username": f"u{n}"} for n in range(9)]}).encode())
    awards_file(*(f"u{n} ,SAFE-1,2026-01-31,true,,manual," for n in range(9)))
    done = loaded(*RUN, "--json")
    assert (done.document["new"], done.err.count("note: "), "and 4 more" in done.err) == (9, 6, True)
