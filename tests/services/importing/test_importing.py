"""Award files become right awards, or clear errors: the whole way, on every storage."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from certcore.domain.awards import Basis, BasisKind, Details, Status
from certcore.domain.cells import CellOptions
from certcore.domain.certifications import ItemRef
from certcore.domain.people import Actor
from certcore.errors import IdempotencyConflict, InvalidValue, NotFound, UnknownZone, UnreadableFile
from certcore.ports import Storage
from certcore.registrar import Registrar
from certcore.services.importing import Duplicates, ImportReport, ImportRequest, Mode, TableFormat
from tests.cases import CASES, needs_cases
from tests.services.platform import ADMIN, Platform, platform_over

HEADER = (
    "username",
    "certification_code",
    "certification_issue_date",
    "always_valid",
    "certification_expire_date",
    "type",
    "code",
)
C_1 = ItemRef.parse("course:C-1")
ANA = ("ana", "SAFE-1", "2026-01-31", "false", "2027-01-31", "course", "C-1")


@pytest.fixture
def platform(platform: Platform) -> Platform:
    """With SAFE-1, which C-1 and P-1 carry, and SAFE-2."""
    platform.certification("SAFE-1", items=["course:C-1", "learning_plan:P-1"])
    platform.certification("SAFE-2")
    return platform


def csv_of(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def ana(**cells: str) -> tuple[str, ...]:
    """Ana's row with other cells."""
    return tuple(cells.get(name, value) for name, value in zip(HEADER, ANA, strict=True))


def run(
    platform: Platform, data: bytes, *, dry_run: bool = False, rejects: io.StringIO | None = None, **parts: object
) -> ImportReport:
    request = ImportRequest(zone=str(parts.pop("zone", "Europe/Rome")), **parts)  # type: ignore[arg-type]
    return platform.registrar.importing.run(io.BytesIO(data), request, actor=ADMIN, dry_run=dry_run, rejects=rejects)


def codes(report: ImportReport) -> list[tuple[int, str | None, str]]:
    return [(error.line, error.column, error.code) for error in report.errors]


def counts(report: ImportReport) -> dict[str, int]:
    """The counts that are not zero; always adding up to the rows (I10)."""
    names = ("new", "renewed", "updated", "unchanged", "superseded", "rejected")
    named = {name: getattr(report, name) for name in names}
    assert sum(named.values()) == report.rows
    return {name: count for name, count in named.items() if count}


def the_award(platform: Platform, username: str = "ana") -> tuple[object, ...]:
    """What a learner holds, as a person would say it."""
    (record,) = [
        each
        for each in platform.registrar.reporting.search(actor=ADMIN, username=username).records
        if each.status is not Status.ARCHIVED
    ]
    period = record.award.period
    return period.issued_on, period.expires_on, period.zone, record.award.basis


def test_duplicates_and_mode_are_taken_as_text_too_and_never_guessed(platform: Platform) -> None:
    """R-43, R-44: one bad row spoils the whole file where that is asked for in a word."""
    file = csv_of(ANA, ("nobody", *ANA[1:]))
    request = ImportRequest(zone="UTC", duplicates="renew", mode="all_or_nothing")
    assert request == ImportRequest(zone="UTC", duplicates=Duplicates.RENEW, mode=Mode.ALL_OR_NOTHING)
    report = platform.registrar.importing.run(io.BytesIO(file), request, actor=ADMIN)
    assert (report.rejected, report.rows) == (2, 2)
    assert platform.registrar.reporting.search(actor=ADMIN).records == []
    with pytest.raises(InvalidValue, match="duplicates"):
        ImportRequest(zone="UTC", duplicates="sometimes")
    with pytest.raises(InvalidValue, match="mode"):
        ImportRequest(zone="UTC", mode="sometimes")


def test_a_row_becomes_an_award_in_the_uploaders_zone(platform: Platform) -> None:
    """R-46, R-11, R-20: dates mean the first instant of the day in the uploader's zone; the basis is the row's."""
    assert counts(run(platform, csv_of(ANA), zone="America/Havana")) == {"new": 1}
    record = platform.registrar.reporting.search(actor=ADMIN).records[0]
    assert record.award.period.issued_at == datetime(2026, 1, 31, 5, tzinfo=UTC)
    assert the_award(platform)[3] == Basis(BasisKind.COURSE, "C-1")


@pytest.mark.parametrize("duplicates", list(Duplicates))
def test_the_same_file_again_changes_nothing(platform: Platform, duplicates: Duplicates) -> None:
    """R-45: nothing changes, nothing is sent."""
    data = csv_of(ANA, ana(username="bo", always_valid="1", certification_expire_date="", type="manual", code=""))
    run(platform, data, duplicates=duplicates)
    before = platform.registrar.reporting.search(actor=ADMIN).records
    assert counts(run(platform, data, duplicates=duplicates)) == {"unchanged": 2}
    assert platform.registrar.reporting.search(actor=ADMIN).records == before


def test_a_live_award_is_updated_in_place_with_a_recorded_edit_and_no_notice(platform: Platform) -> None:
    """R-44, off: an edit, not a new award; nobody is told."""
    run(platform, csv_of(ANA))
    number = platform.number_of("ana")
    assert counts(run(platform, csv_of(ana(certification_expire_date="2028-01-31")))) == {"updated": 1}
    record, history = platform.registrar.reporting.show(number, actor=ADMIN)
    with platform.storage.reading() as tx:
        events = tx.outbox.of([record.award.id])[record.award.id]
    assert [entry.act for entry in history] == ["issued", "edited"]
    assert [event.notify for event in events] == [True, False]


@pytest.mark.parametrize("cells", [{"certification_expire_date": "2026-12-31"}])
def test_a_row_that_would_end_an_award_earlier_is_rejected_unless_allowed(
    platform: Platform, cells: dict[str, str]
) -> None:
    """R-44: `would_shorten`, also from always valid."""
    run(platform, csv_of(ANA, ana(username="bo", always_valid="true", certification_expire_date="")))
    shorter = csv_of(ana(**cells), ana(username="bo"))
    assert codes(run(platform, shorter)) == [
        (2, "certification_expire_date", "would_shorten"),
        (3, "certification_expire_date", "would_shorten"),
    ]
    assert counts(run(platform, shorter, allow_shorten=True)) == {"updated": 2}


def test_f07_duplicate_rows_off_are_all_errors_and_the_award_stays(platform: Platform) -> None:
    """R-44, off: every row of the key is an error that names the other lines."""
    run(platform, csv_of(ANA))
    before = the_award(platform)
    report = run(platform, csv_of(ana(certification_expire_date="2029-01-31"), ana(username=" ana ")))
    assert codes(report) == [(2, "username", "duplicate_row"), (3, "username", "duplicate_row")]
    assert "line 3" in report.errors[0].message
    assert "line 2" in report.errors[1].message
    assert the_award(platform) == before


def test_f07_a_duplicate_row_with_another_mistake_is_told_of_both(platform: Platform) -> None:
    """R-42, R-44: all mistakes at once; mending the one does not bring up the other."""
    report = run(platform, csv_of(ANA, ana(certification_issue_date="44518")))
    assert codes(report) == [
        (2, "username", "duplicate_row"),
        (3, "certification_issue_date", "spreadsheet_serial"),
        (3, "username", "duplicate_row"),
    ]
    assert (report.rejected, report.errors_total) == (2, 3)


def test_f07_duplicate_rows_on_renew_with_the_last_row_only(platform: Platform) -> None:
    """R-44, on: the last row counts, with no date check; the award is archived, one new one is issued and told of."""
    run(platform, csv_of(ANA))
    first = platform.number_of("ana")
    older = ana(certification_issue_date="2020-05-01", certification_expire_date="2021-05-01")
    report = run(platform, csv_of(ana(certification_issue_date="2026-02-01"), older), duplicates=Duplicates.RENEW)
    assert counts(report) == {"superseded": 1, "renewed": 1}
    assert the_award(platform)[:2] == (date(2020, 5, 1), date(2021, 5, 1))
    old, _ = platform.registrar.reporting.show(first, actor=ADMIN)
    new, _ = platform.registrar.reporting.show(old.renewed_by or "", actor=ADMIN)
    with platform.storage.reading() as tx:
        (event,) = tx.outbox.of([new.award.id])[new.award.id]
    assert (old.status, event.kind, event.notify) == (Status.ARCHIVED, "award.issued", True)


def test_f07_when_the_last_row_is_bad_no_earlier_one_steps_in(platform: Platform) -> None:
    """CSV.md: the last row is chosen before it is validated."""
    bad = ana(certification_issue_date="07/04/2021")
    report = run(platform, csv_of(ANA, bad), duplicates=Duplicates.RENEW)
    assert counts(report) == {"superseded": 1, "rejected": 1}
    assert platform.registrar.reporting.search(actor=ADMIN).records == []


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        ({"username": "nobody"}, ("username", "unknown_user")),
        ({"username": "Ana"}, ("username", "unknown_user")),
        ({"username": "gone"}, ("username", "deactivated_user")),
        ({"username": ""}, ("username", "blank_cell")),
        ({"username": "a\x07na"}, ("username", "control_character")),
        ({"username": "a" * 300}, ("username", "too_long")),
        ({"certification_code": "NONE"}, ("certification_code", "unknown_certification")),
        ({"certification_code": "safe-1"}, ("certification_code", "unknown_certification")),
        ({"certification_code": "OLD-1"}, ("certification_code", "retired_certification")),
        ({"certification_issue_date": "07/04/2021"}, ("certification_issue_date", "spreadsheet_date")),
        ({"certification_issue_date": "44518"}, ("certification_issue_date", "spreadsheet_serial")),
        ({"certification_issue_date": "now"}, ("certification_issue_date", "not_a_date")),
        ({"certification_issue_date": "2023-02-29"}, ("certification_issue_date", "impossible_date")),
        ({"certification_issue_date": "1899-12-31"}, ("certification_issue_date", "year_out_of_range")),
        ({"always_valid": "yes"}, ("always_valid", "unknown_flag")),
        ({"always_valid": "true"}, ("certification_expire_date", "expiry_not_allowed")),
        ({"certification_expire_date": ""}, ("certification_expire_date", "expiry_missing")),
        ({"certification_expire_date": "2026-01-31"}, ("certification_expire_date", "expires_before_issue")),
        ({"type": "quiz"}, ("type", "unknown_type")),
        ({"type": "manual"}, ("code", "code_not_allowed")),
        ({"code": ""}, ("code", "code_missing")),
        ({"code": "C-99"}, ("code", "unknown_item")),
        ({"code": "C-2"}, ("code", "item_not_assigned")),
        ({"type": "learning_plan"}, ("code", "unknown_item")),
    ],
)
def test_f09_each_kind_of_bad_cell_has_its_error_and_awards_nothing(
    platform: Platform, cells: dict[str, str], error: tuple[str, str]
) -> None:
    """R-42: line, column, value, a stable code, and how to mend it; the good row beside it goes through."""
    platform.certification("OLD-1")
    platform.registrar.defining.retire("OLD-1", actor=ADMIN)
    report = run(platform, csv_of(ana(**cells), ana(username="bo")))
    assert codes(report) == [(2, *error)]
    assert len(report.errors[0].message.split()) > 4
    assert counts(report) == {"new": 1, "rejected": 1}


def test_all_mistakes_of_a_row_are_told_at_once(platform: Platform) -> None:
    """Bulk input collects every error before it gives up."""
    report = run(platform, csv_of(("nobody", "NONE", "44518", "maybe", "x", "quiz", "")))
    assert [error.column for error in report.errors] == [
        "username",
        "certification_code",
        "certification_issue_date",
        "always_valid",
        "certification_expire_date",
        "type",
    ]
    assert (report.rejected, report.errors_total) == (1, 6)


def test_a_day_that_never_happened_is_an_error_that_says_so(platform: Platform) -> None:
    """R-11: 2011-12-30 in Apia."""
    data = csv_of(ana(certification_issue_date="2011-12-30"), ana(username="bo", certification_issue_date="2011-12-31"))
    assert codes(run(platform, data, zone="Pacific/Apia")) == [(2, "certification_issue_date", "skipped_day")]


def test_options_widen_what_is_read(platform: Platform) -> None:
    """CSV.md: yes/no, a blank expiry from the certification's validity, configured types."""
    options = CellOptions(yes_no=True, derive_expiry=True, kinds={"Corso": BasisKind.COURSE})
    row = ana(always_valid="No", certification_expire_date="", type="Corso")
    assert counts(run(platform, csv_of(row), cells=options)) == {"new": 1}
    assert the_award(platform)[1] == date(2027, 1, 31)


def test_an_absent_optional_column_means_as_it_is(platform: Platform) -> None:
    """CSV.md: an absent column leaves what is stored; without anything stored it is missing."""
    run(platform, csv_of(ANA))
    header = ("username", "certification_code", "certification_issue_date", "always_valid", "type")
    row = ("SAFE-1", "2026-01-30", "false", "course")
    report = run(platform, csv_of(("ana", *row), ("bo", *row), header=header))
    assert counts(report) == {"updated": 1, "rejected": 1}
    assert the_award(platform)[:2] == (date(2026, 1, 30), date(2027, 1, 31))
    assert {code for _, _, code in codes(report)} == {"expiry_missing", "code_missing"}


def test_details_that_a_file_has_no_column_for_survive_an_update(platform: Platform) -> None:
    """An import never drops score, credits or note of an award."""
    platform.award("ana", details=Details(note="keep me"))
    run(platform, csv_of(ana(certification_expire_date="2030-01-01")))
    assert platform.registrar.reporting.search(actor=ADMIN).records[0].award.details.note == "keep me"


def test_a_dry_run_tells_the_outcome_and_writes_nothing(platform: Platform) -> None:
    """R-43: the full outcome of each row; nothing is written."""
    data = csv_of(ANA, ana(username="nobody"))
    dry = run(platform, data, dry_run=True)
    assert (counts(dry), dry.dry_run, dry.import_id) == ({"new": 1, "rejected": 1}, True, None)
    assert platform.registrar.reporting.search(actor=ADMIN).records == []
    real = run(platform, data)
    assert (counts(real), codes(real)) == (counts(dry), codes(dry))


def test_f03_a_run_can_demand_the_bytes_of_its_dry_run(platform: Platform) -> None:
    """R-43: a file that changed since is refused with nothing written."""
    digest = run(platform, csv_of(ANA), dry_run=True).sha256
    with pytest.raises(UnreadableFile) as refusal:
        run(platform, csv_of(ANA, ana(username="bo")), sha256=digest)
    assert refusal.value.reason == "file_changed"
    assert counts(run(platform, csv_of(ANA), sha256=digest)) == {"new": 1}


def test_all_or_nothing_leaves_nothing_when_one_row_is_bad(platform: Platform) -> None:
    """R-43: one transaction; counts are effects, so every row is rejected and only the bad one has an error (I10)."""
    data = csv_of(ANA, ana(username="bo"), ana(username="nobody"))
    report = run(platform, data, mode=Mode.ALL_OR_NOTHING)
    assert (counts(report), codes(report)) == ({"rejected": 3}, [(4, "username", "unknown_user")])
    assert platform.registrar.reporting.search(actor=ADMIN).records == []
    assert counts(run(platform, csv_of(ANA), mode=Mode.ALL_OR_NOTHING)) == {"new": 1}


def test_f12_rejects_are_safe_in_a_spreadsheet_and_can_be_fed_back(platform: Platform) -> None:
    """R-43: original cells with line and error; corrected, the file imports; formulas are neutralised."""
    rejects = io.StringIO()
    run(platform, csv_of(ANA, ana(username="=cmd|' /C calc'!A0"), ana(username="gone")), rejects=rejects)
    rows = list(csv.reader(io.StringIO(rejects.getvalue(), newline="")))
    assert rows[0] == [*HEADER, "certcore_line", "certcore_error"]
    assert [row[0] for row in rows[1:]] == ["'=cmd|' /C calc'!A0", "gone"]
    assert [row[7] for row in rows[1:]] == ["3", "4"]
    again = run(platform, rejects.getvalue().encode())
    assert [error.code for error in again.errors] == ["unknown_user", "deactivated_user"]
    assert again.warnings == ()
    corrected = rejects.getvalue().replace("gone", "bo")
    assert counts(run(platform, corrected.encode())) == {"new": 1, "rejected": 1}


def test_columns_can_be_mapped_by_header_or_position(platform: Platform) -> None:
    """R-40: names can be mapped; the header is optional when mapped by position."""
    rows = csv_of(ANA).replace(b"username", b"Login", 1)
    assert counts(run(platform, rows, format=TableFormat(columns={"username": "Login"}))) == {"new": 1}
    headless = csv_of(ana(username="bo")).partition(b"\r\n")[2]
    by_position = {name: n for n, name in enumerate(HEADER, start=1)}
    assert counts(run(platform, headless, format=TableFormat(columns=by_position, header=False))) == {"new": 1}


def test_progress_tells_rows_done_of_rows_in_all(new_storage: Callable[[], Storage]) -> None:
    """R-41: progress is reported, batch by batch."""
    platform = platform_over(new_storage(), batch=2)
    platform.certification("SAFE-1", items=["course:C-1"])
    told: list[tuple[int, int]] = []
    platform.registrar.importing.run(
        io.BytesIO(csv_of(*(ana(username=name) for name in ("ana", "bo", "cy")))),
        ImportRequest(zone="UTC"),
        actor=ADMIN,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(2, 3), (3, 3)]


def test_an_import_is_a_job_with_its_report_as_result(platform: Platform) -> None:
    """R-41: always a job; the id in the report finds it."""
    report = run(platform, csv_of(ANA, ana(username="nobody")))
    job = platform.registrar.running.get(report.import_id or "")
    assert (job.kind, job.state.value, job.done, job.total) == ("import", "done", 2, 2)
    assert (job.result["new"], job.result["rejected"]) == (1, 1)
    assert [error["code"] for error in job.result["errors"]] == ["unknown_user"]  # type: ignore[attr-defined]


def test_a_future_award_is_upcoming_and_its_notice_waits(platform: Platform) -> None:
    """CSV.md: a future issue date gives an upcoming award whose notice waits until then."""
    run(platform, csv_of(ana(certification_issue_date="2027-01-01", certification_expire_date="2028-01-01")))
    (record,) = platform.registrar.reporting.search(actor=ADMIN).records
    with platform.storage.reading() as tx:
        (event,) = tx.outbox.of([record.award.id])[record.award.id]
    assert (record.status, event.due_at) == (Status.UPCOMING, record.award.period.issued_at)


def test_what_names_no_file_of_awards_is_refused_before_anything_happens(platform: Platform) -> None:
    """Typed errors for a zone, a person without the right, and options that contradict themselves."""
    with pytest.raises(UnknownZone):
        run(platform, csv_of(ANA), zone="Mars/Base")
    with pytest.raises(NotFound):
        platform.registrar.importing.run(io.BytesIO(csv_of(ANA)), ImportRequest(zone="UTC"), actor=Actor("id-ana"))
    with pytest.raises(InvalidValue):
        run(platform, csv_of(ANA), format=TableFormat(separator=";;"))


@needs_cases
@pytest.mark.parametrize(
    "name", sorted(json.loads((CASES / "csv" / "expectations.json").read_text())) if CASES.is_dir() else []
)
def test_every_case_file_gives_its_records_or_a_typed_error(new_storage: Callable[[], Storage], name: str) -> None:
    """f04 to f06: each file of the cases comes out as its expectation says, and a second time unchanged."""
    wanted = json.loads((CASES / "csv" / "expectations.json").read_text())[name]
    names = {"ada", "grace", "alan", "bob", "007", 'gr"a"ce', "zo\u00eb", *wanted.get("usernames", [])}
    platform = platform_over(new_storage(), sorted(names))
    platform.certification("FORK-1", items=["course:C-1", "course:C-2", "course:C-3"])
    platform.certification("0012")
    encoding = wanted.get("encoding") if name.startswith("encodings/") else None
    fmt = TableFormat(separator=wanted.get("separator"), encoding=encoding)
    data = Path(CASES / "csv" / name).read_bytes().replace(b"C-4", b"C-1").replace(b"C-5", b"C-1")
    if name in UNREADABLE:
        with pytest.raises(UnreadableFile):
            run(platform, data, format=fmt)
        assert platform.registrar.reporting.search(actor=ADMIN).records == []
        return
    report = run(platform, data, format=fmt)
    if "usernames" in wanted:
        found = {record.username for record in platform.registrar.reporting.search(actor=ADMIN).records}
        assert found <= set(wanted["usernames"])
        assert report.new + report.rejected == len(wanted["usernames"])
    elif name in ROWS:
        assert (counts(report), codes(report)) == ROWS[name]
    else:
        assert report.rows == wanted["records"]
    again = run(platform, data, format=fmt)
    assert (again.unchanged, again.rejected) == (report.new, report.rejected)


UNREADABLE = {
    "encodings/overlong_slash.csv",
    "shape/empty.csv",
    "shape/no_header.csv",
    "shape/duplicate_headers.csv",
    "shape/header_nfd.csv",
    "shape/blank_header_name.csv",
}
ROWS: dict[str, tuple[dict[str, int], list[tuple[int, str | None, str]]]] = {
    "shape/ragged_short.csv": ({"new": 2, "rejected": 1}, [(3, None, "ragged_row")]),
    "shape/ragged_long.csv": ({"new": 2, "rejected": 1}, [(3, None, "ragged_row")]),
    "shape/quote_in_middle.csv": ({"new": 3}, []),
    "shape/text_after_quote.csv": ({"new": 1, "rejected": 1}, [(3, None, "malformed_row")]),
    "shape/embedded_newline_in_field.csv": ({"new": 2, "rejected": 1}, [(3, "username", "control_character")]),
    "shape/nul_byte_in_field.csv": ({"new": 2, "rejected": 1}, [(3, "username", "control_character")]),
    "shape/ctrl_z.csv": ({"new": 3}, []),
    "shape/double_bom.csv": ({"new": 3}, []),
    "shape/unicode_line_separators.csv": ({"new": 2, "rejected": 1}, [(3, "username", "control_character")]),
    "shape/duplicate_rows_same_key.csv": (
        {"new": 1, "rejected": 2},
        [(2, "username", "duplicate_row"), (4, "username", "duplicate_row")],
    ),
    "shape/duplicate_username_nfc_nfd.csv": (
        {"rejected": 2},
        [(2, "username", "duplicate_row"), (3, "username", "duplicate_row")],
    ),
    "shape/expire_before_issue.csv": (
        {"rejected": 2},
        [
            (2, "certification_expire_date", "expires_before_issue"),
            (3, "certification_expire_date", "expires_before_issue"),
        ],
    ),
    "shape/leading_zero_codes.csv": ({"rejected": 1}, [(2, "code", "unknown_item")]),
    "shape/formula_input.csv": ({"rejected": 1}, [(2, "username", "unknown_user")]),
}


class Shrinking(io.BytesIO):
    """A file that loses its last row after it has been read for the n-th time."""

    def __init__(self, data: bytes, readings: int) -> None:
        super().__init__(data)
        self._left = readings

    def seek(self, offset: int, whence: int = 0) -> int:
        self._left -= 1
        if self._left == 0:
            self.truncate(len(self.getvalue()) - 20)
        return super().seek(offset, whence)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("readings", range(2, 8))
def test_f03_a_file_that_changes_under_way_ends_in_an_error_and_never_hangs(
    platform: Platform, mode: Mode, readings: int
) -> None:
    """R-43: told so; in one transaction nothing is left, in batches the job is failed and not taken up again."""
    file = Shrinking(csv_of(ANA, ana(username="bo"), ana(username="cy")), readings)
    request = ImportRequest(zone="UTC", mode=mode)
    with suppress(UnreadableFile):
        report = platform.registrar.importing.run(file, request, actor=ADMIN)
        assert report.new + report.rejected == report.rows
        return
    if mode is Mode.ALL_OR_NOTHING:
        assert platform.registrar.reporting.search(actor=ADMIN).records == []
    jobs = platform.registrar.importing.recent(actor=ADMIN)
    assert all(job.state.value in ("done", "failed") for job in jobs)


def test_spaces_around_a_username_are_passed_over_with_a_warning(platform: Platform) -> None:
    """CSV.md: trimmed, with a warning that names it."""
    report = run(platform, csv_of(ana(username=" ana "), ana(username="bo")))
    assert counts(report) == {"new": 2}
    assert report.warnings == ("' ana ' was read without the spaces around it.",)


@pytest.mark.parametrize("mode", list(Mode))
def test_f02_an_import_under_a_key_is_done_once(platform: Platform, mode: Mode) -> None:
    """R-34: the same key and import give the same report, another import under it is a typed conflict."""
    request = ImportRequest(zone="UTC", mode=mode)

    def keyed(data: bytes) -> ImportReport:
        return platform.registrar.importing.run(io.BytesIO(data), request, actor=ADMIN, key="k-1")

    first = keyed(csv_of(ANA, ana(username="nobody")))
    assert keyed(csv_of(ANA, ana(username="nobody"))) == first
    with pytest.raises(IdempotencyConflict):
        keyed(csv_of(ANA))


def test_a_renewal_takes_neither_details_nor_end_from_what_it_renews(platform: Platform) -> None:
    """R-26, R-44: score, credits and note are of the old award; without an expire column the validity decides."""
    platform.award("ana", issued_on=date(2025, 1, 1), details=Details(note="of the old one"))
    header = tuple(name for name in HEADER if name != "certification_expire_date")
    row = ("ana", "SAFE-1", "2026-01-31", "false", "course", "C-1")
    options = CellOptions(derive_expiry=True)
    report = run(platform, csv_of(row, header=header), duplicates=Duplicates.RENEW, cells=options)
    assert counts(report) == {"renewed": 1}
    assert the_award(platform)[:2] == (date(2026, 1, 31), date(2027, 1, 31))
    records = platform.registrar.reporting.search(actor=ADMIN, username="ana").records
    assert {record.award.live: record.award.details.note for record in records} == {False: "of the old one", True: None}
    again = run(platform, csv_of(row, header=header), duplicates=Duplicates.RENEW, cells=options)
    assert counts(again) == {"unchanged": 1}
    missing = run(platform, csv_of((*row[:2], "2026-02-28", *row[3:]), header=header), duplicates=Duplicates.RENEW)
    assert codes(missing) == [(2, "certification_expire_date", "expiry_missing")]


def test_f28_a_historic_import_tells_nobody(platform: Platform) -> None:
    """R-82, f28: with notices off, none of its events is to be told of, also later."""
    run(platform, csv_of(ANA, ana(username="bo")), notify=False)
    with platform.storage.reading() as tx:
        awards = [record.award.id for record in platform.registrar.reporting.search(actor=ADMIN).records]
        events = [event for each in tx.outbox.of(awards).values() for event in each]
    assert [event.notify for event in events] == [False, False]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda registrar: registrar.defining.retire("SAFE-1", actor=ADMIN), "retired_certification"),
        (
            lambda registrar: registrar.defining.unassign_items(
                [ItemRef.parse("course:C-1")], awards="keep", actor=ADMIN
            ),
            "item_not_assigned",
        ),
    ],
    ids=["retired", "unassigned"],
)
def test_f15_what_changes_between_two_batches_counts_for_the_second(
    new_storage: Callable[[], Storage], change: Callable[[Registrar], object], code: str
) -> None:
    """Though its cells are those of the first, whose meaning is remembered."""
    platform = platform_over(new_storage(), batch=1)
    platform.certification("SAFE-1", items=["course:C-1"])

    def progress(done: int, _total: int) -> None:
        if done == 1:
            change(platform.registrar)

    data = csv_of(ana(), ana(username="bo"))
    report = platform.registrar.importing.run(
        io.BytesIO(data), ImportRequest(zone="Europe/Rome"), actor=ADMIN, progress=progress
    )
    assert (report.new, [(error.line, error.code) for error in report.errors]) == (1, [(3, code)])


def test_f08_a_file_of_very_many_codes_takes_memory_in_proportion(platform: Platform) -> None:
    """And a key that comes again is found, however many codes there are before it."""
    rows = [ana(certification_code=f"NO-{place}") for place in range(30_000)]
    tracemalloc.start()
    try:
        report = run(platform, csv_of(*rows, ana(), ana()), dry_run=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (report.new, report.rows) == (0, 30_002)
    assert peak < 60 << 20
