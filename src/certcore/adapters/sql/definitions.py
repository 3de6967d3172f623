"""The repositories that stay small: certifications and jobs."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, or_, select

from certcore.adapters.sql import tables
from certcore.adapters.sql.definition_rows import (
    certification_from,
    certification_row,
    job_from,
    job_row,
    print_from,
    reject_from,
    reject_row,
)
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, as_flag, as_whole, exact, or_none, readable
from certcore.domain.certifications import Assignment, Certification, ItemRef, Overview, Print, sorted_items
from certcore.domain.jobs import Job, JobState, Reject
from certcore.domain.time import from_micros, to_micros
from certcore.errors import Conflict
from certcore.ports import CertificationRepository, JobRepository

_certification = tables.certification.c
_edition = tables.certification_edition.c
_carried = tables.item_certification.c
_award = tables.award.c
_job = tables.job.c
_reject = tables.job_reject.c

_ALL: Final = select(*tables.certification.c[1:]).where(_certification.tenant == TENANT)
_BY_ID: Final = among(_certification.id, "ids", *tables.certification.c[1:])
_HELD: Final = (
    select(_certification.id, _certification.version)
    .where(_certification.tenant == TENANT, within(_certification.id, "ids"))
    .order_by(_certification.id)
    .with_for_update(read=True, of=tables.certification)
)
_BY_CODE: Final = among(_certification.code, "codes", *tables.certification.c[1:])
_PRINTS: Final = among(_edition.certification_id, "ids", *tables.certification_edition.c[1:])
_CARRIED: Final = tables.item_certification.c[1:]
_ALL_CARRIED: Final = select(*_CARRIED).where(_carried.tenant == TENANT)
_CARRIED_BY: Final = among(_carried.code, "codes", *_CARRIED)
_ASSIGNED_TO: Final = among(_carried.certification_id, "ids", *_CARRIED)
_LIVE_COUNTS: Final = (
    select(_award.certification_id, func.count())
    .where(_award.tenant == TENANT, _award.live == 1)
    .group_by(_award.certification_id)
)

_JOBS: Final = select(*tables.job.c[1:]).where(_job.tenant == TENANT)
_JOB_BY_ID: Final = _JOBS.where(_job.id == bindparam("id"))
_JOB_BY_KEY: Final = among(_job.idempotency_key, "keys", *tables.job.c[1:])
_IN_STATE: Final = _JOBS.where(_job.state == bindparam("state")).limit(bindparam("limit"))
_OLDEST: Final = _IN_STATE.order_by(_job.created_at, _job.id)
_NEWEST: Final = _IN_STATE.order_by(_job.created_at.desc(), _job.id.desc())
_RECENT: Final = (
    _JOBS.where(_job.kind == bindparam("kind"))
    .order_by(_job.created_at.desc(), _job.id.desc())
    .limit(bindparam("limit"))
)
_UNFINISHED: Final = (
    _JOBS.where(
        _job.fingerprint == bindparam("fingerprint"),
        or_(_job.state == JobState.QUEUED.value, _job.state == JobState.RUNNING.value),
    )
    .order_by(_job.created_at.desc(), _job.id.desc())
    .limit(1)
)
_REJECTS: Final = (
    select(_reject.line, _reject.cells, _reject.problems)
    .where(_reject.tenant == TENANT, _reject.job_id == bindparam("job_id"), _reject.line > bindparam("after_line"))
    .order_by(_reject.line)
    .limit(bindparam("limit"))
)


class SqlCertifications(CertificationRepository):
    """Certifications in `tables.certification`; `overviews` reports corrupt rows and leaves them out."""

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report

    def add(self, certification: Certification) -> None:
        with self._unit.savepoint():
            self._unit.insert(tables.certification, [self._row(certification)], _named(certification))
            self._print(certification)

    def update(self, certification: Certification) -> None:
        with self._unit.savepoint():
            self._unit.replace(tables.certification, [self._row(certification)], _named(certification))
            if (certification.id, certification.edition) not in self.prints(
                [(certification.id, certification.edition)]
            ):
                self._print(certification)

    def hold(self, certifications: Collection[Certification]) -> None:
        ids = [each.id for each in certifications]
        rows = self._unit.rows(_HELD, tenant=self._tenant, ids=ids) if ids else ()
        versions = {row[0]: row[1] for row in rows}  # SQLite locks nothing: it has one writer at a time
        for each in certifications:
            if versions.get(each.id) != each.version:
                raise Conflict(_named(each))

    def _row(self, certification: Certification) -> tuple[object, ...]:
        return certification_row(self._tenant, certification)

    def _print(self, certification: Certification) -> None:
        row = (self._tenant, certification.id, certification.edition, certification.name, certification.description)
        self._unit.insert(tables.certification_edition, [row], _named(certification))

    def by_id(self, ids: Collection[int]) -> dict[int, Certification]:
        return {each.id: each for each in self._found(_BY_ID, ids=ids)}

    def by_code(self, codes: Collection[str]) -> dict[str, Certification]:
        return {each.code: each for each in self._found(_BY_CODE, codes=codes) if each.code is not None}

    def _found(self, statement: Select[Any], /, **wanted: Collection[object]) -> list[Certification]:
        rows = self._unit.rows(statement, tenant=self._tenant, **wanted) if all(wanted.values()) else ()
        return [exact("certification", row[0], certification_from, row) for row in rows]

    def overviews(self) -> Sequence[Overview]:
        rows = self._unit.rows(_ALL, tenant=self._tenant)
        certifications = readable("certification", certification_from, ((row[0], row) for row in rows), self._report)
        live = {row[0]: row[1] for row in self._unit.rows(_LIVE_COUNTS, tenant=self._tenant)}
        items: dict[int, list[ItemRef]] = {}
        for row in self._unit.rows(_ALL_CARRIED, tenant=self._tenant):
            items.setdefault(row[2], []).append(_assignment(row).item)
        return [
            Overview(each, live.get(each.id, 0), sorted_items(items.get(each.id, ())))
            for each in sorted(certifications, key=lambda each: (each.name, each.id))
        ]

    def prints(self, editions: Collection[tuple[int, int]]) -> dict[tuple[int, int], Print]:
        wanted = set(editions)
        ids = list({certification_id for certification_id, _ in wanted})
        rows = self._unit.rows(_PRINTS, tenant=self._tenant, ids=ids) if ids else ()
        keyed = (((row[0], row[1]), row) for row in rows)
        return {key: exact("print", key, print_from, row) for key, row in keyed if key in wanted}

    def assign(self, assignment: Assignment) -> None:
        item = assignment.item
        row = (
            self._tenant,
            item.kind.value,
            item.code,
            assignment.certification_id,
            to_micros(assignment.assigned_at),
            or_none(int, assignment.automatic),
        )
        self._unit.insert(tables.item_certification, [row], f"the certification of {item}")

    def unassign(self, items: Collection[ItemRef]) -> None:
        keys = [(self._tenant, item.code, item.kind.value) for item in items]
        self._unit.delete_each(tables.item_certification, ("code", "kind"), keys, "the certification of an item")

    def carried_by(self, items: Collection[ItemRef]) -> dict[ItemRef, Assignment]:
        wanted = set(items)
        codes = list({item.code for item in wanted})
        rows = self._unit.rows(_CARRIED_BY, tenant=self._tenant, codes=codes) if codes else ()
        return {each.item: each for each in map(_assignment, rows) if each.item in wanted}

    def assigned_to(self, certification_ids: Collection[int]) -> dict[int, list[Assignment]]:
        rows = self._unit.rows(_ASSIGNED_TO, tenant=self._tenant, ids=certification_ids) if certification_ids else ()
        assigned: dict[int, list[Assignment]] = {}
        for each in sorted(map(_assignment, rows), key=lambda each: each.item):
            assigned.setdefault(each.certification_id, []).append(each)
        return assigned

    def delete(self, certification_id: int) -> None:
        for table, column in _OF_CERTIFICATION:
            self._unit.delete_each(table, column, [(self._tenant, certification_id)], "a certification")


_OF_CERTIFICATION: Final = (
    (tables.certification, "id"),  # first, since whoever gives it out holds it: after that nothing is added to the rest
    (tables.certification_edition, "certification_id"),
    (tables.item_certification, "certification_id"),
)


def _named(certification: Certification) -> str:
    return f"certification {certification.label}"


def _assignment(row: Sequence[Any]) -> Assignment:
    return exact("item", f"{row[0]}:{row[1]}", _assignment_from, row)


def _assignment_from(kind: Any, code: Any, certification_id: Any, assigned_at: Any, automatic: Any) -> Assignment:
    item = ItemRef.parse(f"{kind}:{code}")
    return Assignment(item, as_whole(certification_id), from_micros(assigned_at), or_none(as_flag, automatic))


class SqlJobs(JobRepository):
    """Jobs in `tables.job`; lists report corrupt rows and leave them out."""

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report

    def add(self, job: Job) -> None:
        self._unit.insert(tables.job, [job_row(self._tenant, job)], f"job {job.public_id}")

    def update(self, job: Job) -> None:
        self._unit.replace(tables.job, [job_row(self._tenant, job)], f"job {job.public_id}")

    def get(self, job_id: int) -> Job | None:
        return self._one(_JOB_BY_ID, id=job_id)

    def by_key(self, key: str) -> Job | None:
        return self._one(_JOB_BY_KEY, keys=[key])

    def in_state(self, state: JobState, limit: int, *, newest: bool = False) -> Sequence[Job]:
        return self._readable(_NEWEST if newest else _OLDEST, state=state.value, limit=limit)

    def recent(self, kind: str, limit: int) -> Sequence[Job]:
        return self._readable(_RECENT, kind=kind, limit=limit)

    def unfinished(self, fingerprint: str) -> Job | None:
        return self._one(_UNFINISHED, fingerprint=fingerprint)

    def reject(self, job_id: int, rejects: Sequence[Reject]) -> None:
        rows = [reject_row(self._tenant, job_id, each) for each in rejects]
        self._unit.insert(tables.job_reject, rows, f"a rejected line of job {job_id:016x}")

    def rejects(self, job_id: int, after_line: int, limit: int) -> Sequence[Reject]:
        rows = self._unit.rows(_REJECTS, tenant=self._tenant, job_id=job_id, after_line=after_line, limit=limit)
        return [exact("rejected line", f"{row[0]} of job {job_id:016x}", reject_from, row) for row in rows]

    def _readable(self, statement: Select[Any], /, **values: object) -> Sequence[Job]:
        rows = self._unit.rows(statement, tenant=self._tenant, **values)
        return list(readable("job", job_from, ((f"{row[0]:016x}", row) for row in rows), self._report))

    def _one(self, statement: Select[Any], /, **values: object) -> Job | None:
        rows = self._unit.rows(statement, tenant=self._tenant, **values)
        return exact("job", f"{rows[0][0]:016x}", job_from, rows[0]) if rows else None
