"""Importing awards from CSV: survey the file, then judge, decide and write it batch by batch (R-40 to R-46)."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import BinaryIO

from attrs import evolve, frozen

from certcore.codec import JSON
from certcore.domain.cells import OPTIONAL, REQUIRED
from certcore.domain.jobs import Job, JobState
from certcore.domain.numbers import id_from
from certcore.domain.people import Act, Actor
from certcore.errors import CorruptDocument, NotAllowedHere, NotFound
from certcore.ports import DocumentStore, Ports, Transaction
from certcore.services.access import demand
from certcore.services.importing.carrying import Carrying, Progress, changed_file
from certcore.services.importing.judging import Judge
from certcore.services.importing.keeping import has_file, keep, opened, refs_of
from certcore.services.importing.request import JOB_KIND, Asked, ImportReport, ImportRequest, import_job
from certcore.services.importing.survey import People, survey
from certcore.services.importing.table import open_table, sha256_of
from certcore.services.importing.tally import RejectsFile, TextWriter
from certcore.services.importing.undoing import UndoReport, undo
from certcore.services.jobs import Stopping, earlier, never, payload_as, save
from certcore.services.running import Handler, Running, at_once_if_possible
from certcore.services.units import in_unit

_WAITING = (JobState.QUEUED, JobState.RUNNING)


@frozen
class Importing:
    """Imports award files."""

    _ports: Ports

    def run(
        self,
        file: BinaryIO,
        request: ImportRequest,
        *,
        actor: Actor,
        dry_run: bool = False,
        progress: Progress = lambda _done, _total: None,
        rejects: TextWriter | None = None,
        key: str | None = None,
    ) -> ImportReport:
        """Turn the rows of a seekable binary ``file`` into awards, and report what became of each (R-40 to R-46).

        Rows that cannot be used are reported and, with ``rejects``, written there as CSV that can be corrected and
        imported again. `Settings.batch` rows are a transaction; in mode `all_or_nothing` the whole file is one, and one
        bad row leaves nothing: then every row counts as rejected (R-43). A ``dry_run`` tells what would become of each
        row and writes nothing. With an idempotency ``key`` the same import gives the same report, another one
        `IdempotencyConflict` (R-34). Raises `UnreadableFile` for a file that cannot be read at all, `InvalidValue` and
        `NotFound`; then nothing was written, but for the batches before a file was changed under way.
        """
        with self._carrying(file, request, actor, key=key, progress=progress) as (carrying, kept):
            report = carrying.dry() if dry_run else carrying.report(carrying.for_good())
            if rejects is not None:
                kept.hand_over(rejects)
            return report

    def queue(self, file: BinaryIO, request: ImportRequest, *, actor: Actor, key: str | None = None) -> Job:
        """Keep a seekable binary ``file`` and let the job queue, or `Running.run_queued`, import it as `run` does.

        The document store holds the file until the import is done, undone or spoiled by a bad row. Rights are judged
        when it runs (R-34). One of the same bytes, options and actor that is not finished is that one; so is the one of
        the same ``key``, or it is an `IdempotencyConflict`. Raises as `run` does for what the head of the file tells,
        and `NotAllowedHere` without a document store.
        """
        demand(self._ports, actor, Act.IMPORT, "import", "award file")
        documents = self._documents()
        digest = _digest_of(file, request)
        open_table(file, request.format, REQUIRED, OPTIONAL)
        job = import_job(self._ports, request, digest, actor, key)
        with self._ports.storage.reading() as tx:
            known = _same(tx, job)
        if known is not None and not _lacks_file(known):
            return known
        job = evolve(job, id=known.id if known else job.id)
        job = evolve(job, checkpoint=keep(documents, file, job.id))
        queued = in_unit(self._ports.storage, lambda tx: self._queued(tx, job))
        if queued.id != job.id:
            documents.delete(refs_of(job))
        return at_once_if_possible(self._ports, queued, Running(self._ports, {JOB_KIND: self.handler}).run)

    @property
    def handler(self) -> Handler:
        """How the jobs are done that `queue` makes."""
        return Handler(self.run_job, Act.IMPORT, has_file)

    def run_job(self, job: Job, stopping: Stopping = never) -> Job:
        """Do a queued import in batches, with the rights its actor has at that moment; goes on where it stopped.

        Raises as `run` does, `UnknownJob` for a job that cannot be read, and `CorruptDocument`.
        """
        asked = payload_as(Asked, job)
        with opened(self._documents(), job) as file:
            if sha256_of(file) != asked.sha256:
                raise CorruptDocument(asked.sha256, "the parts of the file are not those that were stored")
            with self._carrying(file, asked.request, job.actor, job_id=job.id, stopping=stopping) as (carrying, _):
                after = carrying.for_good()
        self._drop_file(job, after)
        return after

    def undo(self, import_id: str, *, actor: Actor) -> UndoReport:
        """Take an import back as one act, all or none (R-45); undoing it again only lists what was told.

        New awards are archived as undone, renewed ones live again, updated ones as they were. Notices about them that
        have not gone out are cancelled, those that were delivered are listed. Raises `NotFound`, and `NotUndoable`
        naming awards that changed since.
        """
        before = self.get(import_id, actor=actor)
        report = in_unit(self._ports.storage, lambda tx: undo(self._ports, tx, _found(tx, import_id), actor))
        self._drop_file(before, evolve(before, checkpoint={}))
        return report

    def recent(self, *, actor: Actor, limit: int = 50) -> Sequence[Job]:
        """The latest imports, newest first, with their reports as results."""
        demand(self._ports, actor, Act.IMPORT, "import", "list")
        with self._ports.storage.reading() as tx:
            return tx.jobs.recent(JOB_KIND, limit)

    def get(self, import_id: str, *, actor: Actor) -> Job:
        """One import with its report as result, as far as it came; raises `NotFound`."""
        demand(self._ports, actor, Act.IMPORT, "import", import_id)
        with self._ports.storage.reading() as tx:
            job = _found(tx, import_id)
            if not job.result.get("errors_total") or job.result.get("errors"):
                return job
            with closing(RejectsFile((), 0)) as kept:  # of an import under way
                kept.read(tx, job.id)
                return evolve(job, result={**job.result, "errors": JSON.unstructure(kept.errors)})

    def rejects(self, import_id: str, writer: TextWriter, *, actor: Actor) -> int:
        """Write the rows that an import could not use to ``writer``, as CSV to correct and import again; how many.

        Of an all-or-nothing import the first 1,000. Raises `NotFound`.
        """
        job = self.get(import_id, actor=actor)
        header: Sequence[str] = job.checkpoint.get("header", ())  # type: ignore[assignment]
        width: int = job.checkpoint.get("width", 0)  # type: ignore[assignment]
        with closing(RejectsFile(header, width)) as kept, self._ports.storage.reading() as tx:
            kept.read(tx, job.id)
            kept.hand_over(writer)
            return kept.rows

    @contextmanager
    def _carrying(
        self, file: BinaryIO, request: ImportRequest, actor: Actor, *, key: str | None = None, **parts: object
    ) -> Iterator[tuple[Carrying, RejectsFile]]:
        """The import, surveyed, and where its rejects go."""
        scope = demand(self._ports, actor, Act.IMPORT, "import", "award file")
        digest = _digest_of(file, request)
        table = open_table(file, request.format, REQUIRED, OPTIONAL)
        people = People(self._ports.directory, scope)
        found = survey(table, people)
        judge = Judge(self._ports, request, table, found, people)
        with closing(RejectsFile(table.header, table.width)) as kept:
            yield (
                Carrying(self._ports, file, request, actor, table, found, judge, digest, kept, key, **parts),  # type: ignore[arg-type]
                kept,
            )

    def _documents(self) -> DocumentStore:
        if self._ports.documents is None:
            raise NotAllowedHere("queueing an import, which needs a document store,")
        return self._ports.documents

    def _queued(self, tx: Transaction, job: Job) -> Job:
        """The job as it is stored and handed to the queue; or the one that somebody else has queued meanwhile."""
        known = _same(tx, job)
        if known is None:
            tx.jobs.add(job)
        elif known.id != job.id or not _lacks_file(known):
            return known
        else:
            checkpoint = {**known.checkpoint, **job.checkpoint}
            job = save(tx, known, state=JobState.QUEUED, checkpoint=checkpoint)
        if self._ports.jobs is not None:
            self._ports.jobs.enqueue(job, tx)
        return job

    def _drop_file(self, before: Job, after: Job) -> None:
        """Delete the file that the job had and does not need any more, unless a rollback could ask for it."""
        if has_file(before) and not has_file(after) and not self._ports.storage.in_transaction:
            self._documents().delete(refs_of(before))


def _digest_of(file: BinaryIO, request: ImportRequest) -> str:
    digest = sha256_of(file)
    if request.sha256 not in (None, digest):
        raise changed_file("since the dry run")
    return digest


def _same(tx: Transaction, job: Job) -> Job | None:
    """The job under the same key, or one that does the same and is not finished (R-34, R-41)."""
    return earlier(tx, job) or tx.jobs.unfinished(job.fingerprint)


def _lacks_file(job: Job) -> bool:
    """Whether the job was begun by `Importing.run`, whose process alone has the file."""
    return job.state in _WAITING and not has_file(job)


def _found(tx: Transaction, import_id: str) -> Job:
    job_id = id_from(import_id)
    job = None if job_id is None else tx.jobs.get(job_id)
    if job is None or job.kind != JOB_KIND:
        raise NotFound("import", import_id)
    return job
