"""What a strategy sees: each ticker's own bars, side by side."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from backtest.prices import Matrix, Prices


class Bars:
    """The bars of N tickers as frames of T rows and a column a ticker, oldest first, prices in USD.

    The last row is each ticker's newest bar and the row above it the bar before, so that `rolling` and `shift` count a
    ticker's own bars, whatever sessions it had none in. NaN (NaT) above a ticker's first bar, and nowhere else unless
    the field is not known: highs, lows and volumes are all NaN where the prices came without them.

        bars.close_usd.rolling(20).mean()      # the average of each ticker's last 20 closes
        bars.session.map(lambda day: day.day)  # the day of the month of each bar
    """

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._has_bar = ~np.isnan(prices.close_usd)

    @cached_property
    def open_usd(self) -> pd.DataFrame:
        """Opens."""
        return self._packed(self._prices.open_usd)

    @cached_property
    def high_usd(self) -> pd.DataFrame:
        """Highs."""
        return self._packed(self._prices.high_usd)

    @cached_property
    def low_usd(self) -> pd.DataFrame:
        """Lows."""
        return self._packed(self._prices.low_usd)

    @cached_property
    def close_usd(self) -> pd.DataFrame:
        """Closes."""
        return self._packed(self._prices.close_usd)

    @cached_property
    def volume_shares(self) -> pd.DataFrame:
        """Shares traded."""
        return self._packed(self._prices.volume_shares)

    @cached_property
    def session(self) -> pd.DataFrame:
        """The session of each bar."""
        days = np.broadcast_to(self._prices.sessions.to_numpy()[:, None], self._has_bar.shape)
        packed = np.take_along_axis(days, self._order, axis=0)
        missing = ~np.take_along_axis(self._has_bar, self._order, axis=0)
        return pd.DataFrame(np.where(missing, np.datetime64("NaT"), packed))

    def spread(self, packed: Matrix) -> Matrix:
        """Values by bar (T x N) as values by session; NaN in sessions without a bar."""
        spread = np.full(packed.shape, np.nan)
        np.put_along_axis(spread, self._order, packed, axis=0)
        return np.where(self._has_bar, spread, np.nan)

    @cached_property
    def _order(self) -> np.ndarray:
        # A column's bars moved together to the end, in their order.
        return np.argsort(self._has_bar, axis=0, kind="stable")

    def _packed(self, values: Matrix | None) -> pd.DataFrame:
        if values is None:
            return pd.DataFrame(np.full(self._has_bar.shape, np.nan))
        return pd.DataFrame(np.take_along_axis(values, self._order, axis=0))
