"""An office for the tests of external certificates: who looks after whom, a judge of files, and short ways to act."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from attrs import define

from certcore.adapters.memory import MemoryCatalog, MemoryDirectory, MemoryDocuments
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.external import ExternalState
from certcore.domain.files import FileJudgement, FileLimits, Finding
from certcore.domain.people import Actor, Person, Role
from certcore.domain.settings import Settings
from certcore.ports import FileJudge, Storage
from certcore.services.reviewing import ExternalRecord, ExternalUpload
from tests.services.platform import ADMIN, Platform

PDF: Final = b"%PDF-1.7 ordinary"
FLAGGED: Final = b"%PDF-1.7 script"
REFUSED: Final = b"MZ"

PEOPLE: Final = ("ana", "bo", "cy", "eve", "mia", "max", "carl", "gus", "admin")
ROLES: Final = {"mia": Role.MANAGER, "max": Role.MANAGER, "carl": Role.COACH, "gus": Role.GROUP_ADMIN}


class PrefixJudge(FileJudge):
    """Judges by the first bytes."""

    limits = FileLimits(size=1_000)

    def judge(self, content: bytes) -> FileJudgement:
        findings = [] if content.startswith(b"%PDF") else [Finding("not_a_pdf")]
        if len(content) > self.limits.size:
            findings.append(Finding("too_large", {"bytes": self.limits.size}))
        return FileJudgement.of(content, [*findings, *([Finding("script")] if b"script" in content else [])])


def directory(**changes: Any) -> MemoryDirectory:
    """Mia manages ana and dan, who left; max manages bo; carl coaches ana and cy; gus administers those of nurses.

    Eve has nobody. ``changes`` replace relations.
    """
    people = [Person(f"id-{name}", name, name.title(), "Rossi", zone="Europe/Rome") for name in PEOPLE]
    relations: dict[str, Any] = {
        "groups": {"nurses": ["ana", "cy", "mia"]},
        "managers": {"ana": "mia", "dan": "mia", "bo": "max"},
        "coaches": {"carl": ["ana", "cy"]},
        "admins": {"gus": ["nurses"]},
    }
    return MemoryDirectory([*people, Person("id-dan", "dan", active=False)], **{**relations, **changes})


def who(name: str) -> Actor:
    """The actor of that name."""
    if name == "admin":
        return Actor("id-admin", frozenset({Role.PLATFORM_ADMIN}))
    return Actor(f"id-{name}", frozenset({ROLES.get(name, Role.LEARNER)}))


@define
class Office(Platform):
    """The platform with documents."""

    @property
    def reviewing(self) -> Any:
        return self.registrar.reviewing

    def set(self, **changes: object) -> None:
        self.reviewing.change_settings(actor=ADMIN, **changes)

    def submit(self, username: str, *, by: str | None = None, content: bytes = PDF, **parts: Any) -> ExternalRecord:
        """Submit a certificate for a learner, by default as that learner."""
        parts.setdefault("title", "First aid")
        parts.setdefault("delivered_on", date(2026, 1, 31))
        key = parts.pop("key", None)
        upload = ExternalUpload(username=username, **parts)
        record: ExternalRecord = self.reviewing.submit(upload, content, actor=who(by or username), key=key)
        return record

    def pending(self, username: str = "ana", **parts: Any) -> str:
        """The id of a certificate that waits."""
        record = self.submit(username, **parts)
        assert record.certificate.state is ExternalState.PENDING
        return record.certificate.ref

    def tasks(self, name: str) -> list[str]:
        """The ids of what waits for somebody, in order."""
        return [each.certificate.ref for each in self.reviewing.tasks(actor=who(name)).records]

    def awards(self, username: str) -> list[Any]:
        """The award records of a learner."""
        return list(self.registrar.reporting.search(actor=ADMIN, username=username).records)


def office_over(storage: Storage, people: MemoryDirectory | None = None, **settings: Any) -> Office:
    """The office over an empty storage; everybody may import their own, and managers review."""
    items: Collection[Item] = [Item(ItemRef.parse(f"course:C-{n}")) for n in (1, 2)]
    office = Office(
        storage,
        people or directory(),
        MemoryCatalog(items),
        Settings(**settings),
        documents=MemoryDocuments(),
        file_judge=PrefixJudge(),
    )
    office.set(self_import=True)
    return office
