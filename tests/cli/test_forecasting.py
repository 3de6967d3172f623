"""``certcore report compliance`` and ``certcore forecast`` as a user runs them (R-92, R-95)."""

import csv
from xml.etree import ElementTree as ET

import pytest

from tests.cli.running import CommandLine

NOW = ("--now", "2026-06-01T00:00:00Z")


@pytest.fixture
def awarded(loaded: CommandLine) -> CommandLine:
    """Ana and Bo, who are nurses, hold SAFE-1 of one year; Ana also EVER-1."""
    for code, *users in (("SAFE-1", "--user", "ana", "--user", "bo"), ("EVER-1", "--user", "ana")):
        loaded("award", "--certification", code, *users, "--issued-on", "2026-03-01", *NOW)
    return loaded


def test_compliance_is_counted_by_certification_and_group(awarded: CommandLine) -> None:
    rows = awarded.json("report", "compliance", *NOW)["certifications"]
    assert [(row["certification"], row["active"], row["valid"], row["members"]) for row in rows] == [
        ("EVER-1", 1, 1, None),
        ("SAFE-1", 2, 2, None),
    ]
    options = ("--group", "nurses", "--certification", "EVER-1")
    (row,) = awarded.json("report", "compliance", *options, *NOW)["certifications"]
    assert (row["group"], row["members"], row["valid"], row["missing"]) == ("nurses", 2, 1, 1)
    (late,) = awarded.json("report", "compliance", "--certification", "SAFE-1", "--at", "2028-01-01T00:00:00Z")[
        "certifications"
    ]
    assert (late["expired"], late["valid"]) == (2, 0)
    shown = awarded("report", "compliance", *options, *NOW).out
    assert "Missing" in shown
    assert "nurses" in shown


def test_a_forecast_is_a_table_a_file_and_a_picture(awarded: CommandLine) -> None:
    """R-95: Havana's last day is in February for Ana, UTC's for Bo."""
    document = awarded.json("forecast", "--certification", "SAFE-1", *NOW)
    lapses = {row["month"]: row["lapses"] for row in document["months"] if row["lapses"]}
    assert (lapses, len(document["months"])) == ({"2027-02": 2}, 12)
    done = awarded("forecast", "--csv", "f.csv", "--svg", "f.svg", *NOW)
    assert "24 rows in f.csv" in done.out
    rows = list(csv.DictReader((awarded.folder / "f.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["left"] for row in rows if row["month"] == "2027-02"] == ["1", "0"]
    assert "2027-02: 2" in "".join(ET.fromstring((awarded.folder / "f.svg").read_text(encoding="utf-8")).itertext())
    assert "2027-02" in awarded("forecast", *NOW).out
    assert "Nothing lapses" in awarded("forecast", "--months", "3", *NOW).out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("forecast", "--months", "0"), "invalid_value"),
        (("forecast", "--group", "doctors"), "not_found"),
        (("forecast", "--certification", "NONE-1"), "not_found"),
        (("forecast", "--zone", "Mars/Base"), "unknown_zone"),
        (("forecast", "--svg", "nowhere/f.svg"), "invalid_value"),
        (("report", "compliance", "--group", "doctors"), "not_found"),
    ],
)
def test_what_cannot_be_counted_is_said(awarded: CommandLine, arguments: tuple[str, ...], error: str) -> None:
    assert awarded(*arguments, "--json").error == (1, error)
