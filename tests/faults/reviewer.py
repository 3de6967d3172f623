"""A process that reviews external certificates, one whenever it is given a line, while another reviews the same ones.

Arguments: the url of the storage, the reviewer's id. It writes ``ready``; each line is JSON with the id of a
certificate, the instant to begin, and the equivalence to validate it with, or none to reject it. It answers each with a
line: what became of it, and when it began and ended.
"""

import json
import sys
import time

from certcore.domain.people import Actor
from certcore.errors import NotPending
from tests.faults.world import site_at


def main(url: str, reviewer_id: str) -> None:
    actor = Actor(reviewer_id)
    with site_at(url) as site:
        reviewing = site.registrar.reviewing
        print("ready", flush=True)  # noqa: T201
        for line in sys.stdin:
            ref, begin, equivalence = json.loads(line)
            while time.time() < begin:
                pass
            began = time.time()
            try:
                if equivalence is None:
                    record = reviewing.reject(ref, actor=actor, comment="no")
                else:
                    record = reviewing.validate(ref, actor=actor, equivalence=equivalence)
                told = ["decided", record.certificate.state]
            except NotPending as refusal:
                told = [refusal.code, refusal.state]
            print(json.dumps([*told, began, time.time()]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
