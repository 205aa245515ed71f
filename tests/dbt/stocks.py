"""Hard series of stock bars, and what the stock models must make of them: TA-Lib, numpy and exact fractions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import talib

from tests.dbt.conftest import Lake

NEW_YORK = ZoneInfo("America/New_York")
# A ticker silent for longer is another listing (dbt/macros/listing_gap_days.sql).
LISTING_GAP = timedelta(days=90)
SESSIONS = [date.fromisoformat(str(np.busday_offset("2022-01-03", day))) for day in range(1150)]
NOON = datetime(2026, 7, 20, 12)


@dataclass(frozen=True)
class Bar:
    """One session, unadjusted, as the API gives it; None is an absent key."""

    close: float
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = 1000.0

    def result(self, session: date) -> dict[str, Any]:
        """The bar in a range response."""
        midnight = datetime.combine(session, datetime.min.time(), NEW_YORK)
        values = {"o": self.open, "h": self.high, "l": self.low, "c": self.close, "v": self.volume}
        present = {name: value for name, value in values.items() if value is not None}
        return {"t": int(midnight.timestamp() * 1000)} | present


@dataclass
class Stock:
    """All that is known of a ticker."""

    bars: dict[date, Bar]
    splits: list[tuple[date, float, float]] = field(default_factory=list)
    dividends: list[tuple[date, float]] = field(default_factory=list)


def walk(seed: int, sessions: Iterable[date], start: float = 100.0, volatility: float = 0.02) -> dict[date, Bar]:
    """A random walk with four prices a session; a sixth of the sessions close where they closed before."""
    random = np.random.default_rng(seed)
    bars, close = {}, start
    for session in sessions:
        opened = close * math.exp(random.normal(0, volatility / 3))
        close = close if random.random() < 1 / 6 else close * math.exp(random.normal(0, volatility))
        high = max(opened, close) * (1 + abs(random.normal(0, volatility / 4)))
        low = min(opened, close) * (1 - abs(random.normal(0, volatility / 4)))
        bars[session] = Bar(close, opened, high, low, float(random.integers(0, 10**6)))
    return bars


def flat(sessions: Iterable[date], close: float) -> dict[date, Bar]:
    """A close that stands still."""
    return {session: Bar(close, close, close, close) for session in sessions}


def load(lake: Lake, ticker: str, bars: dict[date, Bar], *, at: datetime) -> None:
    """One range response with these bars."""
    path = f"/v2/aggs/ticker/{ticker}/range/1/day/{min(bars)}/{max(bars)}"
    lake.load("stock_bars", path, [bar.result(session) for session, bar in sorted(bars.items())], at=at)


def load_splits(lake: Lake, stocks: dict[str, Stock], *, at: datetime) -> None:
    """All splits in one response."""
    results = [
        {"id": f"{ticker} {day} {old}:{new}", "ticker": ticker, "execution_date": str(day), "split_from": old}
        | {"split_to": new}
        for ticker, stock in stocks.items()
        for day, old, new in stock.splits
    ]
    lake.load("splits", "/stocks/v1/splits", results, at=at)


def load_dividends(lake: Lake, stocks: dict[str, Stock], *, at: datetime) -> None:
    """All dividends in one response."""
    results = [
        {"id": f"{ticker}-{day}", "ticker": ticker, "ex_dividend_date": str(day), "cash_amount": cash}
        for ticker, stock in stocks.items()
        for day, cash in stock.dividends
    ]
    lake.load("dividends", "/stocks/v1/dividends", results, at=at)


def listings(sessions: list[date]) -> list[list[date]]:
    """Sessions cut where a ticker was silent for too long."""
    cut = [[sessions[0]]]
    for before, session in pairwise(sessions):
        if session - before > LISTING_GAP:
            cut.append([])
        cut[-1].append(session)
    return cut


def expected(stock: Stock, newest: date) -> dict[str, np.ndarray]:
    """The mart's columns, oldest session first; NaN is NULL. `newest`: the newest session of any ticker."""
    cut = listings(sorted(stock.bars))
    parts = [_listing(_until(stock, after[0]), part, newest) for part, after in pairwise([*cut, [date.max]])]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _until(stock: Stock, day: date) -> Stock:
    """Without the splits from a day on: they are another security's."""
    return Stock(stock.bars, [split for split in stock.splits if split[0] < day], stock.dividends)


def _factor(stock: Stock, day: date, newest: date) -> float:
    """The exact product of the splits executed after a day, rounded once."""
    ratios = [
        Fraction(old).limit_denominator(10**6) / Fraction(new).limit_denominator(10**6)
        for executed, old, new in stock.splits
        if day < executed <= newest
    ]
    return float(math.prod(ratios, start=Fraction(1)))


def _listing(stock: Stock, sessions: list[date], newest: date) -> dict[str, np.ndarray]:
    bars = [stock.bars[session] for session in sessions]
    factor = np.array([_factor(stock, session, newest) for session in sessions])
    close = np.array([bar.close for bar in bars]) * factor
    high = np.array([bar.close if bar.high is None else bar.high for bar in bars]) * factor
    low = np.array([bar.close if bar.low is None else bar.low for bar in bars]) * factor
    volume = np.array([math.nan if bar.volume is None else bar.volume for bar in bars]) / factor
    logs = np.append(math.nan, np.diff(np.log(close)))
    dividends, payouts = _dividends(stock, sessions, close, newest)
    # Forwards, as a holder would live it: each dividend buys shares at the close before.
    shares = np.cumprod(1 / (1 - payouts))
    columns = {
        "adjusted_close_usd": close,
        "adjusted_volume_shares": volume,
        "split_factor": factor,
        "dividend_usd": dividends,
        "total_return_close_usd": close * shares / shares[-1],
        "simple_return_pct": np.append(math.nan, np.diff(close) / close[:-1] * 100),
        "log_return": logs,
        "drawdown_pct": (close / np.maximum.accumulate(close) - 1) * 100,
        "high_52w_usd": rolling(np.max, high, 252),
        "low_52w_usd": rolling(np.min, low, 252),
        "average_dollar_volume_20d_usd": rolling(np.mean, close * volume, 20),
    }
    for length in (20, 50, 120, 200):
        columns[f"sma_{length}_usd"] = rolling(np.mean, close, length)
    for length in (21, 63):
        deviation = rolling(lambda window: np.std(window, ddof=1), logs, length)
        columns[f"volatility_{length}d_pct"] = deviation * math.sqrt(252) * 100
    deviation = rolling(np.std, close, 20)
    columns["bollinger_upper_usd"] = columns["sma_20_usd"] + 2 * deviation
    columns["bollinger_lower_usd"] = columns["sma_20_usd"] - 2 * deviation
    return columns | with_talib(high, low, close)


def with_talib(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """What has a memory of its whole series, by TA-Lib."""
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    return {
        "ema_12_usd": talib.EMA(close, 12),
        "ema_26_usd": talib.EMA(close, 26),
        "macd_usd": macd,
        "macd_signal_usd": signal,
        "macd_histogram_usd": histogram,
        "rsi_14": talib.RSI(close, 14),
        "atr_14_usd": talib.ATR(high, low, close, 14),
    }


def _dividends(stock: Stock, sessions: list[date], close: np.ndarray, newest: date) -> tuple[np.ndarray, np.ndarray]:
    """Cash a share by session (NaN: none), and the part of the adjusted close before that it is."""
    cash = np.full(len(sessions), math.nan)
    payouts = np.zeros(len(sessions))
    for day, amount in stock.dividends:
        place = next((place for place, session in enumerate(sessions) if session >= day), None)
        if place is None or (place == 0 and sessions[0] != day):
            continue
        cash[place] = amount if math.isnan(cash[place]) else cash[place] + amount
        if place:
            payouts[place] += amount * _factor(stock, day, newest) / close[place - 1]
    # What pays as much as the share was worth can't be reinvested in it.
    return cash, np.where(payouts < 1, payouts, 0.0)


def rolling(function: Any, values: np.ndarray, length: int) -> np.ndarray:
    """A function of each full window; NaN before, and where the window has a NaN."""
    result = np.full(len(values), math.nan)
    for last in range(length - 1, len(values)):
        result[last] = function(values[last - length + 1 : last + 1])
    return result
