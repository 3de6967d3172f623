"""Judging completions: all that is known about a batch is read at once, then each is decided by `earn`."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from attrs import evolve, frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import Assignment, Certification, ItemKind, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.decisions import Outcome
from certcore.domain.earning import Case, Earning, earn, older, rejected
from certcore.domain.people import Person
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy, asked
from certcore.domain.renewals import Renewal
from certcore.errors import InvalidValue
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.known_facts import LearnerFacts

_PAGE: Final = 1_000

Holding = tuple[int, str]
"""A certification and a learner, by id."""


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


class Judged(NamedTuple):
    """What was decided for a completion, and from what."""

    entry: Entry
    case: Case
    earning: Earning

    @property
    def is_new(self) -> bool:
        """Whether the completion is to be recorded."""
        return self.earning.outcome is not Outcome.REJECTED and not self.case.repeated


@frozen
class Judge:
    """Judges completions; ``retroactive`` as in `Case`."""

    _ports: Ports
    _now: datetime
    retroactive: bool = False

    def judge(self, tx: Transaction, entries: Sequence[Entry]) -> tuple[list[Judged], list[Entry]]:
        """What is decided for each, in order; and those that wait until what is decided for their learner is written.

        An award that a completion gives decides over the learner's later ones, so these wait.
        """
        carried = tx.certifications.carried_by({entry.completion.item for entry in entries})
        holdings = [_holding(entry, carried) for entry in entries]
        known = self._look_up(tx, entries, holdings, carried)
        judged: list[Judged] = []
        waiting: list[Entry] = []
        awarded: set[Holding] = set()
        held_up: set[str] = set()
        for entry, holding in zip(entries, holdings, strict=True):
            learner_id = entry.learner.id
            if learner_id in held_up or holding in awarded:
                held_up.add(learner_id)
                waiting.append(entry)
                continue
            each = known.judged(entry, holding, retroactive=self.retroactive)
            judged.append(each)
            if each.earning.offer is not None and holding is not None:
                awarded.add(holding)
        return judged, waiting

    def _look_up(
        self,
        tx: Transaction,
        entries: Sequence[Entry],
        holdings: Sequence[Holding | None],
        carried: Mapping[ItemRef, Assignment],
    ) -> "_Known":
        items = {entry.completion.item for entry in entries}
        learners = {entry.learner.id for entry in entries}
        ids = {each.certification_id for each in carried.values()}
        certifications = tx.certifications.by_id(ids)
        linked = {found: {each.item: each for each in of} for found, of in tx.certifications.assigned_to(ids).items()}
        live = tx.awards.live(ids, learners)
        renewals = tx.renewals.of([award.id for award in live.values()])
        policies = _policies(certifications.values(), renewals.values())
        counted = {each.id: counted_items(each, policies[each.id], linked[each.id]) for each in certifications.values()}
        late = _late(entries, holdings, live)
        tx.completions.lock(_deciding_by_more(holdings, counted, late))
        remembers = any(counted.values()) or any(each.auto_renew for each in certifications.values())
        # Where no other completion counts, nothing but a repeat is looked for.
        since = None if remembers else min((entry.completion.at for entry in entries), default=None)
        completions = tx.completions.of(learners, items.union(*counted.values()), since)
        return _Known(
            self._now,
            certifications,
            linked,
            counted,
            live,
            renewals,
            tx.awards.latest_revocations(ids, learners),
            {pair: list(of) for pair, of in completions.items()},
            self._past(tx, late),
            LearnerFacts.of(self._ports, tx, set().union(*policies.values()), learners),
            items - carried.keys() - self._ports.catalog.items(items - carried.keys()).keys(),
        )

    def _past(self, tx: Transaction, late: Collection[Holding]) -> dict[Holding, list[Award]]:
        """The awards that are not live, of those who completed something before they earned the live one."""
        found: dict[Holding, list[Award]] = {}
        for certification_id in {certification_id for certification_id, _ in late}:
            learners = frozenset(learner_id for each, learner_id in late if each == certification_id)
            for award in _all(tx, AwardQuery(self._now, learners, certification_id, limit=_PAGE)):
                if not award.live:
                    found.setdefault((certification_id, award.learner_id), []).append(award)
        return found


@frozen
class _Known:
    """What is known of the learners, items and certifications of some completions."""

    now: datetime
    certifications: Mapping[int, Certification]
    linked: Mapping[int, Mapping[ItemRef, Assignment]]
    counted: Mapping[int, Collection[ItemRef]]
    live: Mapping[Holding, Award]
    renewals: Mapping[int, Renewal]
    revoked: Mapping[Holding, datetime]
    completions: dict[tuple[str, ItemRef], list[Completion]]
    past: Mapping[Holding, Sequence[Award]]
    facts: LearnerFacts
    unknown: Collection[ItemRef]

    def judged(self, entry: Entry, holding: Holding | None, *, retroactive: bool) -> Judged:
        """What is decided for the completion, which counts as recorded from then on."""
        case = self._case(entry, holding, retroactive=retroactive)
        item = entry.completion.item
        judged = Judged(entry, case, rejected("unknown_item", item=str(item)) if item in self.unknown else earn(case))
        if judged.is_new:
            self.completions.setdefault((entry.learner.id, item), []).append(entry.completion)
        return judged

    def _case(self, entry: Entry, holding: Holding | None, *, retroactive: bool) -> Case:
        completion, learner = entry.completion, entry.learner
        same = self.completions.get((learner.id, completion.item), ())
        repeated = bool(same) and any(each.at == completion.at for each in same)
        if holding is None:
            return Case(completion, learner, self.now, repeated=repeated)
        live = self.live.get(holding)
        return Case(
            completion,
            learner,
            self.now,
            self.certifications[holding[0]],
            self.linked[holding[0]],
            self._others(completion, holding[0], same),
            repeated,
            live,
            None if live is None else self.renewals.get(live.id),
            self.past.get(holding, ()),
            self.revoked.get(holding),
            self.facts.of_learner(learner.id, entry.facts),
            retroactive,
            entry.again,
        )

    def _others(
        self, completion: Completion, certification_id: int, same: Sequence[Completion]
    ) -> Sequence[Completion]:
        """The learner's other completions of the item, or of all that count for the certification."""
        counted = self.counted[certification_id]
        if counted:
            same = [each for item in counted for each in self.completions.get((completion.learner_id, item), ())]
        return [each for each in same if each.key != completion.key]


def _late(entries: Iterable[Entry], holdings: Iterable[Holding | None], live: Mapping[Holding, Award]) -> set[Holding]:
    """The live awards that somebody earned after a completion that is reported only now."""
    found: set[Holding] = set()
    for entry, holding in zip(entries, holdings, strict=True) if live else ():
        held = None if holding is None else live.get(holding)
        if holding is not None and held is not None and older(entry.completion, held):
            found.add(holding)
    return found


def _deciding_by_more(
    holdings: Iterable[Holding | None], counted: Mapping[int, Collection[ItemRef]], late: Collection[Holding]
) -> set[str]:
    """The learners for whom other completions or past awards count as well, which nobody else may add to meanwhile."""
    if not (late or any(counted.values())):
        return set()
    return {each[1] for each in holdings if each is not None and (counted[each[0]] or each in late)}


def _holding(entry: Entry, carried: Mapping[ItemRef, Assignment]) -> Holding | None:
    assignment = carried.get(entry.completion.item)
    return None if assignment is None else (assignment.certification_id, entry.learner.id)


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
        query = evolve(query, after=page[-1].id)
