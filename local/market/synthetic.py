"""Seeded synthetic tickers SIM0001, SIM0002, …: any number, the same ones whatever their number.

A ticker's close follows a random walk with its own volatility; open, high, low, VWAP, volume and trades are drawn
around it, so that low ≤ open, close, VWAP ≤ high always holds. Some tickers (by number) have something to handle:

    number % 10 == 4   a split every 480 sessions, so one within two years before the anchor: 1:2, 10:1, 2:3, 1:4
    number % 17 == 5   sessions without a trade (4 to 30 %), so without a bar
    number % 23 == 7   listed late, 30 to 460 sessions before the anchor
    number == 9        delisted 60 sessions before the anchor

Only the walk is held in memory (4 bytes a ticker and session); everything else is computed when asked for.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from local.market import noise
from local.market.bars import PRICE_DECIMALS, Bars, Split

SESSIONS_BEFORE_ANCHOR = 1300
SPLIT_EVERY = 480
SPLIT_RATIOS = ((1, 2), (10, 1), (2, 3), (1, 4))
DELISTED_NUMBER = 9
_NEVER = np.iinfo(np.int64).max
_CHUNK = 64
_SESSIONS_A_YEAR = 252
_LOWEST_PRICE_USD = 0.01

# Streams of random numbers, one a purpose.
_WALK, _GAP, _HIGH, _LOW, _VWAP, _VOLUME, _TRADED, _TRADE_SIZE = range(1, 9)
_START, _VOLATILITY, _SHARES, _SPLIT_DAY, _LISTING, _QUIET = range(20, 26)


class Synthetic:
    """`count` tickers on the session axis; arrays are indexed by ticker (0 = SIM0001)."""

    def __init__(self, count: int, anchor: int) -> None:
        self.count = count
        self.numbers = np.arange(1, count + 1)
        self.tickers = [f"SIM{number:04d}" for number in range(1, count + 1)]
        self.index = {ticker: index for index, ticker in enumerate(self.tickers)}
        self._origin = anchor - SESSIONS_BEFORE_ANCHOR
        self.listed = np.where(
            self.numbers % 23 == 7,
            anchor - 30 - (self._draw(_LISTING) * 430).astype(np.int64),
            self._origin,
        )
        self.delisted = np.where(self.numbers == DELISTED_NUMBER, anchor - 60, _NEVER)
        self._start_usd = 5.0 * 60.0 ** self._draw(_START)
        self._volatility = (0.15 + 0.35 * self._draw(_VOLATILITY)) / _SESSIONS_A_YEAR**0.5
        self._shares = np.round(10.0 ** (4.0 + 3.0 * self._draw(_SHARES)))
        self._quiet = np.where(self.numbers % 17 == 5, 0.04 + 0.26 * self._draw(_QUIET), 0.0)
        self._first_split = anchor - 1 - (self._draw(_SPLIT_DAY) * (SPLIT_EVERY - 1)).astype(np.int64)
        self._told_later: dict[int, list[Split]] = {}
        self._walk: list[NDArray[np.float32]] = []
        self.splits = lru_cache(maxsize=16)(self._splits)

    def _draw(self, stream: int) -> NDArray[np.float64]:
        return noise.uniform(stream, self.numbers, 0)

    def _splits(self, high: int) -> list[Split]:
        """Every ticker's splits executed up to the session `high`, ascending by ticker and session."""
        return [split for index in range(self.count) for split in self.ticker_splits(index, high)]

    def split(self, index: int, position: int, split_from: int, split_to: int) -> None:
        """A split that is told now: prices from its session on are divided, volumes multiplied by it."""
        told = Split(self.tickers[index], position, split_from, split_to)
        self._told_later.setdefault(index, []).append(told)
        self.splits.cache_clear()

    def forget_splits(self) -> None:
        """Take back all that `split` told."""
        self._told_later.clear()
        self.splits.cache_clear()

    def ticker_splits(self, index: int, high: int) -> list[Split]:
        """One ticker's splits executed up to the session `high`, ascending."""
        told = [split for split in self._told_later.get(index, []) if split.position <= high]
        return sorted(self._splits_in_grid(index, high) + told, key=lambda split: split.position)

    def _splits_in_grid(self, index: int, high: int) -> list[Split]:
        if self.numbers[index] % 10 != 4:
            return []
        in_grid = int(self._first_split[index])
        before = (in_grid - int(self.listed[index]) - 1) // SPLIT_EVERY
        last = min(high, int(self.delisted[index]) - 1)
        positions = range(in_grid - before * SPLIT_EVERY, last + 1, SPLIT_EVERY)
        return [
            Split(self.tickers[index], position, *SPLIT_RATIOS[(index // 10 + number) % len(SPLIT_RATIOS)])
            for number, position in enumerate(positions, -before)
        ]

    def session_bars(self, position: int) -> tuple[NDArray[np.int64], Bars]:
        """Every ticker's unadjusted bar of one session: (ticker indices, bars)."""
        if self.count == 0 or position < self._origin:
            return np.empty(0, dtype=np.int64), _no_bars()
        indices = np.arange(self.count)
        step = position - self._origin
        self._extend(step)
        before = self._level(step - 1) if step else self._level(0)
        share_factor = np.ones(self.count)
        for split in self.splits(position):
            share_factor[self.index[split.ticker]] *= 1.0 / split.price_factor
        bars = self._bars(indices, np.full(self.count, position), self._level(step), before, share_factor)
        traded = self._has_bar(indices, bars.position)
        return indices[traded], bars.where(traded)

    def ticker_bars(self, index: int, low: int, high: int) -> Bars:
        """One ticker's unadjusted bars of the sessions low to high, both included."""
        positions = np.arange(max(low, self._origin), high + 1)
        if not len(positions):
            return _no_bars()
        steps = positions - self._origin
        self._extend(int(steps[-1]))
        level = np.concatenate([chunk[:, index] for chunk in self._walk]).astype(np.float64)
        share_factor = np.ones(len(positions))
        for split in self.ticker_splits(index, high):
            share_factor[positions >= split.position] *= 1.0 / split.price_factor
        indices = np.full(len(positions), index)
        bars = self._bars(indices, positions, level[steps], level[np.maximum(steps - 1, 0)], share_factor)
        return bars.where(self._has_bar(indices, positions))

    def _has_bar(self, indices: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        traded = noise.uniform(_TRADED, self.numbers[indices], positions - self._origin) >= self._quiet[indices]
        return traded & (positions >= self.listed[indices]) & (positions < self.delisted[indices])

    def _extend(self, step: int) -> None:
        """Continue the walks, in whole chunks, up to the step (sessions since the origin)."""
        while len(self._walk) * _CHUNK <= step:
            start = len(self._walk) * _CHUNK
            steps = np.arange(start, start + _CHUNK)
            moves = noise.bell(_WALK, self.numbers[None, :], steps[:, None]) * self._volatility
            moves[0] += self._walk[-1][-1] if self._walk else 0.0
            self._walk.append(np.cumsum(moves, axis=0).astype(np.float32))

    def _level(self, step: int) -> NDArray[np.float64]:
        return self._walk[step // _CHUNK][step % _CHUNK].astype(np.float64)

    def _bars(
        self,
        indices: NDArray[np.int64],
        positions: NDArray[np.int64],
        level: NDArray[np.float64],
        level_before: NDArray[np.float64],
        share_factor: NDArray[np.float64],
    ) -> Bars:
        """share_factor: today's shares for each share at the origin; prices are divided by it, volume multiplied."""
        numbers, steps, volatility = self.numbers[indices], positions - self._origin, self._volatility[indices]
        start = self._start_usd[indices] / share_factor
        close = start * np.exp(level)
        opening = start * np.exp(level_before + 0.4 * volatility * noise.bell(_GAP, numbers, steps))
        high = np.maximum(opening, close) * (1.0 + 0.8 * volatility * noise.uniform(_HIGH, numbers, steps))
        low = np.minimum(opening, close) * (1.0 - 0.8 * volatility * noise.uniform(_LOW, numbers, steps))
        vwap = low + (high - low) * (0.2 + 0.6 * noise.uniform(_VWAP, numbers, steps))
        shares = self._shares[indices] * share_factor * np.exp(0.5 * noise.bell(_VOLUME, numbers, steps))
        volume = np.maximum(np.round(shares), 1.0)
        trades = np.ceil(volume / (40.0 + 160.0 * noise.uniform(_TRADE_SIZE, numbers, steps)))

        def prices(usd: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.maximum(np.round(usd, PRICE_DECIMALS), _LOWEST_PRICE_USD)

        return Bars(
            positions,
            prices(opening),
            prices(high),
            prices(low),
            prices(close),
            volume,
            prices(vwap),
            trades.astype(np.int64),
        )


def _no_bars() -> Bars:
    none = np.empty(0)
    return Bars(np.empty(0, dtype=np.int64), none, none, none, none, none, none, np.empty(0, dtype=np.int64))
