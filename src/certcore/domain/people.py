"""Learners, actors and what each role may do (R-114)."""

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from certcore.domain.checks import short_text
from certcore.domain.time import zone_rules


class Role(StrEnum):
    """What a person is in the host, beyond being a learner."""

    LEARNER = "learner"
    MANAGER = "manager"
    COACH = "coach"
    GROUP_ADMIN = "group_admin"
    PLATFORM_ADMIN = "platform_admin"


@frozen
class Person:
    """A host's user as certcore needs it; ``id`` is opaque (1 to 64 characters) and never changes.

    Names are of one line and of characters that every storage keeps; raises `InvalidValue` for others.
    """

    id: str = field(validator=short_text(64))
    username: str = field(validator=short_text(255))
    first_name: str = field(default="", validator=short_text(1_000, blank=True))
    last_name: str = field(default="", validator=short_text(1_000, blank=True))
    email: str = ""
    zone: str | None = field(default=None)
    language: str | None = None
    active: bool = True

    @zone.validator
    def _known_zone(self, _attribute: object, zone: str | None) -> None:
        if zone is not None:
            zone_rules(zone)

    @property
    def full_name(self) -> str:
        """The name a document prints: first and last name, or the username when both are blank."""
        return full_name(self.first_name, self.last_name, self.username)


def full_name(first_name: str, last_name: str, username: str) -> str:
    """The name that somebody is shown by."""
    return f"{first_name} {last_name}".strip() or username


def _ids(ids: Iterable[str]) -> frozenset[str]:
    return frozenset(ids)


@frozen
class Overseers:
    """Who looks after a learner now, by id: the other side of `Directory.overseen` (R-72)."""

    managers: frozenset[str] = field(default=frozenset(), converter=_ids)
    coaches: frozenset[str] = field(default=frozenset(), converter=_ids)
    group_admins: frozenset[str] = field(default=frozenset(), converter=_ids)

    @property
    def all(self) -> frozenset[str]:
        """Everybody who does, in whatever way."""
        return self.managers | self.coaches | self.group_admins


NO_OVERSEERS: Final = Overseers()


@frozen
class Actor:
    """Who acts: a host's user id, or a program's name, with its roles at this moment."""

    id: str = field(validator=short_text(64))
    roles: frozenset[Role] = frozenset()

    @classmethod
    def program(cls, name: str) -> "Actor":
        """A program that may do all: the command line, a migration, the host's own code."""
        return cls(f"program:{name}", frozenset({Role.PLATFORM_ADMIN}))


class Act(StrEnum):
    """What an access policy is asked about."""

    DEFINE = "define"
    DELETE = "delete"
    AWARD = "award"
    COMPLETE = "complete"
    RENEW = "renew"
    EDIT = "edit"
    UNASSIGN = "unassign"
    REVOKE = "revoke"
    PURGE = "purge"
    IMPORT = "import"
    VIEW = "view"
    EXPORT = "export"
    SUBMIT_EXTERNAL = "submit_external"
    VIEW_EXTERNAL = "view_external"
    REVIEW_EXTERNAL = "review_external"
    SET_EXTERNAL = "set_external"
    SET_NOTICES = "set_notices"


@frozen
class Scope:
    """The learners an act may touch: everyone, or the ``learners`` named."""

    everyone: bool = False
    learners: frozenset[str] = frozenset()

    def covers(self, learner_id: str) -> bool:
        """Whether the act may touch this learner."""
        return self.everyone or learner_id in self.learners


EVERYONE: Final = Scope(everyone=True)
NOBODY: Final = Scope()


class Reach(IntEnum):
    """Whom a role may touch with an act: one that reaches further is greater."""

    NOBODY = 0
    OWN = 1
    OVERSEEN = 2
    EVERYONE = 3


def _by_role(*, overseers: Reach = Reach.NOBODY, learners: Reach = Reach.NOBODY) -> Mapping[Role, Reach]:
    return MappingProxyType(
        {
            Role.LEARNER: learners,
            Role.MANAGER: overseers,
            Role.COACH: overseers,
            Role.GROUP_ADMIN: overseers,
            Role.PLATFORM_ADMIN: Reach.EVERYONE,
        }
    )


DEFAULT_ACCESS: Final[Mapping[Act, Mapping[Role, Reach]]] = MappingProxyType(
    {
        Act.DEFINE: _by_role(),
        Act.DELETE: _by_role(),
        Act.AWARD: _by_role(),
        Act.COMPLETE: _by_role(),
        Act.RENEW: _by_role(overseers=Reach.OWN, learners=Reach.OWN),
        Act.EDIT: _by_role(),
        Act.UNASSIGN: _by_role(),
        Act.REVOKE: _by_role(),
        Act.PURGE: _by_role(),
        Act.IMPORT: _by_role(),
        Act.VIEW: _by_role(overseers=Reach.OVERSEEN, learners=Reach.OWN),
        Act.EXPORT: _by_role(overseers=Reach.OVERSEEN),
        Act.SUBMIT_EXTERNAL: _by_role(overseers=Reach.OVERSEEN, learners=Reach.OWN),
        Act.VIEW_EXTERNAL: _by_role(overseers=Reach.OVERSEEN, learners=Reach.OWN),
        Act.REVIEW_EXTERNAL: _by_role(overseers=Reach.OVERSEEN),
        Act.SET_EXTERNAL: _by_role(),
        Act.SET_NOTICES: _by_role(),
    }
)
"""Whom each role may touch with each act, where the host does not decide otherwise (R-114, SEED 0 to 4).

`Reach.OVERSEEN` holds one's own as well: those whom the directory says one manages, coaches or administers, and
oneself."""


def default_reach(roles: Iterable[Role], act: Act) -> Reach:
    """The furthest that any of the roles reaches; everybody is a learner."""
    return max(DEFAULT_ACCESS[act][role] for role in (*roles, Role.LEARNER))


def default_scope(actor: Actor, act: Act, overseen: frozenset[str]) -> Scope:
    """The scope that `DEFAULT_ACCESS` gives (R-114).

    ``overseen`` are the ids of the learners whom the actor manages, coaches or administers: whoever oversees somebody
    counts as a manager, whatever the roles say.
    """
    reach = default_reach((*actor.roles, Role.MANAGER) if overseen else actor.roles, act)
    if reach is Reach.EVERYONE:
        return EVERYONE
    if reach is Reach.OVERSEEN:
        return Scope(learners=overseen | {actor.id})
    return Scope(learners=frozenset({actor.id})) if reach is Reach.OWN else NOBODY
