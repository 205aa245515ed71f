"""From S3 into Snowflake's raw tables: every manifest that the ledger lacks."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag

from ingest.datasets import Family
from wiring.assets import LANDED
from wiring.defaults import DEFAULT_ARGS, ends_within
from wiring.loading import load_family

DOC = """
### Load what has landed

Runs after every ingest, triggered by its asset event, and every half hour, because an event can be lost. The ledger in
the warehouse says which manifests are loaded. A triggered run lists only manifests above the watermark; a scheduled or
manual run lists all of them and so finds whatever was missed. A refused manifest is recorded with its reason in
`raw.load_rejects` and fails the run; the next run tries it again.
"""


def build(family: Family) -> None:
    """Define the load DAG of a family."""

    @dag(
        dag_id=f"polygon_{family}_load",
        schedule=AssetOrTimeSchedule(
            timetable=CronTriggerTimetable("*/30 * * * *", timezone="UTC", run_immediately=timedelta()),
            assets=[LANDED[family]],
        ),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        deadline=ends_within(2, f"polygon_{family}_load"),
        tags=["polygon", family.value, "load"],
        doc_md=DOC,
    )
    def load() -> None:
        load_family(family)

    load()


for family in Family:
    build(family)
