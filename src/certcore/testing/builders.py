"""Values for tests, complete and valid; what a test is about it gives as keywords.

Ids, numbers and tokens are new with every call.
"""

from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import count
from typing import Any, Final

from attrs import evolve

from certcore.domain.awards import Award, Ending, EndReason, Period, typed_period
from certcore.domain.certifications import Certification, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Delivery, delivery_id
from certcore.domain.external import Claim, Document, ExternalCertificate, ExternalState
from certcore.domain.files import digest_of
from certcore.domain.history import Event, HistoryEntry
from certcore.domain.jobs import Job
from certcore.domain.notices import Message, When
from certcore.domain.numbers import new_numbers
from certcore.domain.people import Actor, Person
from certcore.domain.policy import RenewalPolicy
from certcore.domain.renewals import Renewal
from certcore.domain.stored_settings import Setting
from certcore.domain.tombstones import Removal, Tombstone

NOW: Final = datetime(2026, 6, 15, 12, 30, 45, 123_456, tzinfo=UTC)
"""An instant to judge by: `make_period` covers it."""

ACTOR: Final = Actor.program("test")

_ids = count(1_000)


def new_id() -> int:
    """An id that no other call gives."""
    return next(_ids)


def number_of(award_id: int) -> str:
    """A valid certificate number of its own for each id."""
    (number,) = new_numbers(1, lambda count: bytes(award_id // 31**place % 31 for place in range(count)))
    return number


def make_person(username: str = "ada", **changes: Any) -> Person:
    """A person whose id is ``id-`` and the username."""
    person = Person(f"id-{username}", username, username.capitalize(), "Example", f"{username}@example.org")
    return evolve(person, **changes)


def make_certification(**changes: Any) -> Certification:
    """A certification with a code of its own."""
    new = new_id()
    return evolve(Certification(new, f"Certification {new}", f"CERT-{new}", "What it is about."), **changes)


def make_period(
    issued_on: date = date(2026, 1, 31), expires_on: date | None = date(2027, 1, 31), zone: str = "Europe/Rome"
) -> Period:
    """A period with typed dates under the default policy."""
    return typed_period(RenewalPolicy(), issued_on, zone, expires_on)


def make_award(certification: Certification | None = None, learner_id: str | None = None, **changes: Any) -> Award:
    """A live award by hand; without a learner, to one of its own."""
    new = changes.pop("id", None) or new_id()
    award = Award(
        id=new,
        number=number_of(new),
        token=sha256(number_of(new).encode()).digest()[:16],
        certification_id=1 if certification is None else certification.id,
        edition=1 if certification is None else certification.edition,
        learner_id=f"learner-{new}" if learner_id is None else learner_id,
        learner_name="Ada Example",
        period=changes.pop("period", None) or make_period(),
        head=sha256(b"head").digest(),
    )
    return evolve(award, **changes)


def ended(award: Award, reason: EndReason = EndReason.RENEWED, at: datetime = NOW, **changes: Any) -> Award:
    """The next version of the award, no longer live."""
    return evolve(award, ending=Ending(reason, at), version=award.version + 1, **changes)


def make_entry(award: Award, seq: int = 1, **changes: Any) -> HistoryEntry:
    """A history entry; its digest and hash are right in length only."""
    digest = sha256(f"{award.id}/{seq}".encode()).digest()
    entry = HistoryEntry(award.id, seq, NOW, "issued", '{"a":1}', '{"actor":"test"}', digest[:16], digest, digest)
    return evolve(entry, **changes)


def make_event(award: Award, seq: int = 1, **changes: Any) -> Event:
    """An event that a notice may follow."""
    return evolve(Event(award.id, seq, "award.issued", 1, '{"a":1}', NOW, True), **changes)


def make_job(**changes: Any) -> Job:
    """A queued job with a payload of its own."""
    new = new_id()
    return evolve(Job(new, "import", ACTOR, {"file": f"awards-{new}.csv"}, NOW), **changes)


def make_external(**changes: Any) -> ExternalCertificate:
    """A pending external certificate in its first version; without a learner, of one of its own."""
    new = changes.pop("id", None) or new_id()
    certificate = ExternalCertificate(
        id=new,
        learner_id=f"learner-{new}",
        uploaded_by=f"learner-{new}",
        claim=Claim("First aid", date(2026, 1, 31), "Europe/Rome"),
        document=Document(digest_of(b"%PDF"), 4, "certificate.pdf"),
        state=ExternalState.PENDING,
        submitted_at=NOW,
        series=new,
        head=sha256(b"head").digest(),
    )
    return evolve(certificate, **changes)


def make_setting(**changes: Any) -> Setting:
    """A setting in its first version, under a name of its own."""
    new = new_id()
    return evolve(Setting(new, f"setting-{new}", '{"a":1}', head=sha256(b"head").digest()), **changes)


COURSE: Final = ItemRef(ItemKind.COURSE, "C-1")
"""An item to complete."""


def make_completion(learner_id: str = "id-ada", item: ItemRef = COURSE, **changes: Any) -> Completion:
    """A completion at `NOW`."""
    parts = {"learner_id": learner_id, "item": item, "at": NOW, "on": date(2026, 6, 15), "zone": "Europe/Rome"}
    return Completion(**{**parts, **changes})


def make_renewal(award: Award, **changes: Any) -> Renewal:
    """An open renewal of the award through `COURSE`, started at `NOW`."""
    renewal = Renewal(
        award.id, award.learner_id, award.certification_id, NOW, RenewalPolicy(), allow_retake=True, items=(COURSE,)
    )
    return evolve(renewal, **changes)


def make_delivery(award: Award, **changes: Any) -> Delivery:
    """A delivery that waits and is due at `NOW`."""
    new = delivery_id("retake", new_id())
    return evolve(Delivery(new, "retake", award.id, award.learner_id, '{"item":"course:C-1"}', NOW), **changes)


def make_message(recipient: Person | None = None, **changes: Any) -> Message:
    """A reminder to its learner; without a recipient, to one of its own."""
    new = new_id()
    reader = recipient or make_person(f"reader-{new}")
    message = Message(
        id=delivery_id("notice", new),
        recipient=reader,
        learner_id=reader.id,
        language="en",
        subject="First aid: last valid day June 14, 2027",
        body="Hello Ada,\n\nyour certification ends soon.",
        rule="reminder",
        when=When.parse("30 days before"),
        at=NOW,
        number=number_of(new),
        certification="First aid",
        last_valid_day=date(2027, 6, 14),
    )
    return evolve(message, **changes)


def make_tombstone(award: Award, **changes: Any) -> Tombstone:
    """What stays of the award once it is deleted."""
    stone = Tombstone(award.number, award.id, Removal.DELETED, NOW, ACTOR.id, "given up", award.version, award.head)
    return evolve(stone, **changes)
