"""`python -m bench.counting_warehouse …`: the local warehouse, which notes how many rows each statement's scans read.

What DuckDB skips by the smallest and largest values of a row group counts as not read, as a partition that Snowflake
prunes does. A line of JSON a statement goes to the file that BENCH_SCANS names, as soon as there is one:
{"node": …, "rows": …}. Statements take longer then, since a query is run once more to be counted.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from local.warehouse.__main__ import main
from local.warehouse.cursor import WarehouseCursor
from local.warehouse.session import Session

VARIABLE = "BENCH_SCANS"
_QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_NODE = re.compile(r'"node_id": "[a-z]+\.snowtape\.([a-z0-9_]+)')


class _Counting:
    """A DuckDB connection that counts; for everything else it is the one that it wraps."""

    def __init__(self, inner: Any, file: Path) -> None:
        inner.execute("pragma enable_profiling='no_output'")
        self._inner, self._file, self.node = inner, file, ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def execute(self, sql: str, *args: Any, **kwargs: Any) -> _Counting:
        if self._file.exists():
            if _QUERY.match(sql):
                # Arrow, which the warehouse asks for, leaves no profile.
                self._inner.execute(sql, *args, **kwargs).fetchall()
                self._count()
                self._inner.execute(sql, *args, **kwargs)
            else:
                self._inner.execute(sql, *args, **kwargs)
                self._count()
        else:
            self._inner.execute(sql, *args, **kwargs)
        return self

    def _count(self) -> None:
        profile = self._inner.get_profiling_information("json")
        rows = json.loads(profile).get("query", {}).get("total_rows_scanned", 0) if profile else 0
        if rows:
            with self._file.open("a") as lines:
                lines.write(json.dumps({"node": self.node, "rows": rows}) + "\n")


def wrap(file: Path) -> None:
    """From now on every statement is counted."""
    begin, execute = Session.__init__, WarehouseCursor.execute

    def begun(self: Session, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self._duck_conn = _Counting(self._duck_conn, file)

    def executed(self: WarehouseCursor, command: str, *args: Any, **kwargs: Any) -> WarehouseCursor:
        found = _NODE.search(command)
        self.duck.node = found[1] if found else ""  # type: ignore[attr-defined]
        return execute(self, command, *args, **kwargs)

    Session.__init__ = begun  # type: ignore[method-assign]
    WarehouseCursor.execute = executed  # type: ignore[method-assign]


if __name__ == "__main__":
    wrap(Path(os.environ[VARIABLE]))
    sys.exit(main())
