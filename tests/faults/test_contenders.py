"""Two processes renew, revoke and import the same award at once: always one serial order (R-23, R-52, f14, f15)."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, count
from typing import Any, Final

from attrs import frozen

from tests.faults.acts import Told, furnish_duty, live_number, perform, told_and_stored
from tests.faults.conftest import Copies
from tests.faults.processes import Process, started
from tests.faults.world import Site, check_invariants, site_at

ROUNDS: Final = 200
A_MOMENT: Final = 0.003  # for both to have read their line, in seconds
APART: Final = 0.004  # at most between their beginnings, so that they meet at different points

Acts = tuple[str, ...]
Order = str
"""Whose turn it is, act by act: ``abb`` when one acts once before the other acts twice."""


@frozen
class Contest:
    """What two processes do to one award, each its acts in turn, after what was done before."""

    one: Acts
    other: Acts
    before: Acts = ()

    def orders(self) -> Iterator[Order]:
        """Every serial order of the acts of both."""
        total = len(self.one) + len(self.other)
        for places in combinations(range(total), len(self.one)):
            yield "".join("a" if place in places else "b" for place in range(total))


RENEWAL: Final = ("start", "complete")
CONTESTS: Final = (
    Contest(RENEWAL, ("revoke",)),
    Contest(RENEWAL, RENEWAL),
    Contest(RENEWAL, ("import",)),
    Contest(RENEWAL, ("update", "revoke")),
    Contest(RENEWAL, ("import", "revoke")),
    Contest(("complete",), ("revoke",), before=("start",)),
    Contest(("complete", "cancel"), ("import after",), before=("start",)),
    Contest(("complete", "start"), ("cancel", "complete after"), before=("start",)),
    Contest(("revoke", "complete after"), ("import", "import after")),
    Contest(("revoke", "import after"), RENEWAL),
    Contest(("import",), ("import another", "revoke")),
    Contest(("revoke",), ("revoke", "import after")),
    Contest(("revoke and restore",), ("import another", "complete after"), before=RENEWAL),
    Contest(("update", "start"), ("import", "complete after")),
)


def test_f15_two_processes_on_one_award_end_as_in_one_serial_order(copies: Copies) -> None:
    """200 rounds: what is stored, and what both were told, is what some order of their acts leaves and tells."""
    met: Counter[str] = Counter()
    overlaps = 0
    chance = random.Random(1)
    learners = count()
    with copies(0) as url, site_at(url) as site:
        furnish_duty(site, ROUNDS + sum(len(list(contest.orders())) for contest in CONTESTS))
        serial = [serial_ends(site, contest, learners) for contest in CONTESTS]
        with started("contender.py", url) as one, started("contender.py", url) as other:
            assert [next(process.lines()) for process in (one, other)] == ["ready", "ready"]
            for number in range(ROUNDS):
                contest, ends = CONTESTS[number % len(CONTESTS)], serial[number % len(CONTESTS)]
                learner = next(learners)
                told, overlapped = one_round(site, contest, learner, (one, other), chance)
                end = told_and_stored(site, learner, told)
                assert end in ends, f"{contest} ended as in no order:\n" + "\n".join(end)
                met[ends[end]] += 1
                overlaps += overlapped
        check_invariants(site.storage)
    print(f"{overlaps} of {ROUNDS} rounds overlapped, ends: {dict(met)}")  # noqa: T201


def serial_ends(site: Site, contest: Contest, learners: Iterator[int]) -> Mapping[tuple[str, ...], Order]:
    """What is told and stored at the end of each order of the acts, done one after the other; and that order."""
    ends: dict[tuple[str, ...], Order] = {}
    for order in contest.orders():
        learner = next(learners)
        number = begun(site, contest, learner)
        acts = {"a": iter(contest.one), "b": iter(contest.other)}
        told: dict[str, list[Told]] = {"a": [], "b": []}
        for turn in order:
            told[turn].append(perform(site, next(acts[turn]), learner, number))
        end = told_and_stored(site, learner, [*told["a"], *told["b"]])
        ends.setdefault(end, order)
    return ends


def begun(site: Site, contest: Contest, learner: int) -> str:
    """The number of the learner's award, once all is done that comes before."""
    number = live_number(site, learner)
    for act in contest.before:
        perform(site, act, learner, number)
    return live_number(site, learner)


def one_round(
    site: Site, contest: Contest, learner: int, processes: Sequence[Process], chance: random.Random
) -> tuple[list[Told], bool]:
    """What both were told, and whether they overlapped."""
    number = begun(site, contest, learner)
    begin = time.time() + A_MOMENT
    for process, acts in zip(processes, (contest.one, contest.other), strict=True):
        process.say(json.dumps([acts, learner, number, begin + chance.random() * APART]))
    answers: list[list[Any]] = [json.loads(next(process.lines())) for process in processes]
    (told, began, ended), (other_told, other_began, other_ended) = answers
    return [*told, *other_told], max(began, other_began) < min(ended, other_ended)
