"""The index of names and titles, and whom and what it is about."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Select, bindparam, or_, select, text

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import exact
from certcore.domain.certifications import ItemKind, ItemRef
from certcore.domain.searching import searchable
from certcore.ports import SearchIndex

_name = tables.learner_name.c
_title = tables.item_title.c
_award = tables.award.c

_AT_ONCE: Final = 5_000

_NAMES: Final = among(_name.learner_id, "learner_ids", _name.learner_id, _name.name)
_TITLES: Final = among(_title.code, "codes", _title.kind, _title.code, _title.title)
_LIMIT: Final[BindParameter[Any]] = bindparam("limit")
_LEARNERS: Final = (
    select(_award.learner_id)
    .where(_award.tenant == TENANT, _award.learner_id > bindparam("after"))
    .distinct()
    .order_by(_award.learner_id)
    .limit(_LIMIT)
)
_code: Final[BindParameter[str]] = bindparam("code")
_kind: Final[BindParameter[str]] = bindparam("kind")
_ITEMS: Final = (
    select(_award.basis_code, _award.basis)
    .where(_award.tenant == TENANT, text(tables.EARNED_THROUGH), _award.basis_code >= _code)
    .where(or_(_award.basis_code > _code, _award.basis > _kind))
    .distinct()
    .order_by(_award.basis_code, _award.basis)
    .limit(_LIMIT)
)


class SqlIndex(SearchIndex):
    """Names in `tables.learner_name`, titles in `tables.item_title`."""

    def __init__(self, unit: Unit, tenant: str) -> None:
        self._unit = unit
        self._tenant = tenant

    def put_names(self, names: Mapping[str, str]) -> None:
        ordered = sorted(names.items())  # so that two do not wait in turn
        for start in range(0, len(ordered), _AT_ONCE):
            part = dict(ordered[start : start + _AT_ONCE])
            known = dict(map(tuple, self._rows(_NAMES, learner_ids=part)))
            new = [each for each in part.items() if known.get(each[0]) != each[1]]
            rows = [(self._tenant, learner_id, name, searchable(name)) for learner_id, name in new]
            self._unit.upsert(tables.learner_name, rows, "a learner's name")

    def put_titles(self, titles: Mapping[ItemRef, str]) -> None:
        codes = {each.code for each in titles}
        known = {(kind, code): title for kind, code, title in (self._rows(_TITLES, codes=codes) if codes else ())}
        new = sorted((each.code, each.kind.value, title) for each, title in titles.items())
        rows = [
            (self._tenant, kind, code, title, searchable(title))
            for code, kind, title in new
            if known.get((kind, code)) != title
        ]
        self._unit.upsert(tables.item_title, rows, "an item's title")

    def forget(self, learner_ids: Collection[str]) -> None:
        keys = [(self._tenant, each) for each in learner_ids]
        self._unit.delete_each(tables.learner_name, "learner_id", keys, "a learner's name")

    def learners(self, after: str | None, limit: int) -> Sequence[str]:
        return [row[0] for row in self._rows(_LEARNERS, after=after or "", limit=limit)]

    def items(self, after: ItemRef | None, limit: int) -> Sequence[ItemRef]:
        place = {"code": "", "kind": ""} if after is None else {"code": after.code, "kind": after.kind.value}
        rows = self._rows(_ITEMS, limit=limit, **place)
        return [exact("award", f"of item {code}", _item_from, (kind, code)) for code, kind in rows]

    def _rows(self, statement: Select[Any], **values: object) -> Sequence[Any]:
        return self._unit.rows(statement, tenant=self._tenant, **values)


def _item_from(kind: str, code: str) -> ItemRef:
    return ItemRef(ItemKind(kind), code)
