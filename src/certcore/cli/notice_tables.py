"""How rules, templates and messages look to a human, and as documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich.console import RenderableType

from certcore.cli.listing import Listing
from certcore.cli.output import plain
from certcore.cli.tables import facts, table, titled
from certcore.codec import Document
from certcore.domain.notices import SHORT_CODES, InboxEntry, Template
from certcore.domain.people import Person
from certcore.domain.time import format_instant
from certcore.services.importing import DeliveredNotice
from certcore.services.notifying import Planned, RuleRecord

_DELIVERED_SHOWN: Final = 20


def rule_document(record: RuleRecord) -> Document:
    """One rule."""
    it = record.rule
    return {
        "code": it.code,
        "when": str(it.when),
        "certification": _certification(record),
        "audience": it.audience.value,
        "template": it.template,
        "active": it.active,
        "on_since": format_instant(it.on_since),
    }


def rules(records: Sequence[RuleRecord]) -> Iterator[RenderableType]:
    """All rules, a line each."""
    if not records:
        yield "No rules yet, so nobody is told anything; set one with certcore notices rules set."
        return
    made = table("Rule", "When", "Certification", "Tells", "Template", "Since (UTC)", whole=("Since (UTC)",))
    for each in records:
        it = each.rule
        since = f"{it.on_since:%Y-%m-%d %H:%M}" if it.active else "off"
        made.add_row(it.code, str(it.when), plain(_certification(each) or "all"), it.audience, it.template, since)
    yield made


def rule(record: RuleRecord) -> RenderableType:
    """One rule."""
    shown = {name.replace("_", " "): value for name, value in rule_document(record).items()}
    return facts(
        {**shown, "certification": shown["certification"] or "all", "active": "yes" if record.rule.active else "no"}
    )


def template_document(template: Template) -> Document:
    """One template in all its languages."""
    return {"code": template.code, **template.to_data()}


def templates(found: Iterable[Template]) -> RenderableType:
    """All templates, a line each."""
    made = table("Template", "Languages", "Subject")
    for each in found:
        languages = ", ".join([each.language, *(tag for tag in each.texts if tag != each.language)])
        made.add_row(each.code, languages, plain(each.texts[each.language].subject))
    return made


def template(it: Template) -> Iterator[RenderableType]:
    """One template in all its languages, the first first."""
    yield facts({"template": it.code, "read as": it.engine.replace("_", " "), "first language": it.language})
    for language in sorted(it.texts, key=lambda tag: (tag != it.language, tag)):
        text = it.texts[language]
        yield f"{language}: {text.subject}"
        yield text.body


def codes() -> RenderableType:
    """All short codes, a line each."""
    made = table("Code", "Stands for", "In messages about")
    for each in SHORT_CODES.values():
        made.add_row(f"[{each.name}]", each.description, each.told_of)
    return made


def planned_document(planned: Planned) -> Document:
    """One notice that would be told."""
    message = planned.message
    return {
        "at": format_instant(planned.at),
        "rule": planned.rule,
        "number": planned.number,
        "recipient": planned.recipient_id if message is None else message.recipient.username,
        "subject": None if message is None else message.subject,
        "body": None if message is None else message.body,
        "problem": planned.problem,
    }


def _planned(rows: Sequence[Document]) -> Iterator[RenderableType]:
    if not rows:
        yield "Nobody would be told anything."
        return
    made = table("When (UTC)", "Rule", "Who", "What", whole=("When (UTC)",))
    for each in rows:
        told = each["subject"] or f"nothing: {each['problem'].replace('_', ' ')}"
        made.add_row(each["at"][:16].replace("T", " "), each["rule"], plain(each["recipient"]), plain(told))
    yield made


PLANNED: Final = Listing("notices", ("at", "rule", "number", "recipient", "subject", "problem"), _planned)
"""How a preview is shown."""


def entry_document(entry: InboxEntry) -> Document:
    """One message of an inbox."""
    return {
        "id": entry.id,
        "received_at": format_instant(entry.received_at),
        "read_at": None if entry.read_at is None else format_instant(entry.read_at),
        "rule": entry.rule,
        "when": entry.when,
        "number": entry.number,
        "language": entry.language,
        "subject": entry.subject,
        "body": entry.body,
        "attachments": [{"name": each.name, "media_type": each.media_type} for each in entry.attachments],
    }


def inbox(entries: Sequence[InboxEntry], unread: int) -> Iterator[RenderableType]:
    """Messages in full, newest first."""
    if not entries:
        yield "No messages."
        return
    yield f"{unread:,} unread."
    for each in entries:
        files = ", ".join(file.name for file in each.attachments)
        shown = {"received": f"{each.received_at:%Y-%m-%d %H:%M} UTC", "attached": files or None}
        yield titled(f"{each.subject}{'' if each.read_at else ' (unread)'}", facts(shown))
        yield each.body


def _certification(record: RuleRecord) -> str | None:
    if record.rule.certification is None:
        return None
    return record.certification.label if record.certification else f"id:{record.rule.certification:x}"


def delivered_document(notice: DeliveredNotice, people: Mapping[str, Person]) -> Document:
    """One notice that was delivered; its reader by username, or by id where the directory knows nobody of that id."""
    reader = people.get(notice.recipient_id)
    return {
        "id": notice.id,
        "rule": notice.rule,
        "number": notice.number,
        "kind": notice.kind,
        "recipient": notice.recipient_id if reader is None else reader.username,
        "at": format_instant(notice.at),
        "notifier": notice.notifier,
    }


def delivered(notices: Sequence[Document], total: int) -> Iterator[RenderableType]:
    """The first of the notices that were delivered, and how many there are."""
    if not notices:
        return
    made = table("Who", "Rule", "When", "Number", "Message", whole=("Number",))
    for each in notices[:_DELIVERED_SHOWN]:
        made.add_row(plain(each["recipient"]), each["rule"], each["kind"], each["number"], each["id"])
    yield titled(f"{total:,} notices had been delivered", made)
    if total > _DELIVERED_SHOWN:
        yield f"… and {total - _DELIVERED_SHOWN:,} more; --json lists the first 1,000."
