"""What the help page on managing learner certificates says (SEED 0), fact by fact."""

import csv
import io
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from attrs import define, field

from certcore.adapters.memory import Branch, MemoryCatalog, MemoryDirectory, MemoryExports
from certcore.adapters.pdf_printer import TypstPrinter
from certcore.domain.awards import Status
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.decisions import Outcome
from certcore.domain.documents import DocumentTemplate
from certcore.domain.jobs import JobState
from certcore.domain.people import Actor, Person
from certcore.errors import NotFound, NotRestorable
from certcore.ports import Storage
from certcore.services.completing import Completed
from certcore.services.importing import ImportRequest
from tests.scenarios.facts import Fact
from tests.scenarios.issuing import text_of
from tests.services.platform import ADMIN, Platform, platform_over

ANA: Final = Actor("id-ana")
FIRE, DATA, LIFT = (ItemRef.parse(f"course:{code}") for code in ("FIRE", "DATA", "LIFT"))
TITLES: Final = {FIRE: "Fire safety", DATA: "Protección de datos", LIFT: "Lifting"}
PRINTER: Final = TypstPrinter(
    {"bare": DocumentTemplate(style="classic"), "full": DocumentTemplate(style="modern", score=True, completed_on=True)}
)


@define
class Administration:
    """The platform, and what the page has shown so far."""

    platform: Platform
    number: str = ""
    files: list[bytes] = field(factory=list)

    @property
    def registrar(self) -> Any:
        return self.platform.registrar

    def completes(self, username: str, item: ItemRef, score: int) -> Any:
        """What somebody's completion gives."""
        done = Completed(username=username, item=item, at=self.platform.now, score=Decimal(score))
        (outcome,) = self.registrar.completing.record([done], actor=ADMIN).outcomes
        return outcome

    def found(self, **filters: object) -> list[tuple[str, str]]:
        """Who has which certification, of those that a search gives."""
        page = self.registrar.reporting.search(actor=ADMIN, **filters)
        return sorted((each.username, each.certification.code) for each in page.records)

    def exported(self, **asked: object) -> list[dict[str, str]]:
        """The rows of an export."""
        target = io.BytesIO()
        self.registrar.exporting.write(target, actor=ADMIN, **asked)
        return list(csv.DictReader(io.StringIO(target.getvalue().decode(), newline="")))


def administration_over(storage: Storage) -> Administration:
    """Three courses, two of which certify by themselves; Ana, Bo and Cy in two departments."""
    platform = platform_over(storage)
    people = {"ana": ("Ána", "García"), "bo": ("Bo", "Berg"), "cy": ("Cy", "Ngô")}
    platform.directory = MemoryDirectory(
        [Person(f"id-{name}", name, first, last) for name, (first, last) in people.items()],
        branches={"sales": Branch(members=["ana"]), "ops": Branch(members=["bo", "cy"])},
    )
    platform.catalog = MemoryCatalog([Item(ref, title) for ref, title in TITLES.items()])
    platform.exports = MemoryExports()
    platform.printer = PRINTER
    platform.registrar = platform.registrar_with()
    platform.certification("FIRE-1", items=[str(FIRE)], template="full")
    platform.certification("DATA-1", items=[str(DATA)], template="bare")
    platform.certification("LIFT-1", items=[str(LIFT)], automatic=False)
    return Administration(platform)


def administrators_only(story: Administration) -> None:
    """A learner has a view of their own, and neither a list of others nor an export."""
    with pytest.raises(NotFound):
        story.registrar.exporting.write(io.BytesIO(), actor=ANA)
    assert story.registrar.reporting.search(actor=ANA).records == []


def completed_courses_certify(story: Administration) -> None:
    assert story.completes("ana", FIRE, 92).outcome is Outcome.NEW
    assert story.completes("bo", FIRE, 71).outcome is Outcome.NEW
    assert story.completes("cy", DATA, 88).outcome is Outcome.NEW


def searched_by_name_title_and_number(story: Administration) -> None:
    assert story.found(name="garcia") == story.found(name="ANA") == [("ana", "FIRE-1")]
    assert story.found(title="fire") == [("ana", "FIRE-1"), ("bo", "FIRE-1")]
    assert story.found(title="proteccion") == [("cy", "DATA-1")]
    story.number = story.platform.number_of("ana")
    assert story.found(numbers=story.number.lower().replace("-", "")) == [("ana", "FIRE-1")]


def reviewed_in_full(story: Administration) -> None:
    record, history = story.registrar.reporting.show(story.number, actor=ADMIN)
    assert (record.award.details.score, record.completed_on) == (92, story.platform.now.date())
    assert record.person.full_name == "Ána García"
    assert record.status is Status.ACTIVE
    assert [entry.act for entry in history] == ["issued"]


def no_result_is_explained(story: Administration) -> None:
    """She has not completed it; the other one is issued by hand only; by the course's name others are found."""
    assert story.found(name="ana", title="proteccion") == []
    (reason, *_) = story.registrar.completing.why_not("DATA-1", "ana", actor=ADMIN)
    assert reason.code == "not_completed"
    assert story.completes("bo", LIFT, 60).outcome is not Outcome.NEW
    reasons = [each.code for each in story.registrar.completing.why_not("LIFT-1", "bo", actor=ADMIN)]
    assert "by_hand_only" in reasons
    emptied = story.registrar.reporting.emptied(actor=ADMIN, name="ana", title="proteccion")
    assert emptied.filters == ("name", "title")


def revoked_with_its_reason(story: Administration) -> None:
    story.registrar.archiving.revoke(story.number, reason="Invalid completion", actor=ADMIN)
    assert story.found(name="ana", statuses=Status.REVOKED) == [("ana", "FIRE-1")]
    view = story.registrar.viewing.learner(actor=ANA)
    assert [*view.awards, *view.history] == []
    _, history = story.registrar.reporting.show(story.number, actor=ADMIN)
    assert "Invalid completion" in str(history[-1].personal)


def never_restored(story: Administration) -> None:
    with pytest.raises(NotRestorable):
        story.registrar.archiving.restore(story.number, actor=ADMIN)


def permanently_deleted(story: Administration) -> None:
    """All that stays is a tombstone, by which the number is never given again."""
    story.registrar.archiving.purge(story.number, reason="Retention", actor=ADMIN)
    assert story.found(name="ana") == []
    with story.platform.storage.reading() as tx:
        assert story.number in tx.tombstones.of([story.number])


def retaken_or_reissued(story: Administration) -> None:
    story.platform.now += timedelta(days=1)
    assert story.completes("ana", FIRE, 95).outcome is Outcome.NEW
    assert story.platform.award("bo", code="LIFT-1").counts == {Outcome.NEW: 1}


def selected_certificates_or_courses(story: Administration) -> None:
    rows = story.exported(items=FIRE)
    assert {(row["username"], row["item_title"], row["score"]) for row in rows} == {
        ("ana", "Fire safety", "95"),
        ("bo", "Fire safety", "71"),
    }
    assert [row["username"] for row in story.exported(numbers=story.platform.number_of("cy"))] == ["cy"]


def data_for_compliance(story: Administration) -> None:
    (row,) = story.exported(username="ana")
    assert (row["first_name"], row["last_name"], row["item_title"]) == ("Ána", "García", "Fire safety")
    assert (row["completion_date"], row["score"], row["status"]) == ("2026-03-02", "95", "active")


def names_and_scores_whatever_the_template(story: Administration) -> None:
    """Cy's document shows no score, and the export has it."""
    document = text_of(story.registrar.proving.document(story.platform.number_of("cy"), actor=ADMIN))
    assert "88" not in document
    (row,) = story.exported(username="cy")
    assert (row["score"], row["last_name"]) == ("88", "Ngô")


def classic_or_modern(story: Administration) -> None:
    document = text_of(story.registrar.proving.document(story.platform.number_of("ana"), actor=ADMIN))
    assert "95" in document
    assert "Ána García" in document


def every_month(story: Administration) -> None:
    """Twice asked for in a month is once made."""
    jobs = {story.registrar.exporting.queue(actor=ADMIN, key="2026-03").id for _ in range(2)}
    (done,) = story.registrar.running.run_queued()
    assert (jobs, done.state) == ({done.id}, JobState.DONE)
    with story.registrar.exporting.open(done.public_id, actor=ADMIN) as file:
        assert len(file.read().splitlines()) == 1 + 4


def grouped_by_course_or_department(story: Administration) -> None:
    for by, expected in (
        ("item", ["course DATA.csv", "course FIRE.csv", "without item.csv"]),
        ("branch", ["ops.csv", "sales.csv"]),
    ):
        target = io.BytesIO()
        story.registrar.exporting.write(target, actor=ADMIN, by=by)
        with zipfile.ZipFile(target) as archive:
            assert archive.namelist() == expected


def an_empty_file_is_explained(story: Administration) -> None:
    target = io.BytesIO()
    report = story.registrar.exporting.write(target, actor=ADMIN, title="fire", certifications="NONE")
    assert (report.awards, report.emptied.filters) == (0, ("certifications",))
    assert len(story.exported()) == 4


def kept_for_an_audit(story: Administration) -> None:
    """What was exported to import says the same as the store."""
    target = io.BytesIO()
    story.registrar.exporting.write(target, actor=ADMIN, layout="import")
    target.seek(0)
    report = story.registrar.importing.run(target, ImportRequest(zone="UTC"), actor=ADMIN, dry_run=True)
    assert (report.rows, report.unchanged) == (4, 4)


MANAGING: Final = (
    Fact("R-114", "the Certificates page is for administrators", administrators_only),
    Fact("R-9, R-21", "certificates are generated on course completion", completed_courses_certify),
    Fact("R-90", "they are found by learner, course title or certificate number", searched_by_name_title_and_number),
    Fact("R-91", "each shows completion date, score, learner and status", reviewed_in_full),
    Fact("R-21, R-90", "one that is not found is explained: not completed, or issued by hand", no_result_is_explained),
    Fact("R-61, R-64", "revoking is documented with its reason", revoked_with_its_reason),
    Fact("R-61", "what is revoked cannot be restored", never_restored),
    Fact("R-61", "and can be deleted permanently", permanently_deleted),
    Fact("R-65", "the learner retakes the course, or it is issued by hand", retaken_or_reissued),
    Fact("R-93", "selected certificates or courses are exported as CSV", selected_certificates_or_courses),
    Fact("R-93", "with learner names, course titles, completion dates and scores", data_for_compliance),
    Fact("R-93, R-100", "which no template hides from the file", names_and_scores_whatever_the_template),
    Fact("R-100", "templates are Classic or Modern, with scores and names", classic_or_modern),
    Fact("R-94", "exports are made on a schedule", every_month),
    Fact("R-93", "and grouped by course or department", grouped_by_course_or_department),
    Fact("R-93", "an empty file says which filter to clear", an_empty_file_is_explained),
    Fact("R-93", "the file is a record that can be read back", kept_for_an_audit),
)
