"""Who reviews: by settings and relations, with nobody deciding on their own."""

from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.people import Overseers
from certcore.domain.reviewers import ExternalSettings, Reviewers, reviewers_of
from certcore.errors import InvalidValue

EVERYBODY = frozenset(["ana", "mia", "carl", "gus", "ada"])
OVERSEERS = Overseers(managers={"mia"}, coaches={"carl"}, group_admins={"gus", "ada"})
ANA = frozenset({"ana"})


def asked(*roles: str, overseers: Overseers = OVERSEERS, barred: frozenset[str] = ANA, **settings: Any) -> set[str]:
    chosen = ExternalSettings(reviewers=frozenset(roles), **settings)
    return set(reviewers_of(chosen, overseers, barred, EVERYBODY - {"gone"}))


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["managers"], {"mia"}),
        (["group_admins"], {"gus", "ada"}),
        (["coaches"], {"carl"}),
        (["managers", "coaches"], {"mia", "carl"}),
        (["managers", "coaches", "group_admins"], {"mia", "carl", "gus", "ada"}),
    ],
)
def test_reviewers_are_those_whom_the_settings_name(roles: list[str], expected: set[str]) -> None:
    """R-70: managers, group admins, or coaches too."""
    assert asked(*roles) == expected


@pytest.mark.parametrize(
    ("overseers", "roles", "expected"),
    [
        (Overseers(group_admins={"gus"}), ["managers"], {"gus"}),
        (Overseers(group_admins={"gus"}, coaches={"carl"}), ["managers", "coaches"], {"carl", "gus"}),
        (Overseers(managers={"gone"}, group_admins={"gus"}), ["managers"], {"gus"}),
        (Overseers(managers={"ana"}, group_admins={"gus"}), ["managers"], {"gus"}),
        (Overseers(group_admins={"gus"}), ["coaches"], set()),
        (Overseers(managers={"mia"}), ["group_admins"], set()),
        (Overseers(), ["managers", "coaches", "group_admins"], set()),
    ],
)
def test_group_admins_stand_in_for_a_missing_manager(
    overseers: Overseers, roles: list[str], expected: set[str]
) -> None:
    """R-70, f44: one who left, or is the learner, is missing too; nobody stands in for coaches or admins."""
    assert asked(*roles, overseers=overseers) == expected


def test_who_uploaded_it_is_not_asked() -> None:
    """R-72: a manager's own upload goes to the group's admins, or to nobody."""
    barred = frozenset({"ana", "mia"})
    assert asked("managers", barred=barred) == {"gus", "ada"}
    assert asked("managers", barred=barred, overseers=Overseers(managers={"mia"})) == set()
    assert asked("managers", barred=barred, own_review=True) == {"mia"}


@given(
    st.builds(Overseers, *[st.frozensets(st.sampled_from(sorted(EVERYBODY)))] * 3),
    st.frozensets(st.sampled_from(Reviewers), min_size=1),
    st.frozensets(st.sampled_from(sorted(EVERYBODY))),
    st.frozensets(st.sampled_from(sorted(EVERYBODY))),
    st.booleans(),
)
def test_nobody_reviews_who_may_not(
    overseers: Overseers,
    roles: frozenset[Reviewers],
    barred: frozenset[str],
    active: frozenset[str],
    own_review: bool,
) -> None:
    """R-72: only active people who look after the learner, and none who is barred unless the settings say so."""
    settings = ExternalSettings(reviewers=roles, own_review=own_review)
    found = reviewers_of(settings, overseers, barred, active)
    assert found <= overseers.all & active
    assert own_review or not found & barred


def test_the_settings_are_closed_until_somebody_opens_them() -> None:
    """R-70: nobody imports their own, and nothing counts unseen."""
    settings = ExternalSettings()
    assert (settings.self_import, settings.validation, settings.own_review) == (False, True, False)
    assert settings.reviewers == {Reviewers.MANAGERS}


def test_settings_come_back_from_their_data() -> None:
    """All of them, in any combination."""
    roles = [set(chosen) for size in (1, 2, 3) for chosen in combinations(Reviewers, size)]
    for flags, reviewers in product(product([True, False], repeat=4), roles):
        given = dict(zip(("self_import", "validation", "own_review", "credits"), flags, strict=True))
        settings = ExternalSettings(**given, reviewers=frozenset(reviewers))
        assert ExternalSettings().changed(settings.to_data()) == settings


@pytest.mark.parametrize(
    "changes",
    [
        {"reviewers": []},
        {"reviewers": ["learners"]},
        {"reviewers": 3},
        {"validation": "yes"},
        {"self_import": None},
        {"approve_all": True},
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, object]) -> None:
    """With a typed error that says what is possible."""
    with pytest.raises(InvalidValue):
        ExternalSettings().changed(changes)
