"""Who may do what by default, and what a person's record may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.people import EVERYONE, NOBODY, Act, Actor, Person, Role, Scope, default_scope
from certcore.domain.spreadsheets import guarded, unguarded
from certcore.errors import InvalidValue, UnknownZone

OVERSEEN = frozenset({"2"})


OVERSEERS = (Role.MANAGER, Role.COACH, Role.GROUP_ADMIN)
OWN_AND_OVERSEEN = (Act.VIEW, Act.SUBMIT_EXTERNAL, Act.VIEW_EXTERNAL)


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("role", list(Role))
def test_the_default_access_of_every_act_for_every_role(role: Role, act: Act) -> None:
    """R-114: platform admins all; others see and upload for those they oversee and themselves; they renew their own."""
    overseen = OVERSEEN if role in OVERSEERS else frozenset[str]()
    scope = default_scope(Actor("1", frozenset({role})), act, overseen)
    if role is Role.PLATFORM_ADMIN:
        assert scope == EVERYONE
    elif act in (*OWN_AND_OVERSEEN, Act.RENEW) or (act in (Act.REVIEW_EXTERNAL, Act.EXPORT) and overseen):
        sees = bool(overseen) and act is not Act.RENEW
        assert [scope.covers(learner) for learner in ("1", "2", "3")] == [True, sees, False]
    else:
        assert scope == NOBODY


def test_several_roles_reach_as_far_as_the_furthest() -> None:
    """R-114: an admin who is also a manager is an admin; whoever oversees somebody counts as a manager."""
    assert default_scope(Actor("1", frozenset(Role)), Act.AWARD, OVERSEEN) == EVERYONE
    assert default_scope(Actor("1"), Act.VIEW, OVERSEEN) == Scope(learners=frozenset({"1", "2"}))


def test_a_scope_of_everyone_covers_whoever_comes() -> None:
    """Everyone is not a list."""
    assert EVERYONE.covers("anybody")
    assert not Scope().covers("anybody")


@pytest.mark.parametrize(
    "parts", [{"id": ""}, {"id": "x" * 65}, {"username": " "}, {"username": "a\0"}, {"username": "\ud800"}]
)
def test_what_no_storage_keeps_alike_is_refused(parts: dict[str, str]) -> None:
    """f42: the same typed error whatever the storage."""
    with pytest.raises(InvalidValue):
        Person(**{"id": "1", "username": "ana", **parts})  # type: ignore[arg-type]


def test_a_person_of_an_unknown_zone_is_refused() -> None:
    """R-10."""
    with pytest.raises(UnknownZone):
        Person("1", "ana", zone="Mars/Base")


def test_a_person_without_names_prints_as_the_username() -> None:
    """R-28."""
    assert Person("1", "ana").full_name == "ana"
    assert Person("1", "ana", last_name="Rossi").full_name == "Rossi"


@given(st.text() | st.text(alphabet="'=+-@\t\r\n＝a"))
def test_a_guarded_cell_runs_nowhere_and_comes_back(cell: str) -> None:
    """R-93: safe by a prefix that a re-import takes back, also after line breaks inside the cell."""
    safe = guarded(cell)
    assert unguarded(safe) == cell
    lines = safe.replace("\r", "\n").split("\n")
    assert not any(line[:1] in tuple("=+-@\t＝＋－＠") for line in lines if line)
