"""Synthetic tickers: the same for everybody, sound, and with the troubles that they promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from local.market.market import Market
from local.market.synthetic import Synthetic

ANCHOR_POSITION = 3000
TWO_YEARS = 504


@pytest.fixture(scope="module")
def hundred() -> Synthetic:
    return Synthetic(100, ANCHOR_POSITION)


def test_a_ticker_is_the_same_however_many_others_there_are(hundred: Synthetic) -> None:
    few, many = hundred.ticker_bars(13, 2900, 3010), Synthetic(1000, ANCHOR_POSITION).ticker_bars(13, 2900, 3010)
    np.testing.assert_array_equal(few.close, many.close)
    np.testing.assert_array_equal(few.volume, many.volume)


def test_a_session_and_a_range_tell_the_same(api: Any) -> None:
    for day in ("2024-12-02", "2026-11-20"):
        grouped = api.grouped(day)
        for ticker in ("AAPL", "SIM0001", "SIM0005", "SIM0014", "SIM0030"):
            bars = api.bars(ticker, day, day)
            assert len(bars) == (1 if ticker in grouped else 0)
            for bar in bars:
                assert bar == {k: v for k, v in grouped[ticker].items() if k not in ("T", "t")} | {"t": bar["t"]}


def test_every_bar_keeps_low_below_and_high_above_the_rest(hundred: Synthetic) -> None:
    for index in range(100):
        bars = hundred.ticker_bars(index, 0, ANCHOR_POSITION + 300)
        assert bars.vwap is not None
        assert bars.transactions is not None
        inner = np.array([bars.open, bars.close, bars.vwap])
        assert (bars.low <= inner).all()
        assert (inner <= bars.high).all()
        assert (bars.low > 0).all()
        assert (bars.volume >= bars.transactions).all()
        assert (bars.transactions >= 1).all()
        for prices in (*inner, bars.high, bars.low):
            np.testing.assert_array_equal(prices, np.round(prices, 4))


def test_every_kind_of_split_lies_within_the_last_two_years(hundred: Synthetic) -> None:
    recent = [s for s in hundred.splits(ANCHOR_POSITION) if s.position > ANCHOR_POSITION - TWO_YEARS]
    assert {(s.split_from, s.split_to) for s in recent} == {(1, 2), (10, 1), (2, 3), (1, 4)}
    assert {s.ticker for s in recent} == {f"SIM{n:04d}" for n in range(4, 101, 10)}


def test_adjusting_removes_the_jump_of_every_split(api: Any, market: Market) -> None:
    """Adjusted closes move like the walk itself (at most 3.5 deviations of 50 % a year), volumes by shares traded."""
    anchor = market.universe.anchor
    for number in range(4, 101, 10):
        ticker = f"SIM{number:04d}"
        bars = market.universe.ticker_bars(ticker, anchor - 480, anchor)
        assert bars is not None
        adjusted = market.universe.adjust(ticker, bars, anchor)
        assert np.abs(np.diff(np.log(adjusted.close))).max() < 3.5 * 0.5 / 252**0.5
        np.testing.assert_allclose(adjusted.close * adjusted.volume, bars.close * bars.volume, rtol=1e-4)


def test_some_tickers_have_sessions_without_a_bar(hundred: Synthetic) -> None:
    quiet, busy = (len(hundred.ticker_bars(index, 2500, 2999)) for index in (4, 0))
    assert busy == 500
    assert 300 < quiet < 490


def test_late_listed_and_delisted_tickers_have_no_bars_outside_their_life(api: Any, hundred: Synthetic) -> None:
    assert 2500 < hundred.ticker_bars(6, 0, 2999).position[0] < 2975
    rows = api.all("/v3/reference/tickers", active="false")
    # META was a fund's before, SIM0041 another company's: test_securities.py.
    assert [row["ticker"] for row in rows] == ["META", "SIM0009", "SIM0041"]
    rows = [row for row in rows if row["ticker"] == "SIM0009"]
    gone = rows[0]["delisted_utc"][:10]
    assert rows[0]["active"] is False
    assert api.bars("SIM0009", gone, "2026-11-20") == []
    assert len(api.bars("SIM0009", "2026-01-02", gone)) > 100


@pytest.mark.slow
def test_ten_thousand_tickers_answer_in_one_piece(api_of: Any) -> None:
    big = api_of(synthetic_tickers=10_000)
    bars = big.grouped("2026-11-20")
    assert 9_700 < len(bars) <= 10_005
    assert bars["SIM10000"]["c"] > 0
    assert bars["SIM0042"] == api_of(synthetic_tickers=42).grouped("2026-11-20")["SIM0042"]
    assert len(big.pages("/v3/reference/tickers", limit=1000)) == 11
