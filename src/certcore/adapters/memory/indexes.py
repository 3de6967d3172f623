"""The index of names and titles in memory, and which awards a search finds with it."""

from collections.abc import Collection, Mapping, Sequence
from heapq import nsmallest
from typing import Protocol, TypeVar

from certcore.adapters.memory.journal import Journal
from certcore.domain.awards import Award, status
from certcore.domain.certifications import ItemRef
from certcore.domain.searching import searchable
from certcore.ports import AwardQuery, SearchIndex

K = TypeVar("K", str, ItemRef)


class _Earned(Protocol):
    def learners(self) -> Collection[str]:
        """Those who have awards."""

    def items(self) -> Collection[ItemRef]:
        """The items through which awards were earned."""


class MemoryIndex(SearchIndex):
    """Names and titles as `searchable` has them."""

    def __init__(self, journal: Journal, earned: _Earned) -> None:
        self._journal = journal
        self._earned = earned
        self._names: dict[str, str] = {}
        self._titles: dict[ItemRef, str] = {}

    def put_names(self, names: Mapping[str, str]) -> None:
        self._put(self._names, names)

    def put_titles(self, titles: Mapping[ItemRef, str]) -> None:
        self._put(self._titles, titles)

    def _put(self, known: dict[K, str], texts: Mapping[K, str]) -> None:
        for key, text in texts.items():
            words = searchable(text)
            if known.get(key) != words:
                self._journal.put(known, key, words)

    def forget(self, learner_ids: Collection[str]) -> None:
        for each in set(learner_ids) & self._names.keys():
            self._journal.drop(self._names, each)

    def learners(self, after: str | None, limit: int) -> Sequence[str]:
        return nsmallest(limit, (each for each in self._earned.learners() if after is None or each > after))

    def items(self, after: ItemRef | None, limit: int) -> Sequence[ItemRef]:
        place = None if after is None else _by_code(after)
        later = (each for each in self._earned.items() if place is None or _by_code(each) > place)
        return nsmallest(limit, later, key=_by_code)

    def fits(self, award: Award, query: AwardQuery) -> bool:
        """Whether the award is one that ``query`` asks for, on whatever page."""
        item = award.basis.item
        return (
            (query.learner_ids is None or award.learner_id in query.learner_ids)
            and (query.certification_ids is None or award.certification_id in query.certification_ids)
            and (query.numbers is None or award.number in query.numbers)
            and (query.basis_items is None or item in query.basis_items)
            and (query.live is None or award.live is query.live)
            and (query.ended_before is None or (award.ending is not None and award.ending.at < query.ended_before))
            and (query.issued is None or query.issued.cover(award.period.issued_on))
            and (query.expires is None or query.expires.cover(award.period.expires_on))
            and _has(self._names.get(award.learner_id), query.names)
            and _has(None if item is None else self._titles.get(item), query.titles)
            and (not query.statuses or status(award, query.now) in query.statuses)
        )


def _has(words: str | None, phrases: Sequence[str]) -> bool:
    return not phrases or (words is not None and all(each in words for each in phrases))


def _by_code(item: ItemRef) -> tuple[str, str]:
    return item.code, item.kind.value
