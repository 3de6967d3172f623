"""Two reviewers at once, as processes: one verdict, and the other is told (R-73, f43)."""

import json
import time
from collections import Counter
from typing import Any

from certcore.domain.history import verifies
from tests.faults.conftest import Copies
from tests.faults.office import CODES, open_office, submitted
from tests.faults.processes import Process, started
from tests.faults.world import ACTOR, Site, check_invariants, site_at

ROUNDS = 200
A_MOMENT = 0.003  # for both to have read their line, in seconds


def one_round(reviewers: list[Process], ref: str, wanted: list[str | None]) -> list[list[Any]]:
    """What both were told."""
    begin = time.time() + A_MOMENT
    for process, equivalence in zip(reviewers, wanted, strict=True):
        process.say(json.dumps([ref, begin, equivalence]))
    return [json.loads(next(process.lines())) for process in reviewers]


def test_f43_of_two_reviewers_one_decides_and_the_other_is_told(copies: Copies) -> None:
    """200 times: whoever is second learns what was decided; every award that is there follows from a verdict."""
    overlaps = 0
    with copies(0) as url, site_at(url) as site:
        registrar, _ = open_office(site)
        with started("reviewer.py", url, "id-mia") as mia, started("reviewer.py", url, "id-carl") as carl:
            assert [next(process.lines()) for process in (mia, carl)] == ["ready", "ready"]
            for number in range(ROUNDS):
                ref = submitted(registrar)
                wanted = [CODES[0], None if number % 2 else CODES[1]]
                answers = one_round([mia, carl], ref, wanted)
                certificate = registrar.reviewing.show(ref, actor=ACTOR)[0].certificate
                won = [told for told, *_ in answers].index("decided")
                assert Counter(told for told, *_ in answers) == {"decided": 1, "not_pending": 1}
                assert {state for _, state, *_ in answers} == {certificate.state}
                assert certificate.review is not None
                assert certificate.review.reviewer_id == ("id-mia", "id-carl")[won]
                assert certificate.state == ("rejected" if wanted[won] is None else "validated")
                (_, _, began, ended), (_, _, other_began, other_ended) = answers
                overlaps += max(began, other_began) < min(ended, other_ended)
        check_office(site)
    print(f"{overlaps} of {ROUNDS} rounds overlapped")  # noqa: T201


def check_office(site: Site) -> None:
    """One award per certification rests on the verdict that came first; each history is a whole chain."""
    with site.storage.reading() as tx:
        accepted = tx.externals.accepted(["id-ana"])["id-ana"]
        certifications = tx.certifications.by_code(CODES)
        live = tx.awards.live([each.id for each in certifications.values()], ["id-ana"])
        entries = tx.history.of([each.id for each in accepted])
    assert len(live) == len(CODES)
    resting = [each.equated.award_id for each in accepted if each.equated and each.equated.award_id]
    assert sorted(resting) == sorted(award.id for award in live.values())
    for certificate in accepted:
        previous = b""
        for entry in entries[certificate.id]:
            assert verifies(previous, entry)
            previous = entry.hash
        assert previous == certificate.head
    check_invariants(site.storage)
