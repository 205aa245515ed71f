"""Point in time: decisions on the bars as they were known at each close, not as they read today after restatements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from backtest.engine import Run
from backtest.prices import Matrix, Prices
from backtest.strategies import Strategy, targets
from backtest.study import Setup, simulated

# Columns of queries/bar_versions.sql that a bar is made of; the volume counts shares, the others are prices.
_PRICES, _VOLUME = ("open_usd", "high_usd", "low_usd", "close_usd"), "volume_shares"


@dataclass(frozen=True)
class Versions:
    """The versions of one ticker's restated bars, oldest first; a row each of length V.

    `row`: the bar's place in the prices. `known_from`: naive UTC. Prices and volume as of `Prices`; None where unknown.
    """

    row: np.ndarray
    known_from: np.ndarray
    open_usd: np.ndarray
    close_usd: np.ndarray
    high_usd: np.ndarray | None = None
    low_usd: np.ndarray | None = None
    volume_shares: np.ndarray | None = None


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
    bars = {name: kept[name].to_numpy(dtype=float) * scale for name in _PRICES if name in kept}
    if _VOLUME in kept and _VOLUME in frame:
        shares = (frame["adjusted_volume_shares"] / frame[_VOLUME]).set_axis(today.index).astype(float)
        bars[_VOLUME] = kept[_VOLUME].to_numpy(dtype=float) * shares.reindex(days[usable]).fillna(1.0).to_numpy()
    return Versions(places, pd.to_datetime(kept["known_from"]).to_numpy(), **bars)


def known_at(prices: Prices, versions: Versions, moment: np.datetime64) -> Prices:
    """One ticker's prices as known before `moment`.

    A bar whose first version came later (a backfill) stands with that first version: nothing older is on record.
    """
    picks = []
    known = versions.known_from < moment
    for row in np.unique(versions.row):
        own = np.flatnonzero(versions.row == row)
        picks.append(own[known[own]][-1] if known[own].any() else own[0])
    changed = {}
    for name in (*_PRICES, _VOLUME):
        today, then = getattr(prices, name), getattr(versions, name)
        if today is not None and then is not None:
            changed[name] = today.copy()
            changed[name][versions.row[picks], 0] = then[picks]
    return replace(prices, **changed)


@dataclass(frozen=True)
class PointInTime:
    """The run on what was known, with targets (T x N) and prices of all sessions: each bar as known at the end of its
    own day."""

    run: Run
    prices: Prices
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
    decided = targets(strategy, prices, is_long_only=setup.is_long_only)
    today = decided.copy()
    then = {name: value.copy() for name in (*_PRICES, _VOLUME) if (value := getattr(prices, name)) is not None}
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
            past = known_at(prices.one(column), known, ends[rows[0]])
            seen = targets(strategy, past, is_long_only=setup.is_long_only)[:, 0]
            decided[rows, column] = seen[rows]
            for name, values in then.items():
                values[rows, column] = getattr(past, name)[rows, 0]
    changed = decided != today
    known_prices = replace(prices, **then)
    done = simulated(known_prices, decided, setup)
    return PointInTime(done, known_prices, decided, int(changed[slice(*setup.span(prices))].sum()))
