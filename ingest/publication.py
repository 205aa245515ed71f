"""When the API starts to serve a session: schedules, planning and freshness all use this.

A session that has closed is not necessarily served. On end-of-day plans, and by reports on delayed ones, the API
refuses the day's data until midnight in New York; on real-time plans it has it at the close. `POLYGON_PLAN` says which
plan it is, `POLYGON_LAG_HOURS` overrides it with hours after the close.

dbt (`dbt/macros/session_due_hours.sql`) and the dashboard (`dashboard/data/sessions.py`) read the same variables; a
test holds the three together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ingest import calendar
from ingest.datasets import NEW_YORK
from ingest.errors import BadSetting

DEFAULT_PLAN = "free"
# Hours after the close; None: from midnight in New York, at the end of the session's day.
PLANS: Mapping[str, timedelta | None] = {
    "free": None,
    "end-of-day": None,
    "delayed": None,
    "real-time": timedelta(0),
}
MOST_LAG_HOURS = 72
# The daily run starts some time after publication, and not before corrections of the first hours are in.
RUN_MARGIN, EARLIEST_RUN = timedelta(minutes=30), timedelta(hours=18, minutes=15)
USUAL_CLOSE, MIDNIGHT = timedelta(hours=16), timedelta(days=1)
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True)
class Publication:
    """When sessions are served: `lag` after the close (None: from the midnight after it); `setting` says why."""

    lag: timedelta | None
    setting: str

    def published_at(self, session: date) -> datetime:
        """When the API starts to serve a session, UTC."""
        if self.lag is not None:
            return calendar.close(session) + self.lag
        return datetime.combine(session + timedelta(days=1), time(0), NEW_YORK).astimezone(UTC)

    def newest(self, now: datetime) -> date:
        """The newest session that is served at `now` (aware)."""
        return max(session for session in _recent(now) if self.published_at(session) <= now)

    def outstanding(self, now: datetime) -> tuple[date, ...]:
        """Sessions that have closed at `now` (aware) and are not served yet, oldest first."""
        return tuple(day for day in _recent(now) if calendar.close(day) <= now < self.published_at(day))

    def explain(self, session: date) -> str:
        """One line about a session that is outstanding."""
        since = self.published_at(session).astimezone(NEW_YORK)
        return (
            f"Session {session} has closed but is not published yet: with {self.setting} it is served from "
            f"{since:%Y-%m-%d %H:%M} New York time. A later run fetches it."
        )

    def daily_cron(self, minutes: int = 0) -> str:
        """When the daily run starts, New York time: after publication, `minutes` later than it could.

        An early close is not looked at: a run is at the same time every day.
        """
        served = MIDNIGHT if self.lag is None else USUAL_CLOSE + self.lag
        start = max(served + RUN_MARGIN, EARLIEST_RUN) + timedelta(minutes=minutes)
        hour, minute = divmod(start.seconds // 60, 60)
        days = [WEEKDAYS[(day + start.days) % 7] for day in range(5)]
        return f"{minute} {hour} * * {','.join(days)}"


def read_publication(environment: Mapping[str, str] = os.environ) -> Publication:
    """POLYGON_PLAN and POLYGON_LAG_HOURS.

    Raises:
        BadSetting: one line that names the variable.
    """
    plan = environment.get("POLYGON_PLAN", "").strip().lower() or DEFAULT_PLAN
    if plan not in PLANS:
        raise BadSetting(f"POLYGON_PLAN is {plan!r}; expected one of {', '.join(PLANS)}.")
    hours = environment.get("POLYGON_LAG_HOURS", "").strip()
    if not hours:
        return Publication(PLANS[plan], f"POLYGON_PLAN={plan}")
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,2})?", hours) or float(hours) > MOST_LAG_HOURS:
        raise BadSetting(
            f"POLYGON_LAG_HOURS is {hours!r}; expected hours from a session's close until it is served, "
            f"0 to {MOST_LAG_HOURS}, such as 0.25, or nothing where POLYGON_PLAN says it."
        )
    return Publication(timedelta(hours=float(hours)), f"POLYGON_LAG_HOURS={hours}")


def scheduled(environment: Mapping[str, str] = os.environ) -> Publication:
    """`read_publication` for DAG files while they are parsed: the tasks report a setting that cannot be used."""
    try:
        return read_publication(environment)
    except BadSetting:
        return read_publication({})


def _recent(now: datetime) -> tuple[date, ...]:
    """Sessions of the last weeks, today's included."""
    today = now.astimezone(NEW_YORK).date()
    return calendar.sessions(today - timedelta(days=21), today)
