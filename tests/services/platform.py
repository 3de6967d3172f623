"""A small host for the services' tests: people, items, certifications and a clock, over any storage."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime

from attrs import define, field

from certcore.adapters.in_process import InProcessJobs
from certcore.adapters.memory import Branch, MemoryCatalog, MemoryDirectory
from certcore.domain.certifications import Certification, Item, ItemKind, ItemRef
from certcore.domain.people import Actor, Person, Role
from certcore.domain.policy import RenewalPolicy
from certcore.domain.settings import Settings
from certcore.ports import (
    DocumentPrinter,
    DocumentStore,
    ExportStore,
    FileJudge,
    JobQueue,
    Notifier,
    Storage,
    Subscriber,
)
from certcore.registrar import Registrar
from certcore.services.awarding import AwardReport, AwardRequest

ADMIN = Actor("admin", frozenset({Role.PLATFORM_ADMIN}))
ISSUED = date(2026, 3, 1)


@define
class Platform:
    """A registrar with the ports behind it; ``now`` is what its clock says."""

    storage: Storage
    directory: MemoryDirectory
    catalog: MemoryCatalog
    settings: Settings = field(factory=Settings)
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    documents: DocumentStore | None = None
    file_judge: FileJudge | None = None
    printer: DocumentPrinter | None = None
    notifier: Notifier | Mapping[str, Notifier] | None = None
    subscribers: Mapping[str, Subscriber] = field(factory=dict)
    exports: ExportStore | None = None
    registrar: Registrar = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.registrar = self.registrar_with(InProcessJobs())

    def registrar_with(self, jobs: JobQueue | None = None) -> Registrar:
        """Another registrar over the ports as they are now, as another process has one."""
        return Registrar(
            storage=self.storage,
            directory=self.directory,
            catalog=self.catalog,
            jobs=jobs,
            clock=lambda: self.now,
            settings=self.settings,
            documents=self.documents,
            file_judge=self.file_judge,
            printer=self.printer,
            notifier=self.notifier,
            subscribers=self.subscribers,
            exports=self.exports,
        )

    def certification(self, code: str = "SAFE-1", items: Collection[str] = (), **parts: object) -> Certification:
        """A certification of one year, carried by ``items``."""
        parts.setdefault("policy", RenewalPolicy.from_data({"validity": {"years": 1}}))
        made = self.registrar.defining.add(f"Name of {code}", code=code, actor=ADMIN, **parts)
        self.registrar.defining.assign(code, [ItemRef.parse(item) for item in items], actor=ADMIN)
        return made

    def award(self, *usernames: str, code: str = "SAFE-1", key: str | None = None, **parts: object) -> AwardReport:
        """Award the certification to the users, as the admin."""
        parts.setdefault("issued_on", ISSUED)
        request = AwardRequest(certification=code, usernames=usernames, **parts)  # type: ignore[arg-type]
        return self.registrar.awarding.award(request, actor=ADMIN, key=key)

    def number_of(self, username: str) -> str:
        """The number of the only award that a learner has."""
        (record,) = self.registrar.reporting.search(actor=ADMIN, username=username).records
        return record.award.number


def platform_over(storage: Storage, people: Collection[str] = ("ana", "bo", "cy"), **settings: object) -> Platform:
    """A host with these people (ids ``id-ana`` …), ``gone`` deactivated, and the courses C-1 to C-3 and plan P-1."""
    everybody = [Person(f"id-{name}", name, name.title(), "Rossi", zone="Europe/Rome") for name in people]
    return Platform(
        storage,
        MemoryDirectory(
            [*everybody, Person("id-gone", "gone", active=False), Person("id-boss", "boss")],
            groups={"nurses": [name for name in people if name in ("ana", "bo")]},
            branches={
                "italy": Branch(members=tuple(name for name in people if name == "ana")),
                "rome": Branch(parent="italy", members=tuple(name for name in people if name in ("bo", "ana"))),
            },
            managers={name: "boss" for name in people if name == "ana"},
        ),
        MemoryCatalog(
            [Item(ItemRef(ItemKind.COURSE, f"C-{n}")) for n in (1, 2, 3)]
            + [Item(ItemRef(ItemKind.LEARNING_PLAN, "P-1"))]
        ),
        Settings(**settings),  # type: ignore[arg-type]
    )
