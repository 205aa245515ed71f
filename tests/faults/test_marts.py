"""A random schedule of faults, with a build that is killed: afterwards the marts are those of a full refresh."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Dbt
from tests.faults import building, leaks
from tests.faults.drill import Drill
from tests.faults.schedules import Schedule
from tests.faults.site import Site

# Builds take their time on a busy machine.
pytestmark = pytest.mark.timeout(1800)
# A restatement, then a build that is killed in its snapshot; `make faults` runs many others.
SEED, STEPS = 1401, 2


@pytest.fixture(scope="module")
def drill(site: Site, dbt: Dbt) -> Drill:
    made = Drill(site, dbt)
    made.recover(made.next_sessions())
    return made


def test_after_a_schedule_of_faults_everything_is_there_once_and_the_marts_are_right(drill: Drill) -> None:
    schedule = Schedule(drill, SEED, STEPS)
    schedule.run()
    drill.check_marts()
    assert any("mid-snapshot" in step for step in schedule.told), "take another seed"
    assert any("restatement" in step for step in schedule.told), "take another seed"


def test_a_mart_that_is_no_full_refresh_is_noticed(drill: Drill) -> None:
    refreshed = building.contents(drill.site.database)
    drill.site.database.rows(
        "update marts.fct_polygon__stock_bars_performance set sma_20_usd = 1 where ticker = 'AAPL'"
    )

    (told,) = building.differences(building.contents(drill.site.database), refreshed)
    assert "FCT_POLYGON__STOCK_BARS_PERFORMANCE" in told


def test_no_secret_is_in_a_log_an_object_a_manifest_or_a_table(drill: Drill) -> None:
    assert len(leaks.written(drill)) > 5
    assert len(leaks.objects()) > 5
    assert len(leaks.tables(drill)) > 20
    assert leaks.everywhere(drill) == []
