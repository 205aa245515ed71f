"""From when on a session is served, by plan; the oracle is a wall clock in New York."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ingest.errors import BadSetting
from ingest.publication import PLANS, read_publication, scheduled

FREE, REAL_TIME = read_publication({}), read_publication({"POLYGON_PLAN": "real-time"})


def at(text: str) -> datetime:
    """A moment of November 2026 or another named month, New York time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("now", "published", "outstanding"),
    [
        pytest.param("2026-11-20 15:59", "2026-11-19", [], id="open"),
        pytest.param("2026-11-20 16:00", "2026-11-19", ["2026-11-20"], id="just closed"),
        pytest.param("2026-11-20 18:15", "2026-11-19", ["2026-11-20"], id="evening"),
        pytest.param("2026-11-20 23:59", "2026-11-19", ["2026-11-20"], id="a minute before midnight"),
        pytest.param("2026-11-21 00:00", "2026-11-20", [], id="midnight"),
        pytest.param("2026-11-21 00:30", "2026-11-20", [], id="half past midnight"),
        pytest.param("2026-11-22 12:00", "2026-11-20", [], id="Sunday"),
        pytest.param("2026-11-23 18:15", "2026-11-20", ["2026-11-23"], id="Monday evening"),
        pytest.param("2026-11-26 18:15", "2026-11-25", [], id="Thanksgiving"),
        pytest.param("2026-11-27 13:00", "2026-11-25", ["2026-11-27"], id="half-day, closed"),
        pytest.param("2026-11-28 00:30", "2026-11-27", [], id="night after a half-day"),
        pytest.param("2026-03-06 18:15", "2026-03-05", ["2026-03-06"], id="before the clocks change"),
        pytest.param("2026-03-10 00:00", "2026-03-09", [], id="after the clocks have changed"),
    ],
)
def test_a_free_plan_has_a_session_from_midnight_on(now: str, published: str, outstanding: list[str]) -> None:
    assert str(FREE.newest(at(now))) == published
    assert [str(day) for day in FREE.outstanding(at(now))] == outstanding


@pytest.mark.parametrize(
    ("now", "published"),
    [("2026-11-20 15:59", "2026-11-19"), ("2026-11-20 16:00", "2026-11-20"), ("2026-11-27 13:00", "2026-11-27")],
)
def test_a_real_time_plan_has_it_at_the_close(now: str, published: str) -> None:
    assert str(REAL_TIME.newest(at(now))) == published
    assert REAL_TIME.outstanding(at(now)) == ()


def test_a_lag_overrides_the_plan_and_counts_from_the_close() -> None:
    lag = read_publication({"POLYGON_PLAN": "free", "POLYGON_LAG_HOURS": "4.5"})
    assert str(lag.newest(at("2026-11-20 20:29"))) == "2026-11-19"
    assert str(lag.newest(at("2026-11-20 20:30"))) == "2026-11-20"
    assert str(lag.newest(at("2026-11-27 17:30"))) == "2026-11-27"


@pytest.mark.parametrize(
    ("environment", "cron"),
    [
        pytest.param({}, "30 0 * * TUE,WED,THU,FRI,SAT", id="default"),
        pytest.param({"POLYGON_PLAN": "real-time"}, "15 18 * * MON,TUE,WED,THU,FRI", id="real-time"),
        pytest.param({"POLYGON_LAG_HOURS": "4"}, "30 20 * * MON,TUE,WED,THU,FRI", id="evening"),
        pytest.param({"POLYGON_LAG_HOURS": "20"}, "30 12 * * TUE,WED,THU,FRI,SAT", id="noon of the next day"),
        pytest.param({"POLYGON_PLAN": "gold"}, "30 0 * * TUE,WED,THU,FRI,SAT", id="reported by the tasks"),
    ],
)
def test_the_daily_run_starts_after_publication(environment: dict[str, str], cron: str) -> None:
    assert scheduled(environment).daily_cron() == cron


@pytest.mark.parametrize("plan", PLANS)
def test_every_session_is_published_when_its_daily_run_starts(plan: str) -> None:
    publication = read_publication({"POLYGON_PLAN": plan})
    minute, hour, *_ = publication.daily_cron().split()
    start = at(f"2026-11-{20 + (int(hour) < 12)} {int(hour):02}:{int(minute):02}")
    assert publication.newest(start) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("name", "value"),
    [("POLYGON_PLAN", "gold"), ("POLYGON_LAG_HOURS", "-1"), ("POLYGON_LAG_HOURS", "80"), ("POLYGON_LAG_HOURS", "soon")],
)
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"{name} is '{value}'; expected"):
        read_publication({name: value})


def test_a_session_that_is_outstanding_is_explained_without_blame() -> None:
    assert FREE.explain(date(2026, 11, 20)) == (
        "Session 2026-11-20 has closed but is not published yet: with POLYGON_PLAN=free it is served from "
        "2026-11-21 00:00 New York time. A later run fetches it."
    )
