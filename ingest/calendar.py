"""New York sessions (trading days), from `exchange_calendars`, offline, without the closures that it doesn't know.

Who plans a run calls `learn` with these first (ingest/closures.py); until then there are none.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ingest.datasets import NEW_YORK
from ingest.errors import BadSetting

if TYPE_CHECKING:
    import exchange_calendars

# The vendor's stock history begins in 2003.
FIRST_DAY = date(2003, 1, 1)
USUAL_CLOSE = time(16, 0)
_closures: frozenset[date] = frozenset()


def learn(closures: frozenset[date]) -> None:
    """Count these days as closed, in this process from now on, in place of those learned before."""
    global _closures
    _closures = closures


@lru_cache(maxsize=1)
def _calendar() -> exchange_calendars.ExchangeCalendar:
    # Imported late: it takes a second, and a DAG file that is only parsed has no use for it.
    import exchange_calendars

    return exchange_calendars.get_calendar("XNYS", start=FIRST_DAY.isoformat())


def sessions(start: date, end: date) -> tuple[date, ...]:
    """Sessions from `start` to `end`, both included.

    Raises:
        BadSetting: a date that the calendar does not know (before 2003, or more than a year ahead).
    """
    for day in (start, end):
        if not FIRST_DAY <= day <= _calendar().last_session.date():
            raise BadSetting(
                f"{day} is outside the calendar of sessions, {FIRST_DAY} to {_calendar().last_session.date()}."
            )
    # The calendar begins with its first session: it refuses the holiday before it.
    first = max(start, _calendar().first_session.date())
    if first > end:
        return ()
    planned = (stamp.date() for stamp in _calendar().sessions_in_range(first.isoformat(), end.isoformat()))
    return tuple(day for day in planned if day not in _closures)


def is_planned_session(day: date) -> bool:
    """Whether the installed calendar has a session on a day, whatever was learned since."""
    calendar = _calendar()
    return calendar.first_session.date() <= day <= calendar.last_session.date() and calendar.is_session(day.isoformat())


def last_completed_session(now: datetime) -> date:
    """The newest session whose close, early or not, has passed at `now` (aware)."""
    today = now.astimezone(UTC).date()
    recent = sessions(today - timedelta(days=14), today)
    return max(session for session in recent if close(session) <= now)


def previous_sessions(session: date, count: int) -> tuple[date, ...]:
    """The `count` sessions before `session`, oldest first."""
    if count == 0:
        return ()
    return sessions(session - timedelta(days=2 * count + 14), session - timedelta(days=1))[-count:]


def session_number(session: date) -> int:
    """How many sessions there were since the first day of the calendar, this one included."""
    return len(sessions(FIRST_DAY, session))


def close(session: date) -> datetime:
    """When a session closes, UTC."""
    closed: Any = _calendar().session_close(session.isoformat())
    return closed.to_pydatetime().astimezone(UTC)


def is_early_close(session: date) -> bool:
    """Whether a session closes before 16:00 New York time."""
    return close(session).astimezone(NEW_YORK).time() < USUAL_CLOSE
