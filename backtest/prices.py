"""Prices of a basket as two matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

Matrix = np.ndarray


@dataclass(frozen=True)
class Prices:
    """Opens and closes adjusted for splits, USD.

    `sessions`: length T, ascending. `tickers`: length N. `open_usd`, `close_usd`: T x N, NaN where a ticker has no bar.
    `ended`: tickers whose security has no bar after the last one here, and never will: a position ends with its close.
    """

    sessions: pd.DatetimeIndex
    tickers: tuple[str, ...]
    open_usd: Matrix
    close_usd: Matrix
    ended: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        shape = (len(self.sessions), len(self.tickers))
        if self.open_usd.shape != shape or self.close_usd.shape != shape:
            raise ValueError(f"prices must be {shape[0]} sessions x {shape[1]} tickers")
        if not self.sessions.is_monotonic_increasing or not self.sessions.is_unique:
            raise ValueError("sessions must ascend, each once")
        if bool((self.open_usd <= 0).any() or (self.close_usd <= 0).any()):
            raise ValueError("prices must be above zero")
        if not np.array_equal(np.isnan(self.open_usd), np.isnan(self.close_usd)):
            raise ValueError("a bar needs both an open and a close")

    def between(self, first: int, last: int) -> Prices:
        """Rows `first` to before `last`."""
        opened, closed = self.open_usd[first:last], self.close_usd[first:last]
        return Prices(self.sessions[first:last], self.tickers, opened, closed, self.ended)

    @property
    def ends(self) -> np.ndarray:
        """By ticker the row after the last bar of a security that has ended; T or more where none has."""
        rows = (
            np.where(np.isnan(self.close_usd), -1, np.arange(len(self.sessions))[:, None]).max(axis=0, initial=-1) + 1
        )
        has_ended = np.array([ticker in self.ended for ticker in self.tickers], dtype=bool)
        return np.where(has_ended & (rows > 0), rows, len(self.sessions))

    @property
    def marks_usd(self) -> Matrix:
        """Closes, each carried on until the ticker's next bar; NaN before its first."""
        return pd.DataFrame(self.close_usd).ffill().to_numpy()


def from_bars(
    bars: Mapping[str, pd.DataFrame], *, is_total_return: bool = False, ended: frozenset[str] = frozenset()
) -> Prices:
    """Prices from frames of queries/bars.sql by ticker; tickers without a bar stay as empty columns.

    `is_total_return`: both prices are scaled by total-return close / adjusted close of the session, which reinvests
    dividends. No signal here changes when a ticker's prices are all multiplied by one number.
    """
    opens, closes = {}, {}
    for ticker, frame in bars.items():
        rows = frame.dropna(subset=["adjusted_open_usd", "adjusted_close_usd"])
        rows = rows[(rows["adjusted_open_usd"] > 0) & (rows["adjusted_close_usd"] > 0)]
        days = pd.DatetimeIndex(pd.to_datetime(rows["session_date"]))
        close = rows["adjusted_close_usd"].to_numpy(dtype=float)
        scale = rows["total_return_close_usd"].to_numpy(dtype=float) / close if is_total_return else 1.0
        opens[ticker] = pd.Series(rows["adjusted_open_usd"].to_numpy(dtype=float) * scale, index=days)
        closes[ticker] = pd.Series(close * scale, index=days)
    opened = pd.DataFrame(opens).sort_index()
    closed = pd.DataFrame(closes).sort_index()
    return Prices(
        pd.DatetimeIndex(opened.index), tuple(bars), opened.to_numpy(dtype=float), closed.to_numpy(dtype=float), ended
    )
