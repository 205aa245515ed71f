"""Notices when a client's TCP connection ends: a client that was killed never says goodbye."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


def watched(lost: Callable[[int], None]) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol; calls `lost` with the client's port when a connection has ended."""
    base: Any = AutoHTTPProtocol

    class WatchedProtocol(base):
        def connection_lost(self, error: Exception | None) -> None:
            if self.client:
                lost(self.client[1])
            super().connection_lost(error)

    return WatchedProtocol
