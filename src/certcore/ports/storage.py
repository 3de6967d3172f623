"""Where certcore keeps its state: the repositories, the transaction, the storage.

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
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime

from certcore.domain.awards import Award, Status
from certcore.domain.certifications import Assignment, Certification, ItemRef, Overview, Print
from certcore.domain.deliveries import NewDeliveries
from certcore.domain.history import Event, HistoryEntry
from certcore.domain.issuing import Issued
from certcore.domain.succession import Archived
from certcore.domain.transitions import Change
from certcore.ports.externals import ExternalRepository, SettingRepository
from certcore.ports.jobs import JobRepository
from certcore.ports.lives import (
    CompletionRepository,
    DeliveryRepository,
    RenewalRepository,
    SweepRepository,
    TombstoneRepository,
)
from certcore.ports.searching import AwardQuery, AwardRows, SearchIndex

StatusRow = tuple[str, str, int, Status, datetime | None]
"""How an award stands at an instant: number, learner id, certification id, status, expiry."""

ExpiryRow = tuple[int, str, str, int, datetime, date, str, datetime]
"""A live award that ends: id, number, learner id, certification id, expiry as instant and as civil date, zone, and when
it was recorded, which is when its history begins."""

Tally = tuple[int, Status, int]
"""How many awards of a certification stand alike: certification id, status, count."""

Lapse = tuple[int, datetime | None, str, int]
"""How many awards of a certification end alike: certification id, until when valid, zone, count.

Until when counts a grace that is valid; None is always."""


class CertificationRepository(ABC):
    """Definitions, their editions in print, and which item carries which certification."""

    @abstractmethod
    def add(self, certification: Certification) -> None:
        """Store a new one, its edition in print included; `Conflict` when its id or code is taken."""

    @abstractmethod
    def update(self, certification: Certification) -> None:
        """Replace the one whose version is one less, and keep its edition when that is new; else `Conflict`."""

    @abstractmethod
    def hold(self, certifications: Collection[Certification]) -> None:
        """Let nobody change or delete these until the transaction ends; `Conflict` when one is not as it was read.

        Whoever issues them asks for this first, so that nothing is issued that is deleted or retired by then.
        """

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
    def assign(self, assignment: Assignment) -> None:
        """Let an item carry a certification; `Conflict` when it carries one already (R-5)."""

    @abstractmethod
    def unassign(self, items: Collection[ItemRef]) -> None:
        """Let the items carry nothing; those that do not are passed over (R-7)."""

    @abstractmethod
    def carried_by(self, items: Collection[ItemRef]) -> dict[ItemRef, Assignment]:
        """What each item carries; items without a certification are absent."""

    @abstractmethod
    def assigned_to(self, certification_ids: Collection[int]) -> dict[int, list[Assignment]]:
        """The items of each certification, ordered by item; certifications without any are absent."""

    @abstractmethod
    def delete(self, certification_id: int) -> None:
        """Remove the certification with its prints and assignments (R-4); one that is not there is passed over.

        Its awards are removed before, by `AwardRepository.delete`.
        """


class AwardRepository(ABC):
    """Awards: at most one live one per learner and certification, no number or token twice (R-23, R-25).

    The number of a tombstone is taken too (I3).
    """

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
    def by_token(self, token: bytes) -> Award | None:
        """The award with this verification token; None when there is none, which costs the same for all others."""

    @abstractmethod
    def live(self, certification_ids: Collection[int], learner_ids: Collection[str]) -> dict[tuple[int, str], Award]:
        """The live awards of these learners in these certifications, by (certification id, learner id)."""

    @abstractmethod
    def search(self, query: AwardQuery) -> Sequence[Award]:
        """The page of awards that ``query`` asks for, in its order (R-90)."""

    def rows(self, query: AwardQuery) -> AwardRows:
        """The same page in columns, for lists of millions (R-93).

        A storage that takes rows only leaves this as it is.
        """
        return AwardRows.of(self.search(query), query)

    @abstractmethod
    def delete(self, ids: Collection[int]) -> None:
        """Remove the awards with their history, events, renewals and deliveries (R-4, R-61, R-63).

        Ids that are not there are passed over. Neighbours in a chain keep the id of what is gone.
        """

    @abstractmethod
    def latest_revocations(
        self, certification_ids: Collection[int], learner_ids: Collection[str]
    ) -> dict[tuple[int, str], datetime]:
        """When each learner's award of each certification was last revoked, by (certification id, learner id) (R-65).

        Those never revoked are absent. Asked for with every completion and every row of an import: it costs next to
        nothing while nothing is revoked.
        """

    @abstractmethod
    def statuses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Iterator[StatusRow]:
        """How every award stands at the instant ``now``, past or future, in ascending order of id (R-14).

        Judged by `STATUS_CONDITIONS`. None does not filter, nothing matches empty ones. It streams: read it inside the
        transaction, and write nothing meanwhile.
        """

    @abstractmethod
    def tallies(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Tally]:
        """How many awards have each status at the instant ``now``, past or future, counted in the storage (R-14, R-92).

        Each combination once, in no order. Unassigned and undone awards do not count. Filters are as in `statuses`.
        """

    @abstractmethod
    def lapses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Lapse]:
        """How many live awards, valid or upcoming at ``now``, end alike, counted in the storage (R-95).

        Each combination once, in no order. Filters are as in `statuses`.
        """

    @abstractmethod
    def expiring(
        self, since: datetime, until: datetime, after: tuple[datetime, int] | None, limit: int
    ) -> Sequence[ExpiryRow]:
        """Live awards that expire at ``since``, at ``until`` or between: a page of at most ``limit``.

        By (expiry, id), all behind the pair ``after``. What has no history or cannot be read is left out. What it costs
        depends on what is found and not on what is stored, also where all expire at one instant.
        """


class HistoryRepository(ABC):
    """The append-only history of every award (R-64)."""

    @abstractmethod
    def append(self, entries: Sequence[HistoryEntry]) -> None:
        """Store the entries, all or none; `Conflict` when an award has an entry with that ``seq``."""

    @abstractmethod
    def of(self, award_ids: Collection[int]) -> dict[int, list[HistoryEntry]]:
        """The entries of each award in ascending ``seq``; awards without any are absent."""

    @abstractmethod
    def by_job(
        self, job_id: int, after: tuple[int, int] | None, limit: int, *, act: str | None = None
    ) -> Sequence[HistoryEntry]:
        """A page of what a job did, ordered by (award id, seq), after the pair given; if named, by one kind of act."""


class Outbox(ABC):
    """Events waiting for delivery, written with the change they tell of (R-83).

    What is appended is pending until it is dispatched.
    """

    @abstractmethod
    def append(self, events: Sequence[Event]) -> None:
        """Store the events, all or none; `Conflict` when an award has an event with that ``seq``."""

    @abstractmethod
    def silence(self, keys: Sequence[tuple[int, int]]) -> None:
        """Let nobody be told of these events, by (award id, seq); what is not there is passed over (R-45)."""

    @abstractmethod
    def of(self, award_ids: Collection[int]) -> dict[int, list[Event]]:
        """The events of each award in ascending ``seq``; awards without any are absent."""

    @abstractmethod
    def pending(self, limit: int) -> Sequence[Event]:
        """Events that are pending, by (award id, seq), at most ``limit``; none while an earlier one of its award waits.

        Where the database can, those that another transaction has asked for and may yet dispatch are left out, with all
        that follow them, and these are kept from others until this transaction ends. Where it cannot, transactions that
        write take turns.
        """

    @abstractmethod
    def dispatched(self, keys: Sequence[tuple[int, int]]) -> None:
        """Let these events, by (award id, seq), not be pending any more; what is not there is passed over."""


class Transaction(ABC):
    """The repositories as one transaction sees them."""

    certifications: CertificationRepository
    awards: AwardRepository
    history: HistoryRepository
    outbox: Outbox
    jobs: JobRepository
    completions: CompletionRepository
    renewals: RenewalRepository
    deliveries: DeliveryRepository
    tombstones: TombstoneRepository
    externals: ExternalRepository
    settings: SettingRepository
    sweeps: SweepRepository
    index: SearchIndex

    def issue(self, parts: Iterable[Issued]) -> None:
        """Store new awards with their history and events; `Conflict` as the repositories raise it.

        Many come in parts, each made when it is asked for, without the transaction: a storage may store one while the
        next is made. After an error the transaction has to be left, for it may hold some of them; a storage where that
        is so does not commit it. A storage that takes rows only leaves this as it is.
        """
        for issued in parts:
            self.awards.add(list(issued.awards()))
            self.history.append(list(issued.history))
            self.outbox.append(list(issued.events()))

    def change(self, changes: Sequence[Change]) -> None:
        """Store changes in the order given, with their history and events; `Conflict` as the repositories raise it.

        Many come at once, of an award at most one. After an error the transaction has to be left, as after `issue`. A
        storage that takes rows only leaves this as it is.
        """
        self.awards.update([change.after for change in changes])
        self.history.append([change.entry for change in changes])
        self.outbox.append([change.event for change in changes])

    def archive(self, archived: Archived) -> None:
        """Store awards as archived, with their history and events; as `change` does, and like it to be left."""
        self.change(list(archived.changes()))

    def tell(self, new: NewDeliveries) -> Collection[str]:
        """Store new deliveries as `DeliveryRepository.add` does; the ids of those that were there already (R-82).

        Many come at once. After an error the transaction has to be left, as after `issue`. A storage that takes rows
        only leaves this as it is.
        """
        known = self.deliveries.by_id(new.ids).keys()
        self.deliveries.add(list(new.deliveries()))
        return known


class Storage(ABC):
    """Where certcore keeps its state. One object serves one tenant and any number of threads."""

    @property
    def tenant(self) -> str:
        """Whose state it is, where many have theirs in one database: it goes into the ids of messages (R-82)."""
        return ""

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
