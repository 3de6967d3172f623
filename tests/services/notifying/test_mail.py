"""From an award to a mailbox: over a real SMTP server, in the reader's language, each message once (R-80 to R-83)."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
from icalendar import Calendar

from certcore.adapters.ics import ExpiryCalendar
from certcore.adapters.memory import MemoryStorage
from certcore.adapters.smtp import SmtpNotifier
from certcore.domain.verification import token_text
from certcore.errors import NotFound
from certcore.registrar import Registrar
from certcore.testing.builders import make_person
from tests.adapters.notifiers.server import HOST, Mailbox, smtp_server
from tests.services.platform import ADMIN, Platform, platform_over

LINKS = {
    "renew_link": "https://lms.example/renew/{number}",
    "document_link": "https://lms.example/documents/{number}",
    "verify_link": "https://lms.example/verify/{token}",
}


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def platform(mailbox: Mailbox) -> Iterator[Platform]:
    """Ana reads Brazilian Portuguese, Bo nothing in particular, Cy has no mail address; mia manages Bo."""
    platform = platform_over(MemoryStorage(), people=(), **LINKS)
    for name, language in (("ana", "pt-BR"), ("bo", None), ("cy", "it")):
        platform.directory.put(
            make_person(name, language=language, email="" if name == "cy" else f"{name}@example.org")
        )
    with smtp_server(mailbox) as port:
        platform.registrar = Registrar(
            storage=platform.storage,
            directory=platform.directory,
            catalog=platform.catalog,
            clock=lambda: platform.now,
            settings=platform.settings,
            notifier=SmtpNotifier(HOST, port, sender="Academy <noreply@lms.example>", security="none"),
            attachments=[ExpiryCalendar("lms.example")],
        )
        platform.certification("SAFE-1")
        yield platform


def id_of(mail: EmailMessage) -> str:
    return str(mail["Message-ID"])


def body_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_reminder_is_readable_and_its_links_lead_to_the_award(platform: Platform, mailbox: Mailbox) -> None:
    """R-10, R-81: in the reader's language, with the award's dates, and the expiry for their calendar."""
    notifying = platform.registrar.notifying
    notifying.set_rule("soon", "30 days before", actor=ADMIN)
    words = "Olá [first_name],\n\n[certification] vale até [last_valid_day] ([zone]).\nRenove: [renew_link]"
    words += "\nVeja: [verify_link]"
    english = ("Ends [last_valid_day]", "Renew: [renew_link]")
    notifying.set_template("expiring", {"pt": ("Termina em [last_valid_day]", words), "en": english}, actor=ADMIN)
    platform.award("ana", issued_on=date(2026, 3, 1), zone="America/Sao_Paulo")
    platform.now = datetime(2027, 1, 30, 3, tzinfo=UTC)  # midnight in São Paulo
    assert len(notifying.run_due().messages) == 1
    assert notifying.deliver_due().delivered == 1
    (mail,) = mailbox.mails
    number = platform.number_of("ana")
    with platform.storage.reading() as tx:
        token = token_text(tx.awards.by_number([number])[number].token)
    assert (mail["To"], mail["Subject"]) == ("Ana Example <ana@example.org>", "Termina em 28 de fevereiro de 2027")
    assert body_of(mail) == (
        "Olá Ana,\n\nName of SAFE-1 vale até 28 de fevereiro de 2027 (America/Sao_Paulo).\n"
        f"Renove: https://lms.example/renew/{number}\nVeja: https://lms.example/verify/{token}\n"
    )
    (file,) = mail.iter_attachments()
    content = file.get_payload(decode=True)
    assert isinstance(content, bytes)
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert event.decoded("dtstart") == date(2027, 2, 28)


def test_every_notice_is_one_message_id_however_often_it_is_tried(platform: Platform, mailbox: Mailbox) -> None:
    """f25, f27: sweeps that are late and doubled, and a server that takes a mail and says it did not."""
    notifying = platform.registrar.notifying
    for when in ("30 days before", "7 days before", "expired"):
        notifying.set_rule(when.replace(" ", "-"), when, actor=ADMIN)
    platform.award("ana", "bo")
    answers = iter(["451 4.3.0 Later", "250 OK"] * 50)
    mailbox.answer = lambda: "451 4.3.0 Later" if next(answers)[0] == "4" else None
    platform.now = datetime(2027, 1, 1, tzinfo=UTC)
    for _ in range(80):
        platform.now += timedelta(days=1)
        notifying.run_due()
        notifying.run_due()
        notifying.deliver_due()
    told = Counter(id_of(mail) for mail in mailbox.mails)
    assert len(told) == 6
    assert set(told.values()) == {1}
    assert Counter(mail["To"].addresses[0].username for mail in mailbox.mails) == {"ana": 3, "bo": 3}


def test_who_has_no_address_is_a_dead_letter_with_the_reason(platform: Platform, mailbox: Mailbox) -> None:
    """R-83: given an address and sent again, it arrives."""
    notifying = platform.registrar.notifying
    notifying.set_rule("issue", "issued", actor=ADMIN)
    platform.award("bo", "cy")
    assert notifying.deliver_due().delivered == 1
    (letter,) = notifying.dead(actor=ADMIN)
    assert letter.error is not None
    assert letter.error.startswith("'cy' cannot be reached: '' is no mail address")
    with pytest.raises(NotFound):
        notifying.dead(actor=ADMIN.__class__("id-bo"))
    platform.directory.put(make_person("cy"))
    assert notifying.resend([letter.id], actor=ADMIN) == 1
    assert notifying.deliver_due().delivered == 1
    assert [mail["To"].addresses[0].username for mail in mailbox.mails] == ["bo", "cy"]
