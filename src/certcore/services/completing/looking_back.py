"""Completions of the past: who completed what, by the catalog and by certcore's own records, learner by learner."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import Final

from certcore.domain.certifications import ItemRef
from certcore.domain.completions import Completion
from certcore.ports import Ports

_PAGE: Final = 1_000
_learner_id = attrgetter("learner_id")


def by_learner(ports: Ports, items: Collection[ItemRef], most: int) -> Iterator[list[Completion]]:
    """All known completions of the items, those of some learners at a time and each learner's ascending by instant.

    A part ends with the learner who brings it to ``most`` completions or more.
    """
    part: list[Completion] = []
    of_items = [ports.catalog.completions([item]) for item in items]
    known = merge(*of_items, _recorded(ports, items), key=_learner_id)
    for _, completions in groupby(known, key=_learner_id):
        part += _each_once(completions)
        if len(part) >= most:
            yield part
            part = []
    if part:
        yield part


def _each_once(completions: Iterable[Completion]) -> list[Completion]:
    return sorted({each.key: each for each in completions}.values(), key=lambda each: (each.at, each.item))


def _recorded(ports: Ports, items: Collection[ItemRef]) -> Iterator[Completion]:
    """The completions that were reported to certcore, in the order of learners."""
    page: Sequence[str] = ()
    after: str | None = None
    while True:
        with ports.storage.reading() as tx:
            page = tx.completions.learners(items, after, _PAGE)
            found = tx.completions.of(page, items)
        for learner_id in page:
            for item in items:
                yield from found.get((learner_id, item), ())
        if len(page) < _PAGE:
            return
        after = page[-1]
