"""Examining an upload: the judge, then the virus scanner; whatever goes wrong with either, the file is not taken."""

import logging
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import BinaryIO, Final

from attrs import evolve, field, frozen

from certcore.domain.files import FileJudgement, Finding, Verdict
from certcore.ports import FileJudge, FileScanner

_LONGEST_NAME: Final = 100
_log = logging.getLogger(__name__)


@frozen
class Examiner:
    """Says whether an upload may be stored (R-71, f54).

    ``scanner`` has ``seconds`` to answer and is asked for ``at_once`` files at most; a file that finds no room in that
    time is not taken either, so that a scanner that hangs costs no more than that many threads.
    """

    judge: FileJudge
    scanner: FileScanner | None = None
    seconds: float = 30.0
    at_once: int = 8
    _room: BoundedSemaphore = field(init=False, repr=False, eq=False)

    @_room.default
    def _all_free(self) -> BoundedSemaphore:
        return BoundedSemaphore(self.at_once)

    def read(self, stream: BinaryIO) -> tuple[bytes, FileJudgement]:
        """The bytes of an upload, no more of them than its size needs, and what was found in them."""
        content = self.judge.limits.read(stream)
        return content, self.examine(content)

    def examine(self, content: bytes) -> FileJudgement:
        """What judge and scanner found; a file that the judge refuses is not scanned."""
        try:
            judgement = self.judge.judge(content)
        except Exception:
            _log.exception("the judge of files raised")
            return FileJudgement.of(content, [Finding("checker_failed")])
        if self.scanner is None or judgement.verdict is Verdict.REJECT:
            return judgement
        found = self._scanned(self.scanner, content)
        return judgement if found is None else evolve(judgement, findings=(found, *judgement.findings))

    def _scanned(self, scanner: FileScanner, content: bytes) -> Finding | None:
        answers: SimpleQueue[object] = SimpleQueue()

        def scan() -> None:
            try:
                answers.put(scanner.scan(content))
            except BaseException as error:
                _log.exception("the virus scanner raised")
                answers.put(error)
            finally:
                self._room.release()

        if not self._room.acquire(timeout=self.seconds):
            return Finding("scanner_failed")
        Thread(target=scan, daemon=True).start()
        try:
            answer = answers.get(timeout=self.seconds)
        except Empty:
            _log.error("the virus scanner did not answer within %s seconds", self.seconds)
            return Finding("scanner_failed")
        if isinstance(answer, str):
            return Finding("infected", {"name": _shown(answer)})
        return None if answer is None else Finding("scanner_failed")


def _shown(name: str) -> str:
    plain = "".join(letter if letter.isprintable() else "?" for letter in name[:_LONGEST_NAME])
    return plain.strip() or "something"
