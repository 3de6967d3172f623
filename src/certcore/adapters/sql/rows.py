"""How values become rows, column by column in the order of `tables`, and how rows are read back exactly.

A reader never guesses: what is not exactly what was written raises `CorruptRecord` (f39). Periods, bases and details
are shared by many awards of a batch, so they are converted once.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from certcore.domain.awards import Award, Basis, BasisKind, Details, Ending, EndReason, Link, Period
from certcore.domain.cells import Problem
from certcore.domain.certifications import Certification, Print
from certcore.domain.history import EVENT_VERSION, Event, HistoryEntry, canonical
from certcore.domain.issuing import ACT, EVENT, Issued
from certcore.domain.jobs import Job, JobState, Reject
from certcore.domain.people import Actor, Role
from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import from_micros, parse_date, to_micros, zone_rules
from certcore.errors import CorruptRecord, InvalidInput

T = TypeVar("T")
Row = tuple[object, ...]
Report = Callable[[CorruptRecord], None]

_SHARED = 8_192
_micros_of = lru_cache(_SHARED)(to_micros)


def exact(kind: str, ref: object, read: Callable[..., T], row: Iterable[object]) -> T:
    """``read(*row)``; `CorruptRecord` where the row is not what was once written."""
    try:
        return read(*row)
    except (InvalidInput, ValueError, TypeError, ArithmeticError, AttributeError, LookupError) as error:
        raise CorruptRecord(kind, str(ref), str(error) or type(error).__name__) from error


def readable(
    kind: str, read: Callable[..., T], rows: Iterable[tuple[object, Iterable[object]]], report: Report
) -> Iterator[T]:
    """What can be read of ``rows``, pairs of a reference and the columns; the others are reported and left out."""
    for ref, row in rows:
        try:
            value = exact(kind, ref, read, row)
        except CorruptRecord as corrupt:
            report(corrupt)
        else:
            yield value


def award_row(tenant: str, award: Award) -> Row:
    """The row of `tables.award`."""
    ending = award.ending
    return (
        tenant,
        award.id,
        award.number,
        award.token,
        award.certification_id,
        award.edition,
        award.learner_id,
        award.learner_name,
        *_period_columns(award.period),
        *_basis_columns(award.basis),
        *_details_columns(award.details),
        award.renews,
        award.renewed_by,
        None if ending is None else ending.reason.value,
        None if ending is None else to_micros(ending.at),
        1 if ending is None else None,
        award.version,
        award.head,
    )


def issued_award_rows(tenant: str, issued: Issued) -> list[Row]:
    """The rows of `tables.award` of new awards."""
    return [
        (
            tenant,
            award_id,
            number,
            token,
            certification.id,
            certification.edition,
            learner.id,
            learner.full_name,
            *_period_columns(offer.period),
            *_basis_columns(offer.basis),
            *_details_columns(offer.details),
            renews,
            *_LIVE_AND_NEW,
            head,
        )
        for award_id, number, token, certification, learner, offer, renews, head in zip(
            issued.ids,
            issued.numbers,
            issued.tokens,
            issued.certifications,
            issued.learners,
            issued.offers,
            issued.renews,
            issued.hashes,
            strict=True,
        )
    ]


_LIVE_AND_NEW: Row = (None, None, None, 1, 1)
"""Not renewed, not ended, live, in its first version."""


def issued_history_rows(tenant: str, issued: Issued) -> list[Row]:
    """The rows of `tables.history` of new awards."""
    at, job_id = to_micros(issued.context.now), issued.context.job_id
    columns = (issued.ids, issued.facts, issued.personal, issued.salts, issued.digests, issued.hashes)
    return [(tenant, award_id, 1, at, ACT, *rest, job_id) for award_id, *rest in zip(*columns, strict=True)]


def issued_event_rows(tenant: str, issued: Issued) -> list[Row]:
    """The rows of `tables.outbox` of new awards."""
    now, notify = to_micros(issued.context.now), int(issued.notify)
    return [
        (tenant, award_id, 1, EVENT, EVENT_VERSION, facts, max(now, _micros_of(offer.period.issued_at)), notify)
        for award_id, facts, offer in zip(issued.ids, issued.facts, issued.offers, strict=True)
    ]


@lru_cache(_SHARED)
def _period_columns(period: Period) -> Row:
    return (
        period.zone,
        period.issued_on.isoformat(),
        to_micros(period.issued_at),
        period.anchor_on.isoformat(),
        _day_text(period.expires_on),
        _micros(period.expires_at),
        _day_text(period.expiring_on),
        _micros(period.expiring_at),
        _micros(period.grace_ends_at),
    )


@lru_cache(_SHARED)
def _basis_columns(basis: Basis) -> Row:
    links = json.dumps([[link.provider, link.url] for link in basis.links]) if basis.links else None
    return basis.kind.value, basis.code, links


@lru_cache(_SHARED)
def _details_columns(details: Details) -> Row:
    return _amount(details.score), _day_text(details.completed_on), _amount(details.credits), details.note


def award_from(*row: Any) -> Award:
    """The award of a row of `tables.award` without its tenant."""
    award_id, number, token, certification_id, edition, learner_id, learner_name = row[:7]
    renews, renewed_by, end_reason, ended_at, live, version, head = row[23:]
    ending = None if end_reason is None and ended_at is None else Ending(EndReason(end_reason), from_micros(ended_at))
    if live != (1 if ending is None else None):
        raise ValueError("its live marker and its end contradict each other")
    return Award(
        _whole(award_id),
        _text(number),
        _bytes(token),
        _whole(certification_id),
        _whole(edition),
        _text(learner_id),
        _text(learner_name),
        _period(*row[7:16]),
        _basis(*row[16:19]),
        _details(*row[19:23]),
        _or_none(_whole, renews),
        _or_none(_whole, renewed_by),
        ending,
        _whole(version),
        _bytes(head),
    )


@lru_cache(_SHARED)
def _period(zone: Any, issued_on: Any, issued_at: Any, anchor_on: Any, *ends: Any) -> Period:
    expires_on, expires_at, expiring_on, expiring_at, grace_ends_at = ends
    zone_rules(zone)
    if (expires_on is None) != (expires_at is None) or (expiring_on is None) != (expiring_at is None):
        raise ValueError("a date and its instant contradict each other")
    if expires_at is not None and expires_at <= issued_at:
        raise ValueError("it ends before it starts")
    return Period(
        zone,
        parse_date(issued_on),
        from_micros(issued_at),
        parse_date(anchor_on),
        _or_none(parse_date, expires_on),
        _or_none(from_micros, expires_at),
        _or_none(parse_date, expiring_on),
        _or_none(from_micros, expiring_at),
        _or_none(from_micros, grace_ends_at),
    )


@lru_cache(_SHARED)
def _basis(kind: Any, code: Any, links: Any) -> Basis:
    pairs = () if links is None else tuple(Link(provider, url) for provider, url in json.loads(links))
    return Basis(BasisKind(kind), code, pairs)


@lru_cache(_SHARED)
def _details(score: Any, completed_on: Any, credits_: Any, note: Any) -> Details:
    return Details(_or_none(Decimal, score), _or_none(parse_date, completed_on), _or_none(Decimal, credits_), note)


def history_row(tenant: str, entry: HistoryEntry) -> Row:
    """The row of `tables.history`."""
    return (
        tenant,
        entry.award_id,
        entry.seq,
        _micros_of(entry.at),
        entry.act,
        entry.facts,
        entry.personal,
        entry.salt,
        entry.digest,
        entry.hash,
        entry.job_id,
    )


def history_from(*row: Any) -> HistoryEntry:
    """The entry of a row of `tables.history` without its tenant."""
    award_id, seq, at, act, facts, personal, salt, digest, link, job_id = row
    return HistoryEntry(
        award_id,
        seq,
        from_micros(at),
        _text(act),
        _text(facts),
        _or_none(_text, personal),
        _or_none(_bytes, salt),
        _bytes(digest),
        _bytes(link),
        _or_none(_whole, job_id),
    )


def event_row(tenant: str, event: Event) -> Row:
    """The row of `tables.outbox`."""
    return (
        tenant,
        event.award_id,
        event.seq,
        event.kind,
        event.version,
        event.payload,
        _micros_of(event.due_at),
        1 if event.notify else 0,
    )


def event_from(*row: Any) -> Event:
    """The event of a row of `tables.outbox` without its tenant."""
    award_id, seq, kind, version, payload, due_at, notify = row
    return Event(award_id, seq, _text(kind), _whole(version), _text(payload), from_micros(due_at), _flag(notify))


def certification_row(tenant: str, certification: Certification) -> Row:
    """The row of `tables.certification`."""
    return (
        tenant,
        certification.id,
        certification.name,
        certification.code,
        certification.description,
        canonical(certification.policy.to_data()),
        int(certification.allow_retake),
        certification.template,
        _amount(certification.credits),
        int(certification.retired),
        certification.edition,
        certification.version,
    )


def certification_from(*row: Any) -> Certification:
    """The certification of a row of `tables.certification` without its tenant."""
    id_, name, code, description, policy, allow_retake, template, credits_, retired, edition, version = row
    return Certification(
        id_,
        name,
        code,
        _text(description),
        _policy(policy),
        _flag(allow_retake),
        template,
        _or_none(Decimal, credits_),
        _flag(retired),
        _whole(edition),
        _whole(version),
    )


@lru_cache(1_024)
def _policy(text: str) -> RenewalPolicy:
    return RenewalPolicy.from_data(json.loads(text))


def print_from(*row: Any) -> Print:
    """The print of a row of `tables.certification_edition` without its tenant."""
    certification_id, edition, name, description = row
    return Print(certification_id, edition, _text(name), _text(description))


def job_row(tenant: str, job: Job) -> Row:
    """The row of `tables.job`."""
    return (
        tenant,
        job.id,
        job.kind,
        job.actor.id,
        json.dumps(sorted(job.actor.roles)),
        canonical(job.payload),
        job.fingerprint,
        to_micros(job.created_at),
        job.key,
        job.state.value,
        job.done,
        job.total,
        canonical(job.checkpoint),
        canonical(job.result),
        job.version,
    )


def job_from(*row: Any) -> Job:
    """The job of a row of `tables.job` without its tenant."""
    id_, kind, actor_id, roles, payload, _fingerprint, created_at, key, state, done, total, *texts, version = row
    checkpoint, result = texts
    return Job(
        id_,
        _text(kind),
        Actor(actor_id, frozenset(map(Role, json.loads(roles)))),
        json_object(payload),
        from_micros(created_at),
        key,
        JobState(state),
        _whole(done),
        _or_none(_whole, total),
        json_object(checkpoint),
        json_object(result),
        _whole(version),
    )


def json_object(text: str) -> Any:
    """The JSON object that ``text`` holds; raises ValueError for anything else."""
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("JSON of another shape than an object")
    return data


def reject_row(tenant: str, job_id: int, reject: Reject) -> Row:
    """The row of `tables.job_reject`; a cell may hold what no text column takes, so JSON keeps it escaped."""
    problems = [[each.column, each.value, each.code, dict(each.params)] for each in reject.problems]
    return tenant, job_id, reject.line, json.dumps(reject.cells), json.dumps(problems)


def reject_from(line: Any, cells: Any, problems: Any) -> Reject:
    """The reject of a row of `tables.job_reject` without its tenant and job."""
    return Reject(line, tuple(json.loads(cells)), tuple(Problem(*each) for each in json.loads(problems)))


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else to_micros(instant)


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _or_none(read: Callable[[Any], T], value: object) -> T | None:
    return None if value is None else read(value)


def _text(value: object) -> str:
    return _of_type(str, value)


def _whole(value: object) -> int:
    return _of_type(int, value)


def _bytes(value: object) -> bytes:
    return _of_type(bytes, value)


def _flag(value: object) -> bool:
    return {0: False, 1: True}[_whole(value)]


def _of_type(kind: type[T], value: object) -> T:
    if type(value) is not kind:
        raise ValueError(f"{type(value).__name__} where {kind.__name__} belongs")
    return value
