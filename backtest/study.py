"""Runs of many: parameter sweep and walk-forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from backtest import metrics
from backtest.engine import CAPITAL_USD, Costs, Run, simulate
from backtest.prices import Matrix, Prices
from backtest.rules import REBALANCE_SESSIONS, Exits, Sizing, check
from backtest.strategies import BuyAndHold, ParameterError, Strategy, targets, varied

FIT_SESSIONS = (42, 1260)
TEST_SESSIONS = (10, 504)


@dataclass(frozen=True)
class Setup:
    """How a strategy is run: costs, capital, direction, sizes, exits, and the days it is run on.

    `first`, `last`: the range, both included; None: from the first bar, to the last. Indicators look back beyond it.
    The first decision is at the close of the first session in it. `rebalance_sessions`: 0 for never.
    """

    costs: Costs = field(default_factory=Costs)
    capital_usd: float = CAPITAL_USD
    is_long_only: bool = True
    sizing: Sizing = field(default_factory=Sizing)
    exits: Exits = field(default_factory=Exits)
    rebalance_sessions: int = 0
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        check("rebalance_sessions", self.rebalance_sessions, REBALANCE_SESSIONS)
        if self.first and self.last and self.first > self.last:
            raise ParameterError("first", f"must not be after {self.last}, not {self.first}")

    def span(self, prices: Prices) -> tuple[int, int]:
        """The rows of the prices that the range means: the first, and the one after the last."""
        return prices.span(self.first, self.last)


def simulated(
    prices: Prices, wanted: Matrix, setup: Setup, span: tuple[int, int] | None = None, *, alone: bool = False
) -> Run:
    """What `wanted` (targets of all sessions of the prices) comes to in the range, or in the rows of `span`."""
    first, last = span or setup.span(prices)
    sizes = setup.sizing.sizes(prices, alone=alone)
    return simulate(
        prices.between(first, last), wanted[first:last], setup.costs, setup.capital_usd, alone=alone,
        sizes=None if sizes is None else sizes[first:last], exits=setup.exits,
        rebalance_sessions=setup.rebalance_sessions,
    )  # fmt: skip


def run(prices: Prices, strategy: Strategy, setup: Setup | None = None) -> Run:
    """One strategy on the basket."""
    setup = setup or Setup()
    return simulated(prices, targets(strategy, prices, is_long_only=setup.is_long_only), setup)


def run_each(prices: Prices, strategy: Strategy, setup: Setup | None = None) -> Run:
    """One strategy on every ticker alone, each with the whole capital: portfolio p is ticker p."""
    setup = setup or Setup()
    return simulated(prices, targets(strategy, prices, is_long_only=setup.is_long_only), setup, alone=True)


def hold(prices: Prices, setup: Setup | None = None) -> Run:
    """Buy-and-hold of the basket at the same costs, in equal parts: bought at the open after each ticker's first close
    in the range, and never sold."""
    setup = setup or Setup()
    plain = Setup(setup.costs, setup.capital_usd, first=setup.first, last=setup.last)
    return run(prices, BuyAndHold(), plain)


@dataclass(frozen=True)
class Sweep:
    """One figure for each pair of values; NaN where the pair is out of bounds. `value`: rows x columns.

    `sharpes` (rows x columns): a session's mean return over its deviation, for `luck.deflated_sharpe`. `best`: the
    returns of the pair with the highest Sharpe ratio, None where there is none.
    """

    row: str
    column: str
    rows: tuple[float, ...]
    columns: tuple[float, ...]
    value: Matrix
    sharpes: Matrix
    best: pd.Series | None = None


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
    values, sharpes = np.full((2, len(pairs)), np.nan)
    tried = [
        (place, each)
        for place, pair in enumerate(pairs)
        if (each := varied(strategy, dict(zip((row[0], column[0]), pair, strict=True))))
    ]
    best = None
    if tried:
        wanted = np.stack([targets(each, prices, is_long_only=setup.is_long_only) for _, each in tried], axis=1)
        done = simulated(prices, wanted, setup)
        daily = [metrics.returns(done.equity(portfolio)) for portfolio in range(len(tried))]
        for portfolio, (place, _) in enumerate(tried):
            values[place] = score(done.equity(portfolio), figure)
            sharpes[place] = metrics.sharpe(daily[portfolio]) / metrics.YEAR**0.5
        ranked = sharpes[[place for place, _ in tried]]
        best = None if np.isnan(ranked).all() else daily[int(np.nanargmax(ranked))]
    shape = (len(row[1]), len(column[1]))
    return Sweep(
        row[0], column[0], tuple(row[1]), tuple(column[1]), values.reshape(shape), sharpes.reshape(shape), best
    )


def candidates(strategy: Strategy) -> list[Strategy]:
    """The strategy with every pair of its grid that is in bounds."""
    if strategy.grid is None:
        return []
    (first, firsts), (second, seconds) = strategy.grid
    tried = [varied(strategy, {first: above, second: beside}) for above in firsts for beside in seconds]
    return [each for each in tried if each is not None]


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
    begin, rows = setup.span(prices)
    if rows - begin <= fit_sessions + 1:
        return None
    wanted = np.stack([targets(each, prices, is_long_only=setup.is_long_only) for each in candidates], axis=1)
    chosen = np.zeros((len(prices.sessions), len(prices.tickers)), dtype=wanted.dtype)
    picks = []
    for start in range(begin + fit_sessions, rows - 1, test_sessions):
        first, last = start - fit_sessions, min(start + test_sessions, rows)
        fitted = simulated(prices, wanted, setup, (first, start))
        scores = [score(fitted.equity(place), figure) for place in range(len(candidates))]
        best = int(np.argmax(np.nan_to_num(scores, nan=-np.inf)))
        # Chosen after the window's last close, so that close's signal fills at the first open of the test.
        chosen[start - 1 : last] = wanted[start - 1 : last, best]
        picks.append((first, start, last, best, scores[best]))
    offset = begin + fit_sessions - 1
    done = simulated(prices, chosen, setup, (offset, rows))
    equity = done.equity()
    folds = tuple(
        Fold(first, start, last, candidates[best], fit, score(equity.iloc[start - 1 - offset : last - offset], figure))
        for first, start, last, best, fit in picks
    )
    whole = replace(setup, first=None, last=None)
    return WalkForward(folds, done, hold(prices.between(offset, rows), whole))
