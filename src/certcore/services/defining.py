"""Defining certifications: what they are, and which items carry them."""

from collections import Counter
from collections.abc import Collection, Sequence

from attrs import evolve, frozen

from certcore.domain.certifications import Assignment, Certification, Item, ItemRef, Overview
from certcore.domain.checks import nfc
from certcore.domain.numbers import new_ids
from certcore.domain.people import Act, Actor, Scope
from certcore.errors import CodeTaken, InvalidValue, ItemTaken, NotFound
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.units import in_unit

_EDITABLE = frozenset(
    {
        "name",
        "code",
        "description",
        "policy",
        "allow_retake",
        "template",
        "credits",
        "automatic",
        "items_needed",
        "auto_renew",
    }
)


@frozen
class Defining:
    """Adds, edits, retires and lists certifications, and assigns items to them."""

    _ports: Ports

    def add(self, name: str, *, actor: Actor, **parts: object) -> Certification:
        """A new certification (R-1); ``parts`` are the fields of `Certification` that are not left to their defaults.

        Raises `CodeTaken` and `InvalidValue`.
        """
        _refuse_unknown(parts)
        self._ports.settings.check_credits(parts.get("credits"))
        demand(self._ports, actor, Act.DEFINE, "certification", name)
        (new_id,) = new_ids(1, self._ports.random_bytes)
        certification = Certification(new_id, name, **parts)  # type: ignore[arg-type]

        def work(tx: Transaction) -> None:
            _check_code_free(tx, certification)
            tx.certifications.add(certification)

        in_unit(self._ports.storage, work)
        return certification

    def edit(self, ref: str | int, *, actor: Actor, **changes: object) -> Certification:
        """The certification (by code or id) with ``changes``; awards already issued stay as they are (R-3).

        Raises `NotFound`, `CodeTaken`, `InvalidValue`.
        """
        _refuse_unknown(changes)
        self._ports.settings.check_credits(changes.get("credits"))
        return self._change(ref, actor, changes)

    def retire(self, ref: str | int, *, actor: Actor) -> Certification:
        """No new awards from now on; history is kept (R-4). Retiring twice is the same."""
        return self._change(ref, actor, {"retired": True})

    def get(self, ref: str | int, *, actor: Actor) -> Overview:
        """One certification by code or id, with its counts as in `overviews` (R-8); raises `NotFound`."""
        scope = demand(self._ports, actor, Act.VIEW, "certification", str(ref))
        with self._ports.storage.reading() as tx:
            certification = find_certification(tx, ref)
            return next(each for each in _overviews(tx, scope) if each.certification.id == certification.id)

    def overviews(self, *, actor: Actor) -> Sequence[Overview]:
        """All certifications with their counts (R-8), by name; of the live awards, those the actor may see (R-114)."""
        scope = demand(self._ports, actor, Act.VIEW, "certification", "list")
        with self._ports.storage.reading() as tx:
            return _overviews(tx, scope)

    def assign(self, ref: str | int, items: Collection[ItemRef], *, actor: Actor) -> None:
        """Let the items carry the certification from now on (R-5); assigning it again changes nothing.

        Raises `NotFound` for items that the catalog does not have, and `ItemTaken` naming what an item carries already;
        then none is assigned.
        """
        demand(self._ports, actor, Act.DEFINE, "certification", str(ref))
        _check_known(items, self._ports.catalog.items(items))
        now = self._ports.now()

        def work(tx: Transaction) -> None:
            certification = find_certification(tx, ref)
            carried = tx.certifications.carried_by(items)
            for item in dict.fromkeys(items):
                holder = carried.get(item)
                if holder is None:
                    tx.certifications.assign(Assignment(item, certification.id, now))
                elif holder.certification_id != certification.id:
                    other = tx.certifications.by_id([holder.certification_id])[holder.certification_id]
                    raise ItemTaken(str(item), other.label)

        in_unit(self._ports.storage, work)

    def _change(self, ref: str | int, actor: Actor, changes: dict[str, object]) -> Certification:
        demand(self._ports, actor, Act.DEFINE, "certification", str(ref))

        def work(tx: Transaction) -> Certification:
            before = find_certification(tx, ref)
            if all(getattr(before, name) == value for name, value in changes.items()):
                return before
            after = before.edited(**changes)
            _check_code_free(tx, after)
            tx.certifications.update(after)
            return after

        return in_unit(self._ports.storage, work)


def find_certification(tx: Transaction, ref: str | int) -> Certification:
    """The certification with this code or id; raises `NotFound`."""
    found: Certification | None
    if isinstance(ref, int):
        found = tx.certifications.by_id([ref]).get(ref)
    else:
        code = nfc(ref)
        found = tx.certifications.by_code([code]).get(code)
    if found is None:
        raise NotFound("certification", str(ref))
    return found


def check_carries(tx: Transaction, certification: Certification, item: ItemRef | None) -> None:
    """Raise `InvalidValue` when an award's basis names an item that does not carry the certification (R-20)."""
    if item is None:
        return
    carried = tx.certifications.carried_by([item]).get(item)
    if carried is None or carried.certification_id != certification.id:
        raise InvalidValue("code", str(item), f"an item that carries {certification.label}; assign it first")


def _overviews(tx: Transaction, scope: Scope) -> Sequence[Overview]:
    found = tx.certifications.overviews()
    if scope.everyone:
        return found
    seen = Counter(holding for holding, _ in tx.awards.live([each.certification.id for each in found], scope.learners))
    return [evolve(each, live_awards=seen[each.certification.id]) for each in found]


def _check_code_free(tx: Transaction, certification: Certification) -> None:
    if certification.code is not None:
        holder = tx.certifications.by_code([certification.code]).get(certification.code)
        if holder is not None and holder.id != certification.id:
            raise CodeTaken(certification.code)


def _check_known(items: Collection[ItemRef], known: Collection[ItemRef] | dict[ItemRef, Item]) -> None:
    for item in items:
        if item not in known:
            raise NotFound(item.kind.replace("_", " "), item.code)


def _refuse_unknown(parts: dict[str, object]) -> None:
    for name in parts:
        if name not in _EDITABLE:
            raise InvalidValue("certification", name, f"one of {', '.join(sorted(_EDITABLE))}")
