"""The door: answers are kept by (statement, values, mart version), so a new build shows at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from dashboard.data.errors import NotBuilt
from dashboard.data.sql import READS_OPS, Value

VERSION_SECONDS = 2.0
CACHE_ENTRIES = 256
CACHE_BYTES = 400_000_000
UNBUILT = "unbuilt"

Key = tuple[str, tuple[tuple[str, Value], ...], str]


class Runner(Protocol):
    """What runs a statement by name (Warehouse, or a test's fake)."""

    def run(self, name: str, params: dict[str, Value] | None = None) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Version:
    """What the marts hold (`build`: the newest dbt build's id), and what ops holds besides it."""

    build: str
    ops: str

    @property
    def text(self) -> str:
        """Differs after every build, test run, load and reject."""
        return f"{self.build}|{self.ops}"


class Door:
    """Cached reads. Frames that it hands out are shared between threads: treat them as read-only."""

    def __init__(self, runner: Runner, clock: Callable[[], float] = time.monotonic) -> None:
        self._runner = runner
        self._clock = clock
        self._lock = threading.Lock()
        self._cache: OrderedDict[Key, tuple[pd.DataFrame, int]] = OrderedDict()
        self._bytes = 0
        self._asking: dict[Key | str, threading.Lock] = {}
        self._version: tuple[float, Version] | None = None

    def version(self) -> str:
        """What the warehouse holds now, as an opaque text; asked at most every two seconds. Raises WarehouseError."""
        return self._known_version().text

    def read(self, name: str, **params: Value) -> pd.DataFrame:
        """The rows of `queries/<name>.sql`. Raises WarehouseError; an error is never cached.

        A statement over marts alone is asked again after a build only; one that reads ops also after a load or test.
        """
        version = self._known_version()
        if version.build == UNBUILT:  # without a build's id nothing can be kept
            return self._runner.run(name, params)
        key: Key = (name, tuple(sorted(params.items())), version.text if name in READS_OPS else version.build)
        if (frame := self._kept(key)) is not None:
            return frame
        with self._one_asks(key):  # who comes while the answer is on its way waits for that one
            if (frame := self._kept(key)) is not None:
                return frame
            frame = self._runner.run(name, params)
            self._keep(key, frame)
            return frame

    def _known_version(self) -> Version:
        if (known := self._fresh_version()) is not None:
            return known
        with self._one_asks("version"):
            if (known := self._fresh_version()) is not None:
                return known
            try:
                row = self._runner.run("mart_version").iloc[0]
                build = row["build_id"]
                version = Version(
                    UNBUILT if build is None or pd.isna(build) else str(build),
                    "|".join(str(value) for name, value in row.items() if name != "build_id"),
                )
            except NotBuilt:
                version = Version(UNBUILT, UNBUILT)
            with self._lock:
                self._version = (self._clock(), version)
            return version

    def _fresh_version(self) -> Version | None:
        with self._lock:
            known = self._version
        return known[1] if known is not None and self._clock() < known[0] + VERSION_SECONDS else None

    def _kept(self, key: Key) -> pd.DataFrame | None:
        with self._lock:
            if (entry := self._cache.get(key)) is None:
                return None
            self._cache.move_to_end(key)
            return entry[0]

    def _keep(self, key: Key, frame: pd.DataFrame) -> None:
        size = int(frame.memory_usage(index=False).sum())
        with self._lock:
            if (old := self._cache.pop(key, None)) is not None:
                self._bytes -= old[1]
            self._cache[key] = (frame, size)
            self._bytes += size
            while len(self._cache) > CACHE_ENTRIES or (self._bytes > CACHE_BYTES and len(self._cache) > 1):
                self._bytes -= self._cache.popitem(last=False)[1][1]

    @contextmanager
    def _one_asks(self, key: Key | str) -> Iterator[None]:
        with self._lock:
            lock = self._asking.setdefault(key, threading.Lock())
        with lock:
            yield
        with self._lock:
            self._asking.pop(key, None)
