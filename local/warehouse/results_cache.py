"""Results that clients may ask for again by query id (RESULT_SCAN, asynchronous queries): few and small.

fakesnow keeps every result for ever; here the oldest go first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

MAX_RESULTS = 200
MAX_BYTES = 256 * 2**20


class ResultsCache(OrderedDict[str, tuple[Any, ...]]):
    """Query id to fakesnow's result tuple (Arrow table first), bounded by count and by bytes of Arrow data."""

    def __init__(self, max_results: int = MAX_RESULTS, max_bytes: int = MAX_BYTES) -> None:
        super().__init__()
        self._max_results = max_results
        self._max_bytes = max_bytes
        self._sizes: dict[str, int] = {}
        self._guard = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes of Arrow data held now."""
        return sum(self._sizes.values())

    def __setitem__(self, query_id: str, result: tuple[Any, ...]) -> None:
        with self._guard:
            super().__setitem__(query_id, result)
            self._sizes[query_id] = int(getattr(result[0], "nbytes", 0))
            # The newest always stays: its client has not read it yet.
            while len(self) > 1 and (len(self) > self._max_results or self.bytes > self._max_bytes):
                oldest = next(iter(self))
                del self[oldest]
                del self._sizes[oldest]
