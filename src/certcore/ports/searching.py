"""Searching awards: what may be asked, in which order pages come, and the index of names and titles (R-90)."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from attrs import evolve, field, frozen
from attrs.converters import optional

from certcore.domain.awards import Award, Status, status
from certcore.domain.certifications import ItemRef
from certcore.domain.searching import Days
from certcore.domain.time import as_instant


def _ids(ids: Iterable[int] | None) -> frozenset[int] | None:
    return None if ids is None else frozenset(ids)


def _texts(texts: Iterable[str] | None) -> frozenset[str] | None:
    return None if texts is None else frozenset(texts)


@frozen
class AwardQuery:
    """Which awards a search wants; what is None does not filter, nor do empty ``statuses``, ``names`` and ``titles``.

    Empty ``learner_ids`` match nobody: that is what somebody may see who oversees no one (R-114); so do empty
    ``certification_ids``, ``numbers`` and ``basis_items``, the items through which awards were earned. ``live`` asks
    for those with an ending or without, ``ended_before`` for those whose ending lies before that instant (R-63).
    ``now`` is the instant at which ``statuses`` are judged. ``names`` are phrases that all are in what the index has of
    the learner's name, ``titles`` in what it has of the title of the item behind the award. ``issued`` and ``expires``
    are days in each award's own zone: those of its issue and its expiry date.

    The page has at most ``limit`` awards, ascending: by expiry and id where ``expires`` is given, by issue and id where
    only ``issued`` is, else by id; all of them behind the award with the id ``after`` (and, in an order of instants,
    with the instant ``after_at``).
    """

    now: datetime = field(converter=as_instant)
    learner_ids: frozenset[str] | None = None
    certification_ids: frozenset[int] | None = field(default=None, converter=_ids)
    numbers: frozenset[str] | None = field(default=None, converter=_texts)
    statuses: frozenset[Status] = frozenset()
    after: int | None = None
    limit: int = 50
    basis_items: frozenset[ItemRef] | None = None
    live: bool | None = None
    ended_before: datetime | None = field(default=None, converter=optional(as_instant))
    names: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    issued: Days | None = None
    expires: Days | None = None
    after_at: datetime | None = field(default=None, converter=optional(as_instant))

    @property
    def asks_for_none(self) -> bool:
        """Whether nothing can fit, since one of the filters names nothing."""
        named = (self.learner_ids, self.certification_ids, self.numbers, self.basis_items)
        return any(each is not None and not each for each in named)

    def place_of(self, award: Award) -> tuple[datetime | None, int]:
        """Where the award stands in the order of the pages: its instant, in an order of instants, and its id."""
        if self.expires is not None:
            return award.period.expires_at, award.id
        return None if self.issued is None else award.period.issued_at, award.id

    def behind(self, award: Award) -> "AwardQuery":
        """What asks for the page that goes on behind this award."""
        return self.behind_place(*self.place_of(award))

    def behind_place(self, at: datetime | None, award_id: int) -> "AwardQuery":
        """What asks for the page that goes on behind this place in the order of the pages."""
        return evolve(self, after=award_id, after_at=at)


class AwardDays(NamedTuple):
    """The civil days of an award, as ISO text, and the zone that they are days of.

    ``expires_on`` is the expiry date as it was typed or computed, ``last_valid_day`` the last day on which the award is
    valid; None where it always is.
    """

    issued_on: str
    expires_on: str | None
    last_valid_day: str | None
    zone: str


@frozen
class AwardRows:
    """A page of awards in columns, for lists of millions: what a file of them says (R-93).

    ``days`` that are alike are best one object. ``kind`` and ``code`` are those of the basis, numbers are decimal text,
    ``status`` is that at the query's ``now``. ``next`` asks for the page that follows; None: this was the last.
    """

    number: Sequence[str] = ()
    learner_id: Sequence[str] = ()
    learner_name: Sequence[str] = ()
    certification_id: Sequence[int] = ()
    days: Sequence[AwardDays] = ()
    kind: Sequence[str] = ()
    code: Sequence[str | None] = ()
    score: Sequence[str | None] = ()
    completed_on: Sequence[str | None] = ()
    credits: Sequence[str | None] = ()
    status: Sequence[Status] = ()
    next: AwardQuery | None = None

    def __len__(self) -> int:
        return len(self.number)

    @classmethod
    def of(cls, awards: Sequence[Award], query: AwardQuery) -> "AwardRows":
        """The columns of these awards, the whole page that ``query`` asks for."""
        more = query.behind(awards[-1]) if awards and len(awards) == query.limit else None
        columns: Any = zip(*(_row_of(award, query.now) for award in awards), strict=True)
        return evolve(cls(*columns), next=more)


def _row_of(award: Award, now: datetime) -> tuple[object, ...]:
    period, details = award.period, award.details
    return (
        award.number,
        award.learner_id,
        award.learner_name,
        award.certification_id,
        AwardDays(period.issued_on.isoformat(), _text(period.expires_on), _text(period.last_valid_day), period.zone),
        award.basis.kind.value,
        award.basis.code,
        _text(details.score),
        _text(details.completed_on),
        _text(details.credits),
        status(award, now),
    )


def _text(value: date | Decimal | None) -> str | None:
    return None if value is None else str(value)


class SearchIndex(ABC):
    """The names of learners and the titles of items as searches know them, besides the directory and the catalog.

    A name is put in with each award that is issued, a title when an item is assigned; `Indexing` takes over what
    changed since. It is kept as `searchable` has it. What somebody no longer has a name for is found by the last one.
    """

    @abstractmethod
    def put_names(self, names: Mapping[str, str]) -> None:
        """Know these learners by these names, by learner id; nothing is written where that is so already."""

    @abstractmethod
    def put_titles(self, titles: Mapping[ItemRef, str]) -> None:
        """Know these items by these titles; nothing is written where that is so already."""

    @abstractmethod
    def forget(self, learner_ids: Collection[str]) -> None:
        """Know no names of these learners any more (R-62); those without are passed over."""

    @abstractmethod
    def learners(self, after: str | None, limit: int) -> Sequence[str]:
        """The ids of those who have awards, of whatever status: at most ``limit``, ascending, all behind ``after``."""

    @abstractmethod
    def items(self, after: ItemRef | None, limit: int) -> Sequence[ItemRef]:
        """The items through which awards were earned: at most ``limit``, by code and kind, all behind ``after``."""
