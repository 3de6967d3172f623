"""Files that queued imports wait with: kept by the document store in parts, each of which fits into memory (R-41).

The job holds the parts and names them, in order, in its checkpoint. Once it does not need the file any more it names
none; then they are deleted, and what a killed process leaves of them is collected with other documents without a row.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO, Final, cast

from certcore.domain.files import DocumentRef
from certcore.domain.jobs import Job
from certcore.ports import DocumentStore, Transaction

PART_BYTES: Final = 4 * 1024 * 1024
_KEY = "file"


def keep(documents: DocumentStore, file: BinaryIO, holder: int) -> dict[str, object]:
    """Store the bytes of the file for the job with that id; what its checkpoint has to say of them."""
    file.seek(0)
    digests = []
    while part := file.read(PART_BYTES):
        digests.append(documents.put(part, holder).digest)
    return {_KEY: digests}


def refs_of(job: Job) -> Sequence[DocumentRef]:
    """The parts of the job's file, in order; none where it has not kept its file."""
    digests: Sequence[str] = job.checkpoint.get(_KEY, ())  # type: ignore[assignment]
    return [DocumentRef(digest, job.id) for digest in digests]


def has_file(job: Job) -> bool:
    """Whether the job has kept its file."""
    return bool(job.checkpoint.get(_KEY))


def naming_file(job: Job) -> dict[str, object]:
    """That part of the job's checkpoint which says where its file is."""
    return {_KEY: job.checkpoint[_KEY]} if has_file(job) else {}


def without_file(checkpoint: Mapping[str, object]) -> dict[str, object]:
    """The checkpoint of a job that does not need its file any more."""
    return {name: value for name, value in checkpoint.items() if name != _KEY}


@contextmanager
def opened(documents: DocumentStore, job: Job) -> Iterator[BinaryIO]:
    """The job's file, put together again; raises `CorruptDocument` when a part is not as it was."""
    with TemporaryFile() as file:
        for ref in refs_of(job):
            file.write(documents.get(ref))
        yield cast(BinaryIO, file)


def held(tx: Transaction, refs: Collection[DocumentRef]) -> set[DocumentRef]:
    """Those of the documents that jobs need."""
    jobs = (tx.jobs.get(holder) for holder in {ref.holder for ref in refs})
    return {ref for job in jobs if job is not None for ref in refs_of(job)}.intersection(refs)
