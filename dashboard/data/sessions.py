"""Which session's bars should be there by now: the exchange's calendar, when the API serves a session, and how long
ingest, load and build may take. The same rule as dbt's (session_due_hours), and the same closures (`follow`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache

import exchange_calendars
import pandas as pd

from dashboard.data.door import Door
from dashboard.data.errors import WarehouseError
from dashboard.settings import session_due

_YEARS = 12
_NONE = pd.DatetimeIndex([])
# Asks for the closures that the calendar lacks; set by `follow`.
_asked: Callable[[], pd.DatetimeIndex] | None = None


def follow(door: Door) -> None:
    """From now on ask the warehouse for closures that the calendar lacks; when it gives no answer there are none."""

    def asked() -> pd.DatetimeIndex:
        try:
            return pd.DatetimeIndex(door.read("exchange_closures")["closure_date"])
        except WarehouseError:  # the page says so: its own panels ask the same warehouse
            return _NONE

    global _asked
    _asked = asked


def now() -> datetime:
    """The time, UTC and aware: the one place that asks the clock about data."""
    return datetime.now(UTC)


def expected_session(when: datetime | None = None) -> date:
    """The newest session whose bars should be in the marts at `when` (aware; default: now)."""
    # Naive, as a wall clock in New York shows it: so are midnights and hours of the day.
    moment = pd.Timestamp(when or now()).tz_convert("America/New_York").tz_localize(None)
    days = _sessions(moment.year)
    return days[days + session_due() <= moment][-1].date()


def sessions_behind(session: date, when: datetime | None = None) -> int:
    """How many sessions after `session` should be in the marts and would follow it; 0 when it is up to date."""
    expected = expected_session(when)
    if session >= expected:
        return 0
    days = _sessions((when or now()).year)
    return int(((days > pd.Timestamp(session)) & (days <= pd.Timestamp(expected))).sum())


def _sessions(year: int) -> pd.DatetimeIndex:
    return _planned(year).difference(_asked() if _asked else _NONE)


@lru_cache(maxsize=2)
def _planned(year: int) -> pd.DatetimeIndex:
    calendar = exchange_calendars.get_calendar("XNYS", start=f"{year - _YEARS}-01-01", end=f"{year}-12-31")
    return calendar.sessions
