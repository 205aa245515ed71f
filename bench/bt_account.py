"""The same orders in bt, a widely used back-testing library: for bench/backtest.py, and the tests' oracle."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from backtest.engine import Costs
from backtest.prices import Prices

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import bt


def equity(prices: Prices, wanted: np.ndarray, costs: Costs) -> pd.Series:
    """bt's equity at closes: its clock ticks at each open and each close, orders fall on opens only."""
    opens, closes = prices.sessions + pd.Timedelta(hours=9, minutes=30), prices.sessions + pd.Timedelta(hours=16)
    names = list(prices.tickers)
    ticks = pd.concat(
        [pd.DataFrame(prices.open_usd, opens, names), pd.DataFrame(prices.close_usd, closes, names)]
    ).sort_index()
    changes = np.flatnonzero((np.diff(wanted, axis=0, prepend=0) != 0).any(axis=1))
    changes = changes[changes + 1 < len(opens)]
    weights = pd.DataFrame(wanted[changes] / len(names), opens[changes + 1], names)
    strategy = bt.Strategy("account", [bt.algos.WeighTarget(weights), bt.algos.Rebalance()])
    test = bt.Backtest(
        strategy, ticks, initial_capital=10_000, integer_positions=False, progress_bar=False,
        commissions=lambda quantity, price: abs(quantity) * price * (costs.buy if quantity > 0 else costs.sell),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test.run()
    equity = test.strategy.values.reindex(closes)
    return pd.Series(equity.to_numpy(), prices.sessions)
