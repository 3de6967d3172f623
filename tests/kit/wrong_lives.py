"""Adapters that each break one promise about what happens to awards over time: the kit must notice."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from attrs import evolve

from certcore.adapters.memory import MemoryStorage
from certcore.adapters.memory.awards import MemoryAwards
from certcore.adapters.memory.journal import Journal
from certcore.adapters.memory.lives import MemoryCompletions, MemoryDeliveries, MemoryRenewals, MemoryTombstones
from certcore.adapters.memory.repositories import MemoryCertifications
from certcore.domain.awards import Award, status
from certcore.domain.certifications import Assignment, Certification, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Delivery
from certcore.domain.renewals import Renewal, RenewalState, closed
from certcore.domain.tombstones import Tombstone
from certcore.ports import AwardQuery, Lapse, StatusRow, Tally


def storage_defining(certifications: type[MemoryCertifications]) -> MemoryStorage:
    """A memory storage with another repository of certifications."""
    storage = MemoryStorage()
    repositories = storage._repositories
    repositories.certifications = certifications(storage._journal, repositories.awards)
    return storage


class StickyItems(MemoryCertifications):
    """What an item carries, it carries for ever."""

    def unassign(self, items: Collection[ItemRef]) -> None:
        """Forget to."""


class OpenDoors(MemoryCertifications):
    """Whatever was changed since it was read may be held."""

    def hold(self, certifications: Collection[Certification]) -> None:
        """Trust that nobody did."""


class ForgottenSwitches(MemoryCertifications):
    """Whether an item awards by itself is not kept."""

    def assign(self, assignment: Assignment) -> None:
        super().assign(evolve(assignment, automatic=None))


class LeftPrints(MemoryCertifications):
    """A deleted certification leaves its prints."""

    def delete(self, certification_id: int) -> None:
        prints = dict(self._prints)
        super().delete(certification_id)
        for key in prints.keys() - self._prints.keys():
            self._journal.put(self._prints, key, prints[key])


class Ghosts(MemoryAwards):
    """A deleted award leaves what is beside it."""

    def delete(self, ids: Collection[int]) -> None:
        beside, self._beside = self._beside, ()
        super().delete(ids)
        self._beside = beside


class FreedNumbers(MemoryAwards):
    """The number of a deleted award is free again."""

    def add(self, awards: Sequence[Award]) -> None:
        tombstones, self._tombstones = self._tombstones, MemoryTombstones(self._journal)
        try:
            super().add(awards)
        finally:
            self._tombstones = tombstones


class FirstRevocations(MemoryAwards):
    """The first revocation counts, not the last one."""

    def latest_revocations(
        self, certification_ids: Collection[int], learner_ids: Collection[str]
    ) -> dict[tuple[int, str], datetime]:
        found = super().latest_revocations(certification_ids, learner_ids)
        return {
            (certification, learner): min(
                award.ending.at
                for award in self._rows.values()
                if award.ending is not None and (award.certification_id, award.learner_id) == (certification, learner)
            )
            for certification, learner in found
        }


class EveryEndRevokes(MemoryAwards):
    """Renewed and unassigned awards count as revoked."""

    def latest_revocations(
        self, certification_ids: Collection[int], learner_ids: Collection[str]
    ) -> dict[tuple[int, str], datetime]:
        return {
            (award.certification_id, award.learner_id): award.ending.at
            for award in self._rows.values()
            if award.ending is not None
            and award.certification_id in certification_ids
            and award.learner_id in learner_ids
        }


class LateStatusRows(MemoryAwards):
    """A moment has passed only after its instant, not at it."""

    def statuses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Iterator[StatusRow]:
        return super().statuses(now - timedelta(microseconds=1), certification_ids, learner_ids)


class NobodyIsEverybodyInRows(MemoryAwards):
    """Empty learners do not filter."""

    def statuses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Iterator[StatusRow]:
        return super().statuses(now, certification_ids or None, learner_ids or None)


class EveryEndCounts(MemoryAwards):
    """What was a mistake is counted as archived."""

    def tallies(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Tally]:
        mistakes = [(each.certification_id, status(each, now), 1) for each in self._rows.values() if each.never_held]
        return [*super().tallies(now, certification_ids, learner_ids), *mistakes]


class EndedLapse(MemoryAwards):
    """What ends at the very instant is still to lapse."""

    def lapses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Lapse]:
        return super().lapses(now - timedelta(microseconds=1), certification_ids, learner_ids)


class NobodyIsEverybodyInTallies(MemoryAwards):
    """Empty learners do not filter."""

    def tallies(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Tally]:
        return super().tallies(now, certification_ids or None, learner_ids or None)


class AnyBasis(MemoryAwards):
    """The code of a basis counts, not its kind."""

    def search(self, query: AwardQuery) -> Sequence[Award]:
        if query.basis_items is None:
            return super().search(query)
        codes = {item.code for item in query.basis_items}
        found = super().search(evolve(query, basis_items=None, limit=len(self._rows)))
        return [award for award in found if award.basis.code in codes][: query.limit]


class EndedAt(MemoryAwards):
    """What ended at the instant itself ended before it."""

    def search(self, query: AwardQuery) -> Sequence[Award]:
        before = query.ended_before
        return super().search(query if before is None else evolve(query, ended_before=before + timedelta(0, 0, 1)))


class AlwaysNew(MemoryCompletions):
    """Every completion is told to be new."""

    def add(self, completions: Sequence[Completion]) -> list[bool]:
        return [super(AlwaysNew, self).add([each]) is not None for each in completions]


class LastReportWins(MemoryCompletions):
    """A completion that comes again replaces the first."""

    def _add(self, completion: Completion) -> bool:
        of_item = self._rows.setdefault((completion.learner_id, completion.item), {})
        new = completion.at not in of_item
        self._journal.put(of_item, completion.at, completion)
        return new


class OneADay(MemoryCompletions):
    """Completions of one day are one."""

    def _add(self, completion: Completion) -> bool:
        of_item = self._rows.get((completion.learner_id, completion.item), {})
        return completion.on not in {each.on for each in of_item.values()} and super()._add(completion)


class AsReported(MemoryCompletions):
    """Completions in the order in which they came."""

    def of(
        self, learner_ids: Collection[str], items: Collection[ItemRef], since: datetime | None = None
    ) -> dict[tuple[str, ItemRef], list[Completion]]:
        found = super().of(learner_ids, items, since)
        return {pair: [each for each in self._rows[pair].values() if each in kept] for pair, kept in found.items()}


class OnlyLater(MemoryCompletions):
    """What was completed at the instant asked from was completed before it."""

    def of(
        self, learner_ids: Collection[str], items: Collection[ItemRef], since: datetime | None = None
    ) -> dict[tuple[str, ItemRef], list[Completion]]:
        found = super().of(learner_ids, items, since)
        later = {pair: [each for each in kept if each.at != since] for pair, kept in found.items()}
        return {pair: kept for pair, kept in later.items() if kept}


class StaleAfterLocks(MemoryCompletions):
    """What is read after a lock is what was there before the last one who had it."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._stale: dict[tuple[str, ItemRef], list[Completion]] | None = None
        self._latest: dict[tuple[str, ItemRef], list[Completion]] = {}

    def lock(self, learner_ids: Collection[str]) -> None:
        self._stale, self._latest = self._latest, super().of(learner_ids, {item for _, item in self._rows})

    def of(
        self, learner_ids: Collection[str], items: Collection[ItemRef], since: datetime | None = None
    ) -> dict[tuple[str, ItemRef], list[Completion]]:
        return super().of(learner_ids, items, since) if self._stale is None else self._stale


class RepeatedLearners(MemoryCompletions):
    """A learner comes with every item completed."""

    def learners(self, items: Collection[ItemRef], after: str | None, limit: int) -> Sequence[str]:
        known = sorted(learner_id for learner_id, item in self._rows if item in items)
        return [each for each in known if after is None or each > after][:limit]


class PagesFromTheStart(MemoryCompletions):
    """A page of learners begins with the one it is to come after."""

    def learners(self, items: Collection[ItemRef], after: str | None, limit: int) -> Sequence[str]:
        found = super().learners(items, None, 9_999)
        return [each for each in found if after is None or each >= after][:limit]


class RestartedRenewals(MemoryRenewals):
    """A second renewal replaces the first."""

    def add(self, renewals: Sequence[Renewal]) -> None:
        for each in renewals:
            self._journal.put(self._rows, each.award_id, each)


class LastRenewalWins(MemoryRenewals):
    """No compare-and-set."""

    def update(self, renewals: Sequence[Renewal]) -> None:
        for each in renewals:
            if each.award_id in self._rows:
                self._journal.put(self._rows, each.award_id, each)


class ClosedWhatever(MemoryRenewals):
    """A renewal is closed whatever became of it since it was read."""

    def close(self, renewals: Sequence[Renewal], state: RenewalState) -> None:
        for each in renewals:
            self._journal.put(self._rows, each.award_id, closed(each, state))


class ClosedOneByOne(MemoryRenewals):
    """Those before one that does not fit stay closed, and are committed by who goes on."""

    def close(self, renewals: Sequence[Renewal], state: RenewalState) -> None:
        for each in renewals:
            super().close([each], state)


class SameVersion(MemoryRenewals):
    """A renewal that was closed seems to be as it was read."""

    def close(self, renewals: Sequence[Renewal], state: RenewalState) -> None:
        super().close(renewals, state)
        for each in renewals:
            self._journal.put(self._rows, each.award_id, evolve(each, state=state))


class ToldAgain(MemoryDeliveries):
    """A delivery that comes again replaces what became of the first."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        super().add(deliveries)
        for each in deliveries:
            self._put(each)


class LastAttemptWins(MemoryDeliveries):
    """No compare-and-set."""

    def update(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            if each.id in self._rows:
                self._put(each)


class LateDeliveries(MemoryDeliveries):
    """What is due at the instant itself is not due yet."""

    def due(self, now: datetime, limit: int, kinds: Collection[str]) -> Sequence[Delivery]:
        return super().due(now - timedelta(microseconds=1), limit, kinds)


class OtherKinds(MemoryDeliveries):
    """What is of another kind is due with the others."""

    def due(self, now: datetime, limit: int, kinds: Collection[str]) -> Sequence[Delivery]:
        return super().due(now, limit, {*kinds, *(each.kind for each in self._rows.values())})


class NeverDone(MemoryDeliveries):
    """What is done, dead or dropped is due all the same."""

    def _put(self, delivery: Delivery) -> None:
        super()._put(delivery)
        self._journal.put(self._waiting, delivery.id, None)


class SecondTombstones(MemoryTombstones):
    """The last tombstone of a number stands."""

    def add(self, tombstones: Sequence[Tombstone]) -> None:
        for each in tombstones:
            self._journal.put(self._rows, each.number, each)
