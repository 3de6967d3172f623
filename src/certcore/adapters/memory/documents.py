"""The document store in memory."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from threading import Lock

from certcore.domain.files import DocumentRef, digest_of
from certcore.errors import CorruptDocument
from certcore.ports import Clock, DocumentStore


class MemoryDocuments(DocumentStore):
    """Keeps documents until the process ends."""

    def __init__(self, clock: Clock = partial(datetime.now, UTC)) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[DocumentRef, tuple[datetime, bytes]] = {}

    def put(self, content: bytes, holder: int) -> DocumentRef:
        ref = DocumentRef(digest_of(content), holder)
        with self._lock:
            self._kept[ref] = self._clock(), bytes(content)
        return ref

    def get(self, ref: DocumentRef) -> bytes:
        with self._lock:
            if ref not in self._kept:
                raise CorruptDocument(ref.digest, "it is not there")
            _, content = self._kept[ref]
        if digest_of(content) != ref.digest:
            raise CorruptDocument(ref.digest, "its bytes are not those that were stored")
        return content

    def exists(self, refs: Collection[DocumentRef]) -> frozenset[DocumentRef]:
        with self._lock:
            return frozenset(ref for ref in refs if ref in self._kept)

    def delete(self, refs: Collection[DocumentRef]) -> None:
        with self._lock:
            for ref in refs:
                self._kept.pop(ref, None)

    def put_before(self, instant: datetime, after: DocumentRef | None, limit: int) -> Sequence[DocumentRef]:
        with self._lock:
            old = [ref for ref, (at, _) in self._kept.items() if at < instant and (after is None or ref > after)]
        return sorted(old)[:limit]
