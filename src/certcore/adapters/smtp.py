"""A notifier that sends mail over SMTP, with what Python has.

Each message has a connection of its own, which is encrypted unless that is switched off. Its ``Message-ID`` is made of
the notice's id, the same over every attempt, so that a mailbox can drop a repeat (R-82).
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.message import Message as PlainMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from functools import partial
from typing import Final

from certcore.domain.notices import Attachment, Message
from certcore.domain.notices.short_codes import one_line
from certcore.domain.people import Person
from certcore.errors import InvalidValue, Undeliverable
from certcore.ports import Clock

_LONGEST_NAME: Final = 200
_ATOM: Final = r"[^\s()<>@,;:\\\".\[\]\x00-\x20\x7f-\x9f\ud800-\udfff]+"
_MAILBOX: Final = re.compile(rf"(?=.{{3,254}}\Z)((?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*)@({_ATOM}(?:\.{_ATOM})*)")
_HOST: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_NO_SUCH_MAILBOX: Final = re.compile(rb"5\.1\.[0-9]+\b")


class Security(StrEnum):
    """How the connection is encrypted: by STARTTLS, from its first byte, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpNotifier:
    """Sends each message as a mail from ``sender``, such as ``Academy <noreply@lms.example>``.

    ``seconds`` is how long the server has for each answer. ``domain`` stands in Message-IDs, by default that of the
    sender. ``username`` and ``password`` are sent over an encrypted connection only. Raises `Undeliverable` for a
    reader without an address, or whose address the server says is none (5.1.x); whatever else goes wrong passes, and
    the message waits for another attempt.
    """

    def __init__(
        self,
        host: str,
        port: int | None = None,
        *,
        sender: str,
        security: Security | str = Security.STARTTLS,
        username: str | None = None,
        password: str | None = None,
        seconds: float = 10.0,
        domain: str | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Clock = partial(datetime.now, UTC),
    ) -> None:
        self._host = host
        self._security = Security(security)
        self._port = port or {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}[self._security]
        self._sender = _address(sender)
        self._login = None if username is None else (username, password or "")
        self._seconds = seconds
        self._domain = domain or self._sender.domain
        self._tls = tls or ssl.create_default_context()
        self._clock = clock
        if _HOST.fullmatch(self._domain) is None:
            raise InvalidValue("domain", self._domain, "a host name in ASCII, such as lms.example")
        if self._login is not None and self._security is Security.NONE:
            raise InvalidValue("security", "none", "starttls or tls, since a password is not sent unencrypted")

    def send(self, message: Message) -> None:
        """Send the mail."""
        mail, address = self.mail(message), _reader(message.recipient)
        with self._connected() as server:
            try:
                _send(server, mail, self._sender, address)
            except smtplib.SMTPRecipientsRefused as refusal:
                code, said = next(iter(refusal.recipients.values()))
                if 500 <= code < 600 and _NO_SUCH_MAILBOX.search(said):
                    problem = f"the mail server says that the address is none ({code} {said.decode(errors='replace')})"
                    raise Undeliverable(message.recipient.username, problem) from refusal
                raise

    def mail(self, message: Message) -> EmailMessage:
        """The mail as it is sent; raises `Undeliverable` for a reader without a usable address."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._sender
        mail["To"] = _reader(message.recipient)
        mail["Subject"] = _words(message.subject)
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        mail["Content-Language"] = message.language
        for each in message.attachments:
            _attach(mail, each)
        return mail

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        if self._security is Security.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._seconds, context=self._tls)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._seconds)
        try:
            if self._security is Security.STARTTLS:
                server.starttls(context=self._tls)
            if self._login is not None:
                server.login(*self._login)
            yield server
            with suppress(smtplib.SMTPException, OSError):  # the mail was taken, whatever becomes of the farewell
                server.quit()
        finally:
            server.close()


def _address(text: str) -> Address:
    """The one address that ``text`` is; raises `InvalidValue`."""
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = text
        header = mail["From"]
        (found,) = header.addresses
        if found.username and found.domain and not header.defects:
            return Address(found.display_name, found.username, found.domain)
    except (ValueError, IndexError, MessageError, AttributeError):
        pass
    raise InvalidValue("sender", text, "one mail address, such as Academy <noreply@lms.example>")


def _reader(person: Person) -> Address:
    found = _MAILBOX.fullmatch(person.email.strip())
    try:
        if found is not None:
            domain = found[2] if found[2].isascii() else found[2].encode("idna").decode()
            return Address(_words(person.full_name)[:_LONGEST_NAME].strip(), found[1], domain)
    except ValueError:
        pass
    raise Undeliverable(person.username, f"{person.email[:100]!r} is no mail address")


def _send(server: smtplib.SMTP, mail: EmailMessage, sender: Address, reader: Address) -> None:
    """Send the mail with its lines as they are: ``send_message`` puts ``>`` before those that begin with ``From``."""
    ascii_only = f"{sender.addr_spec}{reader.addr_spec}".isascii()
    if not ascii_only:
        server.ehlo_or_helo_if_needed()
        if not server.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("the address needs a server with SMTPUTF8")
    server.sendmail(
        sender.addr_spec,
        [reader.addr_spec],
        mail.as_bytes(policy=SMTP.clone(utf8=not ascii_only)),
        () if ascii_only else ("SMTPUTF8", "BODY=8BITMIME"),
    )


def _words(text: str) -> str:
    """Words for a header: one line in which nothing looks encoded already, for that would be decoded on the way."""
    return one_line(text).replace("=?", "= ?")


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    """Attach the file under its own media type, with the parameters that this may carry."""
    typed = PlainMessage()
    typed["Content-Type"] = attachment.media_type
    params = {name: value for name, value in typed.get_params(failobj=[])[1:] if name != "charset"}
    mail.add_attachment(
        attachment.content,
        maintype=typed.get_content_maintype(),
        subtype=typed.get_content_subtype(),
        filename=attachment.name,
        params=params,
    )
