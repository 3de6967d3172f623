"""How many statements the SQL storage needs, and how the databases carry them out."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event

from certcore.adapters.sql import PersonRecord, SqlCatalog, SqlDirectory, SqlStorage
from certcore.domain.awards import Award, EndReason, Status
from certcore.domain.certifications import Assignment, Item, ItemRef
from certcore.domain.searching import Days
from certcore.domain.sweeps import begin
from certcore.ports import AwardQuery, Transaction
from certcore.testing.builders import (
    COURSE,
    NOW,
    ended,
    make_award,
    make_certification,
    make_completion,
    make_delivery,
    make_entry,
    make_event,
    make_job,
    make_renewal,
    make_tombstone,
)
from certcore.testing.storage.base import store
from certcore.testing.storage.changing import changes_of

CERTIFICATION = make_certification()
MANY = 500
MORE_THAN_A_FEW = 6_000  # with less and no statistics PostgreSQL takes any index, and it does not matter
NAMES = "certcore_learner_name"
"""What a search by name reads through: it is as long as there are learners."""
PARTIAL = ("certcore_award_revoked", "certcore_outbox_pending")
"""An index that has few rows of a tenant."""
TABLE = re.compile(r"certcore_\w+")
Statement = tuple[str, Any]


@pytest.fixture
def engine(sql_url: str) -> Iterator[Engine]:
    """An engine of the host's, which can be listened to."""
    engine = create_engine(sql_url)
    yield engine
    engine.dispose()


@pytest.fixture
def storage(engine: Engine) -> SqlStorage:
    return SqlStorage(engine)


@contextmanager
def statements(engine: Engine) -> Iterator[list[Statement]]:
    """Collect what is executed inside."""
    found: list[Statement] = []

    def note(_connection: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        found.append((sql, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def test_no_statement_is_run_for_each_row(engine: Engine, storage: SqlStorage) -> None:
    """As many for 500 awards as for two."""
    store(storage, CERTIFICATION)
    counts = []
    for count in (2, MANY):
        awards = [make_award(CERTIFICATION) for _ in range(count)]
        with statements(engine) as executed, storage.transaction() as tx:
            tx.awards.add(awards)
            tx.history.append([make_entry(award) for award in awards])
            tx.outbox.append([make_event(award) for award in awards])
            tx.awards.update([ended(award) for award in awards])
            tx.awards.by_id([award.id for award in awards])
            tx.awards.live([CERTIFICATION.id], [award.learner_id for award in awards])
            tx.history.of([award.id for award in awards])
        counts.append(len(executed))
    assert 0 < counts[1] <= counts[0]


@pytest.fixture
def lookups(engine: Engine, storage: SqlStorage) -> list[Statement]:
    """Every query that finds rows by keys, on tables that hold more than a few rows and have no statistics."""
    awards = [make_award(CERTIFICATION) for _ in range(MORE_THAN_A_FEW)]
    job = make_job(key="K")
    store(storage, CERTIFICATION, job, *awards, *(make_entry(award, job_id=job.id) for award in awards))
    store(storage, *(make_event(award) for award in awards))
    store(storage, *map(make_completion, (award.learner_id for award in awards)), *map(make_renewal, awards))
    store(storage, *map(make_delivery, awards), *(make_tombstone(make_award()) for _ in awards))
    store(storage, *(ended(make_award(), EndReason.REVOKED) for _ in range(MORE_THAN_A_FEW)))
    with storage.transaction() as tx:
        for n in range(MORE_THAN_A_FEW):
            tx.certifications.assign(Assignment(ItemRef.parse(f"course:{n}"), CERTIFICATION.id, NOW))
    directory, catalog = SqlDirectory(storage), SqlCatalog(storage)
    directory.save_people(PersonRecord(username=f"u{n}", groups=["g"], branches=["b"]) for n in range(MORE_THAN_A_FEW))
    catalog.save_items(Item(ItemRef.parse(f"course:{n}")) for n in range(MORE_THAN_A_FEW))
    asked = awards[:MANY]
    learners = [award.learner_id for award in asked]
    with statements(engine) as executed, storage.transaction() as tx:
        _search(tx, awards, learners)
        tx.awards.by_id([award.id for award in asked])
        tx.awards.by_number([award.number for award in asked])
        tx.awards.live([CERTIFICATION.id], learners)
        tx.history.of([award.id for award in asked])
        tx.history.by_job(job.id, None, 10)
        tx.history.by_job(job.id, (awards[0].id, 1), 10)
        tx.history.by_job(job.id, (awards[0].id, 1), 10, act="issued")
        tx.outbox.of([award.id for award in asked])
        tx.awards.latest_revocations([CERTIFICATION.id], learners)
        for wanted, people in ((None, learners), ([1], None), ([1], learners)):
            list(tx.awards.statuses(NOW, wanted, people))
        tx.certifications.assigned_to([1])
        tx.certifications.carried_by([COURSE])
        tx.completions.of(learners, [COURSE])
        tx.renewals.of([award.id for award in asked])
        tx.deliveries.of([award.id for award in asked])
        tx.deliveries.due(NOW, 10, ["retake"])
        tx.deliveries.by_id(["0" * 32, "1" * 32])
        for place in (None, (NOW, "0" * 32)):
            tx.deliveries.dead(place, 10)
        for behind in (None, (asked[0].id, "0" * 32)):
            tx.deliveries.handed_over("notice", [award.id for award in asked], behind, 10)
        tx.outbox.pending(10)
        for page in (None, (NOW, 1)):
            tx.awards.expiring(NOW, NOW.replace(year=2028), page, 10)
        tx.sweeps.take(begin("rule", NOW, "2026a"))
        tx.tombstones.of([award.number for award in asked])
        directory.match([f"u{n}" for n in range(MANY)])
        directory.people(["1"])
        catalog.items([ItemRef.parse(f"course:{n}") for n in range(MANY)])
    found = [each for each in executed if each[0].lstrip().startswith("SELECT")]
    assert len(found) > 30
    return found


def _search(tx: Transaction, awards: Sequence[Award], learners: Sequence[str]) -> None:
    everybody, active = frozenset(learners), frozenset([Status.ACTIVE])
    for after, at in ((None, None), (awards[0].id, NOW)):
        tx.awards.search(AwardQuery(NOW, learner_ids=everybody, after=after))
        tx.awards.search(AwardQuery(NOW, learner_ids=everybody, certification_ids={1}, after=after))
        tx.awards.search(AwardQuery(NOW, numbers={awards[0].number}, after=after))
        tx.awards.search(AwardQuery(NOW, certification_ids={1}, statuses=active, after=after))
        for days in (Days(NOW.date()), Days(None, NOW.date())):
            tx.awards.search(AwardQuery(NOW, issued=days, after=after, after_at=at))
            tx.awards.search(AwardQuery(NOW, expires=days, certification_ids={1}, after=after, after_at=at))
    tx.awards.search(AwardQuery(NOW, certification_ids={1, 2}))
    tx.awards.search(AwardQuery(NOW, basis_items=frozenset([COURSE])))
    tx.awards.search(AwardQuery(NOW, certification_ids={1}, basis_items=frozenset([COURSE]), live=True))
    tx.awards.search(AwardQuery(NOW, names=(" ada",)))
    tx.index.put_names(dict.fromkeys(learners, "Ada"))


@pytest.fixture
def updates(engine: Engine, storage: SqlStorage) -> list[Statement]:
    """Every update of many rows, on tables as for `lookups`."""
    awards = [make_award(CERTIFICATION) for _ in range(MORE_THAN_A_FEW)]
    store(storage, CERTIFICATION, *awards, *(make_event(award) for award in awards))
    directory = SqlDirectory(storage)
    directory.save_people(PersonRecord(username=f"u{n}") for n in range(MORE_THAN_A_FEW))
    with statements(engine) as executed, storage.transaction() as tx:
        tx.change(changes_of(awards[:MANY]))
        tx.outbox.silence([(award.id, 1) for award in awards[:MANY]])
        tx.outbox.dispatched([(award.id, 1) for award in awards[:MANY]])
        directory.save_people(PersonRecord(username=f"u{n}", manager="u1") for n in range(MANY))
    found = [(sql, given[0] if isinstance(given, list) else given) for sql, given in executed if sql.startswith("UPD")]
    assert {TABLE.findall(sql)[0] for sql, _ in found} == {"certcore_award", "certcore_outbox", "certcore_person"}
    return found


@pytest.mark.parametrize("kind", ["lookups", "updates"])
def test_every_statement_uses_an_index_beyond_its_tenant(
    storage: SqlStorage, kind: str, request: pytest.FixtureRequest
) -> None:
    """With the tenant alone it would read everything that a tenant has."""
    executed = request.getfixturevalue(kind)
    with storage.reading() as tx:
        connection = tx.unit.connection
        explain = _explained_by_sqlite if connection.dialect.name == "sqlite" else _explained_by_postgres
        for sql, parameters in executed:
            steps = explain(connection, sql, parameters)
            assert steps, sql
            for step in steps:
                assert " AND " in step or any(each in step for each in (*PARTIAL, NAMES)), f"{step}\n{sql}"


def test_a_range_of_days_is_read_to_its_end(engine: Engine, storage: SqlStorage) -> None:
    """Its last page does not go through all that comes behind it."""
    awards = [make_award(CERTIFICATION) for _ in range(MORE_THAN_A_FEW)]
    store(storage, CERTIFICATION, *awards)
    days = Days(NOW.date(), NOW.date())
    with statements(engine) as executed, storage.reading() as tx:
        tx.awards.search(AwardQuery(NOW, issued=days, after=awards[0].id, after_at=NOW))
        tx.awards.search(AwardQuery(NOW, expires=days, after=awards[0].id, after_at=NOW))
    later = [each for each in executed if "_at <= " in each[0]]
    assert len(later) == 2
    with storage.reading() as tx:
        connection = tx.unit.connection
        explain = _explained_by_sqlite if connection.dialect.name == "sqlite" else _explained_by_postgres
        for column, (sql, parameters) in zip(("issued_at", "expires_at"), later, strict=True):
            (step,) = explain(connection, sql, parameters)
            assert f"{column}<" in step.replace(" ", ""), step


def test_lookups_in_a_new_table_use_the_index_of_their_key(engine: Engine, storage: SqlStorage) -> None:
    """A plan that was made and kept while there are few rows is a good one for a million."""
    with statements(engine) as executed, storage.reading() as tx:
        tx.awards.live([1], ["ada"])
        tx.awards.live([1, 2], ["ada"])
        tx.history.of([1])
        tx.outbox.of([1])
        connection = tx.unit.connection
        explain = _explained_by_sqlite if connection.dialect.name == "sqlite" else _explained_by_postgres
        for sql, parameters in [each for each in executed if "LATERAL" in each[0] or "json_each" in each[0]]:
            (step,) = explain(connection, sql, parameters)
            assert "learner_id" in step or "award_id" in step, f"{step}\n{sql}"


def _explained_by_sqlite(connection: Connection, sql: str, parameters: Any) -> list[str]:
    """The steps that read a table of ours."""
    plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    return [step for step in plan if "certcore_" in step]


def _explained_by_postgres(connection: Connection, sql: str, parameters: Any) -> list[str]:
    plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}", parameters)]
    assert not any("Seq Scan" in step for step in plan), "\n".join(plan)
    return [f"{scan} {step}" for scan, step in pairwise(plan) if "Index Cond" in step]
