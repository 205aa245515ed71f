"""Strategies: what to hold after each close, from the bars up to it. 1 is long, -1 short, 0 flat.

docs/backtest.md shows how to write one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from backtest.bars import Bars
from backtest.prices import Matrix, Prices


class ParameterError(ValueError):
    """A parameter out of its bounds; `parameter` is its name, `said` what is wrong with it."""

    def __init__(self, parameter: str, text: str) -> None:
        super().__init__(f"{parameter} {text}")
        self.parameter = parameter
        self.said = text


def bounded(label: str, default: float, least: float, most: float) -> Any:
    """A parameter with its label on screen and its bounds, both included; a whole number when its default is one."""
    return field(default=default, metadata={"label": label, "least": least, "most": most})


class SignalError(ValueError):
    """A strategy's signals are not what can be traded."""


# A parameter and the values that a sweep tries.
Axis = tuple[str, tuple[float, ...]]


@dataclass(frozen=True)
class Strategy:
    """Parameters of one strategy. Raises ParameterError when one is out of bounds.

    `title`: its name on the screen. `name`: in the address and on the command line. `grid`: the two parameters that a
    sweep varies and walk-forward chooses by; None where there is nothing to vary.
    """

    title: ClassVar[str]
    name: ClassVar[str]
    grid: ClassVar[tuple[Axis, Axis] | None] = None

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

    def signals(self, bars: Bars) -> pd.DataFrame:
        """1, 0 or -1 for each bar (T x N), decided at its close; NaN: none yet."""
        raise NotImplementedError


def targets(strategy: Strategy, prices: Prices, *, is_long_only: bool) -> Matrix:
    """What to hold after each close, T x N of -1, 0, 1 (int8).

    Indicators count a ticker's own bars: a session without its bar does not count, and the target stays.

    Raises:
        SignalError: the strategy's signals are not a frame of that shape, or hold another value.
    """
    bars = Bars(prices)
    raw = strategy.signals(bars)
    if not isinstance(raw, pd.DataFrame) or raw.shape != prices.close_usd.shape:
        got = f"a frame of {raw.shape[0]} x {raw.shape[1]}" if isinstance(raw, pd.DataFrame) else type(raw).__name__
        rows, columns = prices.close_usd.shape
        raise SignalError(f"signals() of {strategy.name} returned {got}; expected a frame of {rows} x {columns}.")
    values = raw.to_numpy(dtype=float)
    odd = ~(np.isnan(values) | np.isin(values, (-1.0, 0.0, 1.0)))
    if odd.any():
        raise SignalError(f"signals() of {strategy.name} returned {values[odd][0]:g}; expected -1, 0, 1 or NaN.")
    held = pd.DataFrame(bars.spread(values)).ffill().fillna(0).to_numpy()
    return (np.maximum(held, 0) if is_long_only else held).astype(np.int8)


def varied(strategy: Strategy, changes: dict[str, Any]) -> Strategy | None:
    """The strategy with other parameters; None where these are out of bounds."""
    try:
        return replace(strategy, **changes)
    except ParameterError:
        return None


@dataclass(frozen=True)
class BuyAndHold(Strategy):
    """Long from the first close on."""

    title = "Buy and hold"
    name = "hold"

    def signals(self, bars: Bars) -> pd.DataFrame:
        """Long."""
        close = bars.close_usd
        return close.notna().astype(float).where(close.notna())


@dataclass(frozen=True)
class SmaCrossover(Strategy):
    """Long while the fast simple average of closes is above the slow one, short while below.

    Brock, Lakonishok and LeBaron, "Simple technical trading rules" (Journal of Finance 47, 1992): variable-length
    moving average without a band.
    """

    title = "SMA crossover"
    name = "sma"
    grid = (("fast", (5, 10, 20, 30, 50, 80)), ("slow", (20, 50, 100, 150, 200)))
    fast: int = bounded("Fast, sessions", 20, 2, 250)
    slow: int = bounded("Slow, sessions", 50, 3, 400)

    def _check(self) -> None:
        self._must_be_less("fast", "slow")

    def signals(self, bars: Bars) -> pd.DataFrame:
        """The sign of fast - slow."""
        close = bars.close_usd
        return _sign(close.rolling(self.fast).mean() - close.rolling(self.slow).mean(), close)


@dataclass(frozen=True)
class Momentum(Strategy):
    """Long while the return over the look-back, without its newest `skip` sessions, is above zero, short while below.

    Moskowitz, Ooi and Pedersen, "Time series momentum" (Journal of Financial Economics 104, 2012).
    """

    title = "Momentum"
    name = "momentum"
    grid = (("lookback", (21, 63, 126, 189, 252)), ("skip", (0, 5, 10, 21)))
    lookback: int = bounded("Look-back, sessions", 126, 2, 504)
    skip: int = bounded("Skip, sessions", 0, 0, 63)

    def _check(self) -> None:
        self._must_be_less("skip", "lookback")

    def signals(self, bars: Bars) -> pd.DataFrame:
        """The sign of close[t - skip] - close[t - lookback]."""
        close = bars.close_usd
        return _sign(close.shift(self.skip) - close.shift(self.lookback), close)


@dataclass(frozen=True)
class MeanReversion(Strategy):
    """Long from a close under the lower Bollinger band until one at or above the middle; short mirrors it.

    Bands stand `deviations` population deviations around the simple average (Bollinger, "Bollinger on Bollinger Bands",
    2001).
    """

    title = "Mean reversion (Bollinger)"
    name = "reversion"
    grid = (("length", (10, 15, 20, 30, 50)), ("deviations", (1.0, 1.5, 2.0, 2.5, 3.0)))
    length: int = bounded("Length, sessions", 20, 5, 250)
    deviations: float = bounded("Deviations", 2.0, 0.5, 4.0)

    def signals(self, bars: Bars) -> pd.DataFrame:
        """1 or -1 from a touch of a band until the middle."""
        close = bars.close_usd
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
    grid = (("fast", (6, 8, 12, 16, 20)), ("slow", (20, 26, 32, 40, 50)))
    fast: int = bounded("Fast, sessions", 12, 2, 100)
    slow: int = bounded("Slow, sessions", 26, 3, 200)
    signal: int = bounded("Signal, sessions", 9, 2, 100)

    def _check(self) -> None:
        self._must_be_less("fast", "slow")

    def signals(self, bars: Bars) -> pd.DataFrame:
        """The sign of MACD - signal line."""
        close = bars.close_usd
        line = ema(close, self.fast) - ema(close, self.slow)
        return _sign(line - ema(line, self.signal), close)


@dataclass(frozen=True)
class Rsi(Strategy):
    """Long from a close with RSI under `low` until one with RSI above `high`; short from there until under `low`.

    Wilder, "New Concepts in Technical Trading Systems" (1978).
    """

    title = "RSI"
    name = "rsi"
    grid = (("low", (20.0, 25.0, 30.0, 35.0, 40.0)), ("high", (60.0, 65.0, 70.0, 75.0, 80.0)))
    length: int = bounded("Length, sessions", 14, 2, 100)
    low: float = bounded("Buy under", 30.0, 1.0, 99.0)
    high: float = bounded("Sell above", 70.0, 1.0, 99.0)

    def _check(self) -> None:
        self._must_be_less("low", "high")

    def signals(self, bars: Bars) -> pd.DataFrame:
        """The last side that RSI left its middle on."""
        close = bars.close_usd
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
