"""How awards come to be: in columns, one award or a hundred thousand, each with its history entry and event (I5)."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Self, TypeVar

from attrs import frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.decisions import Offer
from certcore.domain.facts import written_terms
from certcore.domain.history import EVENT_VERSION, Entries, Event, chained_all, personal
from certcore.domain.numbers import RandomBytes, new_ids, new_numbers, new_salts, new_tokens
from certcore.domain.people import Person
from certcore.domain.transitions import TRANSITIONS, Context

ACT = "issued"
EVENT = TRANSITIONS[ACT].event

PART: Final = 2_500
"""The most awards that are made at once: few enough that a storage soon has something to do."""

S = TypeVar("S")
T = TypeVar("T")


@frozen(eq=False)
class Issued:
    """New awards in columns of one length, with what is written beside each.

    ``renews`` are the ids of the awards they renew, None for first ones; ``notify`` says whether learners are told.
    ``history`` has the first entry of each. A storage takes the columns as they are, or goes through `awards`,
    ``history`` and `events`.
    """

    context: Context
    notify: bool
    certifications: Sequence[Certification]
    learners: Sequence[Person]
    offers: Sequence[Offer]
    renews: Sequence[int | None]
    ids: Sequence[int]
    numbers: Sequence[str]
    tokens: Sequence[bytes]
    history: Entries

    def __len__(self) -> int:
        return len(self.ids)

    def awards(self) -> Iterator[Award]:
        """The awards; names are kept as documents print them (R-28)."""
        for award_id, number, token, certification, learner, offer, renews, head in zip(
            self.ids,
            self.numbers,
            self.tokens,
            self.certifications,
            self.learners,
            self.offers,
            self.renews,
            self.history.hashes,
            strict=True,
        ):
            yield Award(
                award_id,
                number,
                token,
                certification.id,
                certification.edition,
                learner.id,
                learner.full_name,
                offer.period,
                offer.basis,
                offer.details,
                renews,
                head=head,
            )

    def events(self) -> Iterator[Event]:
        """The event of each award; a notice waits until the award starts."""
        for award_id, facts, offer in zip(self.ids, self.history.facts, self.offers, strict=True):
            due_at = max(self.context.now, offer.period.issued_at)
            yield Event(award_id, 1, EVENT, EVENT_VERSION, facts, due_at, self.notify)


@frozen(eq=False)
class Issue:
    """Awards about to be made: who gets what on which terms, under ids, numbers and tokens drawn for them.

    Numbers and tokens ascend, so that a batch goes through their indexes once from end to end instead of to and fro.
    They stay as hard to guess: of a million tokens in a row each has 148 unknown bits to whoever knows its neighbours.
    """

    context: Context
    certifications: Sequence[Certification]
    learners: Sequence[Person]
    offers: Sequence[Offer]
    renews: Sequence[int | None]
    ids: range
    numbers: Sequence[str]
    tokens: Sequence[bytes]
    notify: bool = True

    @classmethod
    def drawn(
        cls,
        context: Context,
        certifications: Sequence[Certification],
        learners: Sequence[Person],
        offers: Sequence[Offer],
        renews: Sequence[int | None],
        random_bytes: RandomBytes,
        *,
        notify: bool = True,
    ) -> Self:
        """Awards of these certifications to these learners, on the terms offered."""
        count = len(learners)
        ids = new_ids(count, random_bytes)
        numbers, tokens = sorted(new_numbers(count, random_bytes)), sorted(new_tokens(count, random_bytes))
        return cls(context, certifications, learners, offers, renews, ids, numbers, tokens, notify)

    def parts(self, random_bytes: RandomBytes) -> Iterator[Issued]:
        """The awards in their order, at most `PART` at once, each part made when it is asked for."""
        for start in range(0, len(self.ids), PART):
            yield self._made(slice(start, start + PART), random_bytes)

    def _made(self, part: slice, random_bytes: RandomBytes) -> Issued:
        certifications, learners, offers = self.certifications[part], self.learners[part], self.offers[part]
        ids, numbers = self.ids[part], self.numbers[part]
        terms = map(_written, offers, [certification.edition for certification in certifications])
        facts = [f'{{"after":{after},"number":"{number}"}}' for after, number in zip(terms, numbers, strict=True)]
        noted = [(learner.id, offer.details.note) for learner, offer in zip(learners, offers, strict=True)]
        return Issued(
            self.context,
            self.notify,
            certifications,
            learners,
            offers,
            self.renews[part],
            ids,
            numbers,
            self.tokens[part],
            chained_all(
                [b""] * len(ids),
                award_ids=ids,
                seqs=[1] * len(ids),
                at=self.context.now,
                act=ACT,
                facts=facts,
                personal=personal(self.context.actor.id, noted),
                salts=new_salts(len(ids), random_bytes),
                job_id=self.context.job_id,
            ),
        )


@lru_cache(maxsize=4_096)
def _written(offer: Offer, edition: int) -> str:
    return written_terms(offer.period, offer.basis, offer.details, edition)


def each_once(convert: Callable[[S], T], values: Sequence[S]) -> list[T]:
    """``convert`` of each value; an object that stands there many times is converted once."""
    converted = {key: convert(value) for key, value in {id(value): value for value in values}.items()}
    return [converted[id(value)] for value in values]
