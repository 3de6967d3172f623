"""What a host reports as completed, and what it is told came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from attrs import field, frozen

from certcore.domain.certifications import ItemRef
from certcore.domain.checks import nfc
from certcore.domain.completions import Completion
from certcore.domain.decisions import Outcome
from certcore.domain.earning import Earning, Reasons
from certcore.domain.people import Person
from certcore.domain.policy import NO_FACTS, Facts
from certcore.domain.time import as_instant, civil, zone_rules
from certcore.errors import InvalidValue


def _item(item: ItemRef | str) -> ItemRef:
    return ItemRef.parse(item) if isinstance(item, str) else item


def _when(at: datetime | date) -> datetime | date:
    return as_instant(at) if isinstance(at, datetime) else civil(at)


def _amount(amount: object) -> object:
    return Decimal(amount) if type(amount) is int else amount


def _username(username: str | None) -> str | None:
    return None if username is None else nfc(username.strip())


@frozen(kw_only=True)
class Completed:
    """Somebody completed an item (written ``course:C-1``, or an `ItemRef`): an instant, or a civil day.

    The learner is named by ``username`` or by ``learner_id``. ``zone`` is where the day is read and the award has its
    dates; by default the learner's, else the platform's (R-13). ``facts`` are what the policy may ask besides (R-54).
    Learner, item and ``at`` tell completions apart. Raises `InvalidValue`, `NaiveDatetime` and `UnknownZone`.
    """

    item: ItemRef = field(converter=_item)
    at: datetime | date = field(converter=_when)
    username: str | None = field(default=None, converter=_username)
    learner_id: str | None = field(default=None)
    zone: str | None = field(default=None)
    score: Decimal | None = field(default=None, converter=_amount)
    credits: Decimal | None = field(default=None, converter=_amount)
    facts: Facts = NO_FACTS

    @learner_id.validator
    def _one_learner(self, _attribute: object, learner_id: str | None) -> None:
        if (learner_id is None) == (self.username is None):
            raise InvalidValue("learner_id", learner_id, "a username or a learner_id, and not both")

    @zone.validator
    def _known_zone(self, _attribute: object, zone: str | None) -> None:
        if zone is not None:
            zone_rules(zone)

    @score.validator
    @credits.validator
    def _exact(self, attribute: object, amount: object) -> None:
        name = getattr(attribute, "name", "amount")
        if amount is not None and not (isinstance(amount, Decimal) and amount.is_finite()):
            raise InvalidValue(name, amount, "a decimal number")
        if isinstance(amount, Decimal) and name == "credits" and amount < 0:
            raise InvalidValue(name, amount, "a decimal number that is not negative")

    @property
    def learner(self) -> str:
        """The name that the learner was given by."""
        return self.username or self.learner_id or ""

    def by(self, learner: Person, zone: str) -> Completion:
        """The completion by this learner, on a platform in ``zone``; raises as `Completion.of`."""
        zone = self.zone or learner.zone or zone
        return Completion.of(learner.id, self.item, self.at, zone, score=self.score, credits=self.credits)


@frozen
class CompletionOutcome:
    """What came of one completion, and every reason why.

    ``learner`` and ``item`` are as they were given; ``number`` is that of the award which the learner got by it, or
    holds already.

    - `new`, `renewed`: an award was issued;
    - `history`: one was issued that a later award has followed already (R-27);
    - `already_held`: a retake without a start, or anything else that leaves the award held as it is (R-52);
    - `recorded`: kept, and no award yet;
    - `unchanged`: the same completion was recorded before;
    - `rejected`: refused and not kept; it may be sent again.
    """

    learner: str
    item: ItemRef
    outcome: Outcome
    number: str | None = None
    reasons: Reasons = ()

    @classmethod
    def of(cls, learner: str, item: ItemRef, earning: Earning, number: str | None = None) -> "CompletionOutcome":
        """What was decided, with the number of the award."""
        return cls(learner, item, earning.outcome, number, earning.reasons)

    @property
    def reason(self) -> str | None:
        """The code of the first reason."""
        return self.reasons[0].code if self.reasons else None


@frozen
class CompletionReport:
    """What came of all completions, counted by outcome and one by one, in the order in which they were given."""

    counts: Mapping[Outcome, int]
    outcomes: Sequence[CompletionOutcome]

    @classmethod
    def of(cls, outcomes: Sequence[CompletionOutcome]) -> "CompletionReport":
        """The report of these."""
        return cls(Counter(each.outcome for each in outcomes), outcomes)
