"""Awards in memory."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import nsmallest
from itertools import islice
from typing import Final, Protocol

from certcore.adapters.memory.indexes import MemoryIndex
from certcore.adapters.memory.journal import Journal, found
from certcore.adapters.memory.lives import MemoryTombstones
from certcore.domain.awards import Award, EndReason, status
from certcore.domain.certifications import ItemRef
from certcore.domain.history import HistoryEntry
from certcore.errors import Conflict
from certcore.ports import AwardQuery, AwardRepository, ExpiryRow, Lapse, StatusRow, Tally

_EXPIRY: Final = "expiry"

_NOT_THERE: Final = -1


class _BesideAwards(Protocol):
    def forget(self, award_ids: Collection[int]) -> None:
        """Remove what belongs to awards that are deleted."""


class _FirstEntries(_BesideAwards, Protocol):
    def first(self, award_id: int) -> HistoryEntry | None:
        """The entry with which the history of an award begins."""


class MemoryAwards(AwardRepository):
    """Awards by id, number, token, live holding and learner."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[int, Award] = {}
        self._by_number: dict[str, int] = {}
        self._by_token: dict[bytes, int] = {}
        self._live: dict[tuple[int, str], int] = {}
        self._by_learner: dict[str, dict[int, None]] = {}
        self._revoked: dict[tuple[int, str], dict[int, None]] = {}
        self._ascending: list[int] | None = []
        self._sorted: dict[str, list[tuple[datetime, int]]] = {}
        self._history: _FirstEntries | None = None
        self._tombstones = MemoryTombstones(journal)
        self._beside: tuple[_BesideAwards, ...] = ()
        self.index = MemoryIndex(journal, self)

    def join(self, tombstones: MemoryTombstones, history: _FirstEntries, *beside: _BesideAwards) -> None:
        """Take the numbers of ``tombstones`` for taken, read when awards were recorded in ``history``.

        What is kept ``beside`` awards is deleted with them.
        """
        self._tombstones = tombstones
        self._history = history
        self._beside = (history, *beside)

    def add(self, awards: Sequence[Award]) -> None:
        journal = self._journal
        buried = self._tombstones.of([award.number for award in awards])
        with journal.all_or_nothing():
            for award in awards:
                if award.number in buried:
                    raise Conflict(f"award number {award.number}")
                journal.claim(self._rows, award.id, award, f"award {award.id}")
                journal.claim(self._by_number, award.number, award.id, f"award number {award.number}")
                journal.claim(self._by_token, award.token, award.id, f"the token of award {award.number}")
                journal.put(self._by_learner.setdefault(award.learner_id, {}), award.id, None)
                self._hold(award)
                self._ascending = None
                self._unsort()

    def update(self, awards: Sequence[Award]) -> None:
        with self._journal.all_or_nothing():
            for award in awards:
                before = self._rows.get(award.id)
                if before is None or award.version != before.version + 1:
                    raise Conflict(f"award {award.number}")
                self._journal.put(self._rows, award.id, award)
                self._unsort()
                if before.live:
                    self._journal.drop(self._live, _holding(before))
                self._hold(award)

    def _hold(self, award: Award) -> None:
        if award.live:
            what = f"a live award of certification {award.certification_id} to learner {award.learner_id}"
            self._journal.claim(self._live, _holding(award), award.id, what)
        elif _is_revoked(award):
            self._journal.put(self._revoked.setdefault(_holding(award), {}), award.id, None)

    def delete(self, ids: Collection[int]) -> None:
        with self._journal.all_or_nothing():
            for award in found(self._rows, ids).values():
                self._journal.drop(self._rows, award.id)
                self._journal.drop(self._by_number, award.number)
                self._journal.drop(self._by_token, award.token)
                self._journal.drop(self._by_learner[award.learner_id], award.id)
                if award.live:
                    self._journal.drop(self._live, _holding(award))
            for repository in self._beside:
                repository.forget(ids)

    def by_id(self, ids: Collection[int]) -> dict[int, Award]:
        return found(self._rows, ids)

    def by_number(self, numbers: Collection[str]) -> dict[str, Award]:
        return {number: self._rows[award_id] for number, award_id in found(self._by_number, numbers).items()}

    def by_token(self, token: bytes) -> Award | None:
        return self._rows.get(self._by_token.get(token, _NOT_THERE))

    def live(self, certification_ids: Collection[int], learner_ids: Collection[str]) -> dict[tuple[int, str], Award]:
        learners = set(learner_ids)
        holdings = ((certification, learner) for certification in set(certification_ids) for learner in learners)
        return {holding: self._rows[award_id] for holding, award_id in found(self._live, holdings).items()}

    def latest_revocations(
        self, certification_ids: Collection[int], learner_ids: Collection[str]
    ) -> dict[tuple[int, str], datetime]:
        learners = set(learner_ids)
        holdings = ((certification, learner) for certification in set(certification_ids) for learner in learners)
        revoked = (
            (holding, award.ending.at)
            for holding, ids in found(self._revoked, holdings if self._revoked else ()).items()
            for award in found(self._rows, ids).values()
            if award.ending is not None and _is_revoked(award)
        )
        return dict(sorted(revoked, key=lambda each: each[1]))

    def statuses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Iterator[StatusRow]:
        for award in self._of(certification_ids, learner_ids):
            at = status(award, now)
            yield award.number, award.learner_id, award.certification_id, at, award.period.expires_at

    def tallies(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Tally]:
        counts = Counter(
            (award.certification_id, status(award, now))
            for award in self._of(certification_ids, learner_ids)
            if not award.never_held
        )
        return [(*alike, count) for alike, count in counts.items()]

    def lapses(
        self,
        now: datetime,
        certification_ids: Collection[int] | None = None,
        learner_ids: Collection[str] | None = None,
    ) -> Sequence[Lapse]:
        counts: Counter[tuple[int, datetime | None, str]] = Counter()
        for award in self._of(certification_ids, learner_ids):
            ends_at = award.period.grace_ends_at or award.period.expires_at
            if award.live and (ends_at is None or ends_at > now):
                counts[award.certification_id, ends_at, award.period.zone] += 1
        return [(*alike, count) for alike, count in counts.items()]

    def _of(self, certification_ids: Collection[int] | None, learner_ids: Collection[str] | None) -> Iterator[Award]:
        """In ascending order of id; None does not filter."""
        for award in (self._rows[each] for each in self._ids_after(None) if each in self._rows):
            if (certification_ids is None or award.certification_id in certification_ids) and (
                learner_ids is None or award.learner_id in learner_ids
            ):
                yield award

    def expiring(
        self, since: datetime, until: datetime, after: tuple[datetime, int] | None, limit: int
    ) -> Sequence[ExpiryRow]:
        by_expiry = self._by_expiry()
        start = bisect_left(by_expiry, since, key=lambda each: each[0])
        if after is not None:
            start = max(start, bisect_right(by_expiry, after))
        found: list[ExpiryRow] = []
        for expires_at, award_id in islice(by_expiry, start, None):
            if expires_at > until or len(found) >= limit:
                break
            award = self._rows.get(award_id)  # which may have been deleted since
            first = self._history.first(award_id) if self._history else None
            if award and first and award.live and award.period.expires_at == expires_at and award.period.expires_on:
                terms = (expires_at, award.period.expires_on, award.period.zone)
                found.append((award_id, award.number, award.learner_id, award.certification_id, *terms, first.at))
        return found

    def _by_expiry(self) -> list[tuple[datetime, int]]:
        """All that ends, sorted when it is asked for; a rollback brings back what it was before."""
        if _EXPIRY not in self._sorted:
            kept = ((each.period.expires_at, each.id) for each in self._rows.values())
            ending = sorted((expires_at, award_id) for expires_at, award_id in kept if expires_at is not None)
            if self._journal.is_open:
                self._journal.put(self._sorted, _EXPIRY, ending)
            else:
                self._sorted[_EXPIRY] = ending
        return self._sorted[_EXPIRY]

    def _unsort(self) -> None:
        if _EXPIRY in self._sorted:
            self._journal.drop(self._sorted, _EXPIRY)

    def live_counts(self) -> Counter[int]:
        """How many live awards each certification has."""
        return Counter(certification_id for certification_id, _ in self._live)

    def search(self, query: AwardQuery) -> Sequence[Award]:
        candidates = (self._rows[each] for each in self._candidates(query) if each in self._rows)
        fitting = (award for award in candidates if self.index.fits(award, query))
        if query.issued is None and query.expires is None:
            behind = (award for award in fitting if query.after is None or award.id > query.after)
            return list(islice(behind, query.limit))
        place = None if query.after is None else (query.after_at, query.after)
        later = (award for award in fitting if place is None or query.place_of(award) > place)
        return nsmallest(query.limit, later, key=query.place_of)

    def _candidates(self, query: AwardQuery) -> Iterable[int]:
        """Ids in ascending order of all awards that can fit; ids taken back by a rollback may be among them."""
        if query.numbers is not None:
            return sorted(found(self._by_number, query.numbers).values())
        if query.learner_ids is not None:
            return sorted(award_id for each in query.learner_ids for award_id in self._by_learner.get(each, ()))
        return self._ids_after(query.after if query.after_at is None else None)

    def learners(self) -> Collection[str]:
        """Those who have awards."""
        return [each for each, ids in self._by_learner.items() if ids]

    def items(self) -> Collection[ItemRef]:
        """The items through which awards were earned."""
        return {award.basis.item for award in self._rows.values() if award.basis.item is not None}

    def _ids_after(self, after: int | None) -> Iterable[int]:
        if self._ascending is None:
            self._ascending = sorted(self._rows)
        start = 0 if after is None else bisect_right(self._ascending, after)
        return islice(self._ascending, start, None)


def _holding(award: Award) -> tuple[int, str]:
    return award.certification_id, award.learner_id


def _is_revoked(award: Award) -> bool:
    return award.ending is not None and award.ending.reason is EndReason.REVOKED
