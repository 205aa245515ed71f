"""`call raw.load_manifest(...)` of flat files: rows as the file has them, and refusals that leave nothing."""

from __future__ import annotations

import gzip
import json
import secrets
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from local.objects.process import RunningObjectStore
from local.warehouse.process import RunningWarehouse
from tests.schemachange.deploying import Database
from tests.snowflake.stub import SOURCE, document, entry
from tests.snowflake.test_load_on_warehouse import PREFIX, Landed, call, client

HEADER = "ticker,volume,open,close,high,low,window_start,transactions\n"
AAPL = "AAPL,4930,200.29,200.5,200.63,200.29,1795150800000000000,129\n"
TRUE = "TRUE,1e9,1,1,1,1,1795150800000000000,\n"
COLUMNS = "ticker, volume, open, close, high, low, window_start, transactions"


@pytest.fixture(scope="module")
def database(warehouse: RunningWarehouse, object_store: RunningObjectStore) -> Database:
    deployed = Database(warehouse, "FLAT_FILES", object_store.bucket, PREFIX)
    deployed.create()
    deployed.deploy()
    return deployed


def landed(store: RunningObjectStore, text: str, rows: int, dataset: str = "stock_bar_files", **put: Any) -> Landed:
    """A manifest of one file; `put`: options of its upload."""
    manifest_id = f"20261120T231500123456Z-{secrets.token_hex(4)}"
    body = gzip.compress(text.encode(), mtime=0)
    key = f"raw/{dataset}/2026-11-20/{manifest_id}/0123456789abcdef.csv.gz"
    batch = Landed(store, manifest_id, {})
    client(store).put_object(Bucket=store.bucket, Key=PREFIX + key, Body=body, **put)
    file = entry(key, body, rows, rows) | {"source": SOURCE}
    batch.manifest = document(manifest_id=manifest_id, objects=[file])
    batch.put_manifest()
    return batch


def rows(database: Database, batch: Landed) -> list[tuple[Any, ...]]:
    return database.rows(
        f"select {COLUMNS} from raw.stock_bar_files where manifest_id = '{batch.manifest_id}' order by line_number"
    )


def test_fields_are_loaded_as_the_file_has_them_and_an_empty_one_is_null(
    database: Database, object_store: RunningObjectStore
) -> None:
    batch = landed(object_store, HEADER + AAPL + "\n" + TRUE.replace("\n", "\r\n"), 2)
    assert call(database, batch.key)["result_rows"] == 2
    assert rows(database, batch) == [
        ("AAPL", "4930", "200.29", "200.5", "200.63", "200.29", "1795150800000000000", "129"),
        ("TRUE", "1e9", "1", "1", "1", "1", "1795150800000000000", None),
    ]
    ((key, fetched_at, content_keys),) = database.rows(
        "select object_key, to_char(fetched_at, 'YYYY-MM-DD HH24:MI:SS'), count(distinct content_key) "
        f"from raw.stock_bar_files where manifest_id = '{batch.manifest_id}' group by 1, 2"
    )
    assert (key, fetched_at, content_keys) == (batch.manifest["objects"][0]["key"], "2026-11-21 16:00:00", 1)


def test_second_call_loads_nothing(database: Database, object_store: RunningObjectStore) -> None:
    batch = landed(object_store, HEADER + AAPL, 1)
    assert call(database, batch.key)["status"] == "loaded"
    assert call(database, batch.key)["status"] == "already_loaded"
    assert len(rows(database, batch)) == 1
    assert call(database, batch.key, "reload_manifest")["rows_removed"] == 1
    assert len(rows(database, batch)) == 1


def test_file_of_contracts_belongs_to_options_alone(database: Database, object_store: RunningObjectStore) -> None:
    batch = landed(object_store, HEADER + AAPL, 1, "option_bar_files")
    with pytest.raises(ProgrammingError, match="not a dataset of the family stocks"):
        call(database, batch.key)


@pytest.mark.parametrize(
    ("text", "count", "reason"),
    [
        (HEADER + AAPL, 2, "has 1 lines; expected 2 by the manifest"),
        (HEADER, 1, "has 0 lines; expected 1 by the manifest"),
        (HEADER + AAPL + TRUE, 1, "has 2 lines; expected 1 by the manifest"),
    ],
    ids=["a bar is missing", "no bars", "a bar too many"],
)
def test_file_that_is_not_what_its_manifest_says_leaves_nothing(
    database: Database, object_store: RunningObjectStore, text: str, count: int, reason: str
) -> None:
    batch = landed(object_store, text, count)
    with pytest.raises(ProgrammingError, match=reason):
        call(database, batch.key)
    assert rows(database, batch) == []


def test_file_that_was_replaced_in_our_bucket_leaves_nothing(
    database: Database, object_store: RunningObjectStore
) -> None:
    batch = landed(object_store, HEADER + AAPL, 1)
    batch.put(batch.manifest["objects"][0]["key"], gzip.compress((HEADER + TRUE).encode(), mtime=0))
    with pytest.raises(ProgrammingError, match=r"(sha256|bytes).*by the manifest"):
        call(database, batch.key)
    assert rows(database, batch) == []


def test_file_that_was_fetched_before_its_manifest_was_begun_is_refused(
    database: Database, object_store: RunningObjectStore
) -> None:
    batch = landed(object_store, HEADER + AAPL, 1)
    batch.manifest["objects"][0]["source"] = SOURCE | {"fetched_at": "2026-11-20T23:15:00.123455Z"}
    batch.put_manifest()
    with pytest.raises(ProgrammingError, match=r"has an answer fetched at 2026-11-20 23:15:00\.123455"):
        call(database, batch.key)
    assert json.dumps(rows(database, batch)) == "[]"
