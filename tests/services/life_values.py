"""What the naive model of awards is made of: days, and awards as plain values that change."""

from calendar import monthrange
from datetime import UTC, date, datetime, time

from attrs import define, field


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def later_by(day: date, months: int) -> date:
    """So many months later; clamped to the month's end (R-13)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def day_of(at: datetime | date) -> date:
    return at.date() if isinstance(at, datetime) else at


def moment_of(at: datetime | date) -> datetime:
    return at if isinstance(at, datetime) else midnight(at)


def not_before(at: datetime | date, moment: datetime) -> bool:
    return at >= moment if isinstance(at, datetime) else at >= moment.date()


def after(at: datetime | date, moment: datetime) -> bool:
    return at > moment if isinstance(at, datetime) else at > moment.date()


@define
class Programme:
    """A certification; no months is for ever."""

    months: int | None = 12
    retake: bool = True
    at_once: bool = False
    retired: bool = False

    def end(self, day: date) -> date | None:
        return None if self.months is None else later_by(day, self.months)


@define
class Start:
    """A renewal that was started."""

    at: datetime
    months: int | None
    ways: frozenset[str]
    open: bool = True


@define
class Order:
    """An item to be taken again."""

    item: str
    at: datetime
    due: datetime
    attempts: int = 0
    state: str = "waiting"


@define(eq=False)
class Held:
    """One learner's award of one certification."""

    learner: str
    code: str
    issued: date
    expires: date | None
    item: str | None = None
    completed: date | None = None
    renews: "Held | None" = None
    by: "Held | None" = None
    ending: tuple[str, datetime] | None = None
    acts: list[str] = field(factory=lambda: ["issued"])
    renewal: Start | None = None
    orders: list[Order] = field(factory=list)
    number: str | None = None
    purged: bool = False

    @property
    def live(self) -> bool:
        return self.ending is None

    @property
    def earned(self) -> date:
        return self.completed or self.issued

    @property
    def terms(self) -> tuple[object, ...]:
        return self.issued, self.expires, self.item, self.completed

    def status(self, now: datetime) -> str:
        """R-14."""
        if self.ending is not None and self.ending[1] <= now:
            return "revoked" if self.ending[0] == "revoked" else "archived"
        if midnight(self.issued) > now:
            return "upcoming"
        return "active" if self.expires is None or midnight(self.expires) > now else "expired"

    def ends(self, act: str, at: datetime, reason: str | None = None) -> None:
        self.ending = (reason or act, at)
        self.acts.append(act)

    def ends_sooner(self, expires: date | None) -> bool:
        return expires is not None and (self.expires is None or expires < self.expires)


@define
class Import:
    """What an import did: award, act, how long its history was then, and its terms before."""

    done: list[tuple[Held, str, int, tuple[object, ...]]] = field(factory=list)
    undone: bool = False
