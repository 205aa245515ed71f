"""Runs of many: parameter sweep and walk-forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from backtest import metrics
from backtest.engine import CAPITAL_USD, Costs, Run, simulate
from backtest.prices import Matrix, Prices
from backtest.strategies import BuyAndHold, ParameterError, Strategy, targets

FIT_SESSIONS = (42, 1260)
TEST_SESSIONS = (10, 504)


@dataclass(frozen=True)
class Setup:
    """How a strategy is run: costs, capital, direction."""

    costs: Costs = field(default_factory=Costs)
    capital_usd: float = CAPITAL_USD
    is_long_only: bool = True


def run(prices: Prices, strategy: Strategy, setup: Setup | None = None) -> Run:
    """One strategy on the basket."""
    setup = setup or Setup()
    wanted = targets(strategy, prices.close_usd, is_long_only=setup.is_long_only)
    return simulate(prices, wanted, setup.costs, setup.capital_usd)


def run_each(prices: Prices, strategy: Strategy, setup: Setup | None = None) -> Run:
    """One strategy on every ticker alone, each with the whole capital: portfolio p is ticker p."""
    setup = setup or Setup()
    wanted = targets(strategy, prices.close_usd, is_long_only=setup.is_long_only)
    return simulate(prices, wanted, setup.costs, setup.capital_usd, alone=True)


def hold(prices: Prices, setup: Setup | None = None) -> Run:
    """Buy-and-hold of the same basket at the same costs: bought at the open after each ticker's first close."""
    return run(prices, BuyAndHold(), replace(setup or Setup(), is_long_only=True))


@dataclass(frozen=True)
class Sweep:
    """One figure for each pair of values; NaN where the pair is out of bounds. `value`: rows x columns."""

    row: str
    column: str
    rows: tuple[float, ...]
    columns: tuple[float, ...]
    value: Matrix


def sweep(
    prices: Prices,
    strategy: Strategy,
    row: tuple[str, Sequence[float]],
    column: tuple[str, Sequence[float]],
    setup: Setup | None = None,
    figure: str = "sharpe",
) -> Sweep:
    """`figure` (sharpe, cagr_pct or max_drawdown_pct) of the strategy with two of its parameters varied."""
    setup = setup or Setup()
    pairs = [(above, beside) for above in row[1] for beside in column[1]]
    values = np.full(len(pairs), np.nan)
    tried = [
        (place, each) for place, pair in enumerate(pairs) if (each := _varied(strategy, (row[0], column[0]), pair))
    ]
    if tried:
        wanted = np.stack(
            [targets(each, prices.close_usd, is_long_only=setup.is_long_only) for _, each in tried], axis=1
        )
        done = simulate(prices, wanted, setup.costs, setup.capital_usd)
        for portfolio, (place, _) in enumerate(tried):
            values[place] = score(done.equity(portfolio), figure)
    shape = (len(row[1]), len(column[1]))
    return Sweep(row[0], column[0], tuple(row[1]), tuple(column[1]), values.reshape(shape))


def score(equity: pd.Series, figure: str) -> float:
    """One figure of a curve: sharpe, cagr_pct or max_drawdown_pct."""
    if figure == "sharpe":
        return metrics.sharpe(metrics.returns(equity))
    if figure == "cagr_pct":
        return metrics.cagr_pct(equity)
    if figure == "max_drawdown_pct":
        return metrics.max_drawdown(equity).depth_pct
    raise ValueError(f"no such figure: {figure}")


@dataclass(frozen=True)
class Fold:
    """One step: fitted on rows [fit_first, test_first), tried on [test_first, test_last)."""

    fit_first: int
    test_first: int
    test_last: int
    strategy: Strategy
    fit_score: float
    test_score: float


@dataclass(frozen=True)
class WalkForward:
    """The folds, and one run over all test windows in which each session trades by parameters chosen before it.

    `held`: buy-and-hold over the same sessions: decided at the same close, filled at the same open, at the same costs.
    """

    folds: tuple[Fold, ...]
    run: Run
    held: Run


def walk_forward(
    prices: Prices,
    candidates: Sequence[Strategy],
    setup: Setup | None = None,
    *,
    fit_sessions: int = 252,
    test_sessions: int = 63,
    figure: str = "sharpe",
) -> WalkForward | None:
    """Choose the best candidate on each window, trade it on the next; None when the bars are too few for one fold.

    Pardo, "The Evaluation and Optimization of Trading Strategies" (2008). Indicators may look back beyond the window,
    never ahead; the curve goes on from window to window, so a change of parameters pays its costs.
    """
    setup = setup or Setup()
    for name, value, (least, most) in (
        ("fit_sessions", fit_sessions, FIT_SESSIONS),
        ("test_sessions", test_sessions, TEST_SESSIONS),
    ):
        if not least <= value <= most:
            raise ParameterError(name, f"must be from {least} to {most}, not {value}")
    if not candidates:
        raise ValueError("walk_forward needs a candidate")
    rows = len(prices.sessions)
    if rows <= fit_sessions + 1:
        return None
    wanted = np.stack([targets(each, prices.close_usd, is_long_only=setup.is_long_only) for each in candidates], axis=1)
    chosen = np.zeros((rows, len(prices.tickers)), dtype=wanted.dtype)
    picks = []
    for start in range(fit_sessions, rows - 1, test_sessions):
        first, last = start - fit_sessions, min(start + test_sessions, rows)
        fitted = simulate(prices.between(first, start), wanted[first:start], setup.costs, setup.capital_usd)
        scores = [score(fitted.equity(place), figure) for place in range(len(candidates))]
        best = int(np.argmax(np.nan_to_num(scores, nan=-np.inf)))
        # Chosen after the window's last close, so that close's signal fills at the first open of the test.
        chosen[start - 1 : last] = wanted[start - 1 : last, best]
        picks.append((first, start, last, best, scores[best]))
    tested = prices.between(fit_sessions - 1, rows)
    done = simulate(tested, chosen[fit_sessions - 1 :], setup.costs, setup.capital_usd)
    equity = done.equity()
    offset = fit_sessions - 1
    folds = tuple(
        Fold(first, start, last, candidates[best], fit, score(equity.iloc[start - 1 - offset : last - offset], figure))
        for first, start, last, best, fit in picks
    )
    return WalkForward(folds, done, hold(tested, setup))


def _varied(strategy: Strategy, names: tuple[str, str], pair: tuple[float, float]) -> Strategy | None:
    changes: dict[str, Any] = dict(zip(names, pair, strict=True))
    try:
        return replace(strategy, **changes)
    except ParameterError:
        return None
