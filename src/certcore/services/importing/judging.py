"""Judging the rows of a batch: for each, who is to hold what, or everything that is wrong with it (R-42)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter

from attrs import evolve, field, frozen

from certcore.domain.awards import MANUAL, NO_DETAILS, Award, Basis, BasisKind, Period, computed_period, typed_period
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
    """What is known of whom and what a batch names, by the text of the cell."""

    people: Mapping[str, Person | Problem]
    certifications: Mapping[str, Certification | Problem]
    live: Mapping[tuple[int, str], Award]
    carried: Mapping[ItemRef, int]
    offers: dict[tuple[Cells, int], Offer | Problems] = field(factory=dict)


@frozen
class Judge:
    """Judges the batches of one import; what equal cells mean is worked out once."""

    _ports: Ports
    _request: ImportRequest
    _table: Table
    _survey: Survey
    _scope: Scope
    _cells_of: Callable[[Sequence[str]], Cells] = field(init=False)
    _terms: dict[Cells, Terms | Problems] = field(factory=dict, init=False)
    _periods: dict[tuple[Terms, int, int], Period | Problems] = field(factory=dict, init=False)

    @_cells_of.default
    def _cell_reader(self) -> Callable[[Sequence[str]], Cells]:
        places = [self._table.index[column] for column in (ISSUED, ALWAYS_VALID, EXPIRES, KIND, CODE)]
        given = [place for place in places if place is not None]
        if len(given) == len(places):
            return itemgetter(*given)
        return lambda row: tuple(None if place is None else row[place] for place in places)  # type: ignore[return-value]

    def judge(self, tx: Transaction, batch: Batch) -> list[Judged]:
        """Every row of the batch in the order of the file."""
        for memory in (self._terms, self._periods):
            if len(memory) > _MOST_REMEMBERED:
                memory.clear()
        cells = [self._cells_of(row) for row in batch.rows]
        known = self._look_up(tx, batch, cells)
        judged = [self._row(*each, known) for each in zip(batch.lines, batch.rows, cells, strict=True)]
        judged += [Judged(bad.line, bad.raw, problems=(bad.problem,)) for bad in batch.bad]
        return sorted(judged, key=lambda row: row.line) if batch.bad else judged

    def _row(self, line: int, row: Sequence[str], cells: Cells, known: _Known) -> Judged:
        username = row[position(self._table, USERNAME)]
        person = known.people[username]
        certification = known.certifications[row[position(self._table, CERTIFICATION)]]
        terms = self._terms[cells]
        lines: Sequence[int] = ()
        if self._survey.repeated and isinstance(person, Person) and isinstance(certification, Certification):
            lines = self._survey.repeated.get((person.id, certification.code or ""), ())
            if lines and self._request.duplicates is Duplicates.RENEW and line != lines[-1]:
                return Judged(line, row)
        if isinstance(person, Problem) or isinstance(certification, Problem) or isinstance(terms, tuple):
            return Judged(line, row, problems=(*_of(person), *_of(certification), *_of(terms)))
        if lines and self._request.duplicates is Duplicates.ERROR:
            return Judged(line, row, problems=(_duplicate(username, line, lines),))
        live = known.live.get((certification.id, person.id)) if known.live else None
        offer = self._offer(cells, terms, certification, live, known)
        if isinstance(offer, tuple):
            return Judged(line, row, problems=offer)
        return Judged(line, row, Candidate(certification, person, offer, live))

    def _look_up(self, tx: Transaction, batch: Batch, cells: Sequence[Cells]) -> _Known:
        usernames, codes = usernames_in(self._table, batch), codes_in(self._table, batch)
        people = self._ports.directory.match(list({key for key in usernames.values() if isinstance(key, str)}))
        certifications = tx.certifications.by_code(list({code for code in codes.values() if isinstance(code, str)}))
        live = tx.awards.live(
            [certification.id for certification in certifications.values()], [person.id for person in people.values()]
        )
        read = map(self._read, set(cells))
        items = {item for terms in read if isinstance(terms, Terms) and (item := _item(terms)) is not None}
        return _Known(
            {text: self._person(text, key, people) for text, key in usernames.items()},
            {text: _certification(text, code, certifications) for text, code in codes.items()},
            live,
            tx.certifications.carried_by(items),
        )

    def _read(self, cells: Cells) -> Terms | Problems:
        terms = self._terms.get(cells)
        if terms is None:
            issued, always_valid, expires, kind, code = cells
            code = None if code is None else unguarded(code)
            terms = read_terms(issued, always_valid, expires, kind, code, self._request.cells)
            self._terms[cells] = terms
        return terms

    def _person(self, text: str, key: str | Problem, people: Mapping[str, Person]) -> Person | Problem:
        if isinstance(key, Problem):
            return key
        person = people.get(key)
        if person is None or not self._scope.covers(person.id):
            return Problem(USERNAME, text, "unknown_user")
        return person if person.active else Problem(USERNAME, text, "deactivated_user")

    def _offer(
        self, cells: Cells, terms: Terms, certification: Certification, live: Award | None, known: _Known
    ) -> Offer | Problems:
        if live is None or (terms.expires_given and terms.code_given):
            key = (cells, certification.id)
            offer = known.offers.get(key)
            if offer is None:
                offer = known.offers[key] = self._new_offer(terms, certification, known.carried)
        else:
            offer = self._new_offer(_as_it_is(terms, live), certification, known.carried)
        if live is None or live.details == NO_DETAILS or isinstance(offer, tuple):
            return offer
        return Offer(offer.period, offer.basis, live.details)

    def _new_offer(
        self, terms: Terms, certification: Certification, carried: Mapping[ItemRef, int]
    ) -> Offer | Problems:
        key = (terms, certification.id, certification.version)
        period = self._periods.get(key)
        if period is None:
            period = self._periods[key] = _period(terms, certification, self._request)
        basis = self._basis(terms, certification, carried)
        if isinstance(period, tuple) or isinstance(basis, Problem):
            return (*_of(period), *_of(basis))
        return Offer(period, basis)

    def _basis(self, terms: Terms, certification: Certification, carried: Mapping[ItemRef, int]) -> Basis | Problem:
        item = _item(terms)
        if item is None:
            missing = terms.kind is not BasisKind.MANUAL
            return Problem(CODE, None, "code_missing", {"kind": terms.kind}) if missing else MANUAL
        if not terms.code_given or carried.get(item) == certification.id:
            return Basis(terms.kind, terms.code)
        params = {"kind": terms.kind, "certification": certification.label}
        known = item in carried or self._ports.catalog.items([item])
        return Problem(CODE, terms.code, "item_not_assigned" if known else "unknown_item", params)


def _certification(
    text: str, code: str | Problem, certifications: Mapping[str, Certification]
) -> Certification | Problem:
    if isinstance(code, Problem):
        return code
    certification = certifications.get(code)
    if certification is None:
        return Problem(CERTIFICATION, text, "unknown_certification")
    return Problem(CERTIFICATION, text, "retired_certification") if certification.retired else certification


def _item(terms: Terms) -> ItemRef | None:
    return None if terms.code is None or terms.kind is BasisKind.MANUAL else ItemRef(ItemKind(terms.kind), terms.code)


def _as_it_is(terms: Terms, live: Award | None) -> Terms:
    """The terms with what the file has no column for taken from the award that is there (CSV.md)."""
    if live is None or (terms.expires_given and terms.code_given):
        return terms
    if not terms.expires_given and not terms.always_valid and live.period.expires_on is not None:
        terms = evolve(terms, expires_on=live.period.expires_on, expires_given=True)
    if not terms.code_given and live.basis.kind is terms.kind:
        terms = evolve(terms, code=live.basis.code)
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
