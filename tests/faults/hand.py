"""A process that awards learners by hand, one at a time in an order of its own, while another imports.

Arguments: the url of the storage, how many learners, what to do with those who hold an award. It writes ``ready``,
waits for a line, and at the end writes the outcome of each learner in the order of its acts, as JSON.
"""

import json
import random
import sys
from datetime import date

from certcore.domain.decisions import Held
from certcore.services.awarding import AwardRequest
from tests.faults.world import ACTOR, site_at, user


def main(url: str, learners: str, held: str) -> None:
    numbers = list(range(int(learners)))
    random.Random(1).shuffle(numbers)
    with site_at(url) as site:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        outcomes = []
        for number in numbers:
            request = AwardRequest(
                certification="SAFE-1", issued_on=date(2026, 2, 2), usernames=[user(number)], held=Held(held)
            )
            (outcome,) = site.registrar.awarding.award(request, actor=ACTOR).outcomes
            outcomes.append([outcome.username, outcome.outcome, outcome.number])
    print(json.dumps({"outcomes": outcomes}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
