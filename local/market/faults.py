"""Failures on demand, for tests of what a client does about them.

`POST /_faults` takes a JSON list that replaces what was there; `GET` shows what is left, `DELETE` removes all:

    [{"match": "/v2/aggs/grouped", "kind": "status", "status": 429, "retry_after": "1", "times": 2}]

match: regular expression, searched in path?query ("" = every request). times: how many requests it hits (default 1,
null = all). skip: how many matching requests are let through first (default 0). The first fault that matches acts.

    kind            what the client sees                                       further keys
    status          that status, the API's JSON body or a plain one            status, retry_after?
    html            that status with an HTML page                              status? (default 502), retry_after?
    redirect        that status, sent to another address                       status? (default 301), location
    truncated_gzip  200, a gzip body that ends half-way
    invalid_json    200, a body that ends half-way
    no_results      the right answer without its `results`
    reset           the connection is dropped without an answer
    delay           the right answer, late                                     seconds
"""

from __future__ import annotations

import asyncio
import gzip
import re
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.market import errors
from local.market.gate import OPEN_PATHS
from local.market.respond import answer

_KEYS = {"match", "kind", "times", "skip", "status", "retry_after", "seconds", "location"}
_KINDS = ("status", "html", "redirect", "truncated_gzip", "invalid_json", "no_results", "reset", "delay")
_HTML = b"<html><head><title>Bad Gateway</title></head><body><center><h1>Bad Gateway</h1></center></body></html>"


@dataclass
class Fault:
    """One fault; times and skip count down as it acts (times None = never ends)."""

    match: str
    kind: str
    times: int | None = 1
    skip: int = 0
    status: int = 0
    retry_after: str | None = None
    seconds: float = 0.0
    location: str = ""

    @classmethod
    def read(cls, item: Any) -> Fault:
        """Raises ApiError 400 for anything that is not a fault."""
        if not isinstance(item, dict) or not {"match", "kind"} <= item.keys() or not item.keys() <= _KEYS:
            raise errors.bad_request(f"a fault is an object with match, kind and at most {sorted(_KEYS)}")
        if item["kind"] not in _KINDS:
            raise errors.bad_request(f"kind must be one of {', '.join(_KINDS)}, not '{item['kind']}'")
        if item["kind"] == "status" and not isinstance(item.get("status"), int):
            raise errors.bad_request("a status fault needs a status")
        if item["kind"] == "redirect" and not isinstance(item.get("location"), str):
            raise errors.bad_request("a redirect fault needs a location")
        try:
            re.compile(item["match"])
        except (re.error, TypeError):
            raise errors.bad_request(f"match is not a regular expression: {item['match']!r}") from None
        return cls(**item)


class FaultList:
    """The faults that are set."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def replace(self, items: Any) -> None:
        """Raises ApiError 400."""
        if not isinstance(items, list):
            raise errors.bad_request("faults come as a JSON list")
        self.faults = [Fault.read(item) for item in items]

    def take(self, target: str) -> Fault | None:
        """The fault that acts on this request, counted down."""
        for fault in self.faults:
            if fault.times == 0 or not re.search(fault.match, target):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None


class Faults:
    """ASGI middleware that lets the faults act on what the application answers."""

    def __init__(self, app: ASGIApp, faults: FaultList) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith(OPEN_PATHS):
            query = scope["query_string"].decode("latin-1")
            fault = self._faults.take(f"{scope['path']}?{query}" if query else scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif fault.kind == "reset":
            await _drop(receive)
        elif fault.kind in ("status", "html", "redirect"):
            await _failure(fault)(scope, receive, send)
        else:
            await _damaged(fault.kind, await self._body(scope, receive))(scope, receive, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """What the application answers, not compressed."""
        plain = {**scope, "headers": [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            parts.append(message.get("body", b""))

        await self._app(plain, receive, keep)
        return b"".join(parts)


def _failure(fault: Fault) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    if fault.kind == "redirect":
        return Response(status_code=fault.status or 301, headers={**headers, "Location": fault.location})
    if fault.kind == "html":
        return Response(_HTML, fault.status or 502, headers, media_type="text/html")
    body = errors.too_many_requests().body if fault.status == 429 else {"status": "ERROR", "error": "on demand"}
    response = answer(body, fault.status)
    response.headers.update(headers)
    return response


def _damaged(kind: str, body: bytes) -> Response:
    headers = {}
    if kind == "no_results":
        body = orjson.dumps({key: value for key, value in orjson.loads(body).items() if key != "results"})
    elif kind == "invalid_json":
        body = body[: len(body) // 2]
    else:
        packed = gzip.compress(body)
        body, headers = packed[: len(packed) // 2], {"Content-Encoding": "gzip"}
    return Response(body, 200, headers, media_type="application/json")


async def _drop(receive: Receive) -> None:
    """Close the connection under the request.

    ASGI has no word for it; uvicorn's request cycle, whose method `receive` is, holds the transport.
    """
    cycle = getattr(receive, "__self__", None)
    if cycle is None or not hasattr(cycle, "transport"):
        raise RuntimeError("the reset fault needs uvicorn")
    cycle.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
