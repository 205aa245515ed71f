"""The exchange's calendar: what stands in the repository is what its script prints, and the model is the exchange's."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import exchange_calendars
import pytest

from scripts import exchange_closures
from tests.dbt.conftest import Dbt, Lake
from tests.gates.sources import REPOSITORY


@pytest.fixture(scope="module")
def days(lake: Lake, dbt: Dbt) -> dict[date, tuple[bool, int]]:
    """Session or not, and sessions so far, by day."""
    dbt("run", "--select", "int_polygon__exchange_closures", "int_polygon__exchange_days")
    return {day: (bool(is_session), int(so_far)) for day, is_session, so_far in lake.execute(DAYS)}


TABLE = "intermediate.int_polygon__exchange_days"
DAYS = f"select calendar_date, is_session, sessions_so_far from {TABLE}"


def test_closures_are_what_the_script_prints() -> None:
    assert (REPOSITORY / "dbt/macros/exchange_closures.sql").read_text() == exchange_closures.render()


def test_sessions_are_the_exchanges_and_counted_from_the_first_day(days: dict[date, tuple[bool, int]]) -> None:
    calendar = exchange_calendars.get_calendar("XNYS", start="2000-01-01", end="2035-12-31")
    sessions = {stamp.date() for stamp in calendar.sessions}
    first, last = date(2000, 1, 1), date(2035, 12, 31)

    so_far = 0
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        so_far += day in sessions
        assert days[day] == (day in sessions, so_far)
    assert len(days) == (last - first).days + 1


def test_last_close_is_the_exchanges_also_on_half_days(lake: Lake, days: dict[date, tuple[bool, int]]) -> None:
    calendar = exchange_calendars.get_calendar("XNYS", start="2000-01-01", end="2035-12-31")
    closes = calendar.closes.dt.tz_convert("America/New_York").dt.tz_localize(None)
    found = lake.execute(f"select calendar_date, last_close_at from {TABLE} where is_session")

    assert dict(found) == {stamp.date(): close for stamp, close in closes.items()}


@pytest.mark.parametrize(
    ("day", "is_session"),
    [
        pytest.param(date(2025, 1, 9), False, id="closed ad hoc"),
        pytest.param(date(2026, 11, 27), True, id="half a day"),
        pytest.param(date(2026, 11, 26), False, id="Thanksgiving"),
        pytest.param(date(2026, 11, 28), False, id="Saturday"),
    ],
)
def test_odd_days(days: dict[date, tuple[bool, int]], day: date, is_session: bool) -> None:
    assert days[day][0] is is_session


def test_closures_that_are_announced_or_named_are_no_sessions_until_they_are_called_off(
    lake: Lake, dbt: Dbt, days: dict[date, tuple[bool, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def announce(at: datetime, *closures: str) -> set[date]:
        """Weekdays that are no sessions though the calendar has them, after a manifest and a build."""
        lake.load("tickers", "/v3/reference/tickers", [], at=at, closures=closures)
        dbt("run", "--select", "int_polygon__exchange_closures", "int_polygon__exchange_days")
        found = {day: bool(is_session) for day, is_session, _ in lake.execute(DAYS)}
        return {day for day, (is_session, _) in days.items() if is_session and not found[day]}

    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    monkeypatch.setenv("SNOWTAPE_EXCHANGE_CLOSURES", "2026-11-24")
    assert announce(datetime(2026, 11, 20), str(monday), "2026-12-01") == {monday, tuesday, date(2026, 12, 1)}
    monkeypatch.delenv("SNOWTAPE_EXCHANGE_CLOSURES")
    assert announce(datetime(2026, 11, 21), str(monday)) == {monday}
    # More than 400 days later a manifest doesn't speak of it any more.
    assert announce(datetime(2028, 1, 3)) == {monday}
    assert announce(datetime(2026, 11, 22)) == set()
