"""Everything a host implements, or takes an adapter for: storage, directory, catalog, access, jobs, files, clock.

Rules that hold for every port:

* Instants are aware datetimes in UTC; ids of people, codes and numbers are text and compared by code point.
* Methods take and give batches. An empty batch is allowed and does nothing. What does not exist is absent from the
  answer; only `None` answers of one-value methods say "not there".
* A port raises `certcore.errors.CertcoreError` kinds only; a driver's error never passes through.

Rules of the storage:

* ``with storage.transaction() as tx:`` gives the repositories. Leaving commits; an exception rolls back everything
  done in it and passes on. Inside another transaction of the same thread it joins that one: an exception undoes the
  inner part, and only the outermost commits.
* Nobody sees uncommitted writes of another transaction; a transaction sees its own. A reading inside a transaction of
  the same thread joins it too; a transaction inside a reading is refused with a `StorageError`.
* Every change of an existing row is compare-and-set on its ``version``: the new value carries the old version plus one.
  A version that no longer fits, and a unique key that is taken, raise `Conflict`; the transaction is then usable as
  it was before the failing call.
* `Retryable` means the database gave up on the whole transaction: the caller runs it again from the start.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from attrs import field, frozen

from certcore.domain.awards import Award, Status
from certcore.domain.certifications import Certification, Item, ItemRef, Overview, Print
from certcore.domain.files import DocumentRef, FileJudgement, FileLimits
from certcore.domain.history import Event, HistoryEntry
from certcore.domain.issuing import Issued
from certcore.domain.jobs import Job, Reject
from certcore.domain.numbers import RandomBytes
from certcore.domain.people import Act, Actor, Person, Role, Scope
from certcore.domain.settings import Settings
from certcore.domain.time import as_instant

Clock = Callable[[], datetime]
"""Gives the present instant, aware. Services read it once per act."""


@frozen
class AwardQuery:
    """Which awards a search wants; what is None does not filter, nor do empty ``statuses``.

    Empty ``learner_ids`` match nobody: that is what somebody may see who oversees no one (R-114).
    ``now`` is the instant at which ``statuses`` are judged. The page has at most ``limit`` awards, in ascending order
    of id, all with an id greater than ``after``.
    """

    now: datetime = field(converter=as_instant)
    learner_ids: frozenset[str] | None = None
    certification_id: int | None = None
    number: str | None = None
    statuses: frozenset[Status] = frozenset()
    after: int | None = None
    limit: int = 50


class CertificationRepository(ABC):
    """Definitions, their editions in print, and which item carries which certification."""

    @abstractmethod
    def add(self, certification: Certification) -> None:
        """Store a new one, its edition in print included; `Conflict` when its id or code is taken."""

    @abstractmethod
    def update(self, certification: Certification) -> None:
        """Replace the one whose version is one less, and keep its edition when that is new; else `Conflict`."""

    @abstractmethod
    def by_id(self, ids: Collection[int]) -> dict[int, Certification]:
        """Those that exist, by id."""

    @abstractmethod
    def by_code(self, codes: Collection[str]) -> dict[str, Certification]:
        """Those that exist, by code."""

    @abstractmethod
    def overviews(self) -> Sequence[Overview]:
        """All of them with their counts (R-8), ordered by name, then id."""

    @abstractmethod
    def prints(self, editions: Collection[tuple[int, int]]) -> dict[tuple[int, int], Print]:
        """What was printed, by (certification id, edition)."""

    @abstractmethod
    def assign(self, item: ItemRef, certification_id: int, at: datetime) -> None:
        """Let ``item`` carry the certification from ``at`` on; `Conflict` when it carries one already (R-5)."""

    @abstractmethod
    def carried_by(self, items: Collection[ItemRef]) -> dict[ItemRef, int]:
        """The certification id that each item carries; items without one are absent."""


class AwardRepository(ABC):
    """Awards: at most one live one per learner and certification, no number or token twice (R-23, R-25)."""

    @abstractmethod
    def add(self, awards: Sequence[Award]) -> None:
        """Store new awards, all or none; `Conflict` when an id, number, token or live holding is taken."""

    @abstractmethod
    def update(self, awards: Sequence[Award]) -> None:
        """Replace each award whose stored version is one less, in the order given, all or none; else `Conflict`.

        `Conflict` too when an award would be a second live holding. Id, number, token, certification and learner of an
        award never change.
        """

    @abstractmethod
    def by_id(self, ids: Collection[int]) -> dict[int, Award]:
        """Those that exist, by id."""

    @abstractmethod
    def by_number(self, numbers: Collection[str]) -> dict[str, Award]:
        """Those that exist, by number."""

    @abstractmethod
    def live(self, certification_ids: Collection[int], learner_ids: Collection[str]) -> dict[tuple[int, str], Award]:
        """The live awards of these learners in these certifications, by (certification id, learner id)."""

    @abstractmethod
    def search(self, query: AwardQuery) -> Sequence[Award]:
        """The page of awards that ``query`` asks for, in ascending order of id."""


class HistoryRepository(ABC):
    """The append-only history of every award (R-64)."""

    @abstractmethod
    def append(self, entries: Sequence[HistoryEntry]) -> None:
        """Store the entries, all or none; `Conflict` when an award has an entry with that ``seq``."""

    @abstractmethod
    def of(self, award_ids: Collection[int]) -> dict[int, list[HistoryEntry]]:
        """The entries of each award in ascending ``seq``; awards without any are absent."""

    @abstractmethod
    def by_job(self, job_id: int, after: tuple[int, int] | None, limit: int) -> Sequence[HistoryEntry]:
        """A page of what a job did, ordered by (award id, seq), after the pair given."""


class Outbox(ABC):
    """Events waiting for delivery, written with the change they tell of (R-83)."""

    @abstractmethod
    def append(self, events: Sequence[Event]) -> None:
        """Store the events, all or none; `Conflict` when an award has an event with that ``seq``."""

    @abstractmethod
    def silence(self, keys: Sequence[tuple[int, int]]) -> None:
        """Let nobody be told of these events, by (award id, seq); what is not there is passed over (R-45)."""

    @abstractmethod
    def of(self, award_ids: Collection[int]) -> dict[int, list[Event]]:
        """The events of each award in ascending ``seq``; awards without any are absent."""


class JobRepository(ABC):
    """Jobs, and the acts done under an idempotency key (R-34, R-41)."""

    @abstractmethod
    def add(self, job: Job) -> None:
        """Store a new job; `Conflict` when its id or key is taken."""

    @abstractmethod
    def update(self, job: Job) -> None:
        """Replace the job whose version is one less; else `Conflict`."""

    @abstractmethod
    def get(self, job_id: int) -> Job | None:
        """The job with this id."""

    @abstractmethod
    def by_key(self, key: str) -> Job | None:
        """The job with this idempotency key."""

    @abstractmethod
    def queued(self, limit: int) -> Sequence[Job]:
        """Jobs waiting to be run, oldest first."""

    @abstractmethod
    def recent(self, kind: str, limit: int) -> Sequence[Job]:
        """Jobs of a kind, newest first."""

    @abstractmethod
    def unfinished(self, fingerprint: str) -> Job | None:
        """The newest job with this fingerprint that is queued or running: what a rerun takes up again (R-41)."""

    @abstractmethod
    def reject(self, job_id: int, rejects: Sequence[Reject]) -> None:
        """Keep rows that a job could not use, all or none; `Conflict` when it has one at that line (R-43)."""

    @abstractmethod
    def rejects(self, job_id: int, after_line: int, limit: int) -> Sequence[Reject]:
        """A page of the rows that a job could not use, in ascending order of line, all after ``after_line``."""


class Transaction(ABC):
    """The repositories as one transaction sees them."""

    certifications: CertificationRepository
    awards: AwardRepository
    history: HistoryRepository
    outbox: Outbox
    jobs: JobRepository

    def issue(self, issued: Issued) -> None:
        """Store new awards with their history and events; `Conflict` as the repositories raise it.

        Many come at once. After an error the transaction has to be left, for it may hold a part of them; a storage
        where that is so does not commit it. A storage that takes rows only leaves this as it is.
        """
        self.awards.add(list(issued.awards()))
        self.history.append(list(issued.entries()))
        self.outbox.append(list(issued.events()))


class Storage(ABC):
    """Where certcore keeps its state. One object serves one tenant and any number of threads."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction that may write: leaving commits, an exception rolls back, an inner one joins the outer."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Transaction]:
        """A transaction that only reads one consistent state and waits for no writer where the database can do that."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether this thread is inside a transaction, the storage's or the host's: no unit can be retried here."""


class Directory(ABC):
    """The host's users, groups and branches (a department is a branch).

    People who are deactivated stay in every answer, with ``active`` False: refusing them is the service's (R-24).
    """

    @abstractmethod
    def match(self, usernames: Collection[str]) -> Mapping[str, Person]:
        """The people with these usernames, by the username asked for (already trimmed and NFC)."""

    @abstractmethod
    def people(self, ids: Collection[str]) -> Mapping[str, Person]:
        """The people with these ids, by id."""

    @abstractmethod
    def members(self, groups: Collection[str], branches: Collection[str]) -> Iterator[Person]:
        """Each member of these groups and of these branches with their sub-branches, once (R-30).

        Raises `certcore.errors.NotFound` naming a group or branch that does not exist.
        """

    @abstractmethod
    def overseen(self, actor_id: str) -> frozenset[str]:
        """The ids of the learners whom this person manages, coaches or administers now (R-72, R-114)."""

    def roles(self, actor_id: str) -> frozenset[Role] | None:  # noqa: ARG002
        """The roles that an actor has now; None where the directory does not say, and the actor's own count.

        A job that waited is judged by these, not by what its actor was when asking for it (R-34).
        """
        return None


class Catalog(ABC):
    """The host's courses, learning plans and external activities."""

    @abstractmethod
    def items(self, refs: Collection[ItemRef]) -> Mapping[ItemRef, Item]:
        """Those that exist, by kind and code."""


class AccessPolicy(ABC):
    """Who may do what (R-114)."""

    @abstractmethod
    def scope(self, actor: Actor, act: Act) -> Scope:
        """The learners that ``actor`` may touch with ``act`` at this moment; `NOBODY` refuses the act."""


class JobQueue(ABC):
    """Runs jobs apart from the call that asked for them (R-31)."""

    @abstractmethod
    def enqueue(self, job: Job, tx: Transaction) -> None:
        """Take the job. Called inside the transaction that stores it: nothing may run before that has committed."""

    @abstractmethod
    def committed(self, run: Callable[[int], object]) -> None:
        """The transaction of what was enqueued has committed; ``run`` does the job with the id it is given.

        ``run`` leaves an id alone that is not stored: a job whose transaction rolled back.
        A queue with workers of its own does nothing here. Never called inside a host's transaction.
        """


class FileJudge(ABC):
    """Says whether an uploaded file may be stored: by its bytes, never by its name or claimed type (R-71)."""

    @property
    @abstractmethod
    def limits(self) -> FileLimits:
        """What a file may be; `FileLimits.read` reads no more of an upload than is needed to judge it."""

    @abstractmethod
    def judge(self, content: bytes) -> FileJudgement:
        """The judgement of these bytes, whatever they are: content never makes it raise, hang or store anything."""


class FileScanner(ABC):
    """A virus scanner of the host's. Whatever goes wrong with it, a file is not taken (f54)."""

    @abstractmethod
    def scan(self, content: bytes) -> str | None:
        """None for clean bytes, else the name of what is in them. Raising or never answering counts as not clean."""


class DocumentStore(ABC):
    """Bytes that never change, under their SHA-256, kept once for each holder: the row that points to them (I9).

    One object serves one tenant and any number of threads. The same bytes for two holders are two documents: deleting
    one leaves the other, so nobody counts references and no deletion overtakes a second upload (f52). A row is written
    after its bytes are stored and removed before they are deleted; what is left in between is found by `put_before`.
    """

    @abstractmethod
    def put(self, content: bytes, holder: int) -> DocumentRef:
        """Store the bytes as they are; they are safe when it returns, and a second time changes nothing but their age.

        Raises `StorageError`, and then leaves nothing of them (f38).
        """

    @abstractmethod
    def get(self, ref: DocumentRef) -> bytes:
        """The bytes; `CorruptDocument` when they are not there or their SHA-256 is another one (f40)."""

    @abstractmethod
    def exists(self, refs: Collection[DocumentRef]) -> frozenset[DocumentRef]:
        """Those that are there, whole or not."""

    @abstractmethod
    def delete(self, refs: Collection[DocumentRef]) -> None:
        """Remove these for good; those not there are passed over."""

    @abstractmethod
    def put_before(self, instant: datetime, after: DocumentRef | None, limit: int) -> Sequence[DocumentRef]:
        """A page of documents last put before ``instant``, ascending by digest and holder, all after the one given.

        Who collects what no row points to gives an instant long enough ago that its transaction has ended (f38).
        """


@frozen
class Ports:
    """What every service works on. ``jobs`` is None where queued jobs wait until the host runs them."""

    storage: Storage
    directory: Directory
    catalog: Catalog
    access: AccessPolicy
    jobs: JobQueue | None
    clock: Clock
    random_bytes: RandomBytes
    settings: Settings

    def now(self) -> datetime:
        """The present instant in UTC; `NaiveDatetime` when the clock gives none."""
        return as_instant(self.clock())
