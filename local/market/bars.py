"""Daily bars as columns, and what splits do to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

PRICE_DECIMALS = 4
ADJUSTED_DECIMALS = 6


@dataclass(frozen=True)
class Bars:
    """Bars of one series over sessions, or of many tickers on one session; all arrays have the same length.

    position: session number (see Sessions). Prices in USD, unadjusted unless adjusted() made them.
    vwap and transactions are None where the source has none.
    """

    position: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    vwap: NDArray[np.float64] | None = None
    transactions: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.position)

    def where(self, mask: NDArray[np.bool_]) -> Bars:
        """The bars for which the mask holds."""
        return Bars(
            self.position[mask],
            self.open[mask],
            self.high[mask],
            self.low[mask],
            self.close[mask],
            self.volume[mask],
            None if self.vwap is None else self.vwap[mask],
            None if self.transactions is None else self.transactions[mask],
        )

    def scaled(self, factor: float) -> Bars:
        """Prices times factor."""
        if factor == 1.0:
            return self

        def times(prices: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.maximum(np.round(prices * factor, PRICE_DECIMALS), 10.0**-PRICE_DECIMALS)

        return replace(
            self,
            open=times(self.open),
            high=times(self.high),
            low=times(self.low),
            close=times(self.close),
            vwap=None if self.vwap is None else times(self.vwap),
        )

    def adjusted(self, factor: NDArray[np.float64]) -> Bars:
        """Prices times factor, volume divided by it: as the API adjusts for later splits (and for nothing else)."""
        if not len(self) or bool(np.all(factor == 1.0)):
            return self

        def scaled(prices: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.round(prices * factor, ADJUSTED_DECIMALS)

        return replace(
            self,
            open=scaled(self.open),
            high=scaled(self.high),
            low=scaled(self.low),
            close=scaled(self.close),
            volume=np.round(self.volume / factor, ADJUSTED_DECIMALS),
            vwap=None if self.vwap is None else scaled(self.vwap),
        )


@dataclass(frozen=True)
class Split:
    """split_from old shares became split_to new ones before the session at `position` opened."""

    ticker: str
    position: int
    split_from: int
    split_to: int

    @property
    def price_factor(self) -> float:
        return self.split_from / self.split_to


@dataclass(frozen=True)
class Dividend:
    """Cash a share, in USD as of the day; the session at `position` is the first to trade without it.

    price_factor: what earlier prices are multiplied by to take the dividend out of them.
    """

    ticker: str
    position: int
    cash_usd: float
    price_factor: float


def later_split_factor(splits: Iterable[Split], positions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Per position, the product of price factors of the splits after it."""
    factor = np.ones(len(positions))
    for split in splits:
        factor[positions < split.position] *= split.price_factor
    return factor


def flat_bars(low: int, high: int, close_usd: float, volume: float) -> Bars:
    """Bars of the sessions low to high, both included, at one price."""
    positions = np.arange(low, max(high + 1, low))
    prices, volumes = np.full(len(positions), close_usd), np.full(len(positions), volume)
    return Bars(positions, prices, prices, prices, prices, volumes)


def joined(parts: list[Bars]) -> Bars:
    """Bars of several series, one after the other; without VWAP and number of trades where one has none."""
    if len(parts) == 1:
        return parts[0]
    names = ("position", "open", "high", "low", "close", "volume")
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
    kept = [part for part in parts if len(part)]
    more = [
        np.concatenate([getattr(part, name) for part in kept])
        if kept and all(getattr(part, name) is not None for part in kept)
        else None
        for name in ("vwap", "transactions")
    ]
    return Bars(*columns, *more)
