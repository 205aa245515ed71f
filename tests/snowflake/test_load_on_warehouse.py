"""`call raw.load_manifest(...)` on a warehouse and an object store, as the load DAGs call it."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from snowflake.connector.errors import ProgrammingError

from local.objects.process import RunningObjectStore
from local.warehouse.process import RunningWarehouse
from tests.gates.sources import schemachange_scripts
from tests.schemachange.deploying import Database
from tests.snowflake.stub import document, entry

SPAN = "2026-11-13_2026-11-20"
PREFIX = "prod/"
FETCHED_AT = "2026-11-20T23:15:07.123456Z"


@dataclass
class Landed:
    """A manifest and its objects in the store; `objects` are the bodies by dataset."""

    store: RunningObjectStore
    manifest_id: str
    manifest: dict[str, Any]

    @property
    def key(self) -> str:
        """Of the manifest, relative to the stage."""
        return f"manifests/stocks/{self.manifest_id}.json"

    def put(self, key: str, body: bytes) -> None:
        """Store an object at a key relative to the stage."""
        client(self.store).put_object(Bucket=self.store.bucket, Key=PREFIX + key, Body=body)

    def get(self, key: str) -> bytes:
        """The bytes of an object."""
        found = client(self.store).get_object(Bucket=self.store.bucket, Key=PREFIX + key)
        return bytes(found["Body"].read())

    def put_manifest(self) -> None:
        """Store the manifest as it is now."""
        self.put(self.key, json.dumps(self.manifest, indent=1).encode())

    def remove(self, key: str) -> None:
        """Remove an object."""
        client(self.store).delete_object(Bucket=self.store.bucket, Key=PREFIX + key)

    def object(self, dataset: str) -> dict[str, Any]:
        """The manifest's entry for a dataset."""
        (found,) = [item for item in self.manifest["objects"] if item["dataset"] == dataset]
        return found


def client(store: RunningObjectStore) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key,
        aws_secret_access_key=store.secret_key,
        region_name=store.region,
    )


def line(session: str, *tickers: str) -> dict[str, Any]:
    """A response as the ingest writes it: `T` and `t` side by side, a number that a float would not keep."""
    return {
        "request": {"path": f"/v2/aggs/grouped/locale/us/market/stocks/{session}", "params": {"adjusted": "false"}},
        "fetched_at": FETCHED_AT,
        "status_code": 200,
        "response": {"results": [{"T": ticker, "t": 1_795_208_400_000, "c": 1.1, "v": 9e15} for ticker in tickers]},
    }


@pytest.fixture(scope="module")
def database(warehouse: RunningWarehouse, object_store: RunningObjectStore) -> Database:
    """A deployed database whose stage is a folder of the store."""
    deployed = Database(warehouse, "LOADS", object_store.bucket, PREFIX)
    deployed.create()
    deployed.deploy()
    return deployed


@pytest.fixture
def landed(object_store: RunningObjectStore) -> Landed:
    """Two objects (3 lines of bars, 1 of splits) and their manifest, under an id of their own."""
    return land(object_store)


def land(object_store: RunningObjectStore) -> Landed:
    manifest_id = f"20261120T231500123456Z-{secrets.token_hex(4)}"
    batch = Landed(object_store, manifest_id, {})
    lines = {
        "stock_bars": [line("2026-11-18", "AAPL", "MSFT"), line("2026-11-19", "AAPL"), line("2026-11-20")],
        "splits": [line("2026-11-20", "AAPL")],
    }
    entries = []
    for dataset, answers in lines.items():
        body = gzip.compress("".join(json.dumps(answer) + "\n" for answer in answers).encode())
        key = f"raw/{dataset}/{SPAN}/{manifest_id}/0000.ndjson.gz"
        batch.put(key, body)
        rows = sum(len(answer["response"]["results"]) for answer in answers)
        entries.append(entry(key, body, len(answers), rows))
    batch.manifest = document(manifest_id=manifest_id, objects=entries)
    batch.put_manifest()
    return batch


def call(database: Database, key: str, procedure: str = "load_manifest", *, autocommit: bool = True) -> dict[str, Any]:
    with database.connect(autocommit=autocommit) as connection:
        answer: dict[str, Any] = json.loads(
            connection.cursor().execute(f"call raw.{procedure}(%s)", (key,)).fetchall()[0][0]
        )
    return answer


def stored(database: Database, landed: Landed) -> dict[str, int]:
    """Rows that name the manifest, by table."""
    tables = ("stock_bars", "splits", "load_ledger", "load_rejects")
    return {
        table: database.rows(f"select count(*) from raw.{table} where manifest_id = '{landed.manifest_id}'")[0][0]
        for table in tables
    }


LOADED = {"stock_bars": 3, "splits": 1, "load_ledger": 1, "load_rejects": 0}
REFUSED = {"stock_bars": 0, "splits": 0, "load_ledger": 0, "load_rejects": 1}


def test_manifest_is_loaded_with_its_lineage(database: Database, landed: Landed) -> None:
    assert call(database, landed.key) == {
        "manifest_id": landed.manifest_id,
        "family": "stocks",
        "status": "loaded",
        "objects": 2,
        "rows_loaded": 4,
        "result_rows": 4,
    }
    assert stored(database, landed) == LOADED
    rows = database.rows(
        "select object_key, line_number, to_char(fetched_at, 'YYYY-MM-DD HH24:MI:SS.FF6'), response:results[0].T, "
        f"request:path::varchar from raw.stock_bars where manifest_id = '{landed.manifest_id}' order by line_number"
    )
    key = landed.object("stock_bars")["key"]
    path = "/v2/aggs/grouped/locale/us/market/stocks/"
    assert rows == [
        (key, 1, "2026-11-20 23:15:07.123456", '"AAPL"', f"{path}2026-11-18"),
        (key, 2, "2026-11-20 23:15:07.123456", '"AAPL"', f"{path}2026-11-19"),
        (key, 3, "2026-11-20 23:15:07.123456", None, f"{path}2026-11-20"),
    ]


def test_ledger_holds_each_object_and_the_manifest_as_they_were_stored(database: Database, landed: Landed) -> None:
    call(database, landed.key)

    ((objects, is_complete, manifest_sha256),) = database.rows(
        f"select objects, is_complete, manifest_sha256 from raw.load_ledger where manifest_id = '{landed.manifest_id}'"
    )
    assert is_complete is True
    assert json.loads(objects) == [
        {"key": item["key"], "dataset": item["dataset"], "bytes": item["bytes"], "rows": item["lines"]}
        | {"sha256": item["sha256"]}
        for item in landed.manifest["objects"]
    ]
    assert manifest_sha256 == hashlib.sha256(landed.get(landed.key)).hexdigest()


def test_suspect_sessions_reach_the_ledger(database: Database, landed: Landed) -> None:
    suspect = {"dataset": "stock_bars", "session": "2026-11-20", "result_rows": 6, "expected_rows": 9, "fetches": 2}
    landed.manifest["suspect_sessions"] = [suspect]
    landed.put_manifest()

    call(database, landed.key)

    sql = f"select suspect_sessions from raw.load_ledger where manifest_id = '{landed.manifest_id}'"
    assert json.loads(database.rows(sql)[0][0]) == [suspect]


def test_second_call_of_the_same_manifest_loads_nothing(database: Database, landed: Landed) -> None:
    first, second = call(database, landed.key), call(database, landed.key)

    assert second == first | {"status": "already_loaded"}
    assert stored(database, landed) == LOADED


def test_of_eight_simultaneous_calls_one_loads(database: Database, landed: Landed) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: call(database, landed.key)["status"], range(8)))

    assert sorted(answers) == ["already_loaded"] * 7 + ["loaded"]
    assert stored(database, landed) == LOADED


def test_eight_manifests_at_once_are_each_loaded_once(database: Database, object_store: RunningObjectStore) -> None:
    batches = [land(object_store) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda batch: call(database, batch.key)["status"], batches))

    assert answers == ["loaded"] * 8
    assert [stored(database, batch) for batch in batches] == [LOADED] * 8


def test_loads_and_reloads_of_one_manifest_at_once_leave_it_loaded_once(database: Database, landed: Landed) -> None:
    procedures = ["load_manifest", "reload_manifest"] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: call(database, landed.key, name)["status"], procedures))

    assert answers.count("loaded") == 1
    assert stored(database, landed) == LOADED


def test_reload_removes_the_rows_and_loads_them_again(database: Database, landed: Landed) -> None:
    first = call(database, landed.key)
    before = database.rows(f"select loaded_at from raw.load_ledger where manifest_id = '{landed.manifest_id}'")

    again = call(database, landed.key, "reload_manifest")

    assert again == first | {"status": "reloaded", "rows_removed": 4, "objects_changed": 0}
    assert stored(database, landed) == LOADED
    assert database.rows(f"select loaded_at from raw.load_ledger where manifest_id = '{landed.manifest_id}'") > before


def test_reload_of_what_was_never_loaded_loads_it(database: Database, landed: Landed) -> None:
    answer = call(database, landed.key, "reload_manifest")

    assert (answer["status"], answer["rows_removed"], answer["objects_changed"]) == ("loaded", 0, 0)
    assert stored(database, landed) == LOADED


def test_reload_takes_up_a_replaced_object_and_says_so(database: Database, landed: Landed) -> None:
    call(database, landed.key)
    item = landed.object("stock_bars")
    body = gzip.compress((json.dumps(line("2026-11-20", "AAPL", "MSFT")) + "\n").encode())
    landed.put(item["key"], body)
    item |= entry(item["key"], body, 1, 2)
    landed.put_manifest()

    answer = call(database, landed.key, "reload_manifest")

    assert (answer["rows_removed"], answer["rows_loaded"], answer["objects_changed"]) == (4, 2, 1)
    assert stored(database, landed) == LOADED | {"stock_bars": 1}


@pytest.mark.parametrize("autocommit", [True, False])
def test_refused_reload_keeps_what_was_loaded(database: Database, landed: Landed, autocommit: bool) -> None:
    call(database, landed.key)
    landed.remove(landed.object("splits")["key"])

    with pytest.raises(ProgrammingError, match=r"cannot be read.*\. Nothing was changed; what was .* there"):
        call(database, landed.key, "reload_manifest", autocommit=autocommit)
    assert stored(database, landed) == LOADED | {"load_rejects": 1}


def test_load_with_autocommit_off_is_kept(database: Database, landed: Landed) -> None:
    assert call(database, landed.key, autocommit=False)["status"] == "loaded"

    assert stored(database, landed) == LOADED


def test_refusal_with_autocommit_off_is_recorded(database: Database, landed: Landed) -> None:
    landed.remove(landed.object("splits")["key"])

    with pytest.raises(ProgrammingError):
        call(database, landed.key, autocommit=False)
    assert stored(database, landed) == REFUSED


def remove_object(landed: Landed) -> str:
    key = landed.object("splits")["key"]
    landed.remove(key)
    return f"object {key} cannot be read: "


def cut_object(landed: Landed) -> str:
    item = landed.object("stock_bars")
    landed.put(item["key"], b"x" * (item["bytes"] - 2))
    return f"object {item['key']} has {item['bytes'] - 2} bytes; expected {item['bytes']} by the manifest"


def spoil_object(landed: Landed) -> str:
    item = landed.object("splits")
    landed.put(item["key"], b"x" * item["bytes"])
    return f"object {item['key']} has the sha256 "


def miscount_results(landed: Landed) -> str:
    item = landed.object("stock_bars")
    item["result_rows"] += 1
    landed.put_manifest()
    return f"object {item['key']} has 3 results; expected 4 by the manifest"


def miscount_lines(landed: Landed) -> str:
    item = landed.object("splits")
    item["lines"] = 2
    landed.put_manifest()
    return f"object {item['key']} has 1 lines; expected 2 by the manifest"


def name_foreign_object(landed: Landed) -> str:
    item = landed.object("splits")
    item["key"] = item["key"].replace(landed.manifest_id, "20261120T231500123456Z-00000000")
    landed.put(item["key"], b"")
    landed.put_manifest()
    return f"object {item['key']} belongs to the manifest 20261120T231500123456Z-00000000"


def remove_manifest(landed: Landed) -> str:
    landed.remove(landed.key)
    return ""


def cut_manifest(landed: Landed) -> str:
    landed.put(landed.key, json.dumps(landed.manifest).encode()[:-20])
    return ""


def nest_manifest(landed: Landed) -> str:
    landed.put(landed.key, b'{"version": ' + b"[" * 100_000)
    return "it is nested too deep"


def name_no_number(landed: Landed) -> str:
    landed.put(landed.key, json.dumps(landed.manifest | {"version": float("inf")}).encode())
    return "it is not JSON: Infinity"


def fetch_in_the_future(landed: Landed) -> str:
    return fetch(landed, "2099-01-01T00:00:00.000000Z")


def fetch_before_the_manifest(landed: Landed) -> str:
    return fetch(landed, "2026-11-20T23:15:00.123455Z")


def fetch(landed: Landed, moment: str) -> str:
    """The splits as a worker with a wrong clock lands them."""
    item = landed.object("splits")
    body = gzip.compress(json.dumps(line("2026-11-20", "AAPL") | {"fetched_at": moment}).encode() + b"\n")
    landed.put(item["key"], body)
    item |= entry(item["key"], body, 1, 1)
    landed.put_manifest()
    return f"object {item['key']} has an answer fetched at {moment[:10]} "


DAMAGES = [
    nest_manifest,
    name_no_number,
    fetch_in_the_future,
    fetch_before_the_manifest,
    remove_object,
    cut_object,
    spoil_object,
    miscount_lines,
    miscount_results,
    name_foreign_object,
    remove_manifest,
    cut_manifest,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
def test_damaged_manifest_is_refused_whole_and_recorded(database: Database, landed: Landed, damage: Any) -> None:
    reason = damage(landed)

    with pytest.raises(ProgrammingError) as raised:
        call(database, landed.key)

    assert f"SNOWTAPE_REFUSED {landed.key}: {reason}" in str(raised.value)
    assert "Nothing was loaded; the next run tries again." in str(raised.value)
    assert stored(database, landed) == REFUSED
    ((recorded,),) = database.rows(f"select reason from raw.load_rejects where manifest_id = '{landed.manifest_id}'")
    assert recorded.startswith(reason)


ONE_LINE = json.dumps(line("2026-11-20", "AAPL")).encode() + b"\n"
BODIES = {
    "gzip cut off": gzip.compress(ONE_LINE * 50)[:-9],
    "garbage behind the gzip": gzip.compress(ONE_LINE) + b"garbage",
    "invalid JSON": gzip.compress(ONE_LINE[:-3] + b"\n"),
    "a second line that is no JSON": gzip.compress(ONE_LINE + b"}\n"),
    "not UTF-8": gzip.compress(ONE_LINE.replace(b"AAPL", b"AA\xff\xfe")),
    "a NUL": gzip.compress(ONE_LINE.replace(b"AAPL", b"AA\x00PL")),
    "an HTML page": gzip.compress(b"<html><body>503</body></html>\n"),
    "nothing": b"",
    "more lines than said": gzip.compress(ONE_LINE * 2),
    "two gzip members": gzip.compress(ONE_LINE) * 2,
    "lines without a response": gzip.compress(b'{"request": {}}\n'),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_object_that_is_no_ndjson_is_refused_though_its_sha256_is_right(
    database: Database, landed: Landed, body: bytes
) -> None:
    item = landed.object("splits")
    landed.put(item["key"], body)
    item |= {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    landed.put_manifest()

    with pytest.raises(ProgrammingError, match=rf"SNOWTAPE_REFUSED {landed.key}: .*raw[./]splits"):
        call(database, landed.key)
    assert stored(database, landed) == REFUSED


def test_repaired_manifest_is_loaded_by_the_next_call(database: Database, landed: Landed) -> None:
    good = landed.object("splits")["lines"]
    miscount_lines(landed)
    with pytest.raises(ProgrammingError):
        call(database, landed.key)
    landed.object("splits")["lines"] = good
    landed.put_manifest()

    assert call(database, landed.key)["status"] == "loaded"
    assert stored(database, landed) == LOADED | {"load_rejects": 1}


def test_same_id_in_both_families_is_two_manifests(database: Database, landed: Landed) -> None:
    call(database, landed.key)
    key = landed.key.replace("stocks", "options")
    name = f"raw/option_bars/{SPAN}/{landed.manifest_id}/0000.ndjson.gz"
    body = gzip.compress(json.dumps(line("2026-11-20", "O:AAPL261218C00200000")).encode() + b"\n")
    landed.put(name, body)
    options = landed.manifest | {"family": "options", "objects": [entry(name, body, 1, 1)]}
    landed.put(key, json.dumps(options).encode())

    assert (call(database, key)["status"], call(database, key)["status"]) == ("loaded", "already_loaded")
    assert call(database, key, "reload_manifest")["rows_removed"] == 1
    assert call(database, landed.key)["status"] == "already_loaded"
    assert stored(database, landed) == LOADED | {"load_ledger": 2}
    families = f"select family, rows_loaded from raw.load_ledger where manifest_id = '{landed.manifest_id}' order by 1"
    assert database.rows(families) == [("options", 1), ("stocks", 4)]


@pytest.fixture
def planting(database: Database) -> Iterator[Callable[..., None]]:
    """Deploys the procedure with these lines planted in front of its COPYs and behind them."""
    (script,) = [
        one for one in schemachange_scripts(SNOWFLAKE_DATABASE=database.name) if one.name == "R__load_manifest.sql"
    ]
    (procedure,) = script.statements
    first, last = "    for dataset in DATASETS[manifests[0].key.family]:\n", "            check_copied("
    assert procedure.count(first) == procedure.count(last) == 1

    def plant(before: str, behind: str = "pass") -> None:
        planted = procedure.replace(first, f"    {before}\n{first}")
        database.rows(planted.replace(last, f"            {behind}\n{last}"))

    yield plant
    database.rows(procedure)


def put_line(landed: Landed, key: str, body: bytes) -> str:
    """A line of Python that replaces an object, in the process of a procedure."""
    bucket = landed.store.bucket
    return (
        "__import__('local.warehouse.staged.objects').warehouse.staged.objects.client()"
        f".put_object(Bucket={bucket!r}, Key={PREFIX + key!r}, Body={body!r})"
    )


def other_splits() -> bytes:
    """As many lines and results as the splits have, and another ticker."""
    return gzip.compress(json.dumps(line("2026-11-20", "MSFT")).encode() + b"\n")


def test_object_that_is_replaced_between_check_and_copy_is_refused(
    database: Database, landed: Landed, planting: Callable[..., None]
) -> None:
    key = landed.object("splits")["key"]
    planting(put_line(landed, key, other_splits()))

    with pytest.raises(ProgrammingError, match=rf"SNOWTAPE_REFUSED {landed.key}: object {key} has "):
        call(database, landed.key)
    assert stored(database, landed) == REFUSED


def test_object_that_is_replaced_and_brought_back_is_refused(
    database: Database, landed: Landed, planting: Callable[..., None]
) -> None:
    key = landed.object("splits")["key"]
    back = put_line(landed, key, landed.get(key))
    planting(put_line(landed, key, other_splits()), f"dataset == 'splits' and {back}")

    with pytest.raises(ProgrammingError, match=f"object {key} was replaced between its check and COPY"):
        call(database, landed.key)
    assert stored(database, landed) == REFUSED


def test_object_whose_etag_is_not_an_md5_is_loaded(database: Database, landed: Landed) -> None:
    key = landed.object("splits")["key"]
    in_parts(landed, key, landed.get(key))

    assert call(database, landed.key)["status"] == "loaded"
    assert stored(database, landed) == LOADED


def in_parts(landed: Landed, key: str, body: bytes) -> None:
    """Store an object as a multipart upload, whose ETag is not an md5."""
    name = {"Bucket": landed.store.bucket, "Key": PREFIX + key}
    s3 = client(landed.store)
    upload = name | {"UploadId": s3.create_multipart_upload(**name)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=body)
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]})
    assert "-" in s3.head_object(**name)["ETag"]


def test_malformed_key_is_refused_without_a_trace(database: Database) -> None:
    before = database.rows("select count(*) from raw.load_rejects")

    with pytest.raises(ProgrammingError, match="is not the key of a manifest"):
        call(database, "manifests/stocks/../x.json")
    assert database.rows("select count(*) from raw.load_rejects") == before
