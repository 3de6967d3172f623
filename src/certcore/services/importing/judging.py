"""Judging the rows of a batch: for each, who is to hold what, or everything that is wrong with it (R-42)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
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
from certcore.domain.earning import earned_by
from certcore.domain.people import Person
from certcore.domain.spreadsheets import unguarded
from certcore.domain.time import start_of_day
from certcore.errors import DateOutOfRange, InvalidInput, InvalidValue, SkippedDay
from certcore.ports import Ports, Transaction
from certcore.services.importing.request import Duplicates, ImportRequest
from certcore.services.importing.survey import People, Survey, cell_of, codes_among
from certcore.services.importing.table import Batch, Table
from certcore.services.units import Candidate, live_of

_MOST_REMEMBERED = 4_000

Problems = tuple[Problem, ...]
Cells = tuple[str, str, str, str | None, str, str | None]
"""The cells that say what is awarded, the certification's code first; None for a column that is not there."""
Carried = Mapping[ItemRef, int | None]
"""The id of the certification that each item carries; None for one that carries none."""


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
class _Said:
    """What cells say apart from who; ``offer`` is for somebody who holds no live award of the certification."""

    certification: Certification | Problem
    terms: Terms | Problems
    offer: Offer | Problems


@frozen
class _Known:
    """What is known of whom and what a batch names, by the text of the cells."""

    people: Mapping[str, Person | Problem]
    said: Mapping[Cells, _Said]
    live: Mapping[tuple[int, str], Award]
    revoked: Mapping[tuple[int, str], datetime]
    carried: Carried


@frozen
class Judge:
    """Judges the batches of one import; what equal cells mean is worked out once."""

    _ports: Ports
    _request: ImportRequest
    _table: Table
    _survey: Survey
    _people: People
    _username_of: Callable[[Sequence[str]], str] = field(init=False)
    _cells_of: Callable[[Sequence[str]], Cells] = field(init=False)
    _said: dict[Cells, _Said] = field(factory=dict, init=False)
    _said_of: dict[str | ItemRef, object] = field(factory=dict, init=False)

    @_username_of.default
    def _username_reader(self) -> Callable[[Sequence[str]], str]:
        return cell_of(self._table, USERNAME)

    @_cells_of.default
    def _cell_reader(self) -> Callable[[Sequence[str]], Cells]:
        places = [self._table.index[column] for column in (CERTIFICATION, ISSUED, ALWAYS_VALID, EXPIRES, KIND, CODE)]
        given = [place for place in places if place is not None]
        if len(given) == len(places):
            return itemgetter(*given)
        return lambda row: tuple(None if place is None else row[place] for place in places)  # type: ignore[return-value]

    def judge(self, tx: Transaction, batch: Batch) -> Judgement:
        """What is known of every row of the batch."""
        if len(self._said) > _MOST_REMEMBERED:
            self._said.clear()
            self._said_of.clear()
        usernames = list(map(self._username_of, batch.rows))
        cells = list(map(self._cells_of, batch.rows))
        known = self._look_up(tx, usernames, cells)
        who, what = list(map(known.people.__getitem__, usernames)), list(map(known.said.__getitem__, cells))
        if not (batch.bad or known.live or known.revoked or self._survey.repeated):
            candidates = list(_new(who, what))
            if len(candidates) == len(batch.rows):
                return Judgement(candidates, list(zip(batch.lines, batch.rows, strict=True)), [])
        set_aside = [SetAside(bad.line, bad.raw, (bad.problem,)) for bad in batch.bad]
        candidates = []
        rows: list[tuple[int, Sequence[str]]] = []
        for line, row, person, said in zip(batch.lines, batch.rows, who, what, strict=True):
            judged = self._row(line, row, person, said, known)
            if isinstance(judged, Candidate):
                candidates.append(judged)
                rows.append((line, row))
            else:
                set_aside.append(judged)
        return Judgement(candidates, rows, set_aside)

    def _row(
        self, line: int, row: Sequence[str], person: Person | Problem, said: _Said, known: _Known
    ) -> Candidate | SetAside:
        certification = said.certification
        if isinstance(person, Problem) or isinstance(certification, Problem):
            return SetAside(line, row, (*_of(person), *_of(certification), *_of(said.terms)))
        if self._survey.repeated:
            lines = self._survey.repeated.get((person.id, certification.code or ""), [line])
            if line != lines[-1] and self._request.duplicates is Duplicates.RENEW:
                return SetAside(line, row)  # the last one counts
            if len(lines) > 1 and self._request.duplicates is Duplicates.ERROR:
                return SetAside(line, row, (*_of(said.terms), _duplicate(self._username_of(row), line, lines)))
        live = known.live.get((certification.id, person.id)) if known.live else None
        offer = said.offer if live is None else self._offer_beside(live, said, certification, known.carried)
        if isinstance(offer, tuple):
            return SetAside(line, row, offer)
        return Candidate(certification, person, offer, live, known.revoked.get((certification.id, person.id)))

    def _look_up(self, tx: Transaction, usernames: Sequence[str], cells: Sequence[Cells]) -> _Known:
        people = self._people.named(usernames)
        distinct = set(cells)
        codes = codes_among({each[0] for each in distinct})
        found = tx.certifications.by_code([code for code in codes.values() if isinstance(code, str)])
        certifications = {text: _certification(text, code, found) for text, code in codes.items()}
        terms = {each: known.terms if (known := self._said.get(each)) else self._read(each) for each in distinct}
        items = _items(terms.values())
        assigned = tx.certifications.carried_by(items)
        carried = {item: assigned[item].certification_id if item in assigned else None for item in items}
        self._forget_unless([*certifications.items(), *carried.items()])
        said = {
            each: self._said.get(each) or self._say(each, certifications[each[0]], its_terms, carried)
            for each, its_terms in terms.items()
        }
        met = _met(zip(usernames, cells, strict=True), people, certifications)
        live = live_of(tx, met)
        revoked = tx.awards.latest_revocations(met, set().union(*met.values()))  # after: no revocation falls between
        return _Known(people, said, live, revoked, carried)

    def _read(self, cells: Cells) -> Terms | Problems:
        _, issued, always_valid, expires, kind, code = cells
        code = None if code is None else unguarded(code)
        return read_terms(issued, always_valid, expires, kind, code, self._request.cells)

    def _forget_unless(self, found: Sequence[tuple[str | ItemRef, object]]) -> None:
        """Forget what cells say when certifications, or what items carry, are not what they were."""
        if any(self._said_of.get(name, value) != value for name, value in found):
            self._said.clear()
            self._said_of.clear()
        self._said_of.update(found)

    def _say(
        self, cells: Cells, certification: Certification | Problem, terms: Terms | Problems, carried: Carried
    ) -> _Said:
        if isinstance(certification, Problem) or isinstance(terms, tuple):
            said = _Said(certification, terms, tuple(_of(terms)))
        else:
            said = _Said(certification, terms, self._offer(terms, certification, carried))
        self._said[cells] = said
        return said

    def _offer_beside(
        self, live: Award, said: _Said, certification: Certification, carried: Carried
    ) -> Offer | Problems:
        """What is offered to somebody who holds ``live``."""
        if isinstance(said.terms, tuple):
            return said.terms
        renewing = self._request.held is Held.RENEW
        terms = _as_it_is(said.terms, live, renewing=renewing)
        offer = said.offer if terms is said.terms else self._offer(terms, certification, carried)
        if isinstance(offer, tuple):
            return offer
        kept = Offer(offer.period, offer.basis, live.details)
        return offer if renewing and not same_terms(kept, live) else kept

    def _offer(self, terms: Terms, certification: Certification, carried: Carried) -> Offer | Problems:
        period = _period(terms, certification, self._request)
        basis = self._basis(terms, certification, carried)
        if isinstance(period, Period) and isinstance(basis, Basis):
            return Offer(period, basis)
        return (*_of(period), *_of(basis))

    def _basis(self, terms: Terms, certification: Certification, carried: Carried) -> Basis | Problem:
        item = _item(terms)
        if item is None:
            missing = terms.kind is not BasisKind.MANUAL
            return Problem(CODE, None, "code_missing", {"kind": terms.kind}) if missing else MANUAL
        if not terms.code_given or carried.get(item) == certification.id:
            return earned_by(item)
        params = {"kind": terms.kind, "certification": certification.label}
        known = carried.get(item) is not None or self._ports.catalog.items([item])
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


def _new(who: Iterable[Person | Problem], what: Iterable[_Said]) -> Iterator[Candidate]:
    """What becomes of good rows for people without a live award, the only rows of their keys; others are left out."""
    for person, said in zip(who, what, strict=True):
        certification, offer = said.certification, said.offer
        if isinstance(person, Person) and isinstance(certification, Certification) and isinstance(offer, Offer):
            yield Candidate(certification, person, offer, None)


def _met(
    rows: Iterable[tuple[str, Cells]],
    people: Mapping[str, Person | Problem],
    certifications: Mapping[str, Certification | Problem],
) -> dict[int, list[str]]:
    """The learners that the rows name beside each certification, by its id."""
    learners: dict[str, list[str]] = {}
    for username, cells in rows:
        person = people[username]
        if isinstance(person, Person):
            learners.setdefault(cells[0], []).append(person.id)
    met: dict[int, list[str]] = {}
    for code, learner_ids in learners.items():
        certification = certifications[code]
        if isinstance(certification, Certification):
            met.setdefault(certification.id, []).extend(learner_ids)
    return met


def _items(terms: Iterable[Terms | Problems]) -> set[ItemRef]:
    found = {_item(each) for each in terms if isinstance(each, Terms)}
    return {item for item in found if item is not None}


def _item(terms: Terms) -> ItemRef | None:
    return None if terms.code is None or terms.kind is BasisKind.MANUAL else _ref(terms.kind, terms.code)


@lru_cache
def _ref(kind: BasisKind, code: str) -> ItemRef:
    return ItemRef(ItemKind(kind), code)


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
    try:
        if derive and not terms.always_valid:
            return computed_period(policy, terms.issued_on, zone)
        return typed_period(policy, terms.issued_on, zone, terms.expires_on)
    except InvalidInput as error:
        return _days_that_never_were(terms, zone) or (_no_period(terms, certification, error),)


def _no_period(terms: Terms, certification: Certification, error: InvalidInput) -> Problem:
    match error:
        case InvalidValue():
            params = {"issued": _iso(terms.issued_on)}
            return Problem(EXPIRES, _iso(terms.expires_on), "expires_before_issue", params)
        case DateOutOfRange():
            return Problem(EXPIRES, _iso(terms.expires_on or terms.issued_on), "date_out_of_range")
        case _:
            params = {"certification": certification.label, "why": error.message}
            return Problem(EXPIRES, None, "no_validity", params)


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
