"""Whether the warehouse answers, within a bound that a caller of `/health` can wait for."""

from __future__ import annotations

import threading
import time

from dashboard.data.door import Door
from dashboard.data.errors import WarehouseError

WAIT_SECONDS = 3.0


class Probe:
    """Asks the door on a thread of its own; callers that come while it waits get the same answer."""

    def __init__(self, door: Door, wait_seconds: float = WAIT_SECONDS) -> None:
        self._door = door
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._asking: _Question | None = None

    def trouble(self) -> str | None:
        """Why the warehouse does not answer, in a sentence; None when it does."""
        with self._lock:
            if self._asking is None or self._asking.is_done.is_set():
                self._asking = _Question(self._door)
                self._asking.start()
            question = self._asking
        # The bound is the question's: who comes when it is over waits no more, and holds no thread.
        if not question.is_done.wait(max(0.0, question.asked_at + self._wait_seconds - time.monotonic())):
            return f"The warehouse did not answer within {self._wait_seconds:g} seconds."
        return question.trouble


class _Question(threading.Thread):
    def __init__(self, door: Door) -> None:
        super().__init__(name="health", daemon=True)
        self._door = door
        self.asked_at = time.monotonic()
        self.is_done = threading.Event()
        self.trouble: str | None = "The warehouse could not be asked."

    def run(self) -> None:
        try:
            self._door.version()
            self.trouble = None
        except WarehouseError as error:
            self.trouble = str(error)
        finally:
            self.is_done.set()
