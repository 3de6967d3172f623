"""Jobs: kept by id and key, found by what they wait for."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from certcore.domain.cells import Problem
from certcore.domain.jobs import Job, JobState, Reject
from certcore.domain.people import Actor, Role
from certcore.errors import Conflict
from certcore.ports import Storage
from certcore.testing.builders import NOW, make_job
from certcore.testing.storage.base import StorageCase, store
from certcore.testing.values import assert_same


class JobContract(StorageCase):
    """The jobs' repository."""

    def test_a_job_comes_back_as_it_was(self, storage: Storage) -> None:
        """Nested JSON, roles, counts and microseconds, after being added and after every change."""
        deep: dict[str, Any] = {"list": [1, 2.5, None, True, {"ü": "\u2028 👩‍🔬"}], "long": "x" * 70_000, "no": {}}
        job = make_job(actor=Actor("ID/é 1", frozenset(Role)), payload=deep, key="Key ü", total=2**40)
        last = evolve(job, state=JobState.DONE, done=2**40, checkpoint=deep, result=deep, version=2)
        store(storage, job)
        with storage.transaction() as tx:
            assert_same(tx.jobs.get(job.id), job)
            tx.jobs.update(last)
        with storage.reading() as tx:
            assert_same(tx.jobs.get(job.id), last)
            assert_same(tx.jobs.by_key("Key ü"), last)

    def test_jobs_not_there_are_none(self, storage: Storage) -> None:
        """Unknown ids, keys and fingerprints give None, and no job waits."""
        job = make_job(key="key", state=JobState.DONE)
        store(storage, job)
        with storage.reading() as tx:
            assert tx.jobs.get(1) is None
            assert tx.jobs.by_key("Key") is None
            assert tx.jobs.by_key("") is None
            assert tx.jobs.unfinished("unknown") is None
            assert list(tx.jobs.in_state(JobState.QUEUED, 10)) == []

    def test_ids_and_keys_of_jobs_are_taken_once(self, storage: Storage) -> None:
        """R-34: `Conflict` for either, whatever became of the job; any number has no key."""
        job = make_job(key="key", state=JobState.FAILED)
        store(storage, job, make_job(), make_job())
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.jobs.add(make_job(id=job.id))
            with pytest.raises(Conflict):
                tx.jobs.add(make_job(key="key"))
            tx.jobs.add(make_job(key="KEY"))
            assert tx.jobs.by_key("key") == job

    @pytest.mark.parametrize("version", [0, 1, 3], ids=["older", "same", "skipping one"])
    def test_an_update_of_a_job_needs_the_next_version(self, storage: Storage, version: int) -> None:
        """Compare-and-set: any other version is a `Conflict`, as is a job that is not there."""
        job = make_job()
        store(storage, job)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.jobs.update(evolve(job, done=5, version=version))
            with pytest.raises(Conflict):
                tx.jobs.update(make_job(version=2))
            assert tx.jobs.get(job.id) == job

    @pytest.mark.parametrize("state", JobState)
    def test_jobs_in_a_state_come_oldest_or_newest_first(self, storage: Storage, state: JobState) -> None:
        """Up to the limit, and none in another state."""
        jobs = [make_job(created_at=NOW + timedelta(microseconds=position), state=state) for position in range(5)]
        others = [make_job(created_at=NOW, state=other) for other in JobState if other is not state]
        store(storage, *reversed(jobs), *others)
        with storage.reading() as tx:
            assert list(tx.jobs.in_state(state, 100)) == jobs
            assert list(tx.jobs.in_state(state, 2)) == jobs[:2]
            assert list(tx.jobs.in_state(state, 2, newest=True)) == [jobs[4], jobs[3]]

    def test_the_newest_unfinished_job_is_found_by_fingerprint(self, storage: Storage) -> None:
        """R-41: of those that do the same, the newest one queued or running; finished and other ones do not count."""
        payload = {"file": "a.csv"}

        def job(minute: int, state: JobState) -> Job:
            return make_job(payload=payload, state=state, created_at=NOW + timedelta(minutes=minute))

        queued, running = job(1, JobState.QUEUED), job(2, JobState.RUNNING)
        store(storage, running, queued, job(3, JobState.DONE), job(4, JobState.FAILED), make_job())
        with storage.transaction() as tx:
            assert tx.jobs.unfinished(queued.fingerprint) == running
            tx.jobs.update(evolve(running, state=JobState.DONE, version=2))
            assert tx.jobs.unfinished(queued.fingerprint) == queued
            tx.jobs.update(evolve(queued, state=JobState.FAILED, version=2))
            assert tx.jobs.unfinished(queued.fingerprint) is None

    def test_a_stored_job_is_the_storages_own(self, storage: Storage) -> None:
        """Changing the mapping that was given, or one that came back, changes nothing stored."""
        payload: dict[str, object] = {"rows": [1]}
        job = make_job(payload=payload)
        store(storage, job)
        payload["rows"] = "changed"
        for _ in range(2):
            with storage.reading() as tx:
                stored = tx.jobs.get(job.id)
            assert stored is not None
            assert stored.payload == {"rows": [1]}
            if isinstance(stored.payload, dict):
                stored.payload["rows"] = "changed"

    def test_rejected_rows_come_in_pages_by_line(self, storage: Storage) -> None:
        """R-43: each job's own, ascending, with any text a file can hold."""
        cells = ("ana", "nul \0", "\ud800", "", "=1+1")
        problem = Problem("username", "ana", "duplicate_row", {"lines": [3, 4]})
        rejects = [Reject(line, cells, (problem, Problem(None, None, "ragged_row"))) for line in (9, 2, 30, 4)]
        with storage.transaction() as tx:
            tx.jobs.reject(1, rejects)
            tx.jobs.reject(2, rejects[:1])
            tx.jobs.reject(3, [])
        with storage.reading() as tx:
            first = tx.jobs.rejects(1, 0, 2)
            assert [each.line for each in first] == [2, 4]
            assert list(tx.jobs.rejects(1, 4, 10)) == [rejects[0], rejects[2]]
            assert list(tx.jobs.rejects(3, 0, 10)) == []

    def test_a_line_is_rejected_once(self, storage: Storage) -> None:
        """`Conflict`, and none of the batch is stored."""
        row = Reject(2, ("x",), (Problem(None, None, "ragged_row"),))
        with storage.transaction() as tx:
            tx.jobs.reject(1, [row])
            with pytest.raises(Conflict):
                tx.jobs.reject(1, [evolve(row, line=1), row])
            assert list(tx.jobs.rejects(1, 0, 10)) == [row]

    def test_recent_jobs_are_newest_first_and_of_one_kind(self, storage: Storage) -> None:
        """Whatever their state, at most as many as asked for."""
        jobs = [make_job(kind="import", created_at=NOW + timedelta(days=n), state=JobState.DONE) for n in range(3)]
        store(storage, *jobs, make_job(kind="award"))
        with storage.reading() as tx:
            assert list(tx.jobs.recent("import", 2)) == [jobs[2], jobs[1]]
            assert list(tx.jobs.recent("none", 2)) == []
