"""Uploading external certificates: who may, what is refused, what is stored (R-70 to R-73)."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from certcore.adapters.memory import MemoryDocuments, MemoryStorage
from certcore.domain.external import ExternalState
from certcore.domain.files import DocumentRef, digest_of
from certcore.errors import (
    CertcoreError,
    Conflict,
    CorruptDocument,
    FileRefused,
    IdempotencyConflict,
    InvalidValue,
    NoReviewer,
    NotAllowedHere,
    NotFound,
    NotReplaceable,
    Retired,
    StorageError,
    UnknownZone,
)
from certcore.ports import ExternalQuery, Storage
from certcore.services.reviewing import ExternalUpload
from tests.services.platform import ADMIN, platform_over
from tests.services.reviewing.office import FLAGGED, PDF, REFUSED, Office, directory, office_over, who


@pytest.fixture
def office(new_storage: Callable[[], Storage]) -> Office:
    return office_over(new_storage())


def stored(office: Office) -> int:
    """How many certificates there are."""
    with office.storage.reading() as tx:
        return len(tx.externals.search(ExternalQuery(limit=1_000)))


def test_a_learner_submits_their_own(office: Office) -> None:
    """R-71: what was filled in is kept, dates in the learner's zone, and it waits for a reviewer."""
    record = office.submit(
        "ana", expires_on=date(2028, 1, 31), credits=Decimal("6.5"), file_name="..\\..\\aid.pdf", title=" Erste Hilfe "
    )
    certificate = record.certificate
    assert (record.username, record.uploader, record.reviewer) == ("ana", record.person, None)
    assert (certificate.claim.title, certificate.claim.zone) == ("Erste Hilfe", "Europe/Rome")
    assert (certificate.claim.expires_on, certificate.claim.credits) == (date(2028, 1, 31), Decimal("6.5"))
    assert (certificate.document.name, certificate.document.size) == ("..\\..\\aid.pdf", len(PDF))
    assert certificate.state is ExternalState.PENDING
    shown, history = office.reviewing.show(certificate.ref, actor=who("ana"))
    assert shown == record
    assert [entry.act for entry in history] == ["submitted"]


@pytest.mark.parametrize(
    ("actor", "learner", "wanted"),
    [
        ("ana", "ana", True),
        ("mia", "ana", True),
        ("mia", "dan", True),
        ("carl", "cy", True),
        ("gus", "cy", True),
        ("admin", "bo", True),
        ("mia", "bo", False),
        ("carl", "bo", False),
        ("gus", "bo", False),
        ("ana", "bo", False),
        ("ana", "nobody", False),
        ("admin", "nobody", False),
    ],
)
def test_who_submits_for_whom(office: Office, actor: str, learner: str, wanted: bool) -> None:
    """R-72: for oneself and whom one looks after, deactivated people too; others look as if they were not there."""
    office.set(validation=False)
    if wanted:
        record = office.submit(learner, by=actor)
        assert record.uploader is not None
        assert record.uploader.username == actor
    else:
        with pytest.raises(NotFound) as caught:
            office.submit(learner, by=actor)
        assert (caught.value.kind, caught.value.ref) == ("person", learner)


def test_f46_who_is_not_there_and_who_is_not_mine_look_the_same(office: Office) -> None:
    """R-114: the same error, the same text, whatever else is wrong."""
    texts = set()
    wrong: list[dict[str, Any]] = [
        {},
        {"title": ""},
        {"delivered_on": date(2027, 1, 1)},
        {"zone": "Mars/Base"},
        {"credits": Decimal(-1)},
        {"content": REFUSED},
        {"replaces": "none"},
    ]
    for learner, parts in product(("bo", "nobody"), wrong):
        with pytest.raises(NotFound) as caught:
            office.submit(learner, by="carl", **parts)
        texts.add(str(caught.value).replace(learner, "…"))
    assert len(texts) == 1


@pytest.mark.parametrize("actor", ["ana", "mia", "admin"])
def test_ones_own_needs_the_switch(office: Office, actor: str) -> None:
    """R-70: whoever one is; for others it is not asked."""
    office.set(self_import=False)
    with pytest.raises(NotAllowedHere):
        office.submit(actor)
    assert office.submit("ana", by="mia").certificate.uploaded_by == "id-mia"


def test_no_reviewer_to_be_found_is_an_error(office: Office) -> None:
    """R-70: at submission, before the file is looked at; nothing is stored."""
    for content in (PDF, REFUSED):
        with pytest.raises(NoReviewer) as caught:
            office.submit("eve", content=content)
        assert caught.value.username == "eve"
    with pytest.raises(NoReviewer):
        office.submit("bo", by="max")
    assert stored(office) == 0
    office.set(validation=False)
    assert office.submit("eve").certificate.state is ExternalState.ACCEPTED


def test_a_file_is_judged_by_its_bytes(office: Office) -> None:
    """R-71: the name does not matter, and the answer says what was found."""
    with pytest.raises(FileRefused) as caught:
        office.submit("ana", content=REFUSED, file_name="certificate.pdf")
    assert caught.value.codes == ("not_a_pdf",)
    assert office.submit("ana", content=PDF, file_name="x.exe").certificate.document.name == "x.exe"
    assert stored(office) == 1


def test_a_file_with_a_warning_waits_for_a_reviewer_or_is_refused(office: Office) -> None:
    """R-73: held where somebody will look at it, and refused where nobody does."""
    held = office.submit("ana", content=FLAGGED).certificate
    assert [finding.code for finding in held.document.findings] == ["script"]
    office.set(validation=False)
    with pytest.raises(FileRefused) as caught:
        office.submit("ana", content=FLAGGED)
    assert caught.value.codes == ("script",)
    assert stored(office) == 1


def test_no_more_of_a_stream_is_read_than_is_needed(office: Office) -> None:
    """R-71: an endless upload is refused by its size."""
    endless = io.BytesIO(PDF + bytes(100_000))
    with pytest.raises(FileRefused) as caught:
        office.submit("ana", content=endless)  # type: ignore[arg-type]
    assert caught.value.codes == ("too_large",)
    assert endless.tell() == 1_001
    assert office.submit("ana", content=io.BytesIO(PDF)).certificate.document.size == len(PDF)  # type: ignore[arg-type]


def test_f52_the_same_bytes_are_as_many_submissions_as_there_are_uploads(office: Office) -> None:
    """Each has its bytes of its own."""
    mine, yours = office.submit("ana").certificate, office.submit("cy").certificate
    assert mine.document.digest == yours.document.digest == digest_of(PDF)
    assert office.documents is not None
    office.documents.delete([mine.document_ref])
    assert office.reviewing.document(yours.ref, actor=who("cy")).content == PDF


@pytest.mark.parametrize(
    ("settings", "actor", "learner", "wanted"),
    [
        ({"validation": True}, "ana", "ana", False),
        ({"validation": True}, "mia", "ana", True),
        ({"validation": True}, "mia", "mia", True),
        ({"validation": False}, "ana", "ana", True),
    ],
)
def test_f48_learners_set_no_equivalence_that_a_reviewer_sets(
    office: Office, settings: dict[str, Any], actor: str, learner: str, wanted: bool
) -> None:
    """R-71: where certificates are validated, only those who look after somebody propose one."""
    certification = office.certification()
    office.set(reviewers=["managers", "group_admins"], **settings)
    if wanted:
        record = office.submit(learner, by=actor, equivalence="SAFE-1")
        assert record.equivalence == certification
    else:
        with pytest.raises(NotAllowedHere):
            office.submit(learner, by=actor, equivalence="SAFE-1")
        assert stored(office) == 0


def test_f48_nothing_but_what_is_filled_in_can_be_given() -> None:
    """State, reviewer, uploader and issuer are no fields of an upload."""
    for name in ("state", "reviewer_id", "uploaded_by", "issuer", "award_id", "comment"):
        with pytest.raises(TypeError):
            ExternalUpload(username="ana", title="x", delivered_on=date(2026, 1, 1), **{name: "x"})  # type: ignore[arg-type]


def test_credits_need_both_switches(new_storage: Callable[[], Storage]) -> None:
    """R-9, R-70, f48: that of the platform, and that of external certificates."""
    off = office_over(new_storage(), credits=False)
    with pytest.raises(NotAllowedHere):
        off.submit("ana", credits=Decimal(5))
    on = office_over(new_storage())
    on.set(credits=False)
    with pytest.raises(NotAllowedHere):
        on.submit("ana", credits=Decimal(5))
    on.set(credits=True)
    assert on.submit("ana", credits=Decimal(5)).certificate.claim.credits == 5


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"title": " "}, InvalidValue),
        ({"delivered_on": date(2026, 3, 2)}, InvalidValue),
        ({"expires_on": date(2026, 1, 30)}, InvalidValue),
        ({"zone": "Mars/Base"}, UnknownZone),
        ({"equivalence": "NONE"}, NotFound),
        ({"equivalence": "OLD"}, Retired),
        ({"replaces": "none"}, NotFound),
        ({"replaces": "0000000000000005"}, NotFound),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(
    office: Office, parts: dict[str, Any], error: type[CertcoreError]
) -> None:
    """R-71: with a typed error."""
    office.certification("OLD")
    office.registrar.defining.retire("OLD", actor=ADMIN)
    with pytest.raises(error):
        office.submit("ana", by="mia", **parts)
    assert stored(office) == 0


def test_today_is_not_the_future_in_the_learners_zone(office: Office) -> None:
    """R-10: it is tomorrow in Auckland already."""
    office.submit("ana", delivered_on=date(2026, 3, 2), zone="Pacific/Auckland")
    with pytest.raises(InvalidValue):
        office.submit("ana", delivered_on=date(2026, 3, 2), zone="America/Lima")


def test_a_rejected_one_is_submitted_again_as_a_new_version(office: Office) -> None:
    """R-73: the series goes on; a version is replaced once, and not while it waits."""
    first = office.pending()
    with pytest.raises(NotReplaceable) as waiting:
        office.submit("ana", replaces=first)
    assert waiting.value.reason == "pending"
    office.reviewing.reject(first, actor=who("mia"), comment="blurred")
    second = office.submit("ana", replaces=first).certificate
    assert (second.revision, second.previous, second.ref != first) == (2, int(first, 16), True)
    shown, _ = office.reviewing.show(first, actor=who("ana"))
    assert shown.replaced_by == second
    office.reviewing.withdraw(second.ref, actor=who("ana"))
    with pytest.raises(NotReplaceable) as replaced:
        office.submit("ana", replaces=first)
    assert replaced.value.reason == "replaced"
    assert office.submit("ana", replaces=second.ref).certificate.revision == 3


def test_a_version_of_somebody_else_cannot_be_replaced(office: Office) -> None:
    """R-114: it looks as if it were not there; also for whoever may see both."""
    first = office.pending("cy")
    office.reviewing.reject(first, actor=who("gus"), comment="no")
    for actor in ("ana", "gus", "admin"):
        with pytest.raises(NotFound):
            office.submit("ana", by=actor, replaces=first)


def test_the_same_upload_under_one_key_is_done_once(office: Office) -> None:
    """R-34: the same answer, also after the verdict; another upload is a conflict."""
    first = office.submit("ana", key="upload-1")
    office.reviewing.reject(first.certificate.ref, actor=who("mia"), comment="no")
    again = office.submit("ana", key="upload-1")
    assert (again.certificate.id, again.certificate.state) == (first.certificate.id, ExternalState.REJECTED)
    for parts in ({"title": "Other"}, {"content": PDF + b"2"}, {"by": "mia"}):
        with pytest.raises(IdempotencyConflict):
            office.submit("ana", key="upload-1", **parts)
    assert stored(office) == 1


def test_a_download_is_what_was_uploaded(office: Office) -> None:
    """f53: the bytes unchanged, and a header in one line."""
    ref = office.pending(file_name='a"\r\nSet-Cookie: b\u202e.pdf')
    found = office.reviewing.document(ref, actor=who("mia"))
    assert found.content == PDF
    assert "\n" not in found.content_disposition
    assert found.content_disposition.isascii()
    with pytest.raises(NotFound):
        office.reviewing.document(ref, actor=who("bo"))


def test_f40_bytes_that_changed_are_never_given_out(office: Office) -> None:
    """A typed error; the certificate stays to be seen."""
    ref = office.pending()
    documents = office.documents
    assert isinstance(documents, MemoryDocuments)
    certificate = office.reviewing.show(ref, actor=ADMIN)[0].certificate
    documents._kept[certificate.document_ref] = (office.now, b"%PDF-1.7 ordinarz")
    with pytest.raises(CorruptDocument):
        office.reviewing.document(ref, actor=who("ana"))
    documents.delete([certificate.document_ref])
    with pytest.raises(CorruptDocument):
        office.reviewing.document(ref, actor=who("ana"))
    assert office.reviewing.show(ref, actor=who("ana"))[0].certificate == certificate


class FullDocuments(MemoryDocuments):
    """A store on a full disk."""

    def put(self, content: bytes, holder: int) -> DocumentRef:  # noqa: ARG002
        raise StorageError("no space left; see to the disk and repeat the act.")


def test_f38_no_row_without_bytes(new_storage: Callable[[], Storage]) -> None:
    """A store that cannot take the bytes leaves no certificate behind."""
    office = office_over(new_storage())
    full = Office(
        office.storage,
        office.directory,
        office.catalog,
        documents=FullDocuments(),
        file_judge=office.file_judge,
    )
    with pytest.raises(StorageError):
        full.submit("ana")
    assert stored(office) == 0


def test_f38_bytes_without_a_row_are_collected_and_no_others(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """I9: of a transaction that failed, once they are old enough; what certificates point to stays."""
    documents = office.documents
    assert documents is not None
    kept = office.submit("ana").certificate

    def fail(*_: object) -> None:
        raise Conflict("whatever")

    with monkeypatch.context() as patched:
        patched.setattr("certcore.services.reviewing.uploading.write_externals", fail)
        patched.setattr("certcore.services.units.time.sleep", lambda _seconds: None)
        with pytest.raises(Conflict):
            office.submit("ana")
    assert stored(office) == 1
    later = office.now + timedelta(days=4_000)
    assert len(documents.put_before(later, None, 10)) == 2
    assert office.reviewing.collect_orphans(actor=ADMIN, older_than=timedelta(days=4_000)) == 0
    office.now = later
    assert office.reviewing.collect_orphans(actor=ADMIN) == 1
    assert list(documents.put_before(later, None, 10)) == [kept.document_ref]
    with pytest.raises(NotFound):
        office.reviewing.collect_orphans(actor=who("mia"))


def test_without_a_store_and_a_judge_nothing_is_uploaded() -> None:
    """R-110: they are optional, and the error says what is missing."""
    platform = platform_over(MemoryStorage())
    upload = ExternalUpload(username="ana", title="x", delivered_on=date(2026, 1, 1))
    with pytest.raises(NotAllowedHere):
        platform.registrar.reviewing.submit(upload, PDF, actor=ADMIN)
    assert platform.registrar.reviewing.collect_orphans(actor=ADMIN) == 0


def test_a_judgement_counts_by_the_settings_of_the_moment_of_writing(new_storage: Callable[[], Storage]) -> None:
    """R-76: validation switched on, or off, while the file was judged."""
    office = office_over(new_storage(), directory(managers={"ana": "mia"}))
    judge = office.file_judge
    assert judge is not None

    def switching(content: bytes) -> Any:
        office.set(validation=not office.reviewing.settings(actor=ADMIN).validation)
        return judge.judge(content)

    class Switching(type(judge)):  # type: ignore[misc]
        judge = staticmethod(switching)

    slow = Office(office.storage, office.directory, office.catalog, documents=office.documents, file_judge=Switching())
    with pytest.raises(FileRefused):
        slow.submit("ana", content=FLAGGED)
    assert slow.submit("ana").certificate.state is ExternalState.PENDING


def test_an_upload_takes_part_in_the_hosts_transaction(office: Office) -> None:
    """I9, I12: rolled back with it, and its bytes are an orphan; committed with it, it is there."""
    with pytest.raises(ZeroDivisionError), office.storage.transaction():
        ref = office.submit("ana").certificate.ref
        office.reviewing.validate(ref, actor=who("mia"))
        raise ZeroDivisionError
    assert stored(office) == 0
    with office.storage.transaction():
        kept = office.submit("ana").certificate
    assert stored(office) == 1
    office.now += timedelta(days=4_000)
    assert office.reviewing.collect_orphans(actor=ADMIN) == 1
    assert office.documents is not None
    assert office.documents.exists([kept.document_ref])
