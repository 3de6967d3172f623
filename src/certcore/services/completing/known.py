"""What is known of the learners, items and certifications of a batch of completions, looked up for all at once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from attrs import field, frozen

from certcore.domain.alike import Earnings
from certcore.domain.awards import Award
from certcore.domain.certifications import Assignment, Certification, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.earning import older
from certcore.domain.issuing import each_once
from certcore.domain.people import Person
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy, asked
from certcore.domain.renewals import Renewal
from certcore.errors import InvalidValue
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.known_facts import LearnerFacts
from certcore.services.units import live_of

T = TypeVar("T")

_PAGE: Final = 1_000

Done = dict[str, list[Completion]]
"""The completions of one item by learner."""


class Entry(NamedTuple):
    """One completion to be judged, at its ``place`` among those given; the learner by the ``name`` given.

    ``again`` as in `Case`.
    """

    place: int
    name: str
    learner: Person
    completion: Completion
    facts: Facts = NO_FACTS
    again: bool = False


@frozen(eq=False)
class Standing:
    """How learners stand with one certification, by their ids; ``awarded`` are those who get it by what is judged."""

    certification: Certification
    linked: Mapping[ItemRef, Assignment]
    live: Mapping[str, Award]
    revoked: Mapping[str, datetime]
    past: Mapping[str, Sequence[Award]]
    awarded: set[str] = field(factory=set, init=False)


@frozen(eq=False)
class Way:
    """An item, how learners stand with the certification that it carries if any, and what completions of it earn.

    ``done`` has those recorded and those judged so far. ``deciding`` are the items of which a learner's other
    completions decide too. ``unknown`` says that there is no such item.
    """

    item: ItemRef
    done: Done
    unknown: bool = False
    standing: Standing | None = None
    deciding: Collection[ItemRef] = ()
    earnings: Earnings = field(factory=Earnings)


@frozen(eq=False)
class Known:
    """What is known of learners: what they completed of each item, renewals by award, and what policies may ask."""

    done: Mapping[ItemRef, Done]
    renewals: Mapping[int, Renewal]
    facts: LearnerFacts | None


def look_up(ports: Ports, tx: Transaction, entries: Sequence[Entry], now: datetime) -> tuple[Known, list[Way]]:
    """What is known of the learners, and the way of each entry."""
    items = [entry.completion.item for entry in entries]
    different = set(items)
    carried = tx.certifications.carried_by(different)
    met = _met(each_once(carried.get, items), entries)
    certifications = tx.certifications.by_id(met)
    linked = {found: {each.item: each for each in of} for found, of in tx.certifications.assigned_to(met).items()}
    live = _by_certification(live_of(tx, {found: [each.learner.id for each in of] for found, of in met.items()}))
    renewals = tx.renewals.of([award.id for held in live.values() for award in held.values()])
    policies = _policies(certifications.values(), renewals.values())
    counted = {each.id: counted_items(each, policies[each.id], linked[each.id]) for each in certifications.values()}
    late = {found: _late(met[found], held) for found, held in live.items()}
    tx.completions.lock(_deciding_by_more(met, counted, late))
    learners = {entry.learner.id for entry in entries}
    # Where no other completion counts, nothing but a repeat is looked for.
    remembers = any(counted.values()) or any(each.auto_renew for each in certifications.values())
    since = None if remembers else min((entry.completion.at for entry in entries), default=None)
    recorded = tx.completions.of(learners, different.union(*counted.values()), since)
    done: dict[ItemRef, Done] = {item: {} for item in different}
    for (learner_id, item), completions in recorded.items():
        done.setdefault(item, {})[learner_id] = list(completions)
    revoked = _by_certification(tx.awards.latest_revocations(met, learners))
    past = {found: _past(tx, found, of, now) for found, of in late.items() if of}
    standings = {
        found: Standing(each, linked[found], live.get(found, {}), revoked.get(found, {}), past.get(found, {}))
        for found, each in certifications.items()
    }
    missing = different - carried.keys()
    missing -= ports.catalog.items(missing).keys()

    def way(item: ItemRef) -> Way:
        if item not in carried:
            return Way(item, done[item], item in missing)
        certification = certifications[carried[item].certification_id]
        others = counted[certification.id] or ((item,) if certification.auto_renew else ())
        return Way(item, done[item], standing=standings[certification.id], deciding=others)

    facts = LearnerFacts.of(ports, tx, set().union(*policies.values()), learners)
    ways = {item: way(item) for item in different}
    return Known(done, renewals, facts or None), each_once(ways.__getitem__, items)


def _met(assignments: Iterable[Assignment | None], entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """What was completed for each certification, by its id."""
    met: dict[int, list[Entry]] = {}
    for assignment, entry in zip(assignments, entries, strict=True):
        if assignment is not None:
            met.setdefault(assignment.certification_id, []).append(entry)
    return met


def _by_certification(found: Mapping[tuple[int, str], T]) -> dict[int, dict[str, T]]:
    nested: dict[int, dict[str, T]] = {}
    for (certification_id, learner_id), each in found.items():
        nested.setdefault(certification_id, {})[learner_id] = each
    return nested


def _late(entries: Iterable[Entry], live: Mapping[str, Award]) -> frozenset[str]:
    """The learners who earned their live award after a completion that is reported only now."""
    beside = ((entry, live.get(entry.learner.id)) for entry in entries)
    return frozenset(entry.learner.id for entry, held in beside if held is not None and older(entry.completion, held))


def _deciding_by_more(
    met: Mapping[int, Iterable[Entry]], counted: Mapping[int, Collection[ItemRef]], late: Mapping[int, Collection[str]]
) -> set[str]:
    """The learners for whom other completions or past awards count as well, which nobody else may add to meanwhile."""
    found = set[str]().union(*late.values())
    return found.union(*({each.learner.id for each in of} for key, of in met.items() if counted[key]))


def _past(tx: Transaction, certification_id: int, learner_ids: frozenset[str], now: datetime) -> dict[str, list[Award]]:
    """The awards of these learners that are not live."""
    found: dict[str, list[Award]] = {}
    for award in _all(tx, AwardQuery(now, learner_ids, {certification_id}, limit=_PAGE)):
        if not award.live:
            found.setdefault(award.learner_id, []).append(award)
    return found


def _policies(certifications: Iterable[Certification], renewals: Iterable[Renewal]) -> dict[int, set[RenewalPolicy]]:
    """The policies that decide, by certification: the one in force, and those of renewals (R-3)."""
    found = {each.id: {each.policy} for each in certifications}
    for each in renewals:
        found[each.certification_id].add(each.policy)
    return found


def counted_items(
    certification: Certification, policies: Iterable[RenewalPolicy], linked: Iterable[ItemRef]
) -> frozenset[ItemRef]:
    """The items whose completions decide besides the one that is judged; empty where no other does."""
    wanted = [asked(policy) for policy in policies]
    if certification.items_needed == 1 and not any(each.completions for each in wanted):
        return frozenset()
    return frozenset(linked).union(*(_named(name) for each in wanted for name in each.items))


def _named(name: str) -> list[ItemRef]:
    """The items that a policy's name may stand for: ``kind:code``, or a code of any kind."""
    found: list[ItemRef] = []
    for text in (name, *(f"{kind}:{name}" for kind in ItemKind)):
        try:
            found.append(ItemRef.parse(text))
        except InvalidValue:
            continue
    return found


def _all(tx: Transaction, query: AwardQuery) -> Iterator[Award]:
    """Every award that the query asks for, page by page."""
    while page := tx.awards.search(query):
        yield from page
        query = query.behind(page[-1])
