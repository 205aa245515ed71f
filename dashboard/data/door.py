"""The door: answers are kept by (statement, values, mart version), so a new build shows at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import pandas as pd

from dashboard.data.errors import NotBuilt
from dashboard.data.sql import Value

VERSION_SECONDS = 2.0
CACHE_ENTRIES = 256
UNBUILT = "unbuilt"

Key = tuple[str, tuple[tuple[str, Value], ...], str]


class Runner(Protocol):
    """What runs a statement by name (Warehouse, or a test's fake)."""

    def run(self, name: str, params: dict[str, Value] | None = None) -> pd.DataFrame: ...


class Door:
    """Cached reads. Frames that it hands out are shared between threads: treat them as read-only."""

    def __init__(self, runner: Runner, clock: Callable[[], float] = time.monotonic) -> None:
        self._runner = runner
        self._clock = clock
        self._lock = threading.Lock()
        self._cache: OrderedDict[Key, pd.DataFrame] = OrderedDict()
        self._version: tuple[float, str] | None = None

    def version(self) -> str:
        """What the marts hold now, as an opaque text; asked at most every two seconds. Raises WarehouseError."""
        with self._lock:
            known = self._version
        if known is not None and self._clock() < known[0] + VERSION_SECONDS:
            return known[1]
        try:
            row = self._runner.run("mart_version")
            version = "|".join(str(value) for value in row.iloc[0])
        except NotBuilt:
            version = UNBUILT
        with self._lock:
            self._version = (self._clock(), version)
        return version

    def read(self, name: str, **params: Value) -> pd.DataFrame:
        """The rows of `queries/<name>.sql`. Raises WarehouseError; an error is never cached."""
        version = self.version()
        if version == UNBUILT:  # some of the marts are missing: without a version nothing can be kept
            return self._runner.run(name, params)
        key: Key = (name, tuple(sorted(params.items())), version)
        with self._lock:
            if (frame := self._cache.get(key)) is not None:
                self._cache.move_to_end(key)
                return frame
        frame = self._runner.run(name, params)
        with self._lock:
            self._cache[key] = frame
            while len(self._cache) > CACHE_ENTRIES:
                self._cache.popitem(last=False)
        return frame
