"""A process that imports a file under one idempotency key, says how far it is, and at the end what it reports.

Arguments: the url of the storage, the file, where to write the rejects, the size of a batch; ``wait`` makes it stop
after its first batch until it gets a line. It writes ``ready``, a number of rows after each batch, and the report as
JSON.
"""

import json
import sys
from pathlib import Path

from certcore.codec import import_document
from tests.faults.world import ACTOR, RENEW, site_at


def main(url: str, file: str, rejects: str, batch: str, wait: str = "") -> None:
    waiting = bool(wait)

    def progress(done: int, _total: int) -> None:
        nonlocal waiting
        print(done, flush=True)  # noqa: T201
        if waiting:
            waiting = False
            sys.stdin.readline()

    with (
        site_at(url, batch=int(batch)) as site,
        Path(file).open("rb") as source,
        Path(rejects).open("w", encoding="utf-8", newline="") as target,
    ):
        print("ready", flush=True)  # noqa: T201
        report = site.registrar.importing.run(source, RENEW, actor=ACTOR, progress=progress, rejects=target, key="once")
    print(json.dumps(import_document(report)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
