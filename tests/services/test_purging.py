"""Purges: what need not be kept goes, and a tombstone stays (R-61, R-63)."""

from datetime import UTC, date, datetime

import pytest
from attrs import evolve

from certcore.domain.awards import Status
from certcore.domain.decisions import Held, Outcome
from certcore.domain.people import Act, Actor, Scope
from certcore.domain.time import Length
from certcore.domain.tombstones import Removal
from certcore.errors import InvalidValue, NotFound, StillLive
from certcore.ports import AccessPolicy
from certcore.registrar import Registrar
from certcore.services.removing import Removed
from tests.services.platform import ADMIN, Platform

OVER = "Kept long enough"
BOSS = Actor("id-boss")


def renewed_yearly(platform: Platform, *years: int, name: str = "ana") -> list[str]:
    """The numbers of awards that renew one another, the last one live."""
    reports = [platform.award(name, issued_on=date(year, 3, 1), held=Held.RENEW) for year in years]
    return [str(report.outcomes[0].number) for report in reports]


def left(platform: Platform) -> list[str]:
    """The numbers of all awards, by issue date."""
    records = platform.registrar.reporting.search(actor=ADMIN).records
    return [each.award.number for each in sorted(records, key=lambda each: each.award.period.issued_at)]


def test_a_purged_award_leaves_a_tombstone_only(platform: Platform) -> None:
    """R-61, R-64: number, act, who, when, why, and how long its history was; the number stays taken (I3)."""
    platform.certification()
    platform.award("ana")
    number = platform.number_of("ana")
    award = platform.registrar.reporting.show(number, actor=ADMIN)[0].award
    platform.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN)
    wanted = Removed(1, 0, 2, (number,))
    assert platform.registrar.archiving.purge(number, reason=OVER, dry_run=True, actor=ADMIN) == wanted
    assert left(platform) == [number]
    assert platform.registrar.archiving.purge(number, reason=OVER, actor=ADMIN) == wanted
    assert left(platform) == []
    with pytest.raises(NotFound):
        platform.registrar.reporting.show(number, actor=ADMIN)
    with platform.storage.reading() as tx:
        stone = tx.tombstones.of([number])[number]
        assert not tx.history.of([award.id])
        assert not tx.outbox.of([award.id])
    assert (stone.act, stone.at, stone.actor_id, stone.reason) == (Removal.PURGED, platform.now, ADMIN.id, OVER)
    assert stone.length == 2
    assert platform.registrar.archiving.purge(number, reason=OVER, actor=ADMIN) == Removed()


def test_a_live_award_is_not_purged(platform: Platform) -> None:
    """R-61: neither alone nor with the old ones."""
    platform.certification()
    (number,) = renewed_yearly(platform, 2000)
    with pytest.raises(StillLive, match=number):
        platform.registrar.archiving.purge(number, reason=OVER, actor=ADMIN)
    told = platform.registrar.archiving.purge_older(Length(0, "days"), dry_run=False, reason=OVER, actor=ADMIN)
    assert told == Removed()
    assert left(platform) == [number]


def test_what_ended_long_ago_is_purged_after_a_dry_run(platform: Platform) -> None:
    """R-63: archived awards older than a set age; the chain goes on without them, and the second time nothing goes."""
    platform.certification()
    numbers = renewed_yearly(platform, 2013, 2014, 2015, 2017)
    dry = platform.registrar.archiving.purge_older({"years": 10}, dry_run=True, reason=OVER, actor=ADMIN)
    assert (dry.awards, dry.live, dry.entries, sorted(dry.numbers)) == (2, 0, 4, sorted(numbers[:2]))
    assert left(platform) == numbers
    assert platform.registrar.archiving.purge_older({"years": 10}, dry_run=False, reason=OVER, actor=ADMIN) == dry
    assert left(platform) == numbers[2:]
    record, _ = platform.registrar.reporting.show(numbers[2], actor=ADMIN)
    assert (record.renews, record.renewed_by) == (None, numbers[3])
    again = platform.registrar.archiving.purge_older({"years": 10}, dry_run=False, reason=OVER, actor=ADMIN)
    assert again == Removed()


def test_the_age_counts_from_the_end_to_the_day(platform: Platform) -> None:
    """R-63, f32: ended on the day ten years before today stays, the day before goes; in the platform's zone."""
    platform.certification()
    numbers = renewed_yearly(platform, 2014, 2016)
    for now, gone in ((datetime(2026, 3, 1, 12, tzinfo=UTC), 0), (datetime(2026, 3, 2, tzinfo=UTC), 1)):
        platform.now = now
        told = platform.registrar.archiving.purge_older({"years": 10}, dry_run=True, reason=OVER, actor=ADMIN)
        assert told.awards == gone
    assert left(platform) == numbers


def test_f49_revoked_awards_are_not_purged_by_age(platform: Platform) -> None:
    """R-65: they are what keeps a re-import from bringing the certification back."""
    platform.certification()
    first, second = renewed_yearly(platform, 2010, 2011)
    platform.now = datetime(2012, 1, 1, tzinfo=UTC)
    platform.registrar.archiving.revoke(second, reason="Fraud", actor=ADMIN)
    platform.now = datetime(2026, 3, 1, tzinfo=UTC)
    platform.registrar.archiving.purge_older({"years": 1}, dry_run=False, reason=OVER, actor=ADMIN)
    assert left(platform) == [second]
    assert platform.registrar.reporting.show(second, actor=ADMIN)[0].status is Status.REVOKED
    with platform.storage.reading() as tx:
        assert len(tx.tombstones.of([first, second])) == 1


def test_one_certification_alone_can_be_purged_batch_by_batch(platform: Platform) -> None:
    """R-63: the others stay; more than a batch goes all the same."""
    platform.settings = evolve(platform.settings, batch=2)
    platform.__attrs_post_init__()
    platform.certification("SAFE-1")
    platform.certification("SAFE-2")
    renewed_yearly(platform, *range(2000, 2007))
    for year in (2000, 2001):
        platform.award("bo", code="SAFE-2", issued_on=date(year, 3, 1), held=Held.RENEW)
    told = platform.registrar.archiving.purge_older(
        Length(1, "years"), certification="SAFE-1", dry_run=False, reason=OVER, actor=ADMIN
    )
    assert (told.awards, told.entries, len(told.numbers)) == (6, 12, 6)
    assert len(left(platform)) == 3
    with pytest.raises(NotFound, match="NONE"):
        platform.registrar.archiving.purge_older(
            Length(1, "years"), certification="NONE", dry_run=True, reason=OVER, actor=ADMIN
        )


def test_impossible_purges_are_refused(platform: Platform) -> None:
    """R-61, R-63: a reason is needed, and an age that is one; the dry run has no default."""
    platform.certification()
    archiving = platform.registrar.archiving
    with pytest.raises(InvalidValue):
        archiving.purge("44RF-NDCD-4BPS-T", reason=" ", actor=ADMIN)
    for age in ({"years": -1}, {"hours": 1}, {}):
        with pytest.raises(InvalidValue):
            archiving.purge_older(age, dry_run=True, reason=OVER, actor=ADMIN)
    with pytest.raises(InvalidValue):
        archiving.purge_older({"years": 1}, dry_run=True, reason="x" * 2_001, actor=ADMIN)
    with pytest.raises(TypeError):
        archiving.purge_older({"years": 1}, reason=OVER, actor=ADMIN)  # type: ignore[call-arg]


def test_whoever_may_purge_some_purges_those_one_by_one(platform: Platform) -> None:
    """R-114: the rest looks like not there, as what was purged before does; by age only who may purge all."""

    class OnlyBo(AccessPolicy):
        def scope(self, actor: Actor, act: Act) -> Scope:  # noqa: ARG002
            return Scope(learners=frozenset({"id-bo"}))

    platform.certification()
    anas, bos = (renewed_yearly(platform, 2000, 2001, name=name)[0] for name in ("ana", "bo"))
    limited = Registrar(
        storage=platform.storage, directory=platform.directory, catalog=platform.catalog, access=OnlyBo()
    ).archiving
    assert limited.purge(bos, reason=OVER, actor=BOSS).awards == 1
    for number in (bos, anas):
        with pytest.raises(NotFound):
            limited.purge(number, reason=OVER, actor=BOSS)
    with pytest.raises(NotFound):
        limited.purge_older({"years": 1}, dry_run=True, reason=OVER, actor=BOSS)


def test_the_predecessor_of_a_purged_award_can_live_again(platform: Platform) -> None:
    """R-65: what was revoked is not there any more; an award with a number of its own can be issued too."""
    platform.certification()
    first, second = renewed_yearly(platform, 2025, 2026)
    platform.registrar.archiving.revoke(second, reason="Fraud", actor=ADMIN)
    platform.registrar.archiving.purge(second, reason=OVER, actor=ADMIN)
    assert platform.registrar.archiving.restore(first, actor=ADMIN).live
    assert platform.award("bo").counts == {Outcome.NEW: 1}
