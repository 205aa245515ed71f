"""dbt-snowflake itself builds a small project: views, tables, incrementals, a snapshot, a seed, tests and docs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.warehouse import process

PROJECT = Path(__file__).with_name("dbt_project")
# One process for several invocations: most of dbt's time is its imports.
RUNNER = """
import json, sys
from dbt.cli.main import dbtRunner
answers = []
for arguments in json.loads(sys.argv[1]):
    outcome = dbtRunner().invoke(arguments)
    results = getattr(outcome.result, "results", None) or []
    answers.append({
        "success": outcome.success,
        "exception": str(outcome.exception or ""),
        "results": {r.node.name: [str(r.status), str(r.message)] for r in results if hasattr(r, "node")},
    })
print("ANSWERS" + json.dumps(answers))
"""

RESTATED = """id,ticker,session_date,close_usd,note
1,AAPL,2026-11-18,100.5,
2,AAPL,2026-11-19,102.25,restated
4,AAPL,2026-11-20,103,new
"""

Answers = list[dict[str, Any]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(PROJECT, tmp_path_factory.mktemp("dbt") / "project"))


@pytest.fixture(scope="module")
def dbt(warehouse: process.RunningWarehouse, project: Path) -> Callable[..., Answers]:
    with warehouse.connect() as connection:
        connection.cursor().execute("create database mini")

    def run(*invocations: list[str], seed: str | None = None) -> Answers:
        if seed:
            (project / "seeds" / "prices.csv").write_text(seed)
        command = [sys.executable, "-c", RUNNER, json.dumps([[*i, "--profiles-dir", "."] for i in invocations])]
        environment = {
            **os.environ,
            "SNOWFLAKE_PASSWORD": warehouse.token,
            "SNOWFLAKE_HOST": warehouse.host,
            "SNOWFLAKE_PORT": str(warehouse.port),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=800)
        assert "ANSWERS" in ended.stdout, ended.stdout + ended.stderr
        answers: Answers = json.loads(ended.stdout.rpartition("ANSWERS")[2])
        assert all(answer["success"] for answer in answers), ended.stdout
        return answers

    return run


@pytest.fixture(scope="module")
def built(dbt: Callable[..., Answers]) -> Answers:
    """Built fresh, again, again with restated data and a new column; then documented."""
    first = dbt(["build"], ["build"])
    return first + dbt(["build", "--vars", "{with_note: true}"], ["docs", "generate"], seed=RESTATED)


@pytest.fixture
def rows(built: Answers, warehouse: process.RunningWarehouse) -> Callable[[str], list[tuple[Any, ...]]]:
    def query(statement: str) -> list[tuple[Any, ...]]:
        with warehouse.connect(database="MINI", schema="MARTS") as connection:
            return list(connection.cursor().execute(statement).fetchall())

    return query


def test_every_node_of_every_build_succeeds(built: Answers) -> None:
    for answer in built[:3]:
        statuses = {name: status for name, (status, _) in answer["results"].items()}
        # The restated seed has no MSFT any more, which this test of severity warn notices.
        statuses.pop("high_is_a_price")
        assert set(statuses.values()) == {"success", "pass"}
        assert len(statuses) == 13


def test_a_test_reports_its_failing_rows(built: Answers) -> None:
    assert [answer["results"]["high_is_a_price"][0] for answer in built[:3]] == ["pass", "pass", "warn"]


def test_merge_updates_restated_rows_and_adds_a_new_column(rows: Callable[[str], Any]) -> None:
    assert [tuple(map(str, row)) for row in rows("select * from fct_merge order by ticker, session_date")] == [
        ("AAPL", "2026-11-18", "100.5", "None", "None"),
        ("AAPL", "2026-11-19", "102.25", "0.017412935", "restated"),
        ("AAPL", "2026-11-20", "103.0", "0.007334963", "new"),
        ("MSFT", "2026-11-19", "300.0", "None", "None"),
    ]


def test_append_adds_every_time(rows: Callable[[str], Any]) -> None:
    assert rows("select count(*), count(distinct loaded_by) from fct_append") == [(9, 3)]


def test_delete_and_insert_replaces_by_key(rows: Callable[[str], Any]) -> None:
    assert rows("select ticker, high_usd, closes from fct_delete_insert order by ticker") == [
        ("AAPL", 103.0, "[100.5,102.25,103.0]"),
        ("MSFT", 300.0, "[300.0]"),
    ]


def test_the_snapshot_keeps_each_version_with_null_for_the_current_one(rows: Callable[[str], Any]) -> None:
    assert rows(
        """select id, close_usd, dbt_valid_to is null from mini.snapshots.snapshot_prices order by id, dbt_valid_from"""
    ) == [(1, 100.5, True), (2, 101.25, False), (2, 102.25, True), (3, 300.0, False), (4, 103.0, True)]


def test_no_temporary_relation_stays_behind(rows: Callable[[str], Any]) -> None:
    assert rows("select table_name from mini.information_schema.tables where table_name like '%TMP%'") == []


def test_contract_types_and_comments_reach_the_table(rows: Callable[[str], Any]) -> None:
    described = {row[0]: (row[1], row[3], row[9]) for row in rows("describe table dim_contract")}
    assert described == {
        "TICKER": ("VARCHAR(16777216)", "N", ""),
        "SESSION_COUNT": ("NUMBER(38,0)", "Y", ""),
        "LAST_SESSION_DATE": ("DATE", "Y", "newest session"),
    }
    assert rows("select comment from mini.information_schema.tables where table_name = 'DIM_CONTRACT'") == [
        ("One row a ticker",)
    ]


def test_the_catalog_of_the_docs_lists_models_with_their_columns(built: Answers, project: Path) -> None:
    catalog = json.loads((project / "target" / "catalog.json").read_text())
    found = catalog["nodes"]["model.mini.dim_contract"]
    assert found["metadata"]["type"] == "BASE TABLE"
    assert list(found["columns"]) == ["TICKER", "SESSION_COUNT", "LAST_SESSION_DATE"]
    assert catalog["nodes"]["model.mini.stg_prices"]["metadata"]["type"] == "VIEW"
