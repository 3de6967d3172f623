"""Adapters that each break one promise about finding awards: the kit must notice."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO

from attrs import evolve

from certcore.adapters.memory import MemoryDirectory, MemoryExports, MemoryStorage
from certcore.adapters.memory.awards import MemoryAwards
from certcore.adapters.memory.indexes import MemoryIndex
from certcore.adapters.memory.journal import Journal
from certcore.domain.awards import Award
from certcore.domain.certifications import ItemRef
from certcore.ports import AwardQuery, AwardRows


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


class SkippedColumns(MemoryAwards):
    """The next page of columns begins one award late."""

    def rows(self, query: AwardQuery) -> AwardRows:
        rows = super().rows(query)
        return evolve(rows, next=rows.next and rows.next.behind(self._rows[max(self._rows)]))


class OneFile(MemoryExports):
    """All names are one."""

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:  # noqa: ARG002
        with super().writing("one") as file:
            yield file

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:  # noqa: ARG002
        with super().reading("one") as file:
            yield file


class InPlaceExports(MemoryExports):
    """What is written is there at once, whole or not."""

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        self._files[name] = b""
        file = BytesIO()
        try:
            yield file
        finally:
            self._files[name] = file.getvalue()


class LastingExports(MemoryExports):
    """Nothing is deleted."""

    def delete(self, names: Collection[str]) -> None:
        """Do nothing."""


class BranchesAbove(MemoryDirectory):
    """Who is in a branch is in those above it, too."""

    def branches_of(self, learner_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        return {
            each: [code for code in self._branches if each in {person.id for person in self.members([], [code])}]
            for each in super().branches_of(learner_ids)
        }


class OwnMembersOnly(MemoryDirectory):
    """Ids of a branch's members leave out those of the branches below."""

    def member_ids(self, groups: Collection[str], branches: Collection[str]) -> Collection[str]:
        own = [each for code in branches for each in self._members[code]]
        return {*super().member_ids(groups, []), *own}
