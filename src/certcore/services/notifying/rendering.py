"""From notices to messages: what they need is read for many at once, their words are made apart from the storage."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Final

from attrs import evolve, field, frozen

from certcore.domain.awards import Award, days_left
from certcore.domain.certifications import Certification, ItemRef
from certcore.domain.external import ExternalCertificate
from certcore.domain.jobs import Job
from certcore.domain.languages import written_date
from certcore.domain.notices import (
    Message,
    Notice,
    NoticeBook,
    Template,
    render_body,
    render_subject,
    unwanted,
)
from certcore.domain.notices.short_codes import MISSING, codes_for, one_line, some_lines
from certcore.domain.notices.triggers import OF_AWARDS, OF_EXTERNALS, Trigger
from certcore.domain.numbers import id_from
from certcore.domain.people import Person
from certcore.domain.verification import token_text
from certcore.errors import CorruptRecord
from certcore.ports import Ports, Transaction
from certcore.services.notifying.book import notice_book
from certcore.services.notifying.templates import engine_of

LINKS: Final = ("renew_link", "document_link", "verify_link")
_NO_ID: Final = -1


@frozen
class Unwanted:
    """A notice that nobody is told: `unwanted` says why, or `unknown_user`, `deactivated_user` of its reader (f18)."""

    notice: Notice
    reason: str


@frozen
class Unreadable:
    """A notice that cannot be made since something stored about it cannot be read (f39)."""

    notice: Notice
    error: CorruptRecord

    def message(self, ports: Ports) -> Message:  # noqa: ARG002
        """Raises the error."""
        raise self.error


@frozen
class Draft:
    """A notice with all that its words need, which are made without the storage."""

    id: str
    notice: Notice
    recipient: Person
    template: Template
    values: Mapping[str, str | date]
    links: Mapping[str, str] = field(factory=dict)
    number: str | None = None
    last_valid_day: date | None = None

    def message(self, ports: Ports) -> Message:
        """The message in its reader's language, without attachments.

        Raises `InvalidTemplate` where the template's engine cannot do it.
        """
        engine = engine_of(ports, self.template)
        language, text = self.template.in_language(self.recipient.language)
        values = {name: _shown(value, language, name) for name, value in self.values.items()}
        if engine is None:
            body = render_body(text.body, values)
        else:
            known = codes_for(self.notice.when.trigger)
            body = engine.render(text.body, {name: values.get(name, "") for name in known})
        return Message(
            id=self.id,
            recipient=self.recipient,
            learner_id=self.notice.learner_id,
            language=language,
            subject=render_subject(text.subject, values) or MISSING,
            body=body,
            rule=self.notice.rule,
            when=self.notice.when,
            at=self.notice.at,
            number=self.number,
            certification=values.get("certification"),
            last_valid_day=self.last_valid_day,
            links=self.links,
        )


Gathered = Draft | Unwanted | Unreadable
Prepared = Callable[[], Message] | str
"""What makes the message that is to be sent, or why nobody is told."""


def prepared(ports: Ports, notices: Mapping[str, Notice]) -> dict[str, Prepared]:
    """What becomes of each notice now, by its key, read in one transaction that ends before anything is made.

    Making a message asks template engines and the host's `Attach` functions: it may raise anything and take its time,
    and is to be done as sending is.
    """
    now = ports.now()
    with ports.storage.reading() as tx:
        found = gathered(ports, tx, notice_book(tx), list(notices.values()), now)
    return {
        key: each.reason if isinstance(each, Unwanted) else partial(_made, ports, each)
        for key, each in zip(notices, found, strict=True)
    }


def _made(ports: Ports, draft: Draft | Unreadable) -> Message:
    """The message with the files that go with it."""
    message = draft.message(ports)
    files = [each for each in (attach(message) for attach in ports.attachments) if each is not None]
    return evolve(message, attachments=files) if files else message


def gathered(
    ports: Ports, tx: Transaction, book: NoticeBook, notices: Sequence[Notice], now: datetime, *, planned: bool = False
) -> list[Gathered]:
    """A draft for each notice, in the order given, or why there is none, as it stands at ``now``.

    Awards, certificates, certifications, imports, people and items are read once for all of them. One that cannot be
    read takes no other with it. What is only ``planned`` is not judged by `unwanted`, and reads as at its moment.
    """
    try:
        world = _World.of(ports, tx, book, notices, now, planned=planned)
    except CorruptRecord as error:
        if len(notices) == 1:
            return [Unreadable(notices[0], error)]
        half = len(notices) // 2
        return [
            each
            for part in (notices[:half], notices[half:])
            for each in gathered(ports, tx, book, part, now, planned=planned)
        ]
    return [world.draft(each) for each in notices]


@frozen
class _World:
    """What a batch of notices is about."""

    ports: Ports
    book: NoticeBook
    now: datetime
    planned: bool
    people: Mapping[str, Person]
    awards: Mapping[str, Award]
    externals: Mapping[int, ExternalCertificate]
    imports: Mapping[str, Job]
    certifications: Mapping[int, Certification]
    titles: Mapping[tuple[int, int], str]
    items: Mapping[str, str]

    @classmethod
    def of(
        cls, ports: Ports, tx: Transaction, book: NoticeBook, notices: Sequence[Notice], now: datetime, *, planned: bool
    ) -> "_World":
        awards = tx.awards.by_number({each.subject for each in notices if each.when.trigger in OF_AWARDS})
        refs = {id_from(each.subject) for each in notices if each.when.trigger in OF_EXTERNALS}
        externals = tx.externals.by_id({ref for ref in refs if ref is not None})
        equivalences = {each.claim.equivalence for each in externals.values()}
        known = {award.certification_id for award in awards.values()} | {
            each for each in equivalences if each is not None
        }
        prints = tx.certifications.prints({(award.certification_id, award.edition) for award in awards.values()})
        return cls(
            ports,
            book,
            now,
            planned,
            ports.directory.people({each.recipient_id for each in notices} | {each.learner_id for each in notices}),
            awards,
            externals,
            {job.public_id: job for job in _imports(tx, notices)},
            tx.certifications.by_id(known),
            {edition: each.name for edition, each in prints.items()},
            _item_titles(ports, notices),
        )

    def draft(self, notice: Notice) -> Gathered:
        about = self._about(notice)
        reason = self._reason(notice, about)
        if reason is not None:
            return Unwanted(notice, reason)
        recipient = self.people[notice.recipient_id]
        links = self._links(about)
        template = self.book.template_of(self._template_code(notice), notice.when)
        return Draft(
            notice.id(self.ports.storage.tenant),
            notice,
            recipient,
            template,
            {**_reader(recipient), **self._values(notice, about), **links},
            links,
            about.number if isinstance(about, Award) else None,
            about.period.last_valid_day if isinstance(about, Award) else None,
        )

    def _about(self, notice: Notice) -> Award | ExternalCertificate | Job | None:
        if notice.when.trigger in OF_AWARDS:
            return self.awards.get(notice.subject)
        if notice.when.trigger in OF_EXTERNALS:
            ref = id_from(notice.subject)
            return self.externals.get(_NO_ID if ref is None else ref)
        return self.imports.get(notice.subject)

    def _reason(self, notice: Notice, about: Award | ExternalCertificate | Job | None) -> str | None:
        person = self.people.get(notice.recipient_id)
        if person is None or not person.active:
            return "unknown_user" if person is None else "deactivated_user"
        if about is None:
            return "not_there"
        if self.planned:
            return None
        return unwanted(notice, self.book, self.now, None if isinstance(about, Job) else about)

    def _template_code(self, notice: Notice) -> str:
        rule = self.book.rules.get(notice.rule)
        return "" if rule is None else rule.template

    def _links(self, about: Award | ExternalCertificate | Job | None) -> dict[str, str]:
        """Where the award is renewed, shown and checked; nobody renews or shows one that is over."""
        if not isinstance(about, Award):
            return {}
        settings = self.ports.settings
        found = {
            "renew_link": settings.link_to_renew(about.number) if about.live else None,
            "document_link": settings.link_to_document(about.number) if about.live else None,
            "verify_link": settings.link_to_verify(token_text(about.token)),
        }
        return {name: link for name, link in found.items() if link is not None}

    def _values(self, notice: Notice, about: Award | ExternalCertificate | Job | None) -> dict[str, str | date]:
        if isinstance(about, Award):
            values = self._award_values(about, notice.at if self.planned else self.now)
            if notice.when.trigger is Trigger.ENROLLED_AGAIN and notice.item is not None:
                values["item"] = self.items.get(notice.item) or notice.item
        elif isinstance(about, ExternalCertificate):
            values = self._external_values(about)
        elif isinstance(about, Job):
            return {"import_id": about.public_id, **_counts(about)}
        learner = self.people.get(notice.learner_id)
        if learner is not None:
            values |= {"learner": learner.full_name, "learner_username": learner.username}
        return values

    def _award_values(self, award: Award, now: datetime) -> dict[str, str | date]:
        period, left = award.period, days_left(award, now)
        certification = self.certifications.get(award.certification_id)
        title = self.titles.get((award.certification_id, award.edition))
        return _there(
            learner=award.learner_name,
            certification=title or (certification.name if certification else None),
            code=certification.code if certification else None,
            number=award.number,
            issued_on=period.issued_on,
            expires_on=period.expires_on,
            last_valid_day=period.last_valid_day,
            days_left=None if left is None else str(left),
            zone=period.zone,
            score=None if award.details.score is None else f"{award.details.score:f}",
        )

    def _external_values(self, external: ExternalCertificate) -> dict[str, str | date]:
        claim, review = external.claim, external.review
        equivalence = self.certifications.get(_NO_ID if claim.equivalence is None else claim.equivalence)
        return _there(
            learner=external.learner_id,
            certification=equivalence.name if equivalence else None,
            code=equivalence.code if equivalence else None,
            title=claim.title,
            delivered_on=claim.delivered_on,
            expires_on=claim.expires_on,
            zone=claim.zone,
            comment=review.comment if review else None,
        )


def _reader(person: Person) -> dict[str, str | date]:
    return _there(
        first_name=person.first_name,
        last_name=person.last_name,
        full_name=person.full_name,
        username=person.username,
    )


def _there(**values: str | date | None) -> dict[str, str | date]:
    return {name: value for name, value in values.items() if value is not None}


def _counts(job: Job) -> dict[str, str | date]:
    names = ("rows", "new", "renewed", "updated", "unchanged", "superseded", "rejected")
    return {name: str(job.result[name]) for name in names if name in job.result}


def _shown(value: str | date, language: str, name: str) -> str:
    if isinstance(value, date):
        return written_date(value, language)
    return some_lines(value) if name == "comment" else one_line(value)


def _imports(tx: Transaction, notices: Iterable[Notice]) -> list[Job]:
    ids = {id_from(each.subject) for each in notices if each.when.trigger is Trigger.IMPORT_FINISHED}
    return [job for job in (tx.jobs.get(each) for each in ids if each is not None) if job is not None]


def _item_titles(ports: Ports, notices: Iterable[Notice]) -> dict[str, str]:
    wanted = {each.item for each in notices if each.item is not None}
    refs = {text: ItemRef.parse(text) for text in wanted}
    found = ports.catalog.items(set(refs.values())) if refs else {}
    return {text: found[ref].title for text, ref in refs.items() if ref in found}
