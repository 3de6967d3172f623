"""A process that awards a hundred learners in its own order, and says which of the awards are its own.

Arguments: the url of the storage, the id of the certification.
"""

import json
import os
import random
import sys

from attrs import evolve

from certcore.adapters.sql import SqlStorage
from certcore.domain.numbers import new_ids, new_numbers, new_tokens
from certcore.errors import Conflict, Retryable
from certcore.testing.builders import make_award, make_entry, make_event
from certcore.testing.storage.base import store

LEARNERS = 100


def main(url: str, certification_id: int) -> None:
    storage = SqlStorage(url)
    won = []
    for learner in random.sample(range(LEARNERS), LEARNERS):
        award = evolve(
            make_award(
                learner_id=f"learner {learner}", certification_id=certification_id, id=new_ids(1, os.urandom)[0]
            ),
            number=new_numbers(1, os.urandom)[0],
            token=new_tokens(1, os.urandom)[0],
        )
        while True:
            try:
                store(storage, award, make_entry(award), make_event(award))
                won.append(award.id)
            except Retryable:
                continue
            except Conflict:
                pass  # the other process was first
            break
    storage.close()
    json.dump(won, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
