"""Exporting: awards as CSV files, at once or as a job, in one file or in one for each course or branch (R-93, R-94)."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, Final, Unpack

from attrs import evolve, frozen

from certcore.codec import JSON
from certcore.domain.exports import HEADERS, By, Layout
from certcore.domain.jobs import Job, JobState
from certcore.domain.numbers import id_from
from certcore.domain.people import Act, Actor
from certcore.domain.views import Viewer
from certcore.errors import NotFound, NotSupported
from certcore.ports import AwardQuery, AwardRows, ExportStore, Ports, Transaction
from certcore.services.access import demand
from certcore.services.exporting.known import Known
from certcore.services.exporting.request import ExportReport, ExportRequest
from certcore.services.exporting.sheets import opened
from certcore.services.finding import Filters, document_of, emptied, filters_from, query_for
from certcore.services.jobs import Stopping, new_job, payload_as, save, stored, unknown
from certcore.services.records import every
from certcore.services.running import Handler, queue
from certcore.services.units import in_unit

JOB_KIND: Final = "export"
_AT_ONCE: Final = 2_000

Progress = Callable[[int], object]
"""Told how many awards are written."""


class _LeftOff(Exception):  # noqa: N818
    """Leaves a file that nobody waits for; never leaves this module."""


@frozen
class Exporting:
    """Writes awards to files; never changes one (I11).

    It reads page by page: an award that changes meanwhile is as it was found, and nobody waits for who exports.
    """

    _ports: Ports

    @property
    def handler(self) -> Handler:
        """How export jobs are done."""
        return Handler(self._run, Act.EXPORT, lambda _job: self._ports.exports is not None)

    def write(
        self,
        target: BinaryIO,
        *,
        actor: Actor,
        layout: Layout | str = Layout.REPORT,
        by: By | str | None = None,
        at: datetime | None = None,
        bom: bool = False,
        progress: Progress = lambda _count: None,
        **filters: Unpack[Filters],
    ) -> ExportReport:
        """Write awards that fit all `Filters` and that the actor may export: CSV in UTF-8, or ``by`` something a zip.

        Civil dates are those of each award's zone (R-10), statuses those at ``at``, by default now. The ``import``
        layout has live awards only, in the columns of an import. Cells that a spreadsheet would run begin with an
        apostrophe, which an import takes back; ``bom`` marks the text for spreadsheets that take it for another
        encoding. Raises `NotFound` where the actor may export nobody's, `InvalidValue` as a search does, and
        `NotSupported` where the directory names no branches.
        """
        request = ExportRequest(filters=document_of(filters), layout=layout, by=by, at=at, bom=bom)
        return self._written(target, request, request.at or self._ports.now(), actor, progress)

    def queue(
        self,
        *,
        actor: Actor,
        layout: Layout | str = Layout.REPORT,
        by: By | str | None = None,
        at: datetime | None = None,
        bom: bool = False,
        key: str | None = None,
        **filters: Unpack[Filters],
    ) -> Job:
        """The same as a job, for large or scheduled exports (R-94); `open` gives the file once it is done.

        It has the rights of its actor at the moment it runs (R-34). One that was cut off begins anew. With an
        idempotency ``key``, such as the month, the same export is made once. Raises as `write` does,
        `IdempotencyConflict`, and `NotSupported` without an `ExportStore`.
        """
        self._store()
        request = ExportRequest(filters=document_of(filters), layout=layout, by=by, at=at, bom=bom)
        self._query(request, request.at or self._ports.now(), actor)
        job = new_job(self._ports, JOB_KIND, JSON.unstructure(request), actor, key=key)
        return queue(self._ports, job, self.handler)

    def open(self, public_id: str, *, actor: Actor) -> AbstractContextManager[BinaryIO]:
        """The file that an export job has left, to be read; whoever may export everybody's, and who asked for it.

        Raises `NotFound`, also for one that is not done.
        """
        return self._store().reading(_name(self._done(public_id, actor)))

    def report(self, public_id: str, *, actor: Actor) -> ExportReport:
        """What an export job has come to; raises as `open` does."""
        return JSON.structure(self._done(public_id, actor).result, ExportReport)

    def delete(self, public_id: str, *, actor: Actor) -> None:
        """Remove the file that an export job has left; twice is once. Raises as `open` does."""
        self._store().delete([_name(self._done(public_id, actor))])

    def _done(self, public_id: str, actor: Actor) -> Job:
        scope = demand(self._ports, actor, Act.EXPORT, "export", public_id)
        with self._ports.storage.reading() as tx:
            job = tx.jobs.get(job_id) if (job_id := id_from(public_id)) is not None else None
        if job is None or job.kind != JOB_KIND or job.state is not JobState.DONE:
            raise NotFound("export", public_id)
        if job.actor.id != actor.id and not scope.everyone:
            raise NotFound("export", public_id)
        return job

    def _store(self) -> ExportStore:
        if self._ports.exports is None:
            raise NotSupported("exports as jobs, which need a place for their files,")
        return self._ports.exports

    def _query(self, request: ExportRequest, now: datetime, actor: Actor) -> tuple[AwardQuery, Viewer]:
        """What asks for the first page, and for whom."""
        viewer = Viewer(actor, demand(self._ports, actor, Act.EXPORT, "export", request.layout))
        with self._ports.storage.reading() as tx:
            query = query_for(self._ports, tx, viewer, now, filters_from(request.filters))
            query = evolve(query, limit=_AT_ONCE, live=True if request.layout is Layout.IMPORT else None)
            return query, viewer

    def _run(self, job: Job, stopping: Stopping) -> Job:
        """The job done from its start; it is given up for now when it is to stop.

        It is left when it was cancelled, or another worker has brought it further.
        """
        request = _asked(job)
        current = job

        def brought_to(**changes: object) -> Job:
            def work(tx: Transaction) -> Job:
                found = stored(tx, job.id)
                if found.version != current.version:
                    raise _LeftOff
                return save(tx, found, **changes)

            return in_unit(self._ports.storage, work)

        def progress(count: int) -> None:
            nonlocal current
            if stopping():
                raise _LeftOff
            current = brought_to(done=count)

        try:
            with self._store().writing(_name(job)) as target:
                report = self._written(target, request, request.at or job.created_at, job.actor, progress)
                current = brought_to(done=report.awards)
            return brought_to(state=JobState.DONE, result=JSON.unstructure(report))
        except _LeftOff:
            with self._ports.storage.reading() as tx:
                left = stored(tx, job.id)
            if left.state is JobState.CANCELLED:
                self._store().delete([_name(job)])
            return left

    def _written(
        self, target: BinaryIO, request: ExportRequest, now: datetime, actor: Actor, progress: Progress
    ) -> ExportReport:
        query, viewer = self._query(request, now, actor)
        known = Known(self._ports, request)
        report = ExportReport()
        with opened(target, HEADERS[request.layout], split=request.by is not None, bom=request.bom) as sheets:
            for rows, hidden in self._pages(query, viewer):
                lines, keys, told = known.lines(rows, hidden)
                sheets.add(lines, keys)
                report = report.plus(len(lines), told)
                progress(report.awards)
        report = evolve(report, files=sheets.count)
        if report.awards == 0 and not report.left_out:
            with self._ports.storage.reading() as tx:
                why = emptied(self._ports, tx, viewer, now, filters_from(request.filters), live=query.live)
            report = evolve(report, emptied=why)
        return report

    def _pages(self, query: AwardQuery, viewer: Viewer) -> Iterator[tuple[AwardRows, frozenset[str]]]:
        """The pages, each with the numbers of which the viewer sees nothing."""
        following: AwardQuery | None = query
        while following is not None:
            with self._ports.storage.reading() as tx:
                rows = tx.awards.rows(following)
                hidden = _hidden(tx, viewer, rows, query.now)
            following = rows.next
            if len(rows):
                yield rows, hidden


def _asked(job: Job) -> ExportRequest:
    """What the job was asked to do; `UnknownJob` also where another release knew other filters (f29)."""
    request = payload_as(ExportRequest, job)
    try:
        filters_from(request.filters)
    except Exception as error:
        raise unknown(job) from error
    return request


def _name(job: Job) -> str:
    request = payload_as(ExportRequest, job)
    return f"{job.public_id}.{'csv' if request.by is None else 'zip'}"


def _hidden(tx: Transaction, viewer: Viewer, rows: AwardRows, now: datetime) -> frozenset[str]:
    """The numbers of the actor's own awards that were taken from them, of which they see nothing (R-33, R-61)."""
    own = viewer.actor.id
    if not viewer.as_learner(own) or own not in rows.learner_id:
        return frozenset()
    query = AwardQuery(now, frozenset({own}), limit=_AT_ONCE)
    return frozenset(each.number for each in every(tx, query) if each.withdrawn)
