"""A catalog in tables, with enrolments and tracking, for where no LMS has its own."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, cast

from sqlalchemy import bindparam, or_, select

from certcore.adapters.sql import host_tables
from certcore.adapters.sql.completions import completion_from, completion_rows
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.storage import SqlStorage, SqlTransaction
from certcore.adapters.sql.values import (
    Row,
    as_flag,
    as_text,
    as_whole,
    day_text,
    exact,
    micros,
    or_none,
)
from certcore.domain.certifications import Item, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Retake
from certcore.domain.enrolments import Enrolment, completed, current, progress, retaken
from certcore.domain.renewability import ItemProgress
from certcore.domain.time import from_micros, parse_date
from certcore.errors import NotFound
from certcore.ports import Catalog, Transaction
from certcore.services.units import in_unit

_Pair = tuple[str, ItemRef]

_item = host_tables.item.c
_enrolment = host_tables.enrolment.c
_tracking = host_tables.tracking.c
_ITEMS: Final = among(_item.code, "codes", *host_tables.item.c[1:])
_ENROLMENTS: Final = among(_enrolment.learner_id, "learner_ids", *host_tables.enrolment.c[1:])
_IN_ITEMS: Final = _ENROLMENTS.where(within(_enrolment.code, "codes")).order_by(_enrolment.seq)
_LOCKED: Final = _IN_ITEMS.with_for_update(of=host_tables.enrolment)
_CURRENT: Final = _ENROLMENTS.where(
    or_(within(_enrolment.code, "codes"), _enrolment.kind == ItemKind.LEARNING_PLAN.value),
    _enrolment.archived_at.is_(None),
)
_TRACKED: Final = among(_tracking.learner_id, "learner_ids", *host_tables.tracking.c[1:]).where(
    within(_tracking.code, "codes")
)
_COMPLETED: Final = (
    select(*host_tables.enrolment.c[1:])
    .where(
        _enrolment.tenant == TENANT,
        _enrolment.code == bindparam("code"),
        _enrolment.kind == bindparam("kind"),
        _enrolment.learner_id >= bindparam("learner_id"),
        or_(_enrolment.learner_id > bindparam("learner_id"), _enrolment.seq > bindparam("seq")),
        _enrolment.completed_at.is_not(None),
    )
    .order_by(_enrolment.learner_id, _enrolment.seq)
    .limit(bindparam("limit"))
)
_PAGE: Final = 5_000


class SqlCatalog(Catalog):
    """Courses, learning plans and external activities in the tables of a `SqlStorage`.

    It keeps enrolments and the tracking of training material for who has no LMS that does. Its own methods raise
    `NotFound` for an item that is not there.
    """

    def __init__(self, storage: SqlStorage) -> None:
        self._storage = storage

    def items(self, refs: Collection[ItemRef]) -> Mapping[ItemRef, Item]:
        with self._storage.reading() as tx:
            return self._items(tx, refs)

    def save_items(self, items: Iterable[Item]) -> int:
        """Create or replace items by kind and code in one transaction; how many there were."""
        with self._storage.transaction() as tx:
            by_ref = {item.ref: item for item in items}
            rows = [_item_row(self._storage.tenant, item) for item in by_ref.values()]
            tx.unit.upsert(host_tables.item, rows, "an item")
            tx.index.put_titles({ref: item.title for ref, item in by_ref.items()})
        return len(by_ref)

    def enrol(self, learner_ids: Collection[str], item: ItemRef) -> None:
        """Enrol the learners in an item; those who are enrolled already are passed over."""

        def work(tx: SqlTransaction) -> None:
            self._known(tx, [item])
            held = self._held(tx, learner_ids, [item])
            missing = [learner_id for learner_id in dict.fromkeys(learner_ids) if not current(held[learner_id, item])]
            self._keep(tx, [Enrolment(each, item, len(held[each, item]) + 1) for each in missing], _counts(held))

        self._in_unit(work)

    def complete(self, completions: Iterable[Completion]) -> None:
        """Complete the learners' current enrolments with all their material; who has none is enrolled.

        One from before the current enrolment changes nothing, nor does one that is not later than what is known. All
        are completed in one transaction.
        """
        given = list(completions)

        def work(tx: SqlTransaction) -> None:
            items = self._known(tx, {each.item for each in given})
            held = self._held(tx, {each.learner_id for each in given}, items)
            before = _counts(held)
            changed: dict[_Pair, Enrolment] = {}
            for each in given:
                pair = (each.learner_id, each.item)
                if enrolment := completed(held[pair], each):
                    held[pair][enrolment.seq - 1 :] = [enrolment]
                    changed[pair] = enrolment
            self._keep(tx, changed.values(), before)
            self._track(tx, ((*pair, material) for pair in changed for material in items[pair[1]].materials))

        self._in_unit(work)

    def track(self, learner_id: str, item: ItemRef, materials: Collection[str]) -> None:
        """Some of the item's material is done; who is not enrolled is enrolled."""

        def work(tx: SqlTransaction) -> None:
            self.enrol([learner_id], item)
            known = self._known(tx, [item])[item].materials
            self._track(tx, ((learner_id, item, each) for each in materials if each in known))

        self._in_unit(work)

    def tracked(self, learner_id: str, item: ItemRef) -> frozenset[str]:
        """The material of the item that the learner has done since last taking it up."""
        with self._storage.reading() as tx:
            return frozenset(self._tracked(tx, [learner_id], [item]).get((learner_id, item), ()))

    def progress(
        self, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> Mapping[tuple[str, ItemRef], ItemProgress]:
        wanted = set(items)
        if not wanted or not learner_ids:
            return {}
        with self._storage.reading() as tx:
            asked = {"learner_ids": learner_ids, "codes": {item.code for item in wanted}}
            rows = tx.unit.rows(_CURRENT, tenant=self._storage.tenant, **asked)
            held = [_enrolment_of(row) for row in rows]
            tracked = self._tracked(tx, learner_ids, wanted)
            known = self._items(tx, wanted | {each.item for each in held if each.item.kind is ItemKind.LEARNING_PLAN})
        plans: dict[str, list[Item]] = {}
        for each in held:
            if each.item.kind is ItemKind.LEARNING_PLAN and each.item in known:
                plans.setdefault(each.learner_id, []).append(known[each.item])
        return {
            pair: progress(each, known[each.item], tracked.get(pair, ()), plans.get(each.learner_id, ()))
            for each in held
            if each.item in wanted and each.item in known
            for pair in [(each.learner_id, each.item)]
        }

    def completions(self, items: Collection[ItemRef]) -> Iterator[Completion]:
        for item in sorted(set(items)):
            of_learners = groupby(self._completed_in(item), key=lambda each: each.learner_id)
            for _, completions in of_learners:
                yield from sorted(completions, key=lambda each: each.at)

    def _completed_in(self, item: ItemRef) -> Iterator[Completion]:
        """Page by page, so that no transaction is open while the caller works on what it got."""
        asked: dict[str, Any] = {"kind": item.kind.value, "code": item.code, "learner_id": "", "seq": -1}
        while True:
            with self._storage.reading() as tx:
                rows = tx.unit.rows(_COMPLETED, tenant=self._storage.tenant, limit=_PAGE, **asked)
            for each in map(_enrolment_of, rows):
                if each.completion is not None:
                    yield each.completion
            if len(rows) < _PAGE:
                return
            asked.update(learner_id=rows[-1][0], seq=rows[-1][3])

    def retake(self, order: Retake) -> None:
        def work(tx: SqlTransaction) -> None:
            item = self._known(tx, [order.item])[order.item]
            held = self._held(tx, [order.learner_id], [order.item])
            changed = retaken(held[order.learner_id, order.item], order)
            self._keep(tx, changed, _counts(held))
            materials = [(self._storage.tenant, order.learner_id, each) for each in item.materials]
            if changed:
                tx.unit.delete_each(host_tables.tracking, ("learner_id", "material"), materials, "tracking")

        self._in_unit(work)

    def _in_unit(self, work: Callable[[SqlTransaction], None]) -> None:
        in_unit(self._storage, cast("Callable[[Transaction], None]", work))

    def _items(self, tx: SqlTransaction, refs: Collection[ItemRef]) -> dict[ItemRef, Item]:
        wanted = set(refs)
        codes = {ref.code for ref in wanted}
        rows = tx.unit.rows(_ITEMS, tenant=self._storage.tenant, codes=codes) if wanted else ()
        found = (exact("item", f"{row[0]}:{row[1]}", _item_from, row) for row in rows)
        return {item.ref: item for item in found if item.ref in wanted}

    def _known(self, tx: SqlTransaction, refs: Collection[ItemRef]) -> dict[ItemRef, Item]:
        known = self._items(tx, refs)
        for ref in refs:
            if ref not in known:
                raise NotFound(ref.kind.replace("_", " "), ref.code)
        return known

    def _held(
        self, tx: SqlTransaction, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> dict[_Pair, list[Enrolment]]:
        """All enrolments of each learner in each item, in order of ``seq``; nobody else changes them meanwhile."""
        held: dict[_Pair, list[Enrolment]] = defaultdict(list)
        asked = {"learner_ids": learner_ids, "codes": {item.code for item in items}}
        for each in map(_enrolment_of, tx.unit.rows(_LOCKED, tenant=self._storage.tenant, **asked)):
            held[each.learner_id, each.item].append(each)
        return held

    def _keep(self, tx: SqlTransaction, enrolments: Iterable[Enrolment], held: Mapping[_Pair, int]) -> None:
        """Store what changed and what is new, beside as many as each learner ``held``; `Conflict` when that is more."""
        rows: dict[bool, list[Row]] = {True: [], False: []}
        for each in enrolments:
            is_new = each.seq > held.get((each.learner_id, each.item), 0)
            rows[is_new].append(_enrolment_row(self._storage.tenant, each))
        tx.unit.upsert(host_tables.enrolment, rows[False], "an enrolment")
        tx.unit.insert(host_tables.enrolment, rows[True], "an enrolment")

    def _track(self, tx: SqlTransaction, done: Iterable[tuple[str, ItemRef, str]]) -> None:
        tenant = self._storage.tenant
        rows = {(tenant, learner, material, item.kind.value, item.code) for learner, item, material in done}
        tx.unit.insert_new(host_tables.tracking, sorted(rows), "tracking")

    def _tracked(
        self, tx: SqlTransaction, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> dict[_Pair, set[str]]:
        asked = {"learner_ids": learner_ids, "codes": {item.code for item in items}}
        found: dict[_Pair, set[str]] = {}
        for learner_id, material, kind, code in tx.unit.rows(_TRACKED, tenant=self._storage.tenant, **asked):
            found.setdefault((learner_id, ItemRef(ItemKind(kind), code)), set()).add(material)
        return found


def _counts(held: Mapping[_Pair, Sequence[Enrolment]]) -> dict[_Pair, int]:
    return {pair: len(enrolments) for pair, enrolments in held.items()}


def _item_from(*row: Any) -> Item:
    kind, code, title, courses, valid_until, usable, materials = row
    return Item(
        ItemRef(ItemKind(kind), code),
        title,
        tuple(json.loads(courses)),
        or_none(parse_date, valid_until),
        as_flag(usable),
        json.loads(materials),
    )


def _item_row(tenant: str, item: Item) -> Row:
    return (
        tenant,
        item.ref.kind.value,
        item.ref.code,
        item.title,
        json.dumps(item.courses),
        day_text(item.valid_until),
        int(item.usable),
        json.dumps(item.materials),
    )


def _enrolment_of(row: Sequence[Any]) -> Enrolment:
    return exact("enrolment", f"{row[3]} of learner {row[0]} in {row[1]}:{row[2]}", _enrolment_from, row)


def _enrolment_from(*row: Any) -> Enrolment:
    learner_id, kind, code, seq, order_id, enrolled_at, archived_at, *completion = row
    done = completion[0] is not None
    return Enrolment(
        as_text(learner_id),
        ItemRef(ItemKind(kind), code),
        as_whole(seq),
        or_none(as_text, order_id),
        or_none(from_micros, enrolled_at),
        or_none(from_micros, archived_at),
        completion_from(learner_id, kind, code, *completion) if done else None,
    )


def _enrolment_row(tenant: str, enrolment: Enrolment) -> Row:
    completion = enrolment.completion
    return (
        tenant,
        enrolment.learner_id,
        enrolment.item.kind.value,
        enrolment.item.code,
        enrolment.seq,
        enrolment.order_id,
        micros(enrolment.enrolled_at),
        micros(enrolment.archived_at),
        *((None,) * 6 if completion is None else completion_rows(tenant, [completion])[0][4:]),
    )
