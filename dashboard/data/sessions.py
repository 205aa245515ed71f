"""Which session's bars should be there by now: the exchange's calendar, and how long an ingest may take."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import exchange_calendars
import pandas as pd

# From the close until a session's bars are missed: the vendor publishes, an ingest, a load and a build run.
GRACE = timedelta(hours=8)
_YEARS = 12


def now() -> datetime:
    """The time, UTC and aware: the one place that asks the clock about data."""
    return datetime.now(UTC)


def expected_session(when: datetime | None = None) -> date:
    """The newest session whose bars should be in the marts at `when` (aware; default: now)."""
    moment = pd.Timestamp(when or now())
    closes = _closes(moment.year)
    return closes.index[closes + GRACE <= moment][-1].date()


def sessions_behind(session: date, when: datetime | None = None) -> int:
    """How many sessions after `session` should be in the marts and would follow it; 0 when it is up to date."""
    expected = expected_session(when)
    if session >= expected:
        return 0
    days = _closes((when or now()).year).index
    return int(((days > pd.Timestamp(session)) & (days <= pd.Timestamp(expected))).sum())


@lru_cache(maxsize=2)
def _closes(year: int) -> pd.Series:
    calendar = exchange_calendars.get_calendar("XNYS", start=f"{year - _YEARS}-01-01", end=f"{year}-12-31")
    return calendar.closes
