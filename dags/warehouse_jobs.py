"""What dbt does in the warehouse after a load: build the models, then test them and keep every result."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag

from ingest.datasets import Family
from wiring.assets import LOADED, MARTS_BUILT
from wiring.defaults import DEFAULT_ARGS, ends_within
from wiring.transforming import build, test

BUILD = """
### Snapshots, models and their tests

One `dbt build` after every load, with the tests that stop it (`gates` in `dbt/selectors.yml`). Views and comments
are left as they are while the project is the one of the last build; a manual run defines them again. A retry goes on
with `dbt retry` from where the try before has failed.
Once an hour as well, because the event of a load can be lost, for example while this DAG is paused, and for overrides.
A run that finds nothing newer in the ledger than the last build, and no new override, is skipped; a manual run always
builds. Rings `marts_built`.

What became of each model, with seconds and rows, is in `ops.build_models` and on the data-quality page, under "Builds".
"""
TEST = """
### Data tests, with their history

After a build, the data tests that it has not run; by hand, all of them. Every result, also of a test that passed, is
appended to `ops.dbt_test_results`. Red when a test has failed, after its result is kept.
"""


@dag(
    dag_id="dbt_build",
    # Five minutes past: the load's own check, on the hour, has woken the warehouse already.
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("5 * * * *", timezone="UTC", run_immediately=timedelta()),
        assets=(LOADED[Family.STOCKS] | LOADED[Family.OPTIONS]),
    ),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    deadline=ends_within(2, "dbt_build"),
    tags=["dbt"],
    doc_md=BUILD,
)
def dbt_build() -> None:
    build()


@dag(
    dag_id="dbt_test",
    schedule=[MARTS_BUILT],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    deadline=ends_within(1, "dbt_test"),
    tags=["dbt"],
    doc_md=TEST,
)
def dbt_test() -> None:
    test()


dbt_build()
dbt_test()
