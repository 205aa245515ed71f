from datetime import UTC, date, datetime

import pytest

from ingest import calendar
from ingest.errors import BadSetting


@pytest.mark.parametrize(
    ("now", "session"),
    [
        pytest.param(datetime(2026, 11, 20, 20, 59, tzinfo=UTC), date(2026, 11, 19), id="a minute before the close"),
        pytest.param(datetime(2026, 11, 20, 21, 0, tzinfo=UTC), date(2026, 11, 20), id="at the close, winter time"),
        pytest.param(datetime(2026, 7, 1, 20, 0, tzinfo=UTC), date(2026, 7, 1), id="at the close, summer time"),
        pytest.param(datetime(2026, 11, 22, 12, 0, tzinfo=UTC), date(2026, 11, 20), id="Sunday"),
        pytest.param(datetime(2026, 11, 27, 18, 0, tzinfo=UTC), date(2026, 11, 27), id="early close at 13:00"),
        pytest.param(datetime(2026, 11, 26, 23, 0, tzinfo=UTC), date(2026, 11, 25), id="Thanksgiving"),
        pytest.param(datetime(2026, 11, 21, 1, 0, tzinfo=UTC), date(2026, 11, 20), id="next day in UTC, same evening"),
    ],
)
def test_the_last_completed_session_is_the_last_whose_close_has_passed(now: datetime, session: date) -> None:
    assert calendar.last_completed_session(now) == session


def test_the_first_day_of_the_calendar_is_a_holiday_that_may_be_asked_for() -> None:
    first = calendar.FIRST_DAY
    assert calendar.sessions(first, date(2003, 1, 3)) == (date(2003, 1, 2), date(2003, 1, 3))
    assert calendar.sessions(first, first) == ()


def test_sessions_leave_out_weekends_holidays_and_ad_hoc_closures() -> None:
    assert calendar.sessions(date(2025, 1, 8), date(2025, 1, 13)) == (
        date(2025, 1, 8),
        date(2025, 1, 10),  # the 9th was a day of mourning
        date(2025, 1, 13),
    )


def test_previous_sessions_are_the_ones_before_oldest_first() -> None:
    assert calendar.previous_sessions(date(2026, 11, 30), 3) == (
        date(2026, 11, 24),
        date(2026, 11, 25),
        date(2026, 11, 27),
    )


def test_early_closes_are_known() -> None:
    assert calendar.is_early_close(date(2026, 11, 27))
    assert not calendar.is_early_close(date(2026, 11, 25))


def test_a_date_outside_the_calendar_is_a_clear_error() -> None:
    with pytest.raises(BadSetting, match="1999-01-04 is outside"):
        calendar.sessions(date(1999, 1, 4), date(2026, 11, 20))
