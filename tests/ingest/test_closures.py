"""Closures that the calendar doesn't know: announced to the API, remembered by manifests, or named by a setting.

The market server is closed on Monday, 23 November 2026, and lists the day as closed until it is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ingest import calendar, closures, manifests, runs
from ingest.datasets import Family
from ingest.errors import BadSetting, IncompleteFetch
from ingest.manifests import Manifest
from local.market import process
from local.market.process import RunningMarket

from .answering import stored
from .test_plans import Market, run

FRIDAY, MONDAY, TUESDAY = (datetime(2026, 11, day, 23, 15, tzinfo=UTC) for day in (20, 23, 24))
CLOSED = date(2026, 11, 23)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    folder = tmp_path_factory.mktemp("market")
    server = process.start(folder, "--anchor", "2026-11-24", "--synthetic-tickers", "3", "--closure", str(CLOSED))
    yield server
    server.stop()


@pytest.fixture
def market(running: RunningMarket, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Market]:
    for name, value in {
        "POLYGON_BASE_URL": running.base_url,
        "POLYGON_API_KEY": running.api_key,
        "POLYGON_REQUESTS_PER_MINUTE": "100000",
        "POLYGON_PLAN": "real-time",
        "SNOWTAPE_BUCKET": "landing",
        "SNOWTAPE_PREFIX": "some/prefix/",
        "SNOWTAPE_UNDERLYINGS": "IBM",
        "SNOWTAPE_BUDGET_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("POLYGON_LAG_HOURS", "SNOWTAPE_TICKERS", "SNOWTAPE_EXCHANGE_CLOSURES"):
        monkeypatch.delenv(name, raising=False)
    yield Market(running)
    calendar.learn(frozenset())


def newest(store: Any, family: Family = Family.STOCKS) -> Manifest:
    """The newest manifest that covers sessions; listings of tickers have one of their own."""
    found = [manifest for manifest in stored(store, family) if manifest.sessions]
    # The last manifest may be that of past sessions, which are fetched again.
    return max(found, key=lambda manifest: (manifest.sessions[-1], manifest.manifest_id))


def daily(market: Market, at: datetime, family: Family = Family.STOCKS) -> None:
    run(runs.plan_daily(family, market.at(at)))


def says(day: str, *closed: str) -> Manifest:
    """A manifest begun on a day that knows these closures."""
    return Manifest(
        f"{day:0<8}T120000000000Z-00000001", Family.STOCKS, "", "", "", (), (), 0, 0, True, (), (),
        exchange_closures=closed,
    )  # fmt: skip


def test_a_closure_that_was_announced_is_no_session_then_and_afterwards(market, store, caplog) -> None:
    caplog.set_level("INFO", "ingest.closures")
    daily(market, FRIDAY)
    assert {manifest.exchange_closures for manifest in stored(store)} == {("2026-11-23",)}

    daily(market, MONDAY)
    assert newest(store).sessions[-1] == "2026-11-20"
    assert "closed on 2026-11-23, which is not in the installed calendar" in caplog.text

    daily(market, TUESDAY)  # the API has forgotten it by now
    last = newest(store)
    assert last.complete
    assert last.sessions == ("2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-24")
    assert last.exchange_closures == ("2026-11-23",)

    batches = runs.plan_backfill(Family.STOCKS, {"start": "2026-11-12"}, market.at(TUESDAY))
    asked = {day for batch in batches for day in batch["sessions"]}
    assert "2026-11-12" in asked
    assert "2026-11-23" not in asked


def test_options_go_by_it_too(market, store) -> None:
    for moment in (FRIDAY, TUESDAY):
        daily(market, moment, Family.OPTIONS)
    assert newest(store, Family.OPTIONS).complete
    held = manifests.coverage(stored(store, Family.OPTIONS)).holds("IBM")
    assert sorted(held)[-2:] == [date(2026, 11, 20), date(2026, 11, 24)]


def test_a_closure_that_nobody_announced_is_named_by_the_setting_that_the_error_names(
    market, store, monkeypatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(closures, "announced", lambda rows: frozenset())
        with pytest.raises(IncompleteFetch, match=r"session 2026-11-23 .* name it in SNOWTAPE_EXCHANGE_CLOSURES"):
            daily(market, MONDAY)
        patch.setenv("SNOWTAPE_EXCHANGE_CLOSURES", "2026-11-23, 2025-01-09")
        daily(market, MONDAY)
        daily(market, TUESDAY)
    last = newest(store)
    assert last.complete
    assert last.sessions[-2:] == ("2026-11-20", "2026-11-24")
    # What a setting says is nobody's announcement: without the setting it is gone.
    assert last.exchange_closures == ()


def test_an_api_that_gives_no_status_leaves_what_is_remembered(market, store) -> None:
    daily(market, FRIDAY)
    market.set("faults", [{"match": "marketstatus", "kind": "status", "status": 404, "times": None}])
    daily(market, TUESDAY)
    market.set("faults", [])
    last = newest(store)
    assert last.sessions[-2:] == ("2026-11-20", "2026-11-24")
    assert last.exchange_closures is None


@pytest.mark.parametrize(
    ("manifests", "closed"),
    [
        pytest.param([says("20261120", "2026-11-23")], {CLOSED}, id="announced"),
        pytest.param([says("20261120", "2026-11-23"), says("20261121")], set(), id="called off"),
        pytest.param(
            [says("20240105", "2024-01-09"), says("20261121")], {date(2024, 1, 9)}, id="too old for the newest"
        ),
        pytest.param([], set(), id="none"),
    ],
)
def test_the_newest_manifest_that_covers_a_day_is_right_about_it(manifests: Any, closed: set[date]) -> None:
    assert closures.remembered(manifests) == closed


def test_an_answer_overrules_what_was_remembered_of_the_days_to_come() -> None:
    past = frozenset({CLOSED, date(2026, 12, 1)})
    assert closures.known(past, None, TUESDAY) == past
    assert closures.known(past, frozenset(), TUESDAY) == {CLOSED}


def test_a_row_that_is_no_closure_of_new_york_closes_nothing() -> None:
    rows: list[Any] = [
        {"date": "2026-11-23", "exchange": "NYSE", "status": "early-close"},
        {"date": "2026-11-23", "exchange": "LSE", "status": "closed"},
        {"date": "soon", "exchange": "NYSE", "status": "closed"},
        {"exchange": "NYSE", "status": "closed"},
        {"date": "2026-11-26", "exchange": "NYSE", "status": "closed"},  # Thanksgiving, which the calendar has
        "closed",
    ]
    assert closures.announced(rows) == frozenset()


def test_a_setting_that_is_no_list_of_days_is_named() -> None:
    with pytest.raises(BadSetting, match="SNOWTAPE_EXCHANGE_CLOSURES is 'Christmas'; expected days"):
        closures.read_closures({"SNOWTAPE_EXCHANGE_CLOSURES": "Christmas"})
