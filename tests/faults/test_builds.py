"""SIGKILL in the midst of a build, then one undisturbed build: the marts are those of a full refresh."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Dbt
from tests.faults import points
from tests.faults.drill import Drill
from tests.faults.site import Site


def test_a_killed_build_leaves_marts_that_the_next_one_makes_right(site: Site, dbt: Dbt) -> None:
    drill = Drill(site, dbt)
    drill.recover(drill.next_sessions())
    for kill in points.chosen(points.BUILD):
        drill.run(kill)
    drill.check()
    drill.check_marts()


@pytest.mark.parametrize("damage", ["delete", "change"])
def test_a_mart_that_is_no_full_refresh_is_noticed(site: Site, dbt: Dbt, damage: str) -> None:
    bars = "marts.fct_polygon__stock_bars_performance"
    damages = {
        "delete": f"delete from {bars} where ticker = 'AAPL'",
        "change": f"update {bars} set sma_20_usd = 1 where ticker = 'AAPL'",
    }
    site.database.rows(damages[damage])

    with pytest.raises(AssertionError, match="FCT_POLYGON__STOCK_BARS_PERFORMANCE"):
        Drill(site, dbt).check_marts()
