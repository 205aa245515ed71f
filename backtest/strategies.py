"""Strategies: what to hold after each close, from closes up to it. 1 is long, -1 short, 0 flat."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from backtest.prices import Matrix


class ParameterError(ValueError):
    """A parameter out of its bounds; `parameter` is its name, `said` what is wrong with it."""

    def __init__(self, parameter: str, text: str) -> None:
        super().__init__(f"{parameter} {text}")
        self.parameter = parameter
        self.said = text


def bounded(label: str, default: float, least: float, most: float) -> Any:
    """A parameter with its label on screen and its bounds, both included; a whole number when its default is one."""
    return field(default=default, metadata={"label": label, "least": least, "most": most})


@dataclass(frozen=True)
class Strategy:
    """Parameters of one strategy. Raises ParameterError when one is out of bounds."""

    title: ClassVar[str]
    name: ClassVar[str]

    def __post_init__(self) -> None:
        for each in fields(self):
            value, least, most = getattr(self, each.name), each.metadata["least"], each.metadata["most"]
            is_whole = isinstance(each.default, int)
            if isinstance(value, bool) or not isinstance(value, int if is_whole else (int, float)):
                raise ParameterError(each.name, f"must be a {'whole number' if is_whole else 'number'}, not {value!r}")
            if not least <= value <= most:  # NaN isn't between either
                raise ParameterError(each.name, f"must be from {least:g} to {most:g}, not {str(value)[:12]}")
        self._check()

    def _check(self) -> None:
        """What bounds alone can't say."""

    def _must_be_less(self, less: str, more: str) -> None:
        if getattr(self, less) >= getattr(self, more):
            raise ParameterError(
                less, f"must be less than {more}: {getattr(self, less):g} is not under {getattr(self, more):g}"
            )

    def signals(self, close: pd.DataFrame) -> pd.DataFrame:
        """Targets for closes (T x N) without gaps between a column's first bar and the last row; NaN: none yet."""
        raise NotImplementedError


def targets(strategy: Strategy, close: Matrix, *, is_long_only: bool) -> Matrix:
    """What to hold after each close, T x N of -1, 0, 1 (int8).

    Indicators count a ticker's own bars: a session without its bar is no bar of it, and the target stays.
    """
    has_bar = ~np.isnan(close)
    order = np.argsort(has_bar, axis=0, kind="stable")  # a column's bars moved together to the end, in their order
    packed = pd.DataFrame(np.take_along_axis(close, order, axis=0))
    raw = strategy.signals(packed).to_numpy(dtype=float)
    spread = np.full(close.shape, np.nan)
    np.put_along_axis(spread, order, raw, axis=0)
    held = pd.DataFrame(np.where(has_bar, spread, np.nan)).ffill().fillna(0).to_numpy()
    return (np.maximum(held, 0) if is_long_only else held).astype(np.int8)


@dataclass(frozen=True)
class BuyAndHold(Strategy):
    """Long from the first close on."""

    title = "Buy and hold"
    name = "hold"

    def signals(self, close: pd.DataFrame) -> pd.DataFrame:
        """Long."""
        return close.notna().astype(float).where(close.notna())


@dataclass(frozen=True)
class SmaCrossover(Strategy):
    """Long while the fast simple average of closes is above the slow one, short while below.

    Brock, Lakonishok and LeBaron, "Simple technical trading rules" (Journal of Finance 47, 1992): variable-length
    moving average without a band.
    """

    title = "SMA crossover"
    name = "sma"
    fast: int = bounded("Fast, sessions", 20, 2, 250)
    slow: int = bounded("Slow, sessions", 50, 3, 400)

    def _check(self) -> None:
        self._must_be_less("fast", "slow")

    def signals(self, close: pd.DataFrame) -> pd.DataFrame:
        """The sign of fast - slow."""
        return _sign(close.rolling(self.fast).mean() - close.rolling(self.slow).mean(), close)


@dataclass(frozen=True)
class Momentum(Strategy):
    """Long while the return over the look-back, without its newest `skip` sessions, is above zero, short while below.

    Moskowitz, Ooi and Pedersen, "Time series momentum" (Journal of Financial Economics 104, 2012).
    """

    title = "Momentum"
    name = "momentum"
    lookback: int = bounded("Look-back, sessions", 126, 2, 504)
    skip: int = bounded("Skip, sessions", 0, 0, 63)

    def _check(self) -> None:
        self._must_be_less("skip", "lookback")

    def signals(self, close: pd.DataFrame) -> pd.DataFrame:
        """The sign of close[t - skip] - close[t - lookback]."""
        return _sign(close.shift(self.skip) - close.shift(self.lookback), close)


@dataclass(frozen=True)
class MeanReversion(Strategy):
    """Long from a close under the lower Bollinger band until one at or above the middle; short mirrors it.

    Bands stand `deviations` population deviations around the simple average (Bollinger, "Bollinger on Bollinger Bands",
    2001).
    """

    title = "Mean reversion (Bollinger)"
    name = "reversion"
    length: int = bounded("Length, sessions", 20, 5, 250)
    deviations: float = bounded("Deviations", 2.0, 0.5, 4.0)

    def signals(self, close: pd.DataFrame) -> pd.DataFrame:
        """1 or -1 from a touch of a band until the middle."""
        middle = close.rolling(self.length).mean()
        width = self.deviations * close.rolling(self.length).std(ddof=0)
        long = _switched(close < middle - width, close >= middle)
        short = _switched(close > middle + width, close <= middle)
        return (long - short).where(close.notna())


@dataclass(frozen=True)
class Macd(Strategy):
    """Long while MACD is above its signal line, short while below.

    Appel, "Technical Analysis: Power Tools" (2005); averages begin with a plain mean, as TA-Lib's do.
    """

    title = "MACD"
    name = "macd"
    fast: int = bounded("Fast, sessions", 12, 2, 100)
    slow: int = bounded("Slow, sessions", 26, 3, 200)
    signal: int = bounded("Signal, sessions", 9, 2, 100)

    def _check(self) -> None:
        self._must_be_less("fast", "slow")

    def signals(self, close: pd.DataFrame) -> pd.DataFrame:
        """The sign of MACD - signal line."""
        line = ema(close, self.fast) - ema(close, self.slow)
        return _sign(line - ema(line, self.signal), close)


@dataclass(frozen=True)
class Rsi(Strategy):
    """Long from a close with RSI under `low` until one with RSI above `high`; short from there until under `low`.

    Wilder, "New Concepts in Technical Trading Systems" (1978).
    """

    title = "RSI"
    name = "rsi"
    length: int = bounded("Length, sessions", 14, 2, 100)
    low: float = bounded("Buy under", 30.0, 1.0, 99.0)
    high: float = bounded("Sell above", 70.0, 1.0, 99.0)

    def _check(self) -> None:
        self._must_be_less("low", "high")

    def signals(self, close: pd.DataFrame) -> pd.DataFrame:
        """The last side that RSI left its middle on."""
        strength = rsi(close, self.length)
        sides = (strength < self.low).astype(float) - (strength > self.high).astype(float)
        return sides.where(sides != 0).ffill().fillna(0).where(close.notna())


STRATEGIES: dict[str, type[Strategy]] = {
    each.name: each for each in (SmaCrossover, Momentum, MeanReversion, Macd, Rsi, BuyAndHold)
}


def ema(values: pd.DataFrame, length: int) -> pd.DataFrame:
    """Exponential average with weight 2 / (length + 1), begun with the mean of a column's first `length` values."""
    return _smoothed(values, length, 2 / (length + 1))


def rsi(close: pd.DataFrame, length: int) -> pd.DataFrame:
    """Wilder's relative strength index, 0 to 100; NaN where nothing moved, as then there is no side to take."""
    change = close.diff()
    gain = _smoothed(change.clip(lower=0), length, 1 / length)
    moved = gain + _smoothed(-change.clip(upper=0), length, 1 / length)
    return 100 * gain / moved.where(moved > 0)


def _smoothed(values: pd.DataFrame, length: int, weight: float) -> pd.DataFrame:
    data = values.to_numpy(dtype=float)
    seen = (~np.isnan(data)).cumsum(axis=0)
    means = values.rolling(length).mean().to_numpy()
    seeded = np.where(seen > length, data, np.where(seen == length, means, np.nan))
    return pd.DataFrame(seeded).ewm(alpha=weight, adjust=False).mean()


def _sign(difference: pd.DataFrame, close: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(np.sign(difference.to_numpy())).fillna(0).where(close.notna())


def _switched(on: pd.DataFrame, off: pd.DataFrame) -> pd.DataFrame:
    state = np.where(on, 1.0, np.where(off, 0.0, np.nan))
    return pd.DataFrame(state).ffill().fillna(0)
