"""Adapters that each break one promise about finding awards: the kit must notice."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime

from attrs import evolve

from certcore.adapters.memory import MemoryStorage
from certcore.adapters.memory.awards import MemoryAwards
from certcore.adapters.memory.indexes import MemoryIndex
from certcore.adapters.memory.journal import Journal
from certcore.domain.awards import Award
from certcore.domain.certifications import ItemRef
from certcore.ports import AwardQuery


def storage_finding(index: Callable[[Journal, MemoryAwards], MemoryIndex]) -> MemoryStorage:
    """A memory storage with another index."""
    storage = MemoryStorage()
    repositories = storage._repositories
    repositories.awards.index = index(storage._journal, repositories.awards)
    repositories.join()
    return storage


class AccentsMatter(MemoryIndex):
    """Names are kept as they are written, but for their case."""

    def put_names(self, names: Mapping[str, str]) -> None:
        super().put_names(names)
        for learner_id, name in names.items():
            self._names[learner_id] = f" {name.lower()}"


class FirstNamesStay(MemoryIndex):
    """Who has a name keeps it."""

    def put_names(self, names: Mapping[str, str]) -> None:
        super().put_names({learner_id: name for learner_id, name in names.items() if learner_id not in self._names})


class LongMemory(MemoryIndex):
    """Nobody is forgotten."""

    def forget(self, learner_ids: Collection[str]) -> None:
        """Do nothing."""


class UnrecordedNames(MemoryIndex):
    """What is put in is not taken back."""

    def put_names(self, names: Mapping[str, str]) -> None:
        super().put_names(names)
        kept = dict(self._names)
        super().forget(list(names))
        self._journal._before.clear()
        self._names.update(kept)


class TitlesOfCodes(MemoryIndex):
    """Items of one code have one title."""

    def put_titles(self, titles: Mapping[ItemRef, str]) -> None:
        by_code = {item.code: title for item, title in titles.items()}
        super().put_titles({item: by_code[item.code] for item in titles})


class ItemsByKind(MemoryIndex):
    """Items come by kind and code, and the next page by code."""

    def items(self, after: ItemRef | None, limit: int) -> Sequence[ItemRef]:
        found = sorted(self._earned.items())
        return [item for item in found if after is None or item > after][:limit]


class DaysOfUtc(MemoryIndex):
    """The day of expiry is that in Greenwich."""

    def fits(self, award: Award, query: AwardQuery) -> bool:
        expires_at = award.period.expires_at
        in_utc = query.expires is None or query.expires.cover(expires_at and expires_at.astimezone(UTC).date())
        return in_utc and super().fits(award, evolve(query, expires=None))


class LeapingInstants(MemoryAwards):
    """The next page begins behind all that share the last one's instant."""

    def search(self, query: AwardQuery) -> Sequence[Award]:
        page = super().search(query)
        at: datetime | None = query.after_at
        return [award for award in page if at is None or query.place_of(award)[0] != at]
