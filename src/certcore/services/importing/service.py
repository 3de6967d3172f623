"""Importing awards from CSV: survey the file, then judge, decide and write it batch by batch (R-40 to R-46)."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date
from functools import partial
from typing import BinaryIO

from attrs import frozen

from certcore.codec import JSON
from certcore.domain.cells import EXPIRES, OPTIONAL, REQUIRED, Problem
from certcore.domain.decisions import Decision, Outcome
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Act, Actor
from certcore.domain.transitions import Context
from certcore.errors import UnreadableFile
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.importing.judging import Judge, Judged
from certcore.services.importing.request import ImportReport, ImportRequest, Mode
from certcore.services.importing.survey import Survey, survey
from certcore.services.importing.table import Batch, Table, open_table, sha256_of
from certcore.services.importing.tally import Rejects, Result, Tally, TextWriter
from certcore.services.running import new_job, save
from certcore.services.units import Candidate, carry_out, decisions_for, in_unit

JOB_KIND = "import"

Progress = Callable[[int, int], object]
"""Told how many rows are done, and of how many."""


class _Spoiled(Exception):  # noqa: N818
    """Rolls an all-or-nothing import back; never leaves this module."""


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
    ) -> ImportReport:
        """Turn the rows of a seekable binary ``file`` into awards, and report what became of each (R-40 to R-46).

        Rows that cannot be used are reported and, with ``rejects``, written there as CSV that can be corrected and
        imported again. Each batch is a transaction; in mode `all_or_nothing` the whole file is one, and one bad row
        leaves nothing: then every row counts as rejected (R-43). A ``dry_run`` gives the same report and writes
        nothing. Raises `UnreadableFile` for a file that cannot be read at all, `InvalidValue` and `NotFound`; then
        nothing was written.
        """
        scope = demand(self._ports, actor, Act.IMPORT, "import", "award file")
        digest = sha256_of(file)
        if request.sha256 not in (None, digest):
            raise _changed("since the dry run")
        table = open_table(file, request.format, REQUIRED, OPTIONAL)
        found = survey(table, self._ports.directory)
        judge = Judge(self._ports, request, table, found, scope)
        with closing(Rejects(table)) as kept:
            run = _Run(self._ports, file, request, actor, table, found, judge, digest, progress, Tally(kept))
            job = run.dry() if dry_run else run.for_good()
            if rejects is not None:
                kept.hand_over(rejects)
            return run.report(job)


@frozen
class _Run:
    """One import of one file that has been surveyed."""

    _ports: Ports
    _file: BinaryIO
    _request: ImportRequest
    _actor: Actor
    _table: Table
    _survey: Survey
    _judge: Judge
    _digest: str
    _progress: Progress
    _tally: Tally

    def dry(self) -> Job | None:
        """Decide for every row and write nothing: there is no job."""
        with self._ports.storage.reading() as tx:
            for batch in self._batches():
                _, results = self._decided(tx, batch)
                self._take(results)
        return None

    def for_good(self) -> Job:
        """Write what is decided, in the mode that was asked for."""
        return self.whole() if self._request.mode is Mode.ALL_OR_NOTHING else self.in_batches()

    def in_batches(self) -> Job:
        """A transaction for each batch, with the job's progress in it."""
        job = in_unit(self._ports.storage, self._new_job)
        for batch in self._batches():
            job, results = in_unit(self._ports.storage, partial(self._write, job=job, batch=batch))
            self._take(results)
        self._check_unchanged()
        return job

    def whole(self) -> Job:
        """One transaction for the file; with a bad row it leaves nothing but the failed job."""

        def work(tx: Transaction) -> Job:
            self._tally.start_again()
            job = self._new_job(tx)
            for batch in self._batches():
                job, results = self._write(tx, job, batch)
                self._take(results)
            if self._tally.counts[Outcome.REJECTED]:
                raise _Spoiled
            self._check_unchanged()
            return job

        try:
            return in_unit(self._ports.storage, work)
        except _Spoiled:
            self._tally.counts = Counter({Outcome.REJECTED: self._tally.done})
            return in_unit(self._ports.storage, self._new_job)

    def report(self, job: Job | None) -> ImportReport:
        """What became of the rows; kept as the result of the job, done, or failed when nothing was imported."""
        report = self._tally.report(
            dry_run=job is None,
            import_id=None if job is None else job.public_id,
            warnings=tuple(warning.message for warning in self._table.warnings),
            sha256=self._digest,
        )
        if job is not None:
            spoiled = self._request.mode is Mode.ALL_OR_NOTHING and report.rejected
            state = JobState.FAILED if spoiled else JobState.DONE
            result = JSON.unstructure(report)
            in_unit(self._ports.storage, lambda tx: save(tx, job, state=state, result=result, checkpoint={}))
        return report

    def _batches(self) -> Iterator[Batch]:
        return self._table.batches(self._ports.settings.batch)

    def _take(self, results: Sequence[Result]) -> None:
        self._tally.add(results)
        self._progress(self._tally.done, self._survey.rows)

    def _check_unchanged(self) -> None:
        if sha256_of(self._file) != self._digest:
            raise _changed("while it was imported")

    def _new_job(self, tx: Transaction) -> Job:
        payload = {"sha256": self._digest, "request": JSON.unstructure(self._request)}
        job = new_job(self._ports, JOB_KIND, payload, self._actor, state=JobState.RUNNING, total=self._survey.rows)
        tx.jobs.add(job)
        return job

    def _write(self, tx: Transaction, job: Job, batch: Batch) -> tuple[Job, list[Result]]:
        decided, results = self._decided(tx, batch)
        context = Context(self._actor, self._ports.now(), job.id)
        carry_out(self._ports.storage, *decided, context, self._ports.random_bytes)
        counts = self._tally.counts + Counter(result.outcome for result in results)
        checkpoint = {"line": batch.last_line, "counts": {outcome.value: n for outcome, n in counts.items()}}
        return save(tx, job, done=counts.total(), checkpoint=checkpoint), results

    def _decided(self, tx: Transaction, batch: Batch) -> tuple[tuple[list[Candidate], list[Decision]], list[Result]]:
        judged = self._judge.judge(tx, batch)
        candidates = [row.candidate for row in judged if row.candidate is not None]
        decisions = decisions_for(candidates, self._request.held, may_shorten=self._request.allow_shorten)
        pending = iter(decisions)
        results = [
            Result(row, row.outcome, row.problems) if row.outcome else _result(row, next(pending)) for row in judged
        ]
        return (candidates, decisions), results


def _result(row: Judged, decision: Decision) -> Result:
    if decision.reason is None or row.candidate is None:
        return Result(row, decision.outcome)
    stored, given = row.candidate.live, row.candidate.offer.period.expires_on
    params = {"stored": _never(stored.period.expires_on if stored else None), "given": _never(given)}
    return Result(row, decision.outcome, (Problem(EXPIRES, params["given"], decision.reason, params),))


def _never(day: date | None) -> str:
    return "for ever" if day is None else day.isoformat()


def _changed(when: str) -> UnreadableFile:
    return UnreadableFile("file_changed", f"the file's bytes changed {when}; make a dry run of it as it is now")
