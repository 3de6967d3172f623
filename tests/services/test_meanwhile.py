"""A certification that is changed or deleted while it is issued: as if one came after the other (f15)."""

from collections.abc import Callable
from datetime import date, datetime

import pytest

from certcore.domain.awards import Basis, BasisKind
from certcore.domain.certifications import ItemRef
from certcore.domain.decisions import Held
from certcore.domain.people import EVERYONE, Act, Actor, Scope
from certcore.errors import InvalidValue, LiveAwards, NotFound, Retired, StillLive
from certcore.ports import AccessPolicy, AwardQuery, Storage
from certcore.registrar import Registrar
from certcore.services.awarding import AwardReport, AwardRequest
from certcore.services.defining import Unassigned
from certcore.services.removing import Deletion
from certcore.testing.threads import Running, elsewhere
from tests.services.platform import ADMIN, Platform, platform_over

C_1 = ItemRef.parse("course:C-1")
A_MOMENT = 0.2
"""Long enough for a thread that does not wait, in seconds."""
CHANGES: dict[str, Callable[[Platform], object]] = {
    "delete": lambda platform: platform.registrar.defining.delete(
        "SAFE-1", typed="SAFE-1", with_live=True, actor=ADMIN
    ),
    "retire": lambda platform: platform.registrar.defining.retire("SAFE-1", actor=ADMIN).retired,
    "unassign": lambda platform: platform.registrar.defining.unassign_items([C_1], awards="remove", actor=ADMIN),
}
REFUSALS = {"delete": NotFound, "retire": Retired, "unassign": InvalidValue}
TOLD = {"delete": Deletion("SAFE-1", 1, 1, 1, 1), "retire": True, "unassign": Unassigned((C_1,), 1, 1)}

pytestmark = pytest.mark.parametrize("new_storage", ["postgres"], indirect=True)
"""The other storages have one writer at a time."""


class Interrupted(AccessPolicy):
    """Lets everybody do everything; the second time, when the definition has been read, something happens first."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile = meanwhile
        self._asked = 0

    def scope(self, actor: Actor, act: Act) -> Scope:  # noqa: ARG002
        self._asked += 1
        if self._asked == 2:
            self._meanwhile()
        return EVERYONE


@pytest.fixture
def platform(new_storage: Callable[[], Storage]) -> Platform:
    """With SAFE-1, which C-1 carries."""
    platform = platform_over(new_storage())
    platform.certification("SAFE-1", items=[str(C_1)])
    return platform


def award(platform: Platform, **ports: object) -> AwardReport:
    """Award SAFE-1 to Ana, through C-1, with other ports."""
    registrar = Registrar(
        storage=platform.storage,
        directory=platform.directory,
        catalog=platform.catalog,
        clock=lambda: platform.now,
        **ports,  # type: ignore[arg-type]
    )
    basis = Basis(BasisKind.COURSE, C_1.code)
    request = AwardRequest(certification="SAFE-1", issued_on=date(2026, 3, 1), usernames=("ana",), basis=basis)
    return registrar.awarding.award(request, actor=ADMIN)


def live_awards(platform: Platform) -> int:
    """How many live awards there are, of whatever certification."""
    with platform.storage.reading() as tx:
        return sum(each.live for each in tx.awards.search(AwardQuery(platform.now)))


@pytest.mark.parametrize("change", CHANGES)
def test_f15_what_was_changed_since_it_was_read_is_read_again(platform: Platform, change: str) -> None:
    """R-4, R-7: nothing is issued that is deleted, retired, or carried by the item no more."""
    with pytest.raises(REFUSALS[change]):
        award(platform, access=Interrupted(lambda: elsewhere(lambda: CHANGES[change](platform))))
    assert live_awards(platform) == 0


@pytest.mark.parametrize("change", CHANGES)
def test_f15_a_change_waits_for_what_is_being_issued(platform: Platform, change: str) -> None:
    """R-4, R-7: and then counts and removes it too."""
    told: list[object] = []
    running: list[Running] = []
    chance = platform.registrar.awarding._ports.random_bytes

    def random_bytes(count: int) -> bytes:
        if not running:  # decided, and not written yet
            running.append(Running(lambda: told.append(CHANGES[change](platform))))
            assert not running[0].ended_within(A_MOMENT)
        return chance(count)

    assert award(platform, random_bytes=random_bytes).outcomes[0].number
    running[0].finish()
    assert told == [TOLD[change]]
    assert live_awards(platform) == (change == "retire")


def revoked_renewal(platform: Platform) -> tuple[str, Callable[[], object]]:
    """The number of an archived award of Ana's whose renewal was revoked; and what lets it live again."""
    numbers = [
        str(platform.award("ana", issued_on=date(year, 3, 1), held=Held.RENEW).outcomes[0].number)
        for year in (2025, 2026)
    ]
    platform.registrar.archiving.revoke(numbers[1], reason="Fraud", actor=ADMIN)
    return numbers[0], lambda: platform.registrar.archiving.restore(numbers[0], actor=ADMIN)


def interrupted(platform: Platform, at: int, meanwhile: Callable[[], object]) -> Registrar:
    """A registrar that does something else the time it asks for the hour for the n-th time."""
    asked: list[None] = []

    def clock() -> datetime:
        asked.append(None)
        if len(asked) == at:
            elsewhere(meanwhile)
        return platform.now

    return Registrar(storage=platform.storage, directory=platform.directory, catalog=platform.catalog, clock=clock)


def test_f15_an_award_that_is_live_again_meanwhile_is_not_purged(platform: Platform) -> None:
    """R-61, R-65: what was read as archived was restored before it was removed."""
    number, restore = revoked_renewal(platform)
    with pytest.raises(StillLive):
        interrupted(platform, 1, restore).archiving.purge(number, reason="Over", actor=ADMIN)
    assert live_awards(platform) == 1


@pytest.mark.parametrize("at", [2, 3])
def test_f15_an_award_that_is_live_again_meanwhile_is_not_deleted(platform: Platform, at: int) -> None:
    """R-4, R-65: the certification had no live awards when they were counted."""
    _, restore = revoked_renewal(platform)
    with pytest.raises(LiveAwards):
        interrupted(platform, at, restore).defining.delete("SAFE-1", typed="SAFE-1", actor=ADMIN)
    assert live_awards(platform) == 1
