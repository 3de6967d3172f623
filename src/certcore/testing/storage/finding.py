"""Finding awards by names, titles, items and days: the index, and searches that stand on it (R-90)."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product

import pytest
from attrs import evolve, fields
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certcore.domain.awards import Award, Basis, BasisKind, Period, status
from certcore.domain.certifications import Certification, ItemRef
from certcore.domain.searching import Days, phrases, searchable
from certcore.ports import AwardQuery, AwardRows, Storage
from certcore.testing import strategies
from certcore.testing.builders import NOW, ended, make_award, make_certification, make_period
from certcore.testing.storage.base import ALL, LONGEST_WALK, StorageCase, pages_of, same, store

NAMES = {
    "jose": "José García-López",
    "obrien": "Siobhán O'Brien",
    "strauss": "Straße Strauß",
    "isik": "I\u015f\u0131k Çelik",
    "wang": "王小明",
    "kim": "김철수",
    "lukasz": "Łukasz Søndergård",
    "sisyphos": "Σίσυφος ΑΊΟΛΟΣ",
    "neha": "नेहा शर्मा",
    "percent": "100% _under\\score",
}
TYPED = [
    ("jose garcia", {"jose"}),
    ("LÓPEZ jos", {"jose"}),
    ("garcia-lopez", {"jose"}),
    ("garcialopez", {"jose"}),
    ("osé", set()),
    ("o'brien", {"obrien"}),
    ("OBRIEN", {"obrien"}),
    ("brien siobhan", {"obrien"}),
    ("strass", {"strauss"}),
    ("straß", {"strauss"}),
    ("strauß strasse", {"strauss"}),
    ("ISIK celik", {"isik"}),
    ("i\u015f\u0131k", {"isik"}),
    ("小明", {"wang"}),
    ("王", {"wang"}),
    ("明小", set()),
    ("철수", {"kim"}),
    ("lukasz sondergard", {"lukasz"}),
    ("σισυφοσ", {"sisyphos"}),
    ("नेहा", {"neha"}),
    ("100%", {"percent"}),
    ("score", {"percent"}),
    ("s", {"obrien", "strauss", "lukasz", "percent"}),
]

_ITEMS = tuple(ItemRef.parse(text) for text in ("course:C-1", "course:C-2", "learning_plan:C-1"))
_LEARNERS = ("ada", "bob", "eve")
_DAYS = st.none() | st.sampled_from([date(2026, 1, 30) + timedelta(days) for days in range(4)])
_ZONES = ("Europe/Rome", "Pacific/Auckland", "Pacific/Honolulu", "UTC")


class FindingContract(StorageCase):
    """`Transaction.index`, and `AwardRepository.search` by what it holds and by days."""

    @pytest.mark.parametrize(("typed", "expected"), TYPED)
    def test_names_are_found_as_people_type_them(self, storage: Storage, typed: str, expected: set[str]) -> None:
        """By the beginnings of words, in any order, whatever case and accents; wildcards are plain text."""
        store(storage, *(make_award(learner_id=each) for each in NAMES))
        with storage.transaction() as tx:
            tx.index.put_names(NAMES)
        with storage.reading() as tx:
            found = tx.awards.search(AwardQuery(NOW, names=phrases("name", typed)))
        assert {award.learner_id for award in found} == expected

    def test_a_name_that_is_put_again_replaces_the_first(self, storage: Storage) -> None:
        """And nobody is found by the one they had; a name that is put twice is there once."""
        store(storage, make_award(learner_id="ada"))
        for name in ("Ada King", "Ada Lovelace", "Ada Lovelace"):
            with storage.transaction() as tx:
                tx.index.put_names({"ada": name})
        assert _named(storage, "king") == []
        assert _named(storage, "lovelace") == ["ada"]

    def test_who_is_forgotten_is_not_found_by_name(self, storage: Storage) -> None:
        """R-62: the awards stay, the name goes; forgetting somebody who is not there does nothing."""
        store(storage, make_award(learner_id="ada"), make_award(learner_id="bob"))
        with storage.transaction() as tx:
            tx.index.put_names({"ada": "Ada Same", "bob": "Bob Same"})
            tx.index.forget(["ada", "nobody"])
        assert _named(storage, "same") == ["bob"]

    def test_the_index_is_part_of_the_transaction(self, storage: Storage) -> None:
        """What is rolled back was never put in."""
        store(storage, make_award(learner_id="ada"))
        with pytest.raises(ZeroDivisionError), storage.transaction() as tx:
            tx.index.put_names({"ada": "Ada King"})
            raise ZeroDivisionError
        assert _named(storage, "king") == []

    def test_titles_are_found_alike(self, storage: Storage) -> None:
        """By kind and code: a plan with a course's code has a title of its own."""
        titles = dict(zip(_ITEMS, ("First Aid", "Fire Safety", "Première aide"), strict=True))
        awards = [make_award(basis=_basis(item)) for item in _ITEMS]
        store(storage, *awards, make_award())
        with storage.transaction() as tx:
            tx.index.put_titles(titles)
            tx.index.put_titles({_ITEMS[1]: "Fire Drill"})
        for typed, expected in (
            ("fir", awards[:2]),
            ("AID", [awards[0], awards[2]]),
            ("safety", []),
            ("drill", awards[1:2]),
        ):
            with storage.reading() as tx:
                assert tx.awards.search(AwardQuery(NOW, titles=phrases("title", typed))) == expected, typed

    def test_learners_and_items_of_all_awards_come_in_pages(self, storage: Storage) -> None:
        """Each once, ascending, of archived awards too: what a sync walks over."""
        pairs = list(product(_LEARNERS, _ITEMS))
        store(storage, *(ended(make_award(learner_id=who, basis=_basis(item))) for who, item in pairs))
        store(storage, make_award(learner_id="zoe"))
        with storage.reading() as tx:
            assert tx.index.learners(None, 2) == ["ada", "bob"]
            assert tx.index.learners("bob", 9) == ["eve", "zoe"]
            by_code = sorted(_ITEMS, key=lambda item: (item.code, item.kind.value))
            assert tx.index.items(None, 2) == by_code[:2]
            assert tx.index.items(by_code[1], 9) == by_code[2:]

    def test_pages_by_day_are_whole_where_all_share_an_instant(self, storage: Storage) -> None:
        """Local midnights put many on one: by instant and id, each once, also while awards are added."""
        awards = [make_award(period=make_period(expires_on=day)) for day in (date(2027, 1, 31), date(2027, 2, 1)) * 9]
        store(storage, *awards[::2], *awards[1::2])
        expected = sorted(awards, key=lambda each: (each.period.expires_at, each.id))
        found: list[Award] = []
        for page in pages_of(storage, AwardQuery(NOW, expires=Days(date(2027, 1, 1)), limit=4)):
            found += page
            store(storage, make_award(period=make_period(expires_on=date(2027, 1, 2))))
        assert found == expected

    @pytest.mark.parametrize("limit", [1, 3, 50])
    def test_columns_come_in_the_same_pages(self, storage: Storage, certification: Certification, limit: int) -> None:
        """R-93: the awards of the search, each once, in its order; the last page asks for no other."""
        awards = [make_award(certification) for _ in range(7)]
        store(storage, *awards)
        query = AwardQuery(NOW, limit=limit)
        assert same(_in_columns(storage, query), _expected_columns(awards, query))

    def test_days_are_those_of_each_awards_own_zone(self, storage: Storage) -> None:
        """R-10: whoever looks for a day finds what expires on it where the award was given, a day apart or not."""
        days = [date(2027, 1, 30), date(2027, 1, 31), date(2027, 2, 1)]
        awards = [make_award(period=make_period(expires_on=day, zone=zone)) for day in days for zone in _ZONES]
        store(storage, *awards)
        for day in days:
            with storage.reading() as tx:
                found = tx.awards.search(AwardQuery(NOW, expires=Days(day, day)))
            assert [award.period.expires_on for award in found] == [day] * len(_ZONES)
            assert sorted(award.period.zone for award in found) == sorted(_ZONES)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(data=st.data(), awards=st.lists(strategies.awards(), min_size=1, max_size=8))
    def test_filters_are_those_of_the_domain(self, storage: Storage, data: st.DataObject, awards: list[Award]) -> None:
        """R-90: any filters together find exactly the awards that fit each, in the order of the query, page by page."""
        certifications = [make_certification(), make_certification()]
        ids = [each.id for each in certifications]
        placed = [
            evolve(
                each,
                certification_id=data.draw(st.sampled_from(ids)),
                learner_id=f"{data.draw(st.sampled_from(_LEARNERS))}-{each.id if each.live else ids[0]}",
                basis=data.draw(st.sampled_from([Basis(), *map(_basis, _ITEMS)])),
                period=data.draw(st.just(each.period) | _periods()),
            )
            for each in awards
        ]
        names = {each.learner_id: data.draw(st.sampled_from(("Ada Lovelace", "Adam", "Zoë Ada"))) for each in placed}
        titles = {item: data.draw(st.sampled_from(("First Aid", "Aid second"))) for item in _ITEMS}
        store(storage, *certifications, *placed)
        with storage.transaction() as tx:
            tx.index.put_names(names)
            tx.index.put_titles(titles)
        for _ in range(4):
            query = data.draw(_queries(placed, ids))
            fitting = [each for each in placed if _fits(each, query, names, titles)]
            expected = sorted(fitting, key=query.place_of)
            assert [each for page in pages_of(storage, query) for each in page] == expected, query
            assert _in_columns(storage, query) == _expected_columns(expected, query), query


def _expected_columns(awards: Sequence[Award], query: AwardQuery) -> list[tuple[object, ...]]:
    """The rows that columns of these awards have."""
    return _across(AwardRows.of(awards, query))


def _in_columns(storage: Storage, query: AwardQuery) -> list[tuple[object, ...]]:
    """The same awards by `AwardRepository.rows`, page by page."""
    found: list[tuple[object, ...]] = []
    following: AwardQuery | None = query
    for _ in range(LONGEST_WALK):
        if following is None:
            return found
        with storage.reading() as tx:
            rows = tx.awards.rows(following)
        assert len(rows) <= query.limit
        found += _across(rows)
        following = rows.next
    pytest.fail("the pages never end")


def _across(rows: AwardRows) -> list[tuple[object, ...]]:
    columns = [getattr(rows, each.name) for each in fields(AwardRows) if each.name != "next"]
    return list(zip(*columns, strict=True))


def _basis(item: ItemRef) -> Basis:
    return Basis(BasisKind(item.kind.value), item.code)


@st.composite
def _periods(draw: st.DrawFn) -> Period:
    """Periods around a few days, in zones that are far apart."""
    issued_on = date(2026, 1, 30) + timedelta(draw(st.integers(0, 3)))
    expires_on = draw(st.none() | st.sampled_from([issued_on + timedelta(days) for days in (1, 2, 400)]))
    return make_period(issued_on, expires_on, draw(st.sampled_from(_ZONES)))


@st.composite
def _queries(draw: st.DrawFn, awards: Sequence[Award], certification_ids: Sequence[int]) -> AwardQuery:
    """Queries with some of the filters, that stay among ``awards``."""
    some = st.none() | st.frozensets(st.sampled_from([each.number for each in awards]), min_size=1)
    learners = st.none() | st.frozensets(st.sampled_from([each.learner_id for each in awards]), min_size=1)
    days = st.none() | st.tuples(_DAYS, _DAYS).map(lambda pair: Days(*_in_order(*pair)))
    return AwardQuery(
        NOW,
        draw(learners),
        draw(st.sampled_from([certification_ids, certification_ids[:1]])),
        draw(some),
        draw(st.frozensets(st.sampled_from([status(each, NOW) for each in awards]))),
        limit=draw(st.integers(1, 4)),
        basis_items=draw(st.none() | st.frozensets(st.sampled_from(_ITEMS))),
        names=draw(st.just(()) | st.sampled_from([phrases("name", typed) for typed in ("ada", "adam", "zoe a")])),
        titles=draw(st.just(()) | st.sampled_from([phrases("title", typed) for typed in ("aid", "FIR aid")])),
        issued=draw(days),
        expires=draw(days),
    )


def _in_order(first: date | None, last: date | None) -> tuple[date | None, date | None]:
    return (last, first) if first is not None and last is not None and last < first else (first, last)


def _fits(award: Award, query: AwardQuery, names: dict[str, str], titles: dict[ItemRef, str]) -> bool:
    item, period = award.basis.item, award.period
    name, title = searchable(names[award.learner_id]), searchable(titles[item]) if item else ""
    return (
        (query.learner_ids is None or award.learner_id in query.learner_ids)
        and (query.certification_ids is None or award.certification_id in query.certification_ids)
        and (query.numbers is None or award.number in query.numbers)
        and (not query.statuses or status(award, query.now) in query.statuses)
        and (query.basis_items is None or item in query.basis_items)
        and all(each in name for each in query.names)
        and all(each in title for each in query.titles)
        and (query.issued is None or query.issued.cover(period.issued_on))
        and (query.expires is None or query.expires.cover(period.expires_on))
    )


def _named(storage: Storage, typed: str) -> list[str]:
    with storage.reading() as tx:
        found = tx.awards.search(AwardQuery(NOW, names=phrases("name", typed), limit=ALL))
    return [award.learner_id for award in found]
