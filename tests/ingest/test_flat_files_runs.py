"""From the settings to manifests: which source a run chooses, and that the next one fetches nothing twice."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest import manifests, packs, runs
from ingest.datasets import Family
from ingest.settings import read_storage
from ingest.storage import LandingStore
from local.flat_files import STOCKS, FlatFiles, reader
from local.objects.process import RunningObjectStore, start

from .conftest import Reply
from .test_flat_files import DAYS, text_of

pytestmark = pytest.mark.server
NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
TICKERS = [f"T{number}" for number in range(5)]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningObjectStore]:
    running = start(
        tmp_path_factory.mktemp("objects"),
        access_key="snowtape",
        secret_key="s3cret",
        bucket="landing",
        readers=[reader("files", "files-secret", [STOCKS])],
    )
    yield running
    running.stop()


@pytest.fixture
def vendor(objects: RunningObjectStore) -> FlatFiles:
    """With the files of all sessions but the newest."""
    files = FlatFiles(objects)
    for day in DAYS[:2]:
        files.put(STOCKS, str(day), gzip.compress(text_of(day, *TICKERS).encode()))
    return files


@pytest.fixture
def front_door(api: Any, objects: RunningObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LandingStore:
    """The settings of a real-time plan whose key has flat files of stocks; a folder of its own in our bucket."""
    api.on("/v1/marketstatus/upcoming", Reply([]))
    for name, value in {
        "POLYGON_BASE_URL": api.base_url,
        "POLYGON_API_KEY": "a-key",
        "POLYGON_REQUESTS_PER_MINUTE": "60000",
        "POLYGON_PLAN": "real-time",
        "POLYGON_FLAT_FILES_ENDPOINT": objects.endpoint,
        "POLYGON_FLAT_FILES_ACCESS_KEY_ID": "files",
        "POLYGON_FLAT_FILES_SECRET_ACCESS_KEY": "files-secret",
        "SNOWTAPE_BUCKET": "landing",
        "SNOWTAPE_PREFIX": f"{tmp_path.name}/",
        "SNOWTAPE_BUDGET_DIR": str(tmp_path),
        "AWS_ENDPOINT_URL_S3": objects.endpoint,
        "AWS_ACCESS_KEY_ID": "snowtape",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "AWS_REGION": objects.region,
    }.items():
        monkeypatch.setenv(name, value)
    return LandingStore(read_storage())


def planned(family: Family = Family.STOCKS) -> dict[str, list[str]]:
    """Sessions of bars by where they are asked for, and the labels of the batches without."""
    found: dict[str, list[str]] = {"files": [], "api": []}
    for batch in runs.plan_daily(family, NOW):
        bars = [path for dataset, path, _, _ in batch["requests"] if dataset.startswith(("stock_bar", "option_bar"))]
        if bars:
            found["files" if bars[0].endswith(".csv.gz") else "api"] += batch["sessions"]
    return found


def landed(values: list[dict[str, Any]]) -> None:
    for batch in values:
        if batch["label"].startswith(("file", "2 files")):
            runs.land(batch, "a_dag", "a_run")


def test_auto_takes_past_sessions_from_files_and_the_newest_from_the_api(front_door, vendor) -> None:
    assert planned()["files"] == [str(day) for day in DAYS[:2]]
    assert planned()["api"][-1] == "2026-11-20"
    assert not set(planned()["api"]) & set(planned()["files"])


def test_next_run_fetches_what_was_replaced_and_what_has_come(front_door, vendor) -> None:
    landed(runs.plan_daily(Family.STOCKS, NOW))
    assert planned()["files"] == []
    vendor.put(STOCKS, str(DAYS[0]), gzip.compress(text_of(DAYS[0], *TICKERS, close=1.75).encode()))
    vendor.put(STOCKS, str(DAYS[2]), gzip.compress(text_of(DAYS[2], *TICKERS).encode()))
    assert planned()["files"] == [str(DAYS[0]), str(DAYS[2])]
    landed(runs.plan_daily(Family.STOCKS, NOW))
    assert planned()["files"] == []
    versions = manifests.read_all(front_door, manifests.list_keys(front_door, Family.STOCKS))
    assert [manifest.sessions for manifest in versions] == [
        ("2026-11-18", "2026-11-19"),
        ("2026-11-18", "2026-11-20"),
    ]
    vendor.remove(STOCKS, str(DAYS[2]))


def test_options_of_a_key_without_them_come_from_the_api_as_without_any_key(front_door, vendor, monkeypatch) -> None:
    with_key = runs.plan_daily(Family.OPTIONS, NOW)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"POLYGON_FLAT_FILES_{name}")
    assert with_key == runs.plan_daily(Family.OPTIONS, NOW)


def test_newest_session_of_options_comes_from_the_chain_or_as_rest_says_from_a_request_a_contract(
    front_door, monkeypatch, caplog
) -> None:
    caplog.set_level(logging.INFO)
    (task,) = runs.plan_daily(Family.OPTIONS, NOW)
    assert [(batch.sessions, len(batch.without_chain)) for batch in packs.unpacked(task)] == [((DAYS[2],), 6)] * 2
    assert "from the option chains, where the plan has them" in caplog.text
    monkeypatch.setenv("POLYGON_BAR_SOURCE", "rest")
    (task,) = runs.plan_daily(Family.OPTIONS, NOW)
    assert [(len(batch.sessions), batch.without_chain) for batch in packs.unpacked(task)] == [(6, ())] * 2
    assert "a request for every contract, as POLYGON_BAR_SOURCE=rest says" in caplog.text


def test_files_alone_leave_the_newest_session_outstanding(front_door, vendor, monkeypatch, caplog) -> None:
    monkeypatch.setenv("POLYGON_BAR_SOURCE", "flat_files")
    first, *others = runs.plan_daily(Family.STOCKS, NOW)
    assert first["outstanding"] == ["2026-11-20"]
    assert not [path for batch in others for dataset, path, _, _ in batch["requests"] if dataset == "stock_bars"]


def test_backfill_takes_files_once_and_named_tickers_from_the_api(front_door, vendor) -> None:
    params = {"start": "2026-11-18", "end": "2026-11-19"}

    def labels(**more: Any) -> list[str]:
        return [batch["label"] for batch in runs.plan_backfill(Family.STOCKS, params | more, NOW)]

    assert labels()[0] == "2 files 2026-11-18 to 2026-11-19"
    assert "2026-11-18 to 2026-11-19" not in labels()
    landed(runs.plan_backfill(Family.STOCKS, params, NOW))
    assert not [label for label in labels() if "file" in label]
    assert labels(refetch=True)[0] == "2 files 2026-11-18 to 2026-11-19"
    assert not [label for label in labels(tickers=["T1"], refetch=True) if "file" in label]
