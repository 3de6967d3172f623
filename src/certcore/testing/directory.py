"""The contract of `certcore.ports.Directory`, and the small world it is tested on."""

from collections.abc import Collection, Mapping
from typing import Final

import pytest
from attrs import frozen

from certcore.domain.checks import nfc
from certcore.domain.people import Overseers, Person
from certcore.errors import NotFound, NotSupported
from certcore.ports import Directory
from certcore.testing.builders import make_person


@frozen
class World:
    """What a directory under test holds; people are named by username.

    ``branches`` gives each branch its parent, if any, and ``branch_members`` who is in it directly; ``managers`` gives
    each learner's manager, ``coaches`` whom each coach coaches, ``admins`` the groups each group admin administers.
    """

    people: Collection[Person]
    groups: Mapping[str, Collection[str]]
    branches: Mapping[str, str | None]
    branch_members: Mapping[str, Collection[str]]
    managers: Mapping[str, str]
    coaches: Mapping[str, Collection[str]]
    admins: Mapping[str, Collection[str]]


CONFUSABLE: Final = (
    "Ada",
    "ada ",
    "a\u00adda",
    "ada\u200b",
    "\u202eada",
    "\u0430da",
    "zoe",
    "Zoë",
    "ﬁona",
    "straße",
    "strasse",
    "ΣΊΣΥΦΟΣ",
    "Σίσυφος",
    "\u0440\u0430\u0443\u0440\u0430l",
)
"""Usernames that look or fold like others; each is a person of its own (f42)."""

_DECOMPOSED = "zoe\u0308"  # as a host may keep it; asked for as "zoë"

WORLD: Final = World(
    people=[
        *(make_person(name) for name in ("ada", "bob", "cy", "dee", "eve", "fay")),
        make_person("gus", active=False),
        make_person("tim", zone="Asia/Kolkata", language="hi", first_name="तिम", email=""),
        make_person("x", id="ada", first_name="Not", last_name="Ada"),
        make_person(_DECOMPOSED, id="zoë's id"),
        *(make_person(name, id=f"confusable-{position}") for position, name in enumerate(CONFUSABLE)),
    ],
    groups={"night shift": ["ada", "bob", "gus"], "Night shift": ["cy"], "empty": []},
    branches={"world": None, "europe": "world", "rome": "europe", "asia": "world"},
    branch_members={"world": ["fay"], "europe": ["ada"], "rome": ["bob", "cy"], "asia": ["dee"]},
    managers={"ada": "eve", "gus": "eve", "bob": "fay"},
    coaches={"eve": ["cy"], "fay": ["bob", "dee"]},
    admins={"eve": ["Night shift"], "dee": ["night shift", "empty"]},
)


class DirectoryContract:
    """Every promise of the directory. Subclass it and override the fixture ``directory``."""

    @pytest.fixture
    def directory(self) -> Directory:
        """Override this: a directory of the adapter under test that holds `WORLD` and nothing else."""
        raise NotImplementedError("override the fixture `directory`: return your adapter, filled with WORLD")

    def test_people_come_back_whole(self, directory: Directory) -> None:
        """Each one by username and by id, with every value, whether active or not."""
        assert directory.match([nfc(each.username) for each in WORLD.people]) == {
            nfc(each.username): each for each in WORLD.people
        }
        assert directory.people([each.id for each in WORLD.people]) == {each.id: each for each in WORLD.people}

    def test_people_not_there_are_absent(self, directory: Directory) -> None:
        """Unknown names are missing from the answer, repeated ones do no harm, none gives none."""
        ada = _person("ada")
        assert directory.match(["ada", "nobody", "", "ada"]) == {"ada": ada}
        assert directory.people([ada.id, "nobody", "", ada.id]) == {ada.id: ada}
        assert directory.match([]) == {}
        assert directory.people([]) == {}

    def test_an_id_is_no_username(self, directory: Directory) -> None:
        """Usernames and ids are two sets of names, even where they share a spelling."""
        assert directory.match([_person("bob").id]) == {}
        assert directory.people(["bob"]) == {}
        assert directory.match(["ada"])["ada"].id == "id-ada"
        assert directory.people(["ada"])["ada"].username == "x"

    @pytest.mark.parametrize("username", CONFUSABLE)
    def test_usernames_are_told_apart_by_code_point(self, directory: Directory, username: str) -> None:
        """f42: no folding of case, width, accents, blanks or invisible characters."""
        assert directory.match([username]) == {username: _person(username)}
        assert directory.match(["ada", "fiona", "paypal"]) == {"ada": _person("ada")}

    def test_usernames_are_the_same_in_nfc(self, directory: Directory) -> None:
        """f42: a host may keep a name decomposed; it is found by the composed one that is asked for."""
        assert directory.match(["zoë"]) == {"zoë": _person(_DECOMPOSED)}

    def test_many_may_be_asked_for(self, directory: Directory) -> None:
        """Tens of thousands of names at once."""
        many = [f"nobody-{position}" for position in range(40_000)]
        assert directory.match([*many, "ada"]) == {"ada": _person("ada")}
        assert directory.people([*many, "id-ada"]) == {"id-ada": _person("ada")}

    @pytest.mark.parametrize(
        ("groups", "branches", "expected"),
        [
            ([], [], []),
            (["empty"], [], []),
            (["night shift"], [], ["ada", "bob", "gus"]),
            (["Night shift"], [], ["cy"]),
            ([], ["rome"], ["bob", "cy"]),
            ([], ["europe"], ["ada", "bob", "cy"]),
            ([], ["world"], ["ada", "bob", "cy", "dee", "fay"]),
            ([], ["rome", "europe", "rome"], ["ada", "bob", "cy"]),
            (["night shift", "Night shift", "night shift"], ["rome"], ["ada", "bob", "cy", "gus"]),
        ],
    )
    def test_members_come_once_each(
        self, directory: Directory, groups: list[str], branches: list[str], expected: list[str]
    ) -> None:
        """R-30: those of the groups and of the branches with all that is below, deactivated ones too."""
        members = list(directory.members(groups, branches))
        assert sorted(each.username for each in members) == expected
        assert sorted(directory.member_ids(groups, branches)) == sorted(each.id for each in members)

    def test_branches_of_learners_are_those_they_are_in_directly(self, directory: Directory) -> None:
        """R-93: not those above; who is in none, or not there, is absent. A directory may say that it cannot tell."""
        asked = [_person(name).id for name in ("ada", "bob", "eve", "fay")]
        try:
            found = {each: sorted(codes) for each, codes in directory.branches_of([*asked, "nobody"]).items()}
        except NotSupported:
            return
        assert found == {"id-ada": ["europe"], "id-bob": ["rome"], "id-fay": ["world"]}
        assert directory.branches_of([]) == {}

    def test_members_come_back_whole(self, directory: Directory) -> None:
        """Each member is the person that the other answers give."""
        assert list(directory.members(["Night shift"], [])) == [_person("cy")]

    @pytest.mark.parametrize(
        ("groups", "branches", "named"),
        [
            (["night shift", "day shift"], ["rome"], "day shift"),
            (["empty"], ["paris"], "paris"),
            ([], ["Rome"], "Rome"),
        ],
    )
    def test_an_unknown_group_or_branch_is_named(
        self, directory: Directory, groups: list[str], branches: list[str], named: str
    ) -> None:
        """R-30: `NotFound`, not fewer people than were meant."""
        with pytest.raises(NotFound) as caught:
            list(directory.members(groups, branches))
        assert caught.value.ref == named

    @pytest.mark.parametrize(
        ("actor", "expected"),
        [
            ("eve", {"ada", "gus", "cy"}),
            ("fay", {"bob", "dee"}),
            ("dee", {"ada", "bob", "gus"}),
            ("ada", set()),
        ],
    )
    def test_those_overseen(self, directory: Directory, actor: str, expected: set[str]) -> None:
        """R-72: managed, coached and administered ones together, deactivated ones too; by id, not by username."""
        overseen = directory.overseen(_person(actor).id)
        assert overseen == {_person(name).id for name in expected}
        assert directory.overseen(actor) == frozenset()

    @pytest.mark.parametrize(
        ("learner", "managers", "coaches", "group_admins"),
        [
            ("ada", {"eve"}, set(), {"dee"}),
            ("bob", {"fay"}, {"fay"}, {"dee"}),
            ("cy", set(), {"eve"}, {"eve"}),
            ("dee", set(), {"fay"}, set()),
            ("gus", {"eve"}, set(), {"dee"}),
        ],
    )
    def test_overseers_are_told_apart_by_how_they_look_after_a_learner(
        self, directory: Directory, learner: str, managers: set[str], coaches: set[str], group_admins: set[str]
    ) -> None:
        """R-70: managers, coaches, and the admins of the groups that the learner is in, each by id."""
        learner_id = _person(learner).id
        assert directory.overseers([learner_id, learner_id]) == {
            learner_id: Overseers(_ids(managers), _ids(coaches), _ids(group_admins))
        }

    def test_who_has_no_overseers_is_absent(self, directory: Directory) -> None:
        """Known or not; a username is no id, and asking for none gives none."""
        eve, tim = _person("eve").id, _person("tim").id
        assert directory.overseers([eve, tim, "nobody", "ada", ""]) == {}
        assert directory.overseers([]) == {}

    def test_overseers_and_overseen_are_two_sides_of_one_relation(self, directory: Directory) -> None:
        """R-76: whoever oversees somebody is among their overseers, and nobody else is; also for many at once."""
        ids = [each.id for each in WORLD.people]
        found = directory.overseers([*ids, *(f"nobody-{position}" for position in range(40_000))])
        pairs = {(overseer, learner) for learner, overseers in found.items() for overseer in overseers.all}
        assert pairs == {(each, learner) for each in ids for learner in directory.overseen(each)}

    def test_nobody_unknown_oversees(self, directory: Directory) -> None:
        """An actor whom the directory does not know oversees no one."""
        assert directory.overseen("nobody") == frozenset()


def _ids(usernames: set[str]) -> frozenset[str]:
    return frozenset(_person(username).id for username in usernames)


def _person(username: str) -> Person:
    return next(each for each in WORLD.people if each.username == username)
