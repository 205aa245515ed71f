"""What every request to a stand-in passes first: is it from a program on this machine, is its body small and complete?

A web page that is open in a browser on this machine can send requests to loopback, and by DNS rebinding (its own name,
resolved to 127.0.0.1) even read the answers. It cannot choose Host, Origin, Sec-Fetch-Site or, without asking first, a
content type other than a form's or plain text. Refused, with a sentence as JSON in the server's own form:

    421   Host is not a name of loopback
    403   Origin, or Sec-Fetch-Site other than "none": a web page asks
    415   a body that is not declared as application/json
    413   a body above the limit, refused without being read when Content-Length says so
    408   a body that isn't complete in time
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
BODY_SECONDS = 30.0
# A client that still sends when it is refused would take the closing of its connection for the answer.
DRAIN_SECONDS = 5.0


class Door:
    """ASGI middleware, the outermost one.

    Args:
        app: what answers the requests that are let in; it finds their bodies complete.
        max_body_bytes: of a body as it is sent.
        form: makes a sentence the JSON object that this server's clients expect of a refusal.
        body_seconds: from the end of a request's head to the end of its body.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_body_bytes: int,
        form: Callable[[str], dict[str, Any]],
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._form = form
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        if refused := foreign(headers) or (has_body and self._unfit(headers)):
            await self._refuse(*refused, receive, send)
            return
        if not has_body:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._body_seconds):
                body = await self._body(receive)
        except TimeoutError:
            sentence = f"The body was not complete within {self._body_seconds:.0f} s. The connection is closed."
            await self._refuse(408, sentence, receive, send, drain_seconds=0)
            return
        except _TooLarge:
            await self._refuse(413, self._too_large(), receive, send)
            return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    def _unfit(self, headers: Headers) -> tuple[int, str] | None:
        """Status and sentence for a body that need not be read to be refused."""
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            given = headers.get("content-type", "missing")
            return 415, f"Content-Type is {given[:100]}; expected application/json. Nothing was done."
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._max_body_bytes:
            return 413, self._too_large()
        return None

    def _too_large(self) -> str:
        return f"The body is more than {self._max_body_bytes:,} bytes. Nothing was done."

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None when the client is gone. Raises _TooLarge."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._max_body_bytes:
                raise _TooLarge
            if not message.get("more_body"):
                return b"".join(parts)

    async def _refuse(
        self, status: int, sentence: str, receive: Receive, send: Send, drain_seconds: float = DRAIN_SECONDS
    ) -> None:
        content = json.dumps(self._form(sentence)).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await _drain(receive, drain_seconds)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _TooLarge(Exception):
    """A body above the limit."""


def foreign(headers: Headers) -> tuple[int, str] | None:
    """Status and sentence for a request that a program on this machine would not send."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or _name(hosts[0]) not in LOOPBACK_NAMES:
        given = ", ".join(hosts)[:100] or "missing"
        return 421, f"Host is {given}; expected 127.0.0.1 or localhost. This server is for programs on its own machine."
    if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        return 403, "The request comes from a web page; expected a program. Nothing was done."
    return None


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    name, colon, port = host.strip().lower().rpartition(":")
    return name if colon and port.isdigit() else host.strip().lower()


async def _drain(receive: Receive, seconds: float) -> None:
    """Throw away what the client still sends, for so long."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            message = await asyncio.wait_for(receive(), left)
        except TimeoutError:
            return
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once and then what the connection says."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
