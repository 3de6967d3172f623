"""History and outbox: append-only, in order, one entry per award and sequence."""

import pytest
from attrs import evolve

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.history import HistoryEntry
from certcore.errors import Conflict
from certcore.ports import Storage
from certcore.testing.builders import NOW, make_award, make_entry, make_event, make_job
from certcore.testing.storage.base import StorageCase, store
from certcore.testing.values import assert_same

_LONG = '{"ü":"' + "x" * 50_000 + '"}'


class LedgerCase(StorageCase):
    """Two stored awards."""

    @pytest.fixture
    def award(self, storage: Storage, certification: Certification) -> Award:
        """A stored award."""
        award = make_award(certification)
        store(storage, award)
        return award

    @pytest.fixture
    def other(self, storage: Storage, certification: Certification) -> Award:
        """Another one."""
        award = make_award(certification)
        store(storage, award)
        return award


class HistoryContract(LedgerCase):
    """The history's repository."""

    def test_an_entry_comes_back_as_it_was(self, storage: Storage, award: Award) -> None:
        """Long facts, microseconds, a job, and what an erasure has emptied."""
        job = make_job()
        entries = [
            make_entry(award, 1),
            make_entry(award, 2, personal=None, salt=None, at=NOW.replace(microsecond=999_999)),
            make_entry(award, 3, facts=_LONG, personal=_LONG, job_id=job.id, salt=bytes(16)),
        ]
        store(storage, job, *entries)
        with storage.reading() as tx:
            for stored, given in zip(tx.history.of([award.id])[award.id], entries, strict=True):
                assert_same(stored, given)

    def test_entries_come_in_order_of_their_sequence(self, storage: Storage, award: Award, other: Award) -> None:
        """Whatever the order in which they came; awards without entries are absent."""
        entries = [make_entry(award, seq) for seq in range(1, 13)]
        store(storage, *entries[6:])
        store(storage, *reversed(entries[:6]))
        with storage.reading() as tx:
            assert tx.history.of([award.id, other.id, 1, award.id]) == {award.id: entries}
            assert tx.history.of([other.id]) == tx.history.of([]) == {}

    def test_a_sequence_of_history_is_taken_once(self, storage: Storage, award: Award, other: Award) -> None:
        """`Conflict`, whether it stands in the store or in the batch, and none of the batch is stored."""
        first = make_entry(award, 1)
        store(storage, first, make_entry(other, 1))
        with storage.transaction() as tx:
            tx.history.append([])
            with pytest.raises(Conflict):
                tx.history.append([make_entry(award, 2), make_entry(award, 1, facts="{}"), make_entry(award, 3)])
            with pytest.raises(Conflict):
                tx.history.append([make_entry(award, 2), make_entry(award, 2)])
        with storage.reading() as tx:
            assert tx.history.of([award.id]) == {award.id: [first]}

    def test_batches_of_history_may_be_large(self, storage: Storage, award: Award) -> None:
        """Thousands to write, tens of thousands of awards to ask for."""
        entries = [make_entry(award, seq) for seq in range(1, 5_001)]
        store(storage, *entries)
        with storage.reading() as tx:
            assert tx.history.of([*range(-40_000, 0), award.id]) == {award.id: entries}

    def test_what_a_job_did_comes_in_pages(self, storage: Storage, award: Award, other: Award) -> None:
        """By award id, then sequence, after the pair given; nothing of other jobs or of none, or of another act."""
        job, another = make_job(), make_job()
        acts = {1: "issued", 3: "ended", 10: "issued"}
        mine = [make_entry(each, seq, job_id=job.id, act=acts[seq]) for each in (award, other) for seq in acts]
        store(storage, job, another, *reversed(mine))
        store(storage, make_entry(award, 2), make_entry(award, 4, job_id=another.id))
        pages: list[list[HistoryEntry]] = []
        after: tuple[int, int] | None = None
        with storage.reading() as tx:
            while page := list(tx.history.by_job(job.id, after, 4)):
                pages.append(page)
                after = (page[-1].award_id, page[-1].seq)
            assert pages == [mine[:4], mine[4:]]
            assert list(tx.history.by_job(1, None, 4)) == []
            assert list(tx.history.by_job(job.id, (award.id, 3), 2)) == mine[2:4]
            ended = [entry for entry in mine if entry.act == "ended"]
            assert list(tx.history.by_job(job.id, None, 1, act="ended")) == ended[:1]
            assert list(tx.history.by_job(job.id, (ended[0].award_id, ended[0].seq), 9, act="ended")) == ended[1:]
            assert list(tx.history.by_job(job.id, None, 9, act="none")) == []


class OutboxContract(LedgerCase):
    """The outbox."""

    def test_an_event_comes_back_as_it_was(self, storage: Storage, award: Award) -> None:
        """Long payloads, microseconds, and whether anybody is to be told."""
        events = [
            make_event(award, 1),
            make_event(award, 2, payload=_LONG, kind="award.renewed", version=7),
            make_event(award, 3, notify=False, due_at=NOW.replace(year=9999, microsecond=1)),
        ]
        store(storage, *events)
        with storage.reading() as tx:
            for stored, given in zip(tx.outbox.of([award.id])[award.id], events, strict=True):
                assert_same(stored, given)

    def test_events_come_in_order_of_their_sequence(self, storage: Storage, award: Award, other: Award) -> None:
        """Whatever the order in which they came; awards without events are absent."""
        events = [make_event(award, seq) for seq in range(1, 13)]
        store(storage, *events[6:])
        store(storage, *reversed(events[:6]))
        with storage.reading() as tx:
            assert tx.outbox.of([award.id, other.id, 1, award.id]) == {award.id: events}
            assert tx.outbox.of([other.id]) == tx.outbox.of([]) == {}

    def test_batches_of_events_may_be_large(self, storage: Storage, award: Award) -> None:
        """Thousands to write, tens of thousands of awards to ask for."""
        events = [make_event(award, seq) for seq in range(1, 5_001)]
        store(storage, *events)
        with storage.reading() as tx:
            assert tx.outbox.of([*range(-40_000, 0), award.id]) == {award.id: events}

    def test_a_sequence_of_events_is_taken_once(self, storage: Storage, award: Award, other: Award) -> None:
        """`Conflict`, whether it stands in the store or in the batch, and none of the batch is stored."""
        first = make_event(award, 1)
        store(storage, first, make_event(other, 1))
        with storage.transaction() as tx:
            tx.outbox.append([])
            with pytest.raises(Conflict):
                tx.outbox.append([make_event(award, 2), make_event(award, 1, payload="{}"), make_event(award, 3)])
            with pytest.raises(Conflict):
                tx.outbox.append([make_event(award, 2), make_event(award, 2)])
        with storage.reading() as tx:
            assert tx.outbox.of([award.id]) == {award.id: [first]}

    def test_a_silenced_event_tells_nobody(self, storage: Storage, award: Award, other: Award) -> None:
        """R-45: only those named; what is not there is passed over, and all else of the event stays."""
        events = [make_event(award, 1), make_event(award, 2), make_event(other, 1)]
        store(storage, *events)
        with storage.transaction() as tx:
            tx.outbox.silence([(award.id, 2), (other.id, 9), (1, 1)])
            tx.outbox.silence([])
        with storage.reading() as tx:
            assert tx.outbox.of([award.id]) == {award.id: [events[0], evolve(events[1], notify=False)]}
            assert tx.outbox.of([other.id]) == {other.id: [events[2]]}
