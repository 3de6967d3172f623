"""The access policy that certcore brings along, and what each operation asks of an access policy (R-114)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from attrs import evolve, frozen

from certcore.domain.awards import Award
from certcore.domain.numbers import normal_number
from certcore.domain.people import (
    NOBODY,
    Act,
    Actor,
    Reach,
    Role,
    Scope,
    default_reach,
    default_scope,
)
from certcore.domain.views import Viewer
from certcore.errors import NotFound
from certcore.ports import AccessPolicy, Directory, Ports, Transaction

OPERATIONS: Final[Mapping[str, tuple[Act, ...]]] = MappingProxyType(
    {
        "archiving.preview_revoke": (Act.REVOKE,),
        "archiving.purge": (Act.PURGE,),
        "archiving.purge_older": (Act.PURGE,),
        "archiving.restore": (Act.REVOKE,),
        "archiving.revoke": (Act.REVOKE,),
        "archiving.revoke_many": (Act.REVOKE,),
        "archiving.run": (Act.REVOKE,),
        "awarding.award": (Act.AWARD,),
        "awarding.run": (Act.AWARD,),
        "correcting.apply_policy": (Act.DEFINE, Act.EDIT),
        "completing.record": (Act.COMPLETE,),
        "completing.retroactive": (Act.COMPLETE,),
        "completing.why_not": (Act.VIEW,),
        "correcting.edit": (Act.EDIT,),
        "correcting.unassign": (Act.UNASSIGN,),
        "defining.add": (Act.DEFINE,),
        "defining.assign": (Act.DEFINE,),
        "defining.delete": (Act.DELETE,),
        "defining.edit": (Act.DEFINE,),
        "defining.get": (Act.VIEW,),
        "defining.overviews": (Act.VIEW,),
        "defining.preview_delete": (Act.DELETE,),
        "defining.preview_unassign": (Act.DEFINE,),
        "defining.reinstate": (Act.DEFINE,),
        "defining.retire": (Act.DEFINE,),
        "defining.set_automatic": (Act.DEFINE,),
        "defining.unassign_items": (Act.DEFINE, Act.UNASSIGN),
        "exporting.delete": (Act.EXPORT,),
        "exporting.open": (Act.EXPORT,),
        "exporting.queue": (Act.EXPORT,),
        "exporting.report": (Act.EXPORT,),
        "exporting.write": (Act.EXPORT,),
        "forecasting.compliance": (Act.VIEW,),
        "forecasting.forecast": (Act.VIEW,),
        "importing.get": (Act.IMPORT,),
        "importing.queue": (Act.IMPORT,),
        "importing.recent": (Act.IMPORT,),
        "importing.rejects": (Act.IMPORT,),
        "importing.run": (Act.IMPORT,),
        "importing.run_job": (Act.IMPORT,),
        "importing.undo": (Act.IMPORT,),
        "indexing.refresh": (),
        "indexing.sync": (),
        "notifying.dead": (Act.SET_NOTICES,),
        "notifying.deliver_due": (),
        "notifying.history": (Act.SET_NOTICES,),
        "notifying.preview": (Act.SET_NOTICES,),
        "notifying.queue_delivery": (Act.SET_NOTICES,),
        "notifying.queue_sweep": (Act.SET_NOTICES,),
        "notifying.remove_rule": (Act.SET_NOTICES,),
        "notifying.remove_template": (Act.SET_NOTICES,),
        "notifying.resend": (Act.SET_NOTICES,),
        "notifying.rules": (Act.SET_NOTICES,),
        "notifying.run_due": (),
        "notifying.set_rule": (Act.SET_NOTICES,),
        "notifying.set_template": (Act.SET_NOTICES,),
        "notifying.switch_rule": (Act.SET_NOTICES,),
        "notifying.templates": (Act.SET_NOTICES,),
        "notifying.tend": (),
        "previewing.edit": (Act.VIEW,),
        "previewing.policy_change": (Act.VIEW,),
        "previewing.summary": (Act.VIEW,),
        "proving.document": (Act.VIEW,),
        "proving.documents": (Act.VIEW,),
        "proving.share": (Act.VIEW,),
        "proving.verify": (),
        "renewing.cancel": (Act.RENEW,),
        "renewing.check": (Act.VIEW,),
        "renewing.deliver": (),
        "renewing.start": (Act.RENEW,),
        "reporting.awarded": (Act.VIEW,),
        "reporting.certifications_users": (Act.VIEW,),
        "reporting.emptied": (Act.VIEW,),
        "reporting.search": (Act.VIEW,),
        "reporting.show": (Act.VIEW,),
        "reporting.statuses": (Act.VIEW,),
        "reporting.users_certifications": (Act.VIEW,),
        "reviewing.change_settings": (Act.SET_EXTERNAL,),
        "reviewing.collect_orphans": (Act.SET_EXTERNAL,),
        "reviewing.correct": (Act.REVIEW_EXTERNAL,),
        "reviewing.document": (Act.VIEW_EXTERNAL,),
        "reviewing.reject": (Act.REVIEW_EXTERNAL,),
        "reviewing.search": (Act.VIEW_EXTERNAL,),
        "reviewing.settings": (Act.VIEW_EXTERNAL,),
        "reviewing.settings_history": (Act.SET_EXTERNAL,),
        "reviewing.show": (Act.VIEW_EXTERNAL,),
        "reviewing.submit": (Act.SUBMIT_EXTERNAL,),
        "reviewing.tasks": (Act.REVIEW_EXTERNAL,),
        "reviewing.validate": (Act.REVIEW_EXTERNAL,),
        "reviewing.withdraw": (Act.SUBMIT_EXTERNAL,),
        "running.begin": (),
        "running.cancel": (Act.AWARD, Act.IMPORT, Act.REVOKE),
        "running.fail": (),
        "running.get": (),
        "running.in_state": (),
        "running.requeue": (),
        "running.resume": (Act.AWARD, Act.IMPORT, Act.REVOKE),
        "running.run": (),
        "running.run_queued": (),
        "running.unpark": (),
        "viewing.learner": (Act.VIEW, Act.VIEW_EXTERNAL),
    }
)
"""Every operation of every service, by the name under which a `Registrar` has it, with the acts that it asks about.

Those that ask about none take no actor: they are for the host's own code and never for a user's request.
``docs/reference/access.md`` shows this table and `DEFAULT_ACCESS`; a test tries each row with every role."""


@frozen
class RoleAccess(AccessPolicy):
    """Decides by the roles that the directory gives the actor now, else the actor's own, and by whom they oversee."""

    directory: Directory

    def scope(self, actor: Actor, act: Act) -> Scope:
        """What `DEFAULT_ACCESS` says; the directory is asked whom they oversee only where that matters."""
        roles = self.directory.roles(actor.id)
        if roles is not None:
            actor = evolve(actor, roles=roles)
        matters = default_reach((*actor.roles, Role.MANAGER), act) is Reach.OVERSEEN
        return default_scope(actor, act, self.directory.overseen(actor.id) if matters else frozenset())


def demand(ports: Ports, actor: Actor, act: Act, kind: str, ref: str) -> Scope:
    """The scope of the act; `NotFound` when it is empty: not allowed looks like not there (R-114)."""
    scope = ports.access.scope(actor, act)
    if scope == NOBODY:
        raise NotFound(kind, ref)
    return scope


def find_award(tx: Transaction, number: str, scope: Scope) -> Award:
    """The award with this number, however it is typed; `NotFound` also where the scope does not cover it (R-114)."""
    normal = normal_number(number)
    award = tx.awards.by_number([normal]).get(normal) if normal else None
    if award is None or not scope.covers(award.learner_id):
        raise NotFound("award", number)
    return award


def find_shown(tx: Transaction, number: str, viewer: Viewer) -> Award:
    """The award with this number, if the viewer sees anything of it; else `NotFound` (R-33, R-61, R-114)."""
    award = find_award(tx, number, viewer.scope)
    if viewer.shown(award) is None:
        raise NotFound("award", number)
    return award
