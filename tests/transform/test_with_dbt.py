"""The runner with the real dbt and a project of two models, on the local warehouse."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.warehouse.process import RunningWarehouse
from tests.gates.sources import REPOSITORY
from transform.results import record
from transform.run import DbtRun, dbt
from transform.settings import TransformSettings

DATABASE = "TRANSFORM_TESTS"
PROJECT = """
name: two_models
version: 1.0.0
profile: snowtape
query-comment: {comment: "{{ query_comment(node) }}", append: true}
on-run-end: "{{ record_failing_rows(results) }}"
models:
  +schema: marts
"""
MODELS = """
version: 2
models:
  - name: first
    columns:
      - name: id
        data_tests:
          - not_null
          - unique: {config: {severity: warn}}
"""


@pytest.fixture(scope="module")
def connection(deployed: Callable[[str, tuple[str, ...]], Any]) -> Any:
    return deployed(DATABASE, ("V1.0.0__", "V1.0.4__", "V1.0.9__"))


@pytest.fixture(scope="module")
def runs(warehouse: RunningWarehouse, connection: Any, tmp_path_factory: pytest.TempPathFactory) -> list[DbtRun]:
    """A build in which the second model fails, its retry after the model was mended, and a run of the tests."""
    project = tmp_path_factory.mktemp("project") / "dbt"
    (project / "models").mkdir(parents=True)
    (project / "macros").mkdir()
    macros = ("generate_schema_name", "query_comment", "record_failing_rows")
    for name in ("profiles.yml", *(f"macros/{macro}.sql" for macro in macros)):
        (project / name).write_text((REPOSITORY / "dbt" / name).read_text())
    (project / "dbt_project.yml").write_text(PROJECT)
    (project / "models" / "models.yml").write_text(MODELS)
    (project / "models" / "first.sql").write_text("select 1 as id union all select 1 as id")
    (project / "models" / "second.sql").write_text("select no_such_column from {{ ref('first') }}")
    settings = TransformSettings(Path(sys.executable).with_name("dbt"), project)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "SNOWFLAKE_ACCOUNT": "local",
            "SNOWFLAKE_USER": "tester",
            "SNOWFLAKE_PASSWORD": warehouse.token,
            "SNOWFLAKE_DATABASE": DATABASE,
            "SNOWFLAKE_HOST": warehouse.host,
            "SNOWFLAKE_PORT": str(warehouse.port),
            "SNOWFLAKE_PROTOCOL": "http",
        }.items():
            patch.setenv(name, value)
        failed = dbt("build", settings=settings, run_id="try 1")
        (project / "models" / "second.sql").write_text("select id from {{ ref('first') }}")
        retried = dbt("build", settings=settings, run_id="try 2", previous_target=failed.target_path)
        return [failed, retried, dbt("test", settings=settings, run_id="tests")]


def test_failed_build_says_which_model_and_why(runs: list[DbtRun]) -> None:
    assert not runs[0].ok
    assert "first failure: second: Database Error in model second" in runs[0].summary
    assert "no_such_column" in runs[0].summary.lower()


def test_retry_takes_up_only_what_failed(runs: list[DbtRun]) -> None:
    assert runs[1].ok, runs[1].summary
    # The second model and the project's hook.
    assert runs[1].summary.startswith("dbt build: 2 success in ")
    assert runs[1].results == []


def test_every_query_names_its_run(runs: list[DbtRun]) -> None:
    log = (runs[0].target_path / "dbt.log").read_text()
    said = [json.loads(comment) for comment in re.findall(r"^/\* ({.*}) \*/", log, re.MULTILINE)]

    assert {comment["tag"] for comment in said} == {"snowtape/dbt_build/try 1"}
    assert "model.two_models.first" in {comment.get("node_id") for comment in said}


def test_only_the_first_run_parses_the_whole_project(runs: list[DbtRun]) -> None:
    parsed_anew = ["Unable to do partial parsing" in (run.target_path / "dbt.log").read_text() for run in runs]

    assert parsed_anew == [True, False, False]


def test_every_result_is_kept_once_passes_too(runs: list[DbtRun], connection: Any) -> None:
    assert [record(connection, run.results) for run in (runs[0], runs[0], runs[1])] == [2, 0, 0]

    with connection.cursor() as cursor:
        rows = cursor.execute(
            """
            select run_id, test_name, model_name, column_name, status, severity, failing_rows,
                execution_seconds > 0, compiled_sql is not null, executed_at = %(executed_at)s
            from ops.dbt_test_results
            order by test_name
            """,
            {"executed_at": runs[0].results[0].executed_at},
        ).fetchall()
    times = [result.executed_at == runs[0].results[0].executed_at for result in runs[0].results]

    assert [row[:9] for row in rows] == [
        ("try 1", "not_null_first_id", "first", "id", "pass", "error", 0, True, True),
        ("try 1", "unique_first_id", "first", "id", "warn", "warn", 1, True, True),
    ]
    assert sorted(row[9] for row in rows) == sorted(times)


def test_rows_of_a_test_that_did_not_pass_are_kept_with_its_run(runs: list[DbtRun], connection: Any) -> None:
    assert runs[2].ok, runs[2].summary
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "select invocation_id, test_id, row_number, parse_json(failing_row) from ops.dbt_failing_rows"
        ).fetchall()
    warned = [result for run in (runs[0], runs[2]) for result in run.results if result.status == "warn"]

    assert {row[:3] for row in rows} == {(result.invocation_id, result.test_id, 1) for result in warned}
    assert [json.loads(row[3]) for row in rows] == [{"UNIQUE_FIELD": 1, "N_RECORDS": 2}] * 2
