"""uvicorn with our protocol: a head that doesn't come or doesn't end costs nobody else anything."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from local.connections import HEAD_BYTES, protocol
from tests.clients import answer, ask, flood, request, sent


@contextmanager
def serving(head_seconds: float) -> Iterator[int]:
    """The port of a server that answers 200 on /."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("ok"))])
        config = uvicorn.Config(app, http=protocol(head_seconds=head_seconds), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        listener.listen()
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def test_a_connection_whose_request_does_not_come_is_closed() -> None:
    with serving(head_seconds=0.1) as port:
        for start in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "):
            with sent(port, start) as connection:
                assert connection.recv(1) == b""
        assert ask(port, request("/"))[0] == 200


def test_the_second_request_of_a_connection_has_a_deadline_too() -> None:
    with serving(head_seconds=0.5) as port, sent(port, request("/")) as connection:
        assert answer(connection) == (200, "ok")
        connection.sendall(b"GET / HT")
        assert connection.recv(1) == b""


def test_an_endless_head_is_refused() -> None:
    with serving(head_seconds=600) as port, sent(port, b"GET / HTTP/1.1\r\nX-A: ") as connection:
        flood(connection, 1)
        status, sentence = answer(connection)
    assert status == 431
    assert f"more than {HEAD_BYTES:,} bytes" in sentence
