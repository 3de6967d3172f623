"""Rows that come back exactly as they were written, or not at all."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import create_engine, text

from certcore.adapters.sql import PersonRecord, SqlCatalog, SqlDirectory, SqlStorage, SqlTransaction, awards
from certcore.adapters.sql.definition_rows import policy_text
from certcore.domain.awards import Basis, BasisKind, Details, Link, Period
from certcore.domain.certifications import Assignment, Item, ItemRef
from certcore.domain.checks import nfc
from certcore.domain.jobs import JobState
from certcore.domain.policy import RenewalPolicy
from certcore.domain.searching import Days
from certcore.errors import CorruptRecord, InvalidValue
from certcore.ports import AwardQuery
from certcore.testing.builders import (
    COURSE,
    NOW,
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
from certcore.testing.storage.base import all_awards, store
from tests.cases import needs_cases

CERTIFICATION = make_certification()
MANY = 100

AWARD = make_award(
    CERTIFICATION,
    basis=Basis(BasisKind.EXTERNAL_CERTIFICATION, None, (Link("Credly", "https://example.org"),)),
    details=Details(Decimal("1E+2"), date(2026, 1, 1), Decimal("0.10"), "note"),
)
CORRUPTIONS = [
    ("zone", "Mars/Olympus"),
    ("issued_on", "2026-02-30"),
    ("anchor_on", "someday"),
    ("expires_on", None),
    ("expires_at", None),
    ("expires_at", 0),
    ("expiring_at", 1),
    ("basis", "royal_decree"),
    ("basis_links", None),
    ("basis_links", "[[1"),
    ("basis_links", '[["Credly"]]'),
    ("basis_links", '[["Credly", "javascript:alert(1)"]]'),
    ("score", "plenty"),
    ("completed_on", "yesterday"),
    ("end_reason", "vanished"),
    ("end_reason", "revoked"),
    ("ended_at", 1),
    ("live", None),
    ("live", 2),
]


def change(storage: SqlStorage, statement: str, **parameters: object) -> None:
    """Change what is stored behind the storage's back."""
    with storage.transaction() as tx:
        tx.unit.connection.execute(text(statement), parameters)


DECISIVE = ("expires_on", "expires_at", "expiring_at", "end_reason", "ended_at", "live")


@pytest.mark.parametrize(
    ("column", "value"),
    [*((column, value) for column, value in CORRUPTIONS if column in DECISIVE), ("expires_at", 2**62)],
)
def test_f39_no_status_is_guessed(sql_storage: SqlStorage, column: str, value: object) -> None:
    """What contradicts itself has none; it is told of, and the others go on."""
    others = [make_award(CERTIFICATION) for _ in range(3)]
    store(sql_storage, CERTIFICATION, AWARD, *others)
    change(sql_storage, f"UPDATE certcore_award SET {column} = :value WHERE id = :id", value=value, id=AWARD.id)
    told: list[CorruptRecord] = []
    sql_storage.on_corrupt = told.append
    with sql_storage.reading() as tx:
        assert [number for number, *_ in tx.awards.statuses(NOW)] == [each.number for each in others]
    assert [(each.kind, each.ref) for each in told] == [("award", AWARD.number)]


def test_f39_text_where_an_instant_belongs_is_no_status(sqlite_url: str) -> None:
    """SQLite keeps in a column of numbers whatever it is given."""
    told: list[CorruptRecord] = []
    storage = SqlStorage(sqlite_url, on_corrupt=told.append)
    store(storage, CERTIFICATION, AWARD)
    change(storage, "UPDATE certcore_award SET expires_at = 'soon'")
    with storage.reading() as tx:
        assert list(tx.awards.statuses(NOW)) == []
    assert len(told) == 1
    storage.close()


@pytest.mark.parametrize(("column", "value"), CORRUPTIONS)
def test_f39_a_corrupt_award_is_an_error_by_name_and_hides_nothing_in_lists(
    sql_storage: SqlStorage, column: str, value: object
) -> None:
    """Never guessed; a search gives the page that is asked for without it, and tells of it."""
    others = [make_award(CERTIFICATION) for _ in range(3)]
    store(sql_storage, CERTIFICATION, AWARD, *others)
    change(
        sql_storage,
        f"UPDATE certcore_award SET {column} = :value WHERE id = :id",
        value=value,
        id=AWARD.id,
    )
    told: list[CorruptRecord] = []
    sql_storage.on_corrupt = told.append
    with sql_storage.reading() as tx:
        for lookup in (lambda: tx.awards.by_id([AWARD.id]), lambda: tx.awards.by_number([AWARD.number])):
            with pytest.raises(CorruptRecord) as caught:
                lookup()
            assert (caught.value.kind, caught.value.ref) == ("award", AWARD.number)
        assert tx.awards.by_id([others[0].id]) == {others[0].id: others[0]}
        assert told == []
        assert list(tx.awards.search(AwardQuery(NOW, limit=2))) == others[:2]
        assert list(tx.awards.search(AwardQuery(NOW, limit=2, after=others[1].id))) == others[2:]
    assert {(each.kind, each.ref) for each in told} == {("award", AWARD.number)}


LISTED = ("zone", "issued_on", "basis", "score", "completed_on", *DECISIVE)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((column, value) for column, value in CORRUPTIONS if column in LISTED),
        ("issued_at", 2**62),
        ("expires_at", 2**62),
        ("expires_at", -(2**61)),
        ("basis_code", "two\nlines"),
        ("basis_code", None),
    ],
)
@pytest.mark.parametrize("asked", [{}, {"expires": Days()}, {"issued": Days()}], ids=["by id", "by expiry", "by issue"])
def test_f39_a_list_in_columns_goes_on_over_a_corrupt_award(
    sql_storage: SqlStorage, column: str, value: object, asked: dict[str, Any]
) -> None:
    """Page by page, in every order: the others are there and what is corrupt is not, though it ends a page."""
    earned = make_award(CERTIFICATION, basis=Basis(BasisKind.COURSE, "C-1"))
    others = [make_award(CERTIFICATION) for _ in range(2)]
    store(sql_storage, CERTIFICATION, earned, *others)
    change(sql_storage, f"UPDATE certcore_award SET {column} = :value WHERE id = :id", value=value, id=earned.id)
    told: list[CorruptRecord] = []
    sql_storage.on_corrupt = told.append
    numbers: list[str] = []
    query: AwardQuery | None = evolve(AwardQuery(NOW, limit=1), **asked)
    with sql_storage.reading() as tx:
        while query is not None:
            rows = tx.awards.rows(query)
            numbers += rows.number
            query = rows.next
    assert sorted(numbers) == sorted(each.number for each in others)
    assert {each.ref for each in told} <= {earned.number}


def test_f39_other_corrupt_rows_are_errors_by_name_too(
    sql_storage: SqlStorage, caplog: pytest.LogCaptureFixture
) -> None:
    """Certifications, jobs, entries, events, people, items; what lists leave out is logged."""
    award, job = make_award(CERTIFICATION), make_job()
    healthy = make_certification()
    store(sql_storage, CERTIFICATION, healthy, job, award, make_entry(award, job_id=job.id), make_event(award))
    directory, catalog = SqlDirectory(sql_storage), SqlCatalog(sql_storage)
    directory.save_people(
        [PersonRecord(username="ada", id="ada", groups=["g"]), PersonRecord(username="b", groups=["g"])]
    )
    item = Item(ItemRef.parse("course:C-1"))
    catalog.save_items([item])
    for statement in (
        f"UPDATE certcore_certification SET policy = '{{}}}}' WHERE id = {CERTIFICATION.id}",
        "UPDATE certcore_job SET actor_roles = '[\"emperor\"]'",
        "UPDATE certcore_history SET at = 9223372036854775807",
        "UPDATE certcore_outbox SET notify = 2",
        "UPDATE certcore_person SET zone = 'Mars/Olympus' WHERE id = 'ada'",
        "UPDATE certcore_item SET courses = '{'",
    ):
        change(sql_storage, statement.replace(":", r"\:"))
    with sql_storage.reading() as tx:
        for lookup in (
            lambda: tx.certifications.by_id([CERTIFICATION.id]),
            lambda: tx.jobs.get(job.id),
            lambda: tx.history.of([award.id]),
            lambda: tx.outbox.of([award.id]),
            lambda: directory.match(["ada"]),
            lambda: directory.people(["ada"]),
            lambda: catalog.items([item.ref]),
        ):
            with pytest.raises(CorruptRecord):
                lookup()
        assert caplog.records == []
        assert [each.certification for each in tx.certifications.overviews()] == [healthy]
        assert list(tx.jobs.in_state(JobState.QUEUED, 10)) == []
        assert list(tx.history.by_job(job.id, None, 10)) == []
        assert [each.username for each in directory.members(["g"], [])] == ["b"]
    assert len(caplog.records) == 4


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("completion", "day", "soon"),
        ("completion", "zone", "Mars/Olympus"),
        ("completion", "exact", 2),
        ("completion", "at", 2**62),
        ("completion", "score", "many"),
        ("renewal", "policy", "{}}"),
        ("renewal", "items", '["book:1"]'),
        ("renewal", "state", "stuck"),
        ("renewal", "allow_retake", 7),
        ("delivery", "state", "lost"),
        ("delivery", "due_at", 2**62),
        ("tombstone", "act", "stolen"),
        ("item_certification", "automatic", 3),
        ("item_certification", "assigned_at", 2**62),
        ("enrolment", "exact", 5),
        ("enrolment", "zone", None),
        ("item", "materials", "["),
        ("item", "usable", 2),
    ],
)
def test_f39_what_happens_to_awards_is_never_guessed(
    sql_storage: SqlStorage, table: str, column: str, value: object
) -> None:
    """A corrupt completion, renewal, delivery, tombstone, assignment, enrolment or item is an error by name."""
    store(sql_storage, CERTIFICATION, AWARD, make_completion(), make_renewal(AWARD), make_delivery(AWARD))
    store(sql_storage, make_tombstone(AWARD))
    catalog = SqlCatalog(sql_storage)
    catalog.save_items([Item(COURSE, materials=("film",))])
    catalog.complete([make_completion()])
    with sql_storage.transaction() as tx:
        tx.certifications.assign(Assignment(COURSE, CERTIFICATION.id, NOW))
    change(sql_storage, f"UPDATE certcore_{table} SET {column} = :value", value=value)
    lookups: dict[str, Callable[[SqlTransaction], object]] = {
        "completion": lambda tx: tx.completions.of(["id-ada"], [COURSE]),
        "renewal": lambda tx: tx.renewals.of([AWARD.id]),
        "delivery": lambda tx: tx.deliveries.of([AWARD.id]),
        "tombstone": lambda tx: tx.tombstones.of([AWARD.number]),
        "item_certification": lambda tx: tx.certifications.carried_by([COURSE]),
        "enrolment": lambda _: list(catalog.completions([COURSE])),
        "item": lambda _: catalog.items([COURSE]),
    }
    with sql_storage.reading() as tx, pytest.raises(CorruptRecord):
        lookups[table](tx)


def test_f39_a_corrupt_delivery_holds_up_no_other(sql_storage: SqlStorage, caplog: pytest.LogCaptureFixture) -> None:
    """R-83: what is due goes on without it, and it is logged."""
    corrupt, healthy = make_delivery(AWARD), make_delivery(AWARD)
    store(sql_storage, CERTIFICATION, AWARD, corrupt, healthy)
    change(sql_storage, "UPDATE certcore_delivery SET payload = '', attempts = -1 WHERE id = :id", id=corrupt.id)
    change(sql_storage, "UPDATE certcore_delivery SET learner_id = ' ' WHERE id = :id", id=corrupt.id)
    with sql_storage.transaction() as tx:
        assert list(tx.deliveries.due(NOW, 10, ["retake"])) == [healthy]
    assert len(caplog.records) == 1
    change(sql_storage, "UPDATE certcore_delivery SET state = 'done'")
    with sql_storage.reading() as tx:
        done = tx.deliveries.handed_over("retake", [AWARD.id], None, 1)
    assert [each.id for each in done] == [healthy.id]


def test_statuses_come_in_parts_and_may_be_left_half_way(
    sql_storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row once, whatever the size of a part; what was not read holds nothing up."""
    monkeypatch.setattr(awards, "_PAGE", 3)
    stored = [make_award(CERTIFICATION) for _ in range(10)]
    store(sql_storage, CERTIFICATION, *stored)
    with sql_storage.reading() as tx:
        assert [number for number, *_ in tx.awards.statuses(NOW)] == [each.number for each in stored]
        assert next(tx.awards.statuses(NOW))[0] == stored[0].number
        left = tx.awards.statuses(NOW)
        next(left)
        assert tx.awards.by_id([stored[5].id]) == {stored[5].id: stored[5]}
    store(sql_storage, make_award(CERTIFICATION))
    assert len(all_awards(sql_storage)) == 11


def test_f35_microseconds_and_the_last_day_come_back(sql_storage: SqlStorage) -> None:
    """With many rows as with one, exactly."""
    last = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    period = Period(
        "Pacific/Kiritimati",
        date(1, 1, 2),
        datetime(1, 1, 1, 10, 0, 0, 1, tzinfo=UTC),
        date(9999, 12, 31),
        date(9999, 12, 31),
        last,
        date(9999, 12, 30),
        last.replace(microsecond=1),
        last,
    )
    awards = [make_award(CERTIFICATION, period=period) for _ in range(MANY)]
    one = make_award(CERTIFICATION, period=period)
    store(sql_storage, CERTIFICATION, one, make_entry(one, at=last), make_event(one, due_at=last))
    store(sql_storage, *awards)
    assert all_awards(sql_storage) == [*awards[:0], *sorted([one, *awards], key=lambda award: award.id)]
    with sql_storage.reading() as tx:
        assert tx.history.of([one.id])[one.id][0].at == last
        assert tx.outbox.of([one.id])[one.id][0].due_at == last


@pytest.mark.parametrize("count", [1, MANY], ids=["one", "many"])
@pytest.mark.parametrize(
    "name", ["\\N", "\\", "a\\tb", "a\tb", "a\nb", "a\r\nb", "\\.", "", "%s ? :x", "'\"", "ø\U0001f600"]
)
def test_f42_hostile_text_comes_back_as_it_went_in(sql_storage: SqlStorage, name: str, count: int) -> None:
    """Also through COPY, whose text has escapes."""
    names = [name if number % 3 == 0 else f"Ana {number}" for number in range(count)]
    awards = [
        make_award(CERTIFICATION, learner_name=each, details=Details(note=each if number % 2 == 0 else None))
        for number, each in enumerate(names)
    ]
    store(sql_storage, CERTIFICATION, *awards)
    entries = [make_entry(award, facts=name, personal=each) for award, each in zip(awards, names, strict=True)]
    store(sql_storage, *entries)
    assert all_awards(sql_storage) == awards
    with sql_storage.reading() as tx:
        assert tx.history.of([each.id for each in awards]) == {each.award_id: [each] for each in entries}


@pytest.mark.parametrize("learner", ["a\0b", "\ud800"])
def test_f42_text_that_no_row_can_hold_is_found_nowhere(sql_storage: SqlStorage, learner: str) -> None:
    """Asking for it is no error; PostgreSQL would refuse even that."""
    award = make_award(CERTIFICATION, "ada")
    store(sql_storage, CERTIFICATION, award)
    with sql_storage.reading() as tx:
        assert list(tx.awards.live([CERTIFICATION.id], [learner, "ada"])) == [(CERTIFICATION.id, "ada")]
        assert tx.awards.by_number([learner]) == {}
    assert SqlDirectory(sql_storage).match([learner]) == {}


@needs_cases
def test_f42_usernames_are_equal_in_nfc_and_nowhere_else(sql_url: str, cases: Path) -> None:
    """39 pairs that other comparisons take for equal."""
    pairs = json.loads((cases / "unicode_names.json").read_text(encoding="utf-8"))["pairs"]
    assert pairs
    engine = create_engine(sql_url)
    for position, pair in enumerate(pairs):
        directory = SqlDirectory(SqlStorage(engine, tenant=f"pair {position}"))
        try:
            directory.save_people([PersonRecord(username=pair["a"])])
        except InvalidValue:  # a character that no username may have
            continue
        assert bool(directory.match([nfc(pair["b"])])) is pair["equal_nfc"], pair
    engine.dispose()


def test_policies_that_are_equal_are_each_written_as_they_were() -> None:
    """R-3: a validity that somebody wrote down as none is not left out."""
    written = RenewalPolicy.from_data({"validity": "none"})
    assert written == RenewalPolicy()
    assert [policy_text(each) for each in (RenewalPolicy(), written, RenewalPolicy())] == [
        "{}",
        '{"validity":"none"}',
        "{}",
    ]
