"""What every DAG file keeps to."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"
FILES = sorted(DAGS.glob("*.py"))
WIRING = sorted((DAGS / "wiring").glob("*.py"))
INGESTS = [
    "polygon_options_ingest_backfill",
    "polygon_options_ingest_daily",
    "polygon_stocks_ingest_backfill",
    "polygon_stocks_ingest_daily",
]
LOADS = ["polygon_options_load", "polygon_stocks_load"]
ALL = sorted([*INGESTS, *LOADS, "dbt_build", "dbt_test"])


def test_all_files_parse_without_settings_network_or_connection(dag_bag) -> None:
    assert dag_bag.import_errors == {}
    assert sorted(dag_bag.dags) == ALL


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dag_file_is_thin_and_not_mistaken_for_a_dbt_plugin(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 80
    assert not path.name.startswith("dbt_")


@pytest.mark.parametrize("path", [*FILES, *WIRING], ids=lambda path: path.name)
def test_nothing_is_imported_from_airflow_but_its_sdk_and_providers(path: Path) -> None:
    modules = [node.module or "" for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    used = {module for module in modules if module.split(".")[0] == "airflow"}
    assert all(module.startswith(("airflow.sdk", "airflow.providers")) for module in used)


@pytest.mark.parametrize("path", [*FILES, *WIRING], ids=lambda path: path.name)
def test_parsing_imports_only_the_light_modules_of_the_package(path: Path) -> None:
    """boto3, pandas and the connector take seconds; a task imports what needs them, a file that is parsed doesn't."""
    at_the_top = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in at_the_top}
    assert {name for name in names if name.split(".")[0] in ("ingest", "transform")} <= {
        "ingest.datasets",
        "ingest.errors",
        "ingest.publication",
    }
    # Only the module that the tasks import late may import the provider.
    assert path.name == "warehouse.py" or not any(name.startswith("airflow.providers.snowflake") for name in names)


@pytest.mark.parametrize("dag_id", ALL)
def test_every_dag_has_a_page_tags_an_owner_and_growing_retries(dag_bag, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]
    assert dag.doc_md.startswith("\n###") or dag.doc_md.startswith("###")
    assert dag.tags
    assert dag.max_active_runs == 1
    assert not dag.catchup
    for task in dag.tasks:
        assert task.owner == "snowtape"
        assert task.retry_exponential_backoff
        assert task.max_retry_delay <= timedelta(minutes=15)
        assert task.has_on_failure_callback


@pytest.mark.parametrize("dag_id", INGESTS)
def test_only_tasks_that_send_requests_take_the_slot_of_the_api(dag_bag, dag_id: str) -> None:
    pools = {task.task_id.partition("_")[0]: task.pool for task in dag_bag.dags[dag_id].tasks}
    assert pools == {
        "plan": "polygon_api",
        "land": "polygon_api",
        "announce": "default_pool",
        "complete": "default_pool",
    }


@pytest.mark.parametrize(
    ("dag_id", "ringing"), [*((one, "announce") for one in INGESTS), *((one, "loaded") for one in LOADS)]
)
def test_one_unmapped_task_rings_whatever_became_of_the_mapped_ones(dag_bag, dag_id: str, ringing: str) -> None:
    dag = dag_bag.dags[dag_id]
    with_outlets = [task for task in dag.tasks if task.outlets]
    assert [task.task_id for task in with_outlets] == [ringing]
    assert not with_outlets[0].is_mapped
    assert with_outlets[0].trigger_rule == "all_done"


@pytest.mark.parametrize(("dag_id", "mapped"), [*((one, "land") for one in INGESTS), *((one, "load") for one in LOADS)])
def test_a_failed_batch_makes_the_run_red(dag_bag, dag_id: str, mapped: str) -> None:
    complete = dag_bag.dags[dag_id].task_dict["complete"]
    assert not complete.downstream_task_ids
    assert mapped in complete.upstream_task_ids
    assert complete.trigger_rule == "all_success"


@pytest.mark.parametrize("dag_id", LOADS)
def test_a_replaced_manifest_makes_the_run_red_and_keeps_no_load_back(dag_bag, dag_id: str) -> None:
    verify = dag_bag.dags[dag_id].task_dict["verify"]
    assert not verify.downstream_task_ids
    assert not verify.upstream_task_ids


def test_the_assets_chain_the_dags(dag_bag) -> None:
    def waits_for(dag_id: str) -> set[str]:
        return {asset.name for asset in dag_bag.dags[dag_id].timetable.asset_condition.objects}

    def rings(dag_id: str) -> set[str]:
        return {asset.name for task in dag_bag.dags[dag_id].tasks for asset in task.outlets}

    assert waits_for("polygon_stocks_load") == rings("polygon_stocks_ingest_daily") == {"stocks_landed"}
    assert waits_for("polygon_options_load") == rings("polygon_options_ingest_backfill") == {"options_landed"}
    assert waits_for("dbt_build") == {"stocks_loaded", "options_loaded"}
    assert rings("polygon_stocks_load") | rings("polygon_options_load") == waits_for("dbt_build")
    # An event that is lost costs an hour at most.
    assert dag_bag.dags["dbt_build"].timetable.timetable.expression == "5 * * * *"
    assert waits_for("dbt_test") == rings("dbt_build") == {"marts_built"}


def test_without_a_setting_daily_runs_start_when_a_free_plan_has_the_session(dag_bag) -> None:
    schedules = [
        dag_bag.dags[f"polygon_{family}_ingest_daily"].timetable.expression for family in ("stocks", "options")
    ]
    assert schedules == ["30 0 * * TUE,WED,THU,FRI,SAT", "45 0 * * TUE,WED,THU,FRI,SAT"]


def test_backfills_ask_for_start_and_daily_runs_for_nothing(dag_bag) -> None:
    assert set(dag_bag.dags["polygon_stocks_ingest_backfill"].params) == {"start", "end", "tickers", "refetch"}
    assert set(dag_bag.dags["polygon_options_ingest_backfill"].params) == {"start", "end", "underlyings", "refetch"}
    assert not dag_bag.dags["polygon_stocks_ingest_daily"].params
