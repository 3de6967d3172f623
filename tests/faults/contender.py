"""A process that acts on the awards of learners, while another acts on the same ones.

Argument: the url of the storage. It writes ``ready``; each line is JSON with acts, a learner, the number of the
learner's award and the instant to begin. It answers each with a line: what the acts were told, and when the first began
and the last ended.
"""

import json
import sys
import time

from tests.faults.acts import perform
from tests.faults.world import site_at


def main(url: str) -> None:
    with site_at(url) as site:
        print("ready", flush=True)  # noqa: T201
        for line in sys.stdin:
            acts, learner, number, begin = json.loads(line)
            while time.time() < begin:
                pass
            began = time.time()
            told = [perform(site, act, learner, number) for act in acts]
            print(json.dumps([told, began, time.time()]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
