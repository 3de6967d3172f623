"""What an export says beside the awards: learners, certifications, items and branches, each asked for once.

Whatever rows have in common is made into cells once: a line is put together from few texts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, repeat
from typing import Final

from attrs import field, frozen

from certcore.domain.awards import BasisKind
from certcore.domain.certifications import ItemKind, ItemRef
from certcore.domain.exports import MANUAL, Basis, By, Layout, basis_to_import, cells, column_of_cells
from certcore.ports import AwardDays, AwardRows, Ports
from certcore.services.exporting.request import AS_MANUAL, NO_CODE, NO_USERNAME, ExportRequest
from certcore.services.records import readable

_MOST_REMEMBERED: Final = 100_000
_ITEM_KINDS: Final = frozenset(kind.value for kind in ItemKind)
_WITHOUT_ITEM: Final = ("without item",)
_WITHOUT_BRANCH: Final = ("without branch",)
Columns = Sequence[Iterable[str]]
Page = tuple[Sequence[str], Sequence[Sequence[str]], Counter[str]]
"""The lines of a page, the files of each line, and how many awards were left out or given otherwise, by reason."""


class _DaysAsCells(dict[AwardDays, str]):
    """The days of awards as cells of a layout, made once each."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout

    def __missing__(self, days: AwardDays) -> str:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        if self._layout is Layout.REPORT:
            found = cells(*days)
        else:
            found = cells(days.issued_on, "false" if days.expires_on else "true", days.expires_on)
        self[days] = found
        return found


@frozen
class Known:
    """Turns pages of awards into pages of lines; of learners some tens of megabytes are remembered."""

    _ports: Ports
    _request: ExportRequest
    _learners: dict[str, str] = field(factory=dict, init=False)
    _gone: set[str] = field(factory=set, init=False)
    _branches: dict[str, Sequence[str]] = field(factory=dict, init=False)
    _certifications: dict[int, str] = field(factory=dict, init=False)
    _codeless: set[int] = field(factory=set, init=False)
    _bases: dict[Basis | tuple[int, str, str | None], str] = field(factory=dict, init=False)
    _as_manual: set[tuple[int, str, str | None]] = field(factory=set, init=False)
    _days: "_DaysAsCells" = field(init=False)

    @_days.default
    def _as_in_the_layout(self) -> "_DaysAsCells":
        return _DaysAsCells(self._request.layout)

    def lines(self, rows: AwardRows, hidden: frozenset[str]) -> Page:
        """The lines of a page but for the awards with the ``hidden`` numbers."""
        report = self._request.layout is Layout.REPORT
        self._meet(rows)
        lines = list(map(",".join, zip(*(self._report(rows) if report else self._to_import(rows)), strict=True)))
        keys = self._keys(rows)
        kept, told = self._kept(rows, hidden)
        if kept is not None:
            lines, keys = list(compress(lines, kept)), list(compress(keys, kept))
        return lines, keys, told

    def _kept(self, rows: AwardRows, hidden: frozenset[str]) -> tuple[Sequence[bool] | None, Counter[str]]:
        """Which of the awards are in the file, None for all; and why others are not, or not as they are."""
        told: Counter[str] = Counter()
        kept: Sequence[bool] | None = None
        if not hidden.isdisjoint(rows.number):
            kept = [number not in hidden for number in rows.number]
        if self._request.layout is Layout.REPORT:
            return kept, told
        for reason, odd, column in (
            (NO_USERNAME, self._gone, rows.learner_id),
            (NO_CODE, self._codeless, rows.certification_id),
        ):
            if not odd.isdisjoint(column):
                before = kept or [True] * len(rows)
                kept = [keep and each not in odd for keep, each in zip(before, column, strict=True)]
                told[reason] = sum(before) - sum(kept)
        if self._as_manual:
            bases = zip(rows.certification_id, rows.kind, rows.code, strict=True)
            told[AS_MANUAL] = sum(
                each in self._as_manual for each in (bases if kept is None else compress(bases, kept))
            )
        return kept, +told

    def _report(self, rows: AwardRows) -> Columns:
        return [
            rows.number,
            map(self._learners.__getitem__, rows.learner_id),
            column_of_cells(rows.learner_name),
            map(self._certifications.__getitem__, rows.certification_id),
            map(self._bases.__getitem__, zip(rows.kind, rows.code, strict=True)),
            [done or days.issued_on for done, days in zip(rows.completed_on, rows.days, strict=True)],
            _amounts(rows.score),
            _amounts(rows.credits),
            map(self._days.__getitem__, rows.days),
            rows.status,
        ]

    def _to_import(self, rows: AwardRows) -> Columns:
        return [
            map(self._learners.__getitem__, rows.learner_id),
            map(self._certifications.__getitem__, rows.certification_id),
            map(self._days.__getitem__, rows.days),
            map(self._bases.__getitem__, zip(rows.certification_id, rows.kind, rows.code, strict=True)),
        ]

    def _keys(self, rows: AwardRows) -> Sequence[Sequence[str]]:
        if self._request.by is By.BRANCH:
            return [self._branches[each] for each in rows.learner_id]
        if self._request.by is By.ITEM:
            return [
                (f"{kind} {code}",) if kind in _ITEM_KINDS else _WITHOUT_ITEM
                for kind, code in zip(rows.kind, rows.code, strict=True)
            ]
        return [()] * len(rows)

    def _meet(self, rows: AwardRows) -> None:
        """Ask for whom and what the page names and was not met before."""
        self._meet_learners(set(rows.learner_id))
        self._meet_certifications(set(rows.certification_id) - self._certifications.keys())
        if self._request.layout is Layout.REPORT:
            self._meet_items(set(zip(rows.kind, rows.code, strict=True)) - self._bases.keys())
        else:
            self._meet_bases(set(zip(rows.certification_id, rows.kind, rows.code, strict=True)) - self._bases.keys())

    def _meet_learners(self, ids: set[str]) -> None:
        if len(self._learners) + len(ids) > _MOST_REMEMBERED:
            self._learners.clear()
            self._branches.clear()
            self._gone.clear()
        new = ids - self._learners.keys()
        if not new:
            return
        people = readable(self._ports.directory.people, new)
        self._gone.update(new - people.keys())
        for each in new:
            person = people.get(each)
            username = person.username if person else each
            names = (person.first_name, person.last_name) if person else ("", "")
            self._learners[each] = cells(username, *(names if self._request.layout is Layout.REPORT else ()))
        if self._request.by is By.BRANCH:
            found = self._ports.directory.branches_of(new)
            self._branches.update({each: tuple(found.get(each, ())) or _WITHOUT_BRANCH for each in new})

    def _meet_certifications(self, new: set[int]) -> None:
        if not new:
            return
        with self._ports.storage.reading() as tx:
            found = readable(tx.certifications.by_id, new)
        for each in new:
            code, name = (found[each].code, found[each].name) if each in found else (None, "")
            self._certifications[each] = cells(code, *((name,) if self._request.layout is Layout.REPORT else ()))
            if code is None:
                self._codeless.add(each)

    def _meet_items(self, new: set[Basis]) -> None:
        refs = _refs(new)
        titles = readable(self._ports.catalog.items, refs.values()) if refs else {}
        for basis in new:
            item = titles.get(refs[basis]) if basis in refs else None
            self._bases[basis] = cells(*basis, item.title if item else "")

    def _meet_bases(self, new: set[tuple[int, str, str | None]]) -> None:
        refs = _refs({(kind, code) for _, kind, code in new})
        carried: Mapping[ItemRef, int] = {}
        if refs:
            with self._ports.storage.reading() as tx:
                found = tx.certifications.carried_by(list(refs.values()))
            carried = {ref: each.certification_id for ref, each in found.items()}
        for certification_id, kind, code in new:
            ref = refs.get((kind, code))
            given = basis_to_import((kind, code), carried=ref is not None and carried.get(ref) == certification_id)
            self._bases[certification_id, kind, code] = cells(*given)
            if given == MANUAL and kind != BasisKind.MANUAL:
                self._as_manual.add((certification_id, kind, code))


def _refs(bases: set[Basis]) -> dict[Basis, ItemRef]:
    return {(kind, code): ItemRef(ItemKind(kind), code) for kind, code in bases if code and kind in _ITEM_KINDS}


def _amounts(column: Sequence[str | None]) -> Iterable[str]:
    return repeat("", len(column)) if column.count(None) == len(column) else [cells(each) for each in column]
