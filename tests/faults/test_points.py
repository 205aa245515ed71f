"""SIGKILL at each named point of ingest and load, then one undisturbed run: nothing is lost, nothing is there twice."""

from __future__ import annotations

import pytest

from tests.faults import points
from tests.faults.drill import Drill
from tests.faults.points import Kill
from tests.faults.site import Site


@pytest.fixture(scope="module")
def drill(site: Site) -> Drill:
    return Drill(site)


@pytest.mark.parametrize("kill", points.chosen([*points.INGEST, *points.LOAD]), ids=lambda kill: kill.name)
def test_a_kill_at_this_point_loses_nothing_and_doubles_nothing(drill: Drill, kill: Kill) -> None:
    drill.run(kill)
    drill.check()
