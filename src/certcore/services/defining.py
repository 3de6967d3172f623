"""Defining certifications: what they are, and which items carry them."""

from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from enum import StrEnum

from attrs import evolve, frozen

from certcore.domain.certifications import Assignment, Certification, ItemRef, Overview, sorted_items
from certcore.domain.checks import nfc
from certcore.domain.numbers import is_id, new_ids
from certcore.domain.people import NOBODY, Act, Actor, Scope
from certcore.domain.tombstones import Removal
from certcore.domain.transitions import Context
from certcore.errors import CodeTaken, Conflict, InvalidValue, ItemTaken, LiveAwards, NotFound, NotTypedBack
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.removing import Burial, Deletion, count_live, delete, earned_through, take_back
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


class Earned(StrEnum):
    """What becomes of the live awards that were earned through an item which is unassigned (R-7)."""

    KEEP = "keep"
    REMOVE = "remove"


@frozen
class Unassigned:
    """The ``items`` that carried something, and how many live ``awards`` were earned through them.

    ``removed`` is how many of those were unassigned.
    """

    items: tuple[ItemRef, ...]
    awards: int
    removed: int


@frozen
class Defining:
    """Adds, edits, retires, deletes and lists certifications, and assigns items to them."""

    _ports: Ports

    def add(self, name: str, *, actor: Actor, **parts: object) -> Certification:
        """A new certification (R-1); ``parts`` are the fields of `Certification` that are not left to their defaults.

        Raises `CodeTaken` and `InvalidValue`.
        """
        check_parts(self._ports, parts)
        demand(self._ports, actor, Act.DEFINE, "certification", name)
        (new_id,) = new_ids(1, self._ports.random_bytes)
        certification = Certification(new_id, name, **parts)  # type: ignore[arg-type]

        def work(tx: Transaction) -> None:
            check_code_free(tx, certification)
            tx.certifications.add(certification)

        in_unit(self._ports.storage, work)
        return certification

    def edit(self, ref: str | int, *, actor: Actor, **changes: object) -> Certification:
        """The certification (by code or id) with ``changes``; awards already issued stay as they are (R-3).

        Raises `NotFound`, `CodeTaken`, `InvalidValue`.
        """
        check_parts(self._ports, changes)
        return self._change(ref, actor, changes)

    def retire(self, ref: str | int, *, actor: Actor) -> Certification:
        """No new awards from now on; history is kept (R-4). Retiring twice is the same."""
        return self._change(ref, actor, {"retired": True})

    def reinstate(self, ref: str | int, *, actor: Actor) -> Certification:
        """A retired certification takes new awards again, from now on (R-4). Reinstating twice is the same."""
        return self._change(ref, actor, {"retired": False})

    def preview_delete(self, ref: str | int, *, actor: Actor) -> Deletion:
        """What would go if the certification was deleted (R-4); nothing is changed. Raises `NotFound`."""
        self._may_delete(ref, actor)
        with self._ports.storage.reading() as tx:
            return delete(self._ports, tx, find_certification(tx, ref), None)

    def delete(
        self, ref: str | int, *, typed: str, actor: Actor, with_live: bool = False, reason: str | None = None
    ) -> Deletion:
        """Remove a certification for good, with its items, awards and their history; what went, counted (R-4).

        `retire` is the safe way. ``typed`` is its code or name, typed back. A tombstone of each award stays, and its
        number stays taken (I3, R-64). Raises `NotFound`, `NotTypedBack`, and `LiveAwards` while live awards exist,
        unless ``with_live``; then nothing went.
        """
        self._may_delete(ref, actor)

        def work(tx: Transaction) -> Deletion:
            certification = find_certification(tx, ref)
            if nfc(typed.strip()) not in (certification.code, nfc(certification.name.strip())):
                raise NotTypedBack(certification.label, typed)
            live = 0 if with_live else count_live(self._ports, tx, certification)
            if live:  # before anything is removed, which may be much
                raise LiveAwards(certification.label, live)
            burial = Burial(Removal.DELETED, reason, Context(actor, self._ports.now()))
            gone = delete(self._ports, tx, certification, burial)
            if gone.live and not with_live:
                raise LiveAwards(certification.label, gone.live)
            return gone

        return in_unit(self._ports.storage, work)

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

    def assign(
        self, ref: str | int, items: Collection[ItemRef], *, actor: Actor, automatic: bool | None = None
    ) -> None:
        """Let the items carry the certification from now on (R-5); assigning it again changes nothing.

        ``automatic`` says whether completing them issues it or it is awarded by hand only; None: as the certification
        says (R-9). Raises `NotFound` for items that the catalog does not have, and `ItemTaken` naming what an item
        carries already; then none is assigned.
        """
        demand(self._ports, actor, Act.DEFINE, "certification", str(ref))
        known = self._ports.catalog.items(items)
        _check_known(items, known)
        now = self._ports.now()

        def work(tx: Transaction) -> None:
            certification = find_certification(tx, ref)
            tx.certifications.hold([certification])
            tx.index.put_titles({each.ref: each.title for each in known.values()})
            carried = tx.certifications.carried_by(items)
            for item in dict.fromkeys(items):
                holder = carried.get(item)
                if holder is None:
                    tx.certifications.assign(Assignment(item, certification.id, now, automatic))
                elif holder.certification_id != certification.id:
                    other = tx.certifications.by_id([holder.certification_id]).get(holder.certification_id)
                    if other is None:
                        raise Conflict("what an item carries")  # it has just been deleted
                    raise ItemTaken(str(item), other.label)

        in_unit(self._ports.storage, work)

    def set_automatic(self, items: Collection[ItemRef], automatic: bool | None, *, actor: Actor) -> None:
        """Whether completing these items issues what they carry, by hand only, or as that says (None) (R-9).

        Since when they carry it stays as it is (R-21). Raises `NotFound` for one that carries nothing.
        """
        demand(self._ports, actor, Act.DEFINE, "item", _listed(items))

        def work(tx: Transaction) -> None:
            carried = _carried_alone(tx, items)
            _check_known(items, carried)
            tx.certifications.unassign(items)
            for each in carried.values():
                tx.certifications.assign(evolve(each, automatic=automatic))

        in_unit(self._ports.storage, work)

    def preview_unassign(self, items: Collection[ItemRef], *, actor: Actor) -> Unassigned:
        """What `unassign_items` would find: the items that carry something, and the live awards earned through them.

        Nothing is changed. Raises `NotFound`.
        """
        demand(self._ports, actor, Act.DEFINE, "item", _listed(items))
        with self._ports.storage.reading() as tx:
            carried = self._known(tx.certifications.carried_by(items), items)
            return Unassigned(tuple(carried), sum(map(len, earned_through(self._ports, tx, carried))), 0)

    def unassign_items(
        self, items: Collection[ItemRef], *, awards: Earned | str, actor: Actor, reason: str | None = None
    ) -> Unassigned:
        """Let the items carry nothing from now on; their live awards are kept or removed, as the caller says (R-7).

        Removed ones are unassigned and stay in history, with the ``reason`` (R-33). Items that carry nothing are passed
        over, so that doing it twice is the same. Raises `NotFound` for an item that is not there or an award that the
        actor may not unassign, and `InvalidValue` for ``awards`` other than keep and remove; then nothing changed.
        """
        remove = _earned(awards) is Earned.REMOVE
        demand(self._ports, actor, Act.DEFINE, "item", _listed(items))
        scope = demand(self._ports, actor, Act.UNASSIGN, "item", _listed(items)) if remove else NOBODY

        def work(tx: Transaction) -> Unassigned:
            carried = self._known(_carried_alone(tx, items), items)
            tx.certifications.unassign(carried)
            context = Context(actor, self._ports.now())
            count = 0
            for page in earned_through(self._ports, tx, carried):
                count += len(page)
                if remove:
                    if not all(scope.covers(award.learner_id) for award in page):
                        raise NotFound("item", _listed(items))
                    take_back(self._ports, tx, page, reason, context)
            return Unassigned(tuple(carried), count, count if remove else 0)

        return in_unit(self._ports.storage, work)

    def _known(self, carried: Mapping[ItemRef, Assignment], items: Collection[ItemRef]) -> dict[ItemRef, int]:
        """The id of the certification that each item carries, in order; `NotFound` for an item that is not there."""
        unknown = [item for item in items if item not in carried]
        _check_known(unknown, self._ports.catalog.items(unknown))
        return {item: carried[item].certification_id for item in sorted_items(carried)}

    def _may_delete(self, ref: str | int, actor: Actor) -> None:
        if not demand(self._ports, actor, Act.DELETE, "certification", str(ref)).everyone:
            raise NotFound("certification", str(ref))  # it may be anybody's award that goes

    def _change(self, ref: str | int, actor: Actor, changes: dict[str, object]) -> Certification:
        demand(self._ports, actor, Act.DEFINE, "certification", str(ref))

        def work(tx: Transaction) -> Certification:
            before = find_certification(tx, ref)
            if all(getattr(before, name) == value for name, value in changes.items()):
                return before
            after = before.edited(**changes)
            check_code_free(tx, after)
            tx.certifications.update(after)
            return after

        return in_unit(self._ports.storage, work)


def find_certification(tx: Transaction, ref: str | int) -> Certification:
    """The certification with this code or id; raises `NotFound`."""
    found: Certification | None
    if isinstance(ref, int):
        found = tx.certifications.by_id([ref]).get(ref) if is_id(ref) else None
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


def check_code_free(tx: Transaction, certification: Certification) -> None:
    """Raise `CodeTaken` when another certification has the code of this one (R-1)."""
    if certification.code is not None:
        holder = tx.certifications.by_code([certification.code]).get(certification.code)
        if holder is not None and holder.id != certification.id:
            raise CodeTaken(certification.code)


def _check_known(items: Collection[ItemRef], known: Container[ItemRef]) -> None:
    for item in items:
        if item not in known:
            raise NotFound(item.kind.replace("_", " "), item.code)


def _carried_alone(tx: Transaction, items: Collection[ItemRef]) -> dict[ItemRef, Assignment]:
    """What the items carry, which nobody else changes until the transaction ends.

    What they carry gets a new version, so that whoever has read it and is about to issue it reads it again.
    """
    carried = tx.certifications.carried_by(items)
    for _, each in sorted(tx.certifications.by_id({each.certification_id for each in carried.values()}).items()):
        tx.certifications.update(each.edited())
    if tx.certifications.carried_by(items) != carried:
        raise Conflict("what an item carries")
    return carried


def _listed(items: Collection[ItemRef]) -> str:
    return ", ".join(map(str, items))


def _earned(awards: Earned | str) -> Earned:
    try:
        return Earned(awards)
    except ValueError:
        raise InvalidValue(
            "awards", awards, "keep or remove: what becomes of awards earned through the items"
        ) from None


def check_parts(ports: Ports, parts: Mapping[str, object]) -> None:
    """Raise `InvalidValue` for what is no part of a definition that may be given, `NotAllowedHere` for credits."""
    for name in parts:
        if name not in _EDITABLE:
            raise InvalidValue("certification", name, f"one of {', '.join(sorted(_EDITABLE))}")
    ports.settings.check_credits(parts.get("credits"))
