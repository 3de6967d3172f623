"""A directory in tables, for where no host has its own: the command line, demos, small installations."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Executable, and_, bindparam, select, tuple_, union

from certcore.adapters.sql import host_tables, people
from certcore.adapters.sql.people import BranchRecord, PersonRecord
from certcore.adapters.sql.querying import TENANT, among
from certcore.adapters.sql.storage import SqlStorage
from certcore.adapters.sql.values import all_exact, exact, readable
from certcore.domain.people import Overseers, Person, Role
from certcore.errors import NotFound
from certcore.ports import Directory

_person = host_tables.person.c
_member = host_tables.group_member.c
_admin = host_tables.group_admin.c
_coaching = host_tables.coaching.c
_branch = host_tables.branch.c
_belonging = host_tables.branch_member.c

_PERSON: Final = (
    _person.id,
    _person.username,
    _person.first_name,
    _person.last_name,
    _person.email,
    _person.zone,
    _person.language,
    _person.active,
    _person.username_key,
)
_BY_USERNAME: Final = among(_person.username_key, "keys", *_PERSON)
_BY_ID: Final = among(_person.id, "ids", *_PERSON)
_ROLES: Final = among(_person.id, "ids", _person.roles)

_GROUPS: Final = union(
    among(_member.group_name, "names", _member.group_name), among(_admin.group_name, "names", _admin.group_name)
)
_BRANCHES: Final = among(_branch.code, "names", _branch.code)
_tree = among(_branch.code, "names", _branch.code).cte("tree", recursive=True)
_tree = _tree.union(select(_branch.code).join(_tree, _branch.parent == _tree.c.code).where(_branch.tenant == TENANT))
_OF_GROUPS: Final = among(_member.group_name, "names", _member.person_id)
_OF_BRANCHES: Final = select(_belonging.person_id).where(
    tuple_(_belonging.tenant, _belonging.branch).in_(select(TENANT, _tree.c.code))
)
_BRANCHES_OF: Final = among(_belonging.person_id, "ids", _belonging.person_id, _belonging.branch)
_PAGE: Final = 10_000
_administered = select(_admin.tenant, _admin.group_name).where(
    _admin.tenant == TENANT, _admin.person_id == bindparam("actor")
)
_OVERSEEN: Final = union(
    select(_person.id).where(_person.tenant == TENANT, _person.manager_id == bindparam("actor")),
    select(_coaching.learner_id).where(_coaching.tenant == TENANT, _coaching.coach_id == bindparam("actor")),
    select(_member.person_id).where(tuple_(_member.tenant, _member.group_name).in_(_administered)),
)
_MANAGERS: Final = among(_person.id, "ids", _person.id, _person.manager_id).where(_person.manager_id.is_not(None))
_COACHES: Final = among(_coaching.learner_id, "ids", _coaching.learner_id, _coaching.coach_id)
_GROUP_ADMINS: Final = among(_member.person_id, "ids", _member.person_id, _admin.person_id).join(
    host_tables.group_admin, and_(_admin.tenant == TENANT, _admin.group_name == _member.group_name)
)


def _read_roles(roles: Any) -> frozenset[Role]:
    return frozenset(map(Role, json.loads(roles)))


class SqlDirectory(Directory):
    """People, groups and branches in the tables of a `SqlStorage`; a group is there while it has a member or an admin.

    A row that cannot be read raises `CorruptRecord`; `members` goes on without it and gives it to the storage's
    ``on_corrupt``.
    """

    def __init__(self, storage: SqlStorage) -> None:
        self._storage = storage

    def match(self, usernames: Collection[str]) -> Mapping[str, Person]:
        rows = self._rows(_BY_USERNAME, keys=usernames) if usernames else ()
        return dict(zip((row[-1] for row in rows), _people_of(rows), strict=True))

    def people(self, ids: Collection[str]) -> Mapping[str, Person]:
        return {each.id: each for each in _people_of(self._rows(_BY_ID, ids=ids))} if ids else {}

    def roles(self, actor_id: str) -> frozenset[Role] | None:
        rows = self._rows(_ROLES, ids=[actor_id])
        return exact("person", actor_id, _read_roles, rows[0]) if rows else None

    def members(self, groups: Collection[str], branches: Collection[str]) -> Iterator[Person]:
        return self._members(self.member_ids(groups, branches))

    def member_ids(self, groups: Collection[str], branches: Collection[str]) -> Sequence[str]:
        for kind, statement, names in (("group", _GROUPS, groups), ("branch", _BRANCHES, branches)):
            known = {row[0] for row in self._rows(statement, names=names)} if names else set()
            for name in names:
                if name not in known:
                    raise NotFound(kind, name)
        found: set[str] = set()
        with self._storage.reading() as tx:
            for statement, names in ((_OF_GROUPS, groups), (_OF_BRANCHES, branches)):
                pages = tx.unit.pages(statement, _PAGE, tenant=self._storage.tenant, names=names) if names else ()
                for page in pages:
                    found.update(row[0] for row in page)
        return sorted(found)

    def _members(self, ids: Sequence[str]) -> Iterator[Person]:
        # Page by page, so that no transaction is open while the caller works on what it got.
        for start in range(0, len(ids), people.BATCH):
            rows = self._rows(_BY_ID, ids=ids[start : start + people.BATCH])
            yield from readable("person", _read_person, ((row[0], row) for row in rows), self._storage.on_corrupt)

    def branches_of(self, learner_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        found: dict[str, list[str]] = {}
        for learner_id, code in self._rows(_BRANCHES_OF, ids=learner_ids) if learner_ids else ():
            found.setdefault(learner_id, []).append(code)
        return {learner_id: sorted(codes) for learner_id, codes in found.items()}

    def overseen(self, actor_id: str) -> frozenset[str]:
        return frozenset(row[0] for row in self._rows(_OVERSEEN, actor=actor_id))

    def overseers(self, learner_ids: Collection[str]) -> Mapping[str, Overseers]:
        if not learner_ids:
            return {}
        found: dict[str, list[set[str]]] = {}
        for kind, statement in enumerate((_MANAGERS, _COACHES, _GROUP_ADMINS)):
            for learner_id, overseer_id in self._rows(statement, ids=learner_ids):
                found.setdefault(learner_id, [set(), set(), set()])[kind].add(overseer_id)
        return {learner_id: Overseers(*kinds) for learner_id, kinds in found.items()}

    def save_people(self, records: Iterable[PersonRecord]) -> int:
        """Create or replace people by username in one transaction; see `certcore.adapters.sql.people.save_people`."""
        with self._storage.transaction() as tx:
            return people.save_people(tx.unit, self._storage.tenant, records)

    def save_branches(self, records: Iterable[BranchRecord]) -> int:
        """Create or replace branches by code in one transaction; see `certcore.adapters.sql.people.save_branches`."""
        with self._storage.transaction() as tx:
            return people.save_branches(tx.unit, self._storage.tenant, records)

    def _rows(self, statement: Executable, /, **values: object) -> Sequence[Any]:
        with self._storage.reading() as tx:
            return tx.unit.rows(statement, tenant=self._storage.tenant, **values)


def _people_of(rows: Sequence[Any]) -> list[Person]:
    return all_exact("person", itemgetter(0), _read_person, rows)


_FLAGS: Final = {0: False, 1: True}


def _read_person(*row: Any) -> Person:
    person_id, username, first_name, last_name, email, zone, language, active, _key = row
    return Person(person_id, username, first_name, last_name, email, zone, language, _FLAGS[active])
