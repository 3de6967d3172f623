"""Filling the embedded directory: people and branches, created or replaced by username and by code."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeVar
from uuid import uuid4

from attrs import field, frozen
from sqlalchemy import select

from certcore.adapters.sql import host_tables
from certcore.adapters.sql.indexes import SqlIndex
from certcore.adapters.sql.querying import TENANT, among
from certcore.adapters.sql.units import Unit
from certcore.domain.checks import nfc, optional_text, short_text
from certcore.domain.people import Role, full_name
from certcore.domain.time import zone_rules
from certcore.errors import InvalidDefinition

T = TypeVar("T")

BATCH: Final = 5_000

_line = short_text(255, blank=True)
_person = host_tables.person.c
_IDS: Final = among(_person.username_key, "keys", _person.username_key, _person.id)
_STORED: Final = among(_person.id, "ids", _person.id)
_BRANCHES: Final = select(host_tables.branch.c.code, host_tables.branch.c.parent).where(
    host_tables.branch.c.tenant == TENANT
)
_LINKS_OF: Final = (
    (host_tables.group_member, "person_id"),
    (host_tables.group_admin, "person_id"),
    (host_tables.branch_member, "person_id"),
    (host_tables.coaching, "coach_id"),
)


def _once_each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(nfc, texts)))


@frozen(kw_only=True)
class PersonRecord:
    """One person as a world file has them; others are named by username.

    ``manager`` manages them, they coach ``coach_of`` and administer the groups ``admin_of``. ``id`` is the host's own;
    without it they get one when they are first saved, and keep it.
    """

    username: str = field(validator=short_text(255))
    first_name: str = field(default="", validator=_line)
    last_name: str = field(default="", validator=_line)
    email: str = field(default="", validator=_line)
    zone: str | None = field(default=None)
    language: str | None = field(default=None, validator=optional_text(64))
    active: bool = True
    roles: frozenset[Role] = frozenset()
    groups: tuple[str, ...] = field(default=(), converter=_once_each)
    branches: tuple[str, ...] = field(default=(), converter=_once_each)
    manager: str | None = None
    coach_of: tuple[str, ...] = field(default=(), converter=_once_each)
    admin_of: tuple[str, ...] = field(default=(), converter=_once_each)
    id: str | None = field(default=None, validator=optional_text(64))

    @zone.validator
    def _known(self, _attribute: object, zone: str | None) -> None:
        if zone is not None:
            zone_rules(zone)

    @groups.validator
    @branches.validator
    @coach_of.validator
    @admin_of.validator
    def _names(self, attribute: object, names: tuple[str, ...]) -> None:
        for name in names:
            short_text(255)(self, attribute, name)

    @property
    def username_key(self) -> str:
        """By which the person is known: the username in NFC."""
        return nfc(self.username)


@frozen
class BranchRecord:
    """A branch and the one it is part of, by code."""

    code: str = field(converter=nfc, validator=short_text(255))
    parent: str | None = field(default=None, validator=optional_text(255))


def save_people(unit: Unit, tenant: str, people: Iterable[PersonRecord]) -> int:
    """Create each person, or replace who has the username; how many there were. Ids last as long as usernames do.

    Those whom nobody names keep what they have. Raises `InvalidDefinition` for a username that comes twice, and for a
    manager or coached person whom neither ``people`` nor the directory has.
    """
    seen: set[str] = set()
    managers: list[tuple[str, str]] = []
    coached: list[tuple[str, str]] = []
    for batch in _batches(people):
        for each in batch:
            if each.username_key in seen:
                raise InvalidDefinition(f"people.{each.username}", "this username comes twice; keep one of them.")
            seen.add(each.username_key)
        ids = _save_batch(unit, tenant, batch)
        for each in batch:
            person_id = ids[each.username_key]
            managers += [(person_id, nfc(each.manager))] if each.manager else []
            coached += [(person_id, username) for username in each.coach_of]
    _save_managers(unit, tenant, managers)
    for links in _batches(coached):
        known = _ids(unit, tenant, {username for _, username in links}, "coach_of")
        rows = dict.fromkeys((tenant, coach, known[username]) for coach, username in links)
        unit.insert(host_tables.coaching, list(rows), "who coaches whom")
    return len(seen)


def _save_batch(unit: Unit, tenant: str, people: Collection[PersonRecord]) -> Mapping[str, str]:
    """Store the batch but for who looks after whom; the ids by username."""
    ids = _new_and_known(unit, tenant, people)
    stored = {row[0] for row in unit.rows(_STORED, tenant=tenant, ids=list(ids.values()))}
    for table, owner in _LINKS_OF:
        unit.delete_each(table, owner, [(tenant, person_id) for person_id in stored], "a person")
    rows = [_row(tenant, ids[each.username_key], each) for each in people]
    unit.insert(host_tables.person, [row for row in rows if row[1] not in stored], "one of the people")
    unit.upsert(host_tables.person, [row for row in rows if row[1] in stored], "one of the people")
    names = {ids[each.username_key]: full_name(each.first_name, each.last_name, each.username) for each in people}
    SqlIndex(unit, tenant).put_names(names)
    _save_memberships(unit, tenant, [(ids[each.username_key], each) for each in people])
    return ids


def _new_and_known(unit: Unit, tenant: str, people: Collection[PersonRecord]) -> Mapping[str, str]:
    """The id of each: the one stored with the username, else the one given, else a new one."""
    keys = [each.username_key for each in people]
    known = {row[0]: row[1] for row in unit.rows(_IDS, tenant=tenant, keys=keys)}
    ids = {}
    for each in people:
        found = known.get(each.username_key)
        if found and each.id and each.id != found:
            raise InvalidDefinition(f"people.{each.username}", f"this username is that of {found!r}; correct the id.")
        ids[each.username_key] = found or each.id or uuid4().hex
    return ids


def _save_memberships(unit: Unit, tenant: str, people: Collection[tuple[str, PersonRecord]]) -> None:
    in_groups = [(tenant, name, person_id) for person_id, each in people for name in each.groups]
    unit.insert(host_tables.group_member, in_groups, "a group's member")
    in_branches = [(tenant, code, person_id) for person_id, each in people for code in each.branches]
    unit.insert(host_tables.branch_member, in_branches, "a branch's member")
    admins = [(tenant, person_id, name) for person_id, each in people for name in each.admin_of]
    unit.insert(host_tables.group_admin, admins, "a group's admin")
    _save_mentioned(unit, tenant, {code for _, each in people for code in each.branches})


def _row(tenant: str, person_id: str, person: PersonRecord) -> tuple[object, ...]:
    return (
        tenant,
        person_id,
        person.username,
        person.username_key,
        person.first_name,
        person.last_name,
        person.email,
        person.zone,
        person.language,
        int(person.active),
        json.dumps(sorted(person.roles)),
        None,
    )


def _save_managers(unit: Unit, tenant: str, managers: Iterable[tuple[str, str]]) -> None:
    for links in _batches(managers):
        known = _ids(unit, tenant, {username for _, username in links}, "manager")
        rows = [(known[username], tenant, person_id) for person_id, username in links]
        unit.set_each(host_tables.person, "manager_id", rows, "who manages whom")


def _ids(unit: Unit, tenant: str, usernames: Collection[str], key: str) -> Mapping[str, str]:
    """The ids of people who are named; `InvalidDefinition` for one who is not there."""
    known = {row[0]: row[1] for row in unit.rows(_IDS, tenant=tenant, keys=usernames)}
    for username in usernames:
        if username not in known:
            raise InvalidDefinition(f"people.{key}", f"there is no person {username!r}; add them or correct the name.")
    return known


def save_branches(unit: Unit, tenant: str, branches: Iterable[BranchRecord]) -> int:
    """Create or replace branches by code; how many there were.

    Raises `InvalidDefinition` for a parent that neither ``branches`` nor the directory has, and a branch within itself.
    """
    given = {each.code: each.parent for each in branches}
    parents = {row[0]: row[1] for row in unit.rows(_BRANCHES, tenant=tenant)} | given
    for code in given:
        _check_chain(code, parents)
    unit.upsert(host_tables.branch, [(tenant, code, parent) for code, parent in given.items()], "a branch")
    return len(given)


def _check_chain(code: str, parents: Mapping[str, str | None]) -> None:
    above, seen = parents[code], {code}
    while above is not None:
        if above in seen:
            raise InvalidDefinition(f"branches.{code}", "this branch is part of itself; give another parent.")
        if above not in parents:
            raise InvalidDefinition(f"branches.{code}", f"there is no branch {above!r}; add it or correct the code.")
        seen.add(above)
        above = parents[above]


def _save_mentioned(unit: Unit, tenant: str, codes: Collection[str]) -> None:
    """Branches that people are in and nobody has described stand at the top."""
    if codes:
        known = {row[0] for row in unit.rows(_BRANCHES, tenant=tenant)}
        unit.insert(host_tables.branch, [(tenant, code, None) for code in sorted(set(codes) - known)], "a branch")


def _batches(values: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(values)
    while batch := list(islice(remaining, BATCH)):
        yield batch
