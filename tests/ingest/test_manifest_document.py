"""The one reader of manifests: what it refuses, with which words, and that the schema and the page say the same."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from ingest import manifests
from ingest.datasets import Family
from ingest.errors import BadManifest
from ingest.manifest_document import Refusal, parse_key, parse_manifest
from ingest.manifests import Manifest
from tests.gates.sources import REPOSITORY
from tests.snowflake.stub import BARS, FILE, KEY, MANIFEST_ID, SOURCE, SPLITS, document, entry, flat_file

FOREIGN = "20261120T231500123456Z-ffffffff"
SCHEMA = json.loads((REPOSITORY / "docs" / "manifest.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

SUSPECT = {"dataset": "stock_bars", "session": "2026-11-20", "result_rows": 6, "expected_rows": 9, "fetches": 2}
MISSING = {"dataset": "splits", "request": {"path": "/x", "params": {"limit": "9"}}, "reason": "why"}
CONTRACTS = {"start": "2026-11-16", "end": "2026-11-20", "through": "O:A", "sessions": ["2026-11-19"]}
FULL = document(
    suspect_sessions=[SUSPECT],
    missing=[MISSING],
    contracts=CONTRACTS,
    outstanding=["2026-11-27"],
    objects=[*document()["objects"], flat_file()],
)


def item(**changes: Any) -> dict[str, Any]:
    """A manifest with one object, changed."""
    return {"objects": [entry(BARS, b"bars", 3, 30_000) | changes]}


def a_file(**changes: Any) -> dict[str, Any]:
    """A manifest with one flat file, changed."""
    return {"objects": [flat_file() | changes]}


CHANGED: dict[str, tuple[dict[str, Any], str]] = {
    "another id": ({"manifest_id": FOREIGN}, f"its manifest_id is '{FOREIGN}'"),
    "another family": ({"family": "options"}, "its family is 'options'; expected 'stocks'"),
    "another version": ({"version": 2}, "its version is 2; expected 1"),
    "a version that is a boolean": ({"version": True}, "its version is True"),
    "a version with a fraction": ({"version": 1.0}, "its version is 1.0"),
    "another time": ({"created_at": "2026-11-20T23:15:00.123457Z"}, "its created_at is '2026-11-20T23:15:00.123457Z'"),
    "no DAG": ({"dag_id": None}, "its dag_id is None"),
    "half a surrogate pair": ({"run_id": "\ud800"}, "its run_id is '\\ud800'"),
    "a NUL": ({"run_id": "a\0"}, "its run_id is 'a\\x00'"),
    "a text without end": ({"dag_id": "x" * 1001}, "its dag_id is 'xxx"),
    "complete as text": ({"complete": "yes"}, "its field complete is 'yes'; expected bool"),
    "complete without every answer": ({"requests": {"expected": 4, "answered": 3}}, "which contradicts complete, True"),
    "more answers than requests": (
        {"requests": {"expected": 3, "answered": 4}, "complete": False},
        "which contradicts complete, False",
    ),
    "requests as text": ({"requests": {"expected": "4", "answered": 4}}, "expected of its requests is '4'"),
    "no requests": ({"requests": None}, "its field requests is None; expected dict"),
    "no day of the calendar": ({"sessions": ["2026-13-45"]}, "its sessions have '2026-13-45'; expected dates"),
    "a session that is a number": ({"sessions": [20261120]}, "its sessions have 20261120"),
    "a session without dashes": ({"sessions": ["20261120"]}, "its sessions have '20261120'"),
    "a session twice": ({"sessions": ["2026-11-20"] * 2}, "its sessions have a date twice"),
    "sessions as text": ({"sessions": "2026-11-20"}, "its field sessions is '2026-11-20'; expected list"),
    "a scope of numbers": ({"scope": [1]}, "its scope has 1; expected symbols"),
    "a scope with nothing": ({"scope": [""]}, "its scope has ''"),
    "missing without a reason": (
        {"missing": [{"dataset": "splits", "request": {"path": "/", "params": {}}}]},
        "missing",
    ),
    "missing with a number in params": (
        {"missing": [MISSING | {"request": {"path": "/", "params": {"a": 1}}}]},
        "an entry of its missing",
    ),
    "missing of a foreign dataset": ({"missing": [MISSING | {"dataset": "option_bars"}]}, "an entry of its missing"),
    "missing that is text": ({"missing": ["x"]}, "an entry of its missing is 'x'"),
    "rows of no day": ({"session_rows": {"2026-11-31": 1}}, "its session_rows have '2026-11-31'"),
    "rows that are a boolean": ({"session_rows": {"2026-11-20": True}}, "of its session_rows is True"),
    "rows that are negative": ({"session_rows": {"2026-11-20": -1}}, "of its session_rows is -1"),
    "contracts without a ticker": ({"contracts": {"start": "2026-11-20", "end": "2026-11-20"}}, "its contracts are"),
    "contracts that end before they start": ({"contracts": CONTRACTS | {"end": "2026-11-13"}}, "its contracts are"),
    "contracts as text": ({"contracts": "x"}, "its field contracts is 'x'; expected dict"),
    "contracts with a field that nobody knows": ({"contracts": CONTRACTS | {"more": 1}}, "its contracts are"),
    "outstanding of no day": ({"outstanding": ["soon"]}, "its outstanding have 'soon'"),
    "a suspect of the other family": ({"suspect_sessions": [SUSPECT | {"dataset": "option_bars"}]}, "suspect_sessions"),
    "a suspect of no day": ({"suspect_sessions": [SUSPECT | {"session": "2026-11-31"}]}, "suspect_sessions is of"),
    "a suspect without a session": ({"suspect_sessions": [SUSPECT | {"session": None}]}, "suspect_sessions is of"),
    "a suspect's count as text": ({"suspect_sessions": [SUSPECT | {"result_rows": "6"}]}, "result_rows of an entry"),
    "a suspect's count as a boolean": ({"suspect_sessions": [SUSPECT | {"fetches": True}]}, "fetches of an entry"),
    "a suspect with a field that nobody knows": ({"suspect_sessions": [SUSPECT | {"more": 1}]}, "suspect_sessions is"),
    "objects that are none": ({"objects": {}}, "its field objects is {}; expected list"),
    "an object that is text": ({"objects": ["x"]}, "an entry of its objects is 'x'"),
    "an object twice": ({"objects": [entry(BARS, b"", 0, 0)] * 2}, "is listed twice"),
    "an object with a field that nobody knows": (item(more=1), "an entry of its objects is"),
    "a foreign object": (item(key=BARS.replace(MANIFEST_ID, FOREIGN)), f"belongs to the manifest {FOREIGN}"),
    "an object of the other family": (
        item(key=BARS.replace("stock_bars", "option_bars")),
        "not a dataset of",
    ),
    "an object of no dataset": (item(key=BARS.replace("stock_bars", "load_ledger")), "not a dataset of"),
    "an object of another dataset": (item(dataset="splits"), "is 'splits'"),
    "a key that is a path": (item(key=f"raw/stock_bars/../{MANIFEST_ID}/0000.ndjson.gz"), "is not the key of"),
    "a key of no day": (item(key=BARS.replace("2026-11-20", "2026-11-31")), "is not the key of"),
    "a key that ends before it starts": (
        item(key=BARS.replace("2026-11-13_", "2026-12-13_")),
        "is not the key of",
    ),
    "a key with a quote": (item(key=BARS + "'"), "is not the key of"),
    "a key with a line break": (item(key=BARS + "\n"), "is not the key of"),
    "a key in another bucket": (item(key="s3://elsewhere/" + BARS), "is not the key of"),
    "a key that is nothing": (item(key="x"), "'x' is not the key of a raw object"),
    "a key that is null": (item(key=None), "its field key is None"),
    "a checksum in upper case": (item(sha256="AB" * 32), "the sha256 of object"),
    "bytes as text": (item(bytes="120"), f"bytes of object {BARS} is '120'"),
    "bytes with a fraction": (item(bytes=1.5), f"bytes of object {BARS} is 1.5"),
    "fewer than no lines": (item(lines=-1), f"lines of object {BARS} is -1"),
    "results as a boolean": (item(result_rows=True), f"result_rows of object {BARS} is True"),
    "an object with a source that is no flat file": (item(source=SOURCE), "an entry of its objects is"),
    "a flat file without a source": (
        {"objects": [{name: one for name, one in flat_file().items() if name != "source"}]},
        "an entry of its objects is",
    ),
    "a flat file that is NDJSON": (a_file(key=FILE.replace("0123456789abcdef.csv", "0000.ndjson")), "end with .csv.gz"),
    "a flat file of a range": (a_file(key=FILE.replace("2026-11-20/", "2026-11-19_2026-11-20/")), "of one session"),
    "answers that are CSV": (item(key=BARS.replace("0000.ndjson", "0123456789abcdef.csv")), "end with .csv.gz"),
    "a flat file with a line that is no bar": (a_file(lines=3), "has 3 lines and 2 results"),
    "a source without an ETag": (
        {"objects": [flat_file(etag="")]},
        "etag in the source of object",
    ),
    "a source of no moment": ({"objects": [flat_file(fetched_at="2026-11-21")]}, "fetched_at in the source of object"),
    "a source with a field that nobody knows": ({"objects": [flat_file(more=1)]}, "the source of object"),
    "more results than anybody has": (item(result_rows=10**40), f"result_rows of object {BARS} is 1000"),
}
GOOD = json.dumps(document())
BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "it is not JSON: "),
    "text": (b"manifest", "it is not JSON: "),
    "a list": (b"[]", "it is []; expected a JSON object"),
    "a number": (b"7", "it is 7; expected a JSON object"),
    "cut off": (GOOD[:-9].encode(), "it is not JSON: "),
    "more behind it": (GOOD.encode() + b"{}", "it is not JSON: "),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), "it is not JSON: "),
    "UTF-16": (GOOD.encode("utf-16"), "it is not UTF-8: byte 0 is 0xff"),
    "Latin-1": (GOOD.replace("polygon", "pölygon").encode("latin-1"), "it is not UTF-8: byte "),
    "a key twice": (
        GOOD.replace('"version": 1', '"version": 2, "version": 1').encode(),
        "it has the key 'version' twice",
    ),
    "NaN": (GOOD.replace('"version": 1', '"version": NaN').encode(), "it is not JSON: NaN"),
    "Infinity": (GOOD.replace("30000", "Infinity").encode(), "it is not JSON: Infinity"),
    "a float beyond all": (GOOD.replace("30000", "1e999").encode(), "is inf"),
    "a number of 5,000 digits": (GOOD.replace("30000", "9" * 5000).encode(), "it is not JSON: "),
    "100,000 brackets": (b"[" * 100_000 + b"]" * 100_000, "it is nested too deep"),
    "100,000 brackets in a field": (GOOD.replace("null", "[" * 100_000 + "]" * 100_000).encode(), "nested too deep"),
    "nested just so deep that it can be read": (GOOD.replace("null", "[" * 900 + "]" * 900).encode(), "it"),
}
MISTAKES = {name: (json.dumps(document(**changes)).encode(), reason) for name, (changes, reason) in CHANGED.items()}


@pytest.mark.parametrize(("body", "reason"), [*MISTAKES.values(), *BODIES.values()], ids=[*MISTAKES, *BODIES])
def test_mistake_is_refused_and_named(body: bytes, reason: str) -> None:
    with pytest.raises(Refusal, match=re.escape(reason)):
        parse_manifest(parse_key(KEY), body)
    with pytest.raises(BadManifest, match=re.escape(f"{KEY} is not a manifest: ")):
        Manifest.from_json(KEY, body)


def test_document_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.manifest_document.MAX_BYTES", len(GOOD) - 1)
    with pytest.raises(Refusal, match=f"it has {len(GOOD)} bytes; expected {len(GOOD) - 1} at most"):
        parse_manifest(parse_key(KEY), GOOD.encode())


def test_field_that_nobody_knows_is_ignored() -> None:
    parse_manifest(parse_key(KEY), json.dumps(document(more={"anything": [1.5]})).encode())


def test_what_planning_can_not_read_is_named_and_passed_over(store: Any, caplog: pytest.LogCaptureFixture) -> None:
    good = json.dumps(document(objects=[entry(SPLITS, b"", 0, 0)])).encode()
    store.put_once(KEY, good)
    bad = {name: f"20261120T23150012{number:04d}Z-0a1b2c3d" for number, name in enumerate([*MISTAKES, *BODIES])}
    for name, manifest_id in bad.items():
        body = (MISTAKES | BODIES)[name][0].replace(MANIFEST_ID.encode(), manifest_id.encode())
        store.put_once(KEY.replace(MANIFEST_ID, manifest_id), body)

    read = manifests.read_all(store, manifests.list_keys(store, Family.STOCKS))

    assert [manifest.key for manifest in read] == [KEY]
    assert manifests.coverage(read).holds("AAPL")
    named = "\n".join(record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert all(manifest_id in named for manifest_id in bad.values())


def mutations(value: Any, put: Any) -> Iterator[Any]:
    """Whole documents in which one thing below `value` is another one, or is not there."""
    for other in (None, True, -1, 7, 1.5, "x", "", [], {}, ["x"], {"x": 1}):
        if type(other) is not type(value) or other != value:
            yield put(other)
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:

        def inside(other: Any, name: Any = name) -> Any:
            changed = copy.copy(value)
            changed[name] = other
            return put(changed)

        yield from mutations(member, inside)
        if isinstance(value, dict):
            yield put({key: one for key, one in value.items() if key != name})
            yield put(value | {"more": 1})


def test_whatever_the_reader_accepts_the_schema_accepts() -> None:
    accepted = 0
    for changed in mutations(FULL, lambda other: other):
        try:
            parse_manifest(parse_key(KEY), json.dumps(changed).encode())
        except Refusal:
            continue
        accepted += 1
        VALIDATOR.validate(changed)
    # Fields that may be absent, other text in a reason, more fields than are known, and the like.
    assert accepted > 20


@pytest.mark.parametrize("changes", [changes for changes, _ in CHANGED.values()], ids=CHANGED)
def test_schema_refuses_no_more_than_the_reader(changes: dict[str, Any]) -> None:
    VALIDATOR.validate(FULL)
    parse_manifest(parse_key(KEY), json.dumps(FULL).encode())
    # What is wrong with a mistake may be beyond a schema; where it is not, both must say so.
    if not VALIDATOR.is_valid(document(**changes)):
        with pytest.raises(Refusal):
            parse_manifest(parse_key(KEY), json.dumps(document(**changes)).encode())


def test_schema_has_the_fields_that_the_ingest_writes() -> None:
    written = json.loads(Manifest.from_json(KEY, json.dumps(document()).encode()).to_json())
    VALIDATOR.validate(written)
    assert written.keys() <= SCHEMA["properties"].keys()


def test_manifest_that_the_load_would_refuse_is_never_written() -> None:
    from dataclasses import replace

    good = Manifest.from_json(KEY, json.dumps(document()).encode())
    with pytest.raises(BadManifest, match="its sessions have '2026-11-31'"):
        replace(good, sessions=("2026-11-31",)).to_json()
