"""Prices of a basket as matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

Matrix = np.ndarray
# Fields of `Prices` that a back-test can do without, and their columns in queries/bars.sql.
_MORE = {"high_usd": "adjusted_high_usd", "low_usd": "adjusted_low_usd", "volume_shares": "adjusted_volume_shares"}


@dataclass(frozen=True)
class Prices:
    """Bars adjusted for splits, USD.

    `sessions`: length T, ascending. `tickers`: length N. `open_usd`, `close_usd`: T x N, NaN where a ticker has no bar.
    `ended`: tickers whose security has no bar after the last one here, and never will: a position ends with its close.
    `high_usd`, `low_usd`, `volume_shares`: T x N, or None where nobody gave them.
    """

    sessions: pd.DatetimeIndex
    tickers: tuple[str, ...]
    open_usd: Matrix
    close_usd: Matrix
    ended: frozenset[str] = frozenset()
    high_usd: Matrix | None = None
    low_usd: Matrix | None = None
    volume_shares: Matrix | None = None

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
        """Rows `first` to before `last`. A security that ends after them has not ended in them."""
        rows: dict[str, Any] = {each: value[first:last] for each, value in self._matrices().items()}
        return replace(self, sessions=self.sessions[first:last], ended=self._ended_by(last), **rows)

    def one(self, column: int) -> Prices:
        """The prices of one ticker."""
        columns: dict[str, Any] = {each: value[:, [column]] for each, value in self._matrices().items()}
        return replace(self, tickers=(self.tickers[column],), ended=self.ended & {self.tickers[column]}, **columns)

    def on(self, sessions: pd.DatetimeIndex) -> Prices:
        """The bars of these sessions; a session without one has none, and no security has ended before its last bar."""
        places = self.sessions.get_indexer(sessions)
        moved: dict[str, Any] = {
            each: np.where((places >= 0)[:, None], value[places], np.nan) for each, value in self._matrices().items()
        }
        last = int(self.sessions.searchsorted(sessions[-1], side="right")) if len(sessions) else 0
        return replace(self, sessions=sessions, ended=self._ended_by(last), **moved)

    def span(self, first: date | None, last: date | None) -> tuple[int, int]:
        """The row of the first session from `first` on, and the one after the last session up to `last`."""
        days = self.sessions.to_numpy().astype("datetime64[D]")  # pandas' nanoseconds know no year 1 and no year 9999
        start = 0 if first is None else int(days.searchsorted(np.datetime64(first, "D")))
        end = len(days) if last is None else int(days.searchsorted(np.datetime64(last, "D"), side="right"))
        return start, max(start, end)

    def _ended_by(self, row: int) -> frozenset[str]:
        return frozenset(
            ticker for ticker, end in zip(self.tickers, self.ends, strict=True) if ticker in self.ended and end <= row
        )

    def _matrices(self) -> dict[str, Matrix]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: value for name, value in values.items() if name.endswith(("_usd", "_shares")) and value is not None
        }

    @property
    def highs_usd(self) -> Matrix:
        """The highest known price of each bar: its high, else the higher one of open and close."""
        ends = np.maximum(self.open_usd, self.close_usd)
        return ends if self.high_usd is None else np.fmax(self.high_usd, ends)

    @property
    def lows_usd(self) -> Matrix:
        """The lowest known price of each bar: its low, else the lower one of open and close."""
        ends = np.minimum(self.open_usd, self.close_usd)
        return ends if self.low_usd is None else np.fmin(self.low_usd, ends)

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
    columns: dict[str, dict[str, pd.Series]] = {"open_usd": {}, "close_usd": {}}
    for ticker, frame in bars.items():
        rows = frame.dropna(subset=["adjusted_open_usd", "adjusted_close_usd"])
        rows = rows[(rows["adjusted_open_usd"] > 0) & (rows["adjusted_close_usd"] > 0)]
        days = pd.DatetimeIndex(pd.to_datetime(rows["session_date"]))
        close = rows["adjusted_close_usd"].to_numpy(dtype=float)
        scale = rows["total_return_close_usd"].to_numpy(dtype=float) / close if is_total_return else 1.0
        columns["open_usd"][ticker] = pd.Series(rows["adjusted_open_usd"].to_numpy(dtype=float) * scale, index=days)
        columns["close_usd"][ticker] = pd.Series(close * scale, index=days)
        for name, column in _MORE.items():
            if column in rows:
                values = rows[column].to_numpy(dtype=float) * (scale if name.endswith("_usd") else 1.0)
                columns.setdefault(name, {})[ticker] = pd.Series(values, index=days)
    tables = {name: pd.DataFrame(each).sort_index() for name, each in columns.items()}
    matrices = {name: table.reindex(columns=list(bars)).to_numpy(dtype=float) for name, table in tables.items()}
    return Prices(pd.DatetimeIndex(tables["close_usd"].index), tuple(bars), ended=ended, **matrices)
