"""``certcore sweep``, and what becomes of messages: ``notices deliver|dead|resend``."""

from typing import Annotated, Final

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from certcore.cli.acting import As, actor_of
from certcore.cli.job_tables import answer_waiting
from certcore.cli.session import ACTOR, Here
from certcore.cli.tables import outcomes
from certcore.codec import Document
from certcore.domain.deliveries import Delivery
from certcore.domain.time import format_instant

_AT_ONCE: Final = 10_000
_DELIVERED: Final = 1_000

Limit = Annotated[int, Parameter(validator=Number(gte=1))]


def sweep(*, limit: Limit | None = None, queue: bool = False, session: Here) -> int:
    """Write the reminders of expiries that are due: once each, however often it is run.

    Parameters
    ----------
    limit
        After how many awards to stop; the next sweep goes on there. By default it goes on to the end.
    queue
        Leave it to `certcore worker`; `certcore jobs` tells how far it is.
    """
    now = session.clock()
    if queue:
        if limit is not None:
            raise CycloptsError(msg="--queue goes without --limit: the job goes on to the end.")
        return answer_waiting(session, session.queueing.notifying.queue_sweep(now, actor=ACTOR).public_id)
    notifying = session.registrar.notifying
    reports = [notifying.run_due(now, limit or _AT_ONCE)]
    while limit is None and reports[-1].more and reports[-1].due:
        reports.append(notifying.run_due(now))
    messages = [each._asdict() for report in reports for each in report.messages]
    due = sum(report.due for report in reports)
    if reports[-1].more:
        session.screen.note(["there is more to look at; sweep again."])
    document = {"at": format_instant(now), "due": due, "messages": messages}
    session.screen.answer(document, f"{len(messages):,} new messages, {due:,} reminders due.")
    return 0


def deliver(*, limit: Limit | None = None, queue: bool = False, session: Here) -> int:
    """Turn what happened into messages, send those that are due, and hand orders to the catalog.

    Parameters
    ----------
    limit
        How many at the most, by default 1,000; those that fail come again later.
    queue
        Leave it to `certcore worker`, until nothing is due; `certcore jobs` tells how far it is.
    """
    if queue:
        if limit is not None:
            raise CycloptsError(msg="--queue goes without --limit: the job goes on until nothing is due.")
        return answer_waiting(session, session.queueing.notifying.queue_delivery(actor=ACTOR).public_id)
    report = session.registrar.notifying.deliver_due(limit or _DELIVERED)
    session.screen.answer(report.counts, "Nothing is due." if report.idle else outcomes(report.counts))
    return 1 if report.failed or report.dead else 0


def dead(*, after: str | None = None, limit: Limit = 50, by: As = None, session: Here) -> None:
    """List what was given up, oldest first.

    Parameters
    ----------
    after
        The id of the one behind which to go on.
    limit
        How many at the most.
    by
        Who asks, by username; by default the command line.
    """
    found = session.registrar.notifying.dead(after, limit, actor=actor_of(session, by))
    lines = [f"{each.id}  {each.kind}, {each.attempts} attempts: {each.error}" for each in found]
    session.screen.answer({"dead": list(map(_document, found))}, "\n".join(lines) or "Nothing was given up.")


def resend(ids: list[str], /, *, by: As = None, session: Here) -> int:
    """Let what was given up be tried again.

    Parameters
    ----------
    ids
        Their ids, as ``notices dead`` lists them.
    by
        Who asks, by username; by default the command line.
    """
    count = session.registrar.notifying.resend(ids, actor=actor_of(session, by))
    session.screen.answer({"resent": count}, f"{count:,} of {len(set(ids)):,} will be tried again.")
    return 0 if count == len(set(ids)) else 1


def register_in(group: App) -> None:
    """Let the group ``notices`` have what is about messages."""
    for command in (deliver, dead, resend):
        group.command(command)


def _document(delivery: Delivery) -> Document:
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "attempts": delivery.attempts,
        "error": delivery.error,
        "since": format_instant(delivery.due_at),
    }
