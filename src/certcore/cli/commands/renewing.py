"""``certcore renew``: whether an award can be renewed, starting and cancelling, and what the catalog is to do."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from certcore.cli import life_tables
from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import File
from certcore.cli.commands.completing import facts_of
from certcore.cli.session import Here
from certcore.cli.tables import outcomes
from certcore.codec import JSON
from certcore.domain.certifications import ItemRef
from certcore.domain.numbers import normal_number
from certcore.domain.renewals import Renewal

Again = Annotated[tuple[str, ...], Parameter(name="--again", metavar="ITEM")]


def check(
    number: str,
    /,
    *,
    never_expiring: bool = False,
    facts: File | None = None,
    by: As = None,
    session: Here,
) -> None:
    """Say whether an award can be renewed now, with every reason.

    Parameters
    ----------
    number
        The certificate's number.
    never_expiring
        Ask for the renewal of an award that never expires.
    facts
        A TOML or JSON file with what the policy may ask besides, such as learner attributes.
    by
        Who asks, by username; by default the command line, which may ask about all.
    """
    found = session.registrar.renewing.check(
        number, actor=actor_of(session, by), facts=facts_of(facts), never_expiring=never_expiring
    )
    title = f"{number} can be renewed" if found.renewable else f"{number} cannot be renewed now"
    document = {"renewable": found.renewable, "reasons": life_tables.reasons_data(found.reasons)}
    session.screen.answer(document, life_tables.reasons(title, found.reasons))


def start(
    number: str,
    /,
    *,
    again: Again = (),
    never_expiring: bool = False,
    facts: File | None = None,
    key: str | None = None,
    by: As = None,
    session: Here,
) -> None:
    """Start to renew an award; one that is open already stays as it is. Completing an item then fulfils it.

    Parameters
    ----------
    number
        The certificate's number.
    again
        What is to be taken again, such as course:C-1; may be given several times. By default what earned the award.
    never_expiring
        Renew also an award that never expires.
    facts
        A TOML or JSON file with what the policy may ask besides, such as learner attributes.
    key
        An idempotency key: the same act with the same key is done once.
    by
        Who starts it, by username; by default the command line.
    """
    renewal = session.registrar.renewing.start(
        number,
        actor=actor_of(session, by),
        again=[ItemRef.parse(item) for item in again] or None,
        facts=facts_of(facts),
        never_expiring=never_expiring,
        key=key,
    )
    _answer(session, number, renewal)


def cancel(number: str, /, *, reason: str | None = None, by: As = None, session: Here) -> None:
    """Cancel the renewal that is open; what the catalog was not told yet, it is not told any more.

    Parameters
    ----------
    number
        The certificate's number.
    reason
        Why, for the history.
    by
        Who cancels it, by username; by default the command line.
    """
    _answer(session, number, session.registrar.renewing.cancel(number, actor=actor_of(session, by), reason=reason))


def deliver(*, limit: Annotated[int, Parameter(validator=Number(gte=1))] = 100, session: Here) -> int:
    """Hand orders to take items again to the catalog: it archives the enrolment, resets the tracking and enrols again.

    Parameters
    ----------
    limit
        How many at the most; those that fail come again later.
    """
    document = JSON.unstructure(session.registrar.renewing.deliver(limit))
    told = outcomes(document) if any(document.values()) else "No orders are due."
    session.screen.answer(document, told)
    return 1 if document["failed"] else 0


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="renew", help="Renew awards: check, start, cancel; hand orders to the catalog.")
    for command in (check, start, cancel, deliver):
        group.command(command)
    app.command(group)


def _answer(session: Here, number: str, renewal: Renewal) -> None:
    number = normal_number(number) or number
    session.screen.answer(life_tables.renewal_document(number, renewal), *life_tables.renewal(number, renewal))
