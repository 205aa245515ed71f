"""Which option contracts exist on which day.

Expirations: the third Friday of every month, listed 182 days before, and every other Friday, listed 28 days before
(a Friday without a session moves to the session before). Strikes lie on a grid of about 3 % of the spot price at
listing. On every session a strike is listed that lies within REACH grid steps of the previous close or of the open,
and once listed it stays: strikes follow the price, some contracts are listed late, and every session has both sides.

A split n:1 of the underlying (the series have no others) ends its contracts with the session before. Each goes on with
the strike divided by n, to the cent, under the symbol that this gives, and delivers 100 shares as before; n of them are
one old one. Strikes of a new grid are listed beside them. So a symbol may name another contract after a split than
before it. A rename of the underlying (listings.py) ends its contracts too, and each goes on with the new ticker in its
symbol. What ended so is listed as of a day of its life and at no other time, not even among expired contracts.
Contracts are American.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from local.market.listings import Listing
from local.market.replay import Replay
from local.market.sessions import Sessions

SERIES = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
CALL, PUT = "call", "put"
EXERCISE_STYLE = "american"
SHARES_PER_CONTRACT = 100
REACH = 8
MONTHLY_DAYS, WEEKLY_DAYS = 182, 28
_STEP_SHARE = 0.03
_STEPS_USD = np.array([0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0])
_FRIDAY = 4


@dataclass(frozen=True)
class Name:
    """The ticker of an underlying from the session `since` on, before `until` (None: to this day)."""

    ticker: str
    since: int
    until: int | None


@dataclass(frozen=True)
class Contract:
    """One contract under one symbol.

    Attributes:
        series: the bars that it is priced from.
        underlying: the ticker that these bars have meanwhile.
        listed, ended: session numbers of its first day and of the first session after its last one.
    """

    series: str
    underlying: str
    kind: str
    expiration: date
    strike: float
    listed: int
    ended: int

    @cached_property
    def ticker(self) -> str:
        """The OCC symbol with the API's prefix, e.g. O:AAPL261218C00425000."""
        letter = "C" if self.kind == CALL else "P"
        return f"O:{self.underlying}{self.expiration:%y%m%d}{letter}{round(self.strike * 1000):08d}"

    @property
    def is_call(self) -> bool:
        return self.kind == CALL

    @cached_property
    def row(self) -> dict[str, Any]:
        """The contract as the reference endpoints write it; not to be changed."""
        return {
            "cfi": "OCASPS" if self.is_call else "OPASPS",
            "contract_type": self.kind,
            "exercise_style": EXERCISE_STYLE,
            "expiration_date": self.expiration.isoformat(),
            "primary_exchange": "BATO",
            "shares_per_contract": SHARES_PER_CONTRACT,
            "strike_price": int(self.strike) if self.strike == int(self.strike) else self.strike,
            "ticker": self.ticker,
            "underlying_ticker": self.underlying,
        }


class Contracts:
    """Every contract of the underlyings. Reads only; what it worked out is kept, as it never changes."""

    def __init__(self, sessions: Sessions, replays: dict[str, Replay], listings: Iterable[Listing]) -> None:
        self.sessions = sessions
        self._replays = replays
        self._names: dict[str, list[Name]] = {series: [] for series in SERIES}
        for one in listings:
            if one.series in self._names:
                self._names[one.series].append(Name(one.ticker, one.listed, one.delisted))
        self.expired = lru_cache(maxsize=16)(self._expired)
        self.of_expiration = lru_cache(maxsize=None)(self._list_expiration)

    def underlyings(self) -> list[str]:
        """All tickers that have or had contracts."""
        return sorted({name.ticker for names in self._names.values() for name in names})

    def alive(self, underlying: str, position: int) -> list[Contract]:
        """Contracts on the underlying, under this ticker, that could be traded on the session; by ticker."""
        day = self.sessions.day(position)
        found = [
            contract
            for series in self._series(underlying)
            for expiration in self._expirations(day, day + timedelta(days=MONTHLY_DAYS))
            for contract in self.of_expiration(series, expiration)
            if contract.underlying == underlying and contract.listed <= position < contract.ended
        ]
        return sorted(found, key=lambda contract: contract.ticker)

    def _expired(self, underlying: str, day: date, known: int) -> list[Contract]:
        """Contracts with an expiration before the day that the session `known` knew of, by ticker."""
        found = [
            contract
            for series in self._series(underlying)
            for expiration in self._expirations(
                self.sessions.day(max(self._replays[series].first, 0)), day - timedelta(days=1)
            )
            for contract in self.of_expiration(series, expiration)
            if contract.underlying == underlying and contract.listed <= known and self.has_expired(contract)
        ]
        return sorted(found, key=lambda contract: contract.ticker)

    def has_expired(self, contract: Contract) -> bool:
        """Whether its last session is that of its expiration: no split and no rename ended it."""
        return contract.ended == self.sessions.at_or_before(contract.expiration) + 1

    def find(self, ticker: str) -> list[Contract]:
        """The contracts that had this symbol, the oldest first; none when there never was one."""
        try:
            root, digits = ticker[2:-15], ticker[-15:-9]
            expiration = date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
        except ValueError:
            return []
        if self._expirations(expiration, expiration) != [expiration]:
            return []
        all_of_them = (one for series in self._series(root) for one in self.of_expiration(series, expiration))
        return sorted((one for one in all_of_them if one.ticker == ticker), key=lambda one: one.listed)

    def _series(self, ticker: str) -> list[str]:
        return [series for series, names in self._names.items() if any(name.ticker == ticker for name in names)]

    def _expirations(self, first: date, last: date) -> list[date]:
        """Expirations from first to last, both included, ascending."""
        friday = first + timedelta(days=(_FRIDAY - first.weekday()) % 7)
        found = []
        while friday <= last + timedelta(days=6):
            position = self.sessions.at_or_before(friday)
            if 0 <= position < len(self.sessions) - 1 and first <= (day := self.sessions.day(position)) <= last:
                found.append(day)
            friday += timedelta(days=7)
        return found

    def _list_expiration(self, series: str, expiration: date) -> list[Contract]:
        last = self.sessions.at_or_before(expiration)
        friday = expiration + timedelta(days=(_FRIDAY - expiration.weekday()) % 7)
        life = MONTHLY_DAYS if 15 <= friday.day <= 21 else WEEKLY_DAYS
        first = self.sessions.at_or_after(expiration - timedelta(days=life))
        replay = self._replays[series]
        if first <= replay.first:
            return []
        splits = [split for split in replay.splits(last) if first < split.position]
        starts = [first, *(split.position for split in splits)]
        factors = [1.0, *(split.split_from / split.split_to for split in splits)]
        found: list[Contract] = []
        strikes: dict[float, int] = {}
        for start, end, factor in zip(starts, [*starts[1:], last + 1], factors, strict=True):
            divided = {round(strike * factor, 2): start for strike in strikes}
            strikes = dict(self._strikes(replay, start, end)) | divided
            for strike, listed in sorted(strikes.items()):
                for name in self._names[series]:
                    since, until = max(listed, name.since), min(end, end if name.until is None else name.until)
                    if since < until:
                        found += [
                            Contract(series, name.ticker, kind, expiration, strike, since, until)
                            for kind in (CALL, PUT)
                        ]
        return found

    def _strikes(self, replay: Replay, start: int, end: int) -> list[tuple[float, int]]:
        """(strike, session that lists it) for sessions start to end - 1, between which nothing was split."""
        bars = replay.bars(start, end - 1)
        closed_before = np.concatenate([bars.open[:1], bars.close[:-1]])
        ideal = float(bars.open[0]) * _STEP_SHARE
        step = float(_STEPS_USD[np.argmin(np.abs(np.log(_STEPS_USD / ideal)))])
        lowest = np.ceil(np.minimum(closed_before, bars.open) / step - REACH).astype(int)
        highest = np.floor(np.maximum(closed_before, bars.open) / step + REACH).astype(int)
        listed: dict[int, int] = {}
        for position, low, high in zip(range(start, end), lowest.tolist(), highest.tolist(), strict=True):
            for number in range(max(low, 1), high + 1):
                listed.setdefault(number, position)
        return [(round(number * step, 2), position) for number, position in sorted(listed.items())]
