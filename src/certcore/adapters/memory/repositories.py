"""The repositories in memory: dictionaries by key, written through the journal."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from heapq import nlargest, nsmallest
from typing import TypeVar

from attrs import evolve

from certcore.adapters.memory.awards import MemoryAwards
from certcore.adapters.memory.externals import MemoryExternals, MemorySettings
from certcore.adapters.memory.journal import Journal, found
from certcore.adapters.memory.lives import (
    MemoryCompletions,
    MemoryDeliveries,
    MemoryRenewals,
    MemorySweeps,
    MemoryTombstones,
)
from certcore.domain.certifications import Assignment, Certification, ItemRef, Overview, Print, sorted_items
from certcore.domain.history import Event, HistoryEntry
from certcore.domain.issuing import Issued
from certcore.domain.jobs import Job, JobState, Reject
from certcore.domain.transitions import Change
from certcore.errors import Conflict
from certcore.ports import (
    CertificationRepository,
    HistoryRepository,
    JobRepository,
    Outbox,
    Transaction,
)

K = TypeVar("K")
V = TypeVar("V")
Kept = TypeVar("Kept", HistoryEntry, Event)


class MemoryTransaction(Transaction):
    """All repositories of one storage, over one journal."""

    awards: MemoryAwards
    history: "MemoryHistory"
    outbox: "MemoryOutbox"
    renewals: MemoryRenewals
    deliveries: MemoryDeliveries
    tombstones: MemoryTombstones

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.awards = MemoryAwards(journal)
        self.certifications = MemoryCertifications(journal, self.awards)
        self.history = MemoryHistory(journal)
        self.outbox = MemoryOutbox(journal)
        self.jobs = MemoryJobs(journal)
        self.completions = MemoryCompletions(journal)
        self.renewals = MemoryRenewals(journal)
        self.deliveries = MemoryDeliveries(journal)
        self.tombstones = MemoryTombstones(journal)
        self.externals = MemoryExternals(journal)
        self.settings = MemorySettings(journal)
        self.sweeps = MemorySweeps(journal)
        self.join()

    def join(self) -> None:
        """Let awards know of what is deleted with them and of the numbers that stay taken."""
        self.index = self.awards.index
        self.awards.join(self.tombstones, self.history, self.outbox, self.renewals, self.deliveries)

    def issue(self, parts: Iterable[Issued]) -> None:
        with self._journal.all_or_nothing():
            super().issue(parts)

    def change(self, changes: Sequence[Change]) -> None:
        with self._journal.all_or_nothing():
            super().change(changes)


class MemoryCertifications(CertificationRepository):
    """Certifications by id and code, their prints, and the items that carry them."""

    def __init__(self, journal: Journal, awards: MemoryAwards) -> None:
        self._journal = journal
        self._awards = awards
        self._rows: dict[int, Certification] = {}
        self._by_code: dict[str, int] = {}
        self._prints: dict[tuple[int, int], Print] = {}
        self._carried: dict[ItemRef, Assignment] = {}

    def add(self, certification: Certification) -> None:
        with self._journal.all_or_nothing():
            what = f"certification {certification.id}"
            self._journal.claim(self._rows, certification.id, certification, what)
            self._take_code(certification)
            self._print(certification)

    def update(self, certification: Certification) -> None:
        with self._journal.all_or_nothing():
            before = self._rows.get(certification.id)
            if before is None or certification.version != before.version + 1:
                raise Conflict(f"certification {certification.label}")
            self._journal.put(self._rows, certification.id, certification)
            if before.code is not None:
                self._journal.drop(self._by_code, before.code)
            self._take_code(certification)
            self._print(certification)

    def hold(self, certifications: Collection[Certification]) -> None:
        for each in certifications:  # that nobody else writes meanwhile, the storage's lock sees to
            if each.id not in self._rows or self._rows[each.id].version != each.version:
                raise Conflict(f"certification {each.label}")

    def _take_code(self, certification: Certification) -> None:
        if certification.code is not None:
            what = f"certification code {certification.code}"
            self._journal.claim(self._by_code, certification.code, certification.id, what)

    def _print(self, certification: Certification) -> None:
        key = (certification.id, certification.edition)
        if key not in self._prints:
            self._journal.put(self._prints, key, Print(*key, certification.name, certification.description))

    def by_id(self, ids: Collection[int]) -> dict[int, Certification]:
        return found(self._rows, ids)

    def by_code(self, codes: Collection[str]) -> dict[str, Certification]:
        return {code: self._rows[found] for code, found in found(self._by_code, codes).items()}

    def overviews(self) -> Sequence[Overview]:
        live = self._awards.live_counts()
        items: dict[int, list[ItemRef]] = {}
        for each in self._carried.values():
            items.setdefault(each.certification_id, []).append(each.item)
        return [
            Overview(each, live[each.id], sorted_items(items.get(each.id, ())))
            for each in sorted(self._rows.values(), key=lambda each: (each.name, each.id))
        ]

    def prints(self, editions: Collection[tuple[int, int]]) -> dict[tuple[int, int], Print]:
        return found(self._prints, editions)

    def assign(self, assignment: Assignment) -> None:
        what = f"the certification of {assignment.item}"
        self._journal.claim(self._carried, assignment.item, assignment, what)

    def unassign(self, items: Collection[ItemRef]) -> None:
        for item in found(self._carried, items):
            self._journal.drop(self._carried, item)

    def carried_by(self, items: Collection[ItemRef]) -> dict[ItemRef, Assignment]:
        return found(self._carried, items)

    def assigned_to(self, certification_ids: Collection[int]) -> dict[int, list[Assignment]]:
        assigned: dict[int, list[Assignment]] = {}
        for item in sorted(self._carried):
            assigned.setdefault(self._carried[item].certification_id, []).append(self._carried[item])
        return found(assigned, certification_ids)

    def delete(self, certification_id: int) -> None:
        certification = self._rows.get(certification_id)
        if certification is None:
            return
        self._journal.drop(self._rows, certification_id)
        if certification.code is not None:
            self._journal.drop(self._by_code, certification.code)
        for key in [key for key in self._prints if key[0] == certification_id]:
            self._journal.drop(self._prints, key)
        self.unassign([each.item for each in self._carried.values() if each.certification_id == certification_id])


class MemoryHistory(HistoryRepository):
    """History entries by award and sequence, and by job."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_award: dict[int, dict[int, HistoryEntry]] = {}
        self._by_job: dict[int, dict[tuple[int, int], HistoryEntry]] = {}

    def append(self, entries: Sequence[HistoryEntry]) -> None:
        with self._journal.all_or_nothing():
            for entry in entries:
                _append(self._journal, self._by_award, entry, "history entry")
                if entry.job_id is not None:
                    of_job = self._by_job.setdefault(entry.job_id, {})
                    self._journal.put(of_job, (entry.award_id, entry.seq), entry)

    def of(self, award_ids: Collection[int]) -> dict[int, list[HistoryEntry]]:
        return _in_order(self._by_award, award_ids)

    def first(self, award_id: int) -> HistoryEntry | None:
        """The entry with which the history of an award begins."""
        return self._by_award.get(award_id, {}).get(1)

    def forget(self, award_ids: Collection[int]) -> None:
        """Remove those of awards that are deleted."""
        for entries in found(self._by_award, award_ids).values():
            for entry in list(entries.values()):
                self._journal.drop(entries, entry.seq)
                if entry.job_id is not None:
                    self._journal.drop(self._by_job[entry.job_id], (entry.award_id, entry.seq))

    def by_job(
        self, job_id: int, after: tuple[int, int] | None, limit: int, *, act: str | None = None
    ) -> Sequence[HistoryEntry]:
        of_job = self._by_job.get(job_id, {})
        found = (key for key, entry in of_job.items() if act in (None, entry.act) and (after is None or key > after))
        return [of_job[key] for key in nsmallest(limit, found)]


class MemoryOutbox(Outbox):
    """Events by award and sequence, and those that are pending."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_award: dict[int, dict[int, Event]] = {}
        self._pending: dict[tuple[int, int], None] = {}

    def append(self, events: Sequence[Event]) -> None:
        with self._journal.all_or_nothing():
            for event in events:
                _append(self._journal, self._by_award, event, "event")
                self._journal.put(self._pending, (event.award_id, event.seq), None)

    def pending(self, limit: int) -> Sequence[Event]:
        return [self._by_award[award_id][seq] for award_id, seq in nsmallest(limit, self._pending)]

    def dispatched(self, keys: Sequence[tuple[int, int]]) -> None:
        for key in found(self._pending, keys):
            self._journal.drop(self._pending, key)

    def silence(self, keys: Sequence[tuple[int, int]]) -> None:
        for award_id, seq in keys:
            of_award = self._by_award.get(award_id, {})
            if seq in of_award:
                self._journal.put(of_award, seq, evolve(of_award[seq], notify=False))

    def forget(self, award_ids: Collection[int]) -> None:
        """Remove those of awards that are deleted."""
        for award_id, events in found(self._by_award, award_ids).items():
            self.dispatched([(award_id, seq) for seq in events])
            for seq in list(events):
                self._journal.drop(events, seq)

    def of(self, award_ids: Collection[int]) -> dict[int, list[Event]]:
        return _in_order(self._by_award, award_ids)


def _append(journal: Journal, by_award: dict[int, dict[int, Kept]], kept: Kept, kind: str) -> None:
    of_award = by_award.setdefault(kept.award_id, {})
    journal.claim(of_award, kept.seq, kept, f"{kind} {kept.seq} of award {kept.award_id}")


def _in_order(by_award: dict[int, dict[int, Kept]], award_ids: Collection[int]) -> dict[int, list[Kept]]:
    of_award = found(by_award, award_ids)
    return {award_id: [kept[seq] for seq in sorted(kept)] for award_id, kept in of_award.items() if kept}


class MemoryJobs(JobRepository):
    """Jobs by id and key, with copies of their own of what is inside."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[int, Job] = {}
        self._by_key: dict[str, int] = {}
        self._rejects: dict[tuple[int, int], Reject] = {}

    def add(self, job: Job) -> None:
        with self._journal.all_or_nothing():
            self._journal.claim(self._rows, job.id, _copied(job), f"job {job.public_id}")
            if job.key is not None:
                self._journal.claim(self._by_key, job.key, job.id, f"idempotency key {job.key}")

    def update(self, job: Job) -> None:
        before = self._rows.get(job.id)
        if before is None or job.version != before.version + 1:
            raise Conflict(f"job {job.public_id}")
        self._journal.put(self._rows, job.id, _copied(job))

    def get(self, job_id: int) -> Job | None:
        job = self._rows.get(job_id)
        return None if job is None else _copied(job)

    def by_key(self, key: str) -> Job | None:
        job_id = self._by_key.get(key)
        return None if job_id is None else self.get(job_id)

    def in_state(self, state: JobState, limit: int, *, newest: bool = False) -> Sequence[Job]:
        found = (job for job in self._rows.values() if job.state is state)
        return [_copied(job) for job in (nlargest if newest else nsmallest)(limit, found, key=_age)]

    def recent(self, kind: str, limit: int) -> Sequence[Job]:
        return [
            _copied(job) for job in nlargest(limit, (job for job in self._rows.values() if job.kind == kind), key=_age)
        ]

    def unfinished(self, fingerprint: str) -> Job | None:
        open_jobs = (job for job in self._rows.values() if job.state in (JobState.QUEUED, JobState.RUNNING))
        newest = max((job for job in open_jobs if job.fingerprint == fingerprint), key=_age, default=None)
        return None if newest is None else _copied(newest)

    def reject(self, job_id: int, rejects: Sequence[Reject]) -> None:
        with self._journal.all_or_nothing():
            for each in rejects:
                self._journal.claim(self._rejects, (job_id, each.line), each, f"line {each.line} of job {job_id:x}")

    def rejects(self, job_id: int, after_line: int, limit: int) -> Sequence[Reject]:
        later = (line for job, line in self._rejects if job == job_id and line > after_line)
        return [self._rejects[job_id, line] for line in nsmallest(limit, later)]


def _age(job: Job) -> tuple[datetime, int]:
    return job.created_at, job.id


def _copied(job: Job) -> Job:
    """The job with copies of its JSON-shaped parts, so that nobody changes them from outside."""
    parts = {name: json.loads(json.dumps(dict(getattr(job, name)))) for name in ("payload", "checkpoint", "result")}
    return evolve(job, **parts)
