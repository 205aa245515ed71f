"""A session that answers from a script of its own, and manifests to load."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from snowflake.snowpark import Row

MANIFEST_ID = "20261120T231500123456Z-0a1b2c3d"
KEY = f"manifests/stocks/{MANIFEST_ID}.json"
BARS = f"raw/stock_bars/2026-11-13_2026-11-20/{MANIFEST_ID}/0000.ndjson.gz"
SPLITS = f"raw/splits/2026-11-13_2026-11-20/{MANIFEST_ID}/0000.ndjson.gz"


def entry(key: str, dataset: str, size: int, lines: int, result_rows: int) -> dict[str, Any]:
    """An object as a manifest lists it; its bytes are none."""
    return {
        "key": key,
        "dataset": dataset,
        "bytes": size,
        "sha256": hashlib.sha256(b"").hexdigest(),
        "lines": lines,
        "result_rows": result_rows,
    }


def document(**changes: Any) -> dict[str, Any]:
    """A manifest of two objects, with some of its fields changed."""
    return {
        "manifest_id": MANIFEST_ID,
        "family": "stocks",
        "version": 1,
        "created_at": "2026-11-20T23:15:00.123456Z",
        "dag_id": "polygon_stocks_ingest_daily",
        "run_id": "scheduled__2026-11-20",
        "sessions": ["2026-11-20"],
        "scope": ["*"],
        "requests": {"expected": 4, "answered": 4},
        "complete": True,
        "missing": [],
        "objects": [entry(BARS, "stock_bars", 120, 3, 30_000), entry(SPLITS, "splits", 50, 1, 2)],
    } | changes


class Statements:
    """Stands in for a Snowpark session: notes every statement, answers from what the stage and the ledger hold."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.manifest: str | None = json.dumps(document())
        self.listed = {BARS: (120, "etag-1"), SPLITS: (50, "etag-2")}
        self.copied = {BARS: ("LOADED", 3), SPLITS: ("LOADED", 1)}
        self.results = {BARS: 30_000, SPLITS: 2}
        self.ledger: list[Row] = []
        self.lock_rows = 1
        self.prefix = "s3://bucket/prod/"
        self.failing: dict[str, Exception] = {}

    def sql(self, statement: str) -> Statements:
        """Note a statement; `collect` runs it."""
        self.sent.append(statement)
        return self

    def collect(self) -> list[Row]:
        """Rows of the statement that was noted last."""
        statement = self.sent[-1]
        for part, error in self.failing.items():
            if part in statement:
                raise error
        if statement.startswith("update raw.load_locks"):
            return [Row(self.lock_rows)]
        if "from raw.load_ledger" in statement:
            return self.ledger
        if statement.startswith("select metadata$filename"):
            return [] if self.manifest is None else [Row(f"prod/{KEY}", self.manifest)]
        if statement.startswith("list "):
            folder = statement.removeprefix("list @raw.landing/")
            named = [key for key in self.listed if key.startswith(folder)]
            return [Row(self.prefix + key, *self.listed[key], "Fri, 20 Nov 2026 23:15:00 GMT") for key in named]
        if statement.startswith("select object_key"):
            return [Row(key, rows) for key, rows in self.results.items() if f" raw.{key.split('/')[1]} " in statement]
        if statement.startswith("copy into"):
            asked = [key for key in self.copied if f"'{key}'" in statement]
            result = Row('"file"', '"status"', '"rows_parsed"', '"rows_loaded"', '"first_error"')
            rows = [(key, *self.copied[key]) for key in asked]
            loaded = [result(self.prefix + key, status, lines, lines, None) for key, status, lines in rows]
            return loaded or [Row('"status"')("Copy executed with 0 files processed.")]
        return []

    def kinds(self) -> list[str]:
        """First words of all statements, in order."""
        return [" ".join(statement.split()[: 3 if statement.startswith("copy") else 1]) for statement in self.sent]
