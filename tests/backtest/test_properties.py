"""What holds for every price series, strategy and cost: laws, not numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.engine import Costs, Run, simulate
from backtest.prices import Prices
from backtest.restated import Versions, run_as_known
from backtest.strategies import STRATEGIES, Rsi, SmaCrossover, Strategy, targets
from backtest.study import Setup, hold, run, run_each, sweep, walk_forward
from backtest.trades import trades

SMALL: dict[str, Strategy] = {
    **{name: each() for name, each in STRATEGIES.items()},
    "sma": SmaCrossover(3, 8),
    "rsi": Rsi(4, 40.0, 60.0),
}
SMALL["momentum"] = replace(SMALL["momentum"], lookback=6)
SMALL["reversion"] = replace(SMALL["reversion"], length=6, deviations=1.0)
SMALL["macd"] = replace(SMALL["macd"], fast=3, slow=6, signal=3)


def market(seed: int, sessions: int = 80, tickers: int = 3, wildness: float = 0.05) -> Prices:
    """Random opens and closes with jumps, gaps and late listings."""
    random = np.random.default_rng(seed)
    close = 20 * np.exp(np.cumsum(random.normal(0, wildness, (sessions, tickers)), axis=0))
    opened = close * np.exp(random.normal(0, wildness, (sessions, tickers)))
    missing = random.random((sessions, tickers)) < 0.05
    missing[: int(random.integers(0, 10)), 0] = True
    opened[missing], close[missing] = np.nan, np.nan
    names = tuple(f"T{place}" for place in range(tickers))
    return Prices(pd.bdate_range("2024-01-01", periods=sessions), names, opened, close)


cases = given(
    seed=st.integers(0, 10_000),
    name=st.sampled_from(sorted(SMALL)),
    commission=st.sampled_from([0.0, 5.0, 200.0]),
    slippage=st.sampled_from([0.0, 10.0, 500.0]),
    is_long_only=st.booleans(),
    wildness=st.sampled_from([0.01, 0.08, 0.4]),
)
few = settings(max_examples=20, deadline=None, derandomize=True)


@few
@cases
def test_cash_and_equity_are_never_negative(
    seed: int, name: str, commission: float, slippage: float, is_long_only: bool, wildness: float
) -> None:
    setup = Setup(Costs(commission, slippage), 1000, is_long_only)
    done = run(market(seed, wildness=wildness), SMALL[name], setup)
    assert done.cash_usd.min() >= 0
    assert done.equity_usd.min() >= 0
    assert not is_long_only or done.shares.min() >= 0


@few
@cases
def test_money_is_conserved(
    seed: int, name: str, commission: float, slippage: float, is_long_only: bool, wildness: float
) -> None:
    prices = market(seed, wildness=wildness)
    done = run(prices, SMALL[name], Setup(Costs(commission, slippage), 1000, is_long_only))
    worth = done.cash_usd[:, 0] + (done.shares[:, 0] * np.nan_to_num(prices.marks_usd)).sum(axis=1)
    np.testing.assert_allclose(done.equity_usd[:, 0], worth, rtol=1e-9, atol=1e-9)
    if done.equity_usd[-1, 0] > 0:  # a ruined portfolio's broker bears what is missing
        profit = trades(done)["profit_usd"].astype(float).sum()
        assert done.equity_usd[-1, 0] - 1000 == pytest.approx(profit, rel=1e-6, abs=1e-5)


@few
@cases
def test_changing_the_future_never_changes_the_past(
    seed: int, name: str, commission: float, slippage: float, is_long_only: bool, wildness: float
) -> None:
    setup = Setup(Costs(commission, slippage), 1000, is_long_only)
    prices, other = market(seed, wildness=wildness), market(seed + 1, wildness=wildness)
    cut = 20 + seed % 50
    opened, closed = prices.open_usd.copy(), prices.close_usd.copy()
    opened[cut:], closed[cut:] = other.open_usd[cut:], other.close_usd[cut:]
    changed = run(Prices(prices.sessions, prices.tickers, opened, closed), SMALL[name], setup)
    before = run(prices, SMALL[name], setup)
    np.testing.assert_array_equal(changed.equity_usd[:cut], before.equity_usd[:cut])
    np.testing.assert_array_equal(changed.bought[:cut], before.bought[:cut])


@few
@given(seed=st.integers(0, 10_000), name=st.sampled_from(sorted(SMALL)), is_long_only=st.booleans())
def test_costs_only_lower_the_equity_of_one_ticker(seed: int, name: str, is_long_only: bool) -> None:
    prices = market(seed, tickers=1, wildness=0.02)
    cheap, dear = (
        run(prices, SMALL[name], Setup(Costs(bps, 2 * bps), 1000, is_long_only)).equity_usd for bps in (0.0, 40.0)
    )
    assert (dear <= cheap + 1e-6).all()


@few
@given(seed=st.integers(0, 10_000), name=st.sampled_from(sorted(SMALL)), scale=st.sampled_from([0.01, 3.0, 1e4]))
def test_scale_of_prices_and_capital_does_not_matter(seed: int, name: str, scale: float) -> None:
    prices = market(seed)
    bigger = Prices(prices.sessions, prices.tickers, prices.open_usd * 4, prices.close_usd * 4)  # a power of two
    first = run(prices, SMALL[name], Setup(capital_usd=1000)).equity_usd
    np.testing.assert_allclose(run(bigger, SMALL[name], Setup(capital_usd=1000 * scale)).equity_usd, first * scale)


@few
@given(seed=st.integers(0, 10_000), name=st.sampled_from(sorted(SMALL)))
def test_portfolios_side_by_side_are_as_each_alone(seed: int, name: str) -> None:
    prices = market(seed)
    together = run_each(prices, SMALL[name])
    for place, ticker in enumerate(prices.tickers):
        single = Prices(prices.sessions, (ticker,), prices.open_usd[:, [place]], prices.close_usd[:, [place]])
        np.testing.assert_allclose(together.equity_usd[:, place], run(single, SMALL[name]).equity_usd[:, 0])


def test_sweep_is_the_runs_one_by_one_and_leaves_pairs_out_that_are_none() -> None:
    prices = market(3, sessions=120)
    found = sweep(prices, SmaCrossover(), ("fast", (3, 8)), ("slow", (5, 8, 20)), figure="cagr_pct")
    for row, fast in enumerate(found.rows):
        for column, slow in enumerate(found.columns):
            if fast >= slow:
                assert np.isnan(found.value[row, column])
            else:
                equity = run(prices, SmaCrossover(int(fast), int(slow))).equity()
                expected = 100 * ((equity.iloc[-1] / equity.iloc[0]) ** (252 / 119) - 1)
                assert found.value[row, column] == pytest.approx(expected)


def test_walk_forward_chooses_by_the_window_before_and_trades_on() -> None:
    prices = market(5, sessions=200, tickers=2, wildness=0.02)
    candidates = [SmaCrossover(3, 8), SmaCrossover(5, 20), SmaCrossover(10, 30)]
    found = walk_forward(prices, candidates, fit_sessions=80, test_sessions=40)
    assert found is not None
    assert [(fold.fit_first, fold.test_first, fold.test_last) for fold in found.folds] == [
        (0, 80, 120), (40, 120, 160), (80, 160, 200),
    ]  # fmt: skip
    wanted = np.zeros((200, 2), dtype=np.int8)
    for fold in found.folds:
        span = slice(fold.fit_first, fold.test_first)
        curves = [targets(each, prices, is_long_only=True) for each in candidates]
        daily = [simulate(prices.between(span.start, span.stop), each[span]).equity().pct_change() for each in curves]
        sharpes = [each.mean() / each.std() for each in daily]
        best = int(np.argmax(sharpes))
        assert fold.strategy == candidates[best]
        wanted[fold.test_first - 1 : fold.test_last] = curves[best][fold.test_first - 1 : fold.test_last]
    expected: Run = simulate(prices.between(79, 200), wanted[79:])
    np.testing.assert_array_equal(found.run.equity_usd, expected.equity_usd)


def test_the_walk_forwards_benchmark_is_bought_at_the_same_open_with_the_same_costs() -> None:
    prices = market(1, sessions=240, tickers=1)
    found = walk_forward(prices, [SmaCrossover(3, 8)], Setup(), fit_sessions=80, test_sessions=40)
    assert found is not None
    first = 79  # the close that the first test window is decided at
    bought = float(prices.open_usd[first + 1, 0]) * 1.0005 * 1.0005  # 5 bp of slippage, 5 bp of commission
    held = found.held.equity()
    assert held.index[0] == found.run.prices.sessions[0]
    assert held.iloc[0] == 10_000
    assert held.iloc[-1] == pytest.approx(10_000 / bought * float(prices.close_usd[-1, 0]))


def test_walk_forward_never_sees_its_test_window() -> None:
    prices = market(6, sessions=200, tickers=1)
    candidates = [SmaCrossover(3, 8), SmaCrossover(5, 20)]
    changed_close = prices.close_usd.copy()
    changed_close[160:] *= 3
    changed = Prices(prices.sessions, prices.tickers, prices.open_usd, changed_close)
    first, second = (walk_forward(each, candidates, fit_sessions=80, test_sessions=40) for each in (prices, changed))
    assert first is not None
    assert second is not None
    assert [fold.strategy for fold in first.folds[:3]] == [fold.strategy for fold in second.folds[:3]]
    np.testing.assert_array_equal(first.run.equity_usd[:81], second.run.equity_usd[:81])


def test_too_few_bars_for_a_fold_are_no_walk_forward() -> None:
    assert walk_forward(market(1, sessions=60), [SmaCrossover(3, 8)], fit_sessions=80, test_sessions=20) is None


def restated(prices: Prices, row: int, first_close: float, known_days: tuple[int, int]) -> Versions:
    days = [np.datetime64(prices.sessions[row] + pd.Timedelta(days=back, hours=22), "us") for back in known_days]
    opened, closed = prices.open_usd[row, 0], prices.close_usd[row, 0]
    return Versions(np.array([row, row]), np.array(days), np.array([opened] * 2), np.array([first_close, closed]))


def test_decision_stands_on_the_close_as_it_was_known_and_later_ones_on_its_correction() -> None:
    close = np.array([10.0, 10, 10, 12, 12, 12, 12, 12])[:, None]
    prices = Prices(pd.bdate_range("2026-01-05", periods=8), ("A",), close.copy(), close)
    # Session 3 (a Thursday) was first known as 8 and corrected on the Saturday after.
    late = {"A": restated(prices, 3, 8.0, (0, 2))}
    setup = Setup(Costs(0, 0), 1000, is_long_only=True)
    then = run_as_known(prices, late, SmaCrossover(2, 3), setup)
    # SMA 2 against 3 on 10 10 10 8 12 12: 9 - 9.33, then 10 - 10; from Monday on 12s: 12 - 11.33 … 12 - 12
    assert then.targets[:, 0].tolist() == [0, 0, 0, 0, 0, 0, 0, 0]
    assert targets(SmaCrossover(2, 3), prices, is_long_only=True)[:, 0].tolist() == [0, 0, 0, 1, 1, 0, 0, 0]
    assert then.changed_decisions == 2


def test_without_restatements_then_is_today() -> None:
    prices = market(9)
    for strategy in SMALL.values():
        then = run_as_known(prices, {}, strategy)
        np.testing.assert_array_equal(then.run.equity_usd, run(prices, strategy).equity_usd)
        assert then.changed_decisions == 0


def test_backfilled_bar_stands_with_its_first_version() -> None:
    prices = market(11, tickers=1)
    row = int(np.flatnonzero(~np.isnan(prices.close_usd[:, 0]))[20])
    first = float(prices.close_usd[row, 0]) * 1.5
    then = run_as_known(prices, {"T0": restated(prices, row, first, (300, 301))}, SmaCrossover(3, 8))
    assert then.run.prices.close_usd[row, 0] == first


def test_holding_buys_at_the_open_after_the_first_close() -> None:
    prices = Prices(
        pd.bdate_range("2026-01-05", periods=3), ("A",), np.array([[9.0], [10], [12]]), np.array([[9.0], [11], [13]])
    )
    assert hold(prices, Setup(Costs(0, 0), 100)).equity().tolist() == pytest.approx([100, 110, 130])
