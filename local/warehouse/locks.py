"""Table locks: writers of one table wait for each other, as they do in Snowflake, instead of failing as in DuckDB.

INSERT and COPY share a table with each other; UPDATE, DELETE, MERGE, TRUNCATE and DDL want it for themselves.
A lock is held until its owner's transaction ends.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Hashable, Mapping

from local.warehouse.errors import sql_error
from local.warehouse.naming import ObjectName


class TableLocks:
    """Locks by table. `timeout` is in seconds; an owner is anything hashable, here a session."""

    def __init__(self, timeout: float = 600.0) -> None:
        self.timeout = timeout
        self._changed = threading.Condition()
        # Table to {owner: whether it holds the table exclusively}
        self._held: dict[ObjectName, dict[Hashable, bool]] = defaultdict(dict)
        self._waits_for: dict[Hashable, set[Hashable]] = {}
        self._closed = False

    def acquire(self, owner: Hashable, wanted: Mapping[ObjectName, bool]) -> None:
        """Take tables (True: exclusively) one after another in the order of their names.

        Raises an SQL error for a deadlock, at once, and after `timeout` seconds of waiting.
        """
        deadline = time.monotonic() + self.timeout
        with self._changed:
            for table in sorted(wanted):
                while others := self._in_the_way(owner, table, wanted[table]):
                    self._waits_for[owner] = others
                    try:
                        if self._is_deadlock(owner):
                            raise sql_error(f"Your statement was aborted: deadlock on table '{table}'.", 626, "40001")
                        left = deadline - time.monotonic()
                        if self._closed:
                            raise sql_error("The local warehouse is shutting down.", 604, "57014")
                        if left <= 0 or not self._changed.wait(left):
                            raise sql_error(
                                f"Lock on table '{table}' was not released within {self.timeout:.0f} seconds.",
                                625,
                                "57014",
                            )
                    finally:
                        self._waits_for.pop(owner, None)
                holders = self._held[table]
                holders[owner] = holders.get(owner, False) or wanted[table]

    def release(self, owner: Hashable) -> None:
        """Give back everything that this owner holds."""
        with self._changed:
            for table in [t for t, holders in self._held.items() if holders.pop(owner, None) is not None]:
                if not self._held[table]:
                    del self._held[table]
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits any longer: the server stops."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _in_the_way(self, owner: Hashable, table: ObjectName, exclusively: bool) -> set[Hashable]:
        holders = self._held.get(table, {})
        return {other for other, exclusive in holders.items() if other != owner and (exclusively or exclusive)}

    def _is_deadlock(self, owner: Hashable) -> bool:
        seen: set[Hashable] = set()
        todo = list(self._waits_for.get(owner, ()))
        while todo:
            other = todo.pop()
            if other == owner:
                return True
            if other not in seen:
                seen.add(other)
                todo += self._waits_for.get(other, ())
        return False
