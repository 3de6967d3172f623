"""The access policy that certcore brings along (R-114)."""

from attrs import evolve, frozen

from certcore.domain.people import NOBODY, Act, Actor, Scope, default_scope
from certcore.errors import NotFound
from certcore.ports import AccessPolicy, Directory, Ports


@frozen
class RoleAccess(AccessPolicy):
    """Decides by the roles that the directory gives the actor now, else the actor's own, and by whom they oversee."""

    directory: Directory

    def scope(self, actor: Actor, act: Act) -> Scope:
        """Platform admins may do all; others view themselves and those they oversee."""
        roles = self.directory.roles(actor.id)
        if roles is not None:
            actor = evolve(actor, roles=roles)
        overseen = self.directory.overseen(actor.id) if act is Act.VIEW else frozenset[str]()
        return default_scope(actor, act, overseen)


def demand(ports: Ports, actor: Actor, act: Act, kind: str, ref: str) -> Scope:
    """The scope of the act; `NotFound` when it is empty: not allowed looks like not there (R-114)."""
    scope = ports.access.scope(actor, act)
    if scope == NOBODY:
        raise NotFound(kind, ref)
    return scope
