"""What a host has already: its people, its items, its rights, its workers and its clock."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from attrs import field, frozen

from certcore.domain.certifications import Item, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Retake
from certcore.domain.jobs import Job
from certcore.domain.numbers import RandomBytes
from certcore.domain.people import Act, Actor, Overseers, Person, Role, Scope
from certcore.domain.renewability import ItemProgress
from certcore.domain.settings import Settings
from certcore.domain.time import as_instant
from certcore.errors import NotSupported
from certcore.ports.exports import ExportStore
from certcore.ports.files import DocumentStore, FileJudge, FileScanner
from certcore.ports.notices import Attach, Notifier, Subscriber, TemplateEngine
from certcore.ports.printing import DocumentPrinter
from certcore.ports.storage import Storage, Transaction

Clock = Callable[[], datetime]
"""Gives the present instant, aware. Services read it once per act."""

Attribute = str | bool | int | float | Decimal | date
"""What a policy may ask about a learner."""


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

    def member_ids(self, groups: Collection[str], branches: Collection[str]) -> Collection[str]:
        """The ids of those whom `members` gives; raises as it does.

        Asked for by searches: a directory that finds ids sooner than people says so here.
        """
        return {each.id for each in self.members(groups, branches)}

    def branches_of(self, learner_ids: Collection[str]) -> Mapping[str, Collection[str]]:  # noqa: ARG002
        """The branches that each of these learners is in directly, by learner id; those in none are absent (R-93).

        Asked for by exports with a file for each branch.
        """
        raise NotSupported("naming the branches of learners")

    @abstractmethod
    def overseen(self, actor_id: str) -> frozenset[str]:
        """The ids of the learners whom this person manages, coaches or administers now (R-72, R-114)."""

    def overseers(self, learner_ids: Collection[str]) -> Mapping[str, Overseers]:  # noqa: ARG002
        """Who manages, coaches and administers each of these learners now, deactivated ones too; absent when nobody.

        The other side of `overseen`: a learner is overseen by exactly those named here (R-70, R-76). Needed where
        external certificates are validated: whom the directory does not name is asked to review nothing.
        """
        return {}

    def roles(self, actor_id: str) -> frozenset[Role] | None:  # noqa: ARG002
        """The roles that an actor has now; None where the directory does not say, and the actor's own count.

        A job that waited is judged by these, not by what its actor was when asking for it (R-34).
        """
        return None

    def attributes(self, ids: Collection[str]) -> Mapping[str, Mapping[str, Attribute]]:  # noqa: ARG002
        """What policies may ask about these learners, by id and name (R-54); those without any are absent.

        A host whose policies ask for nothing leaves this as it is.
        """
        return {}


class Catalog(ABC):
    """The host's courses, learning plans and external activities, and how learners stand with them."""

    @abstractmethod
    def items(self, refs: Collection[ItemRef]) -> Mapping[ItemRef, Item]:
        """Those that exist, by kind and code."""

    def progress(
        self,
        learner_ids: Collection[str],  # noqa: ARG002
        items: Collection[ItemRef],  # noqa: ARG002
    ) -> Mapping[tuple[str, ItemRef], ItemProgress]:
        """How these learners stand with these items at present, by (learner id, item) (R-51).

        What the host does not know is absent: the learner's status is then read from the completions that certcore
        has, and the item's validity and use from `items`. A host that knows nothing leaves this as it is.
        """
        return {}

    def completions(self, items: Collection[ItemRef]) -> Iterator[Completion]:  # noqa: ARG002
        """All completions of these items that the host knows of, for a retroactive dry run (R-21).

        Those of one item come together, ascending by learner id, then instant. A host that knows none leaves this as it
        is.
        """
        return iter(())

    def retake(self, order: Retake) -> None:
        """Let the learner take the item again: archive the enrolment, reset the tracking, enrol again (R-51).

        Material that is part of other courses too is reset in all of them, while the status of those courses stays.
        The same ``order.id`` again changes nothing, nor does an order that comes when the learner has completed the
        item since ``order.at``. It may be called long after the order was written, never inside a transaction of the
        storage; what it raises lets the order wait for another attempt.
        """
        raise NotSupported(f"taking {order.item} again")


class AccessPolicy(ABC):
    """Who may do what (R-114)."""

    @abstractmethod
    def scope(self, actor: Actor, act: Act) -> Scope:
        """The learners that ``actor`` may touch with ``act`` at this moment; `NOBODY` refuses the act."""


class JobQueue(ABC):
    """Runs jobs apart from the call that asked for them (R-31)."""

    @abstractmethod
    def enqueue(self, job: Job, tx: Transaction) -> None:
        """Take the job. Called inside the transaction that stores it: nothing may run before that has committed.

        A job may be handed over again, in this transaction or a later one; it runs once or more often, which comes to
        the same. ``tx`` goes on as it was.
        """

    @abstractmethod
    def committed(self, run: Callable[[int], object]) -> None:
        """The transaction of what was enqueued has committed; ``run`` does the job with the id it is given.

        ``run`` leaves an id alone that is not stored: a job whose transaction rolled back.
        A queue with workers of its own does nothing here. Never called inside a host's transaction.
        """


@frozen
class Ports:
    """What every service works on.

    ``jobs`` is None where queued jobs wait until the host runs them; without ``documents`` and ``file_judge`` nothing
    can be uploaded, and without a ``file_scanner`` what is uploaded is not scanned for viruses. ``notifiers`` send
    messages, each under its name, with the files that ``attachments`` make; ``template_engines`` are those besides
    short codes, by the name that templates give. ``subscribers`` consume all events, each under its name. Without a
    ``printer`` awards have no documents, and without ``exports`` no export can be left to a job.
    """

    storage: Storage
    directory: Directory
    catalog: Catalog
    access: AccessPolicy
    jobs: JobQueue | None
    clock: Clock
    random_bytes: RandomBytes
    settings: Settings
    documents: DocumentStore | None = None
    file_judge: FileJudge | None = None
    file_scanner: FileScanner | None = None
    notifiers: Mapping[str, Notifier] = field(factory=dict)
    attachments: Sequence[Attach] = ()
    template_engines: Mapping[str, TemplateEngine] = field(factory=dict)
    printer: DocumentPrinter | None = None
    subscribers: Mapping[str, Subscriber] = field(factory=dict)
    exports: ExportStore | None = None

    def now(self) -> datetime:
        """The present instant in UTC; `NaiveDatetime` when the clock gives none."""
        return as_instant(self.clock())
