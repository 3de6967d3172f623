"""A certification that is changed or deleted while it is issued: as if one came after the other (f15)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest

from certcore.domain.awards import Basis, BasisKind
from certcore.domain.certifications import ItemRef
from certcore.domain.decisions import Held, Outcome
from certcore.domain.people import EVERYONE, Act, Actor, Scope
from certcore.errors import InvalidValue, LiveAwards, NotFound, Retired, StillLive
from certcore.ports import AccessPolicy, AwardQuery, Storage, Transaction
from certcore.registrar import Registrar
from certcore.services.awarding import AwardReport, AwardRequest
from certcore.services.completing import Completed, CompletionOutcome
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


def assignment(platform: Platform) -> tuple[int, bool | None] | None:
    """The id of what C-1 carries, and whether it issues that by itself."""
    with platform.storage.reading() as tx:
        found = tx.certifications.carried_by([C_1]).get(C_1)
    return None if found is None else (found.certification_id, found.automatic)


def renewing(platform: Platform) -> str:
    """The number of an award of Ana's that is being renewed."""
    platform.award("ana", issued_on=date(2025, 3, 1))
    number = live_number(platform)
    platform.registrar.renewing.start(number, actor=ADMIN)
    return number


def live_number(platform: Platform) -> str:
    """The number of the only live award."""
    with platform.storage.reading() as tx:
        (award,) = tx.awards.search(AwardQuery(platform.now, live=True))
    return award.number


def complete(registrar: Registrar) -> CompletionOutcome:
    """Ana has completed C-1."""
    done = Completed(username="ana", item=C_1, at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    (outcome,) = registrar.completing.record([done], actor=ADMIN).outcomes
    return outcome


class Overtaken(Storage):
    """A storage in which something happens after the first look of a kind, given as repository and method."""

    def __init__(self, inner: Storage, look: tuple[str, str], meanwhile: Callable[[], object]) -> None:
        self._inner, self._look, self._meanwhile = inner, look, meanwhile
        self._looked = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._inner.transaction() as tx:
            repository = getattr(tx, self._look[0])
            look = getattr(repository, self._look[1])

            def overtaken(*asked: object) -> object:
                found = look(*asked)
                if not self._looked:
                    self._looked = True
                    elsewhere(self._meanwhile)
                return found

            setattr(repository, self._look[1], overtaken)
            try:
                yield tx
            finally:
                setattr(repository, self._look[1], look)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._inner.reading() as tx:
            yield tx

    @property
    def in_transaction(self) -> bool:
        return self._inner.in_transaction


def overtaken(
    platform: Platform, meanwhile: Callable[[], object], look: tuple[str, str] = ("certifications", "carried_by")
) -> Registrar:
    """A registrar that is overtaken after its first look, by default at what items carry."""
    storage = Overtaken(platform.storage, look, meanwhile)
    return Registrar(
        storage=storage, directory=platform.directory, catalog=platform.catalog, clock=lambda: platform.now
    )


def test_f15_an_item_that_was_unassigned_meanwhile_is_not_assigned_again(platform: Platform) -> None:
    """R-9: by the way of saying whether it issues by itself."""
    registrar = overtaken(platform, lambda: CHANGES["unassign"](platform))
    with pytest.raises(NotFound):
        registrar.defining.set_automatic([C_1], False, actor=ADMIN)
    assert assignment(platform) is None


def test_f15_an_item_that_changed_hands_meanwhile_is_unassigned_from_what_it_carries(platform: Platform) -> None:
    """R-7: from that, and awards of that are taken back."""
    other = platform.certification("SAFE-2")
    platform.award("ana", basis=Basis(BasisKind.COURSE, C_1.code))

    def change_hands() -> None:
        platform.registrar.defining.unassign_items([C_1], awards="keep", actor=ADMIN)
        platform.registrar.defining.assign("SAFE-2", [C_1], actor=ADMIN)
        platform.award("bo", code="SAFE-2", basis=Basis(BasisKind.COURSE, C_1.code))

    told = overtaken(platform, change_hands).defining.unassign_items([C_1], awards="remove", actor=ADMIN)
    assert told == Unassigned((C_1,), 1, 1)
    assert assignment(platform) is None
    with platform.storage.reading() as tx:
        live = tx.awards.search(AwardQuery(platform.now, live=True))
    assert [each.certification_id == other.id for each in live] == [False]


def test_f15_an_item_that_is_free_meanwhile_can_be_assigned(platform: Platform) -> None:
    """R-5: what it carried was deleted."""
    other = platform.certification("SAFE-2")
    overtaken(platform, lambda: CHANGES["delete"](platform)).defining.assign("SAFE-2", [C_1], actor=ADMIN)
    assert assignment(platform) == (other.id, None)


def test_f16_a_completion_delivered_twice_at_once_names_the_award_that_it_gave(platform: Platform) -> None:
    """R-23: also where it was recorded by the other since the award was read that it renewed."""
    number = renewing(platform)
    again = overtaken(platform, lambda: complete(platform.registrar), ("awards", "live"))
    outcome = complete(again)
    assert (outcome.outcome, outcome.number) == (Outcome.UNCHANGED, live_number(platform))
    assert outcome.number != number


def test_f15_a_completion_that_is_refused_since_its_award_was_revoked_meanwhile_names_no_award(
    platform: Platform,
) -> None:
    """R-61: the learner lost it."""
    number = renewing(platform)

    def revoke() -> None:
        platform.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN)

    outcome = complete(overtaken(platform, revoke, ("awards", "live")))
    assert (outcome.outcome, outcome.reason, outcome.number) == (Outcome.REJECTED, "revoked", None)
