"""How external certificates look to a human."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table

from certcore.cli.output import plain
from certcore.cli.tables import facts, table, titled
from certcore.codec import external_document, history_document
from certcore.domain.history import HistoryEntry
from certcore.domain.reviewers import ExternalSettings
from certcore.services.reviewing import ExternalRecord


def certificates(records: Sequence[ExternalRecord]) -> Iterator[RenderableType]:
    """Certificates of several learners, each with the days of its own zone."""
    yield listed(records) if records else "No external certificates found."


def listed(records: Sequence[ExternalRecord]) -> Table:
    """A line for each certificate."""
    fixed = ("Id", "State", "Delivered", "Expires")
    made = table("Id", "Learner", "Title", *fixed[1:], whole=fixed)
    for each in records:
        it = each.certificate
        made.add_row(
            it.ref,
            plain(each.username),
            plain(it.claim.title),
            it.state,
            it.claim.delivered_on.isoformat(),
            "" if it.claim.expires_on is None else it.claim.expires_on.isoformat(),
        )
    return made


def certificate(record: ExternalRecord, history: Sequence[HistoryEntry] = ()) -> Iterator[RenderableType]:
    """One certificate in full, with its history if that is given."""
    it, told = record.certificate, external_document(record)
    shown = {name.replace("_", " "): value for name, value in told.items() if not isinstance(value, dict | list)}
    shown["file"] = f"{it.document.name} ({it.document.size:,} bytes, SHA-256 {it.document.digest})"
    shown["warnings"] = " ".join(finding.text for finding in it.document.findings) or None
    shown["reasons"] = " ".join(reason.text for reason in it.equated.reasons) or None if it.equated else None
    if it.submitted is not None:
        changed = {name: value for name, value in told["submitted"].items() if value != told[name]}
        original = ", ".join(f"{name.replace('_', ' ')} {value or 'none'}" for name, value in changed.items())
        shown["submitted as"] = original or None
    yield facts(shown)
    if history:
        made = table("", "When (UTC)", "What", "Who", "Comment", right=("",), whole=("When (UTC)",))
        for entry in history:
            known = history_document(entry)
            who, note = plain(known["actor"] or "(erased)"), plain(known["note"] or "")
            made.add_row(str(entry.seq), f"{entry.at:%Y-%m-%d %H:%M}", entry.act, who, note)
        yield titled("History", made)


def settings(settings: ExternalSettings) -> RenderableType:
    """What admins have decided."""
    told = {True: "yes", False: "no"}
    return facts(
        {
            "learners import their own": told[settings.self_import],
            "a reviewer validates": told[settings.validation],
            "reviewers": ", ".join(each.replace("_", " ") for each in sorted(settings.reviewers)),
            "reviewers decide on their own": told[settings.own_review],
            "credits": told[settings.credits],
        }
    )
