"""Which option contracts exist on which day.

Expirations: the third Friday of every month, listed 182 days before, and every other Friday, listed 28 days before
(a Friday without a session moves to the session before). Strikes lie on a grid of about 3 % of the spot price at
listing. On every session a strike is listed that lies within REACH grid steps of the previous close or of the open,
and once listed it stays: strikes follow the price, some contracts are listed late, and every session has both sides.

A split of the underlying ends its old contracts with the session before and lists new ones on a new grid (real
exchanges rename them and adjust the strikes); no symbol is used a second time. Contracts are American.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from local.market.replay import Replay
from local.market.sessions import Sessions

UNDERLYINGS = ("AAPL", "GOOG", "IBM", "MSFT")
CALL, PUT = "call", "put"
EXERCISE_STYLE = "american"
SHARES_PER_CONTRACT = 100
REACH = 8
MONTHLY_DAYS, WEEKLY_DAYS = 182, 28
_STEP_SHARE = 0.03
_STEPS_USD = np.array([0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0])
_FRIDAY = 4


@dataclass(frozen=True)
class Contract:
    """One contract. listed, ended: session numbers of its first day and of the first session after its last one."""

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

    def __init__(self, sessions: Sessions, replays: dict[str, Replay]) -> None:
        self.sessions = sessions
        self._replays = replays
        self.expired = lru_cache(maxsize=16)(self._expired)
        self.of_expiration = lru_cache(maxsize=None)(self._list_expiration)

    def alive(self, underlying: str, position: int) -> list[Contract]:
        """Contracts that could be traded on the session, by ticker."""
        day = self.sessions.day(position)
        found = [
            contract
            for expiration in self._expirations(day, day + timedelta(days=MONTHLY_DAYS))
            for contract in self.of_expiration(underlying, expiration)
            if contract.listed <= position < contract.ended
        ]
        return sorted(found, key=lambda contract: contract.ticker)

    def _expired(self, underlying: str, day: date, known: int) -> list[Contract]:
        """Contracts with an expiration before the day that the session `known` knew of, by ticker."""
        first = self.sessions.day(max(self._replays[underlying].first, 0))
        found = [
            contract
            for expiration in self._expirations(first, day - timedelta(days=1))
            for contract in self.of_expiration(underlying, expiration)
            if contract.listed <= known
        ]
        return sorted(found, key=lambda contract: contract.ticker)

    def find(self, ticker: str) -> Contract | None:
        """The contract with this symbol; None when there never was one."""
        try:
            root, digits = ticker[2:-15], ticker[-15:-9]
            expiration = date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
        except ValueError:
            return None
        if root not in UNDERLYINGS:
            return None
        if self._expirations(expiration, expiration) != [expiration]:
            return None
        return next((found for found in self.of_expiration(root, expiration) if found.ticker == ticker), None)

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

    def _list_expiration(self, underlying: str, expiration: date) -> list[Contract]:
        last = self.sessions.at_or_before(expiration)
        friday = expiration + timedelta(days=(_FRIDAY - expiration.weekday()) % 7)
        life = MONTHLY_DAYS if 15 <= friday.day <= 21 else WEEKLY_DAYS
        first = self.sessions.at_or_after(expiration - timedelta(days=life))
        replay = self._replays[underlying]
        if first <= replay.first:
            return []
        starts = [first, *(s.position for s in replay.splits(last) if first < s.position <= last)]
        found: list[Contract] = []
        used: set[float] = set()
        for start, end in zip(starts, [*starts[1:], last + 1], strict=True):
            strikes = [(strike, listed) for strike, listed in self._strikes(replay, start, end) if strike not in used]
            used.update(strike for strike, _ in strikes)
            for strike, listed in strikes:
                found += [Contract(underlying, kind, expiration, strike, listed, end) for kind in (CALL, PUT)]
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
        return [(number * step, position) for number, position in sorted(listed.items())]
