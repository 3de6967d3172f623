"""Carrying one surveyed file out: batch by batch with checkpoints, as one transaction, or dry (R-41, R-43)."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from operator import attrgetter
from typing import BinaryIO

from attrs import Factory, evolve, field, frozen

from certcore.codec import JSON
from certcore.domain.cells import EXPIRES, ISSUED, Problem
from certcore.domain.decisions import Decision, Outcome
from certcore.domain.jobs import Job, JobState, Reject
from certcore.domain.notices.causes import import_finished
from certcore.domain.people import Act, Actor
from certcore.domain.time import civil_date
from certcore.domain.transitions import Context
from certcore.errors import UnreadableFile
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.importing.judging import Judge
from certcore.services.importing.keeping import naming_file, without_file
from certcore.services.importing.request import ImportReport, ImportRequest, Mode, import_job
from certcore.services.importing.survey import Survey
from certcore.services.importing.table import Batch, Reading, Table, sha256_of
from certcore.services.importing.tally import RejectsFile, Tally
from certcore.services.jobs import Stopping, earlier, never, save, so_far, stored
from certcore.services.units import Candidate, carry_out, check_not_revoked_since, decisions_for, in_unit

Progress = Callable[[int, int], object]
"""Told how many rows are done, and of how many."""


class _Spoiled(Exception):  # noqa: N818
    """Rolls an all-or-nothing import back; never leaves this module."""


class _LeftOff(Exception):  # noqa: N818
    """Rolls an all-or-nothing import back that was cancelled, stopped or overtaken; never leaves this module."""


@frozen
class _Decided:
    """A batch decided: the candidates with their decisions, how many rows had which outcome, and the rejects."""

    candidates: Sequence[Candidate]
    decisions: Sequence[Decision]
    counts: Counter[Outcome]
    rejects: Sequence[Reject]


@frozen
class Carrying:
    """One import of one file that has been surveyed.

    ``job_id`` is that of the job that has kept the file; without one the import is a job of its own.
    """

    _ports: Ports
    _file: BinaryIO
    _request: ImportRequest
    _actor: Actor
    _table: Table
    _survey: Survey
    _judge: Judge
    _digest: str
    _rejects: RejectsFile
    _key: str | None = None
    _progress: Progress = lambda _done, _total: None
    _job_id: int | None = None
    _stopping: Stopping = never
    _reading: Reading = field(default=Factory(lambda self: Reading(self._table), takes_self=True), init=False)

    def dry(self) -> ImportReport:
        """Decide for every row and write nothing: there is no job."""
        tally = Tally()
        with self._ports.storage.reading() as tx:
            for batch in self._table.batches():
                decided = self._decided(tx, batch)
                tally = self._told(tally.plus(decided.counts, decided.rejects))
                self._rejects.add(decided.rejects)
        return self._counted(tally, None)

    def for_good(self) -> Job:
        """Write what is decided, in the mode that was asked for; the job, `running` where it was to stop."""
        return self._whole() if self._request.mode is Mode.ALL_OR_NOTHING else self._in_batches()

    def report(self, job: Job) -> ImportReport:
        """What the job has come to."""
        if "rows" not in job.result:
            return self._counted(_tally(job), job)
        report = JSON.structure(so_far(job), ImportReport)
        return report if report.errors else evolve(report, errors=tuple(self._rejects.errors))

    def _in_batches(self) -> Job:
        """A transaction for so many rows; a job that was killed, or runs elsewhere, is taken up where it stands."""
        job = in_unit(self._ports.storage, self._taken_up)
        while job.state is JobState.RUNNING and job.done < self._survey.rows:
            if self._stopping():
                return job
            before, job = job, in_unit(self._ports.storage, partial(self._next, job=job))
            if job.version == before.version:
                break  # the file has become shorter
            self._told(_tally(job))
        if job.state is not JobState.RUNNING:
            with self._ports.storage.reading() as tx:
                self._read_rejects(tx, job)
            return job
        if sha256_of(self._file) != self._digest:
            in_unit(self._ports.storage, lambda tx: self._finished(tx, stored(tx, job.id), JobState.FAILED))
            raise changed_file("while it was imported; the batches before that are stored")
        return in_unit(self._ports.storage, lambda tx: self._finished(tx, stored(tx, job.id)))

    def _next(self, tx: Transaction, job: Job) -> Job:
        """The job with more rows done; as it is where no rows are left, or somebody else brought it further."""
        current = stored(tx, job.id)
        if current.version != job.version:
            return current
        after = self._written(tx, job)
        if after is job:
            return job
        return save(tx, job, done=after.done, checkpoint=after.checkpoint, result=after.result)

    def _taken_up(self, tx: Transaction) -> Job:
        """The job that this is, as `running`; a new one, or one that was begun or queued before (R-41)."""
        known = self._known(tx)
        if known is None:
            known = import_job(self._ports, self._request, self._digest, self._actor, self._key)
            known = evolve(known, state=JobState.RUNNING, total=self._survey.rows)
            tx.jobs.add(known)
        elif known.state is JobState.QUEUED or (known.state is JobState.RUNNING and known.total is None):
            known = save(tx, known, state=JobState.RUNNING, total=self._survey.rows)
        return known

    def _known(self, tx: Transaction) -> Job | None:
        if self._job_id is not None:
            return stored(tx, self._job_id)
        job = import_job(self._ports, self._request, self._digest, self._actor, self._key)
        return earlier(tx, job) or tx.jobs.unfinished(job.fingerprint)

    def _finished(self, tx: Transaction, job: Job, state: JobState = JobState.DONE) -> Job:
        self._read_rejects(tx, job)
        if job.state is not JobState.RUNNING:
            return job
        if state is JobState.DONE:
            tx.deliveries.add([import_finished(job, self._ports.now())])
        result = JSON.unstructure(self._counted(_tally(job), job))
        changes = {"done": job.done, "result": result, "checkpoint": without_file(job.checkpoint)}
        return save(tx, job, state=state, **changes)

    def _read_rejects(self, tx: Transaction, job: Job) -> None:
        self._rejects.start_again()
        self._rejects.read(tx, job.id, self._ports.settings.batch)

    def _whole(self) -> Job:
        """One transaction for the file; with a bad row it leaves nothing but the failed job."""
        with self._ports.storage.reading() as tx:
            known = self._known(tx)
        if known is not None:  # apart from the rows: while these are written, it can be cancelled
            known = in_unit(self._ports.storage, self._taken_up)
        while known is None or known.state is JobState.RUNNING:
            try:
                return in_unit(self._ports.storage, self._all_rows)
            except _Spoiled:
                return in_unit(self._ports.storage, self._spoiled)
            except _LeftOff:
                with self._ports.storage.reading() as tx:
                    known = self._known(tx)
                if known is not None and self._stopping():
                    break
        return known

    def _all_rows(self, tx: Transaction) -> Job:
        job = self._taken_up(tx)
        if job.state is not JobState.RUNNING:
            return job
        version = job.version
        while job.done < self._survey.rows:
            if self._stopping() or stored(tx, job.id).version != version:
                raise _LeftOff
            before, job = job, self._written(tx, job)
            if job is before:
                break  # the file has become shorter
            self._told(_tally(job))
        if _tally(job).errors:
            self._read_rejects(tx, job)
            raise _Spoiled
        if sha256_of(self._file) != self._digest:
            raise changed_file("while it was imported")
        return self._finished(tx, job)

    def _spoiled(self, tx: Transaction) -> Job:
        """The failed job, with the first of the rows that are to blame; the others are told by none."""
        job = self._taken_up(tx)
        if job.state is not JobState.RUNNING:
            return job
        tx.jobs.reject(job.id, self._rejects.first)
        tally = Tally({Outcome.REJECTED: self._survey.rows}, self._rejects.count)
        result = JSON.unstructure(self._counted(tally, job))
        return save(tx, job, state=JobState.FAILED, result=result, checkpoint=self._header())

    def _counted(self, tally: Tally, job: Job | None) -> ImportReport:
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

    def _header(self) -> dict[str, object]:
        return {"header": list(self._table.header), "width": self._table.width}

    def _written(self, tx: Transaction, job: Job) -> Job:
        """The job with the rows of a transaction done, not stored yet; itself where none are left.

        Rights are those of the moment (R-34). The rows are judged as they are read, a few thousand at once.
        """
        demand(self._ports, self._actor, Act.IMPORT, "import", "award file")
        context = Context(self._actor, self._ports.now(), job.id)
        line, tally = _line(job), _tally(job)
        candidates: list[Candidate] = []
        decisions: list[Decision] = []
        for batch in self._reading.after(line, self._ports.settings.batch):
            decided = self._decided(tx, batch)
            candidates += decided.candidates
            decisions += decided.decisions
            tx.jobs.reject(job.id, decided.rejects)
            line, tally = batch.last_line, tally.plus(decided.counts, decided.rejects)
        if line == _line(job):
            return job
        carry_out(tx, candidates, decisions, context, self._ports.random_bytes, notify=self._request.notify)
        check_not_revoked_since(tx, candidates, decisions)
        place = {"line": line, "tally": JSON.unstructure(tally)}
        checkpoint = {**naming_file(job), **self._header(), **place}
        return evolve(job, done=tally.done, checkpoint=checkpoint, result=JSON.unstructure(self._counted(tally, job)))

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
    stored_end = None if candidate.live is None else candidate.live.period.expires_on
    given = _never(period.expires_on)
    return Problem(EXPIRES, given, reason, {"stored": _never(stored_end), "given": given})


def _never(day: date | None) -> str:
    return "for ever" if day is None else day.isoformat()


def changed_file(when: str) -> UnreadableFile:
    """The error that the bytes are not those that were meant."""
    return UnreadableFile("file_changed", f"the file's bytes changed {when}; make a dry run of it as it is now")
