"""Measure searches by one filter among a million awards, beside the same page by hand-written SQL.

    python benchmarks/searching.py                  # a million awards of 100,000 learners on SQLite
    python benchmarks/searching.py --db URL         # in a database of your own, which it fills where it is empty
    python benchmarks/searching.py --db URL --analyze

*Raw* is what somebody would write who knows the tables, the indexes and how often the values come: one statement
through the bare driver, in a transaction on a connection that stays open, which selects the page of 50 and joins to it
all that it shows: the people and certifications in full, and the numbers and dates of the awards before and after
each. Its rows are fetched and nothing is made of them. Groups and branches are the directory's, wherever that is: one
statement asks for their members, who are given to the other as one parameter. Where two forms are good (found through
the filter's index and sorted, or walked over in the order of the page), both are measured and the faster one counts.

*First* is `Reporting.search` as a host calls it, with the directory and the catalog of the SQL adapter. The later
pages are the 2nd, the 10th and the 200th, or the last where there are fewer; "later" is the slowest of these by the
first. All is read once before, so that nothing comes from a disk. In every run each is read ten times, or for
50 ms, of which the quickest counts, since other work on the machine weighs more on the longer of two short reads; the
wall times printed are medians of the runs. It needs ``pip install -e '.[test]'``.
"""

import argparse
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from attrs import evolve, frozen
from psycopg import OperationalError
from sqlalchemy import text

from certcore import Actor, Registrar, RenewalPolicy
from certcore.adapters.sql import BranchRecord, PersonRecord, SqlCatalog, SqlDirectory, SqlStorage, tables
from certcore.adapters.sql.connecting import connections_to
from certcore.domain.awards import Award, Basis, BasisKind, Ending, EndReason, Status, computed_period
from certcore.domain.certifications import Item, ItemKind, ItemRef
from certcore.domain.numbers import new_ids, new_numbers, new_tokens
from certcore.domain.searching import Days
from certcore.domain.time import to_micros

ACTOR: Final = Actor.program("benchmark")
NOW: Final = datetime(2026, 6, 15, 12, tzinfo=UTC)
FIRST_DAY: Final = date(2024, 6, 25)
DAYS: Final = 724
"""The last three of them are still to come."""
AWARDS_EACH: Final = 10
CERTIFICATIONS: Final = 20
ITEMS: Final = 1_000
BATCH: Final = 10_000
LIMIT: Final = 50
TOO_LONG: Final = 3_000
"""Milliseconds after which a raw statement is given up."""
POLICY: Final = RenewalPolicy.from_data(
    {"validity": {"years": 1}, "warning": {"months": 1}, "grace": {"length": {"days": 3}, "valid": True}}
)
FIRST_NAMES: Final = ("José", "Siobhán", "小明", "Łukasz", "Olga", "नेहा", "Ahmed", "Zoë", "John")
LAST_NAMES: Final = ("García", "O'Brien", "王", "Søndergård", "Ivanova", "शर्मा", "Haddad", "van den Berg", "Smith")


@frozen
class Question:
    """One filter, and what raw SQL says for it: conditions, each with the order that goes with them."""

    name: str
    filters: Mapping[str, Any]
    raw: tuple[tuple[str, str], ...]
    members: str | None = None
    """What asks the directory for the learners, who are then given to the page as one parameter."""


def main() -> None:
    """Fill the tables, measure, print."""
    options = _options()
    with TemporaryDirectory() as folder:
        url = options.db or f"sqlite:///{Path(folder) / 'searching.db'}"
        with closing(SqlStorage(url)) as storage:
            storage.upgrade()
            registrar = Registrar(
                storage=storage, directory=SqlDirectory(storage), catalog=SqlCatalog(storage), clock=lambda: NOW
            )
            if not registrar.reporting.search(actor=ACTOR, limit=1).records:
                _fill(storage, registrar, options.rows)
            if options.analyze:
                with storage.transaction() as tx:
                    tx.unit.connection.execute(text("ANALYZE"))
            _say(f"{options.rows:,} awards, medians of {options.runs}, load {os.getloadavg()[0]:.1f}")
            _say("| filter | raw ms | first ms | times raw | later |\n|---|--:|--:|--:|--:|")
            with closing(connections_to(url)) as connections, connections.unit(writing=False) as unit:
                driver: Any = unit.connection.connection.driver_connection
                unit.roll_back()
                sqlite = isinstance(driver, sqlite3.Connection)
                if not sqlite:
                    driver.autocommit = True
                    driver.execute(f"SET statement_timeout = {TOO_LONG}")
                learners = options.rows // AWARDS_EACH
                (some,) = registrar.reporting.search(actor=ACTOR, limit=1).records
                for question in _questions(some.award.number, learners, sqlite=sqlite):
                    if options.only is None or options.only in question.name:
                        _say(_measured(registrar, driver, question, options.runs))
            _say(f"load {os.getloadavg()[0]:.1f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure searches by one filter.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--db", metavar="URL", help="an empty database, or one that this filled; by default a temporary file"
    )
    parser.add_argument("--analyze", action="store_true", help="gather statistics before")
    parser.add_argument("--only", metavar="TEXT", help="filters with this in their name")
    return parser.parse_args()


def _fill(storage: SqlStorage, registrar: Registrar, rows: int) -> None:
    chance = Random(7)
    directory, catalog = SqlDirectory(storage), SqlCatalog(storage)
    directory.save_branches([BranchRecord("hq"), BranchRecord("north", "hq"), BranchRecord("south", "hq")])
    learners = rows // AWARDS_EACH
    directory.save_people(_person(place, learners) for place in range(learners))
    catalog.save_items(Item(ItemRef(ItemKind.COURSE, f"C-{n}"), _title(n)) for n in range(ITEMS))
    ids = [
        registrar.defining.add(f"Certificate {n}", code=f"K-{n}", policy=POLICY, actor=ACTOR).id
        for n in range(CERTIFICATIONS)
    ]
    for start in range(0, rows, BATCH):
        awards = list(_awards(range(start, min(start + BATCH, rows)), ids, chance))
        with storage.transaction() as tx:
            tx.awards.add(awards)


def _person(place: int, learners: int) -> PersonRecord:
    """A tenth is called Maria, one Zephyrine; one in a hundred is in the crew; half of them are in the north."""
    first = "Maria" if place % 10 == 3 else FIRST_NAMES[place // 10 % len(FIRST_NAMES)]
    return PersonRecord(
        id=f"{place * 7_919 % learners:08}",
        username=f"user{place}",
        first_name="Zephyrine" if place == learners // 2 else first,
        last_name=f"{LAST_NAMES[place % len(LAST_NAMES)]} {place:x}",
        email=f"user{place}@example.org",
        groups=["crew"] if place % 100 == 1 else [],
        branches=["north" if place % 2 else "south"],
    )


def _title(place: int) -> str:
    """A tenth is about safety, one about quicksand."""
    return f"Course {place}" if place % 10 else f"Safety at work, part {place}" if place else "Quicksand"


def _awards(places: range, certifications: list[int], chance: Random) -> Iterator[Award]:
    """Ten for each learner: the second renews the first, a hundredth of the others is revoked."""
    periods = [
        [computed_period(POLICY, FIRST_DAY + timedelta(day), zone) for day in range(DAYS)]
        for zone in ("Europe/Rome", "America/New_York")
    ]
    bases = [Basis(BasisKind.COURSE, f"C-{n}") for n in range(ITEMS)]
    size = len(places)
    columns = new_ids(size, chance.randbytes), new_numbers(size, chance.randbytes), new_tokens(size, chance.randbytes)
    for place, award_id, number, token in zip(places, *columns, strict=True):
        learner, nth = divmod(place, AWARDS_EACH)
        award = Award(
            award_id,
            number,
            token,
            certifications[(learner + max(nth, 1)) % CERTIFICATIONS],
            1,
            f"{learner:08}",
            f"Learner {learner}",
            chance.choice(chance.choice(periods)),
            chance.choice(bases),
            head=token * 2,
        )
        if nth == 0:
            ending = Ending(EndReason.RENEWED, NOW - timedelta(days=30))
            award = evolve(award, renewed_by=award_id + 1, ending=ending)
        elif nth == 1:
            award = evolve(award, renews=award_id - 1)
        elif chance.random() < 0.01:
            award = evolve(award, ending=Ending(EndReason.REVOKED, NOW - timedelta(days=3)))
        yield award


BY_ID: Final = "a.id"
BY_ISSUE: Final = "a.issued_at, a.id"
BY_EXPIRY: Final = "a.expires_at, a.id"
SORTED: Final = "a.id + 0"
"""The order of ids, sorted."""


def _questions(number: str, learners: int, *, sqlite: bool) -> Iterator[Question]:
    name = "SELECT learner_id FROM certcore_learner_name n WHERE n.tenant = 'default' AND words LIKE '% {}%'"
    title = "SELECT code FROM certcore_item_title WHERE tenant = 'default' AND kind = 'course' AND words LIKE '% {}%'"
    through = "a.basis = 'course' AND a.basis_code IS NOT NULL AND a.basis_code"
    user = "SELECT id FROM certcore_person WHERE tenant = 'default' AND username_key = 'user77'"
    code = "SELECT id FROM certcore_certification WHERE tenant = 'default' AND code = 'K-7'"
    maria = f"EXISTS ({name.format('maria')} AND n.learner_id = a.learner_id)"
    yield Question("none", {}, (("1 = 1", BY_ID),))
    yield Question("username", {"username": "user77"}, ((f"a.learner_id = ({user})", SORTED),))
    yield Question("name, of one", {"name": "zephyr"}, ((f"a.learner_id IN ({name.format('zephyr')})", SORTED),))
    yield Question("name, of a tenth", {"name": "maria"}, ((maria, BY_ID),))
    rare, often = title.format("quicksand"), title.format("safety")
    yield Question("title, of one item", {"title": "quicksand"}, ((f"{through} = ({rare})", BY_ID),))
    yield Question("title, of a tenth", {"title": "safety"}, ((f"{through} || '' IN ({often})", BY_ID),))
    yield Question("item", {"items": ItemRef(ItemKind.COURSE, "C-77")}, ((f"{through} = 'C-77'", BY_ID),))
    yield Question("certification", {"certifications": "K-7"}, ((f"a.certification_id = ({code})", BY_ID),))
    yield Question("number", {"numbers": number}, ((f"a.number = '{number}'", BY_ID),))
    for status, condition in _standing().items():
        walked = condition.replace("_at ", "_at + 0 ").replace("reason ", "reason || '' ")
        found = ((condition, SORTED),) if status in (Status.UPCOMING, Status.REVOKED) else ()
        yield Question(f"status {status}", {"statuses": status}, ((walked, BY_ID), *found))
    for column, order in (("issued", BY_ISSUE), ("expires", BY_EXPIRY)):
        for width, last in (("a day", 0), ("a year", 364)):
            days = Days(date(2025, 7, 15), date(2025, 7, 15) + timedelta(last))
            since, until = (to_micros(each) for each in days.around())
            at, on = f"a.{column}_at", f"a.{column}_on"
            range_ = f"{at} > {since} AND {at} < {until} AND {on} BETWEEN '{days.first}' AND '{days.last}'"
            yield Question(f"{column}, {width}", {column: days}, ((range_, order),))
    group = "SELECT person_id FROM certcore_group_member WHERE tenant = 'default' AND group_name = 'crew'"
    branch = (
        "WITH RECURSIVE t(code) AS (SELECT code FROM certcore_branch WHERE tenant = 'default' AND code = 'north' "
        "UNION SELECT b.code FROM certcore_branch b JOIN t ON b.parent = t.code WHERE b.tenant = 'default') "
        "SELECT person_id FROM certcore_branch_member WHERE tenant = 'default' AND branch IN (SELECT code FROM t)"
    )
    among = "IN (SELECT value FROM json_each(?))" if sqlite else "= ANY(%s)"
    given = ((f"a.learner_id {among}", SORTED), (f"a.learner_id || '' {among}", BY_ID))
    yield Question(f"group of {learners // 100:,}", {"groups": "crew"}, given, group)
    yield Question(f"branch of {learners // 2:,}", {"branches": "north"}, given, branch)


def _standing() -> dict[Status, str]:
    now = to_micros(NOW)
    begun = f"a.ended_at IS NULL AND a.issued_at <= {now}"
    return {
        Status.ACTIVE: f"{begun} AND a.expiring_at > {now}",
        Status.EXPIRING: f"{begun} AND a.expiring_at <= {now} AND a.expires_at > {now}",
        Status.GRACE: f"{begun} AND a.expires_at <= {now} AND a.grace_ends_at > {now}",
        Status.EXPIRED: f"{begun} AND a.grace_ends_at <= {now}",
        Status.UPCOMING: f"a.ended_at IS NULL AND a.issued_at > {now}",
        Status.ARCHIVED: f"a.end_reason <> 'revoked' AND a.ended_at <= {now}",
        Status.REVOKED: f"a.end_reason = 'revoked' AND a.ended_at <= {now}",
    }


def _page_by_hand(condition: str, order: str) -> str:
    """The page, and all that it shows beside the awards."""
    shown = ", ".join(f"a.{column.name}" for column in tables.award.c[1:])
    return (
        f"SELECT {shown}, p.*, c.*, b.number, b.issued_on, b.completed_on, s.number, s.issued_on, s.completed_on "
        f"FROM (SELECT * FROM certcore_award a WHERE a.tenant = 'default' AND {condition} ORDER BY {order} LIMIT 51) a "
        "JOIN certcore_certification c ON c.tenant = a.tenant AND c.id = a.certification_id "
        "LEFT JOIN certcore_person p ON p.tenant = a.tenant AND p.id = a.learner_id "
        "LEFT JOIN certcore_award b ON b.tenant = a.tenant AND b.id = a.renews "
        "LEFT JOIN certcore_award s ON s.tenant = a.tenant AND s.id = a.renewed_by "
        f"ORDER BY {order}"
    )


def _measured(registrar: Registrar, driver: Any, question: Question, runs: int) -> str:
    """A row of the table."""
    search = registrar.reporting.search

    def by_hand(statement: str) -> Callable[[], list[int]]:
        return lambda: [row[0] for row in _fetched(driver, statement, question.members)][:LIMIT]

    def ours(after: str | None) -> Callable[[], list[int]]:
        return lambda: [each.award.id for each in search(actor=ACTOR, after=after, **question.filters).records]

    pages = [ours(after) for after in (None, *_later(registrar, question))]
    first = pages[0]()
    raws = [by_hand(_page_by_hand(*each)) for each in question.raw]
    good = [raw for raw in raws if _in_time(driver, raw, first)]
    times = [[_timed(read) for read in (*good, *pages)] for _ in range(runs)]
    medians = list(map(median, zip(*times, strict=True)))
    raw, page, later = medians[: len(good)], medians[len(good)], medians[len(good) + 1 :]
    compared = f"{min(raw):.2f} | {page:.2f} | {page / min(raw):.1f}" if raw else f"over {TOO_LONG} | {page:.2f} | none"
    return f"| {question.name} | {compared} | {f'{max(later) / page:.2f}' if later else 'none'} |"


def _in_time(driver: Any, raw: Callable[[], list[int]], expected: list[int]) -> bool:
    """Whether that statement is worth measuring: without statistics PostgreSQL may go for hours."""
    try:
        assert raw() == expected
    except OperationalError:
        driver.rollback()
        return False
    return True


def _fetched(driver: Any, statement: str, members: str | None) -> list[Any]:
    """The rows of a page, in a transaction of its own."""
    sqlite = isinstance(driver, sqlite3.Connection)
    with closing(driver.cursor()) as cursor:
        cursor.execute("BEGIN" if sqlite else "BEGIN READ ONLY")
        given: list[list[Any]] = []
        if members is not None:
            ids = [row[0] for row in cursor.execute(members)]
            given = [[json.dumps(ids) if sqlite else ids]]
        rows: list[Any] = cursor.execute(statement, *given).fetchall()
        cursor.execute("ROLLBACK")
    return rows


def _later(registrar: Registrar, question: Question) -> Iterator[str]:
    """The cursors of the 2nd, the 10th and the 200th page; where there are fewer, of the last."""
    after, read, kept = None, 0, {}
    for until in (1, 9, 199):
        while read < until * LIMIT:
            size = min(until * LIMIT - read, 1_000)
            page = registrar.reporting.search(actor=ACTOR, after=after, limit=size, **question.filters)
            if page.next is None:
                behind = (len(page.records) - 1) // LIMIT * LIMIT
                if behind:
                    page = registrar.reporting.search(actor=ACTOR, after=after, limit=behind, **question.filters)
                    kept[read + behind] = page.next
                yield from kept.values()
                return
            after, read = page.next, read + size
            kept[read] = after
        kept = {each: cursor for each, cursor in kept.items() if each in (LIMIT, 9 * LIMIT, 199 * LIMIT)}
    yield from kept.values()


def _timed(read: Callable[[], object]) -> float:
    """Milliseconds: of the quickest of ten reads, or of as many as begin within 50 ms."""
    took: list[float] = []
    while len(took) < 10 and sum(took) < 50:
        began = time.perf_counter()
        read()
        took.append((time.perf_counter() - began) * 1_000)
    return min(took)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
