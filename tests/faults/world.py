"""A database with people and awards, a file to import into it, and all that is stored as text without chance in it."""

import csv
import io
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Table, select

from certcore.adapters.sql import PersonRecord, SqlCatalog, SqlDirectory, SqlStorage, bulk, tables, units
from certcore.domain.awards import Award
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.history import HistoryEntry, verifies
from certcore.domain.people import Actor
from certcore.domain.policy import RenewalPolicy
from certcore.domain.settings import Settings
from certcore.ports import AwardQuery, Clock
from certcore.registrar import Registrar
from certcore.services.importing import Duplicates, ImportReport, ImportRequest, Progress

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTOR: Final = Actor.program("faults")
CODES: Final = ("SAFE-1", "SAFE-2")
RENEW: Final = ImportRequest(zone="Europe/Rome", duplicates=Duplicates.RENEW)
IN_PLACE: Final = ImportRequest(zone="Europe/Rome")

_HEADER = (
    "username",
    "certification_code",
    "certification_issue_date",
    "always_valid",
    "certification_expire_date",
    "type",
    "code",
)
_FIRST_DAY = date(2025, 10, 1)
_NUMBER = re.compile(r'"(by|number)":"([^"]+)"')
_PAGE = 2_000

units.BEHIND_FROM = bulk.COPY_FROM  # what large batches do is tried with small ones


@frozen
class Site:
    """The services on a database."""

    storage: SqlStorage
    directory: SqlDirectory
    registrar: Registrar

    def run(
        self,
        data: bytes,
        request: ImportRequest = RENEW,
        progress: Progress = lambda _done, _total: None,
        key: str | None = None,
    ) -> ImportReport:
        """Import the bytes."""
        return self.registrar.importing.run(io.BytesIO(data), request, actor=ACTOR, progress=progress, key=key)


@contextmanager
def site_at(
    target: object, *, tenant: str = "default", batch: int = 250, clock: Clock = lambda: NOW, **ports: Any
) -> Iterator[Site]:
    """The services on the database, whose tables are there; the clock stands still. ``ports`` are more of them."""
    storage = SqlStorage(target, tenant=tenant)
    directory, catalog = SqlDirectory(storage), SqlCatalog(storage)
    settings = Settings(batch=batch)
    try:
        yield Site(
            storage,
            directory,
            Registrar(storage=storage, directory=directory, catalog=catalog, clock=clock, settings=settings, **ports),
        )
    finally:
        storage.close()


def user(number: int) -> str:
    """A learner's username."""
    return f"user{number:06}"


def furnish(site: Site, rows: int) -> None:
    """People for a file of so many rows, one of them deactivated, two certifications, and awards that the file meets.

    Every third learner holds SAFE-1 with other dates than the file's, every ninth with the same.
    """
    people = [
        PersonRecord(username=user(n), first_name="Ana", last_name=f"Rossi {n}", id=f"id-{n}") for n in range(rows)
    ]
    site.directory.save_people([*people, PersonRecord(username="gone", active=False, id="id-gone")])
    SqlCatalog(site.storage).save_items([Item(ItemRef.parse("course:C-1"))])
    for code in CODES:
        policy = RenewalPolicy.from_data({"validity": {"years": 1}})
        site.registrar.defining.add(f"Name of {code}", code=code, policy=policy, actor=ACTOR)
    site.registrar.defining.assign("SAFE-1", [ItemRef.parse("course:C-1")], actor=ACTOR)
    held = [
        _row(number) if number % 9 == 0 else _row(number, issued=date(2025, 3, 1), expires=date(2026, 3, 1))
        for number in range(0, rows, 3)
    ]
    report = site.run(csv_of(held))
    assert report.new == report.rows == len(held)


def file_of(rows: int, *, bad: bool = True) -> bytes:
    """A file of so many rows in a shuffled order, with bad ones and repeated keys unless ``bad`` is false."""
    chance = random.Random(rows)
    made = [_row(number, "SAFE-2" if number % 5 == 4 else "SAFE-1") for number in range(rows)]
    for at in range(0, rows, 23) if bad else ():
        made[at] = chance.choice(
            [
                _row(at, username="nobody"),
                _row(at, username="gone"),
                _row(at, issued="07/04/2021"),
                _row(at, "NONE"),
                _row(at)[:3],
                _row(at, expires=date(2020, 1, 1)),
                (*_row(at)[:5], "course", "C-2"),
            ]
        )
    for at in range(5, rows - 7, 31) if bad else ():
        made[at] = _row(at + 7, "SAFE-2" if (at + 7) % 5 == 4 else "SAFE-1", issued=date(2025, 9, 9))
    chance.shuffle(made)
    return csv_of(made)


def renewals_of(rows: int) -> bytes:
    """A file that meets every award of `file_of` and ends later."""
    made = [
        _row(number, "SAFE-2" if number % 5 == 4 else "SAFE-1", issued=date(2026, 2, 1), expires=date(2028, 2, 1))
        for number in range(rows)
    ]
    return csv_of(made)


def csv_of(rows: list[tuple[object, ...]]) -> bytes:
    """The rows with the header."""
    text = io.StringIO()
    csv.writer(text).writerows([_HEADER, *rows])
    return text.getvalue().encode()


def _row(
    number: int,
    code: str = "SAFE-1",
    *,
    username: str | None = None,
    issued: date | str | None = None,
    expires: date | None = None,
) -> tuple[object, ...]:
    day = issued or _FIRST_DAY + timedelta(days=number % 90)
    until = expires or date(2027, 1, 1) + timedelta(days=number % 7)
    kind = ("course", "C-1") if code == "SAFE-1" and number % 4 == 0 else ("manual", "")
    return (username or user(number), code, day, "false", until, *kind)


def told(report: ImportReport) -> dict[str, object]:
    """What a report says, but for the import's id."""
    names = ("rows", "new", "renewed", "updated", "unchanged", "superseded", "rejected", "errors_total", "errors")
    return {name: getattr(report, name) for name in names}


def dump(storage: SqlStorage, *, history: bool = True, undone: bool = True) -> str:
    """All rows of a tenant that an import may touch, in an order, with names in place of what chance gave.

    Without ``history`` only the awards, as they are but for their version; without ``undone`` not those taken back.
    """
    return "\n".join(_Dump(storage, undone=undone).lines(history=history))


class _Dump:
    def __init__(self, storage: SqlStorage, *, undone: bool) -> None:
        self._storage = storage
        self._codes = {row["id"]: row["code"] for row in self._rows(tables.certification)}
        self._awards = [row for row in self._rows(tables.award) if undone or row["end_reason"] != "undone"]
        self._names: dict[Any, str] = {None: "-"}
        for row in self._awards:
            parts = [row["learner_id"], self._codes[row["certification_id"]], row["issued_on"], row["expires_on"]]
            self._names[row["id"]] = self._names[row["number"]] = " ".join(map(str, parts))
        assert len(self._names) == 2 * len(self._awards) + 1, "two awards with one name"

    def lines(self, *, history: bool) -> Iterator[str]:
        yield from sorted(self._award(row, history=history) for row in self._awards)
        if history:
            jobs = {row["id"]: f"{row['kind']} {row['fingerprint']}" for row in self._rows(tables.job)}
            jobs[None] = "-"
            for table, dropped in ((tables.history, ("salt", "digest", "hash")), (tables.outbox, ())):
                yield from sorted(self._beside(row, jobs, dropped) for row in self._rows(table))
            yield from sorted(map(_job, self._rows(tables.job)))
            yield from sorted(str({**row, "job_id": jobs[row["job_id"]]}) for row in self._rows(tables.job_reject))

    def _award(self, row: dict[str, Any], *, history: bool) -> str:
        shown = {**row, "certification_id": self._codes[row["certification_id"]]}
        shown |= {name: self._names[row[name]] for name in ("id", "renews", "renewed_by")}
        return _shown(shown, "number", "token", "head", *(() if history else ("version",)))

    def _beside(self, row: dict[str, Any], jobs: Mapping[Any, str], dropped: tuple[str, ...]) -> str:
        shown = {**row, "award_id": self._names[row["award_id"]]}
        if "job_id" in row:
            shown["job_id"] = jobs[row["job_id"]]
        for name in ("facts", "payload"):
            if name in row:
                shown[name] = _NUMBER.sub(lambda found: f"{found[1]} {self._names[found[2]]}", row[name])
        return _shown(shown, *dropped)

    def _rows(self, table: Table) -> list[dict[str, Any]]:
        with self._storage.reading() as tx:
            found = tx.unit.rows(select(table).where(table.c.tenant == self._storage.tenant))
        return [{name: value for name, value in row._mapping.items() if name != "tenant"} for row in found]


def _shown(row: Mapping[str, Any], *dropped: str) -> str:
    return str({name: value for name, value in row.items() if name not in dropped})


def _job(row: dict[str, Any]) -> str:
    return re.sub(r'"import_id":"[0-9a-z]+"', "", _shown(row, "id"))


def imports_of(site: Site, data: bytes) -> dict[str, str]:
    """The imports of a file: their ids and states."""
    digest = sha256(data).hexdigest()
    jobs = site.registrar.importing.recent(actor=ACTOR)
    return {job.public_id: job.state.value for job in jobs if job.payload["sha256"] == digest}


def entries_of(site: Site, import_id: str) -> Iterator[HistoryEntry]:
    """What an import did, entry by entry."""
    job = site.registrar.importing.get(import_id, actor=ACTOR)
    after = None
    with site.storage.reading() as tx:
        while page := tx.history.by_job(job.id, after, _PAGE):
            yield from page
            after = page[-1].award_id, page[-1].seq


def awards_of(storage: SqlStorage) -> Iterator[Award]:
    """All awards, page by page."""
    after = None
    with storage.reading() as tx:
        while page := tx.awards.search(AwardQuery(NOW, after=after, limit=_PAGE)):
            yield from page
            after = page[-1].id


def check_invariants(storage: SqlStorage) -> None:
    """I1, I3, I5, both ends of every renewal, and the chain that I2 rests on."""
    live: Counter[tuple[int, str]] = Counter()
    numbers, tokens = set(), set()
    renews: dict[int, int | None] = {}
    renewed_by: dict[int, int] = {}
    page: list[Award] = []
    for award in awards_of(storage):
        if award.live:
            live[award.certification_id, award.learner_id] += 1
        numbers.add(award.number)
        tokens.add(award.token)
        renews[award.id] = award.renews
        if award.renewed_by is not None:
            renewed_by[award.id] = award.renewed_by
        page.append(award)
        if len(page) == _PAGE:
            _check_page(storage, page)
            page.clear()
    _check_page(storage, page)
    assert max(live.values(), default=0) <= 1
    assert len(numbers) == len(tokens) == len(renews)
    assert all(renews[after] == before for before, after in renewed_by.items())


def _check_page(storage: SqlStorage, awards: list[Award]) -> None:
    with storage.reading() as tx:
        history = tx.history.of([award.id for award in awards])
        events = tx.outbox.of([award.id for award in awards])
    for award in awards:
        seqs = list(range(1, award.version + 1))
        assert [entry.seq for entry in history[award.id]] == [event.seq for event in events[award.id]] == seqs
        previous = b""
        for entry in history[award.id]:
            assert verifies(previous, entry)
            previous = entry.hash
        assert previous == award.head
