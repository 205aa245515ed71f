"""Random schedules of faults; the seed of one that fails is in the failure."""

from __future__ import annotations

import os

import pytest

from tests.dbt.conftest import Dbt
from tests.faults import leaks
from tests.faults.drill import Drill
from tests.faults.schedules import Schedule
from tests.faults.site import Site

SEEDS = [int(seed) for seed in os.environ.get("SNOWTAPE_FAULT_SEEDS", "1").split(",")]
STEPS = int(os.environ.get("SNOWTAPE_FAULT_STEPS", "4"))


@pytest.fixture(scope="module")
def drill(site: Site, dbt: Dbt) -> Drill:
    return Drill(site, dbt)


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
