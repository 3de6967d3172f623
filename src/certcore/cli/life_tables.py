"""What happens in an award's life, as documents and for a human: completions, reasons, renewals, revocations."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType

from certcore.cli.output import plain
from certcore.cli.tables import PEOPLE_SHOWN, facts, mistakes, outcomes, table, titled
from certcore.codec import JSON, Document
from certcore.domain.decisions import Outcome
from certcore.domain.reasons import Reason
from certcore.domain.renewals import Renewal, RenewalState
from certcore.domain.time import format_instant
from certcore.services.archiving import RevokeReport
from certcore.services.completing import CompletionOutcome
from certcore.services.importing import RowError
from certcore.services.importing.request import ERRORS_REPORTED
from certcore.services.removing import Deletion, Removed

COMPLETION_COUNTS = (
    Outcome.NEW,
    Outcome.RENEWED,
    Outcome.HISTORY,
    Outcome.ALREADY_HELD,
    Outcome.RECORDED,
    Outcome.UNCHANGED,
    Outcome.REJECTED,
)
_REVOKED = (Outcome.REVOKED, Outcome.UNCHANGED, Outcome.REJECTED)


def completion_document(
    told: Sequence[CompletionOutcome], lines: Sequence[int] = (), errors: Sequence[RowError] = (), bad: int = 0
) -> Document:
    """What came of completions, by outcome and one by one; ``bad`` rows of a file could not be read, see ``errors``."""
    counts = {each.value: sum(one.outcome is each for one in told) for each in COMPLETION_COUNTS}
    counts["rejected"] += bad
    return {
        "rows": len(told) + bad,
        **counts,
        "errors_total": len(errors),
        "errors": [JSON.unstructure(each) for each in errors[:ERRORS_REPORTED]],
        "outcomes": [
            {
                **({"line": lines[place]} if lines else {}),
                "username": each.learner,
                "item": str(each.item),
                "outcome": each.outcome.value,
                "number": each.number,
                "reasons": reasons_data(each.reasons),
            }
            for place, each in enumerate(told)
        ],
    }


def completion_tables(
    document: Document, told: Sequence[CompletionOutcome], errors: Sequence[RowError]
) -> Iterator[RenderableType]:
    """The same for a human, those who were refused first."""
    if document["rows"] > 1 or not told:
        counts = {each.value: document[each.value] for each in COMPLETION_COUNTS}
        yield outcomes(counts, f"{document['rows']:,} rows")
    if told:
        yield from completions(document["outcomes"])
    yield from mistakes(errors, len(errors), "Correct these and give the file again: what is recorded stays as it is.")


def completions(told: Sequence[Document]) -> Iterator[RenderableType]:
    """The first completions with what came of them, those who were refused before others."""
    line = ("Line",) if "line" in told[0] else ()
    made = table(*line, "Learner", "Item", "Outcome", "Number", "Why", right=line, whole=("Number",))
    for each in sorted(told, key=lambda one: one["outcome"] != Outcome.REJECTED)[:PEOPLE_SHOWN]:
        why = " ".join(reason["text"] for reason in each["reasons"])
        names = (plain(each["username"]), plain(each["item"]), each["outcome"].replace("_", " "))
        made.add_row(*(str(each[name.lower()]) for name in line), *names, each["number"] or "", plain(why))
    yield made
    if len(told) > PEOPLE_SHOWN:
        yield f"… of {len(told):,} completions in all; --json has each of them."


def reasons_data(reasons: Iterable[Reason]) -> list[Document]:
    """Each reason with its code, parameters and sentence."""
    return [reason.to_data() for reason in reasons]


def reasons(title: str, each: Iterable[Reason]) -> RenderableType:
    """The reasons as sentences, below what they are about."""
    made = table("Why")
    for reason in each:
        made.add_row(plain(reason.text))
    return titled(title, made)


def renewal_document(number: str, renewal: Renewal) -> Document:
    """A renewal: how it stands, and the terms that were in force at its start (R-3)."""
    return {
        "number": number,
        "state": renewal.state.value,
        "started_at": format_instant(renewal.started_at),
        "items": [str(item) for item in renewal.items],
        "allow_retake": renewal.allow_retake,
        "policy": renewal.policy.to_data(),
    }


def renewal(number: str, it: Renewal) -> Iterator[RenderableType]:
    """The same for a human, and what is next."""
    yield facts(
        {
            "award": number,
            "renewal": it.state.value,
            "started": f"{it.started_at:%Y-%m-%d %H:%M} UTC",
            "completing": " or ".join(map(str, it.items)) if it.state is RenewalState.OPEN else None,
        }
    )
    if it.state is RenewalState.OPEN:
        yield "What is to be taken again is handed to the catalog by certcore renew deliver."


def revocation_document(report: RevokeReport, *, dry_run: bool) -> Document:
    """What became of awards that were to be revoked, or would become."""
    counts = {each.value: report.counts.get(each, 0) for each in _REVOKED}
    return {
        "awards": sum(counts.values()),
        **counts,
        "dry_run": dry_run,
        "job_id": report.job_id,
        "outcomes": [JSON.unstructure(each) for each in report.outcomes],
    }


def revocations(document: Document, report: RevokeReport) -> Iterator[RenderableType]:
    """The same for a human, what was refused first."""
    title = f"{_count(document['awards'])}{': what would become of it' if document['dry_run'] else ''}"
    yield outcomes({each.value: document[each.value] for each in _REVOKED}, title)
    if report.outcomes:
        made = table("Number", "Outcome", "Why", "Live again", whole=("Live again",))
        for each in sorted(report.outcomes, key=lambda one: one.outcome is not Outcome.REJECTED)[:PEOPLE_SHOWN]:
            why = (each.reason or "").replace("_", " ")
            made.add_row(plain(each.number), each.outcome.value, why, each.restored or "")
        yield made
    if len(report.outcomes) > PEOPLE_SHOWN:
        yield f"… of {_count(document['awards'])} in all."
    if document["dry_run"]:
        yield "Nothing was changed. To revoke for ever, give --reason in place of --dry-run."


def _count(awards: int) -> str:
    return f"{awards:,} award{'' if awards == 1 else 's'}"


def removed_document(removed: Removed, *, dry_run: bool) -> Document:
    """What went for good, or would go."""
    return {
        "awards": removed.awards,
        "entries": removed.entries,
        "numbers": list(removed.numbers),
        "dry_run": dry_run,
    }


def removed(gone: Removed, *, dry_run: bool) -> Iterator[RenderableType]:
    """The same for a human."""
    would = "would go" if dry_run else "gone"
    yield facts({f"awards {would}": f"{gone.awards:,}", f"entries of their history {would}": f"{gone.entries:,}"})
    if gone.numbers:
        more = f" … of {gone.awards:,}" if gone.awards > PEOPLE_SHOWN else ""
        yield ", ".join(gone.numbers[:PEOPLE_SHOWN]) + more
    if dry_run:
        yield "Nothing was removed. To remove for ever, give --for-good and --reason in place of --dry-run."


def deletion_document(deletion: Deletion, *, dry_run: bool) -> Document:
    """What went with a certification, or would go (R-4)."""
    return {**JSON.unstructure(deletion), "dry_run": dry_run}


def deletion(it: Deletion, *, dry_run: bool) -> Iterator[RenderableType]:
    """The same for a human, with the safe way and the other one."""
    yield titled(
        f"{it.certification}: what {'would go' if dry_run else 'is gone'} for good",
        facts(
            {
                "items": f"{it.items:,}",
                "awards": f"{it.awards:,}",
                "of these live": f"{it.live:,}",
                "entries of their history": f"{it.entries:,}",
            }
        ),
    )
    if dry_run:
        live = " and --with-live" if it.live else ""
        yield "Nothing was removed. certcore certification retire is the safe way: no new awards, history kept."
        yield f"To delete it for ever, type its code or its name after --typed{live} in place of --dry-run."
