"""A host with a catalog that says how learners stand, and notes what it is asked to do."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from attrs import define, field

from certcore.adapters.memory import MemoryCatalog
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Retake
from certcore.domain.renewability import ItemProgress
from certcore.ports import Storage
from certcore.services.completing import Completed, CompletionReport
from tests.services.platform import ADMIN, Platform, platform_over

C1, C2, C3, P1, X1 = map(
    ItemRef.parse, ("course:C-1", "course:C-2", "course:C-3", "learning_plan:P-1", "external_activity:X-1")
)


class HostCatalog(MemoryCatalog):
    """Knows what it is told, takes each order once, and raises ``failure`` when there is one."""

    def __init__(self) -> None:
        super().__init__([Item(ref) for ref in (C1, C2, C3, P1, X1)])
        self.known: dict[tuple[str, ItemRef], ItemProgress] = {}
        self.past: list[Completion] = []
        self.orders: list[Retake] = []
        self.failure: BaseException | None = None

    def progress(
        self, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> Mapping[tuple[str, ItemRef], ItemProgress]:
        pairs = [(learner_id, item) for learner_id in learner_ids for item in items]
        return {pair: self.known[pair] for pair in pairs if pair in self.known}

    def completions(self, items: Collection[ItemRef]) -> Iterator[Completion]:
        return iter(sorted((each for each in self.past if each.item in items), key=lambda each: each.learner_id))

    def retake(self, order: Retake) -> None:
        if self.failure is not None:
            raise self.failure
        self.orders.append(order)


@define
class Host(Platform):
    """A platform over a `HostCatalog`."""

    catalog: HostCatalog = field(factory=HostCatalog)

    def completes(
        self, username: str, item: ItemRef | str, at: datetime | date | None = None, **parts: Any
    ) -> tuple[str, str | None]:
        """Record one completion, by default now: the outcome, and the first reason."""
        report = self.record(Completed(username=username, item=item, at=at or self.now, **parts))
        return report.outcomes[0].outcome.value, report.outcomes[0].reason

    def record(self, *completed: Completed) -> CompletionReport:
        """Record completions, as the admin."""
        return self.registrar.completing.record(completed, actor=ADMIN)

    def live(self, username: str, code: str = "SAFE-1") -> Any:
        """The live award that a learner has of the certification."""
        records = self.registrar.reporting.search(actor=ADMIN, username=username, certifications=code).records
        found = [record.award for record in records if record.award.live]
        return found[0] if found else None

    def held(self, username: str) -> list[Any]:
        """All awards of a learner, by the day they begin."""
        records = self.registrar.reporting.search(actor=ADMIN, username=username).records
        return sorted((record.award for record in records), key=lambda award: (award.period.issued_at, award.live))


def host_over(storage: Storage, **settings: Any) -> Host:
    """A host with the people of `platform_over`."""
    known = platform_over(storage, **settings)
    return Host(storage, known.directory, settings=known.settings)
