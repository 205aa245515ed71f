"""`python -m bench.counting_warehouse …`: the local warehouse, which notes how many rows each statement's scans read.

What DuckDB skips by the smallest and largest values of a row group counts as not read, as a partition that Snowflake
prunes does. So does a table that is asked for nothing but its smallest or largest value: Snowflake knows them without
reading (metadata of partitions), DuckDB reads. A line of JSON a statement goes to the file that BENCH_SCANS names, as
soon as there is one: {"node": …, "rows": …}. A query takes longer then, since it is run once more to be counted.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.warehouse.__main__ import main
from local.warehouse.cursor import WarehouseCursor
from local.warehouse.session import Session

VARIABLE = "BENCH_SCANS"
_QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_PLAIN_COLUMN = re.compile(r"#\d+|[a-z_][a-z0-9_]*", re.IGNORECASE)
_EXTREME = re.compile(r"(min|max)\(#\d+\)")
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
        if not profile:
            return
        found = json.loads(profile)
        rows = found.get("query", {}).get("total_rows_scanned", 0) - sum(map(_known, found.get("operator", [])))
        if rows:
            with self._file.open("a") as lines:
                lines.write(json.dumps({"node": self.node, "rows": rows}) + "\n")


def _known(operator: dict[str, Any]) -> int:
    """Rows below an operator that were read only for the extremes of a whole table's columns."""
    below = operator.get("children", [])
    if operator["type"] != "UNGROUPED_AGGREGATE" or not _all(operator, "Aggregates", _EXTREME):
        return sum(map(_known, below))
    while below and below[0]["type"] == "PROJECTION" and _all(below[0], "Projections", _PLAIN_COLUMN):
        below = below[0]["children"]
    is_whole = below and below[0]["type"] == "TABLE_SCAN" and not below[0]["extra_info"].keys() & {"Filters"}
    return int(below[0]["rows_scanned"]) if is_whole else sum(map(_known, below))


def _all(operator: dict[str, Any], what: str, pattern: re.Pattern[str]) -> bool:
    named = operator["extra_info"].get(what, [])
    return all(pattern.fullmatch(one) for one in ([named] if isinstance(named, str) else named))


def wrap(connection: Callable[[Any], Any]) -> None:
    """From now on sessions work on what `connection` makes of a DuckDB connection; its `node` is told dbt's model."""
    begin, execute = Session.__init__, WarehouseCursor.execute

    def begun(self: Session, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self._duck_conn = self.transactions._duck = connection(self._duck_conn)

    def executed(self: WarehouseCursor, command: str, *args: Any, **kwargs: Any) -> WarehouseCursor:
        found = _NODE.search(command)
        self.duck.node = found[1] if found else ""  # type: ignore[attr-defined]
        return execute(self, command, *args, **kwargs)

    Session.__init__ = begun  # type: ignore[method-assign]
    WarehouseCursor.execute = executed  # type: ignore[method-assign]


if __name__ == "__main__":
    wrap(lambda inner: _Counting(inner, Path(os.environ[VARIABLE])))
    sys.exit(main())
