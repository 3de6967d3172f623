"""The life cycle as a table, and the functions that make its changes (I2)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from certcore.domain import transitions
from certcore.domain.awards import Award, EndReason
from certcore.domain.succession import archive
from certcore.domain.transitions import TRANSITIONS, Change, Context
from certcore.errors import InvalidValue, NotLive, NotRestorable
from certcore.testing.builders import ACTOR, NOW, ended, make_award

CONTEXT = Context(ACTOR, NOW)
SALT = bytes(16)
SUCCESSOR = ended(make_award(), EndReason.REVOKED)
MADE_BY: dict[str, list[Callable[[Award], Change]]] = {
    "renewed": [
        lambda award: next(archive([award], [2], ["N"], [NOW], CONTEXT, bytes).changes()),
    ],
    "renewal_started": [lambda award: transitions.start_renewal(award, {"items": ()}, SALT, CONTEXT)],
    "renewal_cancelled": [lambda award: transitions.cancel_renewal(award, "Ill", SALT, CONTEXT)],
    "equated": [lambda award: transitions.stood_for(award, "0" * 16, SALT, CONTEXT)],
    "past": [lambda award: transitions.archive_past(award, NOW, SALT, CONTEXT)],
    "unassigned": [lambda award: transitions.unassign(award, "By mistake", SALT, CONTEXT)],
    "undone": [lambda award: transitions.undo_issue(award, SALT, CONTEXT)],
    "revoked": [lambda award: transitions.revoke(award, "Fraud", SALT, CONTEXT)],
    "cut_short": [lambda award: transitions.cut_short(award, SUCCESSOR, SALT, CONTEXT)],
    "restored": [
        lambda award: transitions.restore(award, SUCCESSOR, None, SALT, CONTEXT),
        lambda award: transitions.restore(award, None, None, SALT, CONTEXT),
        lambda award: transitions.undo_renewal(award, SALT, CONTEXT),
    ],
    "edited": [lambda award: transitions.edit(award, award, SALT, CONTEXT)],
}
STATES: list[EndReason | None] = [None, *EndReason]


def in_state(state: EndReason | None) -> Award:
    """An award in that state."""
    return make_award() if state is None else ended(make_award(), state)


def test_every_act_that_changes_an_award_is_tried_here() -> None:
    """R-115: the table has no row that nothing makes; `issued` makes an award, it changes none."""
    assert {act for act, each in TRANSITIONS.items() if each.before} == set(MADE_BY)


@pytest.mark.parametrize("act", MADE_BY)
@pytest.mark.parametrize("state", STATES)
def test_an_act_leads_from_where_the_table_says_to_where_it_says(act: str, state: EndReason | None) -> None:
    """I2, I8: and from nowhere else; each change is one version with one entry and one event (I5)."""
    transition = TRANSITIONS[act]
    for make in MADE_BY[act]:
        award = in_state(state)
        if state not in transition.before:
            with pytest.raises((NotLive, NotRestorable)):
                make(award)
            continue
        change = make(award)
        assert (change.after.ending.reason if change.after.ending else None) is transition.after
        assert (change.entry.act, change.entry.seq) == (act, award.version + 1)
        assert (change.event.kind, change.event.notify) == (transition.event, transition.told)
        assert (change.after.version, change.after.head) == (change.entry.seq, change.entry.hash)


def test_a_revocation_can_tell_nobody() -> None:
    """R-80: the learner is told of it, unless that is not wanted."""
    assert not transitions.revoke(make_award(), "Fraud", SALT, CONTEXT, notify=False).event.notify


@pytest.mark.parametrize("reason", ["", " \n", "\x00", "x" * 30_000, None])
def test_a_revocation_needs_a_reason(reason: Any) -> None:
    """R-61: text of any number of lines that is not blank."""
    with pytest.raises(InvalidValue):
        transitions.revoke(make_award(), reason, SALT, CONTEXT)


def test_only_a_renewed_award_outlives_and_only_until_its_end() -> None:
    """R-14, f32: half-open, at the very instant it is over."""
    later = NOW + timedelta(days=1)
    renewed = ended(make_award(), EndReason.RENEWED, later)
    assert transitions.outlives(renewed, NOW)
    assert not transitions.outlives(renewed, later)
    assert not transitions.outlives(make_award(), NOW)
    assert not transitions.outlives(ended(make_award(), EndReason.REVOKED, later), NOW)


@pytest.mark.parametrize("state", [None, EndReason.RENEWED, EndReason.UNDONE])
def test_what_is_still_renewed_cannot_be_live_again(state: EndReason | None) -> None:
    """R-65: only when the award that renewed it was taken away."""
    renewed = ended(make_award(), EndReason.RENEWED)
    with pytest.raises(NotRestorable):
        transitions.restore(renewed, in_state(state), None, SALT, CONTEXT)
