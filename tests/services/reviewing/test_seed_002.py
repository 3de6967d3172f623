"""The help page on uploading external certificates, played from its first line to its last (SEED 2).

Each step shows one fact of it, by the rule that carries the fact. Files are judged and kept for real.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define, field

from certcore.adapters.files import FolderDocuments
from certcore.adapters.memory import MemoryCatalog, MemoryDirectory
from certcore.adapters.pdf_judge import PdfJudge
from certcore.domain.awards import Status
from certcore.domain.deliveries import Delivery
from certcore.domain.external import ExternalState
from certcore.domain.external_notices import KINDS
from certcore.domain.people import Actor, Person, Role
from certcore.domain.settings import Settings
from certcore.errors import FileRefused, NotAllowedHere, NotFound
from certcore.ports import Storage
from certcore.services.reviewing import ExternalRecord, ExternalUpload
from tests.adapters.pdf_judge.pdfs import certificate
from tests.scenarios.facts import Fact, play
from tests.services.platform import Platform

DELIVERED: Final = date(2026, 1, 31)
PEOPLE: Final = {
    "lea": Role.LEARNER,  # in the sales group, managed by max, coached by cora
    "leo": Role.LEARNER,  # in the sales group, without a manager
    "lou": Role.LEARNER,  # managed by max, and deleted
    "max": Role.MANAGER,
    "cora": Role.COACH,
    "gina": Role.GROUP_ADMIN,
    "pia": Role.PLATFORM_ADMIN,
}


@define
class Story:
    """The platform, and what was uploaded so far, by what the story calls it."""

    platform: Platform
    refs: dict[str, str] = field(factory=dict)

    @property
    def reviewing(self) -> Any:
        return self.platform.registrar.reviewing

    def who(self, name: str) -> Actor:
        return Actor(f"id-{name}", frozenset({PEOPLE[name]}))

    def upload(
        self, name: str, learner: str, *, by: str | None = None, content: bytes | None = None, **parts: Any
    ) -> ExternalRecord:
        parts = {"title": "First aid", "delivered_on": DELIVERED, **parts}
        upload = ExternalUpload(username=learner, **parts)
        record: ExternalRecord = self.reviewing.submit(upload, content or certificate(), actor=self.who(by or learner))
        self.refs[name] = record.certificate.ref
        return record

    def tasks(self, name: str) -> list[str]:
        return [each.certificate.ref for each in self.reviewing.tasks(actor=self.who(name)).records]

    def shown(self, name: str, by: str) -> ExternalRecord:
        record: ExternalRecord = self.reviewing.show(self.refs[name], actor=self.who(by))[0]
        return record

    def told(self, kind: str) -> list[Delivery]:
        """What would go out now."""
        with self.platform.storage.transaction() as tx:
            return [
                each for each in tx.deliveries.due(self.platform.now, 100, list(KINDS.values())) if each.kind == kind
            ]

    def refuses(self, error: type[Exception], act: Callable[..., object], *arguments: Any, **parts: Any) -> None:
        with pytest.raises(error):
            act(*arguments, **parts)


@pytest.fixture
def story(new_storage: Callable[[], Storage], tmp_path: Path) -> Iterator[Story]:
    people = [Person(f"id-{name}", name, active=name != "lou") for name in PEOPLE]
    directory = MemoryDirectory(
        people,
        groups={"sales": ["lea", "leo"]},
        managers={"lea": "max", "lou": "max"},
        coaches={"cora": ["lea"]},
        admins={"gina": ["sales"]},
    )
    with PdfJudge() as judge:
        yield Story(
            Platform(
                new_storage(),
                directory,
                MemoryCatalog(),
                Settings(),
                documents=FolderDocuments(tmp_path / "documents"),
                file_judge=judge,
            )
        )


def switched_off_at_first(story: Story) -> None:
    story.platform.certification("AID-1")
    story.refuses(NotAllowedHere, story.upload, "early", "lea")


def only_platform_admins_set_it_up(story: Story) -> None:
    for name in ("lea", "max", "cora", "gina"):
        story.refuses(NotFound, story.reviewing.change_settings, actor=story.who(name), self_import=True)
    story.reviewing.change_settings(actor=story.who("pia"), self_import=True, validation=False)
    assert story.reviewing.settings(actor=story.who("lea")).self_import


def anybody_uploads_their_own(story: Story) -> None:
    for name in ("lea", "max", "cora", "gina"):
        record = story.upload(f"{name}'s own", name)
        assert (record.username, record.certificate.uploaded_by) == (name, f"id-{name}")


def title_delivery_and_expiry(story: Story) -> None:
    record = story.upload("dated", "lea", title="Fire safety", expires_on=date(2027, 1, 31))
    claim = record.certificate.claim
    assert (claim.title, claim.delivered_on, claim.expires_on) == ("Fire safety", DELIVERED, date(2027, 1, 31))
    assert story.shown("lea's own", "lea").certificate.claim.expires_on is None


def only_pdf(story: Story) -> None:
    story.refuses(FileRefused, story.upload, "picture", "lea", content=b"\x89PNG\r\n\x1a\n", file_name="scan.pdf")
    assert story.upload("misnamed", "lea", file_name="scan.png").certificate.document.name == "scan.png"


def credits_where_they_are_used(story: Story) -> None:
    assert story.upload("credited", "lea", credits=Decimal("1.5")).certificate.claim.credits == Decimal("1.5")
    story.reviewing.change_settings(actor=story.who("pia"), credits=False)
    story.refuses(NotAllowedHere, story.upload, "credited again", "lea", credits=Decimal("1.5"))
    story.reviewing.change_settings(actor=story.who("pia"), credits=True)


def saved_at_once_without_validation(story: Story) -> None:
    record = story.upload("equivalent", "leo", equivalence="AID-1")
    assert record.certificate.state is ExternalState.ACCEPTED
    (held,) = story.platform.registrar.viewing.learner(actor=story.who("leo")).awards
    assert (held.status, held.issued_on) == (Status.ACTIVE, DELIVERED)


def for_others_by_who_looks_after_them(story: Story) -> None:
    for by, learner, wanted in (
        ("max", "lea", True),
        ("cora", "lea", True),
        ("gina", "lea", True),
        ("gina", "leo", True),
        ("max", "leo", False),
        ("cora", "leo", False),
        ("gina", "max", False),
        ("lea", "leo", False),
    ):
        if wanted:
            assert story.upload(f"{learner}'s by {by}", learner, by=by).username == learner
            assert story.shown(f"{learner}'s by {by}", by).certificate.uploaded_by == f"id-{by}"
        else:
            story.refuses(NotFound, story.upload, "none", learner, by=by)


def for_deleted_people_too(story: Story) -> None:
    assert story.upload("lou's", "lou", by="max").username == "lou"
    assert story.shown("lou's", "max").certificate.state is ExternalState.ACCEPTED


def validation_and_reviewers_are_chosen(story: Story) -> None:
    settings = story.reviewing.change_settings(actor=story.who("pia"), validation=True, reviewers="managers")
    assert (settings.validation, set(settings.reviewers)) == (True, {"managers"})


def sent_for_validation(story: Story) -> None:
    assert story.upload("sent", "lea", title="Frist aid").certificate.state is ExternalState.PENDING
    assert story.upload("lone", "leo").certificate.state is ExternalState.PENDING


def the_equivalence_is_for_those_who_look_after_somebody(story: Story) -> None:
    story.refuses(NotAllowedHere, story.upload, "own equivalence", "lea", equivalence="AID-1")
    proposed = story.upload("proposed", "lea", by="cora", equivalence="AID-1")
    assert proposed.certificate.state is ExternalState.PENDING
    assert proposed.equivalence is not None


def reviewers_are_told(story: Story) -> None:
    asked = {each.award_id for each in story.told("review_requested")}
    assert asked == {int(story.refs[name], 16) for name in ("sent", "lone", "proposed")}


def the_manager_reviews(story: Story) -> None:
    assert set(story.tasks("max")) == {story.refs["sent"], story.refs["proposed"]}
    assert story.tasks("cora") == []


def without_a_manager_the_group_admin_reviews(story: Story) -> None:
    assert story.tasks("gina") == [story.refs["lone"]]


def the_reviewer_edits(story: Story) -> None:
    before = story.shown("sent", "max").certificate
    story.reviewing.correct(
        before.ref,
        actor=story.who("max"),
        title="First aid",
        delivered_on=date(2026, 1, 30),
        expires_on=date(2028, 1, 30),
    )
    after = story.shown("sent", "max").certificate
    assert (after.claim.title, after.submitted) == ("First aid", before.claim)


def the_reviewer_sets_the_equivalence_comments_and_validates(story: Story) -> None:
    ref = story.refs["sent"]
    record = story.reviewing.validate(ref, actor=story.who("max"), equivalence="AID-1", comment="welcome")
    assert record.certificate.state is ExternalState.VALIDATED
    (held,) = story.platform.registrar.viewing.learner(actor=story.who("lea")).awards
    assert (held.issued_on, held.last_valid_day) == (date(2026, 1, 30), date(2028, 1, 29))


def or_rejects(story: Story) -> None:
    story.reviewing.reject(story.refs["lone"], actor=story.who("gina"), comment="the name is cut off")
    assert story.shown("lone", "leo").certificate.state is ExternalState.REJECTED


def learners_are_told_of_the_verdict(story: Story) -> None:
    assert [each.learner_id for each in story.told("external_validated")] == ["id-lea"]
    assert [each.learner_id for each in story.told("external_rejected")] == ["id-leo"]
    review = story.shown("lone", "leo").certificate.review
    assert review is not None
    assert review.comment == "the name is cut off"


def nobody_is_asked_about_what_is_decided(story: Story) -> None:
    assert [each.award_id for each in story.told("review_requested")] == [int(story.refs["proposed"], 16)]


def coaches_review_where_they_are_selected(story: Story) -> None:
    story.reviewing.change_settings(actor=story.who("pia"), reviewers=["managers", "coaches"])
    story.upload("coached", "lea", by="max")
    assert story.tasks("cora") == [story.refs["coached"]]
    assert story.tasks("max") == [story.refs["proposed"]]
    story.reviewing.validate(story.refs["coached"], actor=story.who("cora"))


def every_decision_is_on_record(story: Story) -> None:
    _, history = story.reviewing.show(story.refs["sent"], actor=story.who("lea"))
    assert [entry.act for entry in history] == ["submitted", "corrected", "corrected", "validated"]
    assert len(story.reviewing.settings_history(actor=story.who("pia"))) == 5


def results_show_them_all(story: Story) -> None:
    seen = story.platform.registrar.viewing.learner(actor=story.who("leo")).externals
    assert {each.certificate.ref for each in seen} == {
        story.refs[name] for name in ("equivalent", "leo's by gina", "lone")
    }
    assert story.reviewing.document(story.refs["lone"], actor=story.who("leo")).content == certificate()


FACTS: Final = (
    Fact("R-70", "the feature is off until somebody asks for it", switched_off_at_first),
    Fact(
        "R-72", "platform admins switch uploads, validation and reviewers, nobody else", only_platform_admins_set_it_up
    ),
    Fact("R-70", "any user uploads for themselves once that is allowed", anybody_uploads_their_own),
    Fact("R-71", "name, delivery date and optionally an expiration date", title_delivery_and_expiry),
    Fact("R-71", "the file must be a PDF", only_pdf),
    Fact("R-71", "credits can be given where the platform uses them", credits_where_they_are_used),
    Fact("R-73", "without validation it is saved, and its equivalent awarded", saved_at_once_without_validation),
    Fact(
        "R-72", "managers, coaches and group admins upload for theirs, and see them", for_others_by_who_looks_after_them
    ),
    Fact("R-72", "and for users who were deleted", for_deleted_people_too),
    Fact("R-70", "validation can be required, and reviewers selected", validation_and_reviewers_are_chosen),
    Fact("R-73", "with validation it is sent to be validated", sent_for_validation),
    Fact("R-71", "learners do not see the equivalence then", the_equivalence_is_for_those_who_look_after_somebody),
    Fact("R-75", "reviewers are notified", reviewers_are_told),
    Fact("R-70", "managers find the task", the_manager_reviews),
    Fact("R-70", "learners without a manager fall to the group admin", without_a_manager_the_group_admin_reviews),
    Fact("R-73", "the reviewer edits name and dates", the_reviewer_edits),
    Fact("R-74", "sets the equivalence, comments, validates", the_reviewer_sets_the_equivalence_comments_and_validates),
    Fact("R-73", "or rejects", or_rejects),
    Fact("R-75", "the learner is notified of either", learners_are_told_of_the_verdict),
    Fact("R-75", "a task that is done is no task", nobody_is_asked_about_what_is_decided),
    Fact("R-70", "coaches validate as well, where they are selected", coaches_review_where_they_are_selected),
    Fact("R-64", "who decided what stays on record, of certificates and settings", every_decision_is_on_record),
    Fact("R-96", "learners find their certificates among their results", results_show_them_all),
)


def test_seed_002_from_its_first_line_to_its_last(story: Story) -> None:
    """SEED 2: every fact in the page's order; a failure names the rule."""
    play(FACTS, story)
