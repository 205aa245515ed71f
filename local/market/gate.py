"""What every request passes before its endpoint: the log, the key, the rate limit, the delay."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.market import errors
from local.market.respond import refusal
from local.market.settings import MarketSettings

MAX_LOGGED = 200_000
CONTROL_PATHS = "/_"
"""Paths that start so need the control token instead of the key."""
OPEN_PATHS = ("/health", CONTROL_PATHS)
"""Paths that start so are never delayed or limited, and are not logged: the server's own."""


@dataclass(frozen=True)
class LoggedRequest:
    """One request as it came in: time in epoch seconds (of the machine's clock), status 0 = cut off."""

    time: float
    method: str
    path: str
    params: dict[str, str]
    status: int


class RequestLog:
    """The newest requests; the oldest are forgotten beyond MAX_LOGGED."""

    def __init__(self) -> None:
        self._requests: deque[LoggedRequest] = deque(maxlen=MAX_LOGGED)

    def add(self, request: LoggedRequest) -> None:
        self._requests.append(request)

    def clear(self) -> None:
        self._requests.clear()

    def rows(self) -> list[dict[str, Any]]:
        """In the order in which they were answered."""
        return [asdict(request) for request in self._requests]


class RateLimit:
    """At most `limit` requests within any `window_seconds` (a sliding window); refused ones don't count."""

    def __init__(self, limit: int, window_seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._window_seconds = window_seconds
        self._clock = clock
        self._let_in: deque[float] = deque()

    def lets_in(self) -> bool:
        """Take one place; False when none is free."""
        now = self._clock()
        while self._let_in and self._let_in[0] <= now - self._window_seconds:
            self._let_in.popleft()
        if len(self._let_in) >= self._limit:
            return False
        self._let_in.append(now)
        return True


class Gate:
    """ASGI middleware; the outermost one but the door."""

    def __init__(self, app: ASGIApp, settings: MarketSettings, log: RequestLog) -> None:
        self._app = app
        self._settings = settings
        self._log = log
        self._rate_limit = RateLimit(settings.requests_per_minute) if settings.requests_per_minute else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(CONTROL_PATHS) and not self._may_control(scope):
            await refusal(errors.no_control())(scope, receive, send)
            return
        if scope["type"] != "http" or scope["path"].startswith(OPEN_PATHS):
            await self._app(scope, receive, send)
            return
        arrived, status = time.time(), 0

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            refused = self._refused(scope)
            if refused is not None:
                await refusal(refused)(scope, receive, send_noting_status)
                return
            if self._settings.delay_ms:
                await asyncio.sleep(self._settings.delay_ms / 1000)
            await self._app(scope, receive, send_noting_status)
        except asyncio.CancelledError:
            # The server is being stopped while it holds this answer back.
            if not status:
                await refusal(errors.stopping())(scope, receive, send_noting_status)
        finally:
            self._log.add(LoggedRequest(arrived, scope["method"], scope["path"], _params(scope), status))

    def _may_control(self, scope: Scope) -> bool:
        token = self._settings.control_token
        return bool(token) and secrets.compare_digest(_bearer(scope).encode(), str(token).encode())

    def _refused(self, scope: Scope) -> errors.ApiError | None:
        key = _bearer(scope)
        if not key:
            return errors.missing_key()
        if key != self._settings.api_key:
            return errors.unknown_key()
        if self._rate_limit and not self._rate_limit.lets_in():
            return errors.too_many_requests()
        return None


def _bearer(scope: Scope) -> str:
    """What a request shows as Authorization: Bearer; "" for nothing or another scheme."""
    scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _params(scope: Scope) -> dict[str, str]:
    """The query, without what must never be kept."""
    params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return {name: "***" if name.lower() == "apikey" else value for name, value in params.items()}
