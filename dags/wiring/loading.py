"""The tasks of a load: sweep → load (one per batch of manifests) → loaded (one asset event) and complete; verify."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Metadata, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from ingest.datasets import Family
from wiring.assets import LOADED
from wiring.defaults import final_errors


@task
def sweep(family: str) -> list[list[str]]:
    """Manifests on S3 that the warehouse's ledger lacks: above the watermark if an ingest triggered it, else all."""
    from ingest import runs
    from wiring.warehouse import warehouse

    with final_errors(), warehouse() as connection:
        batches = runs.sweep(connection, Family(family), full=not _was_rung())
    if not batches:
        raise AirflowSkipException("Every manifest is loaded.")
    return batches


# One at a time: loads of a family wait for the same lock in the warehouse anyway.
@task(map_index_template="{{ batch_label }}", max_active_tis_per_dagrun=1)
def load(keys: list[str]) -> None:
    """CALL raw.load_manifests with the keys; continues after a refused one and fails at the end."""
    from ingest import runs
    from wiring.warehouse import warehouse

    context: Any = get_current_context()
    context["batch_label"] = f"{len(keys)} manifests from {keys[0].rpartition('/')[2]}"
    with final_errors(), warehouse() as connection:
        runs.load(connection, keys)


@task
def verify(family: str) -> None:
    """Fails if a loaded manifest was replaced. Skipped if an ingest triggered the run, since it lists everything."""
    from ingest import runs
    from wiring.warehouse import warehouse

    if _was_rung():
        return
    with final_errors(), warehouse() as connection:
        runs.verify(connection, Family(family))


def _was_rung() -> bool:
    context: Any = get_current_context()
    return bool(context["dag_run"].run_type == "asset_triggered")


def load_family(family: Family) -> None:
    """Wire the tasks of one load DAG."""
    asset = LOADED[family]

    # All done: a manifest that was rejected must not keep the others from the marts.
    @task(outlets=[asset], trigger_rule=TriggerRule.ALL_DONE)
    def loaded(batches: list[list[str]] | None) -> Iterator[Metadata]:
        """Emit one asset event, if the ledger now has any of the swept manifests."""
        from ingest import runs
        from wiring.warehouse import warehouse

        if not batches:
            raise AirflowSkipException("There was nothing to load.")
        with warehouse() as connection:
            extra = runs.loaded(connection, family, batches)
        if extra is None:
            raise AirflowSkipException("Nothing was loaded.")
        yield Metadata(asset, extra)

    batches: Any = sweep(family.value)
    load.expand(keys=batches) >> [loaded(batches), EmptyOperator(task_id="complete")]
    verify(family.value)
