"""Undoing an import: as one act, all or none (R-45)."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import define, field, frozen

from certcore.domain.awards import Award
from certcore.domain.history import HistoryEntry
from certcore.domain.jobs import Job, JobState
from certcore.domain.numbers import new_salts
from certcore.domain.people import Actor
from certcore.domain.transitions import Change, Context, undo_edit, undo_issue, undo_renewal
from certcore.errors import NotUndoable
from certcore.ports import Ports, Transaction
from certcore.services.importing.keeping import without_file
from certcore.services.importing.told import Delivered, DeliveredNotice
from certcore.services.jobs import save
from certcore.services.units import live_again

_NAMED = 1_000
_PAGE = 5_000
_TAKEN_BACK: Mapping[str, Callable[[Award, HistoryEntry, bytes, Context], Change]] = {
    "issued": lambda award, _entry, salt, context: undo_issue(award, salt, context),
    "renewed": lambda award, _entry, salt, context: undo_renewal(award, salt, context),
    "edited": lambda award, entry, salt, context: undo_edit(award, entry.facts, salt, context),
}
"""How each act of an import is taken back, in this order: an award is live again only after its successor is not."""


_TELLING: Final = ("issued", "edited")
"""Acts of an import that people are told of: a renewal is told of the new award."""


@frozen
class UndoReport:
    """How many awards were taken back, live again, and as they were before the import.

    ``delivered`` are the first 1,000 of the ``delivered_total`` notices about what the import did that had gone out.
    """

    import_id: str
    undone: int = 0
    restored: int = 0
    reverted: int = 0
    delivered_total: int = 0
    delivered: tuple[DeliveredNotice, ...] = ()


def undo(ports: Ports, tx: Transaction, job: Job, actor: Actor) -> UndoReport:
    """Take back all that the import ``job`` did, or raise `NotUndoable` naming the awards that were changed since."""
    met = _Met(Delivered(ports.storage.tenant))
    counts = (0, 0, 0)
    if job.state is JobState.UNDONE:
        for act in _TELLING:
            for page in _pages(ports, tx, job, act):
                met.told.add(tx, page)
    else:
        context = Context(actor, ports.now())
        undone, restored, reverted = (_take_back(ports, tx, job, act, context, met) for act in _TAKEN_BACK)
        counts = undone, restored, reverted
        if met.changed:
            raise NotUndoable(job.public_id, tuple(met.changed[:_NAMED]))
        save(tx, job, state=JobState.UNDONE, checkpoint=without_file(job.checkpoint))
    return UndoReport(job.public_id, *counts, met.told.total, tuple(met.told.first))


@define
class _Met:
    """What an undo meets on its way.

    ``told`` are the notices that were delivered, ``changed`` the numbers of awards to which something happened since,
    about a thousand at the most.
    """

    told: Delivered
    changed: list[str] = field(factory=list)


def _take_back(ports: Ports, tx: Transaction, job: Job, act: str, context: Context, met: _Met) -> int:
    """Undo what the import did by one kind of act; how many awards that were."""
    count = 0
    changed = met.changed
    for page in _pages(ports, tx, job, act):
        awards = tx.awards.by_id([entry.award_id for entry in page])
        entries = [entry for entry in page if awards[entry.award_id].version == entry.seq]
        changed += [awards[entry.award_id].number for entry in page if awards[entry.award_id].version != entry.seq]
        if act == "renewed":
            changed += _removed(tx, entries)
        if changed:  # all that is written will be rolled back
            if len(changed) >= _NAMED:
                break
            continue
        pairs = zip(entries, new_salts(len(entries), ports.random_bytes), strict=True)
        changes = [_TAKEN_BACK[act](awards[entry.award_id], entry, salt, context) for entry, salt in pairs]
        if act == "renewed":
            live_again(tx, changes)
        else:
            tx.change(changes)
        tx.outbox.silence([(entry.award_id, entry.seq) for entry in entries])
        if act in _TELLING:
            met.told.add(tx, entries)
        count += len(entries)
    return count


def _removed(tx: Transaction, renewed: Sequence[HistoryEntry]) -> Iterable[str]:
    """The numbers of renewals that are not there any more: taken back first, and what they renewed stays over."""
    return tx.tombstones.of([json.loads(entry.facts)["by"] for entry in renewed])


def _pages(ports: Ports, tx: Transaction, job: Job, act: str) -> Iterator[Sequence[HistoryEntry]]:
    after: tuple[int, int] | None = None
    size = min(_PAGE, ports.settings.batch)
    while entries := tx.history.by_job(job.id, after, size, act=act):
        yield entries
        after = entries[-1].award_id, entries[-1].seq
