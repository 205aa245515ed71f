"""The door before the stand-ins: who is let in, and which bodies."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from local.door import Door

JSON = {"content-type": "application/json"}


def knock(
    headers: dict[str, str], *parts: bytes, hosts: tuple[str, ...] = ("127.0.0.1:8123",), is_complete: bool = True
) -> tuple[int, str, bytes | None]:
    """Status, sentence and the body that the application found behind a door of 10 bytes and hardly any patience."""
    messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if is_complete:
        messages.append({"type": "http.request", "body": b"", "more_body": False})
    answers: list[Message] = []
    found: list[bytes] = []

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    async def send(message: Message) -> None:
        answers.append(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        assert not message["more_body"]
        found.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    named = [("host", host) for host in hosts] + list(headers.items())
    scope: dict[str, Any] = {"type": "http", "headers": [(n.encode(), v.encode()) for n, v in named]}
    door = Door(app, max_body_bytes=10, form=lambda sentence: {"message": sentence}, body_seconds=0.05)
    # In a thread of its own: the browser tests leave this one's event loop running.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, door(scope, receive, send)).result()
    body = json.loads(b"".join(message.get("body", b"") for message in answers))
    return answers[0]["status"], body.get("message", ""), found[0] if found else None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8123", "localhost:1", "LOCALHOST", "[::1]:8123", "[::1]"])
def test_the_names_of_loopback_are_let_in(host: str) -> None:
    assert knock({}, hosts=(host,)) == (200, "", b"")


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param(("rebound.example:8123",), id="another name"),
        pytest.param(("127.0.0.1.rebound.example",), id="begins like ours"),
        pytest.param(("rebound.example@127.0.0.1",), id="user before it"),
        pytest.param(("10.0.0.7:8123",), id="another address"),
        pytest.param(("",), id="empty"),
        pytest.param((), id="none"),
        pytest.param(("127.0.0.1", "rebound.example"), id="two"),
    ],
)
def test_any_other_host_is_refused(hosts: tuple[str, ...]) -> None:
    status, sentence, found = knock(JSON, b"{}", hosts=hosts)
    assert (status, found) == (421, None)
    assert "expected 127.0.0.1 or localhost" in sentence


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "https://page.example"}, id="Origin"),
        pytest.param({"origin": "http://127.0.0.1:8123"}, id="our own Origin"),
        pytest.param({"origin": "null"}, id="null"),
        pytest.param({"sec-fetch-site": "cross-site"}, id="an image or a form's GET"),
    ],
)
def test_a_web_page_is_refused(headers: dict[str, str]) -> None:
    status, sentence, found = knock(headers | JSON, b"{}")
    assert (status, found) == (403, None)
    assert "comes from a web page" in sentence


def test_an_address_that_somebody_typed_into_a_browser_is_let_in() -> None:
    assert knock({"sec-fetch-site": "none"})[0] == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_page_can_send_without_asking_first_is_refused(kind: str) -> None:
    status, sentence, found = knock({"content-type": kind, "content-length": "2"}, b"{}")
    assert (status, found) == (415, None)
    assert sentence.startswith(f"Content-Type is {kind}; expected application/json.")


def test_a_body_may_be_as_large_as_the_limit_and_comes_whole() -> None:
    assert knock(JSON | {"content-length": "10"}, b"01234", b"56789")[::2] == (200, b"0123456789")


@pytest.mark.parametrize(
    "length", [{"content-length": "11"}, {"transfer-encoding": "chunked"}], ids=["declared", "chunked"]
)
def test_a_larger_body_is_refused(length: dict[str, str]) -> None:
    status, sentence, found = knock(JSON | length, b"01234", b"567890")
    assert (status, found) == (413, None)
    assert sentence.startswith("The body is more than 10 bytes.")


def test_a_body_that_does_not_come_is_given_up() -> None:
    status, sentence, found = knock(JSON | {"content-length": "10"}, b"01234", is_complete=False)
    assert (status, found) == (408, None)
    assert "was not complete within" in sentence
