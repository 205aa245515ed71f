"""The server's present: the machine's clock, or a moment that someone set."""

from __future__ import annotations

from datetime import UTC, date, datetime

from local.market.sessions import Sessions, new_york_day


class Clock:
    """Says what time it is, and what that means in sessions."""

    def __init__(self, sessions: Sessions, fixed: datetime | None) -> None:
        self._sessions = sessions
        self._fixed = fixed

    def now(self) -> datetime:
        return self._fixed or datetime.now(UTC)

    def set(self, moment: datetime | None) -> None:
        """Stop the clock at a moment; None lets it run again. Raises CalendarEnds."""
        self._sessions.last_completed(moment or datetime.now(UTC))
        self._fixed = moment

    def today(self) -> date:
        """The day in New York."""
        return new_york_day(self.now())

    def last_completed(self) -> int:
        """The number of the last session whose close has passed."""
        return self._sessions.last_completed(self.now())

    def today_position(self) -> int:
        """The number of today's session, or of the last one before a day without."""
        return self._sessions.at_or_before(self.today())
