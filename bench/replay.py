"""`python -m bench.replay <warehouse's directory> <statements>`: what was recorded, once more, on bare DuckDB.

Prints the seconds of the statements that dbt's models sent. The directory is a copy of the warehouse's from before the
first statement; bench/recording_warehouse.py wrote the statements.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

from local.warehouse.extensions import load
from local.warehouse.procedures.runner import ProcedureRunner
from local.warehouse.warehouse import Warehouse


def replay(directory: Path, statements: Path) -> dict[str, float]:
    """Seconds by model."""
    warehouse = Warehouse.open(directory, ProcedureRunner("127.0.0.1", 0), load())
    sessions: dict[int, Any] = {}
    seconds: dict[str, float] = defaultdict(float)
    try:
        for line in statements.read_text().splitlines():
            call = json.loads(line)
            number = call["session"]
            if number not in sessions:
                sessions[number] = warehouse.instance.duck_conn.cursor()
                sessions[number].execute("set schema = 'SNOWTAPE.main'")
            began = time.perf_counter()
            try:
                answer = getattr(sessions[number], call["method"])(*call["args"])
                if call["method"] == "execute":
                    answer.fetchall()
            except duckdb.Error:
                # The warehouse was refused it too and told its client, or tried another way.
                if call["node"]:
                    raise
            seconds[call["node"]] += time.perf_counter() - began
    finally:
        warehouse.close()
    return seconds


if __name__ == "__main__":
    found = replay(Path(sys.argv[1]), Path(sys.argv[2]))
    found.pop("", None)
    print(json.dumps(found))
