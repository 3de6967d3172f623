"""Judging completions: all that is known about a batch is read at once, then each is decided by `earn`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from attrs import frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.completions import Completion
from certcore.domain.decisions import Outcome
from certcore.domain.earning import Case, Earning, rejected
from certcore.domain.renewals import Renewal
from certcore.ports import Ports, Transaction
from certcore.services.completing.known import Entry, Known, Standing, Way, look_up


class Judged(NamedTuple):
    """What was decided for a completion, whether it is to be recorded, and from what, as in `Case`."""

    entry: Entry
    earning: Earning
    is_new: bool
    certification: Certification | None = None
    live: Award | None = None
    renewal: Renewal | None = None
    revoked_at: datetime | None = None


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
        known, ways = look_up(self._ports, tx, entries, self._now)
        judged: list[Judged] = []
        waiting: list[Entry] = []
        held_up: set[str] = set()
        for entry, way in zip(entries, ways, strict=True):
            learner_id, standing = entry.learner.id, way.standing
            if learner_id in held_up or (standing is not None and learner_id in standing.awarded):
                held_up.add(learner_id)
                waiting.append(entry)
                continue
            each = self._judged(entry, way, standing, known)
            judged.append(each)
            if each.is_new:
                way.done.setdefault(learner_id, []).append(entry.completion)
            if standing is not None and each.earning.offer is not None:
                standing.awarded.add(learner_id)
        return judged, waiting

    def _judged(self, entry: Entry, way: Way, standing: Standing | None, known: Known) -> Judged:
        _, _, learner, completion, facts, again = entry
        learner_id = learner.id
        same = way.done.get(learner_id)
        repeated = same is not None and any(each.at == completion.at for each in same)
        if way.unknown:
            return Judged(entry, rejected("unknown_item", item=str(way.item)), is_new=False)
        if standing is None:
            earning = way.earnings.of(Case(completion, learner, self._now, repeated=repeated))
            return Judged(entry, earning, is_new=not repeated and earning.outcome is not Outcome.REJECTED)
        live = standing.live.get(learner_id)
        renewal = None if live is None else known.renewals.get(live.id)
        revoked_at = standing.revoked.get(learner_id)
        case = Case(
            completion,
            learner,
            self._now,
            standing.certification,
            standing.linked,
            list(_others(completion, way, known)) if way.deciding else (),
            repeated,
            live,
            renewal,
            standing.past.get(learner_id, ()),
            revoked_at,
            facts if known.facts is None else known.facts.of_learner(learner_id, facts),
            self.retroactive,
            again,
        )
        earning = way.earnings.of(case)
        is_new = not repeated and earning.outcome is not Outcome.REJECTED
        return Judged(entry, earning, is_new, standing.certification, live, renewal, revoked_at)


def _others(completion: Completion, way: Way, known: Known) -> Iterator[Completion]:
    """The learner's other completions that decide as well."""
    for item in way.deciding:
        for each in known.done.get(item, {}).get(completion.learner_id, ()):
            if each.key != completion.key:
                yield each
