"""Judging the rows of a batch: for each, who is to hold what, or everything that is wrong with it (R-42)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from attrs import evolve, field, frozen

from certcore.domain.awards import Award, Basis, BasisKind, Period, computed_period, typed_period
from certcore.domain.cells import (
    ALWAYS_VALID,
    CERTIFICATION,
    CODE,
    EXPIRES,
    ISSUED,
    KIND,
    USERNAME,
    Problem,
    Terms,
    read_terms,
)
from certcore.domain.certifications import Certification, ItemKind, ItemRef
from certcore.domain.decisions import Offer, Outcome
from certcore.domain.people import Person, Scope
from certcore.domain.spreadsheets import unguarded
from certcore.domain.time import start_of_day
from certcore.errors import DateOutOfRange, InvalidInput, InvalidValue, SkippedDay
from certcore.ports import Ports, Transaction
from certcore.services.importing.request import Duplicates, ImportRequest
from certcore.services.importing.survey import Survey, codes_in, position, usernames_in
from certcore.services.importing.table import Batch, Table
from certcore.services.units import Candidate

_MOST_REMEMBERED = 50_000

Problems = tuple[Problem, ...]
Cells = tuple[str, str, str | None, str, str | None]


@frozen
class Judged:
    """One row: a candidate, or its problems; superseded rows have neither."""

    line: int
    raw: Sequence[str] | str
    candidate: Candidate | None = None
    problems: Problems = ()

    @property
    def outcome(self) -> Outcome | None:
        """The outcome when there is no candidate to decide for."""
        if self.candidate is not None:
            return None
        return Outcome.REJECTED if self.problems else Outcome.SUPERSEDED


@frozen
class _Known:
    """What the stores know about what a batch names."""

    usernames: Mapping[str, str | Problem]
    people: Mapping[str, Person]
    codes: Mapping[str, str | Problem]
    certifications: Mapping[str, Certification]
    live: Mapping[tuple[int, str], Award]


@frozen
class Judge:
    """Judges the batches of one import; what equal cells mean is worked out once."""

    _ports: Ports
    _request: ImportRequest
    _table: Table
    _survey: Survey
    _scope: Scope
    _terms: dict[Cells, Terms | Problems] = field(factory=dict, init=False)
    _periods: dict[tuple[Terms, Certification], Period | Problems] = field(factory=dict, init=False)

    def judge(self, tx: Transaction, batch: Batch) -> list[Judged]:
        """Every row of the batch in the order of the file."""
        for memory in (self._terms, self._periods):
            if len(memory) > _MOST_REMEMBERED:
                memory.clear()
        known = self._look_up(tx, batch)
        judged = [self._row(line, row, known, tx) for line, row in zip(batch.lines, batch.rows, strict=True)]
        judged += [Judged(bad.line, bad.raw, problems=(bad.problem,)) for bad in batch.bad]
        return sorted(judged, key=lambda row: row.line) if batch.bad else judged

    def _look_up(self, tx: Transaction, batch: Batch) -> _Known:
        usernames, codes = usernames_in(self._table, batch), codes_in(self._table, batch)
        people = self._ports.directory.match(list({key for key in usernames.values() if isinstance(key, str)}))
        certifications = tx.certifications.by_code(list({code for code in codes.values() if isinstance(code, str)}))
        live = tx.awards.live(
            [certification.id for certification in certifications.values()], [person.id for person in people.values()]
        )
        return _Known(usernames, people, codes, certifications, live)

    def _row(self, line: int, row: Sequence[str], known: _Known, tx: Transaction) -> Judged:
        person = self._person(row[position(self._table, USERNAME)], known)
        certification = self._certification(row[position(self._table, CERTIFICATION)], known)
        if isinstance(person, Person) and isinstance(certification, Certification):
            lines = self._survey.repeated.get((person.id, certification.code or ""))
            if lines is not None and self._request.duplicates is Duplicates.RENEW and line != lines[-1]:
                return Judged(line, row)
        terms = self._read(row)
        problems = [*_of(person), *_of(certification), *_of(terms)]
        if problems or isinstance(terms, tuple) or isinstance(person, Problem) or isinstance(certification, Problem):
            return Judged(line, row, problems=tuple(problems))
        if lines is not None and self._request.duplicates is Duplicates.ERROR:
            return Judged(line, row, problems=(_duplicate(row[position(self._table, USERNAME)], line, lines),))
        live = known.live.get((certification.id, person.id))
        offer = self._offer(terms, certification, live, tx)
        if isinstance(offer, tuple):
            return Judged(line, row, problems=offer)
        return Judged(line, row, Candidate(certification, person, offer, live, notify=True))

    def _person(self, text: str, known: _Known) -> Person | Problem:
        key = known.usernames[text]
        if isinstance(key, Problem):
            return key
        person = known.people.get(key)
        if person is None or not self._scope.covers(person.id):
            return Problem(USERNAME, text, "unknown_user")
        return person if person.active else Problem(USERNAME, text, "deactivated_user")

    def _certification(self, text: str, known: _Known) -> Certification | Problem:
        code = known.codes[text]
        if isinstance(code, Problem):
            return code
        certification = known.certifications.get(code)
        if certification is None:
            return Problem(CERTIFICATION, text, "unknown_certification")
        return Problem(CERTIFICATION, text, "retired_certification") if certification.retired else certification

    def _read(self, row: Sequence[str]) -> Terms | Problems:
        at = self._table.index
        cells = (
            row[position(self._table, ISSUED)],
            row[position(self._table, ALWAYS_VALID)],
            None if at[EXPIRES] is None else row[at[EXPIRES]],
            row[position(self._table, KIND)],
            None if at[CODE] is None else unguarded(row[at[CODE]]),
        )
        terms = self._terms.get(cells)
        if terms is None:
            terms = self._terms[cells] = read_terms(*cells, self._request.cells)
        return terms

    def _offer(
        self, terms: Terms, certification: Certification, live: Award | None, tx: Transaction
    ) -> Offer | Problems:
        terms = _as_it_is(terms, live)
        period = self._period(terms, certification)
        basis = self._basis(terms, certification, tx)
        if isinstance(period, tuple) or isinstance(basis, Problem):
            return (*_of(period), *_of(basis))
        return Offer(period, basis) if live is None else Offer(period, basis, live.details)

    def _period(self, terms: Terms, certification: Certification) -> Period | Problems:
        key = (terms, certification)
        period = self._periods.get(key)
        if period is None:
            period = self._periods[key] = _period(terms, certification, self._request)
        return period

    def _basis(self, terms: Terms, certification: Certification, tx: Transaction) -> Basis | Problem:
        if terms.kind is BasisKind.MANUAL:
            return Basis()
        if terms.code is None:
            return Problem(CODE, None, "code_missing", {"kind": terms.kind})
        item = ItemRef(ItemKind(terms.kind), terms.code)
        carried = tx.certifications.carried_by([item]).get(item)
        if carried == certification.id:
            return Basis(terms.kind, terms.code)
        params = {"kind": terms.kind, "certification": certification.label}
        known = carried is not None or self._ports.catalog.items([item])
        return Problem(CODE, terms.code, "item_not_assigned" if known else "unknown_item", params)


def _as_it_is(terms: Terms, live: Award | None) -> Terms:
    """The terms with what the file has no column for taken from the award that is there (CSV.md)."""
    if live is None or (terms.expires_given and terms.code_given):
        return terms
    if not terms.expires_given and not terms.always_valid and live.period.expires_on is not None:
        terms = evolve(terms, expires_on=live.period.expires_on, expires_given=True)
    if not terms.code_given and live.basis.kind is terms.kind:
        terms = evolve(terms, code=live.basis.code, code_given=True)
    return terms


def _period(terms: Terms, certification: Certification, request: ImportRequest) -> Period | Problems:
    policy, zone = certification.policy, request.zone
    derive = terms.derive_expiry or (request.cells.derive_expiry and not terms.expires_given)
    if not terms.always_valid and terms.expires_on is None and not derive:
        return (Problem(EXPIRES, None, "expiry_missing"),)
    problems = _days_that_never_were(terms, zone)
    if problems:
        return problems
    try:
        if derive and not terms.always_valid:
            return computed_period(policy, terms.issued_on, zone)
        return typed_period(policy, terms.issued_on, zone, terms.expires_on)
    except InvalidValue:
        return (Problem(EXPIRES, _iso(terms.expires_on), "expires_before_issue", {"issued": _iso(terms.issued_on)}),)
    except DateOutOfRange:
        return (Problem(EXPIRES, _iso(terms.expires_on or terms.issued_on), "date_out_of_range"),)
    except InvalidInput as error:
        return (Problem(EXPIRES, None, "no_validity", {"certification": certification.label, "why": error.message}),)


def _days_that_never_were(terms: Terms, zone: str) -> Problems:
    problems = []
    for column, day in ((ISSUED, terms.issued_on), (EXPIRES, terms.expires_on)):
        try:
            if day is not None:
                start_of_day(day, zone)
        except SkippedDay:
            problems.append(Problem(column, _iso(day), "skipped_day", {"zone": zone}))
        except DateOutOfRange:
            problems.append(Problem(column, _iso(day), "date_out_of_range"))
    return tuple(problems)


def _duplicate(username: str, line: int, lines: Sequence[int]) -> Problem:
    return Problem(USERNAME, username, "duplicate_row", {"lines": [other for other in lines if other != line]})


def _of(value: object) -> Iterator[Problem]:
    if isinstance(value, Problem):
        yield value
    elif isinstance(value, tuple):
        yield from value


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
