"""The host's people in memory."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from certcore.domain.checks import nfc
from certcore.domain.people import Overseers, Person, Role
from certcore.errors import InvalidDefinition, NotFound
from certcore.ports import Directory

_NONE: Final[Mapping[str, Collection[str]]] = MappingProxyType({})


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


@frozen
class Branch:
    """A branch: the code of the one it is part of, if any, and its own members by username or id."""

    parent: str | None = None
    members: tuple[str, ...] = field(default=(), converter=_names)


class MemoryDirectory(Directory):
    """People, the groups and branches they are in, and those who look after them.

    Persons are named by username, or by id where nobody has that username. ``managers`` gives the manager of each
    learner, ``coaches`` those whom each coach coaches, ``admins`` the groups that each group admin administers, and
    ``roles`` the roles of those whom this directory speaks for. Raises `InvalidDefinition` for a name that is not
    there, a username given to two, and a branch that is part of itself.
    """

    def __init__(
        self,
        people: Iterable[Person] = (),
        *,
        groups: Mapping[str, Collection[str]] = _NONE,
        branches: Mapping[str, Branch] = MappingProxyType({}),
        managers: Mapping[str, str] = MappingProxyType({}),
        coaches: Mapping[str, Collection[str]] = _NONE,
        admins: Mapping[str, Collection[str]] = _NONE,
        roles: Mapping[str, Collection[Role]] = MappingProxyType({}),
    ) -> None:
        self._people: dict[str, Person] = {}
        self._ids: dict[str, str] = {}
        for person in people:
            self.put(person)
        self._groups = {name: self._named(members, f"groups.{name}") for name, members in groups.items()}
        self._branches = dict(branches)
        self._members = {code: self._named(each.members, f"branches.{code}") for code, each in branches.items()}
        self._children = _children(branches)
        self._managed: dict[str, set[str]] = {}
        self._coached: dict[str, set[str]] = {}
        self._administered: dict[str, Collection[str]] = {}
        for learner, manager in managers.items():
            self._oversee(self._managed, manager, [learner], f"managers.{learner}")
        for coach, coached in coaches.items():
            self._oversee(self._coached, coach, coached, f"coaches.{coach}")
        for admin, administered in admins.items():
            _check_known(administered, self._groups, f"admins.{admin}")
            self._administered[self._id(admin, f"admins.{admin}")] = tuple(administered)

        self._roles = {self._id(name, f"roles.{name}"): frozenset(held) for name, held in roles.items()}

    def put(self, person: Person) -> None:
        """Add a person, or replace the one who has that id; `InvalidDefinition` when the username is another's."""
        username = nfc(person.username)
        if self._ids.get(username, person.id) != person.id:
            raise InvalidDefinition(f"people.{person.username}", "this username is another's; give it to one person.")
        before = self._people.get(person.id)
        if before is not None:
            del self._ids[nfc(before.username)]
        self._people[person.id] = person
        self._ids[username] = person.id

    def match(self, usernames: Collection[str]) -> Mapping[str, Person]:
        return {name: self._people[self._ids[name]] for name in usernames if name in self._ids}

    def people(self, ids: Collection[str]) -> Mapping[str, Person]:
        return {each: self._people[each] for each in ids if each in self._people}

    def members(self, groups: Collection[str], branches: Collection[str]) -> Iterator[Person]:
        for kind, names, known in (("group", groups, self._groups), ("branch", branches, self._branches)):
            for name in names:
                if name not in known:
                    raise NotFound(kind, name)
        ids = [each for name in groups for each in self._groups[name]]
        ids += [each for code in self._with_sub_branches(branches) for each in self._members[code]]
        return iter([self._people[each] for each in dict.fromkeys(ids)])

    def branches_of(self, learner_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        found: dict[str, list[str]] = {}
        for code in sorted(self._members):
            for each in set(learner_ids).intersection(self._members[code]):
                found.setdefault(each, []).append(code)
        return found

    def overseen(self, actor_id: str) -> frozenset[str]:
        groups = self._administered.get(actor_id, ())
        looked_after = (self._managed.get(actor_id, ()), self._coached.get(actor_id, ()))
        return frozenset().union(*looked_after, *(self._groups[name] for name in groups))

    def overseers(self, learner_ids: Collection[str]) -> Mapping[str, Overseers]:
        wanted = set(learner_ids)
        administered = ((admin, self._groups[name]) for admin, names in self._administered.items() for name in names)
        found: dict[str, tuple[set[str], set[str], set[str]]] = {}
        for kind, relation in enumerate((self._managed.items(), self._coached.items(), administered)):
            for overseer, learners in relation:
                for each in wanted.intersection(learners):
                    found.setdefault(each, (set(), set(), set()))[kind].add(overseer)
        return {each: Overseers(*kinds) for each, kinds in found.items()}

    def roles(self, actor_id: str) -> frozenset[Role] | None:
        return self._roles.get(actor_id)

    def _with_sub_branches(self, branches: Collection[str]) -> Iterator[str]:
        for code in branches:
            yield code
            yield from self._with_sub_branches(self._children.get(code, ()))

    def _oversee(self, of_kind: dict[str, set[str]], overseer: str, people: Collection[str], path: str) -> None:
        of_kind.setdefault(self._id(overseer, path), set()).update(self._named(people, path))

    def _named(self, people: Collection[str], path: str) -> list[str]:
        return [self._id(each, path) for each in people]

    def _id(self, name: str, path: str) -> str:
        found = self._ids.get(nfc(name), name)
        if found not in self._people:
            raise InvalidDefinition(path, f"there is no person {name!r}; give a username or an id from people.")
        return found


def _children(branches: Mapping[str, Branch]) -> dict[str, list[str]]:
    """The branches directly below each one; each branch ends at one without a parent."""
    children: dict[str, list[str]] = {}
    for code, branch in branches.items():
        if branch.parent is not None:
            _check_known([branch.parent], branches, f"branches.{code}")
            children.setdefault(branch.parent, []).append(code)
    for code in branches:
        above, seen = branches[code].parent, {code}
        while above is not None:
            if above in seen:
                raise InvalidDefinition(f"branches.{code}", "this branch is part of itself; give another parent.")
            seen.add(above)
            above = branches[above].parent
    return children


def _check_known(names: Collection[str], known: Collection[str], path: str) -> None:
    for name in names:
        if name not in known:
            raise InvalidDefinition(path, f"{name!r} is not there; add it or correct the name.")
