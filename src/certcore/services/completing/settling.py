"""Settling completions: judged, and written with what they give, in the transaction of the caller."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from attrs import frozen

from certcore.domain.awards import is_over
from certcore.domain.decisions import NEW, Outcome
from certcore.domain.numbers import RandomBytes
from certcore.domain.renewals import RenewalState
from certcore.domain.transitions import Context
from certcore.errors import Conflict
from certcore.ports import Transaction
from certcore.services.completing.judging import Judge, Judged
from certcore.services.completing.known import Entry
from certcore.services.completing.request import CompletionOutcome
from certcore.services.units import Candidate, award, check_not_revoked_since, file_away

_WHATEVER_IS_HELD: Final = (Outcome.UNCHANGED, Outcome.REJECTED)

_Places = Sequence[int]
_Write = Callable[[Sequence[Judged]], Sequence[str | None]]


@frozen
class Settling:
    """Settles completions under one context; ``notify`` says whether learners are told of what they get."""

    _judge: Judge
    _context: Context
    _random_bytes: RandomBytes
    _notify: bool

    def settle(self, tx: Transaction, entries: Sequence[Entry]) -> dict[int, CompletionOutcome]:
        """What came of each, by its place. Raises `Conflict` when somebody else was first (see `in_unit`)."""
        settled: dict[int, CompletionOutcome] = {}
        while entries:
            judged, entries = self._judge.judge(tx, entries)
            for each, number in zip(judged, self._write(tx, judged), strict=True):
                entry, earning = each.entry, each.earning
                outcome = CompletionOutcome(entry.name, entry.completion.item, earning.outcome, number, earning.reasons)
                settled[entry.place] = outcome
        return settled

    def _write(self, tx: Transaction, judged: Sequence[Judged]) -> Sequence[str | None]:
        """Store what was decided; the number that each learner has got, or holds."""
        if not all(tx.completions.add([each.entry.completion for each in judged if each.is_new])):
            raise Conflict("a completion")
        numbers = _held(tx, judged)
        for places, write in self._kinds(tx, judged):
            written = write([judged[place] for place in places]) if places else ()
            for place, number in zip(places, written, strict=True):
                numbers[place] = number
        fulfilled = [each.renewal for each in judged if each.earning.fulfils and each.renewal is not None]
        tx.renewals.close(fulfilled, RenewalState.FULFILLED)
        return numbers

    def _kinds(self, tx: Transaction, judged: Sequence[Judged]) -> Iterator[tuple[_Places, _Write]]:
        """The places of what gives an award: told of, over already and not told of, and for history."""
        told: list[int] = []
        over: list[int] = []
        past: list[int] = []
        for place, each in enumerate(judged):
            offer = each.earning.offer
            if offer is not None:
                is_history = each.earning.outcome is Outcome.HISTORY
                (past if is_history else over if is_over(offer.period, self._context.now) else told).append(place)
        yield told, lambda those: self._issue(tx, those, notify=self._notify)
        yield over, lambda those: self._issue(tx, those, notify=False)
        yield past, lambda those: self._file_away(tx, those)

    def _issue(self, tx: Transaction, judged: Sequence[Judged], *, notify: bool) -> Sequence[str]:
        candidates = _candidates(judged)
        numbers = award(tx, candidates, self._context, self._random_bytes, notify=notify)
        new = [each for each in candidates if each.live is None]
        check_not_revoked_since(tx, new, [NEW] * len(new))
        return numbers

    def _file_away(self, tx: Transaction, judged: Sequence[Judged]) -> Sequence[str]:
        ends = [each.earning.ends_at for each in judged if each.earning.ends_at is not None]
        return file_away(tx, _candidates(judged), ends, self._context, self._random_bytes)


def _held(tx: Transaction, judged: Sequence[Judged]) -> list[str | None]:
    """The number of the award that each learner holds.

    What came of a repeated or a refused completion does not depend on the award that was read, so nothing shows that
    it was renewed or revoked meanwhile, maybe by the same completion: it is read once more (f15).
    """
    numbers = [None if each.live is None else each.live.number for each in judged]
    asked = [
        (place, each.certification.id, each.entry.learner.id)
        for place, each in enumerate(judged)
        if each.earning.outcome in _WHATEVER_IS_HELD and each.certification is not None
    ]
    if asked:
        live = tx.awards.live({found for _, found, _ in asked}, {learner_id for _, _, learner_id in asked})
        for place, certification_id, learner_id in asked:
            held = live.get((certification_id, learner_id))
            numbers[place] = None if held is None else held.number
    return numbers


def _candidates(judged: Iterable[Judged]) -> list[Candidate]:
    return [
        Candidate(each.certification, each.entry.learner, each.earning.offer, each.live, each.revoked_at)
        for each in judged
        if each.certification is not None and each.earning.offer is not None
    ]
