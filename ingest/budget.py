"""One budget of requests for everything that shares an API key.

In any 60 s no more than N requests reach the API, retries and pages included. The window is a ring of N times: a
request may leave when the oldest entry is 60 s old. An entry holds the time of the *answer*, because a request that
was slow on its way counts at the server when it arrives, not when it left.

Who shares it:
- all threads and pages of a task: they hold the same `Budget`;
- all tasks on one machine, also one after another and after a kill: the ring is a small memory-mapped file, one per
  API host, guarded by a file lock. It is in this user's temporary folder (ingest/tempfolder.py), or in the folder that
  SNOWTAPE_BUDGET_DIR names; processes that see different temporary folders (containers, services) need the latter;
- tasks on several machines: Airflow's pool `polygon_api` has one slot, so fetching tasks run one at a time. A task
  that starts on another machine does not see the last window of the one before; the API's 429 then makes it wait.

A pause that the API asks for (429) is written there too: all of them wait, once.

Clocks jump: the wall clock may be set, and the machine's own starts again at a restart while the file stays. An entry
or a pause that lies further ahead than it could when it was written is from before such a jump, and counts from now.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest import tempfolder
from ingest.errors import BadSetting
from ingest.settings import read_budget_folder

WINDOW_SECONDS = 60.0
# Clocks of two machines, and a server that counts a little later than we do.
MARGIN_SECONDS = 0.05
# A pause is never longer than this, whatever the API asks for.
LONGEST_PAUSE_SECONDS = 900.0
_HEADER = struct.Struct("<Qdd")  # next entry, blocked since, blocked until
_ENTRY = struct.Struct("<d")


class Budget:
    """At most `limit` requests in any 60 s; thread-safe, and safe between processes when it has a `path`."""

    def __init__(
        self,
        limit: int,
        path: Path | None = None,
        *,
        longest_request: float = 150.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        Args:
            longest_request: seconds after which a request without an answer (a killed process) counts as done.
            clock: seconds, the same for all processes of the machine; by default since it was started, so that setting
                its time changes nothing.
        """
        self.limit = limit
        self._longest = longest_request
        self._clock, self._sleep = clock, sleep
        self._guard = threading.Lock()
        size = _HEADER.size + limit * _ENTRY.size
        self._file: int | None = None
        if path is None:
            self._memory = mmap.mmap(-1, size)
        else:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            if os.fstat(self._file).st_size < size:
                os.ftruncate(self._file, size)
            self._memory = mmap.mmap(self._file, size)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Wait for a place in the window and keep it until the answer is there."""
        entry = self._take()
        try:
            yield
        finally:
            with self._locked():
                self._set(entry, self._clock())

    def pause(self, seconds: float) -> None:
        """Nobody sends anything for this long, 900 s at most; a longer pause that is already set stays."""
        with self._locked():
            now = self._clock()
            until = max(self._blocked_until(now), now + min(seconds, LONGEST_PAUSE_SECONDS))
            self._set_header(self._header()[0], now, until)

    def _take(self) -> int:
        while True:
            with self._locked():
                now = self._clock()
                blocked = self._blocked_until(now)
                following, since, until = self._header()
                entry = following % self.limit
                wait = max(self._expiry(entry, now), blocked) - now
                if wait <= 0:
                    # Until the answer is there the place is taken for as long as a request can last.
                    self._set(entry, now + self._longest)
                    self._set_header(following + 1, since, until)
                    return entry
            # In short naps: an answer that comes back early frees its place early.
            self._sleep(min(wait, 1.0))

    def _expiry(self, entry: int, now: float) -> float:
        used = float(_ENTRY.unpack_from(self._memory, _HEADER.size + entry * _ENTRY.size)[0])
        if not used:  # a new file is filled with zeros
            return now
        if not used <= now + self._longest:  # from before a jump of the clock, or not a number
            self._set(entry, now)
            used = now
        return used + WINDOW_SECONDS + MARGIN_SECONDS

    def _blocked_until(self, now: float) -> float:
        """When the pause ends; one that began after `now` is from before a jump of the clock and begins now."""
        following, since, until = self._header()
        if not since <= now:
            length = until - since if 0 <= until - since <= LONGEST_PAUSE_SECONDS else 0.0
            since, until = now, now + length
            self._set_header(following, since, until)
        return min(until, now + LONGEST_PAUSE_SECONDS)

    def _header(self) -> tuple[int, float, float]:
        following, since, until = _HEADER.unpack_from(self._memory, 0)
        return int(following), float(since), float(until)

    def _set_header(self, following: int, since: float, until: float) -> None:
        _HEADER.pack_into(self._memory, 0, following, since, until)

    def _set(self, entry: int, moment: float) -> None:
        _ENTRY.pack_into(self._memory, _HEADER.size + entry * _ENTRY.size, moment)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._guard:
            if self._file is None:
                yield
                return
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


def shared_budget(host: str, limit: int) -> Budget:
    """The budget that all processes of this user on this machine share for an API host.

    Raises:
        BadSetting: there is no folder for its file.
    """
    folder = read_budget_folder() or tempfolder.root() / "budget"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9.-]", "_", host.lower())
        return Budget(limit, folder / f"budget2-{name}-{limit}")
    except OSError as error:
        raise BadSetting(
            f"SNOWTAPE_BUDGET_DIR is {str(folder)!r}, where no file can be written ({error.strerror}); expected a"
            " folder that all processes which share the API key may write to."
        ) from None
