"""A learner in memory, to whom completions are reported one by one: what `earn` decides is done to them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from attrs import define, evolve, field

from certcore.domain.awards import Award, Ending, EndReason, Period
from certcore.domain.certifications import Assignment, Certification, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.decisions import Outcome
from certcore.domain.earning import Case, Earning, earn
from certcore.domain.people import Person
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy
from certcore.domain.renewals import Renewal, RenewalState, closed
from certcore.testing.builders import make_award, make_certification, make_person

ROME = "Europe/Rome"
C1, C2, C3, P1, X1 = map(
    ItemRef.parse, ("course:C-1", "course:C-2", "course:C-3", "learning_plan:P-1", "external_activity:X-1")
)
ASSIGNED = datetime(2026, 1, 1, 12, tzinfo=UTC)


def certified(policy: dict[str, Any] | None = None, **parts: Any) -> Certification:
    """A certification with this policy, by default of one year."""
    return make_certification(policy=RenewalPolicy.from_data(policy or {"validity": {"years": 1}}), **parts)


def done(item: ItemRef, when: datetime | date, zone: str = ROME, **amounts: Any) -> Completion:
    """The learner ada completed the item at an instant, or on a day."""
    return Completion.of("id-ada", item, when, zone, **amounts)


@define
class Learner:
    """Somebody, what they hold of one certification, and what has been reported of them."""

    certification: Certification = field(factory=certified)
    items: Sequence[ItemRef] = (C1, C2)
    assigned_at: datetime = ASSIGNED
    automatic: bool | None = None
    person: Person = field(factory=lambda: make_person("ada"))
    live: Award | None = None
    past: list[Award] = field(factory=list)
    renewal: Renewal | None = None
    known: list[Completion] = field(factory=list)
    revoked_at: datetime | None = None
    now: datetime = datetime(2100, 1, 1, tzinfo=UTC)

    @property
    def linked(self) -> dict[ItemRef, Assignment]:
        """The items that carry the certification."""
        return {item: Assignment(item, self.certification.id, self.assigned_at, self.automatic) for item in self.items}

    def told(self, completion: Completion, facts: Facts = NO_FACTS, *, retroactive: bool = False) -> Earning:
        """What is decided, nothing being done."""
        carries = completion.item in self.items
        return earn(
            Case(
                completion,
                self.person,
                self.now,
                self.certification if carries else None,
                self.linked if carries else {},
                [each for each in self.known if each.key != completion.key],
                any(each.key == completion.key for each in self.known),
                self.live,
                self.renewal,
                self.past,
                self.revoked_at,
                facts,
                retroactive,
            )
        )

    def completes(self, item: ItemRef, when: datetime | date, facts: Facts = NO_FACTS, **parts: Any) -> Earning:
        """What is decided for a completion, and done."""
        return self.does(done(item, when, **parts), facts)

    def does(self, completion: Completion, facts: Facts = NO_FACTS) -> Earning:
        """What is decided for a completion, and done."""
        earning = self.told(completion, facts)
        if earning.outcome is not Outcome.REJECTED and completion.key not in [each.key for each in self.known]:
            self.known.append(completion)
        if earning.offer is None:
            return earning
        award = make_award(
            self.certification,
            "id-ada",
            period=earning.offer.period,
            basis=earning.offer.basis,
            details=earning.offer.details,
        )
        if earning.outcome is Outcome.HISTORY:
            assert earning.ends_at is not None
            self.past.append(evolve(award, ending=Ending(EndReason.PAST, earning.ends_at)))
        else:
            self._follow(award)
        if earning.fulfils and self.renewal:
            self.renewal = closed(self.renewal, RenewalState.FULFILLED)
        return earning

    def _follow(self, award: Award) -> None:
        if self.live is not None:
            self.past.append(evolve(self.live, ending=Ending(EndReason.RENEWED, award.period.issued_at)))
        self.live = award

    def starts(self, at: datetime, *items: ItemRef) -> None:
        """A renewal is started through the items, by default every one that is linked."""
        assert self.live is not None
        self.renewal = Renewal(
            self.live.id,
            "id-ada",
            self.certification.id,
            at,
            self.certification.policy,
            self.certification.allow_retake,
            items or self.items,
        )

    def revoked(self, at: datetime) -> None:
        """What they hold is revoked."""
        assert self.live is not None
        self.past.append(evolve(self.live, ending=Ending(EndReason.REVOKED, at)))
        self.live, self.revoked_at, self.renewal = None, at, None

    @property
    def period(self) -> Period:
        """Of what they hold."""
        assert self.live is not None
        return self.live.period


def told(earning: Earning) -> tuple[str, list[str]]:
    """The outcome and the codes of the reasons."""
    return earning.outcome.value, [each.code for each in earning.reasons]
