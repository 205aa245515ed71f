"""Random schedules of faults; the seed of one that fails is in the failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.dbt.conftest import Dbt
from tests.faults import oracle
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
    logs = {str(path): path.read_bytes() for path in drill.site.folder.rglob("*") if _is_written_about_the_work(path)}
    tables = {f"table {name}": repr(rows).encode() for name, rows in drill.tables().items()}

    assert len(logs) > 5
    assert len(tables) > 20
    assert oracle.leaks(logs | oracle.objects() | tables) == []


def _is_written_about_the_work(path: Path) -> bool:
    """Not the store's own file of identities, which is where its keys belong."""
    return path.is_file() and path.name != "identities.json"
