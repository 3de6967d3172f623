"""Units of work: one transaction each, run again when somebody else was first."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple, TypeVar

from attrs import evolve

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.decisions import Decision, Held, Offer, Outcome, decide
from certcore.domain.deliveries import wanted_again
from certcore.domain.issuing import Issue
from certcore.domain.numbers import RandomBytes, new_salts
from certcore.domain.people import Person
from certcore.domain.renewals import was_dropped
from certcore.domain.succession import archive
from certcore.domain.transitions import Change, Context, archive_past, edit
from certcore.errors import Conflict, NumberTaken, Retryable
from certcore.ports import Storage, Transaction

TRIES = 8
_FIRST_PAUSE_SECONDS = 0.01
_ISSUED = (Outcome.NEW, Outcome.RENEWED)

T = TypeVar("T")

_all = chain.from_iterable


def in_unit(storage: Storage, work: Callable[[Transaction], T]) -> T:
    """What ``work`` gives in a transaction of its own, or joined to the one that is open.

    A `Conflict` rolls the unit back and runs it again, so that it reads the winner and decides anew (f13). So does a
    `Retryable`, unless an outer transaction is open: then only that one's owner can repeat it, and the error passes on.
    Between the tries of a transaction of its own it pauses, with jitter. After `TRIES` tries the error passes on with
    the store unchanged.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with storage.transaction() as tx:
                return work(tx)
        except (Conflict, Retryable) as error:
            joined = storage.in_transaction
            if attempt == TRIES or (joined and isinstance(error, Retryable)):
                raise
        if not joined:
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt * random.random())
    raise AssertionError("unreachable: the last try returns or raises")


class Candidate(NamedTuple):
    """Somebody who is offered an award, and the live award of that certification they hold already.

    ``revoked_at`` is as for `decide`.
    """

    certification: Certification
    learner: Person
    offer: Offer
    live: Award | None
    revoked_at: datetime | None = None


def decisions_for(candidates: Sequence[Candidate], held: Held, *, may_shorten: bool = False) -> list[Decision]:
    """What is decided for each candidate, nothing being written."""
    return [
        decide(each.offer, each.live, held, may_shorten=may_shorten, revoked_at=each.revoked_at) for each in candidates
    ]


def carry_out(
    tx: Transaction,
    candidates: Sequence[Candidate],
    decisions: Sequence[Decision],
    context: Context,
    random_bytes: RandomBytes,
    *,
    notify: bool = True,
) -> list[str | None]:
    """Write what was decided, each certification and learner at most once; the number that each candidate holds now.

    Called inside a unit, which runs again on the `Conflict` that is raised when somebody else was first, or has one of
    the numbers (see `in_unit`). Raises `NumberTaken` when `TRIES` draws in a row give numbers in use (f20).
    """
    outcomes = [decision.outcome for decision in decisions]
    issued = [place for place, outcome in enumerate(outcomes) if outcome in _ISSUED]
    # As the index of live awards has them: a large batch then changes each of its pages once.
    issued.sort(key=lambda place: candidates[place].learner.id)
    winners = [candidates[place] for place in issued]
    numbers = dict(zip(issued, award(tx, winners, context, random_bytes, notify=notify), strict=True))
    updated = [each for each, outcome in zip(candidates, outcomes, strict=True) if outcome is Outcome.UPDATED]
    if updated:
        tx.change(list(_edits(updated, context, random_bytes)))
    return [
        numbers.get(place) or (None if each.live is None else each.live.number) for place, each in enumerate(candidates)
    ]


def award(
    tx: Transaction,
    winners: Sequence[Candidate],
    context: Context,
    random_bytes: RandomBytes,
    *,
    notify: bool = True,
) -> Sequence[str]:
    """Issue what is offered to each candidate, and archive what they hold as renewed by it; the new numbers.

    Called as `carry_out` is, and raises alike.
    """
    held = [each.live for each in winners if each.live is not None]
    renewed = [None if each.live is None else each.live.id for each in winners]
    issue = _drawn(tx, winners, renewed, context, random_bytes, notify=notify)
    if held:
        follow = [place for place, award_id in enumerate(renewed) if award_id is not None]
        tx.archive(
            archive(
                held,
                [issue.ids[place] for place in follow],
                [issue.numbers[place] for place in follow],
                [issue.offers[place].period.issued_at for place in follow],
                context,
                random_bytes,
            )
        )
    tx.issue(issue.parts(random_bytes))  # last, so that what it follows has ended (I1)
    return issue.numbers


def check_not_revoked_since(tx: Transaction, candidates: Sequence[Candidate], decisions: Sequence[Decision]) -> None:
    """Raise `Conflict` when one that is new was revoked after its ``revoked_at`` was read (R-65, f15).

    To be asked once they are written: until this transaction ends, nobody else can issue them, let alone revoke them.
    """
    new = [each for each, decision in zip(candidates, decisions, strict=True) if decision.outcome is Outcome.NEW]
    ids = {each.certification.id for each in new}
    latest = tx.awards.latest_revocations(ids, [each.learner.id for each in new])
    if latest and any(latest.get((each.certification.id, each.learner.id)) != each.revoked_at for each in new):
        raise Conflict("a revocation")


def live_of(tx: Transaction, met: Mapping[int, Collection[str]]) -> dict[tuple[int, str], Award]:
    """The live awards of the learners whom a batch meets beside each certification, by its id, and by theirs.

    Asked for by certification: not everybody's of every one.
    """
    live: dict[tuple[int, str], Award] = {}
    for certification_id, learner_ids in met.items():
        live |= tx.awards.live([certification_id], learner_ids)
    return live


def live_again(tx: Transaction, changes: Sequence[Change]) -> None:
    """Store awards that are live again; where a renewal is open again, so are the orders that were dropped (R-52)."""
    tx.change(changes)
    began = {change.after.id: change.entry.at for change in changes}
    renewals = {award_id: each for award_id, each in tx.renewals.of(list(began)).items() if each.open}
    tx.deliveries.update(
        [
            wanted_again(order, began[award_id])
            for award_id, orders in tx.deliveries.of(list(renewals)).items()
            for order in orders
            if was_dropped(order, renewals[award_id])
        ]
    )


def file_away(
    tx: Transaction,
    candidates: Sequence[Candidate],
    ends: Sequence[datetime],
    context: Context,
    random_bytes: RandomBytes,
) -> Sequence[str]:
    """Write awards that others have followed already, each over at its end; their numbers (R-27).

    Nobody is told of them. Called inside a unit, as `carry_out` is.
    """
    issue = _drawn(tx, candidates, [None] * len(candidates), context, random_bytes, notify=False)
    parts = list(issue.parts(random_bytes))
    salts = new_salts(len(candidates), random_bytes)
    past = [
        archive_past(award, ends_at, salt, context)
        for award, ends_at, salt in zip(_all(part.awards() for part in parts), ends, salts, strict=True)
    ]
    tx.awards.add([change.after for change in past])
    tx.history.append([*_all(part.history for part in parts), *(change.entry for change in past)])
    tx.outbox.append([*_all(part.events() for part in parts), *(change.event for change in past)])
    return issue.numbers


def _drawn(
    tx: Transaction,
    winners: Sequence[Candidate],
    renewed: Sequence[int | None],
    context: Context,
    random_bytes: RandomBytes,
    *,
    notify: bool,
) -> Issue:
    """What is to be issued, under numbers that are free as far as anybody can tell."""
    tx.certifications.hold({each.certification.id: each.certification for each in winners}.values())
    for _ in range(TRIES):
        issue = Issue.drawn(
            context,
            [each.certification for each in winners],
            [each.learner for each in winners],
            [each.offer for each in winners],
            renewed,
            random_bytes,
            notify=notify,
        )
        if not _repeats(tx, issue.numbers):
            tx.index.put_names({each.learner.id: each.learner.full_name for each in winners})
            return issue
    raise NumberTaken(TRIES)


def _repeats(tx: Transaction, numbers: Sequence[str]) -> bool:
    """Whether the source of random bytes repeats itself: within ``numbers``, or an earlier draw from its start.

    A single number that is taken by chance is left to the storage's `Conflict`.
    """
    return len(set(numbers)) < len(numbers) or bool(tx.awards.by_number(numbers[:1]))


def _edits(updated: Sequence[Candidate], context: Context, random_bytes: RandomBytes) -> Iterator[Change]:
    for each, salt in zip(updated, new_salts(len(updated), random_bytes), strict=True):
        if each.live is not None:
            edited = evolve(each.live, period=each.offer.period, basis=each.offer.basis, details=each.offer.details)
            yield edit(each.live, edited, salt, context)
