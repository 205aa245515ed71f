"""Bars and snapshots of option contracts, computed from the underlying's replayed bars on the known surface.

A bar's close is surface.price at the underlying's close. Its open is what the close becomes by delta and gamma at the
underlying's open, and high and low span what it becomes at all four of the underlying's prices; never less than
exercising pays, all rounded to 4 decimals. Far strikes do not trade every day, and nothing trades below MINIMUM_USD:
such a day has no bar. A snapshot has the bar of the last session on which the contract traded, as the vendor's does.
"""

from __future__ import annotations

import zlib
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from local.market import noise, surface
from local.market.bars import PRICE_DECIMALS, Bars
from local.market.contracts import Contract, Contracts
from local.market.payouts import Payouts
from local.market.replay import Replay
from local.market.sessions import Sessions
from local.market.yields import Yields

MINIMUM_USD = 0.01
# How far a snapshot looks back for a contract's last bar, and how many sessions it prices for it.
LOOK_BACK, MOST_TRIES = 40, 4
_TRADED, _VOLUME, _TRADE_SIZE, _INTEREST = range(40, 44)
_NS_A_MS = 1_000_000
_DETAILS = (
    "contract_type",
    "exercise_style",
    "expiration_date",
    "shares_per_contract",
    "strike_price",
    "ticker",
)


class Chain:
    """Prices the contracts. Reads only."""

    def __init__(self, sessions: Sessions, replays: dict[str, Replay], contracts: Contracts, yields: Yields) -> None:
        self.sessions = sessions
        self._replays = replays
        self._contracts = contracts
        self._yields = yields
        self._payouts = Payouts(sessions, replays)
        self.snapshot = lru_cache(maxsize=16)(self._snapshot)
        self._of_expiration = lru_cache(maxsize=32)(self._price_expiration)
        self._one_at_a_time = Lock()

    def bars(self, contract: Contract, low: int, high: int) -> Bars:
        """The contract's bars of the sessions low to high, both included, while it was listed."""
        with self._one_at_a_time:
            return self._of_expiration(contract.series, contract.expiration, low, high)[contract]

    def _price_expiration(self, series: str, expiration: date, low: int, high: int) -> dict[Contract, Bars]:
        """`bars` of all contracts that expire together: who asks for one asks for the next, and a price costs a fifth
        in such a batch.
        """
        contracts = self._contracts.of_expiration(series, expiration)
        ranges = [np.arange(max(low, each.listed), min(high, each.ended - 1) + 1) for each in contracts]
        rows = [each for each, positions in zip(contracts, ranges, strict=True) for _ in positions]
        bars = self._priced(rows, np.concatenate(ranges))
        has_bar = self._has_bar(rows, bars)
        number = np.repeat(np.arange(len(contracts)), [len(positions) for positions in ranges])
        return {each: bars.where(has_bar & (number == place)) for place, each in enumerate(contracts)}

    def _priced(
        self, contracts: list[Contract], positions: NDArray[np.int64], at_close: surface.Priced | None = None
    ) -> Bars:
        """One would-be bar per pair of contract (all of one underlying) and session; `at_close` where it is known."""
        if not contracts:
            none = np.empty(0)
            return Bars(np.empty(0, dtype=np.int64), none, none, none, none, none, none, np.empty(0, dtype=np.int64))
        name = contracts[0].series
        first = int(positions.min())
        spot = self._replays[name].bars(first, int(positions.max()))
        row = positions - first
        terms = self._terms(contracts, positions, spot.close[row])
        if at_close is None:
            at_close = surface.price(name, terms)
        sign = np.where(terms.is_call, 1.0, -1.0)
        at: list[surface.Floats] = []
        for prices in (spot.open, spot.high, spot.low, spot.close):
            move = prices[row] - terms.spot
            moved = at_close.price + at_close.delta * move + at_close.gamma * move**2 / 2.0
            at.append(np.maximum(moved, np.maximum(sign * (prices[row] - terms.strike), 0.0)))
        opening, close = np.round(at[0], PRICE_DECIMALS), np.round(at[3], PRICE_DECIMALS)
        high, low = np.round(np.max(at, axis=0), PRICE_DECIMALS), np.round(np.min(at, axis=0), PRICE_DECIMALS)
        strike, time = terms.strike, terms.years
        keys = _keys(contracts)
        distance = np.abs(np.log(strike / spot.close[row])) / 0.05
        busy = 2000.0 * np.exp(-distance - 2.0 * time) * np.exp(noise.bell(_VOLUME, keys, positions))
        volume = np.maximum(np.round(busy), 1.0)
        trades = np.ceil(volume / (1.0 + 9.0 * noise.uniform(_TRADE_SIZE, keys, positions)))
        vwap = np.round((opening + high + low + close) / 4.0, PRICE_DECIMALS)
        return Bars(positions, opening, high, low, close, volume, np.clip(vwap, low, high), trades.astype(np.int64))

    def _has_bar(self, contracts: list[Contract], bars: Bars) -> NDArray[np.bool_]:
        """Did the contract trade, and for a price?"""
        if not contracts:
            return np.empty(0, dtype=bool)
        name = contracts[0].series
        first = int(bars.position.min())
        spot = self._replays[name].bars(first, int(bars.position.max())).close[bars.position - first]
        traded = _is_traded(_keys(contracts), np.array([c.strike for c in contracts]), spot, bars.position)
        return traded & (bars.close >= MINIMUM_USD) & (bars.low > 0.0)

    def _last_bars(self, contracts: list[Contract], position: int) -> dict[Contract, Bars]:
        """The newest bar before a session of each contract, where there is one within LOOK_BACK sessions."""
        candidates = {contract: self._traded_before(contract, position) for contract in contracts}
        found: dict[Contract, Bars] = {}
        for turn in range(MOST_TRIES):
            tried = [each for each in contracts if each not in found and len(candidates[each]) > turn]
            bars = self._priced(tried, np.array([candidates[each][turn] for each in tried], dtype=np.int64))
            has_bar = self._has_bar(tried, bars)
            for place, each in enumerate(tried):
                if has_bar[place]:
                    found[each] = bars.where(np.arange(len(tried)) == place)
        return found

    def _traded_before(self, contract: Contract, position: int) -> list[int]:
        """The sessions before this one on which the contract would trade if it was worth enough, newest first."""
        positions = np.arange(max(contract.listed, position - LOOK_BACK), position)
        if not len(positions):
            return []
        spot = self._replays[contract.series].bars(int(positions[0]), position - 1).close
        keys, strikes = np.full(len(positions), _key(contract.ticker)), np.full(len(positions), contract.strike)
        traded: list[int] = positions[_is_traded(keys, strikes, spot, positions)].tolist()
        return traded[::-1]

    def _terms(
        self, contracts: list[Contract], positions: NDArray[np.int64], spot: surface.Floats
    ) -> surface.Contracts:
        """What surface.price needs, one element per pair of contract and session."""
        ends = np.array([self.sessions.at_or_before(c.expiration) for c in contracts], dtype=np.int64)
        dates, closes = self.sessions.dates, self.sessions.close_minute
        days = (dates[ends] - dates[positions]).astype(np.int64)
        years = (days * 1440 + closes[ends] - closes[positions]) / surface.MINUTES_A_YEAR
        dividends = [
            self._schedule(contract, position, end)
            for contract, position, end in zip(contracts, positions.tolist(), years.tolist(), strict=True)
        ]
        strike = np.array([c.strike for c in contracts])
        rate = np.empty(len(years))
        for position in np.unique(positions):
            rows = positions == position
            rate[rows] = self._yields.rates(self.sessions.day(int(position)), years[rows])
        return surface.Contracts(spot, strike, years, rate, np.array([c.is_call for c in contracts]), dividends)

    def _schedule(self, contract: Contract, position: int, years: float) -> list[tuple[float, float]]:
        """In whole days to the ex-date; on the last day the share goes ex a second before the end, as in the models."""
        today = self.sessions.day(position)
        expected = self._payouts.ahead(contract.series, position, contract.expiration)
        return [(min((day - today).days / 365.0, years - 1.0 / (365 * 86400)), cash) for day, cash in expected]

    def _snapshot(self, underlying: str, position: int, today: date) -> list[dict[str, Any]]:
        """The chain as of the session's close, by ticker: contracts that have not expired on that day or before today.

        implied_volatility and greeks are absent where the price is below MINIMUM_USD. day is the bar of the last
        session on which the contract traded, and last_updated 00:00 New York of it; day is empty and last_trade absent
        where there is none within LOOK_BACK sessions.
        """
        contracts = [
            contract
            for contract in self._contracts.alive(underlying, position)
            if contract.expiration > self.sessions.day(position) and contract.expiration >= today
        ]
        if not contracts:
            return []
        series = contracts[0].series
        spot = float(self._replays[series].bars(position, position).close[0])
        count = len(contracts)
        positions = np.full(count, position)
        terms = self._terms(contracts, positions, np.full(count, spot))
        priced = surface.price(series, terms)
        bars = self._priced(contracts, positions, priced)
        traded = self._has_bar(contracts, bars).tolist()
        before = self._priced(contracts, positions - 1)
        has_before = self._has_bar(contracts, before) & np.array([c.listed < position for c in contracts])
        strike, exact = terms.strike, priced.price
        implied = surface.sigma(series, strike / spot, terms.years)
        greeks = surface.greeks(series, terms, priced)
        interest = np.round(5000.0 * np.exp(-np.abs(np.log(strike / spot)) / 0.1) * np.exp(
            noise.bell(_INTEREST, _keys(contracts), position // 5)
        ))  # fmt: skip
        closed_ns = int(self.sessions.close_ms[position]) * _NS_A_MS
        earlier_bars = self._last_bars([each for each, has in zip(contracts, traded, strict=True) if not has], position)
        rows = []
        for i, contract in enumerate(contracts):
            value = float(exact[i])
            bid, ask = _quote(value)
            break_even = contract.strike + value if contract.is_call else contract.strike - value
            row: dict[str, Any] = {
                "break_even_price": round(break_even, PRICE_DECIMALS),
                "day": {},
                "details": {key: contract.row[key] for key in _DETAILS},
            }
            last = bars.where(np.arange(count) == i) if traded[i] else earlier_bars.get(contract)
            if last is not None:
                at = int(last.position[0])
                earlier = float(before.close[i]) if traded[i] and has_before[i] else None
                row["day"] = _day(last, earlier, int(self.sessions.midnight_ms[at]) * _NS_A_MS)
                row["last_trade"] = {
                    "conditions": [209], "exchange": 312, "price": float(last.close[0]),
                    "sip_timestamp": int(self.sessions.close_ms[at]) * _NS_A_MS, "size": 1, "timeframe": "DELAYED",
                }  # fmt: skip
            if value >= MINIMUM_USD:
                row["greeks"] = {
                    name: round(float(getattr(greeks, name)[i]), 12) for name in ("delta", "gamma", "theta", "vega")
                }
                row["implied_volatility"] = round(float(implied[i]), 12)
            row["last_quote"] = {
                "ask": ask, "ask_size": 10, "bid": bid, "bid_size": 10, "last_updated": closed_ns,
                "midpoint": round((bid + ask) / 2.0, PRICE_DECIMALS + 1), "timeframe": "DELAYED",
            }  # fmt: skip
            row["open_interest"] = int(interest[i])
            row["underlying_asset"] = {
                "change_to_break_even": round(break_even - spot, PRICE_DECIMALS), "last_updated": closed_ns,
                "price": spot, "ticker": underlying, "timeframe": "DELAYED",
            }  # fmt: skip
            rows.append(row)
        return rows


def _day(bar: Bars, earlier: float | None, midnight_ns: int) -> dict[str, Any]:
    assert bar.vwap is not None
    close = float(bar.close[0])
    day: dict[str, Any] = {
        "close": close,
        "high": float(bar.high[0]),
        "last_updated": midnight_ns,
        "low": float(bar.low[0]),
        "open": float(bar.open[0]),
        "volume": int(bar.volume[0]),
        "vwap": float(bar.vwap[0]),
    }
    if earlier is not None:
        day["change"] = round(close - earlier, PRICE_DECIMALS)
        day["change_percent"] = round(100.0 * (close / earlier - 1.0), PRICE_DECIMALS)
        day["previous_close"] = earlier
    return day


def _quote(value: float) -> tuple[float, float]:
    """Bid and ask around the value, 2 % apart and at least 2 cents."""
    half = max(0.01, 0.01 * value)
    return round(max(value - half, 0.0), PRICE_DECIMALS), round(value + half, PRICE_DECIMALS)


def _is_traded(
    keys: NDArray[np.int64], strikes: surface.Floats, spot: surface.Floats, positions: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether anybody trades: always near the money, on about one day in three at the far end."""
    distance = np.abs(np.log(strikes / spot))
    chance = np.clip(1.0 - (distance - 0.06) / 0.25, 0.3, 1.0)
    return noise.uniform(_TRADED, keys, positions) < chance


def _keys(contracts: list[Contract]) -> NDArray[np.int64]:
    """A contract's number for the noise, from its symbol."""
    return np.array([_key(c.ticker) for c in contracts], dtype=np.int64)


@lru_cache(maxsize=200_000)
def _key(ticker: str) -> int:
    return zlib.crc32(ticker.encode())
