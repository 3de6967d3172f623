"""How an award stands on a day: its status, whether and how it can be renewed, and what has to be done (R-50, R-54)."""

from datetime import date
from typing import Literal

from attrs import evolve, field, frozen

from certcore.domain.policy.account import enough_credits
from certcore.domain.policy.days import last_valid_day, warns_from
from certcore.domain.policy.facts import NO_FACTS, Facts
from certcore.domain.policy.items import FULL, NO_RENEWAL, RENEWAL, full_items, items_on, undone
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.periods import refusal
from certcore.domain.policy.requirements import Item
from certcore.domain.policy.resolving import resolve
from certcore.domain.policy.timing import Timing, timing
from certcore.domain.reasons import Reason
from certcore.domain.time import add_length, civil

Status = Literal["not_awarded", "valid", "expiring", "grace", "expired"]


@frozen
class Standing:
    """How an award stands on a civil day.

    ``expires`` is the printed expiry that counts that day, ``last_valid_day`` the last day of validity without a
    grace; both None for never. ``label`` names the status in a grace, where the policy has a name for it. ``overdue``:
    past the due date and not yet expired. ``path`` is what a renewal asks for that day, ``items`` what has to be done
    in the policy's order. ``renewable`` says whether a renewal on that day would be granted, ``reasons`` why;
    ``obstacles`` are those among them that stand against it.
    """

    on: date
    status: Status
    expires: date | None = None
    last_valid_day: date | None = None
    window_opens: date | None = None
    grace_ends: date | None = None
    label: str | None = None
    overdue: bool = False
    renewable: bool = False
    path: str = FULL
    items: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = field(default=(), hash=False)
    obstacles: tuple[Reason, ...] = field(default=(), hash=False)


def standing(
    policy: RenewalPolicy,
    expires: date | None,
    on: date,
    facts: Facts = NO_FACTS,
    *,
    completed: date | None = None,
    due: date | None = None,
) -> Standing:
    """How the award that prints ``expires`` (None = never) stands on the civil day ``on`` (R-14, R-50).

    ``completed`` is when it was earned, if that is known: confirmations count from it, and variants are judged on it.
    ``due`` is its due date. Raises `InvalidValue` for a fact that the policy asks for and that is missing.
    """
    on = civil(on)
    terms = resolve(policy, facts, completed=completed, on=on)
    if completed is not None and on < completed:
        return without_award(terms, on)
    when = timing(terms, expires, on, facts, completed=completed)
    status, why = _status(terms, when)
    path = path_on(terms, when)
    items = items_on(terms, path, when, facts)
    obstacles = _obstacles(terms, path, items, when, facts)
    last = None if when.current.expires is None else last_valid_day(terms, when.current.expires)
    return Standing(
        on,
        status,
        when.current.expires,
        last,
        when.opens,
        when.grace_ends,
        label=terms.grace.label if when.in_grace and terms.grace else None,
        overdue=due is not None and on > due and status != "expired",
        renewable=not obstacles,
        path=path,
        items=tuple(each.item for each in items),
        reasons=(*when.current.reasons, why, *(obstacles or (Reason("path", {"path": path}),))),
        obstacles=obstacles,
    )


def lacking(
    policy: RenewalPolicy,
    expires: date | None,
    started: date,
    done: date,
    facts: Facts = NO_FACTS,
    *,
    completed: date | None = None,
) -> tuple[Reason, ...]:
    """What a renewal that was started on one civil day and is done on another still lacks; empty when nothing (R-52).

    The day of the start decides what is asked for, so that being in time does not end while the learner works; whether
    items are done and credits are enough is judged by ``done``. Else as `standing`, which also says whether a renewal
    comes too early. Raises like it.
    """
    terms = resolve(policy, facts, completed=completed, on=civil(started))
    when = timing(terms, expires, civil(started), facts, completed=completed)
    path = path_on(terms, when)
    if path in {FULL, NO_RENEWAL}:
        return (Reason("not_renewable", {"path": path}),)
    items = items_on(terms, path, when, facts)
    return (*undone(items, facts, civil(done)), *enough_credits(terms, facts, evolve(when, on=civil(done))))


def full_requirement(policy: RenewalPolicy, on: date, facts: Facts = NO_FACTS) -> tuple[Reason, ...]:
    """What of the policy's ``items.full`` is still to be done for a first award on the civil day ``on`` (R-54).

    Empty when nothing is, and where items are not in question. Raises like `standing`.
    """
    terms = resolve(policy, facts, completed=civil(on))
    return undone(full_items(terms), facts, civil(on))


def without_award(terms: RenewalPolicy, on: date, *reasons: Reason) -> Standing:
    """How it stands with somebody who holds no award: everything is to be done."""
    return Standing(
        on,
        "not_awarded",
        items=tuple(each.item for each in full_items(terms)),
        reasons=(*reasons, Reason("not_awarded")),
        obstacles=(Reason("not_awarded"),),
    )


def _status(terms: RenewalPolicy, when: Timing) -> tuple[Status, Reason]:
    expires = when.current.expires
    if expires is None:
        return "valid", Reason("never_expires")
    last = {"last_day": last_valid_day(terms, expires)}
    if when.in_grace:
        return ("grace" if terms.grace_is_valid else "expired"), Reason("in_grace", {"grace_ends": when.grace_ends})
    if when.late:
        return "expired", Reason("expired", last)
    warned = warns_from(terms, expires)
    status: Status = "valid" if warned is None or when.on < warned else "expiring"
    return status, Reason(status, last)


def path_on(terms: RenewalPolicy, when: Timing) -> str:
    """What a renewal on that day asks for: ``renewal``, ``full``, ``no_renewal`` or a name of the policy's own."""
    expires, lapse = when.current.expires, terms.lapse
    if when.in_grace and terms.grace is not None:
        return terms.grace.path
    if not when.late or lapse is None or expires is None:
        return RENEWAL
    if lapse.after is None or when.on >= add_length(expires, lapse.after):
        return lapse.path
    reached = [(add_length(expires, step.after), step.path) for step in lapse.steps]
    latest = max((each for each in reached if when.on >= each[0]), default=None)
    return RENEWAL if latest is None else latest[1]


def _obstacles(
    terms: RenewalPolicy, path: str, items: tuple[Item, ...], when: Timing, facts: Facts
) -> tuple[Reason, ...]:
    """Every reason why a renewal on that day would not be granted."""
    obstacles = [] if path not in {FULL, NO_RENEWAL} else [Reason("not_renewable", {"path": path})]
    if when.current.expires is None:
        obstacles.append(Reason("never_expires"))
    refused = refusal(terms, when, facts)
    obstacles += [] if refused is None else [refused]
    obstacles += [reason for reason in undone(items, facts, when.on) if reason not in obstacles]
    obstacles += enough_credits(terms, facts, when)
    return tuple(obstacles)
