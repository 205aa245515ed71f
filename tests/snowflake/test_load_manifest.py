"""The handler of raw.load_manifest: its protocol, statement by statement, without a warehouse."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from snowflake.snowpark import Row

from ingest import manifest_document
from ingest.manifest_document import Refusal
from snowflake.procedures import statements
from snowflake.procedures.load_manifest import main
from tests.snowflake.stub import (
    BARS,
    BEGAN_AT,
    FILE,
    KEY,
    MANIFEST_ID,
    SPLITS,
    Statements,
    document,
    entry,
    flat_file,
    on_a_stage,
)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Statements:
    return on_a_stage(monkeypatch)


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
        "copy into raw.stock_bars",
        "select",
        "copy into raw.splits",
        "select",
        "insert",
        "commit",
    ]


def test_known_manifest_gives_what_the_ledger_recorded_and_copies_nothing(session: Statements) -> None:
    session.ledger = [Row(MANIFEST_ID, 2, 4, 30_002)]

    assert main(session, KEY)["status"] == "already_loaded"
    assert session.kinds() == ["begin", "update", "select", "commit"]


def test_manifest_and_each_object_are_read_once(session: Statements) -> None:
    main(session, KEY)

    assert session.opened == [KEY, BARS, SPLITS]


def test_ledger_row_holds_rows_bytes_and_sha256_of_each_object_and_of_the_manifest(session: Statements) -> None:
    main(session, KEY)
    (ledger_row,) = [statement for statement in session.sent if "into raw.load_ledger" in statement]

    (row,) = json.loads(ledger_row[ledger_row.rindex("'[") + 1 : ledger_row.rindex("]'") + 1])
    assert row["objects"] == [
        {"key": BARS, "dataset": "stock_bars", "bytes": 4, "rows": 3, "sha256": hashlib.sha256(b"bars").hexdigest()},
        {"key": SPLITS, "dataset": "splits", "bytes": 6, "rows": 1, "sha256": hashlib.sha256(b"splits").hexdigest()},
    ]
    assert row["manifest_sha256"] == hashlib.sha256(session.files[KEY]).hexdigest()


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
    rewrite(session, objects=[], complete=False)

    assert main(session, KEY)["rows_loaded"] == 0
    assert session.kinds() == ["begin", "update", "select", "insert", "commit"]


def test_copy_names_at_most_a_thousand_files(session: Statements) -> None:
    keys = [BARS.replace("0000", f"{number:04d}") for number in range(1001)]
    rewrite(session, objects=[entry(key, b"x", 1, 1) for key in keys])
    session.files |= dict.fromkeys(keys, b"x")
    session.copied = dict.fromkeys(keys, ("LOADED", 1))
    session.results = dict.fromkeys(keys, 1)

    main(session, KEY)

    copies = [statement for statement in session.sent if statement.startswith("copy")]
    assert [statement.count("ndjson.gz") for statement in copies] == [1000, 1]


def rewrite(session: Statements, **changes: Any) -> None:
    """Put another manifest on the stage."""
    session.files[KEY] = json.dumps(document(**changes)).encode()


def change(session: Statements, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(session, name, value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param(
            {"copied": {BARS: ("LOADED", 2), SPLITS: ("LOADED", 1)}},
            f"object {BARS} has 2 lines; expected 3 by the manifest",
            id="wrong lines",
        ),
        pytest.param(
            {"results": {BARS: 29_999, SPLITS: 2}},
            f"object {BARS} has 29999 results; expected 30000 by the manifest",
            id="wrong results",
        ),
        pytest.param(
            {"results": {BARS: 30_000}}, f"object {SPLITS} has 0 results; expected 2 by the manifest", id="no results"
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
            {"fetched_at": {BARS: BEGAN_AT - timedelta(seconds=1)}},
            f"object {BARS} has an answer fetched at 2026-11-20 23:14:59.123456; expected 2026-11-20 23:15:00.123456",
            id="fetched before its manifest was begun",
        ),
        pytest.param(
            {"fetched_at": {SPLITS: datetime(2099, 1, 1)}},
            f"object {SPLITS} has an answer fetched at 2099-01-01 00:00:00; expected 2026-11-20 23:15:00.123456",
            id="fetched in the future",
        ),
    ],
)
def test_damage_is_rolled_back_recorded_and_raised(session: Statements, changes: dict[str, Any], reason: str) -> None:
    change(session, **changes)

    expect_refusal(session, reason)


def expect_refusal(session: Statements, reason: str) -> None:
    """The manifest is refused for this: rolled back, recorded, and raised behind the token that clients look for."""
    with pytest.raises(Refusal) as raised:
        main(session, KEY)

    assert str(raised.value).startswith(f"SNOWTAPE_REFUSED {KEY}: {reason}")
    assert str(raised.value).endswith(". Nothing was loaded; the next run tries again.")
    assert session.kinds()[-4:] == ["rollback", "begin", "insert", "commit"]
    assert statements.literal(json.dumps(reason)[:-1])[1:-1] in session.sent[-2]
    assert not any("into raw.load_ledger" in statement for statement in session.sent)


@pytest.mark.parametrize(
    ("key", "body", "reason"),
    [
        pytest.param(KEY, None, "it cannot be read: Remote file was not found", id="no manifest"),
        pytest.param(KEY, b"[]", "it is []; expected a JSON object", id="not an object"),
        pytest.param(KEY, b"[" * 100_000, "it is nested too deep", id="nested"),
        pytest.param(SPLITS, None, f"object {SPLITS} cannot be read: Remote file was not found", id="missing object"),
        pytest.param(BARS, b"bar", f"object {BARS} has 3 bytes; expected 4 by the manifest", id="cut object"),
        pytest.param(BARS, b"rats", f"object {BARS} has the sha256 ", id="other object"),
    ],
)
def test_damage_on_the_stage_is_refused_before_anything_is_copied(
    session: Statements, key: str, body: bytes | None, reason: str
) -> None:
    del session.files[key]
    session.files |= {key: body} if body is not None else {}

    expect_refusal(session, reason)

    assert "copy" not in " ".join(session.kinds())


def test_manifest_from_the_future_is_refused(session: Statements) -> None:
    manifest_id = "20990101T000000000000Z-0a1b2c3d"
    key = KEY.replace(MANIFEST_ID, manifest_id)
    future = document(manifest_id=manifest_id, created_at="2099-01-01T00:00:00.000000Z", objects=[])
    session.files[key] = json.dumps(future).encode()

    with pytest.raises(Refusal, match=r"it was started at 2099-01-01 .* a clock is wrong"):
        main(session, key)


def test_manifest_of_no_moment_is_refused_and_recorded(session: Statements) -> None:
    key = KEY.replace("20261120T23", "20261120T25")
    session.files[key] = session.files[KEY]

    with pytest.raises(Refusal, match=rf"SNOWTAPE_REFUSED {key}: its id starts with 20261120T25.*; expected a date"):
        main(session, key)
    assert session.kinds()[-3:] == ["begin", "insert", "commit"]


def swap(session: Statements, *bodies: bytes) -> None:
    """Put these in the place of the bars, one after the other: at COPY, and at each later look."""
    collect = session.collect
    later = list(bodies)

    def swapped() -> list[Row]:
        if session.sent[-1].startswith(("copy into raw.stock_bars", "select metadata$filename")) and later:
            session.files[BARS] = later.pop(0)
        return collect()

    session.collect = swapped  # type: ignore[method-assign]


def test_object_that_is_replaced_between_check_and_copy_is_refused(session: Statements) -> None:
    swap(session, b"rats")

    expect_refusal(session, f"object {BARS} has the sha256 ")


def test_object_whose_checksum_is_not_an_md5_is_read_again(session: Statements) -> None:
    session.content_keys = {BARS: "2b0c-1"}

    assert main(session, KEY)["status"] == "loaded"
    assert session.opened == [KEY, BARS, SPLITS, BARS]


def test_object_that_is_replaced_and_brought_back_is_refused(session: Statements) -> None:
    answers = iter(["of-another-1", "of-the-checked-1"])
    content_key = session.content_key
    session.content_key = lambda key: next(answers) if key == BARS else content_key(key)  # type: ignore[method-assign]

    expect_refusal(session, f"object {BARS} was replaced between its check and COPY")


def test_refusal_that_cannot_be_recorded_is_raised_all_the_same(session: Statements) -> None:
    change(session, files={}, failing={"into raw.load_rejects": ValueError("no space")})

    with pytest.raises(Refusal, match=r"it cannot be read.*could not be recorded in raw.load_rejects: no space"):
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
    with pytest.raises(Refusal, match=r"SNOWTAPE_REFUSED .* is not the key of a manifest"):
        main(session, key)
    assert session.sent == []


def test_literal_keeps_quotes_and_backslashes_inside() -> None:
    assert statements.literal("it's \\' --") == "'it''s \\\\'' --'"


def test_copy_of_flat_files_gives_each_its_own_time() -> None:
    key, body = manifest_document.parse_key(KEY), json.dumps(document(objects=[flat_file()])).encode()
    manifest = manifest_document.parse_manifest(key, body)
    name = "regexp_substr(metadata$filename, 'raw/stock_bar_files/[^/]+/[^/]+/[^/]+$')"

    assert statements.copy_objects("stock_bar_files", list(manifest.objects), manifest.began_at) == (
        "copy into raw.stock_bar_files "
        "(manifest_id, object_key, line_number, ticker, volume, open, close, high, low, window_start, transactions, "
        "fetched_at, loaded_at, content_key) "
        f"from (select split_part(metadata$filename, '/', -2), {name}, metadata$file_row_number, "
        "$1, $2, $3, $4, $5, $6, $7, $8, "
        f"case {name} when '{FILE}' then '2026-11-21 16:00:00.000000'::timestamp_ntz(6) end, "
        "'2026-11-20 23:15:00.123456'::timestamp_ntz(6), metadata$file_content_key from @raw.landing) "
        f"files = ('{FILE}') file_format = (format_name = 'raw.flat_file') on_error = abort_statement force = true"
    )


def test_copy_names_its_files_lineage_and_time() -> None:
    moment = datetime(2026, 11, 20, 23, 15, 0, 123456, tzinfo=UTC)

    splits = manifest_document.RawObject(SPLITS, "splits", 6, "", 1, 2)
    assert statements.copy_objects("splits", [splits], moment) == (
        "copy into raw.splits "
        "(manifest_id, object_key, line_number, request, response, fetched_at, loaded_at, content_key) "
        "from (select split_part(metadata$filename, '/', -2), "
        "regexp_substr(metadata$filename, 'raw/splits/[^/]+/[^/]+/[^/]+$'), "
        "metadata$file_row_number, $1:request, $1:response, $1:fetched_at::timestamp_ntz(6), "
        "'2026-11-20 23:15:00.123456'::timestamp_ntz(6), metadata$file_content_key from @raw.landing) "
        f"files = ('{SPLITS}') file_format = (format_name = 'raw.ndjson') on_error = abort_statement force = true"
    )


def test_ledger_has_the_sessions_that_a_manifest_of_options_covers_of_each_underlying() -> None:
    def covered(**fields: Any) -> list[dict[str, list[str]]]:
        key = manifest_document.parse_key(KEY)
        parsed = manifest_document.parse_manifest(key, json.dumps(document()).encode())
        return statements.covered(parsed._replace(fields=fields))

    shared, other = ["2026-11-19", "2026-11-20"], ["2026-11-20"]
    covers = [{"underlying": name, "sessions": days} for name, days in (("A", shared), ("B", other), ("C", shared))]
    assert covered(sessions=other, scope=["A", "B", "C"], covers=covers) == [
        {"symbols": ["A", "C"], "sessions": shared},
        {"symbols": ["B"], "sessions": other},
    ]
    assert covered(sessions=other, scope=["*"]) == [{"symbols": ["*"], "sessions": other}]
    assert covered(sessions=[], scope=["A"]) == []
