"""Replayed bars are the source's rows, moved; later days never change earlier ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from bokeh_sampledata import stocks

from local.market.bars import Split
from local.market.market import Market
from local.market.replay import REPLAYED_TICKERS, Source

FIRST_DAY = "2010-01-01"
ANCHOR = "2026-11-20"


def next_day(bar: dict[str, Any]) -> str:
    return str(datetime.fromtimestamp(bar["t"] / 1000, UTC).date() + timedelta(days=1))


@pytest.mark.parametrize("ticker", REPLAYED_TICKERS)
def test_bars_up_to_the_anchor_are_the_rows_of_the_source(api: Any, ticker: str) -> None:
    source = getattr(stocks, ticker)
    bars = api.bars(ticker, FIRST_DAY, ANCHOR)
    if ticker == "FB":  # renamed; META was a fund's ticker before
        bars += api.bars("META", next_day(bars[-1]), ANCHOR)
    columns = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
    for field, name in columns.items():
        assert [bar[field] for bar in bars] == source[name]


def test_there_is_one_bar_for_every_session(api: Any, market: Market) -> None:
    bars = api.bars("IBM", "2024-01-01", ANCHOR)
    first, last = (market.sessions.at_or_after(datetime.fromisoformat(d).date()) for d in ("2024-01-01", ANCHOR))
    assert [bar["t"] for bar in bars] == market.sessions.midnight_ms[first : last + 1].tolist()


def test_the_continued_series_opens_at_the_last_close(api_of: Any) -> None:
    later = api_of(now=datetime(2026, 11, 23, 22, tzinfo=UTC))
    for ticker in REPLAYED_TICKERS:
        before, after = later.bars("META" if ticker == "FB" else ticker, ANCHOR, "2026-11-23")
        assert after["o"] == pytest.approx(before["c"], abs=1e-4)
        source = getattr(stocks, ticker)
        assert after["c"] / after["o"] == pytest.approx(source["close"][0] / source["open"][0], rel=1e-5)


@pytest.mark.slow
def test_a_later_clock_leaves_every_earlier_bar_as_it_was(api: Any, api_of: Any) -> None:
    later = api_of(now=datetime(2027, 6, 1, 22, tzinfo=UTC))
    for ticker in ("AAPL", "FB", "SIM0001", "SIM0004", "SIM0005"):
        assert later.bars(ticker, "2024-11-20", ANCHOR) == api.bars(ticker, "2024-11-20", ANCHOR)
    for day in ("2025-03-03", ANCHOR):
        assert later.grouped(day) == api.grouped(day)
    contract = "O:AAPL270115C00425000"
    assert later.bars(contract, "2026-09-01", ANCHOR) == api.bars(contract, "2026-09-01", ANCHOR) != []


def test_a_session_is_served_only_once_it_has_closed(api_of: Any) -> None:
    open_still = api_of(now=datetime(2026, 11, 20, 20, 59, tzinfo=UTC))
    assert open_still.grouped(ANCHOR) == {}
    assert len(open_still.bars("AAPL", "2026-11-19", ANCHOR)) == 1


def test_an_early_close_counts_as_the_close(api_of: Any) -> None:
    after_thanksgiving = api_of(now=datetime(2026, 11, 27, 18, 0, tzinfo=UTC))
    assert "AAPL" in after_thanksgiving.grouped("2026-11-27")


def test_the_splits_of_the_source_are_all_its_jumps_and_no_others() -> None:
    for ticker in REPLAYED_TICKERS:
        source = Source.load(ticker)
        ratio = source.adjusted_close / source.close
        jumps = ratio[1:] / ratio[:-1]
        rows = {int(row) + 1 for row in np.flatnonzero(jumps > 1.2)}
        assert rows == set(source.splits)
        for row, (split_from, split_to) in source.splits.items():
            assert jumps[row - 1] == pytest.approx(split_to / split_from)


def test_adjusted_bars_follow_the_adjusted_close_of_the_source_where_no_dividend_comes_between(api: Any) -> None:
    """AAPL paid nothing from 2000 to 2012, so splits are all that its adjusted close then holds."""
    source = Source.load("AAPL")
    adjusted = api.bars("AAPL", FIRST_DAY, ANCHOR, adjusted="true")
    upto = source.dates.index("2012-08-08")
    served = np.array([bar["c"] for bar in adjusted[: upto + 1]])
    truth = source.adjusted_close[: upto + 1]
    np.testing.assert_allclose(served / served[-1], truth / truth[-1], rtol=2e-6)
    assert adjusted[0]["v"] == 4 * source.volume[0]


def test_dividends_are_those_that_the_companies_paid(api: Any) -> None:
    def paid(ticker: str) -> list[float]:
        rows = api.all("/stocks/v1/dividends", ticker=ticker, sort="ex_dividend_date.asc", limit=5000)
        return [row["cash_amount"] for row in rows]

    assert paid("AAPL") == [2.65, 2.65, 2.65]
    assert paid("IBM")[-4:] == [0.85, 0.85, 0.85, 0.85]
    assert paid("IBM")[:2] == [0.13, 0.13]
    assert 3.08 in paid("MSFT")
    assert paid("GOOG") == []


def test_dividends_and_splits_together_give_the_adjusted_close_back(market: Market) -> None:
    replay = market.universe.replays["MSFT"]
    high = market.universe.anchor
    bars = replay.bars(0, high)
    events: list[Any] = [*replay.splits(high), *replay.dividends(high)]
    adjusted = bars.close.copy()
    for event in events:
        adjusted[bars.position < event.position] *= event.price_factor
    truth = replay.source.adjusted_close
    np.testing.assert_allclose(adjusted / adjusted[-1], truth / truth[-1], rtol=1e-4)


def test_a_split_after_the_anchor_comes_with_its_day(market: Market) -> None:
    replay, anchor = market.universe.replays["AAPL"], market.universe.anchor
    day = anchor + 1 + replay.source.dates.index("2000-06-21")
    before = replay.splits(day - 1)
    assert replay.splits(day) == [*before, Split("AAPL", day, 1, 2)]
