"""A real SMTP server on this machine, which keeps the mails it takes."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from attrs import define, field
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST: Final = "127.0.0.1"


@define
class Mailbox:
    """What came in: envelopes with the mails in them; ``answers`` gives the server's answers instead of its own."""

    taken: list[Envelope] = field(factory=list)
    refuse: Callable[[str], str | None] = lambda _: None
    answer: Callable[[], str | None] = lambda: None

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refusal = self.refuse(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answer()
        if answer is None or answer.startswith("250"):
            self.taken.append(envelope)
        return answer or "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails, parsed."""
        return [message_from_bytes(cast("bytes", each.content), policy=default) for each in self.taken]


class _Server(Controller):
    """Listens on a port that is free."""

    def __init__(self, mailbox: Mailbox, **parts: Any) -> None:
        self._socket = socket.create_server((HOST, 0))
        super().__init__(mailbox, hostname=HOST, port=self._socket.getsockname()[1], **parts)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket, ssl=self.ssl_context)


@contextmanager
def smtp_server(mailbox: Mailbox, **parts: Any) -> Iterator[int]:
    """The port of a server on this machine."""
    server = _Server(mailbox, **parts)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def certified(folder: Path, name: str = HOST) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What the server shows for that address, and what trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def login(*known: tuple[str, str]) -> Callable[..., AuthResult]:
    """An authenticator that knows these usernames and passwords."""

    def authenticate(*given: Any) -> AuthResult:
        data = given[-1]
        return AuthResult(success=(data.login.decode(), data.password.decode()) in known, handled=False)

    return authenticate
