"""Correlation of daily log returns, and the order in which similar tickers stand side by side. A read and a sum."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime, security_of

# A coefficient of fewer common sessions says nothing.
FEWEST_SESSIONS = 15


@dataclass(frozen=True)
class Correlation:
    """Pearson coefficients of `matrix`, tickers in clustered order (NaN: too few common sessions).

    `left_out`: tickers with fewer than FEWEST_SESSIONS returns in the window. `first`, `last`: the window's ends.
    """

    matrix: pd.DataFrame
    left_out: list[str]
    first: date | None
    last: date | None
    known_since: datetime | None


def read_correlation(door: Door, tickers: list[str], sessions: int, newest: date) -> Correlation:
    """The tickers' correlation over the newest `sessions` sessions up to `newest`."""
    since = newest - timedelta(days=sessions * 2 + 10)
    # A security under two of its names is there once.
    named = {security_of(door, ticker) or "": ticker for ticker in sorted(tickers, reverse=True)}
    rows = door.read("returns", securities=json.dumps(sorted(named)), since=since)
    if rows.empty:
        return Correlation(pd.DataFrame(), sorted(tickers), None, None, None)
    rows = rows.assign(ticker=rows["security_id"].map(named))
    table = rows.pivot_table(index="session_date", columns="ticker", values="log_return", aggfunc="last", dropna=False)
    table = table.astype(float).sort_index().tail(sessions)
    counted = table.notna().sum()
    kept = [ticker for ticker in table.columns if counted[ticker] >= FEWEST_SESSIONS]
    matrix = table[kept].corr(min_periods=FEWEST_SESSIONS)
    order = clustered(matrix.to_numpy()) if kept else []
    matrix = matrix.iloc[order, order]
    left_out = sorted(set(tickers) - set(kept))
    known = as_datetime(pd.to_datetime(rows["fetched_at"]).max())
    return Correlation(matrix, left_out, as_date(table.index[0]), as_date(table.index[-1]), known)


def clustered(matrix: np.ndarray) -> list[int]:
    """The leaves of average-linkage clustering by distance 1 - r, left to right (UPGMA, Sokal & Michener 1958).

    `matrix`: n x n coefficients; a missing one counts as 0. When two clusters join, each turns the end towards the
    other that is nearer to it, so that neighbours in the order are alike.
    """
    distance = 1 - np.nan_to_num(matrix, nan=0.0)
    clusters = [[place] for place in range(len(distance))]
    while len(clusters) > 1:
        means = [
            (float(distance[np.ix_(one, other)].mean()), left, right)
            for left, one in enumerate(clusters)
            for right, other in enumerate(clusters[:left])
        ]
        _nearest, left, right = min(means)
        one, other = clusters[right], clusters[left]
        turned = min(
            ((a, b) for a in (one, one[::-1]) for b in (other, other[::-1])),
            key=lambda pair: float(distance[pair[0][-1], pair[1][0]]),
        )
        clusters = [each for place, each in enumerate(clusters) if place not in (left, right)]
        clusters.insert(right, [*turned[0], *turned[1]])
    return clusters[0] if clusters else []
