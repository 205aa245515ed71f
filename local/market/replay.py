"""Real bars of the past, replayed session by session on the current calendar.

`bokeh_sampledata` ships unadjusted daily bars (public domain) of five tickers up to 2013-03-01. The newest one is put
on the anchor session and each earlier one on the session before, so weekdays differ but no session is left out.
After the anchor the series starts again, all prices multiplied by one constant that makes its first open equal to the
last close: chain-linked, without a jump. A session's bar depends on the anchor only, never on today.
The source has no VWAP and no number of trades, so these bars carry none.

**Splits** are real ones (checked against the jump in the source's adjusted/unadjusted ratio by a test).

**Dividends** come from the adjusted close. Without a split, adj_close / close only moves on an ex-date, by
1 + D / close(ex-date): that is the convention of the source (Quandl WIKI), recognisable because it gives AAPL's three
payments as 2.65, 2.65, 2.65 and IBM's as whole cents; between ex-dates the ratio is constant to 1e-12, so no event is
missed and none is invented. MSFT's regular and special dividend of 2004-11-15 arrive as one, 3.08.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from bokeh_sampledata import stocks
from numpy.typing import NDArray

from local.market.bars import PRICE_DECIMALS, Bars, Dividend, Split

REPLAYED_TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
SOURCE_SPLITS: dict[str, dict[str, tuple[int, int]]] = {
    "AAPL": {"2000-06-21": (1, 2), "2005-02-28": (1, 2)},
    "MSFT": {"2003-02-18": (1, 2)},
}
"""Execution date in the source's own calendar → (split_from, split_to)."""
_RATIO_NOISE = 1e-9


@dataclass(frozen=True)
class Source:
    """One ticker's rows as shipped; arrays of equal length, ascending by date."""

    ticker: str
    dates: list[str]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    adjusted_close: NDArray[np.float64]

    @classmethod
    def load(cls, ticker: str) -> Source:
        data = getattr(stocks, ticker)
        columns = ("open", "high", "low", "close", "volume", "adj_close")
        return cls(ticker, data["date"], *(np.array(data[name], dtype=np.float64) for name in columns))

    def __len__(self) -> int:
        return len(self.dates)

    @cached_property
    def splits(self) -> dict[int, tuple[int, int]]:
        """Row of the execution date → (split_from, split_to)."""
        return {self.dates.index(day): ratio for day, ratio in SOURCE_SPLITS.get(self.ticker, {}).items()}

    @cached_property
    def dividends(self) -> dict[int, float]:
        """Row of the ex-date → cash in USD a share (see the module's docstring)."""
        ratio = self.adjusted_close / self.close
        step = ratio[1:] / ratio[:-1]
        for row, (split_from, split_to) in self.splits.items():
            step[row - 1] *= split_from / split_to
        rows = np.flatnonzero(np.abs(step - 1.0) > _RATIO_NOISE) + 1
        return {int(row): round(float(self.close[row] * (step[row - 1] - 1.0)), PRICE_DECIMALS) for row in rows}


class Replay:
    """One ticker's replayed series on the session axis; `first` is the session of its first bar."""

    def __init__(self, source: Source, anchor: int) -> None:
        self.ticker = source.ticker
        self.source = source
        self.first = anchor - len(source) + 1
        self._link = float(source.close[-1] / source.open[0])

    def bars(self, low: int, high: int) -> Bars:
        """Unadjusted bars of the sessions low to high, both included; none before `first`."""
        positions = np.arange(max(low, self.first), high + 1)
        cycle, row = np.divmod(positions - self.first, len(self.source))
        scale = self._link**cycle

        def prices(column: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.round(column[row] * scale, PRICE_DECIMALS)

        s = self.source
        return Bars(positions, prices(s.open), prices(s.high), prices(s.low), prices(s.close), s.volume[row])

    def splits(self, high: int) -> list[Split]:
        """Splits executed up to the session `high`, ascending."""
        return [
            Split(self.ticker, position, split_from, split_to)
            for cycle in self._cycles(high)
            for row, (split_from, split_to) in sorted(self.source.splits.items())
            if (position := self.first + cycle * len(self.source) + row) <= high
        ]

    def dividends(self, high: int) -> list[Dividend]:
        """Dividends with an ex-date up to the session `high`, ascending."""
        found = []
        for cycle in self._cycles(high):
            for row, cash in sorted(self.source.dividends.items()):
                position = self.first + cycle * len(self.source) + row
                if position <= high:
                    factor = float(self.source.close[row] / (self.source.close[row] + cash))
                    found.append(
                        Dividend(self.ticker, position, round(cash * self._link**cycle, PRICE_DECIMALS), factor)
                    )
        return found

    def _cycles(self, high: int) -> range:
        return range(0, max(0, high - self.first) // len(self.source) + 1)
