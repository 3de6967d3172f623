"""What the help page says about awarding from a file (SEED 4)."""

from datetime import UTC, date, datetime
from typing import Final

from certcore.domain.awards import Status
from certcore.errors import UnreadableFile
from certcore.services.importing import Duplicates, TableFormat
from tests.scenarios.facts import Fact
from tests.scenarios.port import COLUMNS, FIRE, SUPER, Port

LICENCE: Final = "LICENCE"


def row(name: str, issued: str, expires: str = "", kind: str = "manual", code: str = "") -> tuple[str, ...]:
    """A row of the file; always valid without an expiry."""
    return (name, LICENCE, issued, "false" if expires else "true", expires, kind, code)


def codes(port: Port, *rows: tuple[str, ...]) -> list[str]:
    """The mistakes in a file with these rows."""
    return [each.code for each in port.imports(*rows).errors]


def each_column(port: Port) -> None:
    port.certify(LICENCE)
    report = port.imports(
        row("ada", "2025-11-18"),
        row("ben", "2026-02-01", "2026-12-31"),
    )
    assert (report.rows, report.new) == (2, 2)
    assert port.held("ada", LICENCE).period.expires_on is None
    assert port.held("ben", LICENCE).period.expires_on == date(2026, 12, 31)


def what_is_mandatory(port: Port) -> None:
    for name in ("username", "certification_code", "certification_issue_date"):
        place = COLUMNS.index(name)
        cells = row("cleo", "2026-01-01")
        assert codes(port, (*cells[:place], "", *cells[place + 1 :])) == ["blank_cell"]
    assert codes(port, ("cleo", LICENCE, "2026-01-01", "false", "", "manual", "")) == ["expiry_missing"]
    assert codes(port, ("cleo", LICENCE, "2026-01-01", "true", "2027-01-01", "manual", "")) == ["expiry_not_allowed"]


def the_item_by_type_and_code(port: Port) -> None:
    assert codes(port, row("cleo", "2026-01-01", kind="course")) == ["code_missing"]
    assert codes(port, row("cleo", "2026-01-01", code="FIRE")) == ["code_not_allowed"]
    report = port.imports(("cleo", "SAFE", "2026-01-01", "true", "", "course", "FIRE"))
    assert (report.new, port.held("cleo", "SAFE").basis.item) == (1, FIRE)


def only_certifications_with_a_code(port: Port) -> None:
    assert codes(port, ("cleo", "Height", "2026-01-01", "true", "", "manual", "")) == ["unknown_certification"]


def separator_charset_and_columns(port: Port) -> None:
    header = ["user", "certification_code", *COLUMNS[2:]]
    mapped = TableFormat(separator=";", encoding="utf-16", columns={"username": "user"})
    rows = [row("cleo", "2026-01-05")]
    assert port.imports(*rows, header=header, separator=";", charset="utf-16", format=mapped).new == 1
    port.refuses(UnreadableFile, port.imports, *rows, header=header)


def the_dates_of_spreadsheets(port: Port) -> None:
    report = port.imports(row("dov", "01/31/2026"), row("dov", "2026/01/31"))
    assert [each.code for each in report.errors][:1] == ["spreadsheet_date"]
    assert "spreadsheet" in report.errors[0].message
    assert (report.rejected, port.found("dov", LICENCE)) == (2, [])


def duplicates_are_errors(port: Port) -> None:
    report = port.imports(row("dov", "2026-01-01"), row("dov", "2026-02-01"))
    assert [each.code for each in report.errors] == ["duplicate_row", "duplicate_row"]
    assert port.found("dov", LICENCE) == []


def and_a_holder_is_updated(port: Port) -> None:
    """R-44: in place, on record and without a notice, never to an earlier end."""
    number = port.held("ben", LICENCE).number
    assert port.imports(row("ben", "2026-02-01", "2027-06-30")).updated == 1
    assert codes(port, row("ben", "2026-02-01", "2026-03-31")) == ["would_shorten"]
    held = port.held("ben", LICENCE)
    assert (held.number, held.period.expires_on) == (number, date(2027, 6, 30))
    assert [event.notify for event in port.events(held)] == [True, False]


def or_they_are_renewals(port: Port) -> None:
    """R-44: only the last row counts, no dates are checked, the old award is archived, and the learner is told."""
    before = port.held("ben", LICENCE)
    rows = [row("ben", "2026-04-01", "2028-01-01"), row("ben", "2026-03-01", "2026-09-01")]
    report = port.imports(*rows, duplicates=Duplicates.RENEW)
    assert (report.superseded, report.renewed) == (1, 1)
    old, new = port.found("ben", LICENCE)
    assert (old.award.number, old.award.renewed_by, old.award.live) == (before.number, new.award.id, False)
    assert new.award.period.expires_on == date(2026, 9, 1)
    (told,) = port.events(new.award)
    assert (told.kind, told.notify) == ("award.issued", True)


def always_a_job(port: Port) -> None:
    """R-41: whatever the size; the newly awarded are on the list then."""
    report = port.imports(row("dov", "2026-01-01"))
    job = port.registrar.importing.get(report.import_id, actor=SUPER)
    assert (job.kind, job.done, job.total) == ("import", 1, 1)
    assert "dov" in [each.username for each in port.registrar.reporting.awarded(LICENCE, actor=SUPER)]


def midnight_where_the_uploader_is(port: Port) -> None:
    """R-12: midnight of UTC-04:00 is four o'clock UTC; the page's 20:00 of the day before is UTC+04:00."""
    for name, zone, wanted in (
        ("hand000", "-04:00", datetime(2021, 11, 18, 4, tzinfo=UTC)),
        ("hand001", "+04:00", datetime(2021, 11, 17, 20, tzinfo=UTC)),
    ):
        assert port.imports(row(name, "2021-11-18"), zone=zone).new == 1
        assert port.held(name, LICENCE).period.issued_at == wanted


def dates_that_are_still_to_come(port: Port) -> None:
    """A date on which it *will be* issued is upcoming until then (R-14)."""
    port.imports(row("hand002", port.in_a_year.isoformat()))
    assert [each.status for each in port.found("hand002", LICENCE)] == [Status.UPCOMING]


FROM_A_FILE: Final = (
    Fact("R-40", "a file with its columns", each_column),
    Fact("R-42", "which of them are mandatory", what_is_mandatory),
    Fact("R-20", "course and plan by type and code", the_item_by_type_and_code),
    Fact("R-1", "codes are needed here", only_certifications_with_a_code),
    Fact("R-40", "separator, charset and names of columns", separator_charset_and_columns),
    Fact("R-42", "dates with dashes, which spreadsheets reformat", the_dates_of_spreadsheets),
    Fact("R-44", "duplicates are an error", duplicates_are_errors),
    Fact("R-44", "and a live award is brought up to date", and_a_holder_is_updated),
    Fact("R-44", "or duplicates are renewals", or_they_are_renewals),
    Fact("R-41", "in the background, whatever the amount", always_a_job),
    Fact("R-12", "issued at the uploader's midnight", midnight_where_the_uploader_is),
    Fact("R-14", "also on a day that is to come", dates_that_are_still_to_come),
)
