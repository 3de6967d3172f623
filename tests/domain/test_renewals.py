"""Renewals as transitions of values: started, cancelled, and the orders that go with them (R-51, R-52)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.deliveries import LEASE, Delivery, DeliveryState, acknowledged, dropped, failed, taken
from certcore.domain.history import verifies
from certcore.domain.renewals import RETAKE, Renewal, RenewalState, Started, cancel, closed, retake, start, still_wanted
from certcore.domain.transitions import Context
from certcore.errors import NotLive
from certcore.testing.builders import ACTOR, NOW, ended, make_award
from tests.domain.earning import C1, C2, certified

AWARD = make_award(basis=evolve(make_award().basis))
CERTIFICATION = certified(allow_retake=True)
CONTEXT = Context(ACTOR, NOW)


def begun(before: Renewal | None = None) -> Started:
    """The renewal of an award through C-2 and C-1, the first of which is taken again."""
    return start(AWARD, CERTIFICATION, b"s" * 16, CONTEXT, ways=[C2, C1], again=[C2], before=before)


def test_a_start_keeps_the_terms_and_is_an_entry_in_the_history_of_the_award() -> None:
    """R-3, R-52, I5: policy, ways and the right to retake as they are now; the award itself stays as it was."""
    began = begun()
    assert began.renewal == Renewal(
        AWARD.id, AWARD.learner_id, CERTIFICATION.id, NOW, CERTIFICATION.policy, True, (C1, C2)
    )
    assert evolve(began.change.after, version=AWARD.version, head=AWARD.head) == AWARD
    assert (began.change.after.version, began.change.entry.act) == (AWARD.version + 1, "renewal_started")
    assert json.loads(began.change.entry.facts) == {"again": ["course:C-2"], "items": ["course:C-1", "course:C-2"]}
    assert began.change.event.kind == "award.renewal_started"
    assert verifies(AWARD.head, began.change.entry)


def test_an_order_names_learner_item_and_start_and_has_the_same_id_whenever_it_is_made() -> None:
    """R-52: keyed by the renewal, so that the catalog can drop a repeat."""
    (order,) = begun().orders
    (again,) = begun().orders
    assert order == again
    told = retake(order)
    assert (order.kind, told.id, told.learner_id, told.item, told.at) == (RETAKE, order.id, AWARD.learner_id, C2, NOW)


def test_starting_again_after_a_cancel_is_another_start() -> None:
    """R-52: the same row, the next version, orders of its own."""
    began = begun()
    renewal, change = cancel(began.change.after, began.renewal, "ill", b"s" * 16, CONTEXT)
    assert (renewal.state, renewal.version, change.entry.act) == (RenewalState.CANCELLED, 2, "renewal_cancelled")
    assert json.loads(change.entry.personal or "")["note"] == "ill"
    later = Context(ACTOR, NOW + timedelta(days=1))
    again = start(change.after, CERTIFICATION, b"s" * 16, later, ways=[C1], again=[C1, C2], before=renewal)
    assert (again.renewal.version, again.renewal.started_at) == (3, later.now)
    assert not {each.id for each in again.orders} & {each.id for each in began.orders}


def test_only_a_live_award_can_be_renewed() -> None:
    """R-61, R-65: what ended is over."""
    with pytest.raises(NotLive):
        start(ended(AWARD), CERTIFICATION, b"s" * 16, CONTEXT, ways=[C1])
    with pytest.raises(NotLive):
        cancel(ended(AWARD), begun().renewal, None, b"s" * 16, CONTEXT)


def test_an_order_is_wanted_while_its_renewal_is_open_and_its_award_live() -> None:
    """R-52, R-65: not after a cancel, a revocation, or for another start."""
    began = begun()
    (order,) = began.orders
    award, renewal = began.change.after, began.renewal
    assert still_wanted(order, award, renewal)
    assert not still_wanted(order, ended(award), renewal)
    assert not still_wanted(order, award, closed(renewal, RenewalState.CANCELLED))
    assert not still_wanted(order, award, evolve(renewal, started_at=NOW + timedelta(seconds=1)))
    assert not still_wanted(order, None, renewal)
    assert not still_wanted(order, award, None)


def waiting() -> Delivery:
    """An order that nobody has taken yet."""
    (order,) = begun().orders
    return order


def test_a_delivery_is_taken_then_acknowledged() -> None:
    """R-83: one attempt at a time; whoever takes it and dies leaves it to others after a while."""
    held = taken(waiting(), NOW)
    assert (held.attempts, held.due_at, held.state, held.version) == (1, NOW + LEASE, DeliveryState.WAITING, 2)
    assert (acknowledged(held).state, acknowledged(held).version) == (DeliveryState.DONE, 3)
    assert dropped(held).state is DeliveryState.DROPPED


@given(st.integers(1, 10_000), st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_failed_delivery_waits_longer_each_time_but_never_gives_up(attempts: int, now: datetime) -> None:
    """R-52: repeated until acknowledged, half a minute to six hours later."""
    once = failed(evolve(waiting(), attempts=attempts), "it raised", now)
    twice = failed(evolve(waiting(), attempts=attempts + 1), "it raised", now)
    assert timedelta(seconds=30) <= once.due_at - now <= twice.due_at - now <= timedelta(hours=6)
    assert (once.state, once.error) == (DeliveryState.WAITING, "it raised")
