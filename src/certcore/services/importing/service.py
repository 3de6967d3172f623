"""Importing awards from CSV: survey the file, then judge, decide and write it batch by batch (R-40 to R-46)."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from functools import partial
from operator import attrgetter
from typing import BinaryIO

from attrs import evolve, frozen

from certcore.codec import JSON
from certcore.domain.cells import EXPIRES, ISSUED, OPTIONAL, REQUIRED, Problem
from certcore.domain.decisions import Decision, Outcome
from certcore.domain.jobs import Job, JobState, Reject
from certcore.domain.notices.causes import import_finished
from certcore.domain.numbers import id_from
from certcore.domain.people import Act, Actor
from certcore.domain.time import civil_date
from certcore.domain.transitions import Context
from certcore.errors import NotFound, UnreadableFile
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.importing.judging import Judge
from certcore.services.importing.request import ImportReport, ImportRequest, Mode
from certcore.services.importing.survey import People, Survey, survey
from certcore.services.importing.table import Batch, Table, open_table, sha256_of
from certcore.services.importing.tally import RejectsFile, Tally, TextWriter
from certcore.services.importing.undoing import UndoReport, undo
from certcore.services.running import earlier, new_job, save, stored
from certcore.services.units import Candidate, carry_out, check_not_revoked_since, decisions_for, in_unit

JOB_KIND = "import"
_REJECTS_READ = 1_000

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
        scope = demand(self._ports, actor, Act.IMPORT, "import", "award file")
        digest = sha256_of(file)
        if request.sha256 not in (None, digest):
            raise _changed("since the dry run")
        table = open_table(file, request.format, REQUIRED, OPTIONAL)
        people = People(self._ports.directory, scope)
        found = survey(table, people)
        judge = Judge(self._ports, request, table, found, people)
        with closing(RejectsFile(table)) as kept:
            run = _Run(self._ports, file, request, actor, table, found, judge, digest, key, progress, kept)
            report = run.dry() if dry_run else run.for_good()
            if rejects is not None:
                kept.hand_over(rejects)
            return report

    def undo(self, import_id: str, *, actor: Actor) -> UndoReport:
        """Take an import back as one act, all or none (R-45); undoing it again is a no-op that reports nothing.

        New awards are archived as undone, renewed ones live again, updated ones as they were, and notices about them
        that have not gone out are cancelled. Raises `NotFound`, and `NotUndoable` naming awards that changed since.
        """
        demand(self._ports, actor, Act.IMPORT, "import", import_id)
        return in_unit(self._ports.storage, lambda tx: undo(self._ports, tx, _found(tx, import_id), actor))

    def recent(self, *, actor: Actor, limit: int = 50) -> Sequence[Job]:
        """The latest imports, newest first, with their reports as results."""
        demand(self._ports, actor, Act.IMPORT, "import", "list")
        with self._ports.storage.reading() as tx:
            return tx.jobs.recent(JOB_KIND, limit)

    def get(self, import_id: str, *, actor: Actor) -> Job:
        """One import with its report as result, or how far it came; raises `NotFound`."""
        demand(self._ports, actor, Act.IMPORT, "import", import_id)
        with self._ports.storage.reading() as tx:
            return _found(tx, import_id)


@frozen
class _Decided:
    """A batch decided: the candidates with their decisions, how many rows had which outcome, and the rejects."""

    candidates: Sequence[Candidate]
    decisions: Sequence[Decision]
    counts: Counter[Outcome]
    rejects: Sequence[Reject]


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
    _key: str | None
    _progress: Progress
    _rejects: RejectsFile

    def dry(self) -> ImportReport:
        """Decide for every row and write nothing: there is no job."""
        tally = Tally()
        with self._ports.storage.reading() as tx:
            for batch in self._table.batches():
                decided = self._decided(tx, batch)
                tally = self._told(tally.plus(decided.counts, decided.rejects))
                self._rejects.add(decided.rejects)
        return self._report(tally, None)

    def for_good(self) -> ImportReport:
        """Write what is decided, in the mode that was asked for."""
        return self._whole() if self._request.mode is Mode.ALL_OR_NOTHING else self._in_batches()

    def _in_batches(self) -> ImportReport:
        """A transaction for so many rows; a job that was killed, or runs elsewhere, is taken up where it stands."""
        job = in_unit(self._ports.storage, self._taken_up)
        while job.state is JobState.RUNNING and job.done < self._survey.rows:
            for batches in self._table.groups(self._ports.settings.batch, after=_line(job)):
                job = in_unit(self._ports.storage, partial(self._next, job=job, batches=batches))
                self._told(_tally(job))
                if job.state is not JobState.RUNNING or _line(job) != batches[-1].last_line:
                    break  # undone meanwhile, or brought further by somebody else
            else:
                break
        if job.state is JobState.RUNNING:
            if sha256_of(self._file) != self._digest:
                in_unit(self._ports.storage, partial(self._finished, job_id=job.id, state=JobState.FAILED))
                raise _changed("while it was imported; the batches before that are stored")
            job = in_unit(self._ports.storage, partial(self._finished, job_id=job.id))
        else:
            with self._ports.storage.reading() as tx:
                self._read_rejects(tx, job)
        return self._report(_tally(job), job)

    def _taken_up(self, tx: Transaction) -> Job:
        job = self._new_job()
        known = earlier(tx, job) or tx.jobs.unfinished(job.fingerprint)
        if known is None:
            tx.jobs.add(job)
        return known or job

    def _next(self, tx: Transaction, job: Job, batches: Sequence[Batch]) -> Job:
        """The job with the batches done; or as it is, when somebody else has brought it further meanwhile."""
        current = stored(tx, job.id)
        return current if current.version != job.version else self._write(tx, job, batches)

    def _finished(self, tx: Transaction, job_id: int, state: JobState = JobState.DONE) -> Job:
        job = stored(tx, job_id)
        self._read_rejects(tx, job)
        if job.state is not JobState.RUNNING:
            return job
        if state is JobState.DONE:
            tx.deliveries.add([import_finished(job, self._ports.now())])
        return save(tx, job, state=state, result=JSON.unstructure(self._report(_tally(job), job)))

    def _read_rejects(self, tx: Transaction, job: Job) -> None:
        line = 0
        self._rejects.start_again()
        while page := tx.jobs.rejects(job.id, line, min(_REJECTS_READ, self._ports.settings.batch)):
            self._rejects.add(page)
            line = page[-1].line

    def _whole(self) -> ImportReport:
        """One transaction for the file; with a bad row it leaves nothing but the failed job."""
        tally = Tally()

        def work(tx: Transaction) -> Job:
            nonlocal tally
            tally = Tally()
            job = self._new_job()
            known = earlier(tx, job)
            if known is not None:
                return known
            tx.jobs.add(job)
            for batches in self._table.groups(self._ports.settings.batch):
                job = self._write(tx, job, batches)
                tally = self._told(_tally(job))
            if tally.errors:
                self._read_rejects(tx, job)
                raise _Spoiled
            if sha256_of(self._file) != self._digest:
                raise _changed("while it was imported")
            return self._finished(tx, job.id)

        try:
            return JSON.structure(in_unit(self._ports.storage, work).result, ImportReport)
        except _Spoiled:
            job = self._new_job(JobState.FAILED)
            report = self._report(tally.all_rejected(), job)
            in_unit(self._ports.storage, lambda tx: tx.jobs.add(evolve(job, result=JSON.unstructure(report))))
            return report

    def _report(self, tally: Tally, job: Job | None) -> ImportReport:
        return ImportReport.counted(
            tally.counts,
            dry_run=job is None,
            import_id=None if job is None else job.public_id,
            errors_total=tally.errors,
            errors=tuple(self._rejects.errors),
            warnings=tuple(each.message for each in (*self._table.warnings, *self._survey.trimmed)),
            sha256=self._digest,
        )

    def _told(self, tally: Tally) -> Tally:
        self._progress(tally.done, self._survey.rows)
        return tally

    def _new_job(self, state: JobState = JobState.RUNNING) -> Job:
        request = evolve(self._request, sha256=None)
        payload = {"sha256": self._digest, "request": JSON.unstructure(request)}
        return new_job(self._ports, JOB_KIND, payload, self._actor, key=self._key, state=state, total=self._survey.rows)

    def _write(self, tx: Transaction, job: Job, batches: Sequence[Batch]) -> Job:
        context = Context(self._actor, self._ports.now(), job.id)
        tally = _tally(job)
        for batch in batches:
            decided = self._decided(tx, batch)
            carry_out(
                tx,
                decided.candidates,
                decided.decisions,
                context,
                self._ports.random_bytes,
                notify=self._request.notify,
            )
            check_not_revoked_since(tx, decided.candidates, decided.decisions)
            tx.jobs.reject(job.id, decided.rejects)
            tally = tally.plus(decided.counts, decided.rejects)
        checkpoint = {"line": batches[-1].last_line, "tally": JSON.unstructure(tally)}
        return save(tx, job, done=tally.done, checkpoint=checkpoint)

    def _decided(self, tx: Transaction, batch: Batch) -> _Decided:
        judgement = self._judge.judge(tx, batch)
        decisions = decisions_for(judgement.candidates, self._request.held, may_shorten=self._request.may_shorten)
        rejects = [_reject(each.line, each.raw, each.problems) for each in judgement.set_aside if each.problems]
        counts = Counter(decision.outcome for decision in decisions)
        counts[Outcome.REJECTED] += len(rejects)
        counts[Outcome.SUPERSEDED] += len(judgement.set_aside) - len(rejects)
        for candidate, (line, row), decision in zip(judgement.candidates, judgement.rows, decisions, strict=True):
            if decision.reason is not None:
                rejects.append(_reject(line, row, (_refused(candidate, decision.reason),)))
        return _Decided(judgement.candidates, decisions, counts, sorted(rejects, key=attrgetter("line")))


def _found(tx: Transaction, import_id: str) -> Job:
    job_id = id_from(import_id)
    job = None if job_id is None else tx.jobs.get(job_id)
    if job is None or job.kind != JOB_KIND:
        raise NotFound("import", import_id)
    return job


def _line(job: Job) -> int:
    """The last line of the file that the job has done."""
    return int(job.checkpoint.get("line", 0))  # type: ignore[call-overload, no-any-return]


def _tally(job: Job) -> Tally:
    return JSON.structure(job.checkpoint["tally"], Tally) if "tally" in job.checkpoint else Tally()


def _reject(line: int, raw: Sequence[str] | str, problems: tuple[Problem, ...]) -> Reject:
    return Reject(line, (raw,) if isinstance(raw, str) else tuple(raw), problems)


def _refused(candidate: Candidate, reason: str) -> Problem:
    """Why a row is not carried out: it would end an award earlier (R-44), or lies before a revocation (R-65)."""
    period = candidate.offer.period
    if candidate.revoked_at is not None and reason == "revoked":
        on = civil_date(candidate.revoked_at, period.zone).isoformat()
        return Problem(ISSUED, period.issued_on.isoformat(), reason, {"on": on})
    stored = None if candidate.live is None else candidate.live.period.expires_on
    given = _never(period.expires_on)
    return Problem(EXPIRES, given, reason, {"stored": _never(stored), "given": given})


def _never(day: date | None) -> str:
    return "for ever" if day is None else day.isoformat()


def _changed(when: str) -> UnreadableFile:
    return UnreadableFile("file_changed", f"the file's bytes changed {when}; make a dry run of it as it is now")
