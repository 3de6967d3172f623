"""Takes from a process all that judging a file does not need: memory, time, writing, other programs, the network."""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from certcore.domain.files import FileLimits

_FORBIDDEN: Final = ("socket.", "subprocess.", "os.", "shutil.", "ctypes.", "tempfile.", "pty.", "urllib.", "http.")
_ALLOWED: Final = frozenset({"os.listdir", "os.scandir"})  # an import looks into folders
_BROKEN_OUT: Final = 70


def confine(limits: FileLimits) -> None:
    """From here on the process may use ``limits.memory`` of address space, and read modules, and nothing else.

    What tries more ends at once.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # a host may ignore it, and that is inherited
    _limit(resource.RLIMIT_AS, limits.memory)
    for kind in ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NPROC"):
        if hasattr(resource, kind):
            _limit(getattr(resource, kind), 0)
    places = [Path(each) for each in {*sys.path, sys.prefix, sys.base_prefix}]
    folders = tuple({f"{each}{os.sep}" for place in places for each in (place.absolute(), place.resolve())})

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            reads = not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if reads and isinstance(path, str) and os.path.normpath(path).startswith(folders):
                return
        elif event in _ALLOWED or not event.startswith(_FORBIDDEN):
            return
        os._exit(_BROKEN_OUT)

    sys.addaudithook(watch)


@contextmanager
def computing(seconds: float) -> Iterator[None]:
    """Let the system end the process, with `SIGPROF`, when it computes longer; waiting for the processor is free."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)


def _limit(kind: int, most: int) -> None:
    with suppress(OSError, ValueError):  # a system that has no such limit
        resource.setrlimit(kind, (most, most))
