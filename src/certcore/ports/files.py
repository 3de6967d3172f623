"""Files that people upload: who judges them, who looks for viruses in them, and where they are kept."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime

from certcore.domain.files import DocumentRef, FileJudgement, FileLimits


class FileJudge(ABC):
    """Says whether an uploaded file may be stored: by its bytes, never by its name or claimed type (R-71)."""

    @property
    @abstractmethod
    def limits(self) -> FileLimits:
        """What a file may be; `FileLimits.read` reads no more of an upload than is needed to judge it."""

    @abstractmethod
    def judge(self, content: bytes) -> FileJudgement:
        """The judgement of these bytes, whatever they are: content never makes it raise, hang or store anything."""


class FileScanner(ABC):
    """A virus scanner of the host's. Whatever goes wrong with it, a file is not taken (f54)."""

    @abstractmethod
    def scan(self, content: bytes) -> str | None:
        """None for clean bytes, else the name of what is in them. Raising or never answering counts as not clean."""


class DocumentStore(ABC):
    """Bytes that never change, under their SHA-256, kept once for each holder: the row that points to them (I9).

    One object serves one tenant and any number of threads. The same bytes for two holders are two documents: deleting
    one leaves the other, so nobody counts references and no deletion overtakes a second upload (f52). A row is written
    after its bytes are stored and removed before they are deleted; what is left in between is found by `put_before`.
    """

    @abstractmethod
    def put(self, content: bytes, holder: int) -> DocumentRef:
        """Store the bytes as they are; they are safe when it returns, and a second time changes nothing but their age.

        Raises `StorageError`, and then leaves nothing of them (f38).
        """

    @abstractmethod
    def get(self, ref: DocumentRef) -> bytes:
        """The bytes; `CorruptDocument` when they are not there or their SHA-256 is another one (f40)."""

    @abstractmethod
    def exists(self, refs: Collection[DocumentRef]) -> frozenset[DocumentRef]:
        """Those that are there, whole or not."""

    @abstractmethod
    def delete(self, refs: Collection[DocumentRef]) -> None:
        """Remove these for good; those not there are passed over."""

    @abstractmethod
    def put_before(self, instant: datetime, after: DocumentRef | None, limit: int) -> Sequence[DocumentRef]:
        """A page of documents last put before ``instant``, ascending by digest and holder, all after the one given.

        Who collects what no row points to gives an instant long enough ago that its transaction has ended (f38).
        """
