"""Completions: that a learner has completed an item, and when, as the host reported it (R-21, R-26)."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Self

from certcore.domain.certifications import ItemRef
from certcore.domain.checks import check_line
from certcore.domain.time import as_instant, civil, civil_date, start_of_day, zone_rules
from certcore.errors import InvalidValue


class _Parts(NamedTuple):
    """What a completion is made of."""

    learner_id: str
    item: ItemRef
    at: datetime
    on: date
    zone: str
    exact: bool = True
    score: Decimal | None = None
    credits: Decimal | None = None


class Completion(_Parts):
    """One completion of one item by one learner; a tuple, since they come by the ten thousand.

    ``on`` is its civil date in ``zone``. ``at`` is its instant where that is known (``exact``), else the first instant
    of the day. Learner, item and ``at`` tell completions apart: the same ones again are the same completion, delivered
    twice (R-23). Raises `InvalidValue`, `NaiveDatetime` and `UnknownZone`.
    """

    __slots__ = ()

    def __new__(  # noqa: D102, PLR0917
        cls,
        learner_id: str,
        item: ItemRef,
        at: datetime,
        on: date,
        zone: str,
        exact: bool = True,
        score: Decimal | None = None,
        credits: Decimal | None = None,
    ) -> Self:
        zone_rules(zone)
        return cls._checked((learner_id, item, as_instant(at), civil(on), zone, exact, score, credits))

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
            return cls._checked((learner_id, item, at, civil_date(at, zone), zone, True, score, credits))
        day = civil(when)
        return cls._checked((learner_id, item, start_of_day(day, zone), day, zone, False, score, credits))

    @classmethod
    def _checked(cls, parts: tuple[str, ItemRef, datetime, date, str, bool, Decimal | None, Decimal | None]) -> Self:
        learner_id, _, _, _, _, _, score, credits = parts
        check_line("learner_id", learner_id, 64)
        if score is not None:
            _check_amount("score", score)
        if credits is not None:
            _check_amount("credits", credits)
        return cls._make(parts)

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


def _check_amount(name: str, amount: object) -> None:
    if not (isinstance(amount, Decimal) and amount.is_finite()):
        raise InvalidValue(name, amount, "a decimal number")
