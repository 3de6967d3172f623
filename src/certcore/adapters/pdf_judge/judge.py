"""The judge of PDFs: a quick look at a file's edges here, and a look inside in a process of its own."""

import logging
import os
import sys
from importlib.util import find_spec
from threading import Lock
from types import TracebackType
from typing import Final, Self

from certcore.adapters.pdf_judge.edges import outside
from certcore.adapters.pdf_judge.process import Gone, Process
from certcore.domain.files import FileJudgement, FileLimits, Finding, digest_of
from certcore.errors import InvalidValue, NotInstalled
from certcore.ports import FileJudge

_FILES_PER_PROCESS: Final = 1_000
_PATIENCE: Final = 5
_log = logging.getLogger(__name__)


class PdfJudge(FileJudge):
    """Judges PDFs by their bytes (R-71), one after another in a process that is kept warm.

    That process has no more memory than ``limits.memory``, writes no file and opens no connection. It is ended when it
    computes longer than ``limits.seconds`` for a file, killed with all it started when five times that has passed by
    the clock, and replaced after a file that ended it. Threads take turns; a host that forks gets a process of its own
    in each fork. ``python`` is the interpreter to run. Close the judge, or use it in a ``with`` statement, to end the
    process before the judge is collected. Needs the extra ``upload`` and a POSIX system.
    """

    _process: Process | None

    def __init__(self, limits: FileLimits = FileLimits(), *, python: str = sys.executable) -> None:
        if find_spec("pypdf") is None:
            raise NotInstalled("pypdf", "upload")
        self._limits = limits
        self._python = python
        self._begin()

    @property
    def limits(self) -> FileLimits:
        return self._limits

    def judge(self, content: bytes) -> FileJudgement:
        if found := outside(content, self._limits):
            return FileJudgement.of(content, [found])
        if self._owner != os.getpid():
            self._begin()
        with self._lock:
            findings, pages = self._inside(content)
        return FileJudgement.of(content, findings, pages)

    def close(self) -> None:
        """End the process; the next file starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _begin(self) -> None:
        self._owner = os.getpid()
        self._lock = Lock()
        self._process = None

    def _inside(self, content: bytes) -> tuple[list[Finding], int | None]:
        try:
            process = self._ready()
        except (OSError, Gone):
            _log.exception("the process that judges files cannot be started")
            return [Finding("checker_failed")], None
        try:
            answer = process.ask(content, self._limits.seconds * _PATIENCE)
            findings = [Finding(code, params) for code, params in answer["findings"]]
            return findings, answer["pages"]
        except (TimeoutError, Gone, ValueError, KeyError, TypeError, InvalidValue) as error:
            self.close()
            if isinstance(error, TimeoutError) or process.computed_too_long:
                return [Finding("took_too_long", {"limit": self._limits.seconds})], None
            _log.warning("the process that judges files ended at the one with SHA-256 %s", digest_of(content))
            return [Finding("checker_stopped")], None
        except BaseException:
            self.close()
            raise

    def _ready(self) -> Process:
        if self._process is not None and (not self._process.alive or self._process.files >= _FILES_PER_PROCESS):
            self.close()
        process = self._process or Process.judging(self._limits, self._python)
        self._process = process
        return process
