"""Learners, actors and what each role may do (R-114)."""

from collections.abc import Iterable
from enum import StrEnum
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
    """A host's user as certcore needs it; ``id`` is opaque (1 to 64 characters) and never changes."""

    id: str = field(validator=short_text(64))
    username: str = field(validator=short_text(255))
    first_name: str = ""
    last_name: str = ""
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
        return f"{self.first_name} {self.last_name}".strip() or self.username


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
    AWARD = "award"
    EDIT = "edit"
    UNASSIGN = "unassign"
    IMPORT = "import"
    VIEW = "view"
    SUBMIT_EXTERNAL = "submit_external"
    VIEW_EXTERNAL = "view_external"
    REVIEW_EXTERNAL = "review_external"
    SET_EXTERNAL = "set_external"


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


def default_scope(actor: Actor, act: Act, overseen: frozenset[str]) -> Scope:
    """The scope that SEED 0 to 4 give: platform admins do all, others see themselves and those they oversee (R-114).

    ``overseen`` are the ids of the learners whom the actor manages, coaches or administers.
    """
    if Role.PLATFORM_ADMIN in actor.roles:
        return EVERYONE
    if act is Act.VIEW:
        return Scope(learners=overseen | {actor.id})
    return NOBODY
