"""Judging the rows of a batch: for each, who is to hold what, or everything that is wrong with it (R-42)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter

from attrs import evolve, field, frozen

from certcore.domain.awards import MANUAL, Award, Basis, BasisKind, Period, computed_period, typed_period
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
from certcore.domain.decisions import Held, Offer, same_terms
from certcore.domain.people import Person, Scope
from certcore.domain.spreadsheets import unguarded
from certcore.domain.time import start_of_day
from certcore.errors import DateOutOfRange, InvalidInput, InvalidValue, SkippedDay
from certcore.ports import Ports, Transaction
from certcore.services.importing.request import Duplicates, ImportRequest
from certcore.services.importing.survey import People, Survey, codes_in, position, usernames_in
from certcore.services.importing.table import Batch, Table
from certcore.services.units import Candidate

_MOST_REMEMBERED = 50_000

Problems = tuple[Problem, ...]
Cells = tuple[str, str, str | None, str, str | None]


@frozen
class SetAside:
    """A row for which there is nothing to decide: its problems, or none when a later row counts instead of it."""

    line: int
    raw: Sequence[str] | str
    problems: Problems = ()


@frozen
class Judgement:
    """What a batch comes to: candidates with the line and the cells of their rows, and the rows set aside."""

    candidates: Sequence[Candidate]
    rows: Sequence[tuple[int, Sequence[str]]]
    set_aside: Sequence[SetAside]


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
    _people: People
    _username_at: int = field(init=False)
    _code_at: int = field(init=False)
    _cells_of: Callable[[Sequence[str]], Cells] = field(init=False)
    _terms: dict[Cells, Terms | Problems] = field(factory=dict, init=False)
    _periods: dict[tuple[Terms, int, int], Period | Problems] = field(factory=dict, init=False)

    @_username_at.default
    def _find_username(self) -> int:
        return position(self._table, USERNAME)

    @_code_at.default
    def _find_code(self) -> int:
        return position(self._table, CERTIFICATION)

    @_cells_of.default
    def _cell_reader(self) -> Callable[[Sequence[str]], Cells]:
        places = [self._table.index[column] for column in (ISSUED, ALWAYS_VALID, EXPIRES, KIND, CODE)]
        given = [place for place in places if place is not None]
        if len(given) == len(places):
            return itemgetter(*given)
        return lambda row: tuple(None if place is None else row[place] for place in places)  # type: ignore[return-value]

    def judge(self, tx: Transaction, batch: Batch) -> Judgement:
        """What is known of every row of the batch."""
        for memory in (self._terms, self._periods):
            if len(memory) > _MOST_REMEMBERED:
                memory.clear()
        cells = list(map(self._cells_of, batch.rows))
        known = self._look_up(tx, batch, cells)
        set_aside = [SetAside(bad.line, bad.raw, (bad.problem,)) for bad in batch.bad]
        candidates: list[Candidate] = []
        rows: list[tuple[int, Sequence[str]]] = []
        for line, row, its_cells in zip(batch.lines, batch.rows, cells, strict=True):
            judged = self._row(line, row, its_cells, known)
            if isinstance(judged, Candidate):
                candidates.append(judged)
                rows.append((line, row))
            else:
                set_aside.append(judged)
        return Judgement(candidates, rows, set_aside)

    def _row(self, line: int, row: Sequence[str], cells: Cells, known: _Known) -> Candidate | SetAside:
        person, certification = known.people[row[self._username_at]], known.certifications[row[self._code_at]]
        if isinstance(person, Problem) or isinstance(certification, Problem):
            return SetAside(line, row, (*_of(person), *_of(certification), *_of(self._terms[cells])))
        if self._survey.repeated:
            lines = self._survey.repeated.get((person.id, certification.code or ""))
            if lines is not None and (aside := self._repeated(line, row, cells, lines)) is not None:
                return aside
        live = known.live.get((certification.id, person.id)) if known.live else None
        offer = None if live else known.offers.get((cells, certification.id))
        if offer is None:
            offer = self._offer(cells, certification, live, known)
        return SetAside(line, row, offer) if isinstance(offer, tuple) else Candidate(certification, person, offer, live)

    def _repeated(self, line: int, row: Sequence[str], cells: Cells, lines: Sequence[int]) -> SetAside | None:
        """How a row of a repeated key is set aside; None for the one that counts (R-44)."""
        if self._request.duplicates is Duplicates.RENEW:
            return None if line == lines[-1] else SetAside(line, row)
        return SetAside(line, row, (*_of(self._terms[cells]), _duplicate(row[self._username_at], line, lines)))

    def _look_up(self, tx: Transaction, batch: Batch, cells: Sequence[Cells]) -> _Known:
        usernames, codes = usernames_in(self._table, batch), codes_in(self._table, batch)
        keys = {key for key in usernames.values() if isinstance(key, str)}
        people = self._people.match(keys)
        certifications = tx.certifications.by_code(list({code for code in codes.values() if isinstance(code, str)}))
        live = tx.awards.live(
            [certification.id for certification in certifications.values()],
            [people[key].id for key in keys if key in people],
        )
        read = map(self._read, set(cells))
        items = {item for terms in read if isinstance(terms, Terms) and (item := _item(terms)) is not None}
        return _Known(
            {text: self._person(text, key, people) for text, key in usernames.items()},
            {text: _certification(text, code, certifications) for text, code in codes.items()},
            live,
            {item: each.certification_id for item, each in tx.certifications.carried_by(items).items()},
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

    def _offer(self, cells: Cells, certification: Certification, live: Award | None, known: _Known) -> Offer | Problems:
        terms = self._terms[cells]
        if isinstance(terms, tuple):
            return terms
        if live is None:
            offer = known.offers[cells, certification.id] = self._new_offer(terms, certification, known.carried)
            return offer
        renewing = self._request.held is Held.RENEW
        offer = self._new_offer(_as_it_is(terms, live, renewing=renewing), certification, known.carried)
        if isinstance(offer, tuple):
            return offer
        kept = evolve(offer, details=live.details)
        return offer if renewing and not same_terms(kept, live) else kept

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


def _as_it_is(terms: Terms, live: Award, *, renewing: bool) -> Terms:
    """The terms with what the file has no column for taken from the award that is there (CSV.md).

    A renewal has an end of its own.
    """
    open_end = not terms.expires_given and not terms.always_valid and not renewing
    if open_end and live.period.expires_on is not None:
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
