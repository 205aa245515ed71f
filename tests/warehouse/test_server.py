"""The process: how it starts, what it refuses, what it keeps."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector.errors

from local.warehouse import process

pytestmark = pytest.mark.server

ROOT = Path(__file__).resolve().parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.warehouse", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_health_answers_without_a_login(warehouse: process.RunningWarehouse) -> None:
    with urllib.request.urlopen(f"http://{warehouse.host}:{warehouse.port}/health") as answer:
        assert answer.status == 200


def test_a_host_that_is_not_loopback_is_refused(tmp_path: Path) -> None:
    ended = _run("--host", "0.0.0.0", "--port", "8123", "--directory", str(tmp_path))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "0.0.0.0" in ended.stderr


def test_a_taken_port_gives_one_line_and_exit_code_2(warehouse: process.RunningWarehouse, tmp_path: Path) -> None:
    ended = _run("--port", str(warehouse.port), "--directory", str(tmp_path))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f"--port {warehouse.port}" in ended.stderr


def test_a_directory_in_use_gives_one_line_and_exit_code_2_and_keeps_its_files(
    warehouse: process.RunningWarehouse,
) -> None:
    spilled = warehouse.log.parent / "spill" / "of_the_running_one"
    spilled.touch()
    ended = _run("--port", str(process.free_port()), "--directory", str(warehouse.log.parent))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "--directory" in ended.stderr
    spilled.unlink()


PROCEDURE = """create procedure twice(x number) returns number language python runtime_version = '3.11'
packages = ('snowflake-snowpark-python') handler = 'main' as $$
def main(session, x):
    return 2 * x
$$"""


def _fill(running: process.RunningWarehouse) -> None:
    with running.connect() as connection:
        cursor = connection.cursor()
        for statement in (
            "create database kept",
            "create schema raw",
            "create table bars (ticker varchar, close_usd float, response variant)",
            "insert into bars select 'AAPL', 1.5, parse_json('{\"T\": 1, \"t\": 2}')",
            "create view latest as select ticker, response:t::number as t from bars",
            "create stage landing url = 's3://bucket/prefix/'",
            "create file format ndjson type = json",
            "create role loader",
            "create user service",
            PROCEDURE,
        ):
            cursor.execute(statement)


def _check(running: process.RunningWarehouse) -> None:
    with running.connect(database="KEPT", schema="RAW") as connection:
        cursor = connection.cursor()
        rows = lambda statement: cursor.execute(statement).fetchall()  # noqa: E731
        assert rows("select * from latest") == [("AAPL", 2)]
        assert rows("call twice(21)") == [(42,)]
        assert [row[1] for row in rows("show roles")] == ["LOADER"]
        assert [row[1] for row in rows("show users")] == ["SERVICE"]
        names = [row[1] for statement in ("show stages", "show file formats") for row in rows(statement)]
        assert names == ["LANDING", "NDJSON"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_everything_is_there_after_a_restart(directory: Path, end: str) -> None:
    first = process.start(directory)
    _fill(first)
    code: Any = getattr(first, end)()
    assert code == (0 if end == "stop" else -9)
    second = process.start(directory)
    try:
        _check(second)
    finally:
        second.stop()


def test_what_was_not_committed_is_gone_after_kill_9(directory: Path) -> None:
    first = process.start(directory)
    cursor = first.connect().cursor()
    for statement in ("create database kept", "create table t (x int)", "insert into t values (1)", "begin"):
        cursor.execute(statement)
    cursor.execute("insert into t values (2)")
    first.kill()
    second = process.start(directory)
    try:
        with second.connect(database="KEPT") as connection:
            assert connection.cursor().execute("select x from t").fetchall() == [(1,)]
    finally:
        second.stop()


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("create semantic view x tables (t)", id="unknown to everyone"),
        pytest.param("create dynamic table x target_lag = '1 minute' warehouse = w as select 1 a", id="dynamic table"),
        pytest.param("create or alter table x (a int)", id="create or alter table"),
        pytest.param("select * from t at (offset => -60)", id="time travel"),
        pytest.param("execute task x", id="execute task"),
        pytest.param("undrop table x", id="undrop"),
    ],
)
def test_an_unknown_statement_is_an_sql_error_that_says_so(sql: Any, statement: str) -> None:
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as caught:
        sql(statement)
    assert "the local warehouse does not know this statement" in str(caught.value)
    assert " ".join(statement.lower().split()[:3]) in str(caught.value).lower()
    assert caught.value.errno
    assert caught.value.sqlstate


def test_nonsense_is_a_syntax_error(sql: Any) -> None:
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as caught:
        sql("selct 1")
    assert caught.value.errno == 1003


def test_two_statements_in_one_are_refused(sql: Any) -> None:
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="statement count 2"):
        sql("select 1; select 2")
