"""SIGKILL in the midst of a build, and random schedules of faults: afterwards the marts are those of a full refresh."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Dbt
from tests.faults import leaks, points
from tests.faults.drill import Drill
from tests.faults.schedules import Schedule
from tests.faults.site import Site

# Small: `make faults` runs many.
SEEDS, STEPS = (1,), 3


@pytest.fixture(scope="module")
def drill(site: Site, dbt: Dbt) -> Drill:
    return Drill(site, dbt)


def test_a_killed_build_leaves_marts_that_the_next_one_makes_right(drill: Drill) -> None:
    drill.recover(drill.next_sessions())
    for kill in points.chosen(points.BUILD):
        drill.run(kill)
    drill.check()
    drill.check_marts()


@pytest.mark.parametrize("damage", ["delete", "change"])
def test_a_mart_that_is_no_full_refresh_is_noticed(drill: Drill, damage: str) -> None:
    bars = "marts.fct_polygon__stock_bars_performance"
    damages = {
        "delete": f"delete from {bars} where ticker = 'AAPL'",
        "change": f"update {bars} set sma_20_usd = 1 where ticker = 'AAPL'",
    }
    drill.site.database.rows(damages[damage])

    with pytest.raises(AssertionError, match="FCT_POLYGON__STOCK_BARS_PERFORMANCE"):
        drill.check_marts()


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_schedule_of_faults_everything_is_there_once_and_the_marts_are_right(drill: Drill, seed: int) -> None:
    drill.begin_again()
    Schedule(drill, seed, STEPS).run()
    drill.check_marts()


def test_no_secret_is_in_a_log_an_object_a_manifest_or_a_table(drill: Drill) -> None:
    assert len(leaks.written(drill)) > 5
    assert len(leaks.objects()) > 5
    assert len(leaks.tables(drill)) > 20
    assert leaks.everywhere(drill) == []
