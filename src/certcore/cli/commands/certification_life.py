"""``certcore certification``: what carries it, taking it out of use and back, deleting it, and looking back."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from cyclopts import App, CycloptsError, Parameter

from certcore.cli import life_tables
from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import certification_ref
from certcore.cli.definitions import answer
from certcore.cli.session import Here
from certcore.cli.tables import facts
from certcore.domain.certifications import ItemRef
from certcore.domain.people import Actor
from certcore.errors import InvalidValue
from certcore.services.defining import Earned, Unassigned

Issue = Annotated[Literal["automatic", "by-hand", "as-certified"] | None, Parameter(name="--issue")]
_AUTOMATIC: Final = {"automatic": True, "by-hand": False, "as-certified": None}


def retire(certification: str, /, *, by: As = None, session: Here) -> None:
    """Take a certification out of use: no new awards, history kept.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    by
        Who retires it, by username; by default the command line.
    """
    actor = actor_of(session, by)
    answer(session, session.registrar.defining.retire(certification_ref(certification), actor=actor).id, actor)


def reinstate(certification: str, /, *, by: As = None, session: Here) -> None:
    """Put a retired certification into use again.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    by
        Who reinstates it, by username; by default the command line.
    """
    actor = actor_of(session, by)
    answer(session, session.registrar.defining.reinstate(certification_ref(certification), actor=actor).id, actor)


def delete(
    certification: str,
    /,
    *,
    typed: str | None = None,
    with_live: bool = False,
    reason: str | None = None,
    dry_run: bool = False,
    by: As = None,
    session: Here,
) -> None:
    """Delete a certification for good, with its items, awards and their history; retiring it is the safe way.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    typed
        Its code or its name, typed once more.
    with_live
        Delete it even while live awards exist, and these too.
    reason
        Why, for what stays of each award: its number, who, when and why.
    dry_run
        Count what would go, and delete nothing.
    by
        Who deletes it, by username; by default the command line.
    """
    if (typed is None) is not dry_run:
        raise CycloptsError(
            msg="Look first what would go with --dry-run; then type its code or name once more after --typed."
        )
    ref, defining, actor = certification_ref(certification), session.registrar.defining, actor_of(session, by)
    if typed is None:
        gone = defining.preview_delete(ref, actor=actor)
    else:
        gone = defining.delete(ref, typed=typed, actor=actor, with_live=with_live, reason=reason)
    session.screen.answer(
        life_tables.deletion_document(gone, dry_run=dry_run), *life_tables.deletion(gone, dry_run=dry_run)
    )


def assign(certification: str, /, *items: str, issue: Issue = None, by: As = None, session: Here) -> None:
    """Let courses, learning plans or external activities carry a certification.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    items
        What carries it from now on, such as course:C-1.
    issue
        Whether completing these items awards it, or it is awarded by hand only; by default as the certification says.
    by
        Who assigns them, by username; by default the command line.
    """
    ref, actor, defining = certification_ref(certification), actor_of(session, by), session.registrar.defining
    given = [ItemRef.parse(item) for item in items]
    with session.platform.storage.transaction():
        defining.assign(ref, given, actor=actor)
        if issue is not None:
            defining.set_automatic(given, _AUTOMATIC[issue], actor=actor)
    answer(session, ref, actor)


def unassign(
    certification: str,
    /,
    *items: str,
    awards: Literal["keep", "remove"] | None = None,
    reason: str | None = None,
    dry_run: bool = False,
    by: As = None,
    session: Here,
) -> None:
    """Let items no longer carry a certification; the awards earned through them are kept or taken back, as you say.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    items
        What carries it no longer, such as course:C-1.
    awards
        What becomes of the live awards earned through them: keep or remove; removed ones stay in history.
    reason
        Why, for the history of those that are removed.
    dry_run
        Count the awards, and change nothing.
    by
        Who does it, by username; by default the command line.
    """
    if not items:
        raise CycloptsError(msg="Name the items, such as course:C-1.")
    if (awards is None) is not dry_run:
        raise CycloptsError(
            msg="Look first at what was earned through them with --dry-run; then say --awards keep or --awards remove."
        )
    ref, actor, defining = certification_ref(certification), actor_of(session, by), session.registrar.defining
    given = [ItemRef.parse(item) for item in items]
    with session.platform.storage.transaction():
        _check_carried(session, ref, given, actor)
        if awards is None:
            found = defining.preview_unassign(given, actor=actor)
        else:
            found = defining.unassign_items(given, awards=Earned(awards), actor=actor, reason=reason)
    _tell_unassigned(session, certification, found, dry_run=dry_run)


def retroactive(
    certification: str, /, *, award: bool = False, no_notify: bool = False, by: As = None, session: Here
) -> None:
    """List who would hold a certification if what was completed before it was assigned had counted.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    award
        Award it to them; without it nothing is written.
    no_notify
        Tell nobody of what they get.
    by
        Who looks back, by username; by default the command line.
    """
    report = session.registrar.completing.retroactive(
        certification_ref(certification), actor=actor_of(session, by), award=award, notify=not no_notify
    )
    document: dict[str, Any] = {
        "awarded": award,
        "learners": len(report.outcomes),
        "outcomes": life_tables.completion_document(report.outcomes)["outcomes"],
    }
    if not report.outcomes:
        session.screen.answer(document, "Nobody qualifies by what was completed before.")
        return
    more = "Awarded." if award else "Nothing was written. To award it to them: --award"
    session.screen.answer(document, *life_tables.completions(document["outcomes"]), more)


def register(group: App) -> None:
    """Let ``certcore certification`` have these commands."""
    for command in (retire, reinstate, delete, assign, unassign, retroactive):
        group.command(command)


def _check_carried(session: Here, ref: str | int, items: Sequence[ItemRef], actor: Actor) -> None:
    """Raise `InvalidValue` for an item that carries another certification than the one that is named."""
    defining = session.registrar.defining
    wanted = defining.get(ref, actor=actor).certification
    for each in defining.overviews(actor=actor):
        for item in items:
            if item in each.items and each.certification.id != wanted.id:
                other = each.certification.label
                raise InvalidValue("item", str(item), f"one that carries {wanted.label}; it carries {other}")


def _tell_unassigned(session: Here, certification: str, found: Unassigned, *, dry_run: bool) -> None:
    items = [str(item) for item in found.items]
    document = {
        "certification": certification,
        "items": items,
        "awards": found.awards,
        "removed": found.removed,
        "dry_run": dry_run,
    }
    told = {
        "would carry nothing" if dry_run else "carry nothing now": ", ".join(items) or "none of them did carry it",
        "live awards earned through them": f"{found.awards:,}",
        "of these taken back": None if dry_run else f"{found.removed:,}",
    }
    more = ["Nothing was changed. Say --awards keep or --awards remove in place of --dry-run."] if dry_run else []
    session.screen.answer(document, facts(told), *more)
