"""The judge's process as the judge sees it: started apart, asked with a deadline, killed with all its children."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any, Final, Self

from attrs import asdict

from certcore.adapters.pdf_judge.messages import receive, send
from certcore.domain.files import FileLimits

_MODULE: Final = "certcore.adapters.pdf_judge.worker"
_PASSED_ON: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH")
_TO_START: Final = 30.0


class Gone(Exception):  # noqa: N818 - what happened, not whose fault it was
    """The process ended instead of answering."""


class Process:
    """One process at work, in a session of its own, so that it can be killed with whatever it started."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it and wait until it is ready; raises `OSError` or `Gone` when it cannot start."""
        self.files = 0
        self._connection, theirs = socket.socketpair()
        with ExitStack() as undo, theirs:
            undo.callback(self._connection.close)
            self._process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd=os.sep,
                env=_environment(),
            )
            self.kill = weakref.finalize(self, _kill, self._process, self._connection, os.getpid())
            undo.callback(self.kill)
            theirs.close()  # or nobody would notice when the process ends
            self._answer(time.monotonic() + _TO_START)
            undo.pop_all()

    @classmethod
    def judging(cls, limits: FileLimits, python: str) -> Self:
        """The one that judges under these limits."""
        return cls([python, "-P", "-m", _MODULE, json.dumps(asdict(limits))])

    @property
    def computed_too_long(self) -> bool:
        """Whether the system ended it for that, now that it has ended."""
        return self._process.returncode == -signal.SIGPROF

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def ask(self, content: bytes, seconds: float) -> Any:
        """Its answer for a file; raises `TimeoutError` after ``seconds``, and `Gone` when it ended."""
        deadline = time.monotonic() + seconds
        self.files += 1
        self._connection.settimeout(seconds)
        try:
            send(self._connection, content)
        except TimeoutError:
            raise
        except OSError:
            raise Gone from None
        return json.loads(self._answer(deadline))

    def _answer(self, deadline: float) -> bytes:
        try:
            self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
            answer = receive(self._connection)
        except TimeoutError:
            raise
        except OSError:
            raise Gone from None
        if answer is None:
            raise Gone
        return answer


def _environment() -> dict[str, str]:
    """Where modules are, and nothing of what the host keeps in its environment."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(os.path.abspath(each) for each in sys.path)}  # noqa: PTH100


def _kill(process: subprocess.Popen[bytes], connection: socket.socket, owner: int) -> None:
    connection.close()
    if owner == os.getpid():  # and not a fork of the host, for which it does not work
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
