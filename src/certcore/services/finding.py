"""Finding awards by what people know of them: the filters of searches and exports (R-90, R-93)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict, TypeVar, cast

from attrs import evolve, frozen

from certcore.domain.awards import Award, Status
from certcore.domain.certifications import ItemRef
from certcore.domain.checks import member, nfc
from certcore.domain.numbers import normal_number
from certcore.domain.searching import Days, phrases
from certcore.domain.time import parse_date
from certcore.domain.views import Viewer
from certcore.errors import InvalidValue, NotFound
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.defining import find_certification

T = TypeVar("T")
R = TypeVar("R")


class Filters(TypedDict, total=False):
    """What awards have to be to be found; what is absent or None does not filter.

    ``username`` is the whole of it, ``name`` the beginnings of words of the learner's name, ``title`` those of the
    title of the course, plan or activity behind the award, whatever their case and accents. ``groups`` and ``branches``
    have the learner as a member, a branch also by its sub-branches. ``certifications`` are codes or ids, ``items``
    those behind the award, ``numbers`` certificate numbers however they are typed. ``issued`` and ``expires`` are days
    of issue and expiry in the award's own zone. ``statuses`` are judged as of the search. Where several may be named,
    one alone needs no list around it; empty lists find nothing, but empty ``statuses`` are all of them.
    """

    username: str | None
    name: str | None
    groups: str | Collection[str] | None
    branches: str | Collection[str] | None
    title: str | None
    items: ItemRef | Collection[ItemRef] | None
    certifications: str | int | Collection[str | int] | None
    numbers: str | Collection[str] | None
    statuses: Status | Collection[Status] | None
    issued: Days | None
    expires: Days | None


def document_of(filters: Filters) -> dict[str, object]:
    """The filters as JSON has them, for a job; what does not filter is left out."""
    given = {key: value for key, value in filters.items() if value is not None}
    return {key: value if key in _TEXTS else _listed(value) for key, value in given.items()}


def _listed(value: Any) -> list[object]:
    if isinstance(value, Days):
        return [None if day is None else day.isoformat() for day in (value.first, value.last)]
    return [each if isinstance(each, int) else str(each) for each in _each(value)]


def filters_from(document: Mapping[str, Any]) -> Filters:
    """What `document_of` was given; raises for anything else."""
    _check_known(document)
    return cast(Filters, {key: _READ.get(key, tuple)(value) for key, value in document.items()})


def _check_known(filters: Mapping[str, Any]) -> None:
    if unknown := filters.keys() - Filters.__annotations__.keys():
        raise InvalidValue("filters", ", ".join(sorted(unknown)), f"one of {', '.join(Filters.__annotations__)}")


def _status(status: Status | str) -> Status:
    return member(Status, "statuses", status)


def _days_from(pair: Iterable[str | None]) -> Days:
    return Days(*(None if each is None else parse_date(each) for each in pair))


_TEXTS = ("username", "name", "title")
_READ: Mapping[str, Callable[[Any], object]] = {
    **dict.fromkeys(_TEXTS, str),
    "items": lambda values: tuple(map(ItemRef.parse, values)),
    "statuses": lambda values: tuple(map(_status, values)),
    "issued": _days_from,
    "expires": _days_from,
}


@frozen
class Emptied:
    """Which ``filters`` find nothing: one by itself, or several that each find something but nothing in common.

    None at all: there is no award that may be seen. ``live`` says that only live ones were asked for.
    """

    filters: tuple[str, ...] = ()
    live: bool = False

    @property
    def sentence(self) -> str:
        """It in words, with the way to mend it."""
        award = "live award" if self.live else "award"
        if not self.filters:
            return f"There are no {award}s that you may see."
        names = " and ".join(self.filters)
        if len(self.filters) == 1:
            return f"No {award} fits the filter {names} by itself; leave it out, or correct it."
        return f"No {award} fits the filters {names} together, though each fits some; leave one of them out."


def query_for(ports: Ports, tx: Transaction, viewer: Viewer, now: datetime, filters: Filters) -> AwardQuery:
    """What asks the storage for the awards that the viewer may see and all filters fit.

    What names nothing known fits nothing. Raises `InvalidValue` for text that cannot be asked for, and for any other
    filter.
    """
    _check_known(filters)
    name, title = filters.get("name"), filters.get("title")
    refs, numbers, items = (_each(filters.get(key)) for key in ("certifications", "numbers", "items"))
    return AwardQuery(
        now,
        _learners(ports, viewer, filters),
        None if refs is None else _known(lambda ref: find_certification(tx, ref).id, refs),
        None if numbers is None else {normal for each in numbers if (normal := normal_number(each)) is not None},
        frozenset(map(_status, _each(filters.get("statuses")) or ())),
        basis_items=None if items is None else frozenset(items),
        names=() if name is None else phrases("name", name),
        titles=() if title is None else phrases("title", title),
        issued=filters.get("issued"),
        expires=filters.get("expires"),
    )


def emptied(
    ports: Ports, tx: Transaction, viewer: Viewer, now: datetime, filters: Filters, *, live: bool | None = None
) -> Emptied:
    """Why nothing fits: the first filter that fits nothing by itself, else the first few that do not together.

    ``live`` is that of an `AwardQuery`.
    """
    given = [name for name, value in filters.items() if value is not None]
    together = [tuple(given[:count]) for count in range(2, len(given) + 1)]
    for names in [(), *((each,) for each in given), *together]:
        some = cast(Filters, {each: filters[each] for each in names})  # type: ignore[literal-required]
        query = query_for(ports, tx, viewer, now, some)
        if not visible(tx, evolve(query, limit=_LOOKED_AT, live=live), viewer):
            return Emptied(names, bool(live))
    return Emptied(tuple(given), bool(live))


_LOOKED_AT = 50
"""More than one, since a learner sees nothing of what was taken from them."""


def visible(tx: Transaction, query: AwardQuery, viewer: Viewer) -> list[Award]:
    """A whole page of the awards that the viewer may see of those that ``query`` asks for."""
    found: list[Award] = []
    while (wanted := query.limit - len(found)) > 0:
        page = tx.awards.search(evolve(query, limit=wanted))
        found += [each for each in page if viewer.shown(each) is not None]
        if len(page) < wanted:
            break
        query = query.behind(page[-1])
    return found


def _learners(ports: Ports, viewer: Viewer, filters: Filters) -> frozenset[str] | None:
    """The ids of those who can have what is looked for; None for everybody."""
    chosen = [] if viewer.scope.everyone else [viewer.scope.learners]
    username, groups, branches = filters.get("username"), _each(filters.get("groups")), _each(filters.get("branches"))
    if username is not None:
        wanted = nfc(username.strip())
        chosen.append(frozenset(person.id for person in ports.directory.match([wanted]).values()))
    if groups is not None:
        chosen.append(_members(lambda name: ports.directory.member_ids([name], []), groups))
    if branches is not None:
        chosen.append(_members(lambda name: ports.directory.member_ids([], [name]), branches))
    return frozenset.intersection(*chosen) if chosen else None


def _members(of: Callable[[str], Collection[str]], names: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*_known(of, map(nfc, names)))


def _each(named: Any) -> Any:
    """What may be one or several, as several."""
    return [named] if isinstance(named, (str, int, ItemRef)) else named


def _known(find: Callable[[T], R], refs: Iterable[T]) -> list[R]:
    """What is found of these; what is not there is left out."""
    found = []
    for ref in refs:
        try:
            found.append(find(ref))
        except NotFound:
            continue
    return found
