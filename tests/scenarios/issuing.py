"""What the help page on issuing manually says (SEED 3), fact by fact."""

import io
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from attrs import define, evolve, field
from pypdf import PdfReader

from certcore.adapters.pdf_printer import TypstPrinter
from certcore.domain.awards import Details, Status
from certcore.domain.certifications import ItemRef
from certcore.domain.decisions import Outcome
from certcore.domain.documents import DocumentTemplate
from certcore.domain.notices import Message
from certcore.domain.people import Actor, Person
from certcore.domain.verification import VerificationState
from certcore.errors import NotFound, NotRestorable, Withdrawn
from certcore.ports import Storage
from certcore.services.completing import Completed
from tests.scenarios.facts import Fact
from tests.services.platform import ADMIN, Platform, platform_over

ANA: Final = Actor("id-ana")
NOTE: Final = "Completed certification requirements earlier in the year."
PAGES: Final = {
    "document_link": "https://work.example/pdf/{number}",
    "verify_link": "https://work.example/check/{token}",
    "issuer": "Workspace Ltd",
}
LOGO: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="#a00"/></svg>'
)
PRINTER: Final = TypstPrinter({"ours": DocumentTemplate(style="modern", logo=LOGO, issuer="Workspace Ltd")})


@define
class Workspace:
    """The platform, what its mail says, and what the page has shown so far."""

    platform: Platform
    mail: list[Message] = field(factory=list)
    number: str = ""
    token: str = ""

    @property
    def registrar(self) -> Any:
        return self.platform.registrar

    def told(self) -> list[Message]:
        """What goes out now."""
        self.mail.clear()
        self.registrar.notifying.deliver_due()
        return list(self.mail)

    def send(self, message: Message) -> None:
        """Keep the message, as a mail server would."""
        self.mail.append(message)

    def seen(self) -> list[str]:
        """The numbers in Ana's own view."""
        view = self.registrar.viewing.learner(actor=ANA)
        return [each.award.number for each in (*view.awards, *view.history)]


def workspace_over(storage: Storage) -> Workspace:
    """A workspace with Ana and Bo, who have addresses, a printer and a mail server."""
    found = Workspace(platform_over(storage, **PAGES))
    for name in ("ana", "bo"):
        person = Person(f"id-{name}", name, name.title(), "Rossi", f"{name}@work.example", zone="Europe/Rome")
        found.platform.directory.put(person)
    found.platform = evolve(found.platform, printer=PRINTER, notifier=found)
    found.registrar.notifying.set_rule("earned", "issued", actor=ADMIN)
    return found


def created(story: Workspace) -> None:
    story.platform.certification("TALK-1", description="Holds hard conversations.", template="ours")
    (listed,) = story.registrar.defining.overviews(actor=ADMIN)
    assert (listed.certification.code, listed.live_awards) == ("TALK-1", 0)


def issued_with_a_note(story: Workspace) -> None:
    report = story.platform.award("ana", code="TALK-1", zone="Europe/Rome", details=Details(note=NOTE))
    assert report.counts == {Outcome.NEW: 1}
    story.number = str(report.outcomes[0].number)
    assert story.registrar.reporting.show(story.number, actor=ADMIN)[0].award.details.note == NOTE


def the_learner_never_sees_the_note(story: Workspace) -> None:
    record, history = story.registrar.reporting.show(story.number, actor=ANA)
    assert record.award.details.note is None
    assert NOTE not in repr((record, history, story.registrar.viewing.learner(actor=ANA)))
    assert NOTE not in text_of(story.registrar.proving.document(story.number, actor=ANA))


def a_mail_with_a_link_to_the_document(story: Workspace) -> None:
    (mail,) = story.told()
    assert (mail.recipient.email, mail.number) == ("ana@work.example", story.number)
    assert f"https://work.example/pdf/{story.number}" in mail.body
    assert story.told() == []


def or_no_mail(story: Workspace) -> None:
    assert story.platform.award("bo", code="TALK-1", notify=False).counts == {Outcome.NEW: 1}
    assert story.told() == []


def granted(story: Workspace) -> None:
    assert story.seen() == [story.number]
    (record,) = story.registrar.reporting.search(actor=ADMIN, username="ana").records
    assert record.status is Status.ACTIVE


def the_document(story: Workspace) -> None:
    pdf = story.registrar.proving.document(story.number, actor=ADMIN)
    text = text_of(pdf)
    for part in ("Name of TALK-1", "Holds hard conversations.", "Ana Rossi", "March 1, 2026", "Workspace Ltd"):
        assert part in text
    assert b"/Figure" in pdf or b"/Image" in pdf
    assert story.registrar.proving.document(story.number, actor=ANA) == pdf


def shared(story: Workspace) -> None:
    share = story.registrar.proving.share(story.number, actor=ANA)
    story.token = share.token
    assert share.verify_link == f"https://work.example/check/{share.token}"
    assert story.registrar.proving.verify(share.token).state is VerificationState.VALID


def revoked_for_ever(story: Workspace) -> None:
    story.registrar.archiving.revoke(story.number, reason="Issued to the wrong Ana", actor=ADMIN)
    assert story.seen() == []
    with pytest.raises(NotRestorable):
        story.registrar.archiving.restore(story.number, actor=ADMIN)
    with pytest.raises(NotFound):
        story.registrar.proving.document(story.number, actor=ANA)
    with pytest.raises(Withdrawn):
        story.registrar.proving.document(story.number, actor=ADMIN)


def what_was_shared_says_so(story: Workspace) -> None:
    assert story.registrar.proving.verify(story.token).state is VerificationState.REVOKED


def the_reason_is_kept(story: Workspace) -> None:
    _, history = story.registrar.reporting.show(story.number, actor=ADMIN)
    assert history[-1].act == "revoked"
    assert "Issued to the wrong Ana" in str(history[-1].personal)


def only_reissuing_gives_it_back(story: Workspace) -> None:
    story.platform.now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    report = story.platform.award("ana", code="TALK-1", issued_on=date(2026, 3, 5))
    assert report.counts == {Outcome.NEW: 1}
    assert story.seen() == [report.outcomes[0].number] != [story.number]
    assert story.registrar.proving.verify(story.token).state is VerificationState.REVOKED


def on_completion_in_the_future(story: Workspace) -> None:
    """What the page announces for later is there: a programme that is completed issues by itself (R-9, R-21)."""
    story.platform.certification("PROG-1", items=["course:C-1"])
    done = Completed(username="bo", item=ItemRef.parse("course:C-1"), at=story.platform.now)
    (outcome,) = story.registrar.completing.record([done], actor=ADMIN).outcomes
    assert (outcome.outcome, outcome.item) == (Outcome.NEW, done.item)


def text_of(pdf: bytes) -> str:
    """All text of a document."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


ISSUING: Final = (
    Fact("R-1", "Once a certification is created, it is in the manager's list", created),
    Fact("R-26, R-30", "a learner is chosen, with a note why it was issued by hand", issued_with_a_note),
    Fact("R-26", "notes are internal only, learners never see them", the_learner_never_sees_the_note),
    Fact("R-30, R-81", "the learner gets a mail with a link to the PDF", a_mail_with_a_link_to_the_document),
    Fact("R-30", "or is not notified, as is decided", or_no_mail),
    Fact("R-30", "once confirmed, it is granted", granted),
    Fact("R-100", "the PDF has title, description, logo and the learner's details", the_document),
    Fact("R-101", "learners share it", shared),
    Fact("R-61", "revoking is permanent: the learner loses it, nothing restores it", revoked_for_ever),
    Fact("R-101", "what was shared says that it was revoked", what_was_shared_says_so),
    Fact("R-61, R-64", "the reason is on record", the_reason_is_kept),
    Fact("R-65", "only reissuing gives the certification back", only_reissuing_gives_it_back),
    Fact("R-9, R-21", "programmes that are completed can certify by themselves", on_completion_in_the_future),
)
