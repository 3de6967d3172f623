"""How a learner's view looks, as a document and as tables; its days are those of the zone it names (R-10, R-96)."""

from collections.abc import Iterator, Sequence
from datetime import date

from rich.console import RenderableType
from rich.table import Table

from certcore.cli import external_tables
from certcore.cli.output import plain
from certcore.cli.tables import table, titled
from certcore.codec import Document, external_document
from certcore.domain.time import format_instant
from certcore.services.viewing import LearnerAward, LearnerView


def view_document(view: LearnerView) -> Document:
    """What the learner holds and held."""
    return {
        "username": view.person.username if view.person else view.learner_id,
        "at": format_instant(view.at),
        "zone": view.zone,
        "awards": [_document(each) for each in view.awards],
        "history": [_document(each) for each in view.history],
        "externals": [external_document(each) for each in view.externals],
    }


def _document(each: LearnerAward) -> Document:
    record, award, period = each.record, each.award, each.award.period
    return {
        "number": award.number,
        "title": each.title,
        "code": record.certification.code,
        "description": each.description,
        "status": each.status.value,
        "issued_at": format_instant(period.issued_at),
        "issued_on": each.issued_on.isoformat(),
        "expires_at": None if period.expires_at is None else format_instant(period.expires_at),
        "last_valid_day": _day(each.last_valid_day),
        "days_left": each.days_left,
        "basis": {"kind": award.basis.kind.value, "code": award.basis.code},
        "links": [{"provider": link.provider, "url": link.url} for link in award.basis.links],
        "renewable": each.renewability.renewable,
        "reasons": [reason.to_data() for reason in each.renewability.reasons],
        "renew_link": each.renew_link,
        "renews": record.renews,
        "earlier_completed_on": _day(record.earlier_completed_on),
        "renewed_by": record.renewed_by,
        "renewed": record.renewed and record.renewed.value,
    }


def view_tables(view: LearnerView) -> Iterator[RenderableType]:
    """The same for a human: what is held, what can be renewed and why, and what was held earlier."""
    who = f"{view.person.full_name} ({view.person.username})" if view.person else view.learner_id
    if not (view.awards or view.history or view.externals):
        yield f"{who} holds no certification."
        return
    if view.awards:
        yield titled(f"{who}, days in {view.zone}", _held(view.awards))
    for each in view.awards:
        can = "can be renewed" if each.renewability.renewable else "cannot be renewed"
        yield titled(f"{each.title} {can}", _why(each))
    if view.history:
        yield titled(f"{who}: earlier, days in {view.zone}", _held(view.history))
    if view.externals:
        yield titled(f"{who}: external certificates", external_tables.listed(view.externals))


def _held(awards: Sequence[LearnerAward]) -> Table:
    fixed = ("Number", "Status", "Issued", "Last valid")
    made = table("Number", "Certification", "Status", "Issued", "Last valid", "Left", right=("Left",), whole=fixed)
    for each in awards:
        code = each.record.certification.code
        made.add_row(
            each.award.number,
            plain(f"{each.title} ({code})" if code else each.title),
            "\n".join(filter(None, (each.status, (each.record.renewed or "").replace("_", " ")))),
            each.issued_on.isoformat(),
            _day(each.last_valid_day) or "always",
            "" if each.days_left is None else str(each.days_left),
        )
    return made


def _why(each: LearnerAward) -> Table:
    made = table("Why")
    for text in (*(reason.text for reason in each.renewability.reasons), each.renew_link):
        if text is not None:
            made.add_row(plain(text))
    return made


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
