"""Who acts: the command line itself, which may do all, or a person of the directory with the rights they have now."""

from typing import Annotated, Final

from cyclopts import CycloptsError, Parameter

from certcore.cli.session import ACTOR, Session
from certcore.domain.checks import nfc
from certcore.domain.people import Actor
from certcore.errors import NotFound

As = Annotated[str | None, Parameter(name="--as")]
"""Who acts, by username; by default the command line itself, which may do all."""

DRY_RUN: Final = "dry run"
"""Why something is looked at that is not done."""


def actor_of(session: Session, username: str | None) -> Actor:
    """The person of that username with the roles of now; raises `NotFound`."""
    if username is None:
        return ACTOR
    wanted = nfc(username.strip())
    person = session.platform.directory.match([wanted]).get(wanted)
    if person is None:
        raise NotFound("person", username)
    return Actor(person.id, session.platform.directory.roles(person.id) or frozenset())


def reason_for(act: str, reason: str | None, *, dry_run: bool) -> str:
    """The reason that is given, which only a dry run can do without."""
    if reason is None and not dry_run:
        raise CycloptsError(msg=f"Say why with --reason, which is kept; or look first what to {act} with --dry-run.")
    return DRY_RUN if reason is None else reason
