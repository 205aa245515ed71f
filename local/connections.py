"""uvicorn's HTTP protocol with what it lacks: limits on size and time of a head, and word of a lost client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 30.0
_TOO_LARGE = f"The request's head is more than {HEAD_BYTES:,} bytes. The connection is closed."
_REFUSAL = (
    "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    f"Content-Length: {len(_TOO_LARGE)}\r\nConnection: close\r\n\r\n{_TOO_LARGE}"
).encode()


def protocol(lost: Callable[[int], None] | None = None, head_seconds: float = HEAD_SECONDS) -> type[asyncio.Protocol]:
    """The protocol class for `uvicorn.Config(http=…)`.

    Args:
        lost: called with the client's port when its connection has ended: a client that was killed never says goodbye.
        head_seconds: from the connection, or a request's first byte on a used one, until its head is complete.
    """
    base: Any = AutoHTTPProtocol

    class GuardedProtocol(base):
        _head_bytes = 0
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._start()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
                return
            self._start()
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_REFUSAL)
                self.transport.close()

        def connection_lost(self, error: Exception | None) -> None:
            self._stop()
            if lost and self.client:
                lost(self.client[1])
            super().connection_lost(error)

        def _start(self) -> None:
            if self._deadline is None:
                loop = asyncio.get_running_loop()
                self._deadline = loop.call_later(head_seconds, self.transport.close)

        def _stop(self) -> None:
            self._head_bytes = 0
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return GuardedProtocol
