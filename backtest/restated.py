"""Point in time: decisions on the bars as they were known at each close, not as they read today after restatements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtest.engine import Run, simulate
from backtest.prices import Matrix, Prices
from backtest.strategies import Strategy, targets
from backtest.study import Setup


@dataclass(frozen=True)
class Versions:
    """The versions of one ticker's restated bars, oldest first; a row each of length V.

    `row`: the bar's place in the prices. `known_from`: naive UTC. Prices as of `Prices`, USD.
    """

    row: np.ndarray
    known_from: np.ndarray
    open_usd: np.ndarray
    close_usd: np.ndarray


def versions_of(prices: Prices, frame: pd.DataFrame, versions: pd.DataFrame, ticker: str) -> Versions:
    """`versions` (queries/bar_versions.sql) in the units of `prices`, which came from `frame` (queries/bars.sql).

    Each version is brought to today's shares by what the bar's own adjusted close is to its close; that number is the
    same for all versions of a bar, and prices of one ticker may be multiplied by any number.
    """
    column = prices.tickers.index(ticker)
    today = frame.set_index(pd.to_datetime(frame["session_date"]))["close_usd"].astype(float)
    days = pd.to_datetime(versions["session_date"])
    places = prices.sessions.get_indexer(pd.DatetimeIndex(days))
    usable = (places >= 0) & days.isin(today.index).to_numpy()
    usable &= (versions[["open_usd", "close_usd"]].astype(float) > 0).all(axis=1).to_numpy()
    usable &= ~np.isnan(prices.close_usd[places, column])
    kept, places = versions[usable], places[usable]
    scale = prices.close_usd[places, column] / today.reindex(pd.to_datetime(kept["session_date"])).to_numpy()
    return Versions(
        places,
        pd.to_datetime(kept["known_from"]).to_numpy(),
        kept["open_usd"].to_numpy(dtype=float) * scale,
        kept["close_usd"].to_numpy(dtype=float) * scale,
    )


def known_at(prices: Prices, column: int, versions: Versions, moment: np.datetime64) -> tuple[Matrix, Matrix]:
    """Opens and closes (T each) of one ticker as known before `moment`.

    A bar whose first version came later (a backfill) stands with that first version: nothing older is on record.
    """
    opened, closed = prices.open_usd[:, column].copy(), prices.close_usd[:, column].copy()
    known = versions.known_from < moment
    for row in np.unique(versions.row):
        own = np.flatnonzero(versions.row == row)
        pick = own[known[own]][-1] if known[own].any() else own[0]
        opened[row], closed[row] = versions.open_usd[pick], versions.close_usd[pick]
    return opened, closed


@dataclass(frozen=True)
class PointInTime:
    """The run on what was known, with its prices (each bar as known at the end of its own day) and targets (T x N)."""

    run: Run
    targets: Matrix
    changed_decisions: int


def run_as_known(
    prices: Prices, versions: Mapping[str, Versions], strategy: Strategy, setup: Setup | None = None
) -> PointInTime:
    """Decide each close on the bars as they were known at the end of that day (UTC); fill and value at what each bar
    was known as on its own day.

    `changed_decisions`: at how many closes, over all tickers, today's data would have decided otherwise.
    """
    setup = setup or Setup()
    decided = targets(strategy, prices.close_usd, is_long_only=setup.is_long_only)
    today = decided.copy()
    opened, closed = prices.open_usd.copy(), prices.close_usd.copy()
    ends = prices.sessions.to_numpy() + np.timedelta64(1, "D")
    for ticker, known in versions.items():
        column = prices.tickers.index(ticker)
        if not len(known.row):
            continue
        # Only a version that becomes known changes the view: as many views as such moments, not as sessions.
        moments = np.unique(known.known_from)
        view_of = np.searchsorted(moments, ends, side="left")
        for view in np.unique(view_of):
            rows = np.flatnonzero(view_of == view)
            past_open, past_close = known_at(prices, column, known, ends[rows[0]])
            seen = targets(strategy, past_close[:, None], is_long_only=setup.is_long_only)[:, 0]
            decided[rows, column] = seen[rows]
            opened[rows, column], closed[rows, column] = past_open[rows], past_close[rows]
    then = Prices(prices.sessions, prices.tickers, opened, closed, prices.ended)
    done = simulate(then, decided, setup.costs, setup.capital_usd)
    return PointInTime(done, decided, int((decided != today).sum()))
