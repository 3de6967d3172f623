"""External certificates in SQL: corrupt rows are never guessed, and many others cost nothing."""

import pytest
from attrs import evolve
from sqlalchemy import text

from certcore.adapters.memory import MemoryCatalog, MemoryDirectory
from certcore.adapters.sql import SqlStorage
from certcore.domain.decisions import Outcome
from certcore.domain.external import Equated, ExternalState, Review
from certcore.domain.people import Actor
from certcore.errors import CorruptRecord
from certcore.ports import ExternalQuery
from certcore.registrar import Registrar
from certcore.testing.builders import NOW, make_external, make_setting

CORRUPTIONS = [
    ("state", "approved"),
    ("delivered_on", "2026-02-30"),
    ("delivered_on", "20260131"),
    ("expires_on", "2020-01-01"),
    ("zone", "Mars/Olympus"),
    ("title", " "),
    ("credits", "many"),
    ("credits", "-1"),
    ("digest", "X" * 64),
    ("findings", "{"),
    ("findings", '[["no_such_code", {}]]'),
    ("submitted", "[]"),
    ("reviewer_id", None),
    ("reviewed_at", None),
    ("outcome", "given"),
    ("reasons", "null"),
    ("submitted_at", 2**62),
]


@pytest.mark.parametrize(("column", "value"), CORRUPTIONS)
def test_f39_a_corrupt_certificate_is_an_error_by_name_and_hides_nothing_in_lists(
    sql_storage: SqlStorage, column: str, value: object
) -> None:
    """Never guessed; lists give the page that is asked for without it, and tell of it."""
    bad = make_external(
        learner_id="ana",
        state=ExternalState.VALIDATED,
        submitted=make_external().claim,
        review=Review("boss", NOW, "ok"),
        equated=Equated(Outcome.NEW, "N", 5),
    )
    later = make_external(learner_id="ana", series=bad.series, revision=2, previous=bad.id)
    others = [make_external(learner_id="ana", state=ExternalState.ACCEPTED) for _ in range(3)]
    told: list[CorruptRecord] = []
    sql_storage.on_corrupt = told.append
    with sql_storage.transaction() as tx:
        tx.externals.add([bad, later, *others])
        statement = text(f"UPDATE certcore_external_certificate SET {column} = :value WHERE id = :id")
        tx.unit.connection.execute(statement, {"value": value, "id": bad.id})
    everything = sorted([later, *others], key=lambda each: each.id)
    with sql_storage.reading() as tx:
        for lookup in (lambda: tx.externals.by_id([bad.id]), lambda: tx.externals.versions([bad.series])):
            with pytest.raises(CorruptRecord) as caught:
                lookup()
            assert (caught.value.kind, caught.value.ref) == ("external certificate", bad.ref)
        assert told == []
        assert list(tx.externals.search(ExternalQuery(limit=4))) == everything
        found = tx.externals.accepted(["ana"])["ana"]
        assert found == sorted(others, key=lambda each: each.id)
    assert {each.ref for each in told} <= {bad.ref}
    registrar = Registrar(storage=sql_storage, directory=MemoryDirectory(), catalog=MemoryCatalog())
    records = registrar.reviewing.search(actor=Actor.program("test")).records
    assert [each.certificate for each in records] == everything


def test_f39_a_corrupt_setting_is_an_error_by_name(sql_storage: SqlStorage) -> None:
    """No default takes its place."""
    setting = make_setting()
    with sql_storage.transaction() as tx:
        tx.settings.put(setting)
        tx.unit.connection.execute(text("UPDATE certcore_setting SET value = '[1]'"))
    with sql_storage.reading() as tx, pytest.raises(CorruptRecord) as caught:
        tx.settings.get(setting.name)
    assert (caught.value.kind, caught.value.ref) == ("setting", setting.name)


def test_tenants_do_not_see_each_others_certificates(sql_url: str) -> None:
    """R-116: the same ids, series, learners and settings, twice."""
    one, two = SqlStorage(sql_url, tenant="one"), SqlStorage(sql_url, tenant="two")
    made, setting = make_external(), make_setting()
    for storage in (one, two):
        with storage.transaction() as tx:
            tx.externals.add([made])
            tx.settings.put(setting)
    with one.transaction() as tx:
        tx.externals.update([evolve(made, state=ExternalState.WITHDRAWN, version=2)])
        tx.settings.put(evolve(setting, value='{"a":2}', version=2))
    with two.reading() as tx:
        assert tx.externals.by_id([made.id]) == {made.id: made}
        assert tx.settings.get(setting.name) == setting
    for storage in (one, two):
        storage.close()
