"""What is written with every change: an entry in the chained history, and an event for the outbox (R-64, R-115)."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Final

from attrs import frozen

from certcore.domain.time import to_micros

_encoded: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

EVENT_VERSION: Final = 1
"""The version of the payloads that this release writes (R-115)."""


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


@frozen(eq=False)
class Entries:
    """History entries of many awards, one of each, about one act at one instant: in columns of one length."""

    act: str
    at: datetime
    job_id: int | None
    award_ids: Sequence[int]
    seqs: Sequence[int]
    facts: Sequence[str]
    personal: Sequence[str]
    salts: Sequence[bytes]
    digests: Sequence[bytes]
    hashes: Sequence[bytes]

    def __iter__(self) -> Iterator[HistoryEntry]:
        columns = (self.award_ids, self.seqs, self.facts, self.personal, self.salts, self.digests, self.hashes)
        for award_id, seq, facts, text, salt, digest, head in zip(*columns, strict=True):
            yield HistoryEntry(award_id, seq, self.at, self.act, facts, text, salt, digest, head, self.job_id)


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


def canonical(data: Mapping[str, object] | Sequence[object]) -> str:
    """``data`` as JSON with one spelling: sorted keys, no blanks, Unicode as it is."""
    return _encoded(data)


def personal(actor_id: str, learners: Iterable[tuple[str, str | None]]) -> list[str]:
    """The personal part of the entry of each learner, an id and a note, as `canonical` would write it."""
    actor = encode_basestring(actor_id)
    return [
        f'{{"actor":{actor},"learner":{encode_basestring(learner_id)}}}'
        if note is None
        else f'{{"actor":{actor},"learner":{encode_basestring(learner_id)},"note":{encode_basestring(note)}}}'
        for learner_id, note in learners
    ]


def chained_all(
    previous: Sequence[bytes],
    *,
    award_ids: Sequence[int],
    seqs: Sequence[int],
    at: datetime,
    act: str,
    facts: Sequence[str],
    personal: Sequence[str],
    salts: Sequence[bytes],
    job_id: int | None,
) -> Entries:
    """The entries that follow those with the hashes ``previous``, each as `chained` has it."""
    digests = [sha256(salt + text.encode()).digest() for text, salt in zip(personal, salts, strict=True)]
    hashes = links(zip(previous, award_ids, seqs, digests, facts, strict=True), at_micros=to_micros(at), act=act)
    return Entries(act, at, job_id, award_ids, seqs, facts, personal, salts, digests, hashes)


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
    digest = digest_of(personal, salt)
    return HistoryEntry(
        award_id,
        seq,
        at,
        act,
        facts,
        personal,
        salt,
        digest,
        link(previous, award_id, seq, at_micros=to_micros(at), act=act, digest=digest, facts=facts),
        job_id,
    )


def verifies(previous: bytes, entry: HistoryEntry) -> bool:
    """Whether ``entry`` is unaltered and follows the entry with hash ``previous``; also after erasure."""
    kept = entry.personal is not None and entry.salt is not None
    if kept and digest_of(entry.personal or "", entry.salt or b"") != entry.digest:
        return False
    return entry.hash == link(
        previous,
        entry.award_id,
        entry.seq,
        at_micros=to_micros(entry.at),
        act=entry.act,
        digest=entry.digest,
        facts=entry.facts,
    )


def digest_of(personal: str, salt: bytes) -> bytes:
    """The salted digest under which personal fields enter the chain."""
    return sha256(salt + personal.encode()).digest()


def link(previous: bytes, award_id: int, seq: int, *, at_micros: int, act: str, digest: bytes, facts: str) -> bytes:
    """The hash of an entry that follows the one with hash ``previous``."""
    return links([(previous, award_id, seq, digest, facts)], at_micros=at_micros, act=act)[0]


def links(entries: Iterable[tuple[bytes, int, int, bytes, str]], *, at_micros: int, act: str) -> list[bytes]:
    """The hash of each entry: the one before it, and its award, number, digest and facts."""
    return [
        sha256(f"{previous.hex()}|{award_id}|{seq}|{at_micros}|{act}|{digest.hex()}|{facts}".encode()).digest()
        for previous, award_id, seq, digest, facts in entries
    ]
