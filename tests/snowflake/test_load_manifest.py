"""The handler of raw.load_manifest: its protocol, statement by statement, without a warehouse."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from snowflake.snowpark import Row

from snowflake.procedures import manifest, staged_objects, statements
from snowflake.procedures.load_manifest import main
from snowflake.procedures.manifest import Refusal
from tests.snowflake.stub import BARS, KEY, MANIFEST_ID, SPLITS, Statements, document, entry

FOREIGN = "20261120T231500123456Z-ffffffff"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """A session on a stage that holds a manifest and its two objects, both without a byte in them."""
    monkeypatch.setattr(staged_objects.SnowflakeFile, "open", lambda *_, **__: io.BytesIO())
    return Statements()


def test_manifest_is_loaded_in_one_transaction_with_the_lock_first(session: Statements) -> None:
    assert main(session, KEY) == {
        "manifest_id": MANIFEST_ID,
        "family": "stocks",
        "status": "loaded",
        "objects": 2,
        "rows_loaded": 4,
        "result_rows": 30_002,
    }
    assert session.kinds() == [
        "begin",
        "update",
        "select",
        "select",
        "list",
        "list",
        "copy into raw.stock_bars",
        "select",
        "copy into raw.splits",
        "select",
        "insert",
        "commit",
    ]


def test_known_manifest_gives_what_the_ledger_recorded_and_copies_nothing(session: Statements) -> None:
    session.ledger = [Row(2, 4, 30_002)]

    assert main(session, KEY)["status"] == "already_loaded"
    assert session.kinds() == ["begin", "update", "select", "commit"]


def test_ledger_row_holds_rows_bytes_and_etag_of_each_object(session: Statements) -> None:
    main(session, KEY)
    (ledger_row,) = [statement for statement in session.sent if "into raw.load_ledger" in statement]

    objects = json.loads(ledger_row[ledger_row.rindex("'[") + 1 : ledger_row.rindex("]'") + 1])
    assert objects == [
        {"key": BARS, "dataset": "stock_bars", "bytes": 120, "rows": 3, "etag": "etag-1"},
        {"key": SPLITS, "dataset": "splits", "bytes": 50, "rows": 1, "etag": "etag-2"},
    ]


def test_raw_rows_and_ledger_row_carry_the_same_time(session: Statements) -> None:
    main(session, KEY)

    copied, recorded = (
        {part for part in statement.split("'") if part.startswith("20") and part[10:11] == " "}
        for statement in session.sent
        if "copy into raw.splits" in statement or "into raw.load_ledger" in statement
    )
    assert copied == recorded
    assert len(copied) == 1


def test_manifest_without_objects_is_loaded_as_such(session: Statements) -> None:
    session.manifest = json.dumps(document(objects=[], complete=False))

    assert main(session, KEY)["rows_loaded"] == 0
    assert session.kinds() == ["begin", "update", "select", "select", "insert", "commit"]


def test_copy_names_at_most_a_thousand_files(session: Statements) -> None:
    keys = [BARS.replace("0000", f"{number:04d}") for number in range(1001)]
    session.manifest = json.dumps(document(objects=[entry(key, "stock_bars", 1, 1, 1) for key in keys]))
    session.listed = dict.fromkeys(keys, (1, "etag"))
    session.copied = dict.fromkeys(keys, ("LOADED", 1))
    session.results = dict.fromkeys(keys, 1)

    main(session, KEY)

    copies = [statement for statement in session.sent if statement.startswith("copy")]
    assert [statement.count("ndjson.gz") for statement in copies] == [1000, 1]


def change(session: Statements, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(session, name, value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"manifest": None}, "it is missing", id="no manifest"),
        pytest.param({"manifest": "[]"}, "it is not a JSON object", id="not an object"),
        pytest.param({"listed": {BARS: (120, "e")}}, f"object {SPLITS} is missing", id="missing object"),
        pytest.param(
            {"listed": {BARS: (118, "e"), SPLITS: (50, "e")}},
            f"object {BARS} has 118 bytes, the manifest says 120",
            id="wrong bytes",
        ),
        pytest.param(
            {"copied": {BARS: ("LOADED", 2), SPLITS: ("LOADED", 1)}},
            f"object {BARS} has 2 lines, the manifest says 3",
            id="wrong lines",
        ),
        pytest.param(
            {"results": {BARS: 29_999, SPLITS: 2}},
            f"object {BARS} has 29999 results, the manifest says 30000",
            id="wrong results",
        ),
        pytest.param(
            {"results": {BARS: 30_000}}, f"object {SPLITS} has 0 results, the manifest says 2", id="no results"
        ),
        pytest.param(
            {"copied": {BARS: ("LOADED", 3), SPLITS: ("LOAD_SKIPPED", 0)}},
            f"object {SPLITS} has the status LOAD_SKIPPED: None",
            id="unknown status",
        ),
        pytest.param(
            {"copied": {BARS: ("LOADED", 3)}},
            f"object {SPLITS} was not loaded: [{{'status': 'Copy executed with 0 files processed.'}}]",
            id="nothing copied",
        ),
        pytest.param(
            {"failing": {"copy into raw.splits": ValueError("Error parsing JSON:\n  line 7.")}},
            "COPY into raw.splits failed: Error parsing JSON: line 7",
            id="copy fails",
        ),
        pytest.param(
            {"failing": {"select metadata$filename": ValueError("no such file")}},
            "it cannot be read: no such file",
            id="manifest cannot be read",
        ),
    ],
)
def test_damage_is_rolled_back_recorded_and_raised(session: Statements, changes: dict[str, Any], reason: str) -> None:
    change(session, **changes)

    with pytest.raises(Refusal) as raised:
        main(session, KEY)

    assert str(raised.value) == (f"manifest {KEY} was refused: {reason}. Nothing was loaded; the next run tries again.")
    assert session.kinds()[-4:] == ["rollback", "begin", "insert", "commit"]
    assert statements.literal(reason) in session.sent[-2]
    assert not any("into raw.load_ledger" in statement for statement in session.sent)


def test_object_with_other_bytes_is_refused_before_any_is_copied(
    session: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def open_file(name: str, mode: str, *, require_scoped_url: bool) -> io.BytesIO:
        opened.append((name, mode, require_scoped_url))
        return io.BytesIO(b"x" if "splits" in name else b"")

    monkeypatch.setattr(staged_objects.SnowflakeFile, "open", open_file)

    with pytest.raises(Refusal, match=rf"object {SPLITS} has the sha256 2d711642.*, the manifest says e3b0c442"):
        main(session, KEY)
    assert opened == [(f"@raw.landing/{key}", "rb", False) for key in (BARS, SPLITS)]
    assert "copy" not in " ".join(session.kinds())


def test_object_that_cannot_be_read_is_refused(session: Statements, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_file(*_: Any, **__: Any) -> io.BytesIO:
        raise FileNotFoundError("gone")

    monkeypatch.setattr(staged_objects.SnowflakeFile, "open", open_file)

    with pytest.raises(Refusal, match=f"object {BARS} cannot be read: gone"):
        main(session, KEY)


def test_refusal_that_cannot_be_recorded_is_raised_all_the_same(session: Statements) -> None:
    change(session, manifest=None, failing={"into raw.load_rejects": ValueError("no space")})

    with pytest.raises(Refusal, match=r"it is missing.*could not be recorded in raw.load_rejects: no space"):
        main(session, KEY)
    assert session.kinds()[-1] == "rollback"


def test_other_errors_are_rolled_back_and_not_recorded(session: Statements) -> None:
    change(session, failing={"update raw.load_locks": TimeoutError("lock wait")})

    with pytest.raises(TimeoutError, match="lock wait"):
        main(session, KEY)
    assert session.kinds() == ["begin", "update", "rollback"]


def test_family_without_a_lock_row_loads_nothing(session: Statements) -> None:
    session.lock_rows = 0

    with pytest.raises(RuntimeError, match=r"raw\.load_locks must have exactly one row for the family stocks"):
        main(session, KEY)
    assert session.kinds() == ["begin", "update", "rollback"]


def test_files_that_only_begin_like_the_manifest_are_passed_over(session: Statements) -> None:
    answer = session.collect

    def collect() -> list[Row]:
        rows = answer()
        return [*rows, Row(f"prod/{KEY}.bak", "{}")] if "metadata$filename as" in session.sent[-1] else rows

    session.collect = collect  # type: ignore[method-assign]

    assert main(session, KEY)["status"] == "loaded"


SUSPECT = {"dataset": "stock_bars", "session": "2026-11-20", "result_rows": 6, "expected_rows": 9, "fetches": 2}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"dataset": "option_bars"}, id="a dataset of the other family"),
        pytest.param({"session": "2026-11-31"}, id="no day of the calendar"),
        pytest.param({"session": None}, id="no session"),
        pytest.param({"result_rows": "6"}, id="a count as text"),
        pytest.param({"fetches": True}, id="a count that is a boolean"),
        pytest.param({"more": 1}, id="a field that nobody knows"),
    ],
)
def test_malformed_suspect_session_is_refused(session: Statements, change: dict[str, Any]) -> None:
    session.manifest = json.dumps(document(suspect_sessions=[SUSPECT | change]))

    with pytest.raises(Refusal, match="an entry of its suspect_sessions"):
        main(session, KEY)
    assert "copy" not in " ".join(session.kinds())


@pytest.mark.parametrize(
    "key",
    [
        f"/{KEY}",
        f"../{KEY}",
        f"manifests/../manifests/stocks/{MANIFEST_ID}.json",
        f"manifests/bonds/{MANIFEST_ID}.json",
        f"manifests/stocks/{MANIFEST_ID}.json ",
        f"manifests/stocks/{MANIFEST_ID}.json\n",
        f"manifests/stocks/{MANIFEST_ID}.jsonx",
        f"manifests/stocks/{MANIFEST_ID}xjson",
        f"manifests/stocks/{MANIFEST_ID.upper()}.json",
        "manifests/stocks/'); drop table raw.splits; --.json",
        "manifests/stocks/٢٠٢٦١١٢٠T231500123456Z-0a1b2c3d.json",
        "",
        None,
    ],
)
def test_anything_but_a_manifests_key_runs_no_statement(session: Statements, key: Any) -> None:
    with pytest.raises(Refusal, match="is no key of a manifest"):
        main(session, key)
    assert session.sent == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"manifest_id": FOREIGN}, f"its manifest_id is '{FOREIGN}'", id="another id"),
        pytest.param({"family": "options"}, "its family is 'options'", id="another family"),
        pytest.param({"version": 2}, "its version is 2, expected is 1", id="another version"),
        pytest.param({"version": True}, "its version is True", id="version is a boolean"),
        pytest.param({"complete": "yes"}, "its field complete is 'yes', expected type is bool", id="complete"),
        pytest.param({"dag_id": None}, "its field dag_id is None, expected type is str", id="dag"),
        pytest.param({"objects": {}}, "its field objects is {}, expected type is list", id="objects"),
        pytest.param({"objects": ["x"]}, "an entry of its objects is not a JSON object: 'x'", id="entry"),
    ],
)
def test_malformed_manifest_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal) as raised:
        manifest.parse_manifest(manifest.parse_key(KEY), json.dumps(document(**changes)))
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"key": BARS.replace(MANIFEST_ID, FOREIGN)}, f"belongs to the manifest {FOREIGN}", id="foreign"),
        pytest.param({"key": BARS.replace("stock_bars", "option_bars")}, "no dataset of the family", id="other family"),
        pytest.param({"key": BARS.replace("stock_bars", "load_ledger")}, "no dataset of the family", id="no dataset"),
        pytest.param({"dataset": "splits"}, "said to be of the dataset 'splits'", id="another dataset"),
        pytest.param({"key": f"raw/stock_bars/../{MANIFEST_ID}/0000.ndjson.gz"}, "no key of a raw object", id="path"),
        pytest.param({"key": BARS.replace("2026-11-20", "2026-11-31")}, "no key of a raw object", id="no day"),
        pytest.param({"key": BARS + "'"}, "no key of a raw object", id="quote"),
        pytest.param({"key": BARS + "\n"}, "no key of a raw object", id="line break"),
        pytest.param({"key": "s3://elsewhere/" + BARS}, "no key of a raw object", id="bucket"),
        pytest.param({"sha256": "AB" * 32}, "sha256 of object", id="sha256"),
        pytest.param({"bytes": "120"}, "field bytes is '120', expected type is int", id="bytes"),
        pytest.param({"lines": -1}, "lines of object", id="negative"),
        pytest.param({"result_rows": True}, "field result_rows is True", id="boolean"),
    ],
)
def test_object_that_is_not_the_manifests_own_is_refused(changes: dict[str, Any], reason: str) -> None:
    objects = [entry(BARS, "stock_bars", 120, 3, 30_000) | changes]

    with pytest.raises(Refusal) as raised:
        manifest.parse_objects(manifest.parse_key(KEY), objects)
    assert reason in str(raised.value)


def test_object_named_twice_is_refused() -> None:
    with pytest.raises(Refusal, match="is named twice"):
        manifest.parse_objects(manifest.parse_key(KEY), [entry(BARS, "stock_bars", 1, 1, 1)] * 2)


def test_literal_keeps_quotes_and_backslashes_inside() -> None:
    assert statements.literal("it's \\' --") == "'it''s \\\\'' --'"


def test_copy_names_its_files_lineage_and_time() -> None:
    moment = datetime(2026, 11, 20, 23, 15, 0, 123456, tzinfo=UTC)

    assert statements.copy_objects(manifest.parse_key(KEY), "splits", [SPLITS], moment) == (
        "copy into raw.splits (manifest_id, object_key, line_number, request, response, fetched_at, loaded_at) "
        f"from (select '{MANIFEST_ID}', regexp_substr(metadata$filename, 'raw/splits/[^/]+/{MANIFEST_ID}/[^/]+$'), "
        "metadata$file_row_number, $1:request, $1:response, $1:fetched_at::timestamp_ntz(6), "
        "'2026-11-20 23:15:00.123456'::timestamp_ntz(6) from @raw.landing) "
        f"files = ('{SPLITS}') file_format = (format_name = 'raw.ndjson') on_error = abort_statement force = true"
    )
