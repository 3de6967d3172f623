"""Years of reminders, day by day, beside a model that looks at every award at every sweep."""

import random
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

from attrs import define, field

from certcore.adapters.memory import MemoryCatalog, MemoryDirectory
from certcore.domain.awards import Award
from certcore.domain.decisions import Held
from certcore.domain.notices import Message, notice_id
from certcore.domain.people import Person
from certcore.domain.settings import Settings
from certcore.ports import AwardQuery, Storage
from certcore.registrar import Registrar
from certcore.services.awarding import AwardRequest
from certcore.testing.threads import at_once
from tests.services.platform import ADMIN

RULES: Final = {"month": (-30, "30 days before"), "week": (-7, "7 days before"), "over": (0, "expired")}
ZONES: Final = ("Europe/Rome", "America/New_York", "Asia/Tokyo", "UTC")
_FIRST: Final = datetime(2025, 12, 31, 8, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)


@define
class Inbox:
    """A notifier that keeps what it gets."""

    got: list[Message] = field(factory=list)
    _lock: Lock = field(factory=Lock)

    def send(self, message: Message) -> None:
        with self._lock:
            self.got.append(message)


@define
class Years:
    """A platform with ``people``, each with an award; ``now`` is what its clock says.

    ``due`` is what the model says was to be written, by message id: the number of the award. ``sent`` are those of them
    that were still wanted when they were delivered.
    """

    storage: Storage
    people: int
    chance: random.Random
    now: datetime = _FIRST
    inbox: Inbox = field(factory=Inbox)
    registrar: Registrar = field(init=False)
    due: dict[str, str] = field(factory=dict)
    sent: set[str] = field(factory=set)
    reported: list[str] = field(factory=list)
    _awards: dict[int, Award] = field(factory=dict)
    _recorded: dict[int, datetime] = field(factory=dict)
    _settled: set[str] = field(factory=set)
    _swept: datetime = field(init=False)

    def __attrs_post_init__(self) -> None:
        everybody = [Person(f"id-{n}", f"user{n}", zone=ZONES[n % len(ZONES)]) for n in range(self.people)]
        self.registrar = Registrar(
            storage=self.storage,
            directory=MemoryDirectory(everybody),
            catalog=MemoryCatalog(),
            clock=lambda: self.now,
            settings=Settings(at_once=self.people),
            notifier=self.inbox,
        )
        self.registrar.defining.add("Safety", code="SAFE-1", actor=ADMIN)
        for code, (_, when) in RULES.items():
            self.registrar.notifying.set_rule(code, when, actor=ADMIN)
        self._swept = self.now

    def award(self, people: Collection[int], days: int) -> None:
        """Award, or renew, from today until so many days later."""
        request = AwardRequest(
            certification="SAFE-1",
            usernames=[f"user{n}" for n in people],
            issued_on=self.now.date() - timedelta(1),
            expires_on=self.now.date() + timedelta(days),
            held=Held.RENEW,
            notify=False,
        )
        self.registrar.awarding.award(request, actor=ADMIN)
        self._read(people)

    def revoke(self, person: int) -> None:
        """Revoke the live award of somebody, if there is one."""
        for award in self._awards.values():
            if award.learner_id == f"id-{person}" and award.live:
                self.registrar.archiving.revoke(award.number, reason="why not", actor=ADMIN)
                break
        self._read([person])

    def _read(self, people: Iterable[int]) -> None:
        ids = frozenset(f"id-{n}" for n in people)
        with self.storage.reading() as tx:
            for award in tx.awards.search(AwardQuery(self.now, learner_ids=ids, limit=10**6)):
                self._recorded.setdefault(award.id, self.now)
                self._awards[award.id] = award

    def day(self) -> None:
        """One more day: some renew or are revoked, and sweeps are skipped, doubled or in parallel."""
        self.now += timedelta(1) - 2 * _HOUR
        self._acts()
        self.now += _HOUR
        sweeps = self.chance.choice([0, 0, 1, 1, 1, 2, 3])
        if sweeps:
            self._look_at_every_award()
            if self.chance.random() < 0.5:
                assert at_once([self._sweep] * sweeps) == [None] * sweeps
            for _ in range(sweeps):
                self._sweep()
        self._acts()
        self.now += _HOUR
        while sweeps and not self.registrar.notifying.deliver_due().idle:
            pass
        live = {award.number for award in self._awards.values() if award.live}
        self.sent |= {told for told, number in self.due.items() if told not in self._settled and number in live}
        self._settled |= self.due.keys()

    def _acts(self) -> None:
        for _ in range(self.chance.choice([0, 0, 1, 2])):
            person = self.chance.randrange(self.people)
            if self.chance.random() < 0.25:
                self.revoke(person)
            else:
                self.award([person], self.chance.randrange(5, 500))

    def _sweep(self) -> None:
        limit = self.chance.choice([1, 7, 10_000])
        while True:
            report = self.registrar.notifying.run_due(limit=limit)
            self.reported += [each.id for each in report.messages]
            if not report.more:
                break

    def _look_at_every_award(self) -> None:
        """What a sweep has to write: of each live award the latest moment, where it came since the last sweep."""
        for award in self._awards.values():
            expires_on = award.period.expires_on
            if award.live and expires_on is not None:
                moments = [(_midnight(expires_on, award.period.zone, days), code) for code, (days, _) in RULES.items()]
                passed = [each for each in moments if self._recorded[award.id] <= each[0] <= self.now]
                if passed and max(passed)[0] > self._swept:
                    code = max(passed)[1]
                    self.due[_id(self.storage.tenant, code, award)] = award.number
        self._swept = self.now


def _midnight(day: date, zone: str, days: int) -> datetime:
    moved = day + timedelta(days)
    return datetime(moved.year, moved.month, moved.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _id(tenant: str, code: str, award: Award) -> str:
    days = RULES[code][0]
    assert award.period.expires_on is not None
    moment = (award.period.expires_on + timedelta(days)).isoformat()
    return notice_id(tenant, code, award.number, award.learner_id, moment)
