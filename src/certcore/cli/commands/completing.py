"""``certcore complete`` and ``why-not``: what was completed earns and renews, or why it does not."""

from collections.abc import Sequence

from attrs import frozen
from cyclopts import CycloptsError, Parameter

from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import FORMAT, Amount, Day, File, FormatOptions, Instant, certification_ref
from certcore.cli.completing import CompletionFile, record
from certcore.cli.files import jsonable, opened, read_data
from certcore.cli.life_tables import completion_document, completion_tables, reasons, reasons_data
from certcore.cli.session import Here
from certcore.domain.policy import NO_FACTS, Facts
from certcore.services.completing import Completed, CompletionOutcome


def facts_of(file: File | None) -> Facts:
    """The facts of a TOML or JSON file."""
    return NO_FACTS if file is None else Facts.from_data(jsonable(read_data(file)))


@Parameter(name="*")
@frozen(kw_only=True)
class Done:
    """What goes with one completion.

    Parameters
    ----------
    on
        The day of completion, where no more is known.
    at
        The instant of completion, such as 2026-01-31T09:30:00Z; by default now.
    zone
        Where the day is read and the award has its dates; by default the learner's zone.
    score
        The score reached.
    credits
        The credits earned.
    """

    on: Day | None = None
    at: Instant | None = None
    zone: str | None = None
    score: Amount | None = None
    credits: Amount | None = None


NOTHING_MORE = Done()


def complete(
    username: str | None = None,
    item: str | None = None,
    /,
    *,
    done: Done = NOTHING_MORE,
    file: File | None = None,
    format: FormatOptions = FORMAT,
    facts: File | None = None,
    no_notify: bool = False,
    by: As = None,
    session: Here,
) -> int:
    """Report what somebody completed, or what many did: it awards and renews what follows from it.

    The same completion again changes nothing. The columns of a file are username, item, completed (a day, or an instant
    with its offset), and perhaps zone, score and credits.

    Parameters
    ----------
    username
        Who completed it.
    item
        What was completed, such as course:C-1.
    file
        A CSV file of completions in place of one, or - for standard input.
    facts
        A TOML or JSON file with what the policy may ask besides, such as learner attributes.
    no_notify
        Tell nobody of what they get.
    by
        Who reports it, by username; by default the command line.
    """
    platform, actor = session.platform, actor_of(session, by)
    if file is not None:
        if username is not None or done != NOTHING_MORE:
            raise CycloptsError(msg="A file says who completed what and when; leave everything else out.")
        with opened(file) as source:
            rows = CompletionFile.opened(source, format.read(), facts_of(facts))
            told = list(record(platform, rows.completed(), actor=actor, notify=not no_notify))
        return _answer(session, told, rows)
    if username is None or item is None:
        raise CycloptsError(msg="Say who completed what, such as ana course:C-1, or give --file.")
    if done.on is not None and done.at is not None:
        raise CycloptsError(msg="Give the day with --on, or the instant with --at.")
    one = Completed(
        username=username,
        item=item,
        at=done.on or done.at or session.clock(),
        zone=done.zone,
        score=done.score,
        credits=done.credits,
        facts=facts_of(facts),
    )
    return _answer(session, list(record(platform, [one], actor=actor, notify=not no_notify)))


def why_not(username: str, certification: str, /, *, facts: File | None = None, by: As = None, session: Here) -> None:
    """Say why somebody has no award of a certification.

    Parameters
    ----------
    username
        Who has none.
    certification
        Its code, or id: and its id.
    facts
        A TOML or JSON file with what the policy may ask besides, such as learner attributes.
    by
        Who asks, by username; by default the command line, which sees all.
    """
    ref = certification_ref(certification)
    why = session.registrar.completing.why_not(ref, username, actor=actor_of(session, by), facts=facts_of(facts))
    document = {"username": username, "certification": certification, "reasons": reasons_data(why)}
    session.screen.answer(document, reasons(f"{username} and {certification}", why))


def _answer(session: Here, told: Sequence[CompletionOutcome], rows: CompletionFile | None = None) -> int:
    lines, errors, bad = ((), (), 0) if rows is None else (rows.lines, rows.errors, rows.bad)
    if rows is not None:
        session.screen.note([warning.message for warning in rows.table.warnings])
    document = completion_document(told, lines, errors, bad)
    session.screen.answer(document, *completion_tables(document, told, errors))
    return 1 if document["rejected"] else 0
