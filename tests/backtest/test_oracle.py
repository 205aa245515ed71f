"""The engine against bt, and its figures against ffn: other people's accounts of the same orders."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from backtest import metrics
from backtest.engine import Costs, simulate
from backtest.prices import Prices
from backtest.strategies import STRATEGIES, targets
from backtest.study import Setup, run

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ffn

    from bench import bt_account


def market(seed: int, tickers: int, sessions: int = 400) -> Prices:
    random = np.random.default_rng(seed)
    close = 80 * np.exp(np.cumsum(random.normal(0.0003, 0.018, (sessions, tickers)), axis=0))
    opened = close * np.exp(random.normal(0, 0.006, close.shape))
    return Prices(pd.bdate_range("2022-01-03", periods=sessions), tuple("ABCDE"[:tickers]), opened, close)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
@pytest.mark.parametrize(
    ("tickers", "is_long_only", "costs"),
    [
        pytest.param(1, True, Costs(7, 11), id="one-with-costs"),
        pytest.param(1, False, Costs(0, 0), id="one-long-short"),
        pytest.param(4, False, Costs(0, 0), id="basket-long-short"),
    ],
)
def test_equity_is_bts(name: str, tickers: int, is_long_only: bool, costs: Costs) -> None:
    prices, strategy = market(len(name), tickers), STRATEGIES[name]()
    ours = run(prices, strategy, Setup(costs, 10_000, is_long_only)).equity()
    wanted = targets(strategy, prices, is_long_only=is_long_only)
    assert (wanted != 0).any()
    np.testing.assert_allclose(ours, bt_account.equity(prices, wanted, costs), rtol=1e-8)


def test_costs_of_a_basket_are_bts_but_for_costs_of_costs() -> None:
    """bt takes a purchase's costs out of its own slot, the engine out of all: they differ by the rate squared."""
    prices, strategy, costs = market(8, 4), STRATEGIES["sma"](), Costs(5, 5)
    ours = run(prices, strategy, Setup(costs, 10_000)).equity()
    theirs = bt_account.equity(prices, targets(strategy, prices, is_long_only=True), costs)
    np.testing.assert_allclose(ours, theirs, rtol=2e-4)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_figures_are_ffns(seed: int) -> None:
    equity = run(market(seed, 1), STRATEGIES["hold"]()).equity()
    daily = equity.pct_change().dropna()
    assert metrics.sharpe(metrics.returns(equity)) == pytest.approx(ffn.calc_sharpe(daily, rf=0, nperiods=252))
    assert metrics.sortino(metrics.returns(equity)) == pytest.approx(
        daily.mean() / np.sqrt((np.minimum(daily, 0) ** 2).mean()) * np.sqrt(252)
    )
    fall = metrics.max_drawdown(equity)
    assert fall.depth_pct == pytest.approx(100 * ffn.calc_max_drawdown(equity))
    details = ffn.drawdown_details(ffn.to_drawdown_series(equity))
    worst = details.loc[details["drawdown"].astype(float).idxmin()]
    assert fall.depth_pct == pytest.approx(100 * float(worst["drawdown"]))
    np.testing.assert_allclose(metrics.underwater_pct(equity), 100 * ffn.to_drawdown_series(equity))
    monthly = metrics.monthly_returns_pct(equity).stack().to_numpy()
    ends = equity.resample("ME").last()
    np.testing.assert_allclose(monthly[1:], 100 * ends.pct_change().dropna())


def test_figures_by_hand() -> None:
    sessions = pd.bdate_range("2026-01-29", periods=6)  # Thursday 29 January to Thursday 5 February
    equity = pd.Series([100.0, 110, 88, 99, 110, 121], sessions)
    fall = metrics.max_drawdown(equity)
    assert fall.depth_pct == pytest.approx(-20)
    assert (fall.peak, fall.bottom, fall.recovered) == (sessions[1], sessions[2], sessions[4])
    assert fall.recovery_sessions == 2
    assert metrics.cagr_pct(equity) == pytest.approx(100 * (1.21 ** (252 / 5) - 1))
    table = metrics.monthly_returns_pct(equity)
    assert table.loc[2026, 1] == pytest.approx(10)
    assert table.loc[2026, 2] == pytest.approx(10)
    assert metrics.rolling_sharpe(equity, 3).notna().tolist() == [False] * 2 + [True] * 3
    daily = metrics.returns(equity)
    assert metrics.sortino(daily) == pytest.approx(daily.mean() / (0.2 / 5**0.5) * 252**0.5)
    flat = metrics.returns(pd.Series([5.0] * 4))
    assert np.isnan(metrics.sharpe(flat))
    assert np.isnan(metrics.sortino(flat))
    assert metrics.max_drawdown(pd.Series([1.0, 2, 3])) == metrics.Drawdown(0.0)


def test_measures_of_trades_by_hand() -> None:
    sessions = pd.bdate_range("2026-01-05", periods=6)
    opened = np.array([[10.0], [10], [12], [12], [9], [9]])
    prices = Prices(sessions, ("A",), opened, opened)

    wanted = np.array([[1], [0], [1], [0], [0], [0]], dtype=np.int8)
    # 100 shares at 10, sold at 12: + 200; 100 at 12, sold at 9: - 300.
    found = metrics.measure(simulate(prices, wanted, Costs(0, 0), 1000))
    assert (found.closed_count, found.open_count) == (2, 0)
    assert found.profit_factor == pytest.approx(2 / 3)
    assert found.hit_rate_pct == pytest.approx(50)
    assert found.exposure_pct == pytest.approx(100 * 2 / 6)
    # The second trade is still open: neither its loss nor its count is of the closed ones.
    part = metrics.measure(simulate(prices.between(0, 5), wanted[:5], Costs(0, 0), 1000))
    assert (part.closed_count, part.open_count) == (2, 0)
    part = metrics.measure(simulate(prices.between(0, 4), wanted[:4], Costs(0, 0), 1000))
    assert (part.closed_count, part.open_count, part.hit_rate_pct) == (1, 1, 100)
    mean = (1000 + 1000 + 1200 + 1200 + 900 + 900) / 6
    assert found.turnover_pct == pytest.approx(100 * (1000 + 1200 + 1200 + 900) / mean / (5 / 252))
