"""Processes under test, started, watched and killed."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Process:
    """A script of this folder that speaks in lines."""

    def __init__(self, script: str, *arguments: str) -> None:
        paths = [str(ROOT), *sys.path]
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(script)), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )

    def lines(self) -> Iterator[str]:
        """What it says, until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line.strip()

    def say(self, line: str = "go") -> None:
        """Give it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """SIGTERM; its exit code."""
        self._process.terminate()
        return self._process.wait(60)

    def answer(self) -> dict[str, Any]:
        """Its last line as JSON, once it has ended well."""
        last = ""
        for last in self.lines():  # noqa: B007 - the last is what counts
            pass
        assert self._process.wait(60) == 0
        answer: dict[str, Any] = json.loads(last)
        return answer

    def close(self) -> None:
        """End it, whatever it does."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def first_to_speak(*processes: Process) -> Process:
    """The one that says something first; what it says is still to be read."""
    pipes = {process._process.stdout.fileno(): process for process in processes if process._process.stdout}
    (pipe, *_), _, _ = select.select(list(pipes), [], [], 60)
    return pipes[pipe]


@contextmanager
def started(script: str, *arguments: str) -> Iterator[Process]:
    """The process, which does not outlive the block."""
    process = Process(script, *arguments)
    try:
        yield process
    finally:
        process.close()
