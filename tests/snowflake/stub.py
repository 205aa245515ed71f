"""A session that answers from a script of its own, and manifests to load."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import datetime
from typing import Any

import pytest
from snowflake.snowpark import Row
from snowflake.snowpark.files import SnowflakeFile

MANIFEST_ID = "20261120T231500123456Z-0a1b2c3d"
BEGAN_AT = datetime(2026, 11, 20, 23, 15, 0, 123456)
KEY = f"manifests/stocks/{MANIFEST_ID}.json"
BARS = f"raw/stock_bars/2026-11-13_2026-11-20/{MANIFEST_ID}/0000.ndjson.gz"
FILE = f"raw/stock_bar_files/2026-11-20/{MANIFEST_ID}/0123456789abcdef.csv.gz"
SPLITS = f"raw/splits/2026-11-13_2026-11-20/{MANIFEST_ID}/0000.ndjson.gz"


def entry(key: str, body: bytes, lines: int, result_rows: int) -> dict[str, Any]:
    """An object as a manifest lists it."""
    return {
        "key": key,
        "dataset": key.split("/")[1],
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "lines": lines,
        "result_rows": result_rows,
    }


SOURCE = {
    "key": "us_stocks_sip/day_aggs_v1/2026/11/2026-11-20.csv.gz",
    "etag": "1ad01093519b0f90c080a09c759591ed-9",
    "last_modified": "2026-11-21T15:04:05.000000Z",
    "fetched_at": "2026-11-21T16:00:00.000000Z",
}


def flat_file(body: bytes = b"bars", rows: int = 2, **source: Any) -> dict[str, Any]:
    """A flat file as a manifest lists it."""
    return entry(FILE, body, rows, rows) | {"source": SOURCE | source}


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
        "suspect_sessions": [],
        "session_rows": {"2026-11-20": 30_000},
        "contracts": None,
        "objects": [entry(BARS, b"bars", 3, 30_000), entry(SPLITS, b"splits", 1, 2)],
    } | changes


class Statements:
    """Stands in for a Snowpark session: notes every statement, answers from what the stage and the ledger hold.

    `files` are the bytes on the stage by key, `opened` the keys that were read through SnowflakeFile, `copied` what
    COPY answers, `results` what was copied of each object, `content_keys` the checksums that COPY met where they are
    not the files' md5, `replies` the rows of other statements by their first words.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.opened: list[str] = []
        self.files: dict[str, bytes] = {KEY: json.dumps(document()).encode(), BARS: b"bars", SPLITS: b"splits"}
        self.copied = {BARS: ("LOADED", 3), SPLITS: ("LOADED", 1)}
        self.results: dict[str, int] = {BARS: 30_000, SPLITS: 2}
        self.fetched_at: dict[str, datetime] = {}
        self.content_keys: dict[str, str] = {}
        self.ledger: list[Row] = []
        self.replies: dict[str, list[Row]] = {}
        self.lock_rows = 1
        self.prefix = "s3://bucket/prod/"
        self.failing: dict[str, Exception] = {}

    def open_file(self, name: str, mode: str, *, require_scoped_url: bool) -> io.BytesIO:
        """In the place of SnowflakeFile.open."""
        assert (mode, require_scoped_url) == ("rb", False)
        key = name.removeprefix("@raw.landing/")
        self.opened.append(key)
        if key not in self.files:
            raise FileNotFoundError("Remote file was not found.")
        return io.BytesIO(self.files[key])

    def content_key(self, key: str) -> str:
        """What Snowflake says of an object that is on the stage now."""
        body = self.files.get(key, b"")
        return self.content_keys.get(key, hashlib.md5(body, usedforsecurity=False).hexdigest())

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
        for begins, rows in self.replies.items():
            if statement.startswith(begins):
                return rows
        if statement.startswith("update raw.load_locks"):
            return [Row(self.lock_rows)]
        if "from raw.load_ledger" in statement:
            return self.ledger
        if statement.startswith("select metadata$filename"):
            begins = tuple(part.split(" ")[0] for part in statement.split("@raw.landing/")[1:])
            return [Row("prod/" + key, self.content_key(key)) for key in self.files if key.startswith(begins)]
        if statement.startswith("select object_key"):
            return [self._copied(key) for key in self.results if f" raw.{key.split('/')[1]} " in statement]
        if statement.startswith("copy into"):
            asked = [key for key in self.copied if f"'{key}'" in statement]
            result = Row('"file"', '"status"', '"rows_parsed"', '"rows_loaded"', '"first_error"')
            rows = [(key, *self.copied[key]) for key in asked]
            loaded = [result(self.prefix + key, status, lines, lines, None) for key, status, lines in rows]
            return loaded or [Row('"status"')("Copy executed with 0 files processed.")]
        return []

    def _copied(self, key: str) -> Row:
        at, content_key = self.fetched_at.get(key, BEGAN_AT), self.content_key(key)
        return Row(key, self.results[key], at, at, content_key, content_key)

    def kinds(self) -> list[str]:
        """First words of all statements, in order."""
        return [" ".join(statement.split()[: 3 if statement.startswith("copy") else 1]) for statement in self.sent]


def on_a_stage(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """A session on a stage that holds a manifest and its two objects."""
    made = Statements()
    monkeypatch.setattr(SnowflakeFile, "open", made.open_file)
    return made
