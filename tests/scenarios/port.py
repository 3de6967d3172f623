"""A port authority that trains its people: what the scenarios are played on."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from attrs import define

from certcore.adapters.memory import Branch, MemoryCatalog, MemoryDirectory
from certcore.domain.awards import Award, Basis, BasisKind, Status
from certcore.domain.certifications import Certification, Item, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.history import Event
from certcore.domain.people import Actor, Person, Role
from certcore.domain.policy import RenewalPolicy
from certcore.domain.settings import Settings
from certcore.ports import Storage
from certcore.registrar import Registrar
from certcore.services.awarding import AwardReport, AwardRequest
from certcore.services.completing import Completed, CompletionOutcome
from certcore.services.importing import ImportReport, ImportRequest
from certcore.services.records import AwardRecord
from certcore.services.viewing import LearnerAward
from tests.services.platform import Platform

SUPER: Final = Actor("id-sol", frozenset({Role.PLATFORM_ADMIN}))
OPENS: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY: Final = timedelta(days=1)
ZONE: Final = "Europe/Lisbon"
FIRE, CRANE, HOIST, KNOTS, SIGNALS, TALK, TUG = (
    ItemRef.parse(f"course:{code}") for code in ("FIRE", "CRANE", "HOIST", "KNOTS", "SIGNALS", "TALK", "TUG")
)
DECK: Final = ItemRef.parse("learning_plan:DECK")
RED_CROSS, SEA_TRIAL = (ItemRef.parse(f"external_activity:{code}") for code in ("RED-CROSS", "SEA-TRIAL"))
MANY: Final = tuple(f"hand{n:03}" for n in range(101))
"""One more than are awarded at once."""

COLUMNS: Final = (
    "username",
    "certification_code",
    "certification_issue_date",
    "always_valid",
    "certification_expire_date",
    "type",
    "code",
)


def learner(name: str) -> Actor:
    """Somebody who acts for themselves."""
    return Actor(f"id-{name}")


@define
class Port:
    """The platform, and the words that the scenarios use for what is done on it."""

    platform: Platform

    @property
    def registrar(self) -> Any:
        return self.platform.registrar

    @property
    def catalog(self) -> MemoryCatalog:
        return self.platform.catalog

    @property
    def today(self) -> date:
        """The day by the platform's clock."""
        return self.platform.now.date()

    @property
    def in_a_year(self) -> date:
        """The same day of the next year."""
        return self.today.replace(year=self.today.year + 1)

    def certify(self, code: str, *items: ItemRef, **parts: Any) -> Certification:
        """A certification of one year, carried by the items from now on."""
        parts.setdefault("policy", RenewalPolicy.from_data({"validity": {"years": 1}}))
        made: Certification = self.registrar.defining.add(f"Programme {code}", code=code, actor=SUPER, **parts)
        self.registrar.defining.assign(code, items, actor=SUPER)
        return made

    def completes(self, name: str, item: ItemRef, at: datetime | date | None = None) -> CompletionOutcome:
        """Somebody completes an item, by default now: the catalog keeps it, and certcore is told."""
        at = at or self.platform.now
        self.catalog.complete([Completion.of(f"id-{name}", item, at, ZONE)])
        outcome: CompletionOutcome
        (outcome,) = self.registrar.completing.record(
            [Completed(username=name, item=item, at=at)], actor=SUPER
        ).outcomes
        return outcome

    def awards(self, *names: str, code: str, **parts: Any) -> AwardReport:
        """The superadmin awards by hand."""
        parts.setdefault("issued_on", self.today)
        report: AwardReport = self.registrar.awarding.award(
            AwardRequest(certification=code, usernames=names, **parts), actor=SUPER
        )
        return report

    def imports(self, *rows: Sequence[str], header: Sequence[str] = COLUMNS, **options: Any) -> ImportReport:
        """The superadmin imports a file with these rows."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=options.pop("separator", ","))
        writer.writerows([header, *rows])
        content = text.getvalue().encode(options.pop("charset", "utf-8"))
        request = ImportRequest(**{"zone": ZONE, **options})
        report: ImportReport = self.registrar.importing.run(io.BytesIO(content), request, actor=SUPER)
        return report

    def held(self, name: str, code: str) -> Award:
        """The live award that somebody has of a certification."""
        (award,) = [each.award for each in self.found(name, code) if each.award.live]
        return award

    def found(self, name: str, code: str, *statuses: Status) -> Sequence[AwardRecord]:
        """The awards that somebody has or had of a certification, the oldest first."""
        records = self.registrar.reporting.search(
            actor=SUPER, username=name, certifications=code, statuses=statuses
        ).records
        return sorted(records, key=lambda each: (each.award.period.issued_at, each.award.live))

    def seen(self, name: str, code: str, zone: str | None = None) -> LearnerAward | None:
        """What the learner sees of a certification that they hold, by default in their own zone."""
        awards = self.registrar.viewing.learner(actor=learner(name), zone=zone).awards
        return next((each for each in awards if each.record.certification.code == code), None)

    def renew_now(self, name: str, code: str) -> str | None:
        """The link by which the learner's own list offers to renew."""
        shown = self.seen(name, code)
        assert shown is not None
        return shown.renew_link

    def why(self, name: str, code: str) -> list[str]:
        """Why the award can be renewed, or why not, as codes."""
        found = self.registrar.renewing.check(self.held(name, code).number, actor=learner(name))
        return [each.code for each in found.reasons]

    def starts(self, name: str, code: str) -> None:
        """The learner presses the link, and the catalog gets its orders."""
        self.registrar.renewing.start(self.held(name, code).number, actor=learner(name))
        report = self.registrar.renewing.deliver()
        assert report.failed == 0

    def passes(self, days: int) -> None:
        """So many days go by."""
        self.platform.now += days * DAY

    def events(self, award: Award) -> list[Event]:
        """What was written to be told about an award."""
        with self.platform.storage.reading() as tx:
            return list(tx.outbox.of([award.id])[award.id])

    def refuses(self, error: type[Exception], act: Callable[..., object], *arguments: Any, **parts: Any) -> Any:
        """The error with which an act is refused."""
        with pytest.raises(error) as refusal:
            act(*arguments, **parts)
        return refusal.value


def through(item: ItemRef) -> Basis:
    """The basis of an award that an item has earned."""
    return Basis(BasisKind(item.kind), item.code)


def port_over(storage: Storage) -> Port:
    """Learners ada to dov and many hands, gil who has left, two groups' worth of branches, and a catalog.

    There is no job queue: long acts wait.
    """
    names = ("ada", "ben", "cleo", "dov", *MANY)
    people = [Person(f"id-{name}", name, name.title(), "Reis", zone=ZONE) for name in names]
    directory = MemoryDirectory(
        [*people, Person("id-gil", "gil", "Gil", "Reis", active=False), Person("id-sol", "sol")],
        groups={"pilots": ["ada", "ben"]},
        branches={"harbour": Branch(members=["cleo"]), "quay": Branch("harbour", ["dov", "ada"])},
    )
    catalog = MemoryCatalog(
        [
            Item(FIRE, "Fire drill", materials=("film", "test")),
            Item(CRANE, "Crane", materials=("film", "manual")),
            *map(Item, (HOIST, KNOTS, SIGNALS, TALK, TUG, RED_CROSS, SEA_TRIAL)),
            Item(DECK, "Deck", courses=("KNOTS", "SIGNALS")),
        ]
    )
    settings = Settings(zone=ZONE, renew_link="https://lms.example/renew/{number}")
    platform = Platform(storage, directory, catalog, settings, OPENS)
    platform.registrar = Registrar(
        storage=storage, directory=directory, catalog=catalog, clock=lambda: platform.now, settings=settings
    )
    return Port(platform)
