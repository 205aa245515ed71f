"""Which dividends the holders of options reckon with: those declared, and behind them more of the same.

The source has ex-dates and amounts only. When a dividend was declared and how often such ones are paid are the server's
own: DECLARED_SESSIONS before the ex-date, and what the time since the one before comes nearest to.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import lru_cache

from local.market.bars import Dividend
from local.market.replay import Replay
from local.market.sessions import Sessions

DECLARED_SESSIONS = 15
_SESSIONS_A_YEAR = 252

Expected = tuple[date, float]


class Payouts:
    """Dividends by underlying. Reads only."""

    def __init__(self, sessions: Sessions, replays: dict[str, Replay]) -> None:
        self.sessions = sessions
        self._replays = replays
        self.ahead = lru_cache(maxsize=None)(self._ahead)

    def _ahead(self, underlying: str, position: int, until: date) -> tuple[Expected, ...]:
        """Ex-date and USD a share of the session, for ex-dates after the session and up to `until`; ascending."""
        today = self.sessions.day(position)
        known = self._replays[underlying].dividends(position + DECLARED_SESSIONS)
        if not known:
            return ()
        found = [
            (self.sessions.day(dividend.position), self._cash(underlying, dividend, position))
            for dividend in known
            if dividend.position > position
        ]
        last, rate = known[-1], frequency(known, len(known) - 1)
        last_day = self.sessions.day(last.position)
        if rate is not None and last_day > today - timedelta(days=round(1.5 * 365 / rate)):
            cash = self._cash(underlying, last, position)
            later = (months_later(last_day, 12 // rate * number) for number in range(1, 40))
            found += [(day, cash) for day in later if day > today]
        return tuple((day, cash) for day, cash in found if day <= until)

    def _cash(self, underlying: str, dividend: Dividend, position: int) -> float:
        cash = dividend.cash_usd
        for split in self._replays[underlying].splits(max(position, dividend.position)):
            if dividend.position < split.position <= position:
                cash *= split.price_factor
            elif position < split.position <= dividend.position:
                cash /= split.price_factor
        return cash


def frequency(dividends: list[Dividend], number: int) -> int | None:
    """Payments a year: 1, 2 or 4, by the time since the dividend before; None for the first one."""
    if number == 0:
        return None
    gap = dividends[number].position - dividends[number - 1].position
    return min((1, 2, 4), key=lambda rate: abs(gap - _SESSIONS_A_YEAR / rate))


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))
