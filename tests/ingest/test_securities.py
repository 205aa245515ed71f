"""Daily runs on a market in which tickers change hands: the real market server over a port, and a bucket in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from ingest import listings, manifests, runs
from ingest.datasets import Dataset, Family
from ingest.errors import IncompleteFetch
from local.market import process
from local.market.process import RunningMarket

from .answering import stored

EVENTS = "/events"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    """FB becomes META on 26 August 2026, 60 sessions before the anchor."""
    server = process.start(
        tmp_path_factory.mktemp("market"), "--anchor", "2026-11-20", "--synthetic-tickers", "12", "--plan", "free"
    )
    yield server
    server.stop()


class Market:
    """The running market as a test sets it up and reads it."""

    def __init__(self, server: RunningMarket) -> None:
        self.url, self._headers = server.base_url, server.control

    def set(self, what: str, body: Any) -> None:
        requests.post(f"{self.url}/_{what}", json=body, headers=self._headers, timeout=30).raise_for_status()

    def at(self, day: str) -> datetime:
        """The night after a day."""
        moment = datetime.fromisoformat(f"{day}T05:30:00+00:00").replace(tzinfo=UTC)
        self.set("clock", {"now": moment.isoformat()})
        return moment

    def asked(self) -> list[tuple[str, int]]:
        """Path, with the ticker that was asked for, and status of the requests since the last look."""
        log = f"{self.url}/_requests"
        rows = requests.get(log, headers=self._headers, timeout=30).json()["requests"]
        requests.delete(log, headers=self._headers, timeout=30).raise_for_status()
        return [(row["path"] + row["params"].get("ticker", ""), row["status"]) for row in rows]


@pytest.fixture
def market(running: RunningMarket, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Market:
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
    found = Market(running)
    found.set("faults", [])
    found.asked()
    return found


def list_tickers(market: Market, day: str) -> list[tuple[str, int]]:
    """Land the batch of a daily run that lists the tickers; what it asked for."""
    batches = runs.plan_daily(Family.STOCKS, market.at(day))
    market.asked()
    for batch in batches:
        if batch["label"].startswith("tickers"):
            runs.land(batch, "a_dag", f"run_{day}")
    return market.asked()


def rows(store: Any, dataset: Dataset) -> list[Any]:
    """Every response of a dataset, with its folder."""
    keys = [entry.key for manifest in stored(store) for entry in manifest.objects if entry.dataset == dataset]
    lines = [(key.split("/")[2], line) for key in keys for line in gzip.decompress(store.read(key)).splitlines()]
    return [(folder, json.loads(line)["response"]) for folder, line in lines]


def test_the_day_after_a_rename_asks_for_the_events_of_the_new_ticker(market: Market, store: Any) -> None:
    list_tickers(market, "2026-08-26")
    assert "META" not in (listings.newest(store) or {})
    before = len(stored(store))

    asked = list_tickers(market, "2026-08-28")

    *_, manifest = stored(store)[before:]
    events = [path.split("/")[4] for path, _ in asked if path.endswith(EVENTS)]
    assert events[0] == "META"
    assert ("/v3/reference/tickersFB", 200) in asked
    told = {
        answer["results"]["composite_figi"]: answer["results"]
        for _, answer in rows(store, Dataset.TICKER_EVENTS)
        if "composite_figi" in answer["results"]
    }
    assert [event["ticker_change"]["ticker"] for event in told["BBG000MM2P62"]["events"]] == ["META", "FB"]
    assert manifest.complete


def test_what_has_no_events_is_recorded_and_nothing_is_red(market: Market, store: Any) -> None:
    asked = list_tickers(market, "2026-11-20")
    (manifest,) = stored(store)
    assert manifest.complete
    assert [(item.path, item.reason) for item in manifest.missing] == [
        ("/vX/reference/tickers/SIM0006/events", "no ticker events: the API has none of it (404)")
    ]
    assert len([path for path, _ in asked if path.endswith(EVENTS)]) > 10


def test_a_plan_without_events_is_asked_once_and_says_so_once(market: Market, store: Any, caplog: Any) -> None:
    market.set("faults", [{"match": EVENTS, "kind": "status", "status": 403, "times": None}])
    asked = list_tickers(market, "2026-11-20")
    (manifest,) = stored(store)
    assert [status for path, status in asked if path.endswith(EVENTS)] == [403]
    assert manifest.complete
    (note,) = manifest.missing
    assert "Not asked for of" in note.reason
    assert caplog.text.count("No ticker events") == 1
    assert {entry.dataset for entry in manifest.objects} == {Dataset.TICKERS, Dataset.TICKER_LISTINGS}


def test_a_failure_of_the_events_is_red_and_the_listing_is_landed(market: Market, store: Any) -> None:
    market.set("faults", [{"match": EVENTS, "kind": "status", "status": 400, "times": None}])
    with pytest.raises(IncompleteFetch):
        list_tickers(market, "2026-11-20")
    (manifest,) = stored(store)
    assert not manifest.complete
    assert Dataset.TICKERS in {entry.dataset for entry in manifest.objects}


def test_a_backfill_lands_listings_of_the_past_and_notes_those_that_the_plan_does_not_serve(
    market: Market, store: Any
) -> None:
    params = {"start": "2024-09-24", "end": "2026-11-19"}
    batches = runs.plan_backfill(Family.STOCKS, params, market.at("2026-11-20"))
    for batch in batches:
        if batch["label"].startswith("listings"):
            runs.land(batch, "a_dag", "a_run")
    listed = {
        folder: {row["ticker"] for row in answer["results"]} for folder, answer in rows(store, Dataset.TICKER_LISTINGS)
    }
    assert sorted(listed) == [
        "2025-01-02", "2025-04-01", "2025-07-01", "2025-10-01", "2026-01-02", "2026-04-01", "2026-07-01", "2026-10-01",
    ]  # fmt: skip
    assert "FB" in listed["2026-07-01"]
    assert "META" in listed["2025-10-01"]
    reasons = [item.reason for manifest in stored(store) for item in manifest.missing]
    assert [reason.partition(":")[0] for reason in reasons] == ["before the plan's history"] * 2
    again = [
        batch for batch in runs.plan_backfill(Family.STOCKS, params, market.at("2026-11-20")) if not batch["sessions"]
    ]
    assert [dict(params)["date"] for _, _, params, _ in again[0]["requests"]] == ["2024-09-24", "2024-10-01"]


def test_an_unreadable_listing_counts_as_none(market: Market, store: Any, s3: Any) -> None:
    assert listings.newest(store) is None
    list_tickers(market, "2026-11-20")
    (manifest,) = stored(store)
    (key,) = [entry.key for entry in manifest.objects if entry.dataset == Dataset.TICKERS]
    assert len(listings.newest(store) or {}) > 10
    s3.put_object(Bucket="landing", Key=f"some/prefix/{key}", Body=b"not gzip")
    assert listings.newest(store) is None
    assert list(manifests.list_keys(store, Family.STOCKS)) == [manifest.key]
