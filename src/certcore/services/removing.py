"""Removing: awards that go for good and leave tombstones (R-4, R-61, R-63), and awards that go with an item (R-7)."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification, ItemRef
from certcore.domain.numbers import new_salts
from certcore.domain.tombstones import Removal, bury
from certcore.domain.transitions import Context, unassign
from certcore.ports import AwardQuery, Ports, Transaction

_NUMBERS_KEPT = 1_000


@frozen
class Removed:
    """How much went for good, or would go.

    ``live`` counts the live ones among the ``awards``, ``entries`` those of their histories; ``numbers`` are the first
    1,000 of them.
    """

    awards: int = 0
    live: int = 0
    entries: int = 0
    numbers: Sequence[str] = ()

    def plus(self, awards: Sequence[Award]) -> "Removed":
        """With these too: an award's version is the length of its history."""
        return Removed(
            self.awards + len(awards),
            self.live + sum(award.live for award in awards),
            self.entries + sum(award.version for award in awards),
            (*self.numbers, *(award.number for award in awards))[:_NUMBERS_KEPT],
        )


@frozen
class Burial:
    """How awards go: by which act, why, and under what."""

    act: Removal
    reason: str | None
    context: Context

    def remove(self, tx: Transaction, awards: Sequence[Award]) -> None:
        """The awards with all that belongs to them; their tombstones stay.

        Raises `Conflict` when one was changed since it was read: it may be live again.
        """
        tx.awards.update([evolve(award, version=award.version + 1) for award in awards])  # so it is as it was read
        tx.awards.delete([award.id for award in awards])
        tx.tombstones.add([bury(award, self.act, self.reason, self.context) for award in awards])


def pages(ports: Ports, tx: Transaction, query: AwardQuery) -> Iterator[Sequence[Award]]:
    """The awards that ``query`` asks for, a batch at a time; those read may be changed or removed meanwhile."""
    query = evolve(query, limit=ports.settings.batch)
    while page := tx.awards.search(query):
        yield page
        query = query.behind(page[-1])


def remove_all(ports: Ports, tx: Transaction, query: AwardQuery, burial: Burial | None) -> Removed:
    """All awards that ``query`` asks for, removed; only counted without a ``burial``."""
    removed = Removed()
    for page in pages(ports, tx, query):
        removed = removed.plus(page)
        if burial is not None:
            burial.remove(tx, page)
    return removed


@frozen
class Deletion:
    """What goes with a certification, or would go (R-4): its items, its awards, the live ones, their history."""

    certification: str
    items: int
    awards: int
    live: int
    entries: int


def count_live(ports: Ports, tx: Transaction, certification: Certification) -> int:
    """How many live awards the certification has."""
    return sum(map(len, pages(ports, tx, AwardQuery(ports.now(), certification_ids={certification.id}, live=True))))


def delete(ports: Ports, tx: Transaction, certification: Certification, burial: Burial | None) -> Deletion:
    """The certification with all that hangs on it, removed; only counted without a ``burial``.

    It goes first, so that nobody can issue it meanwhile.
    """
    items = tx.certifications.assigned_to([certification.id]).get(certification.id, [])
    if burial is not None:
        tx.certifications.delete(certification.id)
    gone = remove_all(ports, tx, AwardQuery(ports.now(), certification_ids={certification.id}), burial)
    return Deletion(certification.label, len(items), gone.awards, gone.live, gone.entries)


def earned_through(ports: Ports, tx: Transaction, items: Mapping[ItemRef, int]) -> Iterator[Sequence[Award]]:
    """The live awards of the certification of each item that were earned through it, a batch at a time."""
    for certification_id in dict.fromkeys(items.values()):
        through = frozenset(item for item, holder in items.items() if holder == certification_id)
        query = AwardQuery(ports.now(), certification_ids={certification_id}, live=True, basis_items=through)
        yield from pages(ports, tx, query)


def take_back(ports: Ports, tx: Transaction, awards: Sequence[Award], reason: str | None, context: Context) -> None:
    """The awards unassigned; their history is kept (R-7, R-33)."""
    salts = new_salts(len(awards), ports.random_bytes)
    tx.change([unassign(award, reason, salt, context) for award, salt in zip(awards, salts, strict=True)])
