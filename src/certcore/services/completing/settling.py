"""Settling completions: judged, and written with what they give, in the transaction of the caller."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from attrs import frozen

from certcore.domain.awards import Award
from certcore.domain.decisions import NEW, RENEWED, Outcome
from certcore.domain.numbers import RandomBytes
from certcore.domain.renewals import RenewalState, closed
from certcore.domain.transitions import Context
from certcore.errors import Conflict
from certcore.ports import Transaction
from certcore.services.completing.judging import Entry, Judge, Judged
from certcore.services.completing.request import CompletionOutcome
from certcore.services.units import Candidate, carry_out, check_not_revoked_since, file_away

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
                entry = each.entry
                settled[entry.place] = CompletionOutcome.of(entry.name, entry.completion.item, each.earning, number)
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
        fulfilled = [each.case.renewal for each in judged if each.earning.fulfils and each.case.renewal is not None]
        tx.renewals.update([closed(renewal, RenewalState.FULFILLED) for renewal in fulfilled])
        return numbers

    def _kinds(self, tx: Transaction, judged: Sequence[Judged]) -> Iterator[tuple[_Places, _Write]]:
        """The places of what gives an award: told of, over already and not told of, and for history."""
        told: list[int] = []
        over: list[int] = []
        past: list[int] = []
        for place, each in enumerate(judged):
            if each.earning.offer is not None:
                ends_at = each.earning.offer.period.grace_ends_at
                is_over = ends_at is not None and ends_at <= self._context.now
                (past if each.earning.outcome is Outcome.HISTORY else over if is_over else told).append(place)
        yield told, lambda those: self._issue(tx, those, notify=self._notify)
        yield over, lambda those: self._issue(tx, those, notify=False)
        yield past, lambda those: self._file_away(tx, those)

    def _issue(self, tx: Transaction, judged: Sequence[Judged], *, notify: bool) -> Sequence[str | None]:
        decisions = [NEW if each.earning.outcome is Outcome.NEW else RENEWED for each in judged]
        candidates = _candidates(judged)
        numbers = carry_out(tx, candidates, decisions, self._context, self._random_bytes, notify=notify)
        check_not_revoked_since(tx, candidates, decisions)
        return numbers

    def _file_away(self, tx: Transaction, judged: Sequence[Judged]) -> Sequence[str]:
        ends = [each.earning.ends_at for each in judged if each.earning.ends_at is not None]
        return file_away(tx, _candidates(judged), ends, self._context, self._random_bytes)


def _held(tx: Transaction, judged: Sequence[Judged]) -> list[str | None]:
    """The number of the award that each learner holds.

    What came of a repeated or a refused completion does not depend on the award that was read, so nothing shows that
    it was renewed or revoked meanwhile, maybe by the same completion: it is read once more (f15).
    """
    asked = [each for each in judged if each.earning.outcome in _WHATEVER_IS_HELD]
    ids = {each.case.certification.id for each in asked if each.case.certification is not None}
    live = tx.awards.live(ids, {each.case.learner.id for each in asked}) if ids else {}

    def held(each: Judged) -> Award | None:
        if each.earning.outcome not in _WHATEVER_IS_HELD or each.case.certification is None:
            return each.case.live
        return live.get((each.case.certification.id, each.case.learner.id))

    return [None if award is None else award.number for award in map(held, judged)]


def _candidates(judged: Iterable[Judged]) -> list[Candidate]:
    return [
        Candidate(each.case.certification, each.case.learner, each.earning.offer, each.case.live, each.case.revoked_at)
        for each in judged
        if each.case.certification is not None and each.earning.offer is not None
    ]
