"""The tasks of an ingest: plan → land (one per batch) → announce (one asset event) and complete (fails if a batch did).

Modules that take long to import, and every setting, are read by the tasks: parsing needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Metadata, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from ingest.datasets import Family
from wiring.assets import LANDED
from wiring.defaults import API_POOL, final_errors

Batches = list[dict[str, Any]]


# Planning sends one request, to see that the key is accepted and the server is there.
@task(pool=API_POOL)
def plan_daily(family: str) -> Batches:
    """The newest published session, the sessions before it again, and the reference data that changed."""
    from ingest import runs

    with final_errors():
        return runs.plan_daily(Family(family))


@task(pool=API_POOL)
def plan_backfill(family: str) -> Batches:
    """What no manifest covers of the range in the run's params; refused manifests cover nothing."""
    from ingest import runs
    from wiring.warehouse import warehouse

    with final_errors():
        with warehouse() as connection:
            refused = runs.refused(connection, Family(family))
        return runs.plan_backfill(Family(family), get_current_context()["params"], refused=refused)


@task(pool=API_POOL, map_index_template="{{ batch_label }}")
def land(batch: dict[str, Any]) -> None:
    """Fetch a batch and land its raw objects and its manifest."""
    from ingest import runs

    context: Any = get_current_context()
    context["batch_label"] = batch["label"]
    tried_since = context["dag_run"].start_date if context["ti"].try_number > 1 else None
    with final_errors():
        runs.land(batch, context["dag"].dag_id, context["run_id"], tried_since=tried_since)


def ingest(family: Family, plan: Callable[[str], Any]) -> None:
    """Wire the tasks of one ingest DAG.

    Args:
        plan: `plan_daily` or `plan_backfill`.
    """
    asset = LANDED[family]

    # All done, not all successful: what a red run has saved is announced too.
    @task(outlets=[asset], trigger_rule=TriggerRule.ALL_DONE)
    def announce() -> Iterator[Metadata]:
        """Emit one asset event, if the run has landed anything."""
        from ingest import runs

        context: Any = get_current_context()
        dag_run = context["dag_run"]
        extra = runs.landed(family, context["dag"].dag_id, context["run_id"], dag_run.start_date)
        if extra is None:
            raise AirflowSkipException("This run landed nothing.")
        yield Metadata(asset, extra)

    batches = land.expand(batch=plan(family.value))
    batches >> [announce(), EmptyOperator(task_id="complete")]
