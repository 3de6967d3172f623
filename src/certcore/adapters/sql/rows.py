"""How awards, history and events become rows, column by column in the order of `tables`, and are read back.

Periods, bases and details are shared by many awards of a batch, so they are converted once.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from typing import Any

from certcore.adapters.sql.values import (
    Row,
    amount_text,
    as_bytes,
    as_flag,
    as_text,
    as_whole,
    check_types,
    day_text,
    micros,
    or_none,
)
from certcore.domain import issuing, succession
from certcore.domain.awards import NO_DETAILS, Award, Basis, BasisKind, Details, Ending, EndReason, Link, Period
from certcore.domain.decisions import Offer
from certcore.domain.history import EVENT_VERSION, Entries, Event, HistoryEntry
from certcore.domain.issuing import Issued, each_once
from certcore.domain.succession import Archived
from certcore.domain.time import from_micros, parse_date, to_micros, zone_rules

_SHARED = 4_096
_micros_of = lru_cache(_SHARED)(to_micros)


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
        *_columns_of_period(award.period),
        *_columns_of_basis(award.basis),
        *_details_columns(award.details),
        award.renews,
        award.renewed_by,
        None if ending is None else ending.reason.value,
        None if ending is None else _micros_of(ending.at),
        1 if ending is None else None,
        award.version,
        award.head,
    )


def issued_award_rows(tenant: str, issued: Issued) -> list[Row]:
    """The rows of `tables.award` of new awards."""
    rows = zip(
        repeat(tenant),
        issued.ids,
        issued.numbers,
        issued.tokens,
        [certification.id for certification in issued.certifications],
        [certification.edition for certification in issued.certifications],
        [learner.id for learner in issued.learners],
        [learner.full_name for learner in issued.learners],
        *zip(*map(_offer_columns, issued.offers), strict=True),
        issued.renews,
        *map(repeat, _LIVE_AND_NEW),
        issued.history.hashes,
        strict=False,
    )
    return list(rows)


_LIVE_AND_NEW: Row = (None, None, None, 1, 1)
"""Not renewed, not ended, live, in its first version."""


def archived_columns(tenant: str, archived: Archived) -> list[Row]:
    """What changes in the row of each award (`ARCHIVING`), and by what that row is found (`bulk.before`)."""
    columns = zip(
        archived.renewed_by,
        repeat(succession.END.value),
        each_once(to_micros, archived.ends),
        repeat(None),
        archived.history.seqs,
        archived.history.hashes,
        repeat(tenant),
        archived.history.award_ids,
        [award.version for award in archived.awards],
        strict=False,
    )
    return list(columns)


ARCHIVING = ("renewed_by", "end_reason", "ended_at", "live", "version", "head")
"""The columns of `tables.award` that say whether and how an award has ended."""


def entry_rows(tenant: str, entries: Entries) -> list[Row]:
    """The rows of `tables.history`."""
    rows = zip(
        repeat(tenant),
        entries.award_ids,
        entries.seqs,
        repeat(to_micros(entries.at)),
        repeat(entries.act),
        entries.facts,
        entries.personal,
        entries.salts,
        entries.digests,
        entries.hashes,
        repeat(entries.job_id),
        strict=False,
    )
    return list(rows)


def issued_event_rows(tenant: str, issued: Issued) -> list[Row]:
    """The rows of `tables.outbox` of new awards."""
    now, now_stored = issued.context.now, to_micros(issued.context.now)

    def due(offer: Offer) -> int:
        starts_at = offer.period.issued_at
        return now_stored if starts_at <= now else to_micros(starts_at)

    return _event_rows(tenant, issued.history, issuing.EVENT, each_once(due, issued.offers), notify=issued.notify)


def archived_event_rows(tenant: str, archived: Archived) -> list[Row]:
    """The rows of `tables.outbox` of awards that others renew."""
    due = repeat(to_micros(archived.history.at))
    return _event_rows(tenant, archived.history, succession.EVENT, due, notify=False)


def _event_rows(tenant: str, entries: Entries, kind: str, due: Iterable[int], *, notify: bool) -> list[Row]:
    rows = zip(
        repeat(tenant),
        entries.award_ids,
        entries.seqs,
        repeat(kind),
        repeat(EVENT_VERSION),
        entries.facts,
        due,
        repeat(int(notify)),
        repeat(1),
        strict=False,
    )
    return list(rows)


@lru_cache(_SHARED)
def _offer_columns(offer: Offer) -> Row:
    return (*_period_columns(offer.period), *_columns_of_basis(offer.basis), *_details_columns(offer.details))


def _period_columns(period: Period) -> Row:
    expires_at = micros(period.expires_at)
    return (
        period.zone,
        day_text(period.issued_on),
        to_micros(period.issued_at),
        day_text(period.anchor_on),
        day_text(period.expires_on),
        expires_at,
        day_text(period.expiring_on),
        micros(period.expiring_at),
        expires_at if period.grace_ends_at is period.expires_at else micros(period.grace_ends_at),
    )


_columns_of_period = lru_cache(_SHARED)(_period_columns)
"""For awards that come one by one, whose periods are equal more often than the same."""


@lru_cache(_SHARED)
def _columns_of_basis(basis: Basis) -> Row:
    links = json.dumps([[link.provider, link.url] for link in basis.links]) if basis.links else None
    return basis.kind.value, basis.code, links


def _details_columns(details: Details) -> Row:
    if details is NO_DETAILS:
        return (None, None, None, None)
    return amount_text(details.score), day_text(details.completed_on), amount_text(details.credits), details.note


def award_from(*row: Any) -> Award:
    """The award of a row of `tables.award` without its tenant."""
    award_id, number, token, certification_id, edition, learner_id, learner_name = row[:7]
    renews, renewed_by, end_reason, ended_at, live, version, head = row[23:]
    check_types((*row[:7], version, head), _KINDS)
    ending = None if end_reason is None and ended_at is None else Ending(EndReason(end_reason), from_micros(ended_at))
    if live != (1 if ending is None else None):
        raise ValueError("its live marker and its end contradict each other")
    return Award(
        award_id,
        number,
        token,
        certification_id,
        edition,
        learner_id,
        learner_name,
        _period(*row[7:16]),
        _basis(*row[16:19]),
        _details(*row[19:23]),
        or_none(as_whole, renews),
        or_none(as_whole, renewed_by),
        ending,
        version,
        head,
    )


_KINDS = (int, str, bytes, int, int, str, str, int, bytes)
"""Of what kind the columns of an award up to its learner's name are, and its version and head."""


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
        or_none(parse_date, expires_on),
        or_none(from_micros, expires_at),
        or_none(parse_date, expiring_on),
        or_none(from_micros, expiring_at),
        or_none(from_micros, grace_ends_at),
    )


@lru_cache(_SHARED)
def _basis(kind: Any, code: Any, links: Any) -> Basis:
    pairs = () if links is None else tuple(Link(provider, url) for provider, url in json.loads(links))
    return Basis(BasisKind(kind), code, pairs)


@lru_cache(_SHARED)
def _details(score: Any, completed_on: Any, credits_: Any, note: Any) -> Details:
    return Details(or_none(Decimal, score), or_none(parse_date, completed_on), or_none(Decimal, credits_), note)


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
        as_text(act),
        as_text(facts),
        or_none(as_text, personal),
        or_none(as_bytes, salt),
        as_bytes(digest),
        as_bytes(link),
        or_none(as_whole, job_id),
    )


def event_row(tenant: str, event: Event) -> Row:
    """The row of `tables.outbox`: of an event that is pending."""
    return (
        tenant,
        event.award_id,
        event.seq,
        event.kind,
        event.version,
        event.payload,
        _micros_of(event.due_at),
        1 if event.notify else 0,
        1,
    )


def event_from(*row: Any) -> Event:
    """The event of a row of `tables.outbox` without its tenant, pending or not."""
    award_id, seq, kind, version, payload, due_at, notify, _pending = row
    return Event(
        award_id, seq, as_text(kind), as_whole(version), as_text(payload), from_micros(due_at), as_flag(notify)
    )
