"""Mail over SMTP, at a real server on this machine: what arrives, and what goes wrong."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from certcore.adapters.smtp import Security, SmtpNotifier
from certcore.domain.notices import Attachment
from certcore.errors import InvalidValue, Undeliverable
from certcore.ports import Notifier
from certcore.testing import NotifierContract
from certcore.testing.builders import make_message, make_person
from certcore.testing.notifiers import Received
from tests.adapters.notifiers.server import HOST, Mailbox, certified, login, smtp_server

NOW = datetime(2026, 6, 15, 12, 30, tzinfo=UTC)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with smtp_server(mailbox) as port:
        yield port


def plain(port: int, **parts: Any) -> SmtpNotifier:
    given = {"sender": "Academy <noreply@lms.example>", "security": "none", "clock": lambda: NOW, **parts}
    return SmtpNotifier(HOST, port, **given)


def body_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def attachment_of(part: Any) -> Attachment:
    content = part.get_payload(decode=True)
    return Attachment(part.get_filename(), part["Content-Type"].replace("\n", ""), content)


class TestSmtpNotifier(NotifierContract):
    @pytest.fixture
    def notifier(self, port: int, mailbox: Mailbox) -> SmtpNotifier:
        self.mailbox = mailbox
        return plain(port)

    def received(self, notifier: Notifier) -> Sequence[Received]:  # noqa: ARG002
        assert all(len(each.rcpt_tos) == 1 for each in self.mailbox.taken)
        return [
            Received(
                mail["Message-ID"].strip("<>").partition("@")[0],
                parseaddr(mail["To"])[1],
                mail["Subject"],
                body_of(mail),
                tuple(map(attachment_of, mail.iter_attachments())),
            )
            for mail in self.mailbox.mails
        ]


def test_a_mail_says_who_what_when_and_that_a_machine_wrote_it(port: int, mailbox: Mailbox) -> None:
    """R-82: the Message-ID is the notice's id at the sender's domain."""
    message = make_message(make_person(first_name="Zoë", last_name="李"), language="pt-BR")
    plain(port).send(message)
    (mail,), (envelope,) = mailbox.mails, mailbox.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("noreply@lms.example", ["ada@example.org"])
    assert mail["Message-ID"] == f"<{message.id}@lms.example>"
    assert mail["From"] == "Academy <noreply@lms.example>"
    assert mail["To"] == "Zoë 李 <ada@example.org>"
    assert mail["Date"] == "Mon, 15 Jun 2026 12:30:00 +0000"
    assert (mail["Content-Language"], mail["Auto-Submitted"]) == ("pt-BR", "auto-generated")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"
    assert {"Bcc", "Cc", "Reply-To", "List-Id"} & set(mail) == set()


def test_mails_hold_no_line_that_a_server_may_refuse(port: int, mailbox: Mailbox) -> None:
    """RFC 5322: at most 998 octets and ASCII, whatever the words."""
    reader = make_person(first_name="字" * 300, last_name="x" * 300)
    plain(port).send(make_message(reader, subject="字" * 255, body="字" * 5_000))
    content = mailbox.taken[0].content
    assert isinstance(content, bytes)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert content.isascii()


@pytest.mark.parametrize("hostile", ["=?utf-8?q?a=0D=0ABcc:_eve@example.org?=", "x =?utf-8?b?YQ0KQmNjOiBldmU=?= y"])
def test_words_that_look_encoded_are_not_decoded(port: int, mailbox: Mailbox, hostile: str) -> None:
    """A line break that hides in an encoded word begins no header."""
    plain(port).send(make_message(make_person(first_name=hostile), subject=hostile))
    (mail,) = mailbox.mails
    assert mail["Subject"] == hostile.replace("=?", "= ?")
    assert "Bcc" not in mail
    assert mail.keys().count("To") == 1


def test_a_calendar_keeps_its_method(port: int, mailbox: Mailbox) -> None:
    """Mail programs offer to keep an event by the media type's parameters."""
    calendar = Attachment("a.ics", 'text/calendar; charset="utf-8"; method="PUBLISH"', b"BEGIN:VCALENDAR\r\n")
    plain(port).send(make_message(attachments=[calendar]))
    (part,) = mailbox.mails[0].iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part["Content-Type"].params["method"] == "PUBLISH"
    assert part.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    "email",
    [
        "",
        " ",
        "ada",
        "ada@",
        "@example.org",
        "ada@example.org, eve@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org>",
        ".ada@example.org",
        "ada@example..org",
        '"ada"@example.org',
        f"{'x' * 65}@example.org",
        "ada @example.org",
        "<ada@example.org>",
        "ada@example.org\x00",
        "x" * 70_000,
        "\ud800@example.org",
        "ada@" + "ü" * 300 + ".example",
    ],
)
def test_a_reader_without_an_address_cannot_be_reached(port: int, mailbox: Mailbox, email: str) -> None:
    """R-83: no further attempt would help, and nobody else gets it."""
    with pytest.raises(Undeliverable, match="'ada' cannot be reached"):
        plain(port).send(make_message(make_person(email=email)))
    assert mailbox.taken == []


def test_a_domain_in_any_script_is_sent_as_its_ascii_form(port: int, mailbox: Mailbox) -> None:
    """A server without SMTPUTF8 takes it too."""
    plain(port).send(make_message(make_person(email="ada@bücher.example")))
    assert mailbox.taken[0].rcpt_tos == ["ada@xn--bcher-kva.example"]


def test_a_name_in_any_script_before_the_at_needs_a_server_that_takes_it(mailbox: Mailbox) -> None:
    """SMTPUTF8: sent where there is such a server, and else tried again, since there may be one tomorrow."""
    message = make_message(make_person(email="ådå@example.org"))
    with smtp_server(mailbox, enable_SMTPUTF8=True) as port:
        plain(port).send(message)
    assert mailbox.taken[0].rcpt_tos == ["ådå@example.org"]
    with smtp_server(mailbox, enable_SMTPUTF8=False) as port, pytest.raises(smtplib.SMTPNotSupportedError):
        plain(port).send(message)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 5.1.1 No such user", Undeliverable),
        ("550 5.1.10 Null MX", Undeliverable),
        ("450 4.2.1 Greylisted", smtplib.SMTPRecipientsRefused),
        ("554 5.7.1 Relay access denied", smtplib.SMTPRecipientsRefused),
        ("552 5.2.2 Mailbox full", smtplib.SMTPRecipientsRefused),
    ],
)
def test_a_refused_reader_is_given_up_only_where_the_address_is_none(
    port: int, mailbox: Mailbox, answer: str, error: type[Exception]
) -> None:
    """R-83: a full mailbox, greylisting and a server that is set up wrongly end some day."""
    mailbox.refuse = lambda _: answer
    with pytest.raises(error):
        plain(port).send(make_message())
    assert mailbox.taken == []


def test_a_mail_that_is_not_taken_raises(port: int, mailbox: Mailbox) -> None:
    """f24: so that it is sent again."""
    mailbox.answer = lambda: "451 4.3.0 Try later"
    with pytest.raises(smtplib.SMTPDataError):
        plain(port).send(make_message())


def test_a_server_that_is_not_there_raises() -> None:
    """f24: at once."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        plain(port).send(make_message())


def test_a_server_that_says_nothing_is_left() -> None:
    """f24: after the seconds it has for an answer."""
    with socket.create_server((HOST, 0)) as silent, pytest.raises(OSError, match="timed out"):
        plain(silent.getsockname()[1], seconds=0.2).send(make_message())


def test_what_was_taken_is_sent_though_the_farewell_fails() -> None:
    """f25: a server that hangs up after it took the mail has it, and it is not sent twice."""

    class Curt(Mailbox):
        async def handle_QUIT(self, server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
            server.transport.abort()
            return "221 Bye"

    curt = Curt()
    with smtp_server(curt) as port:
        plain(port).send(make_message())
    assert len(curt.mails) == 1


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_connections_are_encrypted_and_the_server_is_known(
    tmp_path: Path, mailbox: Mailbox, security: Security
) -> None:
    """By a certificate that is trusted for that very host; a password goes over such a connection only."""
    shown, trusting = certified(tmp_path)
    if security is Security.TLS:
        parts: dict[str, Any] = {"ssl_context": shown, "auth_require_tls": False}
    else:
        parts = {"tls_context": shown, "require_starttls": True, "auth_required": True}
    with smtp_server(mailbox, **parts, authenticator=login(("ada", "secret"))) as port:
        known = {"security": security, "username": "ada"}
        plain(port, **known, password="secret", tls=trusting).send(make_message())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            plain(port, **known, password="wrong", tls=trusting).send(make_message())
        with pytest.raises(ssl.SSLCertVerificationError):
            plain(port, **known, password="secret").send(make_message())
    assert len(mailbox.taken) == 1


def test_a_server_without_encryption_is_not_trusted_with_a_mail(port: int, mailbox: Mailbox) -> None:
    """Unless that is asked for: somebody in between may have taken STARTTLS out of its answer."""
    with pytest.raises(smtplib.SMTPNotSupportedError):
        plain(port, security="starttls").send(make_message())
    assert mailbox.taken == []


@pytest.mark.parametrize(
    "parts",
    [
        {"sender": ""},
        {"sender": "Academy"},
        {"sender": "a@example.org, b@example.org"},
        {"sender": "Academy <noreply@lms.example>\r\nBcc: eve@example.org"},
        {"domain": "lms example"},
        {"domain": "lms.example>"},
        {"sender": "noreply@bücher.example"},
        {"username": "ada", "password": "secret"},
    ],
)
def test_what_cannot_work_is_refused_when_it_is_set_up(parts: dict[str, Any]) -> None:
    """With a typed error: a sender that is one address, a domain for ids, no password in the open."""
    with pytest.raises(InvalidValue):
        plain(25, **parts)
