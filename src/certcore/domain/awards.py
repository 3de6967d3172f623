"""Awards: what one learner holds over one period, and its status at any instant."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Final

from attrs import field, frozen
from attrs.converters import optional

from certcore.domain.certifications import ItemKind, ItemRef
from certcore.domain.checks import member, optional_nfc, optional_text, prose, short_text
from certcore.domain.policy import (
    NO_FACTS,
    Facts,
    RenewalPolicy,
    first_invalid_day,
    first_period,
    grace_ends,
    resolve,
    warns_from,
    window_opens,
)
from certcore.domain.policy import Period as GrantedPeriod
from certcore.domain.time import (
    as_instant,
    civil,
    civil_date,
    existing_day,
    first_instant,
    last_day_before,
    next_day,
    start_of_day,
)
from certcore.errors import DateOutOfRange, InvalidValue


class BasisKind(StrEnum):
    """What an award rests on (R-20)."""

    MANUAL = "manual"
    COURSE = "course"
    LEARNING_PLAN = "learning_plan"
    EXTERNAL_ACTIVITY = "external_activity"
    EXTERNAL_CERTIFICATION = "external_certification"


@frozen
class Link:
    """Where an external certification can be seen: the provider and an https address (R-20)."""

    provider: str = field(validator=short_text(255))
    url: str = field(validator=short_text(2_000))

    @url.validator
    def _https(self, _attribute: object, url: str) -> None:
        if not url.startswith("https://") or len(url) == len("https://"):
            raise InvalidValue("url", url, "an address that starts with https://")


def _kind(kind: BasisKind | str) -> BasisKind:
    return member(BasisKind, "kind", kind)


def _links(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(links)


@frozen(cache_hash=True)
class Basis:
    """What an award rests on: its kind, an item's code, links for an external certification (R-20).

    An external certification that was uploaded and accepted here has its id as code, and needs no link (R-74).
    """

    kind: BasisKind = field(default=BasisKind.MANUAL, converter=_kind)
    code: str | None = field(default=None, converter=optional_nfc)
    links: tuple[Link, ...] = field(default=(), converter=_links)

    @code.validator
    def _names_its_item(self, attribute: object, code: str | None) -> None:
        if self.kind is BasisKind.MANUAL:
            if code is not None:
                raise InvalidValue("code", code, "no code for a manual basis")
        elif self.kind is not BasisKind.EXTERNAL_CERTIFICATION and code is None:
            raise InvalidValue("code", code, f"the code of the {self.kind} that earned the award")
        optional_text(255)(self, attribute, code)

    @links.validator
    def _linked(self, _attribute: object, links: tuple[Link, ...]) -> None:
        external = self.kind is BasisKind.EXTERNAL_CERTIFICATION
        if (links and not external) or (external and not links and self.code is None):
            raise InvalidValue("links", links, "provider and link pairs for an external certification, and only there")

    @property
    def item(self) -> ItemRef | None:
        """The catalog's item behind the award; None for manual and external certifications."""
        if self.code is None or self.kind is BasisKind.EXTERNAL_CERTIFICATION:
            return None
        return ItemRef(ItemKind(self.kind), self.code)


MANUAL: Final = Basis()


@frozen(cache_hash=True)
class Period:
    """The time an award covers: civil dates in ``zone``, and the instants they stand for (R-10, R-14).

    The award is valid over [``issued_at``, ``expires_at``); no expiry means always valid. ``expires_on`` is the printed
    date: the first invalid day, or the last valid one where the policy's boundary is inclusive (R-16). From
    ``expiring_at`` on it is in its renewal window or warning; until ``grace_ends_at`` (never before the expiry) it is
    in a grace that still counts as valid. Repeats count from ``anchor_on`` (R-13).
    """

    zone: str
    issued_on: date
    issued_at: datetime
    anchor_on: date
    expires_on: date | None = None
    expires_at: datetime | None = None
    expiring_on: date | None = None
    expiring_at: datetime | None = None
    grace_ends_at: datetime | None = None

    @property
    def last_valid_day(self) -> date | None:
        """The last civil day in the award's zone on which it is valid; None when it never expires."""
        return None if self.expires_at is None else last_day_before(self.expires_at, self.zone)


def is_over(period: Period, now: datetime) -> bool:
    """Whether nothing of the period is left at ``now``, so that nobody is told of it."""
    return period.grace_ends_at is not None and period.grace_ends_at <= now


def computed_period(policy: RenewalPolicy, issued_on: date, zone: str) -> Period:
    """The period of a first award issued on that day in ``zone``, by the policy's validity (R-13).

    Raises `SkippedDay`, `UnknownZone`, `DateOutOfRange`, or the policy's own errors where it needs more facts.
    """
    period = first_period(policy, issued_on)
    return _period(policy, issued_on, zone, period.expires, period.anchor_on, computed=True)


def typed_period(policy: RenewalPolicy, issued_on: date, zone: str, expires_on: date | None) -> Period:
    """The period whose expiry somebody typed, or that is always valid (None): a typed date is the anchor (R-13, R-16).

    Raises `InvalidValue` for an expiry at or before the issue, `SkippedDay`, `UnknownZone` and `DateOutOfRange`.
    """
    return _period(policy, issued_on, zone, expires_on, expires_on or issued_on, computed=False)


def granted_period(
    policy: RenewalPolicy, granted: GrantedPeriod, completed_on: date, zone: str, facts: Facts = NO_FACTS
) -> Period:
    """The period in ``zone`` that ``granted`` stands for: what the policy gave for a completion on that day (R-53).

    It starts when the policy says, which may be later. Raises like `computed_period`, and `InvalidValue` where nothing
    is left between start and end.
    """
    terms = resolve(policy, facts, completed=civil(completed_on))
    start = existing_day(granted.start, zone)
    return _period(terms, start, zone, granted.expires, granted.anchor_on, computed=True)


def _period(
    policy: RenewalPolicy, issued_on: date, zone: str, expires_on: date | None, anchor_on: date, *, computed: bool
) -> Period:
    issued_on, anchor_on = civil(issued_on), civil(anchor_on)
    issued_at = start_of_day(issued_on, zone)
    if expires_on is None:
        return Period(zone, issued_on, issued_at, anchor_on)
    expires_on = existing_day(expires_on, zone) if computed else civil(expires_on)
    expires_at = start_of_day(expires_on, zone)  # a typed day that never happened is refused
    ends_on = first_invalid_day(policy, expires_on)
    if ends_on != expires_on:
        expires_at = first_instant(ends_on, zone)
    if expires_at <= issued_at:
        raise InvalidValue("expires_on", expires_on.isoformat(), f"a date after the issue date {issued_on}")
    opens_on, warned_on = window_opens(policy, expires_on), warns_from(policy, expires_on)
    expiring_on = min(opens_on, warned_on) if opens_on and warned_on else opens_on or warned_on
    grace_ends_on = grace_ends(policy, expires_on) if policy.grace_is_valid else None
    return Period(
        zone=zone,
        issued_on=issued_on,
        issued_at=issued_at,
        anchor_on=anchor_on,
        expires_on=expires_on,
        expires_at=expires_at,
        expiring_on=expiring_on,
        expiring_at=None if expiring_on is None else first_instant(expiring_on, zone),
        grace_ends_at=expires_at if grace_ends_on is None else first_instant(next_day(grace_ends_on), zone),
    )


class EndReason(StrEnum):
    """Why an award is no longer live."""

    RENEWED = "renewed"
    UNASSIGNED = "unassigned"
    UNDONE = "undone"
    REVOKED = "revoked"
    PAST = "past"


NEVER_HELD: Final = frozenset({EndReason.UNASSIGNED, EndReason.UNDONE})
"""The ends of awards that were a mistake: they count as never held (R-33, R-45)."""

WITHDRAWN: Final = NEVER_HELD | {EndReason.REVOKED}
"""The ends that take an award from every view of its learner's (R-33, R-45, R-61)."""


@frozen
class Ending:
    """Why and from which instant an award is no longer live (R-14).

    A renewed one ends when its successor starts; one that was given by mistake ends where it began: it never was.
    A past one was never live: a completion reported late, when a later award was held already (R-27).
    """

    reason: EndReason
    at: datetime


@frozen(cache_hash=True)
class Details:
    """What an award may carry besides (R-26); ``note`` is internal and never shown to the learner."""

    score: Decimal | None = None
    completed_on: date | None = field(default=None, converter=optional(civil))
    credits: Decimal | None = None
    note: str | None = field(default=None, validator=prose())


NO_DETAILS: Final = Details()


@frozen
class Award:
    """One learner holding one certification over one period.

    ``number`` is public and unique for ever, ``token`` is what verification asks for (R-25). ``learner_name`` and
    ``edition`` keep what documents print (R-28). ``renews`` and ``renewed_by`` are ids of the neighbours in the chain.
    ``version`` counts its changes and is the length of its history, ``head`` the last hash of that (R-64).
    """

    id: int
    number: str
    token: bytes
    certification_id: int
    edition: int
    learner_id: str
    learner_name: str
    period: Period
    basis: Basis = MANUAL
    details: Details = NO_DETAILS
    renews: int | None = None
    renewed_by: int | None = None
    ending: Ending | None = None
    version: int = 1
    head: bytes = b""

    @property
    def live(self) -> bool:
        """Neither archived, revoked nor unassigned; so also an upcoming or an expired one."""
        return self.ending is None

    @property
    def never_held(self) -> bool:
        """Unassigned or undone: it was a mistake, and on no list at any instant."""
        return self.ending is not None and self.ending.reason in NEVER_HELD

    @property
    def withdrawn(self) -> bool:
        """Unassigned, undone or revoked: its learner sees it no more, as of no instant."""
        return self.ending is not None and self.ending.reason in WITHDRAWN

    @property
    def earned_on(self) -> date:
        """The civil day it was earned on: that of the completion behind it, else its issue date (R-22)."""
        return self.details.completed_on or self.period.issued_on


class Status(StrEnum):
    """An award's status at an instant (R-14)."""

    UPCOMING = "upcoming"
    ACTIVE = "active"
    EXPIRING = "expiring"
    GRACE = "grace"
    EXPIRED = "expired"
    ARCHIVED = "archived"
    REVOKED = "revoked"


STATUS_CONDITIONS: Final[Mapping[Status, Mapping[str, bool]]] = MappingProxyType(
    {
        Status.REVOKED: {"revoked_at": True},
        Status.ARCHIVED: {"archived_at": True},
        Status.UPCOMING: {"revoked_at": False, "archived_at": False, "issued_at": False},
        Status.EXPIRED: {"revoked_at": False, "archived_at": False, "issued_at": True, "grace_ends_at": True},
        Status.GRACE: {
            "revoked_at": False,
            "archived_at": False,
            "issued_at": True,
            "expires_at": True,
            "grace_ends_at": False,
        },
        Status.EXPIRING: {
            "revoked_at": False,
            "archived_at": False,
            "issued_at": True,
            "expires_at": False,
            "expiring_at": True,
        },
        Status.ACTIVE: {
            "revoked_at": False,
            "archived_at": False,
            "issued_at": True,
            "expires_at": False,
            "expiring_at": False,
        },
    }
)
"""Which moments of an award have passed (True) or not (False) at an instant, for each status (R-14).

A moment that an award does not have never passes. `status` and every storage's filter read this one table."""


def moments(award: Award) -> dict[str, datetime | None]:
    """The moments that `STATUS_CONDITIONS` speaks of; None where the award does not have one."""
    return dict(zip(_MOMENTS, _moments(award), strict=True))


def _moments(award: Award) -> tuple[datetime | None, ...]:
    period, ending = award.period, award.ending
    revoked = ending is not None and ending.reason is EndReason.REVOKED
    return (
        period.issued_at,
        period.expiring_at,
        period.expires_at,
        period.grace_ends_at,
        ending.at if ending is not None and not revoked else None,
        ending.at if ending is not None and revoked else None,
    )


def status(award: Award, now: datetime) -> Status:
    """The award's status at the instant ``now``, past or future, by what is known today (R-14)."""
    now = as_instant(now)
    return _STATUS_AFTER[tuple([moment is not None and moment <= now for moment in _moments(award)])]


_MOMENTS: Final = ("issued_at", "expiring_at", "expires_at", "grace_ends_at", "archived_at", "revoked_at")


def _status_after(passed: Mapping[str, bool]) -> Status:
    return next(
        status
        for status, conditions in STATUS_CONDITIONS.items()
        if all(passed[name] is wanted for name, wanted in conditions.items())
    )


_STATUS_AFTER: Final = {
    passed: _status_after(dict(zip(_MOMENTS, passed, strict=True)))
    for passed in product((False, True), repeat=len(_MOMENTS))
}
"""The status by which of the `moments` have passed, worked out once."""


def first_day_in(zone: str, award: Award) -> date:
    """The civil day in ``zone`` on which the award starts (R-10); at the calendar's ends that of its own zone."""
    try:
        return civil_date(award.period.issued_at, zone)
    except DateOutOfRange:
        return award.period.issued_on


def last_day_in(zone: str, award: Award) -> date | None:
    """The last civil day in ``zone`` on which the award is valid; None when it never expires (R-10, R-16).

    On the calendar's first and last days, which ``zone`` may not reach, the award's own zone counts.
    """
    if award.period.expires_at is None:
        return None
    try:
        return last_day_before(award.period.expires_at, zone)
    except DateOutOfRange:
        return award.period.last_valid_day


_last_day = lru_cache(8_192)(last_day_before)
_today = lru_cache(1_024)(civil_date)
"""Awards of a list share most of their last days, and all of them the day on which it is read."""


def days_left(award: Award, now: datetime, zone: str | None = None) -> int | None:
    """Civil days from today to the last valid day, both in ``zone``: 0 on that day, None after it (R-15).

    ``zone`` defaults to the award's own; None also when the award never expires. On the calendar's first and last days,
    which a zone may not reach, the award's own zone counts, or else UTC.
    """
    expires_at = award.period.expires_at
    if expires_at is None:
        return None
    for each in (zone or award.period.zone, award.period.zone, "UTC"):
        with suppress(DateOutOfRange):
            left = (_last_day(expires_at, each) - _today(now, each)).days
            return left if left >= 0 else None
    raise AssertionError("unreachable: UTC has a day for every instant")
