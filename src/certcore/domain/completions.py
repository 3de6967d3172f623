"""Completions: that a learner has completed an item, and when, as the host reported it (R-21, R-26)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Self

from attrs import field, frozen

from certcore.domain.certifications import ItemRef
from certcore.domain.checks import short_text
from certcore.domain.time import as_instant, civil, civil_date, start_of_day, zone_rules
from certcore.errors import InvalidValue


def _check_amount(_instance: object, attribute: object, amount: Decimal | None) -> None:
    if amount is not None and not (isinstance(amount, Decimal) and amount.is_finite()):
        raise InvalidValue(getattr(attribute, "name", "amount"), amount, "a decimal number")


@frozen
class Completion:
    """One completion of one item by one learner.

    ``on`` is its civil date in ``zone``. ``at`` is its instant where that is known (``exact``), else the first instant
    of the day. Learner, item and ``at`` tell completions apart: the same ones again are the same completion, delivered
    twice (R-23). Raises `InvalidValue`, `NaiveDatetime` and `UnknownZone`.
    """

    learner_id: str = field(validator=short_text(64))
    item: ItemRef
    at: datetime = field(converter=as_instant)
    on: date = field(converter=civil)
    zone: str = field()
    exact: bool = True
    score: Decimal | None = field(default=None, validator=_check_amount)
    credits: Decimal | None = field(default=None, validator=_check_amount)

    @zone.validator
    def _known(self, _attribute: object, zone: str) -> None:
        zone_rules(zone)

    @classmethod
    def of(
        cls,
        learner_id: str,
        item: ItemRef,
        when: datetime | date,
        zone: str,
        *,
        score: Decimal | None = None,
        credits: Decimal | None = None,
    ) -> Self:
        """The completion at an instant, or on a civil day in ``zone`` where no more is known (R-10, R-11).

        Raises as the class does, `SkippedDay` for a day that never happened there, and `DateOutOfRange`.
        """
        if isinstance(when, datetime):
            at = as_instant(when)
            return cls(learner_id, item, at, civil_date(at, zone), zone, True, score, credits)
        day = civil(when)
        return cls(learner_id, item, start_of_day(day, zone), day, zone, False, score, credits)

    @property
    def key(self) -> tuple[str, ItemRef, datetime]:
        """What tells it apart from others."""
        return self.learner_id, self.item, self.at

    def not_before(self, moment: datetime) -> bool:
        """Whether it was at ``moment`` or later; by the day in its zone where only that is known (R-52)."""
        return self.at >= moment if self.exact else self.on >= civil_date(moment, self.zone)

    def after(self, moment: datetime) -> bool:
        """Whether it was later than ``moment``; where only the day is known, on a later day (R-65)."""
        return self.at > moment if self.exact else self.on > civil_date(moment, self.zone)
