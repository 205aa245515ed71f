"""Which session is due: ingest, dbt and the dashboard read the same settings and come to the same answer."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import jinja2
import pandas as pd
import pytest

from dashboard.data import sessions
from dashboard.data.door import Door
from dashboard.settings import GRACE_HOURS, SettingsError, read_session_due
from ingest.publication import PLANS, read_publication
from tests.dashboard.conftest import FakeWarehouse
from tests.gates.sources import REPOSITORY

SETTINGS = [{"POLYGON_PLAN": plan} for plan in (*PLANS, "", " Real-Time ")]
SETTINGS += [{"POLYGON_PLAN": "real-time", "POLYGON_LAG_HOURS": hours} for hours in ("0", "0.25", "5", "20")]
WRONG = [{"POLYGON_PLAN": "gold"}, {"POLYGON_LAG_HOURS": "soon"}, {"POLYGON_LAG_HOURS": "-1"}]
# A week with a holiday, a weekend and no early close.
HOURS = [datetime(2026, 7, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(7 * 24)]


def dbt_due_hours(environment: dict[str, str]) -> float:
    """What the macro that `ops.freshness` calls renders to."""

    def refuse(message: str) -> None:
        raise ValueError(message)

    macro = (REPOSITORY / "dbt/macros/session_due_hours.sql").read_text()
    known: dict[str, Any] = {
        "env_var": environment.get,
        "modules": SimpleNamespace(re=re),
        "exceptions": SimpleNamespace(raise_compiler_error=refuse),
    }
    template = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(macro + "{{ session_due_hours() }}")
    return float(template.render(known))


@pytest.mark.parametrize("environment", SETTINGS, ids=str)
def test_a_session_is_due_six_hours_after_it_is_published(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    due = read_session_due(environment)
    assert dbt_due_hours(environment) == due / timedelta(hours=1)
    monkeypatch.setattr(sessions, "session_due", lambda: due)
    publication, grace = read_publication(environment), timedelta(hours=GRACE_HOURS)
    assert [sessions.expected_session(hour) for hour in HOURS] == [publication.newest(hour - grace) for hour in HOURS]


@pytest.mark.parametrize("environment", WRONG, ids=str)
def test_a_bad_setting_is_refused_by_name_everywhere(environment: dict[str, str]) -> None:
    (name,) = environment
    with pytest.raises(SettingsError, match=name):
        read_session_due(environment)
    with pytest.raises(ValueError, match=name):
        dbt_due_hours(environment)


def test_sessions_behind_are_counted_to_the_one_that_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "session_due", lambda: read_session_due({}))
    tuesday_evening, wednesday_morning = (
        datetime(2026, 11, 24, 23, 15, tzinfo=UTC),
        datetime(2026, 11, 25, 11, tzinfo=UTC),
    )
    friday = datetime(2026, 11, 20).date()
    assert sessions.sessions_behind(friday, tuesday_evening) == 1
    assert sessions.sessions_behind(friday, wednesday_morning) == 2


def test_a_closure_that_the_calendar_lacks_makes_nothing_late(
    monkeypatch: pytest.MonkeyPatch, fake: FakeWarehouse
) -> None:
    monkeypatch.setattr(sessions, "session_due", lambda: read_session_due({}))
    wednesday_morning, friday = datetime(2026, 11, 25, 11, tzinfo=UTC), datetime(2026, 11, 20).date()
    sessions.follow(Door(fake))
    fake.closures = pd.DataFrame({"closure_date": [date(2026, 11, 24)]})
    assert sessions.sessions_behind(friday, wednesday_morning) == 1
    assert sessions.expected_session(wednesday_morning) == date(2026, 11, 23)
    fake.is_away = True
    sessions.follow(Door(fake))
    assert sessions.sessions_behind(friday, wednesday_morning) == 2
