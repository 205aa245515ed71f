"""XNYS sessions, numbered from 0: dates, closes, and the time stamps that bars carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import exchange_calendars
import numpy as np
from numpy.typing import NDArray

NEW_YORK = ZoneInfo("America/New_York")
YEARS_BEFORE = 15
"""The longest replayed series has 3,270 sessions (13 years); the rest is room for clocks before the anchor."""
YEARS_AFTER = 3
REGULAR_CLOSE = time(16)


class CalendarEnds(Exception):
    """The moment lies outside the years that the server knows."""


@dataclass(frozen=True)
class Closure:
    """A day on which the exchange is closed, or closes early (open and close in UTC then)."""

    day: date
    name: str
    opens: datetime | None = None
    closes: datetime | None = None


class Sessions:
    """The exchange's sessions around one date. Reads only; safe to share between threads.

    dates: datetime64[D], ascending. midnight_ms, close_ms: 00:00 and 16:00 New York of each session, in epoch ms.
    close_minute: when it ends, minutes after midnight: 960, or 780 for half a day.
    unscheduled: days on which the exchange is closed although the calendar has a session.
    """

    def __init__(self, around: date, unscheduled: frozenset[date] = frozenset()) -> None:
        first, last = date(around.year - YEARS_BEFORE, 1, 1), date(around.year + YEARS_AFTER, 12, 31)
        self._calendar: Any = exchange_calendars.get_calendar("XNYS", start=str(first), end=str(last))
        self._unscheduled = unscheduled
        planned = self._calendar.sessions.values.astype("datetime64[D]")
        is_open = ~np.isin(planned, np.array(sorted(unscheduled), dtype="datetime64[D]"))
        self.dates: NDArray[np.datetime64] = planned[is_open]
        self._days: list[date] = self.dates.tolist()
        self._position = {day: position for position, day in enumerate(self._days)}
        self._opens = self._calendar.opens.values.astype("datetime64[s]").astype(np.int64)[is_open]
        self._closes = self._calendar.closes.values.astype("datetime64[s]").astype(np.int64)[is_open]
        self.midnight_ms = np.array([_new_york_ms(day, time(0)) for day in self._days])
        self.close_minute = (self._closes - self.midnight_ms // 1000) // 60
        self.close_ms = np.array([_new_york_ms(day, REGULAR_CLOSE) for day in self._days])

    def __len__(self) -> int:
        return len(self._days)

    def day(self, position: int) -> date:
        return self._days[position]

    def position(self, day: date) -> int | None:
        """The session's number; None on a day without a session."""
        return self._position.get(day)

    def at_or_after(self, day: date) -> int:
        """The number of the first session on or after the day (len(self) when none is left)."""
        return int(np.searchsorted(self.dates, np.datetime64(day, "D")))

    def at_or_before(self, day: date) -> int:
        """The number of the last session on or before the day (-1 before the first)."""
        return int(np.searchsorted(self.dates, np.datetime64(day, "D"), side="right")) - 1

    def last_completed(self, now: datetime) -> int:
        """The number of the last session whose close has passed; early closes count as they are.

        Raises CalendarEnds outside the years known.
        """
        seconds = int(now.timestamp())
        position = int(np.searchsorted(self._closes, seconds, side="right")) - 1
        if position < 0 or position >= len(self) - 260:
            known = f"{self._days[0]} to {self._days[-260]}"
            raise CalendarEnds(f"{now.isoformat()} is outside the years this server was started for ({known})")
        return position

    def is_open(self, now: datetime) -> bool:
        seconds = int(now.timestamp())
        position = int(np.searchsorted(self._closes, seconds, side="right"))
        return bool(position < len(self) and self._opens[position] <= seconds)

    def closures(self, first: date, last: date) -> list[Closure]:
        """Holidays and early closes from first to last, both included, by date."""
        holidays = self._calendar.regular_holidays.holidays(str(first), str(last), return_name=True)
        found = [Closure(stamp.date(), str(name)) for stamp, name in holidays.items()]
        found += [
            Closure(stamp.date(), "Special closure")
            for stamp in self._calendar.adhoc_holidays
            if first <= stamp.date() <= last
        ]
        found += [Closure(day, "Special closure") for day in self._unscheduled if first <= day <= last]
        for stamp in self._calendar.early_closes:
            if first <= stamp.date() <= last and stamp.date() not in self._unscheduled:
                position = self._position[stamp.date()]
                opens, closes = (datetime.fromtimestamp(int(s[position]), UTC) for s in (self._opens, self._closes))
                found.append(Closure(stamp.date(), _early_close_name(stamp.date()), opens, closes))
        return sorted(found, key=lambda closure: closure.day)


@lru_cache(maxsize=4)
def sessions_around(day: date, unscheduled: frozenset[date] = frozenset()) -> Sessions:
    """The sessions around a day; one calendar serves every server of a process that asks for the same year."""
    return _sessions_of_year(day.year, unscheduled)


@lru_cache(maxsize=4)
def _sessions_of_year(year: int, unscheduled: frozenset[date]) -> Sessions:
    return Sessions(date(year, 7, 1), unscheduled)


def new_york_day(now: datetime) -> date:
    return now.astimezone(NEW_YORK).date()


def _new_york_ms(day: date, at: time) -> int:
    return int(datetime.combine(day, at, NEW_YORK).timestamp()) * 1000


def _early_close_name(day: date) -> str:
    if day.month == 11:
        return "Thanksgiving"
    if day.month == 12:
        return "Christmas"
    return "Independence Day" if day.month == 7 else "Early close"


def next_day(day: date) -> date:
    return day + timedelta(days=1)
