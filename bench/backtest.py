"""How long one strategy takes on 500 tickers x 5 years: `python -m bench.backtest`. The goal is under 2 seconds."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from bench.record import save
from dashboard.backtest.prices import Prices
from dashboard.backtest.strategies import STRATEGIES
from dashboard.backtest.study import run, run_each

TICKERS, SESSIONS, GOAL_SECONDS, REPEATS = 500, 5 * 252, 2.0, 3


def market() -> Prices:
    """A seeded random walk of every ticker."""
    random = np.random.default_rng(1)
    close = 50 * np.exp(np.cumsum(random.normal(0.0003, 0.02, (SESSIONS, TICKERS)), axis=0))
    opened = close * np.exp(random.normal(0, 0.005, close.shape))
    sessions = pd.bdate_range("2021-11-22", periods=SESSIONS)
    return Prices(sessions, tuple(f"T{place:03}" for place in range(TICKERS)), opened, close)


def seconds(prices: Prices, name: str, *, is_basket: bool) -> float:
    """The best of a few runs, signals and fills together."""
    best = float("inf")
    for _ in range(REPEATS):
        started = time.perf_counter()
        (run if is_basket else run_each)(prices, STRATEGIES[name]())
        best = min(best, time.perf_counter() - started)
    return best


def main() -> None:
    """Measure every strategy, as one basket and as 500 portfolios."""
    prices = market()
    rows = [
        {
            "strategy": name,
            "basket of 500, s": round(seconds(prices, name, is_basket=True), 3),
            "500 alone, s": round(seconds(prices, name, is_basket=False), 3),
        }
        for name in STRATEGIES
    ]
    slowest = max(value for row in rows for value in row.values() if isinstance(value, float))
    verdict = f"The slowest takes {slowest:.2f} s; the goal is under {GOAL_SECONDS:g} s."
    save("backtest", f"One strategy on {TICKERS} tickers x {SESSIONS} sessions", rows, verdict, ("numpy", "pandas"))


if __name__ == "__main__":
    main()
