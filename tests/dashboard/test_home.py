"""The home page: its numbers from the seeds’ own bars, lists without what hardly trades, and what is missing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from dashboard.data import home
from dashboard.data.door import Door
from dashboard.pages.home import map as market_map
from dashboard.pages.home import page, view
from tests.dashboard import seed
from tests.dashboard.said import said

pytestmark = pytest.mark.usefixtures("morning_after")

BARS = {ticker: seed.bars(ticker) for ticker in seed.LENGTHS}


@pytest.fixture
def door(seeded_door: Door) -> Door:
    return seeded_door


def counted(session: date) -> dict[str, int]:
    """The breadth of a session, counted bar by bar in plain Python."""
    counts = dict.fromkeys(home.COUNTS, 0)
    for frame in BARS.values():
        for place, day in enumerate(frame["session_date"]):
            if day != session:
                continue
            closes, bar = frame["adjusted_close_usd"], frame.iloc[place]
            year = frame.iloc[max(0, place - 251) : place + 1]
            counts["securities"] += 1
            if place:
                move = closes[place] - closes[place - 1]
                counts["advancers" if move > 0 else "decliners" if move < 0 else "unchanged"] += 1
            counts["new_highs"] += bool(bar["adjusted_high_usd"] == year["adjusted_high_usd"].max())
            counts["new_lows"] += bool(bar["adjusted_low_usd"] == year["adjusted_low_usd"].min())
            if place >= 199:
                counts["with_sma_200"] += 1
                counts["above_sma_200"] += bool(closes[place] > sum(closes[place - 199 : place + 1]) / 200)
    return counts


def test_each_sessions_breadth_is_what_counting_its_bars_gives(door: Door) -> None:
    breadth = home.read_breadth(door, seed.LAST_SESSION)
    found = {row["session_date"]: {name: row[name] for name in home.COUNTS} for row in breadth.to_dict("records")}
    assert len(found) > 55
    assert max(found) == seed.LAST_SESSION
    for session, counts in found.items():
        assert (session, counts) == (session, counted(session))


def test_movers_and_unusual_tickers_are_in_the_order_of_their_own_bars(door: Door) -> None:
    market = home.read_market(door)
    newest = {ticker: frame.iloc[-1] for ticker, frame in BARS.items()}
    moves = {ticker: float(bar["simple_return_pct"]) for ticker, bar in newest.items()}
    assert list(home.greatest(market, "simple_return_pct", 3)["ticker"]) == sorted(moves, key=moves.__getitem__)[:-4:-1]
    assert list(home.least(market, "simple_return_pct", 3)["ticker"]) == sorted(moves, key=moves.__getitem__)[:3]
    for row in market.to_dict("records"):
        frame = BARS[row["ticker"]]
        dollars = frame["close_usd"] * frame["volume_shares"]
        if len(frame) > 63:
            assert row["volume_ratio"] == pytest.approx(dollars.iloc[-1] / dollars.tail(20).mean())
            both = [frame["log_return"].tail(sessions).std() for sessions in (21, 63)]
            assert row["volatility_ratio"] == pytest.approx(both[0] / both[1])


def test_lists_leave_out_what_trades_less_than_a_million_dollars_a_day() -> None:
    market = pd.DataFrame({"ticker": ["A", "B", "C"], "average_dollar_volume_20d_usd": [999_999.0, 1e6, float("nan")]})
    assert list(home.traded(market)["ticker"]) == ["B"]


def test_the_map_has_all_dollars_once_and_the_rest_of_a_type_in_one_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_map, "MOST_TILES", 2)
    market = pd.DataFrame(
        {
            "ticker": ["A", "B", "C", "D", "E"],
            "security_type": ["CS", "ETF", "CS", "CS", None],
            "average_dollar_volume_20d_usd": [50.0, 40.0, 30.0, 10.0, float("nan")],
            "simple_return_pct": [1.0, -1.0, 2.0, -2.0, 5.0],
        }
    )
    rows = [tuple(row) for row in market_map.tiles(market).itertuples(index=False)]
    assert rows == [
        ("Common stocks", "A", "A", 50.0, 1.0),
        ("ETFs", "B", "B", 40.0, -1.0),
        ("Common stocks", "2 others", "", 40.0, (30 * 2.0 + 10 * -2.0) / 40),
    ]
    (trace,) = market_map.map_figure(market_map.tiles(market))["data"]
    leaves = dict(zip(trace["ids"], trace["values"], strict=True))
    assert leaves["Common stocks"] == leaves["Common stocks/A"] + leaves["Common stocks/2 others"]


def test_what_changed_names_who_came_went_and_crossed(door: Door) -> None:
    market = home.read_market(door)
    moved = market.assign(above_sma_200_pct=-market["above_sma_200_pct"]).query("ticker != 'GOOG'")
    newcomer = moved.head(1).assign(ticker="NEW", security_id="ticker:NEW")
    changes = home.read_changes(door, pd.concat([moved, newcomer]), home.read_breadth(door, seed.LAST_SESSION))
    assert changes is not None
    assert (changes.session, changes.came, changes.went) == (seed.LAST_SESSION, ("NEW",), ("GOOG",))
    ups = [ticker for ticker in ("AAPL", "MSFT") if BARS[ticker].iloc[-2]["adjusted_close_usd"] <= mean_200(ticker)]
    assert sorted(changes.crossed_up) == ups
    assert "1 security" in said(view.changes_list(changes))


def mean_200(ticker: str) -> float:
    """The 200 closes until the last but one session, averaged."""
    return float(BARS[ticker]["adjusted_close_usd"].iloc[-201:-1].mean())


def test_restatements_since_the_session_before_are_counted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    market, breadth = home.read_market(door), home.read_breadth(door, seed.LAST_SESSION)
    earlier = breadth[breadth["session_date"] <= seed.LAST_SESSION - timedelta(days=3)]
    changes = home.read_changes(door, market, earlier)
    assert changes is not None
    # The sessions of Monday 16 and Tuesday 17 November: MSFT's third version was learned on Wednesday evening.
    assert (changes.before, changes.restated) == (date(2026, 11, 16), 2)


def test_splits_are_those_of_the_bars_newest_first(door: Door) -> None:
    found = [
        (row.ticker, row.split_from, row.split_to) for row in home.read_splits(door, seed.LAST_SESSION).itertuples()
    ]
    assert found == [("SIM0001", 10.0, 1.0), ("AAPL", 1.0, 4.0)]


def test_a_watchlist_keeps_its_order_and_names_what_it_cannot_show(door: Door) -> None:
    content = page.read_watchlist(door, ["MSFT", "aapl", "NEWCO", "NOSUCH"])
    text = said(content.body)
    assert text.index("ticker=MSFT") < text.index("ticker=AAPL")
    assert "Unknown: NOSUCH." in text
    assert "No bar in the newest session: NEWCO." in text


@pytest.mark.parametrize("value", [None, "AAPL", [], ["<script>"], [None], [["x"]], {"a": 1}, ["A" * 10_000] * 900])
def test_a_watchlist_of_anything_fails_no_panel(door: Door, value: Any) -> None:
    assert page.read_watchlist(door, value).state in {"empty", "ready"}


def test_a_type_that_the_vendor_adds_is_shown_by_its_code() -> None:
    assert [market_map.type_name(code) for code in ("CS", "XYZ", None, float("nan"), "")] == [
        "Common stocks", "XYZ", market_map.UNKNOWN_TYPE, market_map.UNKNOWN_TYPE, market_map.UNKNOWN_TYPE,
    ]  # fmt: skip
