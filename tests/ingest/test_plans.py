"""A day, and a backfill, on the vendor's plans: the real market server over a port, and a bucket in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests

from ingest import manifests, runs
from ingest.datasets import Family
from ingest.errors import NotEntitled
from local.market import process
from local.market.process import RunningMarket

from .answering import stored

AT_18_15, AT_00_30, NEXT_18_15 = (
    datetime(2026, 11, 20, 23, 15, tzinfo=UTC),
    datetime(2026, 11, 21, 5, 30, tzinfo=UTC),
    datetime(2026, 11, 23, 23, 15, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    """AAPL and a few others, sessions up to Friday, 20 November 2026."""
    server = process.start(
        tmp_path_factory.mktemp("market"), "--anchor", "2026-11-20", "--synthetic-tickers", "3", "--plan", "free"
    )
    yield server
    server.stop()


class Market:
    """The running market as a test sets it up and reads it."""

    def __init__(self, server: RunningMarket) -> None:
        self.url = server.base_url
        self._headers = server.control

    def set(self, what: str, body: Any) -> None:
        answer = requests.post(f"{self.url}/_{what}", json=body, headers=self._headers, timeout=30)
        answer.raise_for_status()

    def at(self, moment: datetime) -> datetime:
        """Stop its clock."""
        self.set("clock", {"now": moment.isoformat()})
        return moment

    def asked(self, match: str) -> list[tuple[str, int]]:
        """Path's last part and status of the requests since the last look."""
        log = f"{self.url}/_requests"
        rows = requests.get(log, headers=self._headers, timeout=30).json()["requests"]
        requests.delete(log, headers=self._headers, timeout=30).raise_for_status()
        return [(row["path"].rpartition("/")[2], row["status"]) for row in rows if match in row["path"]]


@pytest.fixture
def market(running: RunningMarket, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Market:
    """For a free key, as the pipeline's settings name it; POLYGON_PLAN is not set."""
    for name, value in {
        "POLYGON_BASE_URL": running.base_url,
        "POLYGON_API_KEY": running.api_key,
        "POLYGON_REQUESTS_PER_MINUTE": "100000",
        "SNOWTAPE_BUCKET": "landing",
        "SNOWTAPE_PREFIX": "some/prefix/",
        "SNOWTAPE_UNDERLYINGS": "IBM",
        "SNOWTAPE_BUDGET_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("POLYGON_PLAN", "POLYGON_LAG_HOURS", "SNOWTAPE_TICKERS"):
        monkeypatch.delenv(name, raising=False)
    found = Market(running)
    found.set("plan", {"plan": "free"})
    found.set("faults", [])
    found.asked("")
    return found


def run(batches: list[dict[str, Any]]) -> list[runs.Landed | None]:
    return [runs.land(batch, "a_dag", "a_run") for batch in batches]


def sessions(batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a daily run that fetch bars."""
    return [batch for batch in batches if batch["sessions"]]


def held(store: Any, family: Family = Family.STOCKS, symbol: str = "*") -> list[date]:
    return sorted(manifests.coverage(stored(store, family)).holds(symbol))


def test_at_18_15_a_free_plan_lands_up_to_the_day_before_and_says_what_is_outstanding(market, store, caplog) -> None:
    run(sessions(runs.plan_daily(Family.STOCKS, market.at(AT_18_15))))
    (manifest,) = stored(store)
    assert manifest.complete
    assert (manifest.sessions[-1], manifest.outstanding) == ("2026-11-19", ("2026-11-20",))
    assert "2026-11-20 has closed but is not published yet" in caplog.text
    assert all(status == 200 for _, status in market.asked("/v2/"))


def test_at_00_30_the_session_of_the_day_before_is_published(market, store) -> None:
    run(sessions(runs.plan_daily(Family.STOCKS, market.at(AT_00_30))))
    (manifest,) = stored(store)
    assert (manifest.sessions[-1], manifest.outstanding) == ("2026-11-20", ())


@pytest.mark.parametrize("tickers", ["", "AAPL,MSFT"], ids=["whole market", "two tickers"])
def test_a_plan_that_promises_too_much_is_green_and_the_next_run_fetches_what_was_outstanding(
    market, store, monkeypatch, caplog, tickers
) -> None:
    monkeypatch.setenv("POLYGON_PLAN", "real-time")
    monkeypatch.setenv("SNOWTAPE_TICKERS", tickers)
    run(sessions(runs.plan_daily(Family.STOCKS, market.at(AT_18_15))))
    (manifest,) = stored(store)
    assert manifest.complete
    assert (manifest.sessions[-1], manifest.outstanding) == ("2026-11-19", ("2026-11-20",))
    assert [status for _, status in market.asked("/2026-11-20")].count(403) == 1
    assert "does not include" not in caplog.text
    run(sessions(runs.plan_daily(Family.STOCKS, market.at(NEXT_18_15))))
    assert held(store, symbol="AAPL")[-1] == date(2026, 11, 20)


def test_a_backfill_of_a_session_that_is_not_published_yet_has_nothing_to_do(market) -> None:
    assert runs.plan_backfill(Family.STOCKS, {"start": "2026-11-20"}, market.at(AT_18_15)) == []


def test_a_backfill_from_before_the_history_lands_every_session_inside_the_plan(market, store) -> None:
    """Two years before 21 November 2026: of 60 sessions 18 are inside, 42 before."""
    params = {"start": "2024-09-24", "end": "2024-12-17"}
    batches = runs.plan_backfill(Family.STOCKS, params, market.at(AT_00_30))
    run(batches)
    (manifest,) = [manifest for manifest in stored(store) if manifest.sessions]
    assert len(manifest.sessions) == 18
    assert (manifest.sessions[0], manifest.complete) == ("2024-11-21", True)
    assert len(manifest.missing) == 42
    assert {item.reason.partition(":")[0] for item in manifest.missing} == {"before the plan's history"}
    refused = [path for path, status in market.asked("/grouped/") if status == 403]
    assert 1 <= len(refused) <= 9

    again = [batch for batch in runs.plan_backfill(Family.STOCKS, params, AT_00_30) if batch["sessions"]]
    run(again)
    assert market.asked("/grouped/") == [("2024-11-20", 403)]
    market.set("plan", {"plan": "delayed"})
    run(again)
    assert held(store)[0] == date(2024, 9, 24)


def test_tickers_from_before_the_history_are_not_held_for_what_was_cut(market, store) -> None:
    params = {"start": "2024-11-11", "end": "2024-11-29", "tickers": ["AAPL", "MSFT"]}
    run(runs.plan_backfill(Family.STOCKS, params, market.at(AT_00_30)))
    assert held(store, symbol="AAPL")[0] == date(2024, 11, 21)
    before = runs.plan_backfill(Family.STOCKS, params, AT_00_30)
    assert [batch["sessions"][-1] for batch in before if batch["sessions"]] == ["2024-11-20"]
    market.asked("")
    run([batch for batch in before if batch["sessions"]])
    assert [status for _, status in market.asked("/range/")] == [403]


def test_what_the_plan_does_not_include_stays_red_and_is_quoted(market) -> None:
    said = {"match": "grouped", "kind": "status", "status": 403, "times": None}
    market.set("faults", [said])
    (*_, batch) = runs.plan_backfill(Family.STOCKS, {"start": "2026-11-18"}, market.at(AT_00_30))
    with pytest.raises(NotEntitled, match="on demand"):
        run([batch])


def test_options_at_18_15_hold_no_session_that_no_answer_holds(market, store, monkeypatch) -> None:
    monkeypatch.setenv("POLYGON_PLAN", "real-time")
    run(runs.plan_daily(Family.OPTIONS, market.at(AT_18_15)))
    (manifest,) = stored(store, Family.OPTIONS)
    assert manifest.complete
    assert (manifest.sessions[-1], manifest.outstanding) == ("2026-11-19", ("2026-11-20",))
    run(runs.plan_daily(Family.OPTIONS, market.at(NEXT_18_15)))
    assert held(store, Family.OPTIONS, "IBM")[-1] == date(2026, 11, 20)


def test_options_from_before_the_history_are_held_from_its_beginning(market, store) -> None:
    params = {"start": "2024-11-18", "end": "2024-11-22"}
    run(runs.plan_backfill(Family.OPTIONS, params, market.at(AT_00_30)))
    assert held(store, Family.OPTIONS, "IBM") == [date(2024, 11, 21), date(2024, 11, 22)]
