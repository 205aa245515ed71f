"""`python -m bench.recording_warehouse …`: the local warehouse, which writes down what it asks DuckDB.

A line of JSON a call goes to the file that BENCH_STATEMENTS names, as soon as there is one; bench/replay.py does the
same again without a server, a client, dbt or Snowflake's dialect.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.counting_warehouse import wrap
from local.warehouse.__main__ import main

VARIABLE = "BENCH_STATEMENTS"
_numbers = itertools.count()


class _Recording:
    """A DuckDB connection that records; for everything else it is the one that it wraps."""

    def __init__(self, inner: Any, file: Path) -> None:
        self._inner, self._file, self._number, self.node = inner, file, next(_numbers), ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def execute(self, sql: str, *args: Any, **kwargs: Any) -> _Recording:
        self._record("execute", sql, *args)
        self._inner.execute(sql, *args, **kwargs)
        return self

    def begin(self) -> None:
        self._record("begin")
        self._inner.begin()

    def commit(self) -> None:
        self._record("commit")
        self._inner.commit()

    def rollback(self) -> None:
        self._record("rollback")
        self._inner.rollback()

    def _record(self, method: str, *args: Any) -> None:
        if self._file.exists():
            call = {"session": self._number, "node": self.node, "method": method, "args": args}
            with self._file.open("a") as lines:
                lines.write(json.dumps(call) + "\n")


if __name__ == "__main__":
    wrap(lambda inner: _Recording(inner, Path(os.environ[VARIABLE])))
    sys.exit(main())
