"""Clients that no library would be: raw requests, half-sent ones, and what came back for them."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

WAIT_SECONDS = 60


def request(path: str, method: str = "GET", body: bytes = b"", host: str = "127.0.0.1", **headers: str) -> bytes:
    """The bytes of a request; `content_type="text/plain"` becomes Content-Type. Nothing is added but Host."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def sent(port: int, data: bytes) -> Iterator[socket.socket]:
    """A connection on which these bytes have been sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as connection:
        connection.sendall(data)
        yield connection


@contextmanager
def pending(port: int, data: bytes, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that have sent these bytes and no more; none of them has had an answer in the end."""
    with ExitStack() as stack:
        connections = [stack.enter_context(sent(port, data)) for _ in range(count)]
        yield connections
        answered, _, _ = select.select(connections, [], [], 0)
        assert answered == []


def answer(connection: socket.socket) -> tuple[int, str]:
    """Status and the rest of the answer, read until the server closes or has sent a whole body."""
    received = b""
    while not _is_complete(received) and (data := connection.recv(65536)):
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def ask(port: int, data: bytes) -> tuple[int, str]:
    """The answer to one request."""
    with sent(port, data) as connection:
        return answer(connection)


def flood(connection: socket.socket, megabytes: int) -> None:
    """Send so much, or until the server has had enough."""
    block = b"x" * 1_000_000
    try:
        for _ in range(megabytes):
            connection.sendall(block)
    except (BrokenPipeError, ConnectionResetError):
        return


def _is_complete(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if end and line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return False
