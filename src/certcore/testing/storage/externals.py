"""External certificates and settings: what comes back, what is unique, what changes, lists in pages."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings

from certcore.domain.decisions import Outcome
from certcore.domain.external import (
    ACCEPTED_STATES,
    Claim,
    Document,
    Equated,
    ExternalCertificate,
    ExternalState,
    Review,
)
from certcore.domain.files import Finding, digest_of
from certcore.domain.reasons import Reason
from certcore.errors import Conflict
from certcore.ports import ExternalQuery, Storage, Transaction
from certcore.testing import strategies
from certcore.testing.builders import NOW, make_external, make_setting
from certcore.testing.storage.base import ALL, StorageCase
from certcore.testing.threads import at_once, in_unit
from certcore.testing.values import assert_same

THREADS: Final = 8
_NAMES: Final = "Zoë 王小明 عبد الله 👩‍🔬 O'Neil \\ % _ ;"

EXTERNAL_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "the least": {"claim": Claim("x", date(2026, 1, 1), "UTC"), "head": b""},
    "all of a claim": {"claim": Claim(_NAMES, date(1901, 1, 1), "-04:00", date.max, Decimal("6.50"), 2**62 - 1)},
    "no credits": {"claim": Claim("x", date(2026, 1, 1), "UTC", credits=Decimal(0))},
    "hostile file name": {"document": Document(digest_of(b"x"), 10 * 2**20, "../../x \u202efdp.exe " + "ü" * 200)},
    "warnings": {
        "document": Document(digest_of(b""), 0, "a", [Finding("script"), Finding("repaired", {"problem": "é", "n": 3})])
    },
    "corrected": {"submitted": Claim(_NAMES, date(2020, 2, 29), "Pacific/Apia", date(2020, 2, 29), Decimal("0.1"), 5)},
    "validated": {
        "state": ExternalState.VALIDATED,
        "review": Review("id/é 1", NOW.replace(microsecond=1), "§ line\n\ttab\n" + "ü" * 19_900),
        "equated": Equated(Outcome.NEW, "44RF-NDCD-4BPS-T", 2**62 - 1),
        "version": 3,
    },
    "without a comment": {"state": ExternalState.VALIDATED, "review": Review("boss", NOW)},
    "reasons": {
        "state": ExternalState.ACCEPTED,
        "equated": Equated(
            Outcome.ALREADY_HELD,
            "44RF-NDCD-4BPS-T",
            None,
            [Reason("never_expires"), Reason("credits_met", {"counted": Decimal("6.50")})],
        ),
    },
    "refused": {"state": ExternalState.REJECTED, "equated": None, "review": Review("boss", NOW, "no")},
    "withdrawn": {"state": ExternalState.WITHDRAWN},
    "last instant": {"submitted_at": datetime.max.replace(tzinfo=UTC)},
    "a later version": {"series": 2**62 - 1, "revision": 2**31, "previous": 0},
    "learner and uploader": {"learner_id": "ID/é 1", "uploaded_by": "program:command line"},
    "bytes": {"head": bytes(range(224, 256)), "version": 2**31 - 1},
}
"""External certificates that must come back as they went in, by what is special about them."""

_Race = Callable[[Transaction, ExternalCertificate, int], None]

EXTERNAL_RACES: Final[dict[str, _Race]] = {
    "next version of a series": lambda tx, kept, _: tx.externals.add([make_external(series=kept.series, revision=2)]),
    "verdict": lambda tx, kept, n: tx.externals.update(
        [evolve(kept, state=ExternalState.VALIDATED, review=Review(f"{n}", NOW), version=2)]
    ),
    "first setting": lambda tx, _kept, n: tx.settings.put(make_setting(name="S", value=f'{{"n":{n}}}')),
}
"""Writes that only one of many threads can do."""


def _added(storage: Storage, *certificates: ExternalCertificate) -> None:
    with storage.transaction() as tx:
        tx.externals.add(certificates)


def _all(storage: Storage) -> list[ExternalCertificate]:
    with storage.reading() as tx:
        return list(tx.externals.search(ExternalQuery(limit=ALL)))


def _pages(storage: Storage, query: ExternalQuery) -> Iterator[Sequence[ExternalCertificate]]:
    for _ in range(1_000):
        with storage.reading() as tx:
            page = tx.externals.search(query)
        yield page
        if len(page) < query.limit:
            return
        query = evolve(query, after=(page[-1].submitted_at, page[-1].id))
    raise AssertionError("the pages do not end")


def _in_order(certificates: Sequence[ExternalCertificate]) -> list[ExternalCertificate]:
    return sorted(certificates, key=lambda each: (each.submitted_at, each.id))


class ExternalContract(StorageCase):
    """The repository of external certificates."""

    @pytest.mark.parametrize("changes", EXTERNAL_SHAPES.values(), ids=EXTERNAL_SHAPES)
    def test_an_external_certificate_comes_back_as_it_was(self, storage: Storage, changes: dict[str, Any]) -> None:
        """f35, f53: every value is equal and of its kind, by every way to find it, also after a change."""
        made, plain = make_external(**changes), make_external()
        kept = ("id", "learner_id", "uploaded_by", "document", "submitted_at", "series", "revision", "previous")
        changed = evolve(made, version=2, **{name: getattr(plain, name) for name in kept})
        _added(storage, made, plain)
        with storage.transaction() as tx:
            tx.externals.update([changed])
        with storage.reading() as tx:
            assert_same(tx.externals.by_id([made.id])[made.id], made)
            assert_same(tx.externals.by_id([plain.id])[plain.id], changed)
            assert_same(tx.externals.versions([made.series])[made.series], [made])
            assert_same(tx.externals.search(ExternalQuery(frozenset([made.learner_id]))), [made])
            if made.counts:
                assert_same(tx.externals.accepted([made.learner_id]), {made.learner_id: [made]})

    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(certificate=strategies.externals())
    def test_any_external_certificate_comes_back_as_it_was(
        self, storage: Storage, certificate: ExternalCertificate
    ) -> None:
        """f35: as above, for whatever the strategies find."""
        _added(storage, certificate)
        with storage.reading() as tx:
            assert_same(tx.externals.by_id([certificate.id])[certificate.id], certificate)

    def test_external_certificates_not_there_are_absent(self, storage: Storage) -> None:
        """Unknown ids, series and learners are missing from the answers; repeated keys do no harm."""
        made = make_external(state=ExternalState.ACCEPTED)
        _added(storage, made)
        with storage.reading() as tx:
            assert tx.externals.by_id([made.id, 1, made.id]) == {made.id: made}
            assert tx.externals.versions([made.series, 1, made.series]) == {made.series: [made]}
            assert tx.externals.accepted([made.learner_id, "nobody", made.learner_id]) == {made.learner_id: [made]}

    def test_empty_batches_of_external_certificates_do_nothing(self, storage: Storage) -> None:
        """Asking for nothing gives nothing, and writing nothing writes nothing."""
        with storage.transaction() as tx:
            tx.externals.add([])
            tx.externals.update([])
            assert tx.externals.by_id([]) == {}
            assert tx.externals.versions([]) == {}
            assert tx.externals.accepted([]) == {}
        assert _all(storage) == []

    def test_batches_of_external_certificates_may_be_large(self, storage: Storage) -> None:
        """Thousands to write, tens of thousands to ask for."""
        made = [make_external(state=ExternalState.ACCEPTED) for _ in range(2_000)]
        many = range(40_000)
        _added(storage, *made)
        with storage.transaction() as tx:
            edited = [evolve(each, version=2) for each in made]
            tx.externals.update(edited)
            wanted = {each.id: each for each in edited}
            assert tx.externals.by_id([*wanted, *many]) == wanted | tx.externals.by_id(many)
            assert len(tx.externals.accepted([*map(str, many), *(each.learner_id for each in made)])) == len(made)
            assert len(tx.externals.versions([*many, *wanted])) >= len(made)

    @pytest.mark.parametrize("name", ["id", "revision"])
    def test_what_is_unique_to_an_external_certificate_is_taken_once(self, storage: Storage, name: str) -> None:
        """R-73: an id, or a version of a series; all of the batch is refused, and the transaction goes on."""
        held = make_external(revision=2, previous=1)
        same = {"id": {"id": held.id, "series": 1}, "revision": {"series": held.series, "revision": 2, "previous": 1}}
        other, late = make_external(), make_external()
        _added(storage, held)
        with storage.transaction() as tx:
            for batch in ([other, make_external(**same[name])], [make_external(**same[name]), other]):
                with pytest.raises(Conflict):
                    tx.externals.add(batch)
            tx.externals.add([late])
        assert _all(storage) == _in_order([held, late])

    @pytest.mark.parametrize("step", [-1, 0, 2], ids=["older", "same", "skipping one"])
    def test_an_update_of_an_external_certificate_needs_the_next_version(self, storage: Storage, step: int) -> None:
        """f43: compare-and-set; what is stored stays, others of the batch included, and the transaction goes on."""
        first, second = make_external(version=5), make_external(version=5)
        _added(storage, first, second)
        with storage.transaction() as tx:
            good = evolve(first, version=6, state=ExternalState.VALIDATED)
            for batch in ([good, evolve(second, version=5 + step)], [evolve(second, version=5 + step), good]):
                with pytest.raises(Conflict):
                    tx.externals.update(batch)
            tx.externals.update([evolve(second, version=6)])
        assert _all(storage) == _in_order([first, evolve(second, version=6)])

    def test_an_update_of_an_external_certificate_not_there_is_a_conflict(self, storage: Storage) -> None:
        """It is not made."""
        with storage.transaction() as tx, pytest.raises(Conflict):
            tx.externals.update([make_external(version=2)])
        assert _all(storage) == []

    def test_two_changes_of_one_external_certificate_go_in_one_batch(self, storage: Storage) -> None:
        """R-73: a correction and the verdict that follows it, in the order given."""
        made = make_external()
        _added(storage, made)
        second, third = evolve(made, version=2), evolve(made, version=3, state=ExternalState.VALIDATED)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.externals.update([third, second])
            tx.externals.update([second, third])
        assert _all(storage) == [third]

    def test_versions_come_in_order_of_revision(self, storage: Storage) -> None:
        """R-73: whatever the order of storing and of submission."""
        series = make_external()
        rest = [
            make_external(series=series.id, revision=n, submitted_at=NOW - timedelta(n), previous=1) for n in (2, 3, 4)
        ]
        _added(storage, rest[1], series, make_external())
        _added(storage, rest[2], rest[0])
        with storage.reading() as tx:
            assert tx.externals.versions([series.id]) == {series.id: [series, *rest]}

    def test_accepted_are_those_that_count(self, storage: Storage) -> None:
        """R-71: by learner, in order of submission; whatever is pending, rejected or withdrawn is left out."""
        made = [
            make_external(learner_id=learner, state=state, submitted_at=NOW + timedelta(hours=hours))
            for learner, state, hours in product(("ada", "bob"), ExternalState, (2, 1))
        ]
        _added(storage, *made)
        wanted = {
            learner: _in_order([each for each in made if each.learner_id == learner and each.state in ACCEPTED_STATES])
            for learner in ("ada", "bob")
        }
        with storage.reading() as tx:
            assert tx.externals.accepted(["ada", "bob", "eve"]) == wanted
            assert tx.externals.accepted(["bob"]) == {"bob": wanted["bob"]}

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
    def test_external_certificates_come_in_pages(self, storage: Storage, limit: int) -> None:
        """In order of submission, then of id where many were submitted at one instant; each once."""
        made = [make_external(submitted_at=NOW + timedelta(microseconds=n // 4)) for n in range(20)]
        _added(storage, *made[::2], *reversed(made[1::2]))
        pages = list(_pages(storage, ExternalQuery(limit=limit)))
        assert [each for page in pages for each in page] == _in_order(made)
        assert {len(page) for page in pages[:-1]} <= {limit}

    def test_lists_of_external_certificates_are_filtered(self, storage: Storage) -> None:
        """By learners and states, together and in pages; no learners match nobody (R-114)."""
        made = [
            make_external(learner_id=learner, state=state, submitted_at=NOW + timedelta(seconds=n % 3))
            for n, (learner, state) in enumerate(product(("ada", "Ada", "bob"), ExternalState))
        ]
        _added(storage, *made)
        learners = (None, frozenset[str](), frozenset(["ada"]), frozenset(["ada", "bob", "nobody"]))
        states = (frozenset[ExternalState](), frozenset([ExternalState.PENDING]), frozenset(ACCEPTED_STATES))
        for learner_ids, wanted in product(learners, states):
            query = ExternalQuery(learner_ids, wanted, limit=2)
            found = [each for page in _pages(storage, query) for each in page]
            assert found == _in_order(
                [
                    each
                    for each in made
                    if (learner_ids is None or each.learner_id in learner_ids) and (not wanted or each.state in wanted)
                ]
            ), query

    def test_an_exception_undoes_external_certificates_and_settings(self, storage: Storage) -> None:
        """What was added, changed or set goes, and its keys are free again."""
        held, setting, new = make_external(), make_setting(), make_external()
        _added(storage, held)
        with storage.transaction() as tx:
            tx.settings.put(setting)
        with pytest.raises(ValueError, match="stop"), storage.transaction() as tx:
            tx.externals.add([new])
            tx.externals.update([evolve(held, state=ExternalState.REJECTED, version=2)])
            tx.settings.put(evolve(setting, value='{"a":2}', version=2))
            raise ValueError("stop")
        assert _all(storage) == [held]
        with storage.reading() as tx:
            assert tx.externals.versions([new.series]) == {}
            assert tx.settings.get(setting.name) == setting
        _added(storage, new)

    @pytest.mark.parametrize("race", EXTERNAL_RACES.values(), ids=EXTERNAL_RACES)
    def test_one_thread_wins_what_only_one_can_have(self, storage: Storage, race: _Race) -> None:
        """f43: of threads that decide, submit the next version, or set first, one succeeds; the others get Conflict."""
        kept = make_external()
        _added(storage, kept)

        def contender(number: int) -> Callable[[], None]:
            return lambda: in_unit(storage, lambda tx: race(tx, kept, number))

        errors = at_once([contender(number) for number in range(THREADS)])
        assert [type(error) for error in errors if error is not None] == [Conflict] * (THREADS - 1)


class SettingContract(StorageCase):
    """The repository of settings."""

    def test_a_setting_comes_back_as_it_was(self, storage: Storage) -> None:
        """By its name, told apart by code point; what nobody has set is not there."""
        setting = make_setting(value='{"a":"Zoë 王"}', head=bytes(range(224, 256)))
        with storage.transaction() as tx:
            tx.settings.put(setting)
            assert_same(tx.settings.get(setting.name), setting)
        with storage.reading() as tx:
            assert_same(tx.settings.get(setting.name), setting)
            for other in ("", setting.name.upper(), f"{setting.name} ", "\ud800"):
                assert tx.settings.get(other) is None

    def test_a_change_of_a_setting_needs_the_next_version(self, storage: Storage) -> None:
        """R-70: compare-and-set, from the first version on; the transaction goes on."""
        setting = make_setting()
        second = evolve(setting, value='{"a":2}', version=2)
        with storage.transaction() as tx:
            with pytest.raises(Conflict):
                tx.settings.put(second)
            tx.settings.put(setting)
            for version in (1, 3):
                with pytest.raises(Conflict):
                    tx.settings.put(evolve(setting, version=version))
            tx.settings.put(second)
            with pytest.raises(Conflict):
                tx.settings.put(second)
        with storage.reading() as tx:
            assert tx.settings.get(setting.name) == second
