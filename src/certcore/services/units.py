"""Units of work: one transaction each, run again when somebody else was first."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from attrs import evolve, frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.decisions import Decision, Held, Offer, Outcome, decide
from certcore.domain.numbers import RandomBytes
from certcore.domain.people import Person
from certcore.domain.transitions import Change, Context, Identity, archive_renewed, edit, issue, salts
from certcore.errors import Conflict, NumberTaken, Retryable
from certcore.ports import Storage, Transaction

TRIES = 5
_FIRST_PAUSE_SECONDS = 0.02

T = TypeVar("T")


def in_unit(storage: Storage, work: Callable[[Transaction], T]) -> T:
    """What ``work`` gives in a transaction of its own, or joined to the one that is open.

    A `Conflict` rolls the unit back and runs it again, so that it reads the winner and decides anew (f13). A
    `Retryable` does so after a pause with jitter, unless an outer transaction is open: then only that one's owner can
    repeat it, and the error passes on. After `TRIES` tries the error passes on with the store unchanged.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with storage.transaction() as tx:
                return work(tx)
        except Conflict:
            if attempt == TRIES:
                raise
        except Retryable:
            if attempt == TRIES or storage.in_transaction:
                raise
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt * random.random())
    raise AssertionError("unreachable: the last try returns or raises")


def write(tx: Transaction, changes: Sequence[Change]) -> None:
    """Store the changes with their history and events: what ends goes first, so that what follows it fits (I1, I5)."""
    tx.awards.update([change.after for change in changes if change.before is not None])
    tx.awards.add([change.after for change in changes if change.before is None])
    tx.history.append([change.entry for change in changes])
    tx.outbox.append([change.event for change in changes])


@frozen
class Candidate:
    """Somebody who is offered an award, and the live award of that certification they hold already."""

    certification: Certification
    learner: Person
    offer: Offer
    live: Award | None
    notify: bool = True


def decisions_for(candidates: Sequence[Candidate], held: Held, *, may_shorten: bool = False) -> list[Decision]:
    """What is decided for each candidate, nothing being written."""
    return [decide(each.offer, each.live, held, may_shorten=may_shorten) for each in candidates]


def carry_out(
    storage: Storage,
    candidates: Sequence[Candidate],
    decisions: Sequence[Decision],
    context: Context,
    random_bytes: RandomBytes,
) -> list[Award | None]:
    """Write what was decided, each certification and learner at most once; the award that each candidate holds now.

    Called inside a unit. Raises `Conflict` when somebody else was first (see `in_unit`), and `NumberTaken` when in each
    of `TRIES` draws a number was taken (f20).
    """
    for _ in range(TRIES):
        groups = list(_changes(candidates, decisions, context, random_bytes))
        changes = [change for group in groups for change in group]
        try:
            with storage.transaction() as tx:
                write(tx, changes)
        except Conflict:
            if not _drew_a_taken_number(storage, changes):
                raise
        else:
            return [group[-1].after if group else each.live for each, group in zip(candidates, groups, strict=True)]
    raise NumberTaken(TRIES)


def _drew_a_taken_number(storage: Storage, changes: Sequence[Change]) -> bool:
    numbers = [change.after.number for change in changes if change.before is None]
    with storage.transaction() as tx:
        return len(set(numbers)) < len(numbers) or bool(tx.awards.by_number(numbers))


def _changes(
    candidates: Sequence[Candidate], decisions: Sequence[Decision], context: Context, random_bytes: RandomBytes
) -> Iterable[Sequence[Change]]:
    outcomes = [decision.outcome for decision in decisions]
    identities = Identity.batch(sum(o in (Outcome.NEW, Outcome.RENEWED) for o in outcomes), random_bytes)
    fresh_salts = iter(salts(sum(o in (Outcome.UPDATED, Outcome.RENEWED) for o in outcomes), random_bytes))
    for each, outcome in zip(candidates, outcomes, strict=True):
        offer, live = each.offer, each.live
        if outcome is Outcome.UPDATED and live is not None:
            edited = evolve(live, period=offer.period, basis=offer.basis, details=offer.details)
            yield [edit(live, edited, next(fresh_salts), context)]
        elif outcome in (Outcome.NEW, Outcome.RENEWED):
            issued = issue(
                each.certification,
                each.learner,
                offer.period,
                offer.basis,
                next(identities),
                context,
                details=offer.details,
                notify=each.notify,
                renews=live,
            )
            if live is None:
                yield [issued]
            else:
                yield [archive_renewed(live, issued.after, next(fresh_salts), context), issued]
        else:
            yield []
