"""How large a position is, and what closes it besides its signal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from backtest.bars import Bars
from backtest.prices import Matrix, Prices
from backtest.strategies import ParameterError

EQUAL, VOLATILITY, FRACTION = "equal", "volatility", "fraction"
VOLATILITY_PCT = (1.0, 200.0)
FRACTION_PCT = (0.1, 100.0)
REBALANCE_SESSIONS = (0, 252)
EXIT_PCT = (0.0, 1000.0)
# A quarter of a year: short enough to follow a change, long enough for a deviation.
VOLATILITY_SESSIONS = 63
_YEAR = 252
# 12 is 20 % above 10, though 100 * (12 / 10 - 1) is a little less.
_ROUNDING = 1e-9


def check(name: str, value: Any, bounds: tuple[float, float]) -> None:
    """Raise ParameterError unless the value is a number within the bounds, both included."""
    least, most = bounds
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and least <= value <= most):
        raise ParameterError(name, f"must be from {least:g} to {most:g}, not {str(value)[:12]}")


@dataclass(frozen=True)
class Sizing:
    """What part of the equity a position of a basket of N tickers gets when it is opened, or sized again.

    equal        1/N
    fraction     `fraction_pct` per cent, whatever N is
    volatility   1/N x `volatility_pct` / the ticker's own volatility of the last 63 sessions, per cent a year
                 (Moskowitz, Ooi and Pedersen, "Time series momentum", Journal of Financial Economics 104, 2012, section
                 4); nothing is held before there are 63 returns

    A position is never larger than the equity, and all together never are: they are scaled down to it in proportion.
    """

    kind: str = EQUAL
    volatility_pct: float = 10.0
    fraction_pct: float = 10.0

    def __post_init__(self) -> None:
        if self.kind not in (EQUAL, VOLATILITY, FRACTION):
            raise ParameterError("kind", f"must be {EQUAL}, {VOLATILITY} or {FRACTION}, not {str(self.kind)[:12]}")
        check("volatility_pct", self.volatility_pct, VOLATILITY_PCT)
        check("fraction_pct", self.fraction_pct, FRACTION_PCT)

    def sizes(self, prices: Prices, *, alone: bool = False) -> Matrix | None:
        """Parts of the equity (T x N) decided at each close; NaN: not known yet. None for equal parts.

        Args:
            alone: each ticker is a basket of its own.
        """
        if self.kind == EQUAL:
            return None
        if self.kind == FRACTION:
            return np.full(prices.close_usd.shape, self.fraction_pct / 100)
        bars = Bars(prices)
        deviation = bars.close_usd.pct_change(fill_method=None).rolling(VOLATILITY_SESSIONS).std()
        # A price that doesn't move is as calm as can be: it may have everything.
        with np.errstate(divide="ignore"):
            part = self.volatility_pct / 100 / (deviation.to_numpy() * _YEAR**0.5)
        part /= 1 if alone else len(prices.tickers)
        return pd.DataFrame(bars.spread(np.minimum(part, 1.0))).ffill().to_numpy()


@dataclass(frozen=True)
class Exits:
    """A position is closed at the open after a close that is `stop_pct` against its entry, or `take_profit_pct` for it.

    Per cent of the entry, which is the open that the position was opened at; 0: never. The ticker then stays flat until
    its signal has changed. Decided on closes only, as every decision is: a daily bar doesn't say whether its high or
    its low came first.
    """

    stop_pct: float = 0.0
    take_profit_pct: float = 0.0

    def __post_init__(self) -> None:
        check("stop_pct", self.stop_pct, EXIT_PCT)
        check("take_profit_pct", self.take_profit_pct, EXIT_PCT)

    @property
    def is_used(self) -> bool:
        """Whether there is any."""
        return self.stop_pct > 0 or self.take_profit_pct > 0


class Watch:
    """The entries of P x N positions, and which of them a stop or a profit has closed. For the engine's loop."""

    STOP, PROFIT = 1, 2

    def __init__(self, exits: Exits, shape: tuple[int, int]) -> None:
        self._exits = exits
        self._entry_usd = np.full(shape, np.nan)
        self._closed_side = np.zeros(shape)
        self.why = np.zeros(shape, dtype=np.int8)

    def opened(self, before: Matrix, after: Matrix, price_usd: Matrix) -> None:
        """Note the entries of positions whose side has changed."""
        turned = np.sign(before) != np.sign(after)
        self._entry_usd = np.where(turned, np.where(after != 0, price_usd, np.nan), self._entry_usd)
        self.why = np.where(turned, 0, self.why).astype(np.int8)

    def order(self, wanted: Matrix, shares: Matrix, close_usd: Matrix) -> Matrix:
        """What is wanted, but flat where a rule has closed the side that is wanted. Prices are the session's closes."""
        side = np.sign(shares)
        with np.errstate(invalid="ignore"):
            gain_pct = 100 * side * (close_usd / self._entry_usd - 1)
            is_stopped = (self._exits.stop_pct > 0) & (gain_pct <= -self._exits.stop_pct + _ROUNDING)
            is_taken = (self._exits.take_profit_pct > 0) & (gain_pct >= self._exits.take_profit_pct - _ROUNDING)
        hit = (side != 0) & (is_stopped | is_taken)
        self.why = np.where(hit, np.where(is_stopped, self.STOP, self.PROFIT), self.why).astype(np.int8)
        self._closed_side = np.where(hit, side, self._closed_side)
        is_over = (self._closed_side != 0) & (np.sign(wanted) != self._closed_side)
        self._closed_side = np.where(is_over, 0.0, self._closed_side)
        self.why = np.where(is_over, 0, self.why).astype(np.int8)  # the signal alone would have closed it
        return np.where(self._closed_side != 0, 0, wanted).astype(wanted.dtype)
