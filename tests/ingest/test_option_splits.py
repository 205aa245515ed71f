"""A backfill of options over a split of the underlying: the real market server over a port, and a bucket in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest import runs
from ingest.datasets import Dataset, Family
from local.market import process
from local.market.process import RunningMarket

from .answering import stored

# AAPL is split 2:1 on the day after the second of these sessions: a contract comes back with half its strike.
START, BEFORE, END = "2026-05-11", "2026-05-12", "2026-05-14"
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
OLD, NEW = "O:AAPL260618C00370000", "O:AAPL260618C00185000"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    server = process.start(
        tmp_path_factory.mktemp("market"),
        "--anchor",
        "2026-01-20",
        "--synthetic-tickers",
        "0",
        "--now",
        NOW.isoformat(),
    )
    yield server
    server.stop()


@pytest.fixture
def _settings(running: RunningMarket, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name, value in {
        "POLYGON_BASE_URL": running.base_url,
        "POLYGON_API_KEY": running.api_key,
        "POLYGON_REQUESTS_PER_MINUTE": "100000",
        "SNOWTAPE_BUCKET": "landing",
        "SNOWTAPE_PREFIX": "some/prefix/",
        "SNOWTAPE_BUDGET_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("POLYGON_PLAN", "POLYGON_LAG_HOURS", "SNOWTAPE_TICKERS"):
        monkeypatch.delenv(name, raising=False)


def responses(store: Any, dataset: Dataset) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Request and results of every response of a dataset."""
    for manifest in stored(store, Family.OPTIONS):
        for entry in manifest.objects:
            if entry.dataset == dataset:
                for line in gzip.decompress(store.read(entry.key)).splitlines():
                    row = json.loads(line)
                    yield row["request"], row["response"].get("results", [])


@pytest.mark.usefixtures("_settings")
def test_backfill_over_a_split_lands_contracts_from_before_and_after_it_with_their_bars(store: Any) -> None:
    asked = {"start": START, "end": END, "underlyings": ["AAPL"]}
    for batch in runs.plan_backfill(Family.OPTIONS, asked, NOW):
        runs.land(batch, "a_dag", "a_run")
    listed = {
        (row["ticker"], request["params"]["as_of"])
        for request, rows in responses(store, Dataset.OPTION_CONTRACTS)
        for row in rows
    }
    assert (OLD, BEFORE) in listed
    assert (OLD, END) not in listed
    assert (NEW, END) in listed
    sessions = {request["path"].split("/")[4]: len(rows) for request, rows in responses(store, Dataset.OPTION_BARS)}
    assert sessions[OLD] >= 1
    assert sessions[NEW] >= 1
