"""Signals worked out by hand on short series, and against TA-Lib on long ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib

from backtest import strategies as known
from backtest.prices import Prices
from backtest.strategies import STRATEGIES, ParameterError, Strategy, targets

NAN = np.nan


def decided(strategy: Strategy, closes: list[float], *, is_long_only: bool = False) -> list[int]:
    found: list[int] = targets(strategy, priced(np.array(closes)[:, None]), is_long_only=is_long_only)[:, 0].tolist()
    return found


def priced(closes: np.ndarray) -> Prices:
    """Bars that open where they close; a column a ticker."""
    table = closes.astype(float)
    names = tuple("ABCDE"[: table.shape[1]])
    return Prices(pd.bdate_range("2020-01-06", periods=len(table)), names, table, table)


@pytest.mark.parametrize(
    ("strategy", "closes", "expected"),
    [
        # SMA 2: -, 11, 9, 7, 10, 15; SMA 3: -, -, 10, 8, 9, 12
        pytest.param(known.SmaCrossover(2, 3), [10, 12, 6, 8, 12, 18], [0, 0, -1, -1, 1, 1], id="sma"),
        pytest.param(known.Momentum(2, 0), [10, 11, 12, 10, 12], [0, 0, 1, -1, 0], id="momentum"),
        # close[t - 1] against close[t - 2]
        pytest.param(known.Momentum(2, 1), [10, 11, 12, 10, 12], [0, 0, 1, 1, -1], id="momentum-skip"),
        # mean and deviation of five: 10 x 4 and 5: 9, 2; 10 x 3, 5, 8: 8.6, 1.96; 10, 10, 5, 8, 12: 9, 2.37
        pytest.param(
            known.MeanReversion(5, 1.5), [10, 10, 10, 10, 5, 8, 12], [0, 0, 0, 0, 1, 1, 0], id="reversion-long"
        ),
        pytest.param(
            known.MeanReversion(5, 1.5), [10, 10, 10, 10, 15, 12, 8], [0, 0, 0, 0, -1, -1, 0], id="reversion-short"
        ),
        pytest.param(known.BuyAndHold(), [NAN, 10, NAN, 11], [0, 1, 1, 1], id="hold"),
        # Gains and losses of two sessions, Wilder: RSI 0 after two falls, 100 after the rises have outweighed them.
        pytest.param(known.Rsi(2, 30.0, 70.0), [10, 9, 8, 9, 20, 19.9], [0, 0, 1, 1, -1, -1], id="rsi"),
    ],
)
def test_signals_by_hand(strategy: Strategy, closes: list[float], expected: list[int]) -> None:
    assert decided(strategy, closes) == expected
    assert decided(strategy, closes, is_long_only=True) == [max(each, 0) for each in expected]


def test_session_without_a_bar_is_no_bar_of_the_ticker_and_keeps_the_target() -> None:
    closes = [10, 12, 6, 8, 12, 18]
    whole = decided(known.SmaCrossover(2, 3), closes)
    gaps = decided(known.SmaCrossover(2, 3), [NAN, *closes[:3], NAN, *closes[3:], NAN])
    assert gaps == [0, *whole[:3], whole[2], *whole[3:], whole[-1]]


def walk(seed: int, count: int = 600) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.asarray(50 * np.exp(np.cumsum(random.normal(0, 0.02, count))))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_macd_is_talibs(seed: int) -> None:
    close = walk(seed)
    fast, slow, signal = 8, 21, 5
    line = talib.EMA(close, fast) - talib.EMA(close, slow)
    start = slow - 1
    average = np.full_like(close, NAN)
    average[start:] = talib.EMA(line[start:], signal)
    expected = np.nan_to_num(np.sign(line - average)).astype(int).tolist()
    assert decided(known.Macd(fast, slow, signal), close.tolist()) == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rsi_sides_are_talibs(seed: int) -> None:
    close = walk(seed)
    side, expected = 0, []
    for strength in talib.RSI(close, 9):
        side = 1 if strength < 35 else -1 if strength > 65 else side
        expected.append(side)
    assert decided(known.Rsi(9, 35.0, 65.0), close.tolist()) == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mean_reversion_follows_talibs_bands(seed: int) -> None:
    close = walk(seed)
    upper, middle, lower = talib.BBANDS(close, 15, 1.5, 1.5)
    side, expected = 0, []
    for price, top, mid, low in zip(close, upper, middle, lower, strict=True):
        if (side == 1 and price >= mid) or (side == -1 and price <= mid):
            side = 0
        if price < low:
            side = 1
        elif price > top:
            side = -1
        expected.append(side)
    assert decided(known.MeanReversion(15, 1.5), close.tolist()) == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_sma_crossover_is_talibs(seed: int) -> None:
    close = walk(seed)
    gap = talib.SMA(close, 10) - talib.SMA(close, 40)
    assert decided(known.SmaCrossover(10, 40), close.tolist()) == np.nan_to_num(np.sign(gap)).astype(int).tolist()


@pytest.mark.parametrize(
    ("name", "changes", "parameter", "text"),
    [
        ("sma", {"fast": 1}, "fast", "must be from 2 to 250, not 1"),
        ("sma", {"fast": 50, "slow": 50}, "fast", "must be less than slow: 50 is not under 50"),
        ("sma", {"fast": 2.5}, "fast", "must be a whole number, not 2.5"),
        ("sma", {"slow": "x"}, "slow", "must be a whole number, not 'x'"),
        ("momentum", {"lookback": 5, "skip": 5}, "skip", "must be less than lookback"),
        ("reversion", {"deviations": NAN}, "deviations", "must be from 0.5 to 4"),
        ("reversion", {"deviations": float("inf")}, "deviations", "must be from 0.5 to 4"),
        ("macd", {"slow": 10}, "fast", "must be less than slow"),
        ("rsi", {"low": 80.0}, "low", "must be less than high"),
        ("rsi", {"length": True}, "length", "must be a whole number, not True"),
    ],
)
def test_parameter_out_of_bounds_is_refused_by_name(
    name: str, changes: dict[str, Any], parameter: str, text: str
) -> None:
    with pytest.raises(ParameterError, match=f"^{parameter} ") as refusal:
        STRATEGIES[name](**changes)
    assert text in str(refusal.value)
    assert refusal.value.parameter == parameter


def test_many_tickers_are_decided_as_each_alone() -> None:
    table = np.stack([walk(seed, 200) for seed in range(4)], axis=1)
    table[:50, 1] = NAN
    table[60:70, 2] = NAN
    for strategy in (each() for each in STRATEGIES.values()):
        together = targets(strategy, priced(table), is_long_only=False)
        for column in range(4):
            alone = targets(strategy, priced(table[:, [column]]), is_long_only=False)[:, 0]
            pd.testing.assert_series_equal(pd.Series(together[:, column]), pd.Series(alone))
