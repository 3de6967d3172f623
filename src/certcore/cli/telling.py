"""What sends the command line's notices: mail where the environment names a server, else the inbox in its database."""

import os
from collections.abc import Collection, Mapping
from functools import cached_property
from importlib.util import find_spec
from typing import Final
from urllib.parse import unquote, urlsplit

from certcore.adapters.smtp import Security, SmtpNotifier
from certcore.adapters.sql import SqlInbox, SqlStorage
from certcore.domain.notices import Attachment, Message
from certcore.errors import InvalidValue
from certcore.ports import Attach, Clock, Notifier, TemplateEngine

SMTP_ENV: Final = "CERTCORE_SMTP"
MAIL_FROM_ENV: Final = "CERTCORE_MAIL_FROM"
_SCHEMES: Final = {"smtp": Security.STARTTLS, "smtps": Security.TLS, "smtp+plain": Security.NONE}
_NO_DOMAIN: Final = "certcore.invalid"


def environment_notifier(storage: SqlStorage, clock: Clock) -> dict[str, Notifier]:
    """The notifier under its name: ``mail`` where ``CERTCORE_SMTP`` names a server, else ``inbox``.

    Raises `InvalidValue` for what is no server, and where ``CERTCORE_MAIL_FROM`` does not say who sends.
    """
    url = os.environ.get(SMTP_ENV)
    return {"mail": _smtp(url, clock)} if url else {"inbox": SqlInbox(storage, clock)}


def environment_attachments() -> tuple[Attach, ...]:
    """A calendar with the last valid day, where icalendar is installed."""
    return (_LateCalendar(),) if find_spec("icalendar") else ()


def environment_engines() -> Mapping[str, TemplateEngine]:
    """Jinja2 where it is installed."""
    return {"jinja": _LateJinja()} if find_spec("jinja2") else {}


def _smtp(url: str, clock: Clock) -> SmtpNotifier:
    try:
        parts = urlsplit(url)
        host, port, security = parts.hostname, parts.port, _SCHEMES.get(parts.scheme)
    except ValueError:
        host, port, security = None, None, None
    if not host or security is None or parts.path not in ("", "/") or parts.query or parts.fragment:
        shown = "smtp://host:587 (STARTTLS), smtps://host:465, or smtp+plain://host:25 without encryption"
        raise InvalidValue(SMTP_ENV, "what it says", f"{shown}, with user:password@ before the host if needed")
    return SmtpNotifier(
        host,
        port,
        sender=os.environ.get(MAIL_FROM_ENV, ""),
        security=security,
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        clock=clock,
    )


class _LateCalendar:
    """Loads icalendar with the first message."""

    def __call__(self, message: Message) -> Attachment | None:
        return self._made(message)

    @cached_property
    def _made(self) -> Attach:
        from certcore.adapters.ics import ExpiryCalendar  # noqa: PLC0415 - it takes a while, and few commands need it

        sender = os.environ.get(MAIL_FROM_ENV, "")
        return ExpiryCalendar(sender.rpartition("@")[2].strip("> ") or _NO_DOMAIN)


class _LateJinja(TemplateEngine):
    """Loads Jinja2 with the first template that names it."""

    def codes(self, body: str) -> Collection[str]:
        return self._engine.codes(body)

    def render(self, body: str, values: Mapping[str, str]) -> str:
        return self._engine.render(body, values)

    @cached_property
    def _engine(self) -> TemplateEngine:
        from certcore.adapters.jinja import JinjaEngine  # noqa: PLC0415 - it takes a while, and few commands need it

        return JinjaEngine()
