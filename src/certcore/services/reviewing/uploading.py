"""Uploading an external certificate: what is filled in, the file, and what may be (R-70 to R-73)."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import BinaryIO, Final

from attrs import evolve, frozen

from certcore.domain.checks import nfc
from certcore.domain.external import Claim, Document, ExternalCertificate, Submission
from certcore.domain.external_transitions import accept, check_delivered, submit
from certcore.domain.filenames import kept_name
from certcore.domain.files import FileJudgement
from certcore.domain.numbers import new_ids, new_salts
from certcore.domain.people import Act, Actor, Person
from certcore.domain.reviewers import ExternalSettings
from certcore.domain.transitions import Context
from certcore.errors import NoReviewer, NotAllowedHere, NotFound, NotReplaceable, Retired
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.completing import settle_credits
from certcore.services.defining import find_certification
from certcore.services.examining import Examiner
from certcore.services.reviewing.equating import Accepted, equate
from certcore.services.reviewing.keys import Keyed
from certcore.services.reviewing.records import KIND, external_settings, find_external, write_externals
from certcore.services.reviewing.rights import reviewers_for

JOB_KIND: Final = "external_submit"


@frozen(kw_only=True)
class ExternalUpload:
    """What is filled in beside the file (R-71).

    The dates are civil dates in ``zone``, by default the learner's, else the platform's. ``equivalence`` is the code or
    id of the certification it stands for. ``replaces`` is the id of the version that this one takes the place of, and
    whose equivalence it keeps where none is given (R-73). ``file_name`` is what the file was called, which is only
    shown (f53).
    """

    username: str
    title: str
    delivered_on: date
    file_name: str = "certificate.pdf"
    expires_on: date | None = None
    zone: str | None = None
    credits: Decimal | None = None
    equivalence: str | int | None = None
    replaces: str | None = None


@frozen
class _Uploading:
    """One upload by one actor, for one learner."""

    ports: Ports
    upload: ExternalUpload
    actor: Actor
    person: Person
    claim: Claim

    def check(self, settings: ExternalSettings) -> None:
        """Raise what stands against it whatever the file is; asked again in the transaction, by the rights of then."""
        scope = self.ports.access.scope(self.actor, Act.SUBMIT_EXTERNAL)
        if not scope.covers(self.person.id):
            raise NotFound("person", self.upload.username)
        check_delivered(self.claim, self.ports.now())
        if self.actor.id == self.person.id and not settings.self_import:
            raise NotAllowedHere("importing one's own external certificates")
        if self.claim.credits is not None and not settings.credits:
            raise NotAllowedHere("credits of external certificates")
        others = scope.everyone or bool(scope.learners - {self.actor.id})
        if self.upload.equivalence is not None and settings.validation and not others:
            raise NotAllowedHere("setting the equivalence where a reviewer decides")

    def reviewers(self, settings: ExternalSettings) -> frozenset[str]:
        """Who may review it; raises `NoReviewer` when nobody may (R-70)."""
        pair = (self.person.id, self.actor.id)
        found = reviewers_for(self.ports, settings, [pair])[pair]
        if not found:
            raise NoReviewer(self.person.username)
        return found

    def store(
        self, tx: Transaction, new_id: int, document: Document, judgement: FileJudgement, job_id: int | None
    ) -> ExternalCertificate:
        """Write the certificate, and the award where it counts at once; by the settings and rights of this moment."""
        settings = external_settings(tx)
        self.check(settings)
        judgement.check(held=settings.validation)
        replaced = self._replaced(tx)
        submission = Submission(self.person.id, self._claim(tx, replaced), document, replaced)
        context = Context(self.actor, self.ports.now(), job_id)
        (salt,) = new_salts(1, self.ports.random_bytes)
        if settings.validation:
            self.reviewers(settings)
            change = submit(submission, new_id, salt, context)
        else:
            accepted = Accepted(new_id, self.person.id, submission.claim, replaced.series if replaced else None)
            equated = equate(self.ports, tx, accepted, context)
            change = accept(submission, new_id, salt, context, equated=equated)
        write_externals(tx, [change])
        if change.after.counts and change.after.claim.credits:
            settle_credits(self.ports, tx, self.person.id, context)
        return change.after

    def _claim(self, tx: Transaction, replaced: ExternalCertificate | None) -> Claim:
        """What is filled in, with the equivalence; a new version stands for what the one before it stood for."""
        if self.upload.equivalence is None:
            known = None if replaced is None else replaced.claim.equivalence
            stays = known is not None and known in tx.certifications.by_id([known])
            return evolve(self.claim, equivalence=known) if stays else self.claim
        certification = find_certification(tx, self.upload.equivalence)
        if certification.retired:
            raise Retired(certification.label)
        return evolve(self.claim, equivalence=certification.id)

    def _replaced(self, tx: Transaction) -> ExternalCertificate | None:
        if self.upload.replaces is None:
            return None
        replaced = find_external(tx, self.upload.replaces)
        if replaced.learner_id != self.person.id:
            raise NotFound(KIND, self.upload.replaces)
        if tx.externals.versions([replaced.series])[replaced.series][-1].id != replaced.id:
            raise NotReplaceable(replaced.ref, "replaced")
        return replaced


def upload_external(
    ports: Ports,
    examiner: Examiner | None,
    upload: ExternalUpload,
    content: bytes | BinaryIO,
    actor: Actor,
    key: str | None,
) -> ExternalCertificate:
    """Examine the file, store its bytes, and write the certificate; see `Reviewing.submit`."""
    if ports.documents is None or examiner is None:
        raise NotAllowedHere("uploading, which needs a document store and a file judge,")
    uploading = _begun(ports, upload, actor)
    with ports.storage.reading() as tx:
        settings = external_settings(tx)
        uploading.check(settings)
        if settings.validation:
            uploading.reviewers(settings)
    data, judgement = examiner.read(BytesIO(content) if isinstance(content, bytes) else content)
    judgement.check(held=settings.validation)
    act = Keyed.of(ports, JOB_KIND, {"upload": upload, "sha256": judgement.sha256}, actor, key)
    if (done := act.done()) is not None:
        return done
    (new_id,) = new_ids(1, ports.random_bytes)
    document = Document(judgement.sha256, judgement.size, kept_name(upload.file_name), judgement.findings)
    ports.documents.put(data, new_id)  # before the row that points to it; without one it is collected (I9)
    return act.once(lambda tx, job_id: uploading.store(tx, new_id, document, judgement, job_id))


def _begun(ports: Ports, upload: ExternalUpload, actor: Actor) -> _Uploading:
    scope = demand(ports, actor, Act.SUBMIT_EXTERNAL, "person", upload.username)
    username = nfc(upload.username.strip())
    person = ports.directory.match([username]).get(username)
    if person is None or not scope.covers(person.id):  # before all else, which would tell that there is somebody
        raise NotFound("person", upload.username)
    ports.settings.check_credits(upload.credits)
    zone = upload.zone or person.zone or ports.settings.zone
    claim = Claim(upload.title, upload.delivered_on, zone, upload.expires_on, upload.credits)
    return _Uploading(ports, upload, actor, person, claim)
