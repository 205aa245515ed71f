"""The dashboard's server under hostile clients. None of these tests is about how fast it answers."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from dashboard.serving import BODY_BYTES, HEAD_BYTES, THREADS, Server
from tests.clients import answer, ask, flood, pending, request, sent

LARGE = b"x" * 8_000_000
HALF = request("/", "POST", b"half", content_length="100")


class Application:
    """A WSGI application: /slow answers after `release`, /large much, any other path with the length of its body."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.entered = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = LARGE if environ["PATH_INFO"] == "/large" else str(len(environ["wsgi.input"].read())).encode()
        if environ["PATH_INFO"] == "/slow":
            self.entered.release()
            self.release.wait(600)
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


@contextmanager
def serving(application: Any, request_seconds: float = 600) -> Iterator[int]:
    """The port of a server in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(application, listener, request_seconds)
        thread = threading.Thread(target=server.run)
        thread.start()
        yield listener.getsockname()[1]
        # As a signal does it, in the server's own thread.
        server.maintenance = _exit  # type: ignore[method-assign, assignment]
        thread.join()
        server.close()


def _exit(_: float) -> None:
    raise SystemExit


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(Application()) as port:
        yield port


def test_sixty_half_sent_bodies_stop_nobody(port: int) -> None:
    with pending(port, HALF, 60):
        assert ask(port, request("/"))[0] == 200


def test_sixty_half_sent_heads_stop_nobody(port: int) -> None:
    with pending(port, request("/")[:-2], 60):
        assert ask(port, request("/"))[0] == 200


def test_the_ninth_is_answered_while_eight_are_slow_to_send(port: int) -> None:
    with pending(port, HALF, THREADS) as slow:
        assert ask(port, request("/")) == (200, "0")
        for connection in slow:
            connection.sendall(b"x" * 96)
            assert answer(connection) == (200, "100")


def test_the_ninth_is_answered_while_eight_do_not_read_their_answer(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(THREADS):
            stack.enter_context(sent(port, request("/large")))
        assert ask(port, request("/")) == (200, "0")


def test_health_is_answered_while_every_thread_is_busy() -> None:
    application = Application()
    with serving(application) as port, pending(port, request("/slow"), 3 * THREADS):
        for _ in range(THREADS):
            assert application.entered.acquire(timeout=60)
        assert ask(port, request("/health"))[0] == 200
        assert ask(port, request("/", "POST", content_length=str(BODY_BYTES + 1)))[0] == 413
        threading.Timer(1, application.release.set).start()


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param({"content_length": "300000000"}, id="declared"),
        pytest.param({"content_length": "300000000", "expect": "100-continue"}, id="asked before"),
    ],
)
def test_a_body_of_300_mb_is_refused_before_it_comes(port: int, framing: dict[str, str]) -> None:
    status, sentence = ask(port, request("/", "POST", **framing))
    assert status == 413
    assert f"The body is more than {BODY_BYTES:,} bytes. Nothing was done." in sentence


def test_whoever_sends_300_mb_all_the_same_still_gets_the_answer(port: int) -> None:
    with sent(port, request("/", "POST", content_length="300000000")) as connection:
        flood(connection, 300)
        assert answer(connection)[0] == 413


def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large(port: int) -> None:
    with sent(port, request("/", "POST", b"11e1a300\r\n", transfer_encoding="chunked")) as connection:
        connection.sendall(b"x" * (BODY_BYTES + 1))
        assert answer(connection)[0] == 413


def test_an_endless_head_or_address_is_refused(port: int) -> None:
    for start in (b"GET / HTTP/1.1\r\nX-A: ", b"GET /"):
        with sent(port, start + b"x" * HEAD_BYTES) as connection:
            assert answer(connection)[0] == 431
    many = {f"x{number}": "y" for number in range(10_000)}
    assert ask(port, request("/", **many))[0] == 431


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "1, 2", "\xb2"])
def test_a_length_that_is_not_a_number_is_refused(port: int, length: str) -> None:
    assert ask(port, request("/", "POST", content_length=length))[0] == 400


def test_what_follows_a_body_is_a_request_of_its_own(port: int) -> None:
    with sent(port, request("/", "POST", b"12345\r\n\r\n", content_length="3")) as connection:
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.findall(rb"HTTP/1.\d (\d+)", received) == [b"200", b"400"]


@pytest.mark.parametrize("start", [HALF, b"GET / HTTP/1.1\r\nHost: "], ids=["body", "head"])
def test_a_request_that_does_not_come_is_given_up(start: bytes) -> None:
    with serving(Application(), request_seconds=0.1) as port:
        status, sentence = ask(port, start)
    assert status == 408
    assert "The request was not complete within" in sentence


def test_a_request_that_drips_in_is_given_up() -> None:
    with serving(Application(), request_seconds=1) as port, sent(port, HALF) as connection:
        connection.settimeout(0.2)
        for _ in range(90):
            connection.sendall(b"x")
            try:
                assert answer(connection)[0] == 408
                return
            except TimeoutError:
                continue
    pytest.fail("it goes on reading")
