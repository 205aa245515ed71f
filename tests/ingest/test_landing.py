import gzip
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from ingest.answers import read_answer
from ingest.datasets import Dataset
from ingest.errors import AlreadyThere, TerminalError
from ingest.landing import Landing
from ingest.settings import StorageSettings
from ingest.storage import LandingStore

NOW = datetime(2026, 11, 20, 23, 15, tzinfo=UTC)
ID = "20261120T231500000000Z-0123abcd"


def answer(rows: int):
    body = json.dumps({"results": [{"T": f"T{number}", "c": 1.5} for number in range(rows)]})
    return read_answer("/a", {"x": "1"}, body.encode(), NOW)


def test_objects_are_cut_by_size_and_keep_every_line(store) -> None:
    with Landing(store, ID, cut_bytes=2_000) as landing:
        for _ in range(10):
            landing.add(Dataset.STOCK_BARS, "2026-11-20", answer(20))
        entries = landing.finish()
    assert [entry.key.rpartition("/")[2] for entry in entries] == [f"{number:04d}.ndjson.gz" for number in range(3)]
    assert sum(entry.lines for entry in entries) == 10
    assert sum(entry.result_rows for entry in entries) == 200
    for entry in entries:
        body = store.read(entry.key)
        assert (len(body), hashlib.sha256(body).hexdigest()) == (entry.bytes, entry.sha256)
        assert len(gzip.decompress(body).splitlines()) == entry.lines


def test_each_dataset_and_range_is_an_object_of_its_own(store) -> None:
    with Landing(store, ID) as landing:
        landing.add(Dataset.SPLITS, "2026-11-16_2026-11-20", answer(1))
        landing.add(Dataset.TICKERS, "2026-11-20", answer(1))
        entries = landing.finish()
    assert [entry.key for entry in entries] == [
        f"raw/splits/2026-11-16_2026-11-20/{ID}/0000.ndjson.gz",
        f"raw/tickers/2026-11-20/{ID}/0000.ndjson.gz",
    ]


def test_no_answer_is_older_than_its_manifest_though_the_clock_was_set_back(store) -> None:
    with Landing(store, ID) as landing:
        for days in (-1, 0, 1):
            landing.add(Dataset.SPLITS, "2026-11-20", replace(answer(1), fetched_at=NOW + timedelta(days=days)))
        (entry,) = landing.finish()
    fetched = [json.loads(line)["fetched_at"] for line in gzip.decompress(store.read(entry.key)).splitlines()]
    assert fetched == ["2026-11-20T23:15:00.000000Z", "2026-11-20T23:15:00.000000Z", "2026-11-21T23:15:00.000000Z"]


def test_every_put_is_one_that_the_bucket_policy_lets_through(s3, store) -> None:
    puts = []
    s3.meta.events.register(
        "before-call.s3.PutObject", lambda params, **_: puts.append(params["headers"]), unique_id="x"
    )
    store.check()
    store.put_once("manifests/a.json", b"{}")
    with Landing(store, ID) as landing:
        landing.add(Dataset.SPLITS, "2026-11-20", answer(1))
        landing.finish()
    s3.meta.events.unregister("before-call.s3.PutObject", unique_id="x")
    assert [headers.get("If-None-Match") for headers in puts] == ["*"] * 3


def test_what_is_not_finished_is_not_stored(store) -> None:
    with Landing(store, ID) as landing:
        landing.add(Dataset.SPLITS, "2026-11-20", answer(1))
    assert list(store.keys("")) == []


def test_an_object_is_never_overwritten(store) -> None:
    store.put_once("a/b.json", b"{}")
    with pytest.raises(AlreadyThere, match=r"a/b\.json"):
        store.put_once("a/b.json", b"[]")
    assert store.read("a/b.json") == b"{}"


def test_the_same_put_sent_twice_is_one(store) -> None:
    store.put_once("a/b.json", b"{}")
    store.put_once("a/b.json", b"{}")
    assert list(store.keys("a/")) == ["a/b.json"]


def test_a_bucket_that_is_not_there_is_named(s3) -> None:
    with pytest.raises(TerminalError, match="SNOWTAPE_BUCKET is 'elsewhere'"):
        LandingStore(StorageSettings("elsewhere", ""), s3).put_once("a", b"")


def test_other_errors_of_the_store_come_through(store, s3) -> None:
    with pytest.raises(ClientError):
        store.read("not/there")
