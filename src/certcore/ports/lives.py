"""What is stored of the life of awards: completions, renewals, deliveries, tombstones, sweeps."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime

from certcore.domain.certifications import ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Delivery
from certcore.domain.renewals import Renewal, RenewalState, closed
from certcore.domain.sweeps import Sweep
from certcore.domain.tombstones import Tombstone


class CompletionRepository(ABC):
    """Completions as they were reported (R-21)."""

    @abstractmethod
    def add(self, completions: Sequence[Completion]) -> list[bool]:
        """Store the completions; for each one in order, whether it was new.

        One that is there already (the same `Completion.key`), or that comes twice among these, changes nothing (R-23).
        """

    @abstractmethod
    def of(
        self, learner_ids: Collection[str], items: Collection[ItemRef], since: datetime | None = None
    ) -> dict[tuple[str, ItemRef], list[Completion]]:
        """The completions of these items by these learners, ascending by instant; pairs without any are absent.

        With ``since`` only those at that instant or later.
        """

    @abstractmethod
    def lock(self, learner_ids: Collection[str]) -> None:
        """Let no other transaction pass here with one of these learners before this one has ended.

        What is read afterwards holds all that those before have committed: who decides by several completions of a
        learner takes turns with others who do (f17). Where one transaction writes at a time there is nothing to do.
        """

    @abstractmethod
    def learners(self, items: Collection[ItemRef], after: str | None, limit: int) -> Sequence[str]:
        """The ids of those who completed any of these items, each once and ascending: at most ``limit`` after one."""


class RenewalRepository(ABC):
    """The renewal of each award: at most one, open or not (R-52)."""

    @abstractmethod
    def add(self, renewals: Sequence[Renewal]) -> None:
        """Store new renewals, all or none; `Conflict` when an award has one, whatever its state."""

    @abstractmethod
    def update(self, renewals: Sequence[Renewal]) -> None:
        """Replace each renewal whose stored version is one less, all or none; else `Conflict`.

        Award, learner and certification of a renewal never change.
        """

    def close(self, renewals: Sequence[Renewal], state: RenewalState) -> None:
        """Store these renewals, as they were read, in another ``state``; `Conflict` as `update` raises it.

        Many come at once, none twice. After an error the transaction has to be left, as after `Transaction.change`. A
        storage that takes rows only leaves this as it is.
        """
        self.update([closed(each, state) for each in renewals])

    @abstractmethod
    def of(self, award_ids: Collection[int]) -> dict[int, Renewal]:
        """The renewal of each award; awards without one are absent."""


class DeliveryRepository(ABC):
    """What waits to be handed to somebody outside (R-52, R-83)."""

    @abstractmethod
    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Store the deliveries; one whose id is there already, or comes twice, changes nothing: it is told once."""

    @abstractmethod
    def update(self, deliveries: Sequence[Delivery]) -> None:
        """Replace each delivery whose stored version is one less, all or none; else `Conflict`.

        Kind, award and learner of a delivery never change.
        """

    @abstractmethod
    def due(self, now: datetime, limit: int, kinds: Collection[str]) -> Sequence[Delivery]:
        """Those of these kinds that wait and are due at ``now``, by (due at, id), at most ``limit``.

        Where the database can, those that another transaction has asked for and may yet update are left out, and these
        are kept from others until this transaction ends. Where it cannot, `update` tells who was first.
        """

    @abstractmethod
    def of(self, award_ids: Collection[int]) -> dict[int, list[Delivery]]:
        """The deliveries of each award by (due at, id), whatever their state; awards without any are absent."""

    @abstractmethod
    def by_id(self, ids: Collection[str]) -> dict[str, Delivery]:
        """Those that exist, by id."""

    @abstractmethod
    def dead(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[Delivery]:
        """A page of those that were given up, by (due at, id), all behind the pair ``after`` (R-83)."""

    @abstractmethod
    def handed_over(
        self, family: str, award_ids: Collection[int], after: tuple[int, str] | None, limit: int
    ) -> Sequence[Delivery]:
        """A page of what was acknowledged about these awards, of kind ``family`` or of one that goes on with a dot.

        By (award id, id), all behind the pair ``after`` (R-45).
        """

    @abstractmethod
    def erase(self, person_id: str) -> None:
        """Remove every delivery about a person, and every notice to them about others, whatever its state (R-62).

        It may read all deliveries: nobody is erased often.
        """


class TombstoneRepository(ABC):
    """What stays of awards that are no more (R-4, R-61)."""

    @abstractmethod
    def add(self, tombstones: Sequence[Tombstone]) -> None:
        """Store the tombstones, all or none; `Conflict` when a number has one."""

    @abstractmethod
    def of(self, numbers: Collection[str]) -> dict[str, Tombstone]:
        """The tombstone of each number; numbers without one are absent."""


class SweepRepository(ABC):
    """How far each rule has been swept (R-82)."""

    @abstractmethod
    def take(self, begin: Sweep) -> Sweep | None:
        """The sweep of the rule of ``begin``, kept from others until this transaction ends; ``begin`` stored as new.

        Where the database can, None stands for one that another transaction has taken and may yet move on. Where it
        cannot, `update` tells who was first.
        """

    @abstractmethod
    def update(self, sweep: Sweep) -> None:
        """Replace the sweep of the rule, whose version is one less; else `Conflict`."""
