"""The process that looks inside files: ``python -m certcore.adapters.pdf_judge.worker LIMITS``, a socket as its input.

Messages go both ways as eight bytes of length and then the content: files come in, findings go out as JSON. An empty
message says that it is ready.
"""

import gc
import json
import logging
import socket
import sys

from certcore.adapters.pdf_judge.checking import inside
from certcore.adapters.pdf_judge.confinement import computing, confine
from certcore.adapters.pdf_judge.messages import receive, send
from certcore.domain.files import FileLimits, Finding


def serve(connection: socket.socket, limits: FileLimits) -> None:
    """Answer for every file until the other side closes; after one that took all the memory, end."""
    send(connection, b"")
    while (content := receive(connection)) is not None:
        pages, enough = None, True
        try:
            with computing(limits.seconds):
                findings, pages = inside(content, limits)
        except MemoryError:
            findings, enough = [Finding("too_much_memory", {"bytes": limits.memory})], False
        told = [[finding.code, dict(finding.params)] for finding in findings]
        send(connection, json.dumps({"findings": told, "pages": pages}).encode())
        if not enough:
            return
        gc.collect()


def main() -> None:
    """Serve the standard input, confined."""
    limits = FileLimits(**json.loads(sys.argv[1]))
    logging.disable()
    gc.freeze()
    with socket.socket(fileno=0) as connection:
        confine(limits)
        serve(connection, limits)


if __name__ == "__main__":
    main()
