"""Messages between the judge and its process: eight bytes of length, then the content."""

import socket
from typing import Final

_PREFIX: Final = 8
_PIECE: Final = 2**20


def send(connection: socket.socket, content: bytes) -> None:
    """Send one message; raises `OSError` when nobody takes it, `TimeoutError` among them."""
    connection.sendall(len(content).to_bytes(_PREFIX) + content)


def receive(connection: socket.socket) -> bytes | None:
    """The next message; None when the other side has closed. Raises `OSError`, `TimeoutError` among them."""
    prefix = _exactly(connection, _PREFIX)
    return None if prefix is None else _exactly(connection, int.from_bytes(prefix))


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(_PIECE, size - len(parts)))
        if not part:
            return None
        parts += part
    return bytes(parts)
