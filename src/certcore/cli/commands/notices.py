"""``certcore notices``: rules, templates, what they will tell, and what people find in their inbox."""

from collections.abc import Iterator
from typing import Annotated

from cyclopts import App, CycloptsError

from certcore.cli import notice_tables
from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import Choice, File, certification_ref
from certcore.cli.commands import delivering
from certcore.cli.files import opened
from certcore.cli.listing import CsvFile
from certcore.cli.notice_tables import entry_document, planned_document, rule_document, template_document
from certcore.cli.session import Here, Session
from certcore.codec import Document
from certcore.domain.checks import nfc
from certcore.domain.languages import language_tag
from certcore.domain.notices import SHORT_CODES, Audience, Template, Text
from certcore.domain.notices.templates import ENGLISH, SHORT_CODE_ENGINE
from certcore.domain.time import format_instant
from certcore.errors import NotFound, UnreadableFile
from certcore.services.notifying import RuleRecord

_INBOX_SHOWN = 50


def list_rules(*, by: As = None, session: Here) -> None:
    """List the rules: who is told what, and when.

    Parameters
    ----------
    by
        Who asks, by username; by default the command line.
    """
    rules = session.registrar.notifying.rules(actor=actor_of(session, by))
    session.screen.answer({"rules": list(map(rule_document, rules))}, *notice_tables.rules(rules))


def set_rule(
    code: str,
    when: str,
    /,
    *,
    certification: str | None = None,
    audience: Annotated[Audience | None, Choice] = None,
    template: str | None = None,
    off: bool = False,
    by: As = None,
    session: Here,
) -> None:
    """Make a rule, or put this one in the place of the one with that code.

    Parameters
    ----------
    code
        Its name, such as 30-days-before.
    when
        What it waits for: issued, renewed, revoked, enrolled_again, external_submitted, external_validated,
        external_rejected, import_finished; or how far from the expiry: '30 days before', '12 hours before', expired,
        '2 weeks after'.
    certification
        Tell only of this certification: its code, or id: and its id.
    audience
        Whom it tells: learner (the default), managers, coaches, group_admins.
    template
        The template with its words; by default one of certcore's.
    off
        Switch it off.
    by
        Who sets it, by username; by default the command line.
    """
    record = session.registrar.notifying.set_rule(
        code,
        when,
        actor=actor_of(session, by),
        certification=None if certification is None else certification_ref(certification),
        audience=audience,
        template=template,
        active=not off,
    )
    _tell_rule(session, record)


def switch_on(code: str, /, *, by: As = None, session: Here) -> None:
    """Switch a rule on again, from now on.

    Parameters
    ----------
    code
        The rule.
    by
        Who does it, by username; by default the command line.
    """
    _tell_rule(session, session.registrar.notifying.switch_rule(code, active=True, actor=actor_of(session, by)))


def switch_off(code: str, /, *, by: As = None, session: Here) -> None:
    """Switch a rule off; messages of it that wait are dropped.

    Parameters
    ----------
    code
        The rule.
    by
        Who does it, by username; by default the command line.
    """
    _tell_rule(session, session.registrar.notifying.switch_rule(code, active=False, actor=actor_of(session, by)))


def remove_rule(code: str, /, *, by: As = None, session: Here) -> None:
    """Remove a rule; messages of it that wait are dropped.

    Parameters
    ----------
    code
        The rule.
    by
        Who does it, by username; by default the command line.
    """
    session.registrar.notifying.remove_rule(code, actor=actor_of(session, by))
    session.screen.answer({"removed": code}, f"Rule {code} is removed.")


def list_templates(*, by: As = None, session: Here) -> None:
    """List the templates: certcore's own, and those of the platform.

    Parameters
    ----------
    by
        Who asks, by username; by default the command line.
    """
    templates = session.registrar.notifying.templates(actor=actor_of(session, by))
    document = {"templates": list(map(template_document, templates.values()))}
    session.screen.answer(document, notice_tables.templates(templates.values()))


def show_template(code: str, /, *, by: As = None, session: Here) -> None:
    """Show a template in all its languages.

    Parameters
    ----------
    code
        The template.
    by
        Who asks, by username; by default the command line.
    """
    template = _template(session, code, by)
    session.screen.answer(template_document(template), *notice_tables.template(template))


def set_template(
    code: str,
    /,
    *,
    subject: str,
    body: str | None = None,
    file: File | None = None,
    language: str = ENGLISH,
    first: bool = False,
    engine: str | None = None,
    by: As = None,
    session: Here,
) -> None:
    """Give a template its words in one language; those in others stay.

    Parameters
    ----------
    code
        The template, one of certcore's or a new one.
    subject
        The subject, with short codes in square brackets.
    body
        The text.
    file
        The file with the text, UTF-8; a dash for standard input.
    language
        The language, such as en or pt-BR.
    first
        Whoever reads none of the template's languages gets this one.
    engine
        What reads the text: short_codes, or jinja.
    by
        Who sets it, by username; by default the command line.
    """
    if (body is None) == (file is None):
        raise CycloptsError(msg="Give the text, either with --body or in a --file.")
    text = Text(subject, (body or "") if file is None else _read(file))
    notifying, actor = session.registrar.notifying, actor_of(session, by)
    before = notifying.templates(actor=actor).get(code)
    tag = language_tag(language)
    known = {} if before is None or (engine not in (None, before.engine)) else before.texts
    template = notifying.set_template(
        code,
        {**known, tag: text},
        actor=actor,
        language=tag if first or before is None or not known else before.language,
        engine=engine or (SHORT_CODE_ENGINE if before is None else before.engine),
    )
    session.screen.answer(template_document(template), *notice_tables.template(template))


def remove_template(code: str, /, *, by: As = None, session: Here) -> None:
    """Remove a template of the platform's; certcore's of that code counts again, if there is one.

    Parameters
    ----------
    code
        The template.
    by
        Who does it, by username; by default the command line.
    """
    session.registrar.notifying.remove_template(code, actor=actor_of(session, by))
    session.screen.answer({"removed": code}, f"Template {code} is removed.")


def codes(*, session: Here) -> None:
    """List the short codes that a template may use."""
    document = {
        "codes": [
            {"code": each.name, "description": each.description, "triggers": sorted(each.triggers)}
            for each in SHORT_CODES.values()
        ]
    }
    session.screen.answer(document, notice_tables.codes())


def preview(*, days: int = 30, rule: str | None = None, csv: CsvFile = None, by: As = None, session: Here) -> None:
    """Say who would be told what of expiries in the days to come; nothing is written.

    Parameters
    ----------
    days
        How many days to look ahead.
    rule
        Only what this rule would tell.
    csv
        Write the list to this file.
    by
        Who asks, by username; by default the command line.
    """
    found = session.registrar.notifying.preview(days, actor=actor_of(session, by), rule=rule)
    head = {"from": format_instant(session.clock()), "days": days}
    rows: Iterator[Document] = map(planned_document, found)
    notice_tables.PLANNED.give(session.screen, head, rows, csv)


def inbox(username: str, /, *, read: bool = False, session: Here) -> None:
    """Show what somebody finds in the inbox of this database, newest first.

    Parameters
    ----------
    username
        Whose inbox.
    read
        Mark what is shown as read.
    """
    wanted = nfc(username.strip())
    person = session.platform.directory.match([wanted]).get(wanted)
    if person is None:
        raise NotFound("person", username)
    entries = session.platform.inbox.of(person.id, None, _INBOX_SHOWN)
    unread = session.platform.inbox.unread(person.id)
    if read:
        session.platform.inbox.mark_read(person.id, [each.id for each in entries])
    document = {"username": person.username, "unread": unread, "messages": list(map(entry_document, entries))}
    session.screen.answer(document, *notice_tables.inbox(entries, unread))


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="notices", help="Who is told what, when, and in which words.")
    rules = App(name="rules", help="Rules: who is told, and when.")
    rules.default(list_rules)
    rules.command(list_rules, name="list")
    rules.command(set_rule, name="set")
    rules.command(switch_on, name="on")
    rules.command(switch_off, name="off")
    rules.command(remove_rule, name="remove")
    template = App(name="template", help="Templates: the words of notices.")
    template.command(list_templates, name="list")
    template.command(show_template, name="show")
    template.command(set_template, name="set")
    template.command(remove_template, name="remove")
    template.command(codes)
    group.command(rules)
    group.command(template)
    group.command(preview)
    group.command(inbox)
    delivering.register_in(group)
    app.command(group)


def _tell_rule(session: Session, record: RuleRecord) -> None:
    session.screen.answer(rule_document(record), notice_tables.rule(record))


def _template(session: Session, code: str, by: str | None) -> Template:
    found = session.registrar.notifying.templates(actor=actor_of(session, by)).get(code)
    if found is None:
        raise NotFound("template", code)
    return found


def _read(file: File) -> str:
    with opened(file, seekable=False) as stream:
        content = stream.read()
    try:
        return content.decode("utf-8-sig").rstrip("\r\n").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        problem = f"byte 0x{content[error.start]:02x} at offset {error.start} is not UTF-8; save the file as UTF-8"
        raise UnreadableFile("undecodable", problem) from None
