"""Past sessions are fetched again, those first that were asked for longest ago: over a port, a bucket in memory."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ingest import calendar, manifests, packs, rereading, runs
from ingest.datasets import Family
from ingest.errors import BadSetting
from ingest.settings import read_sessions_again

from .answering import stored
from .test_plans import Market, market, run, running  # noqa: F401 - fixtures

NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
# The daily run reads the sessions from the 12th on anyway.
BEFORE = date(2026, 11, 12)


@pytest.fixture
def past(market: Market, monkeypatch: pytest.MonkeyPatch) -> Market:  # noqa: F811
    """The sessions of October are in the bucket, and four of the past are fetched again a day."""
    monkeypatch.setenv("POLYGON_SESSIONS_AGAIN", "4")
    market.at(NOW)
    run(bars(runs.plan_backfill(Family.STOCKS, {"start": "2026-10-01", "end": "2026-10-30"}, NOW)))
    return market


def bars(batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [batch for batch in batches if batch["sessions"]]


def again(now: datetime = NOW) -> list[dict[str, Any]]:
    """The batch of a daily run that fetches the past again, if there is one."""
    return [batch for batch in runs.plan_daily(Family.STOCKS, now) if batch["label"].startswith("again")]


def test_every_session_is_fetched_again_before_any_is_a_second_time(past) -> None:
    october = [day.isoformat() for day in calendar.sessions(date(2026, 10, 1), date(2026, 10, 30))]
    fetched: list[str] = []
    # 22 sessions: the newest one each time, and the 21 others three at a time.
    for _ in range(7):
        (batch,) = again()
        assert batch["sessions"][-1] == october[-1]
        assert [request.session for request in packs.unpacked(batch)[0].requests] == batch["sessions"]
        fetched += batch["sessions"][:-1]
        run([batch])
    assert sorted(fetched) == october[:-1]
    assert again()[0]["sessions"][:-1] == sorted(fetched[:3])


def test_a_bar_that_was_restated_meanwhile_is_landed(past, store) -> None:
    (batch,) = again()
    session = batch["sessions"][0]
    past.set("corrections", [{"ticker": "AAPL", "session": session, "fields": {"c": 1.25}}])
    run([batch])
    manifest = stored(store)[-1]
    assert (manifest.sessions, manifest.complete) == (tuple(batch["sessions"]), True)
    (entry,) = [one for one in manifest.objects if one.key.split("/")[2] == session]
    bars_of = {bar["T"]: bar["c"] for bar in json.loads(gzip.decompress(store.read(entry.key)))["response"]["results"]}
    assert bars_of["AAPL"] == 1.25


def test_sessions_that_the_plan_does_not_serve_are_asked_for_once(past, store, monkeypatch) -> None:
    """A real-time key has fetched November 2024; the history of a free one begins on the 20th."""
    past.set("plan", {"plan": "real-time"})
    run(bars(runs.plan_backfill(Family.STOCKS, {"start": "2024-11-11", "end": "2024-11-29"}, NOW)))
    past.set("plan", {"plan": "free"})
    monkeypatch.setenv("POLYGON_SESSIONS_AGAIN", "9")
    asked: list[str] = []
    # 22 sessions of October 2026 and 14 of November 2024: eight at a time.
    for _ in range(5):
        (batch,) = again()
        asked += batch["sessions"][:-1]
        run([batch])
    assert len(set(asked)) == 35
    assert len(asked) - len(set(asked)) == 5


def test_of_a_handful_of_tickers_the_one_that_waits_longest_is_fetched_over_all_its_sessions(
    past, store, monkeypatch
) -> None:
    monkeypatch.setenv("SNOWTAPE_TICKERS", "AAPL,MSFT,IBM")
    assert again() == []
    for tickers in (["MSFT"], ["AAPL", "IBM"]):
        params = {"start": "2026-09-01", "end": "2026-09-30", "tickers": tickers}
        run(bars(runs.plan_backfill(Family.STOCKS, params, NOW)))
    turns = []
    for _ in range(4):
        (batch,) = again()
        assert [batch["sessions"][0], batch["sessions"][-1]] == ["2026-09-01", "2026-09-30"]
        turns += batch["scope"]
        run([batch])
    assert turns == ["MSFT", "AAPL", "IBM", "MSFT"]


def test_nothing_is_fetched_again_where_that_is_switched_off_or_nothing_is_held(past, market, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setenv("POLYGON_SESSIONS_AGAIN", "0")
    assert again() == []
    monkeypatch.setenv("POLYGON_SESSIONS_AGAIN", "4")
    monkeypatch.setenv("SNOWTAPE_PREFIX", "empty/")
    assert again() == []


@pytest.mark.parametrize("text", ["-1", "many", "10000", "1.5"])
def test_a_number_of_sessions_that_is_none_is_named(text) -> None:
    with pytest.raises(BadSetting, match=r"POLYGON_SESSIONS_AGAIN is .*expected a whole number from 0 to 9999"):
        read_sessions_again({"POLYGON_SESSIONS_AGAIN": text})


def test_one_session_a_day_is_one_of_the_past_and_the_newest() -> None:
    days = [date(2026, 10, day) for day in (1, 2, 5)]
    asked = {days[0]: "20261101", days[1]: "20261030", days[2]: "20261102"}
    assert rereading.longest_ago(asked, days, 1) == [days[1], days[2]]
    assert rereading.longest_ago({}, [], 1) == []
    assert rereading.last_asked([], manifests.WHOLE_MARKET) == {}


def test_a_session_that_is_never_answered_again_does_not_put_its_ticker_first() -> None:
    days = [date(2026, 9, day) for day in (1, 2, 3, 4)]
    stuck = dict.fromkeys(days, "20261105") | {days[0]: "20260901"}
    waits = dict.fromkeys(days, "20261101") | {days[-1]: "20261120"}
    assert rereading.middle(waits, days) < rereading.middle(stuck, days)
