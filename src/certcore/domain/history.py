"""What is written with every change: an entry in the chained history, and an event for the outbox (R-64, R-115)."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring

from attrs import frozen

from certcore.domain.time import to_micros


@frozen
class HistoryEntry:
    """Who did what to an award, when, with the values before and after.

    ``facts`` and ``personal`` are canonical JSON. Personal fields enter the chain as a salted digest, so that it
    verifies also after an erasure has dropped ``personal`` and ``salt`` (R-62, R-64). ``seq`` counts from 1 without a
    gap. ``job_id`` names the job that did it, if any.
    """

    award_id: int
    seq: int
    at: datetime
    act: str
    facts: str
    personal: str | None
    salt: bytes | None
    digest: bytes
    hash: bytes
    job_id: int | None = None


@frozen
class Event:
    """A typed, versioned fact in the outbox, written in the transaction of the change it tells of (R-83, R-115).

    ``due_at`` is when a notice about it may go out; ``notify`` is False where nobody is to be told.
    """

    award_id: int
    seq: int
    kind: str
    version: int
    payload: str
    due_at: datetime
    notify: bool


def canonical(data: Mapping[str, object]) -> str:
    """``data`` as JSON with one spelling: sorted keys, no blanks, Unicode as it is."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def quoted(text: str) -> str:
    """``text`` as a JSON string, as `canonical` writes it."""
    return encode_basestring(text)


def chained(
    previous: bytes,
    *,
    award_id: int,
    seq: int,
    at: datetime,
    act: str,
    facts: str,
    personal: str,
    salt: bytes,
    job_id: int | None,
) -> HistoryEntry:
    """The entry that follows the one with hash ``previous`` (empty for the first)."""
    digest = _digest(personal, salt)
    return HistoryEntry(
        award_id,
        seq,
        at,
        act,
        facts,
        personal,
        salt,
        digest,
        _link(previous, award_id, seq, at=at, act=act, facts=facts, digest=digest),
        job_id,
    )


def verifies(previous: bytes, entry: HistoryEntry) -> bool:
    """Whether ``entry`` is unaltered and follows the entry with hash ``previous``; also after erasure."""
    kept = entry.personal is not None and entry.salt is not None
    if kept and _digest(entry.personal or "", entry.salt or b"") != entry.digest:
        return False
    return entry.hash == _link(
        previous, entry.award_id, entry.seq, at=entry.at, act=entry.act, facts=entry.facts, digest=entry.digest
    )


def _digest(personal: str, salt: bytes) -> bytes:
    return sha256(salt + personal.encode()).digest()


def _link(previous: bytes, award_id: int, seq: int, *, at: datetime, act: str, facts: str, digest: bytes) -> bytes:
    return sha256(f"{previous.hex()}|{award_id}|{seq}|{to_micros(at)}|{act}|{digest.hex()}|{facts}".encode()).digest()
