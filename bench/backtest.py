"""How long one strategy takes on 500 tickers x 5 years: `python -m bench.backtest`. The goal is under 2 seconds.

bt keeps the same account beside it, once and for one strategy; signals are given to it, ours are worked out in the time
that is measured.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from backtest.prices import Prices
from backtest.strategies import STRATEGIES, targets
from backtest.study import Setup, run, run_each
from bench import bt_account
from bench.record import save

TICKERS, SESSIONS, GOAL_SECONDS, REPEATS = 500, 5 * 252, 2.0, 3
AGAINST_BT, TOLERANCE = "sma", 1e-3


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


def with_bt(prices: Prices) -> float:
    """Seconds that bt takes for the account alone; refuses figures that differ from ours."""
    strategy, setup = STRATEGIES[AGAINST_BT](), Setup()
    wanted = targets(strategy, prices, is_long_only=setup.is_long_only)
    started = time.perf_counter()
    theirs = bt_account.equity(prices, wanted, setup.costs)
    spent = time.perf_counter() - started
    ours = run(prices, strategy, setup).equity() / setup.capital_usd
    np.testing.assert_allclose(ours, theirs / theirs.iloc[0], rtol=TOLERANCE)
    return round(spent, 1)


def main() -> None:
    """Measure every strategy, as one basket and as 500 portfolios."""
    prices = market()
    rows: list[dict[str, Any]] = [
        {
            "strategy": name,
            "basket of 500, s": round(seconds(prices, name, is_basket=True), 3),
            "500 alone, s": round(seconds(prices, name, is_basket=False), 3),
        }
        for name in STRATEGIES
    ]
    slowest = max(value for row in rows for value in row.values() if isinstance(value, float))
    ours = next(float(row["basket of 500, s"]) for row in rows if row["strategy"] == AGAINST_BT)
    theirs = with_bt(prices)
    rows.append({"strategy": f"{AGAINST_BT}, its account kept by bt", "basket of 500, s": theirs, "500 alone, s": "–"})
    verdict = (
        f"The slowest takes {slowest:.2f} s; the goal is under {GOAL_SECONDS:g} s. bt takes {theirs / ours:.0f} times "
        f"as long as {AGAINST_BT} does for a basket, and comes to the same equity (within {TOLERANCE:g})."
    )
    question = f"One strategy on {TICKERS} tickers x {SESSIONS} sessions, against bt"
    save("backtest", question, rows, verdict, ("numpy", "pandas", "bt"))


if __name__ == "__main__":
    main()
